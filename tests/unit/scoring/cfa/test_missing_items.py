"""What a fit of answers with gaps says in words, and what it does with the people who have them."""

import numpy as np
import pytest

from scoring.cfa.fiml import MissingFit, fit_fiml
from scoring.cfa.model import one_factor

ITEMS = tuple(f"q{number}" for number in range(1, 6))
MODEL = one_factor(ITEMS, name="strain")


def answers(n: int = 200, *, gaps: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(12)
    rows = 0.8 * rng.standard_normal((n, 1)) + 0.6 * rng.standard_normal((n, 5))
    rows[rng.random((n, 5)) < gaps] = np.nan
    return rows


def only_error(found: MissingFit) -> tuple[str, str]:
    """Who and what the only error is about, where there are no numbers."""
    assert found.indices is None
    assert found.scaled is None
    assert np.isnan(found.estimates.loadings).all()
    (error,) = [finding for finding in found.findings if finding.severity == "error"]
    return error.subject, error.message


def test_who_answered_nothing_is_left_out_and_who_answered_something_is_counted() -> None:
    rows = answers()
    with_empty = np.vstack([rows, np.full((7, 5), np.nan)])
    found, without = fit_fiml(with_empty, ITEMS, MODEL), fit_fiml(rows, ITEMS, MODEL)
    n = int((~np.isnan(rows)).any(axis=1).sum())
    complete = int((~np.isnan(rows)).all(axis=1).sum())
    assert (found.n, found.n_complete) == (n, complete)
    assert found.indices == without.indices
    assert found.findings[0].message.startswith(f"{complete} of the {n} people answered every item")


def test_the_order_of_rows_and_items_does_not_matter() -> None:
    rows = answers()
    order = [3, 0, 4, 2, 1]
    turned = fit_fiml(rows[::-1][:, order], [ITEMS[number] for number in order], MODEL)
    found = fit_fiml(rows, ITEMS, MODEL)
    assert found.indices is not None
    assert turned.indices is not None
    assert turned.indices.chi2 == pytest.approx(found.indices.chi2, abs=1e-6)
    assert turned.robust_estimates.loadings_se == pytest.approx(found.robust_estimates.loadings_se)


def test_answers_that_are_missing_because_of_others_do_not_bias_the_loadings() -> None:
    rows = answers(6000, gaps=0)
    whole = fit_fiml(rows, ITEMS, MODEL)
    rows[rows[:, 0] > 0, 4] = np.nan
    found = fit_fiml(rows, ITEMS, MODEL)
    off = found.estimates.loadings[4] - whole.estimates.loadings[4]
    assert abs(off / found.estimates.loadings_se[4]) < 3


def test_thirty_people_are_too_few() -> None:
    subject, message = only_error(fit_fiml(answers(30), ITEMS, MODEL))
    assert subject == "strain"
    assert "at least 40" in message


def test_two_items_that_nobody_answered_both_of_are_named() -> None:
    rows = answers()
    rows[:100, 1] = np.nan
    rows[100:, 3] = np.nan
    subject, message = only_error(fit_fiml(rows, ITEMS, MODEL))
    assert subject == "q4"
    assert "answered both it and q2" in message


def test_an_item_that_nobody_answered_is_named() -> None:
    rows = answers()
    rows[:, 2] = np.nan
    subject, message = only_error(fit_fiml(rows, ITEMS, MODEL))
    assert subject == "q3"
    assert "people answered it, so" in message


def test_a_constant_item_is_named() -> None:
    rows = answers()
    rows[~np.isnan(rows[:, 2]), 2] = 4.0
    assert only_error(fit_fiml(rows, ITEMS, MODEL))[0] == "q3"


def test_a_copied_item_is_refused() -> None:
    rows = answers()
    rows[:, 2] = rows[:, 1]
    message = only_error(fit_fiml(rows, ITEMS, MODEL))[1]
    assert "copy" in message


def test_a_model_without_degrees_of_freedom_has_no_scaled_test() -> None:
    found = fit_fiml(answers(), ITEMS, one_factor(ITEMS[:3]))
    assert found.indices is not None
    assert found.scaled is not None
    assert (found.indices.chi2, found.indices.df) == (0, 0)
    assert np.isnan([found.scaled.scale, found.scaled.chi2, found.scaled.p]).all()
