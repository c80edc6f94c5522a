"""Estimates by arm against R on the same 50,000 people in one run, and the exact test.

`python -m benchmarks.report_estimates` prints one JSON line a measurement. Reading the data counts
on neither side; ours includes building the basis of the covariates.
"""

from __future__ import annotations

import sys
from math import comb
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import ask_r, best_seconds, print_line
from reports.estimates.mixed import fit_random_intercept
from reports.estimates.randomisation_test import randomisation_test
from reports.estimates.regression import Contrast, fit_clustered

N_PEOPLE: Final = 50_000
N_SCHOOLS: Final = 2_400
N_AUTHORITIES: Final = 10
SEED: Final = 20260107
TERMS: Final = ("intercept", "baseline", *(f"authority {n}" for n in range(1, 10)), "arm")
ARM: Final = np.append(np.zeros(len(TERMS) - 1), 1.0)
# The schools of the largest design that is counted whole: 10 of 22 to the arm.
EXACT: Final = (22, 10)

READING: Final = """
arguments <- commandArgs(trailingOnly = TRUE)
values <- readBin(arguments[1], "double", n = file.size(arguments[1]) / 8)
data <- as.data.frame(matrix(values, ncol = as.integer(arguments[2])))
names(data) <- c("y", "baseline", "authority", "arm", "school")
data$authority <- factor(data$authority)
said <- function(seconds, row) cat(jsonlite::toJSON(
  list(seconds = seconds, estimate = row[1], se = row[2], df = row[3]),
  auto_unbox = TRUE, digits = NA))
"""
LMERTEST: Final = (
    READING
    + """
suppressPackageStartupMessages(library(lmerTest))
seconds <- system.time({
  fit <- lmer(y ~ baseline + authority + arm + (1 | school), data)
  row <- unname(summary(fit)$coefficients["arm", 1:3])
})["elapsed"]
said(unname(seconds), row)
"""
)
CLUBSANDWICH: Final = (
    READING
    + """
suppressPackageStartupMessages(library(clubSandwich))
seconds <- system.time({
  fit <- lm(y ~ baseline + authority + arm, data)
  test <- coef_test(fit, vcov = vcovCR(fit, cluster = data$school, type = "CR2"), coefs = "arm",
    test = "Satterthwaite")
})["elapsed"]
said(unname(seconds), c(test$beta, test$SE, test$df_Satt))
"""
)
ESTIMATR: Final = (
    READING
    + """
suppressPackageStartupMessages(library(estimatr))
seconds <- system.time(
  fit <- lm_robust(y ~ baseline + authority + arm, data, clusters = school, se_type = "CR2")
)["elapsed"]
said(unname(seconds), unname(c(fit$coefficients["arm"], fit$std.error["arm"], fit$df["arm"])))
"""
)


def invented_people() -> NDArray[np.float64]:
    """Columns y, baseline, authority, arm, school: schools of about 21 people, half supervised."""
    rng = np.random.default_rng(SEED)
    school = rng.integers(0, N_SCHOOLS, N_PEOPLE)
    authority = school % N_AUTHORITIES
    arm = (school // N_AUTHORITIES) % 2
    baseline = rng.normal(size=N_PEOPLE)
    y = 0.6 * baseline - 0.2 * arm + 0.4 * rng.normal(size=N_SCHOOLS)[school]
    return np.column_stack([y + rng.normal(size=N_PEOPLE), baseline, authority, arm, school])


def columns_of(people: NDArray[np.float64]) -> NDArray[np.float64]:
    """The model: intercept, baseline, authorities but the first, arm."""
    authorities = people[:, [2]] == np.arange(1, N_AUTHORITIES)
    return np.column_stack([np.ones(len(people)), people[:, 1], authorities, people[:, 3]])


def mixed(people: NDArray[np.float64]) -> tuple[Contrast, Contrast]:
    """Both kinds of degrees of freedom."""
    fit = fit_random_intercept(people[:, 0], columns_of(people), people[:, 4], terms=TERMS)
    return fit.contrast(ARM, degrees_of_freedom="satterthwaite"), fit.contrast(ARM)


def clustered(people: NDArray[np.float64]) -> Contrast:
    """The primary analysis."""
    fit = fit_clustered(people[:, 0], columns_of(people), people[:, 4], terms=TERMS, kind="CR2")
    return fit.contrast(ARM)


def exact_test() -> object:
    """All allocations of 10 of 22 schools to an arm, the baseline in the model."""
    rng = np.random.default_rng(SEED)
    schools = np.repeat(np.arange(EXACT[0]), 2)
    baseline = rng.normal(size=len(schools))
    return randomisation_test(
        baseline + rng.normal(size=len(schools)),
        np.column_stack([np.ones(len(schools)), baseline]),
        list(schools),
        terms=("intercept", "baseline"),
        treated=list(range(EXACT[1])),
        strata={"one": list(range(EXACT[0]))},
        rng=rng,
    )


def compare(name: str, found: Contrast, ours: float, theirs: dict[str, Any] | None) -> None:
    """Print how many times faster ours is, once both are seen to give the same."""
    if theirs is None:
        return
    same = np.isclose(
        [found.estimate, found.se, found.df],
        [theirs["estimate"], theirs["se"], theirs["df"]],
        rtol=1e-3,
    )
    if not same.all():
        sys.exit(f"{name}: the two differ: {found} and {theirs}")
    print_line(name, theirs["seconds"] / ours, "times", N_PEOPLE)


def main() -> None:
    """Measure each of R's packages after ours."""
    people = invented_people()
    seconds = best_seconds(lambda: mixed(people))
    print_line("estimate.mixed.seconds", seconds, "s", N_PEOPLE)
    compare(
        "estimate.mixed.speedup_over_lmertest", mixed(people)[0], seconds, ask_r(LMERTEST, people)
    )
    seconds = best_seconds(lambda: clustered(people))
    print_line("estimate.cr2.seconds", seconds, "s", N_PEOPLE)
    for package, script in (("clubsandwich", CLUBSANDWICH), ("estimatr", ESTIMATR)):
        name = f"estimate.cr2.speedup_over_{package}"
        compare(name, clustered(people), seconds, ask_r(script, people))
    print_line("estimate.exact_test.seconds", best_seconds(exact_test, times=3), "s", comb(*EXACT))


if __name__ == "__main__":
    main()
