"""Alpha with its item table against psych, on the same 50,000 people and 40 items in one run.

`python -m benchmarks.scoring_alpha` prints one JSON line a measurement. Reading the data counts on
neither side.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np

from benchmarks.measuring import ask_r, best_seconds, print_line
from scoring.keyed import KeyedAnswers
from scoring.reliability import Reliability, alpha_in_bulk

N_PEOPLE: Final = 50_000
N_ITEMS: Final = 40
SEED: Final = 20260102

PSYCH: Final = """
for (package in c("psych", "jsonlite")) {
  if (!requireNamespace(package, quietly = TRUE)) stop("no R package ", package)
}
arguments <- commandArgs(trailingOnly = TRUE)
values <- readBin(arguments[1], "double", n = file.size(arguments[1]) / 8)
answers <- as.data.frame(matrix(values, ncol = as.integer(arguments[2])))
timed <- function() unname(system.time(found <<- psych::alpha(answers))["elapsed"])
seconds <- min(timed(), timed())
cat(jsonlite::toJSON(list(seconds = seconds, alpha = found$total$raw_alpha,
  last = found$item.stats$r.drop[ncol(answers)]), auto_unbox = TRUE, digits = NA))
"""


def invented_answers() -> KeyedAnswers:
    """Answers from 0 to 4 that hang together."""
    rng = np.random.default_rng(SEED)
    latent = rng.standard_normal((N_PEOPLE, 1)) + rng.standard_normal((N_PEOPLE, N_ITEMS))
    return KeyedAnswers(
        items=tuple(f"q{number}" for number in range(1, N_ITEMS + 1)),
        values=np.clip(np.round(latent + 2), 0, 4),
        minimum=np.zeros(N_ITEMS),
        maximum=np.full(N_ITEMS, 4.0),
        title="invented",
    )


def main() -> None:
    """Measure psych between two rounds of ours, since the load of a machine comes and goes."""
    keyed = invented_answers()
    found: Reliability = alpha_in_bulk(keyed)
    ours = best_seconds(lambda: alpha_in_bulk(keyed))
    theirs = ask_r(PSYCH, keyed.values)
    if theirs is not None:
        ours = min(ours, best_seconds(lambda: alpha_in_bulk(keyed)))
    print_line("psychometrics.seconds", ours, "s", N_PEOPLE)
    if theirs is None:
        return
    same = np.isclose([found.alpha, found.item_rest.iloc[-1]], [theirs["alpha"], theirs["last"]])
    if not same.all():
        sys.exit(f"the two differ: alpha {found.alpha} and {theirs['alpha']}")
    print_line("psychometrics.speedup_over_psych", theirs["seconds"] / ours, "times", N_PEOPLE)


if __name__ == "__main__":
    main()
