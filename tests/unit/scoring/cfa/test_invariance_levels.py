"""What invariance answers in words, and what its levels hold equal."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.cfa.invariance import invariance, steps_between
from scoring.cfa.model import factor_model, one_factor

ITEMS = tuple(f"q{number}" for number in range(1, 7))
MODEL = factor_model({"a": ITEMS[:3], "b": ITEMS[3:]})
LOADINGS = np.array([0.8, 0.7, 0.6, 0.7, 0.8, 0.6])


def people(n: int, seed: int, *, mean: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = 0.5 * rng.standard_normal((n, 1)) + 0.9 * rng.standard_normal((n, 2)) + mean
    return np.repeat(factors, 3, axis=1) * LOADINGS + 0.7 * rng.standard_normal((n, 6))


def test_groups_that_differ_in_nothing_but_their_means_are_invariant() -> None:
    groups = {"A": people(800, 1), "B": people(700, 2, mean=0.5)}
    found = invariance(groups, ITEMS, MODEL)
    assert (found.groups, found.n) == (("A", "B"), (800, 700))
    assert [step.p_scaled > 0.001 for step in found.steps] == [True, True, True]
    assert min(step.cfi_change for step in found.steps) > -0.01
    scalar = found.levels[2]
    assert scalar.loadings[0] == pytest.approx(scalar.loadings[1])
    assert scalar.intercepts[0] == pytest.approx(scalar.intercepts[1])
    off = scalar.latent_means[1] - 0.5 * np.array([0.8, 0.7])
    assert np.abs(off / scalar.latent_means_se[1]).max() < 4
    assert scalar.latent_means[0].tolist() == [0, 0]
    assert found.levels[1].latent_means.tolist() == [[0, 0], [0, 0]]


def test_an_item_that_became_easier_in_one_group_breaks_scalar_invariance_only() -> None:
    groups = {"A": people(800, 1), "B": people(700, 2)}
    groups["B"][:, 4] += 0.6
    steps = {step.level: step for step in invariance(groups, ITEMS, MODEL).steps}
    assert steps["metric"].p_scaled > 0.001
    assert steps["scalar"].p_scaled < 1e-6
    assert steps["scalar"].cfi_change < -0.01
    assert steps["strict"].p_scaled > 0.001


def test_which_group_comes_first_changes_only_the_sign_of_the_latent_means() -> None:
    groups = {"A": people(400, 1), "B": people(300, 2, mean=0.5)}
    one = invariance(groups, ITEMS, MODEL)
    other = invariance({"B": groups["B"], "A": groups["A"]}, ITEMS, MODEL)
    for first, second in zip(one.levels, other.levels, strict=True):
        assert first.indices is not None
        assert second.indices is not None
        assert first.indices.chi2 == pytest.approx(second.indices.chi2, abs=1e-6)
    assert one.levels[2].latent_means[1] == pytest.approx(-other.levels[2].latent_means[1])


def test_only_the_levels_asked_for_are_fitted() -> None:
    groups = {"A": people(300, 1), "B": people(300, 2)}
    found = invariance(groups, ITEMS, MODEL, levels=("configural", "scalar"))
    assert [level.level for level in found.levels] == ["configural", "scalar"]
    assert [(step.level, step.against, step.df) for step in found.steps] == [
        ("scalar", "configural", 8)
    ]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"A": people(300, 1)}, "one group of people"),
        ({"A": people(300, 1), "B": people(30, 2)}, "Group B: Only 30 people answered"),
        (
            {"A": people(300, 1), "B": people(300, 2) * [1, 0, 1, 1, 1, 1]},
            "Group B: Everybody gave the same answer",
        ),
    ],
)
def test_says_in_words_why_groups_cannot_be_compared(
    groups: dict[str, np.ndarray], said: str
) -> None:
    found = invariance(groups, ITEMS, MODEL)
    assert (found.levels, found.steps) == ((), ())
    (error,) = [finding for finding in found.findings if finding.severity == "error"]
    assert error.message.startswith(said) or said in error.message


def test_a_level_with_a_heywood_case_has_words_instead_of_numbers() -> None:
    rng = np.random.default_rng(6)
    wanted = np.array([[1, 0.9, 0.8, 0.1], [0.9, 1, 0.5, 0.1], [0.8, 0.5, 1, 0.1], [0.1] * 4])
    wanted[3, 3] = 1
    values, vectors = np.linalg.eigh(wanted)
    odd = rng.standard_normal((400, 4)) @ (vectors * np.sqrt(values)).T
    found = invariance({"A": people(300, 1)[:, :4], "B": odd}, ITEMS[:4], one_factor(ITEMS[:4]))
    configural = found.levels[0]
    assert configural.indices is None
    assert np.isnan(configural.loadings).all()
    assert configural.findings[0].subject == "q1"
    assert configural.findings[0].message.startswith("Group B, configural level: ")
    assert "metric" not in [step.level for step in found.steps]


def test_a_scaled_difference_that_cannot_be_computed_is_said_to_be_so() -> None:
    groups = {"A": people(300, 1), "B": people(300, 2)}
    looser, stricter, *_ = invariance(groups, ITEMS, MODEL).levels
    assert looser.indices is not None
    assert looser.robust is not None
    assert stricter.indices is not None
    # The correction is (df0 c0 - df1 c1) / (df0 - df1): c1 large enough makes it 0, then negative.
    for scale, said in ((1.0, False), (stricter.indices.df / looser.indices.df * 2, True)):
        before = replace(looser, robust=replace(looser.robust, scale=scale))
        (step,) = steps_between((before, stricter))
        assert np.isnan(step.chi2_scaled) == said
        assert np.isnan(step.p_scaled) == said
        assert [finding.severity for finding in step.findings] == ["warning"] * said
        assert step.p > 0
