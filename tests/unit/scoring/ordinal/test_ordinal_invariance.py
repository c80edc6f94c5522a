"""What invariance of ordered answers answers in words, and what its levels hold equal."""

import numpy as np
import pytest

from scoring.cfa.model import one_factor
from scoring.keyed import KeyedAnswers
from scoring.ordinal.invariance import ordinal_invariance

ITEMS = ("a", "b", "c", "d")
MODEL = one_factor(ITEMS)
CUTS = np.array([-0.8, 0.1, 0.9])


def people(
    n: int = 700, *, seed: int = 1, mean: float = 0.0, cuts: np.ndarray = CUTS
) -> KeyedAnswers:
    """Answers 0 to 3; `mean` moves the factor."""
    rng = np.random.default_rng(seed)
    factor = mean + rng.standard_normal((n, 1))
    latent = 0.75 * factor + 0.66 * rng.standard_normal((n, 4))
    values = (latent[:, :, None] > cuts).sum(axis=2).astype(float)
    return KeyedAnswers(ITEMS, values, np.zeros(4), np.full(4, 3.0), "mood")


def test_groups_that_differ_in_their_means_alone_are_invariant() -> None:
    found = ordinal_invariance({"A": people(), "B": people(seed=2, mean=0.5)}, MODEL)
    assert (found.groups, found.n) == (("A", "B"), (700, 700))
    assert [step.p > 0.001 for step in found.steps] == [True, True, True]
    last = found.levels[-1]
    assert last.latent_means[0] == 0
    assert abs(last.latent_means[1, 0] - 0.5) < 4 * last.latent_means_se[1, 0]
    assert found.levels[1].latent_means.tolist() == [[0], [0]]


def test_an_item_that_became_easier_breaks_the_last_level_only() -> None:
    easier = np.tile(CUTS, (4, 1))
    easier[2] -= 0.6
    groups = {"A": people(1500), "B": people(1500, seed=2, cuts=easier)}
    steps = {step.level: step for step in ordinal_invariance(groups, MODEL).steps}
    assert steps["thresholds"].p > 0.001
    assert steps["loadings"].p > 0.001
    assert steps["intercepts"].p < 1e-6


def test_unevenly_moved_thresholds_break_the_first_step() -> None:
    uneven = np.tile(CUTS, (4, 1))
    uneven[1] = [-0.8, -0.5, 0.9]
    groups = {"A": people(1500), "B": people(1500, seed=2, cuts=uneven)}
    assert ordinal_invariance(groups, MODEL).steps[0].p < 1e-6


def test_three_categories_leave_thresholds_nothing_to_test() -> None:
    groups = {"A": people(cuts=CUTS[:2]), "B": people(seed=2, cuts=CUTS[:2])}
    first, *_ = ordinal_invariance(groups, MODEL).steps
    assert first.df == 0
    assert np.isnan(first.p)


def test_which_way_items_run_changes_nothing_but_signs() -> None:
    groups = {"A": people(), "B": people(seed=2, mean=0.5)}
    turned = {
        name: KeyedAnswers(ITEMS, 3 - each.values, each.minimum, each.maximum, "mood")
        for name, each in groups.items()
    }
    one, other = (ordinal_invariance(each, MODEL) for each in (groups, turned))
    for first, second in zip(one.levels, other.levels, strict=True):
        assert first.indices is not None
        assert second.indices is not None
        assert first.indices.chi2 == pytest.approx(second.indices.chi2, abs=1e-4)
    assert one.levels[-1].latent_means[1] == pytest.approx(
        -other.levels[-1].latent_means[1], abs=1e-4
    )


def constant() -> KeyedAnswers:
    found = people(seed=2)
    found.values[:, 1] = 2
    return found


def without_the_highest() -> KeyedAnswers:
    found = people(seed=2)
    np.minimum(found.values, 2, out=found.values)
    return found


def copied() -> KeyedAnswers:
    found = people(seed=2)
    found.values[:, 1] = found.values[:, 0]
    return found


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ({"A": people()}, "There is one group of people"),
        ({"A": people(), "B": people(30, seed=2)}, "Group B: Only 30 people answered every item"),
        ({"A": people(), "B": constant()}, "Group B: Everybody gave the same answer"),
        ({"A": people(), "B": without_the_highest()}, "Nobody in group B answered 3"),
        ({"A": people(), "B": copied()}, "Group B: Two items correlate perfectly"),
        (
            {"A": people(cuts=CUTS[:1]), "B": people(seed=2, cuts=CUTS[:1])},
            "It has two answers: one threshold",
        ),
    ],
)
def test_says_in_words_what_stands_in_the_way(groups: dict[str, KeyedAnswers], says: str) -> None:
    found = ordinal_invariance(groups, MODEL)
    assert found.levels == found.steps == ()
    assert any(finding.message.startswith(says) for finding in found.findings)


def test_a_level_with_a_heywood_case_has_words_instead_of_numbers() -> None:
    rng = np.random.default_rng(6)
    wanted = np.array([[1, 0.9, 0.8, 0.1], [0.9, 1, 0.5, 0.1], [0.8, 0.5, 1, 0.1], [0.1] * 4])
    wanted[3, 3] = 1
    values, vectors = np.linalg.eigh(wanted)
    latent = rng.standard_normal((600, 4)) @ (vectors * np.sqrt(values)).T
    odd = people(600)
    odd.values[:] = (latent[:, :, None] > CUTS).sum(axis=2)
    found = ordinal_invariance({"A": people(), "B": odd}, MODEL)
    assert found.levels[0].indices is None
    assert found.levels[0].findings[0].message.startswith("Group B, configural level: The residual")
