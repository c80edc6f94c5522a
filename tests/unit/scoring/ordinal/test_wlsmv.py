"""Factor models of ordered answers that cannot be fitted, and what stays as it is."""

import numpy as np
import pytest
from ordered_answers import cut, keyed, one_factor_answers

from scoring.cfa.model import FactorModel, factor_model, one_factor
from scoring.keyed import KeyedAnswers
from scoring.ordinal.wlsmv import OrdinalFit, fit_wlsmv

LOADINGS = [0.7, 0.6, 0.5, 0.8]
THRESHOLDS = [-1, 0, 1]


def two_factors(between: float, *, n: int = 600, seed: int = 1) -> tuple[KeyedAnswers, FactorModel]:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, between], [between, 1]], size=n)
    latent = 0.7 * np.repeat(factors, 3, axis=1) + np.sqrt(0.51) * rng.standard_normal((n, 6))
    return cut(latent, THRESHOLDS), factor_model({"a": ["i1", "i2", "i3"], "b": ["i4", "i5", "i6"]})


def refused(fit: OrdinalFit) -> dict[str, str]:
    """Errors by what they are about; every number must be missing."""
    assert fit.indices is None
    for part in (fit.estimates.loadings, fit.estimates.loadings_se):
        assert np.isnan(part).all()
    return {
        finding.subject: finding.message for finding in fit.findings if finding.severity == "error"
    }


def test_items_outside_the_model_are_not_used() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=300, seed=1)
    more = np.column_stack([np.full(300, np.nan), answers.values])
    found = fit_wlsmv(
        keyed(more, limits=(0, 3), items=("x", *answers.items)), one_factor(answers.items)
    )
    expected = fit_wlsmv(answers, one_factor(answers.items))
    assert found.n == 300
    assert found.indices == expected.indices


def test_an_item_turned_round_turns_its_loading_only() -> None:
    answers, model = two_factors(0.4)
    expected = fit_wlsmv(answers, model)
    turned = answers.values.copy()
    turned[:, 1] = 3 - turned[:, 1]
    found = fit_wlsmv(keyed(turned, limits=(0, 3)), model)
    sign = np.array([1, -1, 1, 1, 1, 1])[:, None]
    assert found.estimates.loadings == pytest.approx(sign * expected.estimates.loadings, abs=1e-8)
    assert found.estimates.loadings_se == pytest.approx(expected.estimates.loadings_se, abs=1e-8)
    assert found.indices is not None
    assert expected.indices is not None
    assert found.indices.scaled_chi2 == pytest.approx(expected.indices.scaled_chi2, rel=1e-7)
    assert found.estimates.thresholds[1] == pytest.approx(-expected.estimates.thresholds[1][::-1])


def test_a_factor_points_with_most_of_its_items() -> None:
    answers, model = two_factors(0.4)
    found = fit_wlsmv(keyed(3 - answers.values, limits=(0, 3)), model)
    assert (found.estimates.loadings.sum(axis=0) > 0).all()
    assert found.estimates.factor_correlations[0, 1] > 0


def test_three_items_leave_nothing_to_test() -> None:
    answers = one_factor_answers(LOADINGS[:3], THRESHOLDS, n=300, seed=1)
    found = fit_wlsmv(answers, one_factor(answers.items))
    assert found.indices is not None
    assert found.indices.df == 0
    assert found.indices.chi2 == pytest.approx(0, abs=1e-12)
    assert np.isnan([found.indices.scaled_chi2, found.indices.p]).all()
    assert "no degrees of freedom" in found.findings[-1].message


def test_few_people_are_named() -> None:
    answers = one_factor_answers(LOADINGS, [-0.4, 0.4], n=120, seed=1)
    found = fit_wlsmv(answers, one_factor(answers.items))
    assert found.indices is not None
    assert "120 people are few" in found.findings[0].message


def test_too_few_people_are_refused() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=30, seed=1)
    assert "Only 30 people" in refused(fit_wlsmv(answers, one_factor(answers.items)))["scale"]


def test_a_constant_item_is_refused() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=300, seed=1)
    answers.values[:, 2] = 1
    assert "same answer" in refused(fit_wlsmv(answers, one_factor(answers.items)))["i3"]


def test_a_copied_item_is_refused() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=300, seed=1)
    answers.values[:, 2] = answers.values[:, 0]
    assert "perfectly with i1" in refused(fit_wlsmv(answers, one_factor(answers.items)))["i3"]


def test_two_items_are_too_few_for_a_factor() -> None:
    answers = one_factor_answers(LOADINGS[:2], THRESHOLDS, n=300, seed=1)
    errors = refused(fit_wlsmv(answers, one_factor(answers.items)))
    assert "2 items have 1 correlations" in errors["general"]


def test_a_heywood_case_is_refused() -> None:
    # The first item goes with the others far more than they go with one another.
    rng = np.random.default_rng(4)
    others = rng.standard_normal((400, 3))
    first = others.sum(axis=1) / np.sqrt(3) + 0.3 * rng.standard_normal(400)
    answers = cut(np.column_stack([first, others]), THRESHOLDS)
    assert "Heywood" in refused(fit_wlsmv(answers, one_factor(answers.items)))["i1"]


def test_factors_that_are_one_are_refused() -> None:
    answers, model = two_factors(1.0, seed=3)
    assert "do not tell the factors apart" in refused(fit_wlsmv(answers, model))["a b"]


def test_an_unknown_item_is_a_mistake_of_the_caller() -> None:
    answers = one_factor_answers(LOADINGS, THRESHOLDS, n=300, seed=1)
    with pytest.raises(ValueError, match="'i9'; expected one of i1, i2"):
        fit_wlsmv(answers, one_factor(["i1", "i2", "i9"]))


def test_each_standard_error_is_as_wide_as_estimates_are_spread() -> None:
    thresholds = [-0.6, 0.3, 1.0]
    fits = [
        fit_wlsmv(answers, one_factor(answers.items))
        for answers in (
            one_factor_answers(LOADINGS, thresholds, n=500, seed=seed) for seed in range(150)
        )
    ]
    loadings = np.array([fit.estimates.loadings[:, 0] for fit in fits])
    errors = np.array([fit.estimates.loadings_se[:, 0] for fit in fits])
    # The standard deviation of 150 values is known to about 6 %.
    assert errors.mean(axis=0) == pytest.approx(loadings.std(axis=0), rel=0.2)
    tests = np.array([fit.indices.scaled_chi2 for fit in fits if fit.indices])
    assert tests.mean() == pytest.approx(2, abs=0.5)
