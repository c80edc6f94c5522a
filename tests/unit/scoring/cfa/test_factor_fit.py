"""What a fit answers in words instead of numbers, and the corners of the fit indices."""

from math import isnan

import numpy as np
import pytest
from scipy import stats

from scoring.cfa.fit_indices import Chi2, cfi, noncentrality, rmsea, srmr, tli
from scoring.cfa.ml import FactorFit, fit_ml
from scoring.cfa.model import factor_model, one_factor
from scoring.cfa.robust import fit_mlr

ITEMS = tuple(f"q{number}" for number in range(1, 7))
ONE = one_factor(ITEMS, name="strain")


def answers(n: int = 200, *, seed: int = 8, k: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.7 * rng.standard_normal((n, 1)) + 0.7 * rng.standard_normal((n, k))


def only_error(found: FactorFit) -> tuple[str, str]:
    """Who and what the only error is about, where there are no numbers."""
    assert found.indices is None
    assert np.isnan(found.estimates.loadings).all()
    (error,) = [finding for finding in found.findings if finding.severity == "error"]
    return error.subject, error.message


def test_thirty_people_are_too_few_and_forty_get_numbers_with_a_warning() -> None:
    subject, message = only_error(fit_ml(answers(30), ITEMS, ONE))
    assert subject == "strain"
    assert message.startswith("Only 30 people answered; a model of 12 parameters needs at least 40")
    found = fit_ml(answers(40), ITEMS, ONE)
    assert found.indices is not None
    assert [finding.severity for finding in found.findings] == ["warning"]


def test_a_larger_model_needs_two_people_for_each_parameter() -> None:
    items = [f"q{number}" for number in range(30)]
    _, message = only_error(fit_ml(answers(119, k=30), items, one_factor(items)))
    assert "60 parameters needs at least 120" in message
    assert fit_ml(answers(120, k=30), items, one_factor(items)).indices is not None


def test_nobody_is_too_few_people() -> None:
    assert only_error(fit_ml(np.zeros((0, 6)), ITEMS, ONE))[0] == "strain"


def test_a_constant_item_is_named() -> None:
    rows = answers()
    rows[:, 2] = 3.1
    subject, message = only_error(fit_ml(rows, ITEMS, ONE))
    assert subject == "q3"
    assert "same answer" in message


def test_a_copied_item_is_named() -> None:
    rows = answers()
    rows[:, 4] = 6 - 2 * rows[:, 1]
    assert only_error(fit_ml(rows, ITEMS, ONE)) == (
        "q5",
        "It repeats q2 exactly: one of the two may be a copy, and no model with both can be "
        "fitted.",
    )


def test_an_item_that_sums_others_is_noticed() -> None:
    rows = answers()
    rows[:, 5] = rows[:, 0] + rows[:, 1]
    assert "not positive definite" in only_error(fit_ml(rows, ITEMS, ONE))[1]


def test_a_heywood_case_is_answered_in_words() -> None:
    correlations = np.array([[1, 0.9, 0.8, 0.1], [0.9, 1, 0.5, 0.1], [0.8, 0.5, 1, 0.1], [0.1] * 4])
    correlations[3, 3] = 1
    rows = with_covariance(correlations)
    subject, message = only_error(fit_ml(rows, ITEMS[:4], one_factor(ITEMS[:4])))
    assert subject == "q1"
    assert "Heywood case" in message


def test_factors_that_cannot_be_told_apart_are_answered_in_words() -> None:
    within, between = 0.4, 0.5
    correlations = np.full((6, 6), between)
    correlations[:3, :3] = correlations[3:, 3:] = within
    np.fill_diagonal(correlations, 1)
    model = factor_model({"a": ITEMS[:3], "b": ITEMS[3:]})
    subject, message = only_error(fit_ml(with_covariance(correlations), ITEMS, model))
    assert subject == "a b"
    assert "do not tell the factors apart" in message


def test_a_model_that_asks_more_than_the_answers_can_settle_is_refused() -> None:
    model = factor_model({"a": ITEMS[:2]})
    assert "too few covariances" in only_error(fit_ml(answers(), ITEMS, model))[1]
    model = factor_model({"a": ITEMS[:4], "b": ITEMS[4:5]})
    assert only_error(fit_ml(answers(), ITEMS, model))[0] == "b"


def test_items_that_have_nothing_in_common_get_no_loadings() -> None:
    model = factor_model({"a": ITEMS[:3], "b": ITEMS[3:]})
    found = fit_ml(with_covariance(np.eye(6)), ITEMS, model)
    assert found.indices is None
    assert any(finding.severity == "error" for finding in found.findings)


def test_a_model_without_degrees_of_freedom_fits_and_says_that_this_means_nothing() -> None:
    found = fit_ml(answers(), ITEMS, one_factor(ITEMS[:3]))
    assert found.indices is not None
    assert found.indices.chi2 == pytest.approx(0, abs=1e-8)
    perfect = (found.indices.df, found.indices.cfi, found.indices.tli, found.indices.rmsea)
    assert perfect == pytest.approx((0, 1, 1, 0))
    assert isnan(found.indices.p)
    assert [finding.severity for finding in found.findings] == ["note"]
    robust = fit_mlr(answers(), ITEMS, one_factor(ITEMS[:3])).robust
    assert robust is not None
    assert isnan(robust.scale)
    assert robust.cfi_robust == 1


def test_robust_fit_says_the_same_in_words() -> None:
    found = fit_mlr(answers(30), ITEMS, ONE)
    assert found.indices is None
    assert found.robust is None
    assert np.isnan(found.estimates.loadings_se).all()
    assert found.findings == fit_ml(answers(30), ITEMS, ONE).findings


def test_refuses_missing_answers_unknown_items_and_unnamed_columns() -> None:
    rows = answers()
    with pytest.raises(ValueError, match="expected one of q1, q2"):
        fit_ml(rows, ITEMS, one_factor(["q1", "q2", "q9"]))
    with pytest.raises(ValueError, match="one column for each of the 5 items"):
        fit_ml(rows, ITEMS[:5], one_factor(ITEMS[:5]))
    rows[3, 3] = np.nan
    with pytest.raises(ValueError, match="expected complete rows"):
        fit_ml(rows, ITEMS, ONE)


def test_factors_point_the_way_most_of_their_loadings_do() -> None:
    turned = fit_ml(-answers(), ITEMS, ONE).estimates
    assert (turned.loadings > 0).all()
    model = factor_model({"a": ITEMS[:3], "b": ITEMS[3:]})
    rows = answers()
    rows[:, 3:] = -rows[:, 3:] + answers(seed=3)[:, 3:]
    found = fit_ml(rows, ITEMS, model).estimates
    assert (found.loadings.sum(axis=0) > 0).all()
    assert found.factor_correlations[0, 1] < 0


def test_a_model_that_fits_better_than_chance_has_perfect_indices() -> None:
    better = Chi2(model=4.0, df=5, baseline=100.0, baseline_df=10, n=200)
    assert cfi(better) == 1
    assert tli(better) > 1
    assert rmsea(better).value == 0
    assert rmsea(better).low == 0
    nothing = Chi2(model=0.0, df=2, baseline=1.0, baseline_df=3, n=200)
    assert cfi(nothing) == 1


def test_the_noncentrality_puts_the_asked_share_below_the_chi2() -> None:
    for share in (0.95, 0.05):
        at = noncentrality(85.3055, 24, share)
        assert stats.ncx2.cdf(85.3055, 24, at) == pytest.approx(share, abs=1e-8)
    assert noncentrality(10.0, 24, 0.95) == 0


def test_srmr_counts_the_diagonal_and_the_means_where_there_are_any() -> None:
    covariance = np.array([[4.0, 1.0], [1.0, 1.0]])
    implied = np.array([[4.0, 0.0], [0.0, 1.0]])
    assert srmr(covariance, implied) == pytest.approx((0.5**2 / 3) ** 0.5)
    assert srmr(covariance, implied, off=np.array([1.0, 0.0])) == pytest.approx((0.5 / 5) ** 0.5)


def with_covariance(wanted: np.ndarray, n: int = 300) -> np.ndarray:
    """Rows whose correlations are exactly these."""
    rows = np.random.default_rng(6).standard_normal((n, len(wanted)))
    rows -= rows.mean(axis=0)
    root = np.linalg.cholesky(np.cov(rows.T, bias=True))
    values, vectors = np.linalg.eigh(wanted)
    return rows @ np.linalg.inv(root).T @ (vectors * np.sqrt(values)).T
