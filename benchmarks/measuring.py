"""How the benchmarks time themselves, ask R, and print what they found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

BEST_OF: Final = 5


def best_seconds(run: Callable[[], object], *, times: int = BEST_OF) -> float:
    """Wall-clock seconds of the best of a few runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken)


def ask_r(script: str, matrix: npt.NDArray[np.float64], *arguments: str) -> dict[str, Any] | None:
    """Run an R script on a matrix and read the JSON it prints; None, and why, where it cannot.

    The script gets the file of the matrix's numbers, column by column, its number of columns, and
    then the arguments.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        print("No R: what is compared with it is left out.", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        data, program = Path(folder) / "numbers.bin", Path(folder) / "run.R"
        data.write_bytes(np.asarray(matrix, dtype=np.float64).tobytes(order="F"))
        program.write_text(script)
        ran = subprocess.run(
            [rscript, "--vanilla", str(program), str(data), str(matrix.shape[1]), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode != 0:
        print(f"What is compared with R is left out: {ran.stderr.strip()}", file=sys.stderr)
        return None
    printed: dict[str, Any] = json.loads(ran.stdout)
    return printed


def print_line(bench: str, value: float, unit: str, n: int) -> None:
    """Print one measurement as a line of JSON."""
    print(json.dumps({"bench": bench, "value": value, "unit": unit, "n": n}), flush=True)
