"""Invariance of ordered answers against lavaan with semTools' identification, run now.

The data come from R's packages, in three shapes: two factors of six-point items in two unequal
groups, one factor of four-point items in two, and one factor of six-point items in three. The first
has figures noted before, with R 4.2.2, lavaan 0.6-14 and semTools 0.5-6.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from databases import missing
from lavaan_runs import by_place, syntax

from scoring.cfa.model import FactorModel, factor_model, one_factor
from scoring.keyed import keyed_columns
from scoring.ordinal.invariance import ORDINAL_LEVELS, OrdinalLevel, ordinal_invariance

SCRIPT: Final = Path(__file__).with_name("ordinal_invariance.R")
PACKAGE_MISSING: Final = 3

CHI2: Final = 1e-4
"""Relative. lavaan's search stops at about 1e-6, and chi2 follows."""

INDEX: Final = 1e-4
ESTIMATE: Final = 1e-4

SE: Final = 1e-3
"""Relative."""


@dataclass(frozen=True, slots=True)
class Case:
    """Groups of a data set, a model of them, and chi2 noted before."""

    data: str
    group: str
    only: tuple[int, ...]
    limits: tuple[int, int]
    model: FactorModel
    chi2: tuple[float, ...] = ()


CASES: Final = (
    Case(
        "psychTools::bfi",
        "gender",
        (1, 2),
        (1, 6),
        factor_model({f: [f"{f}{number}" for number in range(1, 6)] for f in "NE"}),
        (1261.297820, 1272.297470, 1290.087108, 1562.960265),
    ),
    Case(
        "psychTools::sai",
        "time",
        (2, 3),
        (1, 4),
        one_factor(["tense", "nervous", "jittery", "anxious"], name="strain"),
    ),
    Case(
        "psychTools::bfi",
        "education",
        (3, 4, 5),
        (1, 6),
        one_factor(["N1", "N2", "N3", "N4"], name="upset"),
    ),
)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, require_r: str
) -> list[tuple[pd.DataFrame, list[dict[str, Any]]]]:
    """Each case's rows, and what lavaan makes of each level, in one run of R."""
    folder = tmp_path_factory.mktemp("lavaan")
    jobs = [
        {
            "data": case.data,
            "items": list(case.model.items),
            "group": case.group,
            "only": list(case.only),
            "model": syntax(case.model),
            "factors": list(case.model.names),
            "save": f"{number}.csv",
        }
        for number, case in enumerate(CASES)
    ]
    path = folder / "jobs.json"
    path.write_text(json.dumps(jobs))
    ran = subprocess.run(
        [require_r, "--vanilla", str(SCRIPT), str(path)], cwd=folder, capture_output=True, text=True
    )
    if ran.returncode == PACKAGE_MISSING:
        missing(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    printed = json.loads(ran.stdout)
    return [(pd.read_csv(folder / f"{n}.csv"), printed[n]) for n in range(len(CASES))]


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now(
    number: int, runs: list[tuple[pd.DataFrame, list[dict[str, Any]]]]
) -> None:
    case, (rows, printed) = CASES[number], runs[number]
    groups = {
        str(name): keyed_columns(own, case.model.items, case.limits)
        for name, own in rows.groupby(case.group)
    }
    found = ordinal_invariance(groups, case.model)
    assert [level.level for level in found.levels] == list(ORDINAL_LEVELS)
    assert sum(found.n) == len(rows)
    for level, lavaan in zip(found.levels, printed, strict=True):
        agrees_in_fit(level, lavaan["measures"])
        agrees_in_estimates(level, lavaan, case.model)
    for step, lavaan in zip(found.steps, printed[1:], strict=True):
        chi2, df, p = lavaan["difference"]
        assert step.df == df
        assert step.chi2 == pytest.approx(chi2, rel=1e-3)
        assert step.p == pytest.approx(p, abs=1e-3)
    for level, chi2 in zip(found.levels, case.chi2, strict=False):
        assert level.indices is not None
        assert level.indices.chi2 == pytest.approx(chi2, rel=1e-6)


def agrees_in_fit(level: OrdinalLevel, measures: dict[str, float]) -> None:
    fit = level.indices
    assert fit is not None
    assert (fit.df, fit.baseline_df) == (measures["df"], measures["baseline.df"])
    for found, name in (
        (fit.chi2, "chisq"),
        (fit.scaled_chi2, "chisq.scaled"),
        (fit.baseline_chi2, "baseline.chisq"),
        (fit.scaled_baseline_chi2, "baseline.chisq.scaled"),
    ):
        assert found == pytest.approx(measures[name], rel=CHI2), (level.level, name)
    for found, name in (
        (fit.p, "pvalue.scaled"),
        (fit.cfi, "cfi"),
        (fit.tli, "tli"),
        (fit.scaled_cfi, "cfi.scaled"),
        (fit.scaled_tli, "tli.scaled"),
        (fit.rmsea.value, "rmsea"),
        (fit.rmsea.low, "rmsea.ci.lower"),
        (fit.rmsea.high, "rmsea.ci.upper"),
        (fit.scaled_rmsea.value, "rmsea.scaled"),
        (fit.srmr, "srmr"),
    ):
        assert found == pytest.approx(measures[name], abs=INDEX), (level.level, name)


def agrees_in_estimates(level: OrdinalLevel, lavaan: dict[str, Any], model: FactorModel) -> None:
    theirs = [
        by_place(lavaan["loadings"], model, "est", group=place + 1)
        for place in range(len(level.loadings))
    ]
    # lavaan's factors may point the other way.
    sign = np.where(theirs[0].sum(axis=0) < 0, -1, 1)
    means = pd.DataFrame(lavaan["means"])
    for place, loadings in enumerate(level.loadings):
        assert loadings == pytest.approx(theirs[place] * sign, abs=ESTIMATE)
        own = means[means["group"] == place + 1].set_index("lhs").loc[list(model.names)]
        assert level.latent_means[place] == pytest.approx(
            own["est"].to_numpy() * sign, abs=ESTIMATE
        )
        assert level.latent_means_se[place] == pytest.approx(own["se"].to_numpy(), rel=SE)
