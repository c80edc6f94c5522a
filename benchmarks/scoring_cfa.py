"""Factor models against lavaan, on the same 50,000 people and 40 items in the same run.

`python -m benchmarks.scoring_cfa` prints one JSON line a measurement. Reading the data counts on
neither side. Where R or a package of it is missing its lines are left out, and stderr says so.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.measuring import ask_r, best_seconds, print_line
from scoring.cfa.ml import fit_ml
from scoring.cfa.model import FactorModel, factor_model
from scoring.cfa.robust import RobustFit, fit_mlr
from scoring.rules import Floats

N_PEOPLE: Final = 50_000
N_ITEMS: Final = 40
N_FACTORS: Final = 4
SEED: Final = 20260101
BEST_OF: Final = 15

LAVAAN: Final = """
for (package in c("lavaan", "jsonlite")) {
  if (!requireNamespace(package, quietly = TRUE)) stop("no R package ", package)
}
arguments <- commandArgs(trailingOnly = TRUE)
k <- as.integer(arguments[2])
values <- readBin(arguments[1], "double", n = file.size(arguments[1]) / 8)
data <- as.data.frame(matrix(values, ncol = k))
names(data) <- paste0("q", seq_len(k))
timed <- function(estimator) {
  unname(system.time({
    fit <- lavaan::cfa(arguments[3], data = data, std.lv = TRUE, estimator = estimator)
    measures <<- as.list(lavaan::fitMeasures(fit))
  })["elapsed"])
}
invisible(timed("ML"))
seconds <- c(ml = min(timed("ML"), timed("ML"), timed("ML")), mlr = timed("MLR"))
kept <- measures[c("chisq", "chisq.scaled", "cfi.robust", "rmsea.robust")]
cat(jsonlite::toJSON(c(as.list(seconds), kept), auto_unbox = TRUE, digits = NA))
"""


def invented_answers() -> tuple[Floats, tuple[str, ...], FactorModel]:
    """Answers from 0 to 4 of people with four correlated factors."""
    rng = np.random.default_rng(SEED)
    factors = 0.6 * rng.standard_normal((N_PEOPLE, 1)) + 0.8 * rng.standard_normal(
        (N_PEOPLE, N_FACTORS)
    )
    latent = 0.7 * np.repeat(factors, N_ITEMS // N_FACTORS, axis=1)
    latent += 0.7 * rng.standard_normal((N_PEOPLE, N_ITEMS))
    items = tuple(f"q{number}" for number in range(1, N_ITEMS + 1))
    by_factor = np.array_split(np.array(items), N_FACTORS)
    model = factor_model({f"f{number}": list(own) for number, own in enumerate(by_factor, 1)})
    return np.clip(np.round(latent + 2), 0, 4), items, model


def our_seconds(answers: Floats, items: tuple[str, ...], model: FactorModel) -> dict[str, float]:
    """Seconds that each estimator takes here."""
    return {
        "ml": best_seconds(lambda: fit_ml(answers, items, model), times=BEST_OF),
        "mlr": best_seconds(lambda: fit_mlr(answers, items, model), times=BEST_OF),
    }


def _expect_the_same_work(fit: RobustFit, theirs: Mapping[str, float]) -> None:
    """End where the two do not come to the same robust test and indices."""
    if fit.indices is None or fit.robust is None:
        sys.exit(f"there is no model to compare: {fit.findings}")
    for name, own in (
        ("chisq", fit.indices.chi2),
        ("chisq.scaled", fit.robust.chi2),
        ("cfi.robust", fit.robust.cfi_robust),
        ("rmsea.robust", fit.robust.rmsea_robust),
    ):
        if abs(own - theirs[name]) > 1e-4 * max(1.0, abs(theirs[name])):
            sys.exit(f"the two do not fit the same model: {name} is {own} and {theirs[name]}")


def main() -> None:
    """Measure lavaan between two rounds of ours, since the load of a machine comes and goes."""
    answers, items, model = invented_answers()
    ours = our_seconds(answers, items, model)
    syntax = "\n".join(f"{factor.name} =~ {' + '.join(factor.items)}" for factor in model.factors)
    theirs = ask_r(LAVAAN, answers, syntax)
    if theirs is not None:
        again = our_seconds(answers, items, model)
        ours = {name: min(seconds, again[name]) for name, seconds in ours.items()}
    for name, seconds in ours.items():
        print_line(f"cfa.{name}.seconds", seconds, "s", N_PEOPLE)
    if theirs is None:
        return
    _expect_the_same_work(fit_mlr(answers, items, model), theirs)
    for name, seconds in ours.items():
        print_line(f"cfa.{name}.speedup_over_lavaan", theirs[name] / seconds, "times", N_PEOPLE)


if __name__ == "__main__":
    main()
