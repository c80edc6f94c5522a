"""What a factor model may say, and what it counts."""

import pytest

from scoring.cfa.model import Factor, FactorModel, factor_model, one_factor


def test_items_come_in_the_order_in_which_the_factors_first_name_them() -> None:
    model = factor_model({"b": ["q3", "q1"], "a": ["q2", "q1"]})
    assert model.names == ("b", "a")
    assert model.items == ("q3", "q1", "q2")


def test_counts_loadings_correlations_and_residual_variances() -> None:
    model = factor_model({"a": ["q1", "q2", "q3"], "b": ["q4", "q5", "q6"]})
    assert (model.n_loadings, model.n_parameters, model.df) == (6, 13, 8)
    assert one_factor(["q1", "q2", "q3"]).df == 0


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ((), "no factor"),
        ((Factor("a", ("q1",)), Factor("a", ("q2",))), "more than one factor called 'a'"),
        ((Factor("a", ()),), "'a' has no items"),
        ((Factor("a", ("q1", "q1")),), "'a' has item 'q1' twice"),
    ],
)
def test_refuses_a_model_that_contradicts_itself(factors: tuple[Factor, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FactorModel(factors)
