"""Alpha of the latent responses, and when there is none."""

import numpy as np
import pytest
from ordered_answers import keyed, one_factor_answers, spread_out

from scoring.ordinal.latent_response import latent_response_alpha


def test_without_an_item_it_is_that_of_the_others() -> None:
    answers = one_factor_answers([0.7, 0.6, 0.5, 0.8], [-1, 0, 1], n=400, seed=5)
    found = latent_response_alpha(answers)
    for item in range(4):
        others = keyed(np.delete(answers.values, item, axis=1), limits=(0, 3))
        assert found.alpha_if_dropped[item] == pytest.approx(
            latent_response_alpha(others).alpha, abs=1e-12
        )


def test_two_items_have_none_without_an_item() -> None:
    found = latent_response_alpha(one_factor_answers([0.7, 0.6], [-1, 0, 1], n=400, seed=5))
    assert found.alpha > 0
    assert np.isnan(found.alpha_if_dropped).all()


def test_a_constant_item_leaves_none() -> None:
    answers = one_factor_answers([0.7, 0.6, 0.5], [-1, 0, 1], n=400, seed=5)
    answers.values[:, 0] = 1
    found = latent_response_alpha(answers)
    assert np.isnan(found.alpha)
    assert (found.findings[0].severity, found.findings[0].subject) == ("error", "i1")


def test_items_that_undo_one_another_leave_none() -> None:
    found = latent_response_alpha(spread_out([[0, 0, 20], [0, 30, 0], [25, 0, 0]]))
    assert np.isnan(found.alpha)
    assert "measures nothing" in found.findings[-1].message
