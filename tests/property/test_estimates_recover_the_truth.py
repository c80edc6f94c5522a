"""Estimates on data whose truth is known, and what must not change them.

The simulated trials have 12 schools of 1 to 8 people in two strata, an ICC of 0.10, a baseline
that explains part of the outcome and a true difference of -1.5: few and unequal schools, where
the usual cluster-robust error fails. All start from fixed seeds.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reports.estimates.mixed import fit_random_intercept, icc, icc_anova
from reports.estimates.regression import Contrast, Correction, fit_clustered

N_TRIALS = 400
N_SCHOOLS = 12
EFFECT = -1.5
ICC = 0.10
TERMS = ("intercept", "baseline", "stratum", "arm")
ARM = (0.0, 0.0, 0.0, 1.0)


class Trial(NamedTuple):
    y: NDArray[np.float64]
    X: NDArray[np.float64]
    schools: NDArray[np.intp]


def simulated_trial(
    rng: np.random.Generator, *, n_schools: int = N_SCHOOLS, effect: float = EFFECT
) -> Trial:
    sizes = rng.integers(1, 9, n_schools)
    stratum = np.arange(n_schools) % 2
    arm = np.empty(n_schools)
    for each in (0, 1):
        inside = np.flatnonzero(stratum == each)
        arm[inside] = rng.permutation(np.arange(len(inside)) % 2)
    schools = np.repeat(np.arange(n_schools), sizes)
    shared = rng.normal(0.0, np.sqrt(ICC), n_schools)[schools]
    baseline = 0.6 * shared + rng.normal(size=len(schools))
    own = rng.normal(0.0, np.sqrt(1.0 - ICC), len(schools))
    y = 0.6 * baseline + 0.4 * stratum[schools] + effect * arm[schools] + shared + own
    X = np.column_stack([np.ones(len(schools)), baseline, stratum[schools], arm[schools]])
    return Trial(y, X, schools)


@cache
def contrasts(kind: Correction) -> tuple[Contrast, ...]:
    rng = np.random.default_rng(20200113)
    return tuple(
        fit_clustered(trial.y, trial.X, trial.schools, terms=TERMS, kind=kind).contrast(ARM)
        for trial in (simulated_trial(rng) for _ in range(N_TRIALS))
    )


def covered(found: tuple[Contrast, ...]) -> float:
    return float(np.mean([each.low <= EFFECT <= each.high for each in found]))


def test_has_no_bias_in_many_small_trials() -> None:
    estimates = np.array([each.estimate for each in contrasts("CR2")])
    chance = estimates.std(ddof=1) / np.sqrt(N_TRIALS)
    assert abs(estimates.mean() - EFFECT) < 3.0 * chance
    assert chance < 0.02, "the simulation is large enough to see a bias of a few per cent"


def test_covers_the_truth_in_nineteen_of_twenty_small_trials() -> None:
    # Three Monte Carlo errors of a share of .95 in 400.
    assert covered(contrasts("CR2")) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / N_TRIALS))


def test_has_standard_errors_that_match_the_spread_of_the_estimates() -> None:
    estimates = np.array([each.estimate for each in contrasts("CR2")])
    mean_square = np.mean([each.se**2 for each in contrasts("CR2")])
    # The variance of 400 estimates is itself known to about 7 %.
    assert mean_square == pytest.approx(estimates.var(ddof=1), rel=0.21)


def test_is_better_than_the_error_without_adjustment() -> None:
    plain = np.mean([each.se**2 for each in contrasts("CR0")])
    estimates = np.array([each.estimate for each in contrasts("CR0")])
    assert plain < 0.85 * estimates.var(ddof=1), "CR0 is too small with twelve schools"


def test_recovers_the_intraclass_correlation() -> None:
    rng = np.random.default_rng(7)
    by_reml, by_anova, conditional = [], [], []
    for _ in range(25):
        trial = simulated_trial(rng, n_schools=60, effect=0.0)
        pure = trial.y - trial.X @ np.array([0.0, 0.6, 0.4, 0.0])
        by_reml.append(icc(pure, trial.schools).icc)
        by_anova.append(icc_anova(pure, trial.schools).icc)
        conditional.append(fit_random_intercept(trial.y, trial.X, trial.schools, terms=TERMS).icc)
    # 25 trials of 60 schools know an ICC of .10 to about .01; cutting at 0 adds a little.
    for found in (by_reml, by_anova):
        assert np.mean(found) == pytest.approx(ICC, abs=0.03)
    # The baseline carries part of what schools share, so less is left.
    assert 0.03 < np.mean(conditional) < ICC


seeds = st.integers(min_value=0, max_value=2**32 - 1)


@settings(deadline=None, max_examples=15)
@given(seed=seeds)
def test_does_not_depend_on_the_order_of_people_or_the_names_of_schools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    trial = simulated_trial(rng)
    order = rng.permutation(len(trial.y))
    names = np.array([f"S{each}" for each in rng.permutation(N_SCHOOLS)])
    here = fit_clustered(trial.y, trial.X, trial.schools, terms=TERMS, kind="CR2").contrast(ARM)
    there = fit_clustered(
        trial.y[order], trial.X[order], names[trial.schools[order]], terms=TERMS, kind="CR2"
    ).contrast(ARM)
    assert there.estimate == pytest.approx(here.estimate, rel=1e-9, abs=1e-12)
    assert there.se == pytest.approx(here.se, rel=1e-9)
    assert there.df == pytest.approx(here.df, rel=1e-7)


@settings(deadline=None, max_examples=15)
@given(
    seed=seeds,
    unit=st.floats(min_value=0.01, max_value=100.0),
    shift=st.floats(min_value=-1000.0, max_value=1000.0),
)
def test_follows_the_unit_of_the_outcome_and_ignores_its_origin(
    seed: int, unit: float, shift: float
) -> None:
    trial = simulated_trial(np.random.default_rng(seed))
    y = shift + unit * trial.y
    here = fit_clustered(trial.y, trial.X, trial.schools, terms=TERMS, kind="CR2").contrast(ARM)
    there = fit_clustered(y, trial.X, trial.schools, terms=TERMS, kind="CR2").contrast(ARM)
    # A shift of 1 000 in units of 0.01 costs five of sixteen figures.
    assert there.estimate == pytest.approx(unit * here.estimate, rel=1e-6, abs=1e-8)
    assert there.se == pytest.approx(unit * here.se, rel=1e-6)
    assert there.df == pytest.approx(here.df, rel=1e-9)
    assert icc(y, trial.schools).icc == pytest.approx(
        icc(trial.y, trial.schools).icc, rel=1e-5, abs=1e-6
    )


@settings(deadline=None, max_examples=15)
@given(seed=seeds, term=st.integers(min_value=0, max_value=3))
def test_keeps_the_arm_when_a_covariate_is_written_another_way(seed: int, term: int) -> None:
    rng = np.random.default_rng(seed)
    trial = simulated_trial(rng)
    mixed_up = trial.X.copy()
    mixed_up[:, :3] = trial.X[:, :3] @ (np.eye(3) + np.triu(rng.normal(size=(3, 3)), 1))
    repeated = np.insert(mixed_up, 4, mixed_up[:, term], axis=1)
    here = fit_clustered(trial.y, trial.X, trial.schools, terms=TERMS, kind="CR2").contrast(ARM)
    fit = fit_clustered(trial.y, repeated, trial.schools, terms=(*TERMS, "again"), kind="CR2")
    assert fit.dropped_terms == ("again",)
    if term < 3:
        there = fit.contrast((*ARM, 0.0))
        assert there.estimate == pytest.approx(here.estimate, rel=1e-7, abs=1e-10)
        assert there.df == pytest.approx(here.df, rel=1e-7)
