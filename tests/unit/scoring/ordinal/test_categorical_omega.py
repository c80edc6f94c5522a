"""Omega of a sum of ordered answers: what it is of, and when there is none."""

import numpy as np
import pytest
from ordered_answers import keyed, one_factor_answers

from scoring.ordinal.categorical_omega import categorical_omega

LOADINGS = [0.7, 0.6, 0.5, 0.8]
THRESHOLDS = [-0.6, 0.3, 1.0]


def test_it_is_the_correlation_of_two_parallel_sums() -> None:
    # People measured twice by items with the same loadings: their sums correlate by their
    # reliability.
    rng = np.random.default_rng(11)
    loadings = np.array(LOADINGS)
    factor = rng.standard_normal((40_000, 1)) * loadings
    twice = [
        np.digitize(factor + rng.standard_normal(factor.shape) * np.sqrt(1 - loadings**2), cuts)
        for cuts in (THRESHOLDS, THRESHOLDS)
    ]
    found = categorical_omega(keyed(twice[0], limits=(0, 3)))
    retest = np.corrcoef(twice[0].sum(axis=1), twice[1].sum(axis=1))[0, 1]
    assert found.omega == pytest.approx(retest, abs=0.01)
    assert found.latent_response_omega > found.omega + 0.02


def test_steps_over_answers_nobody_gave_are_as_long_as_they_are() -> None:
    rng = np.random.default_rng(12)
    loadings = np.array(LOADINGS)
    factor = rng.standard_normal((40_000, 1)) * loadings
    one, other = (
        np.digitize(factor + rng.standard_normal(factor.shape) * np.sqrt(1 - loadings**2), [0, 1])
        for _ in range(2)
    )
    stretched = [np.where(answers == 2, 6, answers) for answers in (one, other)]
    found = categorical_omega(keyed(stretched[0], limits=(0, 6)))
    retest = np.corrcoef(stretched[0].sum(axis=1), stretched[1].sum(axis=1))[0, 1]
    assert found.omega == pytest.approx(retest, abs=0.012)
    assert abs(found.omega - categorical_omega(keyed(one, limits=(0, 6))).omega) > 0.02


def test_without_a_model_there_is_none() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=300, seed=1)
    answers.values[:, 2] = 1
    found = categorical_omega(answers)
    assert np.isnan([found.omega, found.latent_response_omega]).all()
    assert "error" in {finding.severity for finding in found.findings}
