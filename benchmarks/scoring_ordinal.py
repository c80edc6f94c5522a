"""An ordinal factor model against lavaan, on the same 50,000 people and 20 items in the same run.

`python -m benchmarks.scoring_ordinal` prints one JSON line a measurement. Reading the data counts
on neither side. Where R or a package of it is missing its lines are left out, and stderr says so.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np

from benchmarks.measuring import ask_r, best_seconds, print_line
from scoring.cfa.model import FactorModel, factor_model
from scoring.keyed import KeyedAnswers
from scoring.ordinal.polychoric import polychoric_matrix
from scoring.ordinal.wlsmv import fit_wlsmv

N_PEOPLE: Final = 50_000
N_ITEMS: Final = 20
N_FACTORS: Final = 2
SEED: Final = 20260103
SAME_CHI2: Final = 1e-4

LAVAAN: Final = """
for (package in c("lavaan", "jsonlite")) {
  if (!requireNamespace(package, quietly = TRUE)) stop("no R package ", package)
}
arguments <- commandArgs(trailingOnly = TRUE)
k <- as.integer(arguments[2])
values <- readBin(arguments[1], "double", n = file.size(arguments[1]) / 8)
data <- as.data.frame(matrix(values, ncol = k))
names(data) <- paste0("q", seq_len(k))
fit <- function(data) {
  lavaan::fitMeasures(lavaan::cfa(
    arguments[3], data = data, ordered = names(data), std.lv = TRUE, estimator = "WLSMV"
  ))
}
invisible(fit(head(data, 1000)))
seconds <- system.time(measures <- fit(data))[["elapsed"]]
cat(jsonlite::toJSON(
  list(seconds = seconds, chi2 = measures[["chisq"]], scaled_chi2 = measures[["chisq.scaled"]]),
  auto_unbox = TRUE, digits = NA
))
"""


def invented_answers() -> tuple[KeyedAnswers, FactorModel]:
    """Answers from 0 to 4 of people with two correlated factors."""
    rng = np.random.default_rng(SEED)
    factors = 0.6 * rng.standard_normal((N_PEOPLE, 1)) + 0.8 * rng.standard_normal(
        (N_PEOPLE, N_FACTORS)
    )
    latent = 0.7 * np.repeat(factors, N_ITEMS // N_FACTORS, axis=1)
    latent += 0.7 * rng.standard_normal((N_PEOPLE, N_ITEMS))
    items = tuple(f"q{number}" for number in range(1, N_ITEMS + 1))
    answers = KeyedAnswers(
        items=items,
        values=np.clip(np.round(latent + 2), 0, 4),
        minimum=np.zeros(N_ITEMS),
        maximum=np.full(N_ITEMS, 4.0),
        title="invented",
    )
    by_factor = np.array_split(np.array(items), N_FACTORS)
    model = factor_model({f"f{number}": list(own) for number, own in enumerate(by_factor, 1)})
    return answers, model


def main() -> None:
    """Measure ours on both sides of lavaan's, since load may come and go."""
    answers, model = invented_answers()
    ours = best_seconds(lambda: fit_wlsmv(answers, model))
    syntax = "\n".join(f"{factor.name} =~ {' + '.join(factor.items)}" for factor in model.factors)
    theirs = ask_r(LAVAAN, answers.values, syntax)
    if theirs is not None:
        ours = min(ours, best_seconds(lambda: fit_wlsmv(answers, model)))
    seconds = best_seconds(lambda: polychoric_matrix(answers))
    print_line("polychoric.seconds", seconds, "s", N_PEOPLE)
    print_line("cfa.ordinal.seconds", ours, "s", N_PEOPLE)
    if theirs is None:
        return
    indices = fit_wlsmv(answers, model).indices
    if indices is None:
        sys.exit("the model was not fitted")
    for name, found in (("chi2", indices.chi2), ("scaled_chi2", indices.scaled_chi2)):
        if abs(found / theirs[name] - 1) > SAME_CHI2:
            sys.exit(f"the two do not fit the same model: {name} {found} and {theirs[name]}")
    print_line("cfa.ordinal.speedup_over_lavaan", theirs["seconds"] / ours, "times", N_PEOPLE)


if __name__ == "__main__":
    main()
