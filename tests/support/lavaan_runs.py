"""Factor models that lavaan fits now, for tests that compare."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from databases import missing

from scoring.cfa.model import FactorModel

_PACKAGE_MISSING: Final = 3
_SCRIPT: Final = Path(__file__).parents[1] / "reference" / "factor_models.R"


def syntax(model: FactorModel) -> str:
    """The model as lavaan writes it."""
    return "\n".join(f"{factor.name} =~ {' + '.join(factor.items)}" for factor in model.factors)


def run_lavaan(folder: Path, rscript: str, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What lavaan finds in each job; `factor_models.R` says what a job is."""
    path = folder / "jobs.json"
    path.write_text(json.dumps(list(jobs)))
    ran = subprocess.run(
        [rscript, "--vanilla", str(_SCRIPT), str(path)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if ran.returncode == _PACKAGE_MISSING:
        missing(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def by_place(
    table: dict[str, list[Any]], model: FactorModel, column: str, *, group: int | None = None
) -> np.ndarray:
    """One column of a table of loadings as a matrix of items by factors, 0 where there is none."""
    rows = pd.DataFrame(table)
    if group is not None:
        rows = rows[rows["group"] == group]
    matrix = np.zeros((len(model.items), len(model.names)))
    for factor, item, value in zip(rows["lhs"], rows["rhs"], rows[column], strict=True):
        matrix[model.items.index(item), model.names.index(factor)] = value
    return matrix
