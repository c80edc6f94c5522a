"""Invariance over time in people who missed a wave: who counts, and what is said in words."""

import numpy as np
import pytest

from scoring.cfa.invariance import longitudinal_invariance
from scoring.cfa.model import one_factor
from scoring.cfa.waves_with_gaps import longitudinal_invariance_with_gaps

ITEMS = ("a", "b", "c", "d")
MODEL = one_factor(ITEMS)


def two_waves(n: int = 300, *, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((n, 1))
    return {
        name: 0.8 * (factor + 0.5 * rng.standard_normal((n, 1))) + rng.standard_normal((n, 4))
        for name in ("before", "after")
    }


def test_without_gaps_it_is_the_invariance_of_complete_people() -> None:
    found = longitudinal_invariance_with_gaps(two_waves(), ITEMS, MODEL)
    plain = longitudinal_invariance(two_waves(), ITEMS, MODEL)
    assert found.n == found.n_complete == plain.n[0]
    for level, other in zip(found.levels, plain.levels, strict=True):
        assert level.indices.chi2 == pytest.approx(other.indices.chi2, abs=1e-5)
        assert level.indices.cfi == pytest.approx(other.indices.cfi, abs=1e-7)
        assert level.scaled.scale == pytest.approx(other.robust.scale, abs=1e-4)
        assert level.latent_means == pytest.approx(other.latent_means, abs=1e-5)


def test_who_missed_a_wave_counts_and_who_missed_all_does_not() -> None:
    waves = two_waves()
    waves["after"][:60] = np.nan
    waves["before"][:10] = np.nan
    found = longitudinal_invariance_with_gaps(waves, ITEMS, MODEL)
    assert (found.n, found.n_complete) == (290, 240)
    assert found.levels[0].indices.n == 290


def test_leaving_after_a_poor_answer_does_not_bias_the_latent_mean() -> None:
    waves = two_waves(4000)
    waves["after"][waves["before"].mean(axis=1) < -0.3] = np.nan
    found = longitudinal_invariance_with_gaps(waves, ITEMS, MODEL)
    level = found.levels[2]
    assert level.latent_means[1, 0] == pytest.approx(0, abs=3.5 * level.latent_means_se[1, 0])
    only_complete = longitudinal_invariance(waves, ITEMS, MODEL).levels[2]
    assert abs(only_complete.latent_means[1, 0]) > 3.5 * only_complete.latent_means_se[1, 0]


def test_a_shift_of_one_item_breaks_the_scalar_level() -> None:
    waves = two_waves(800)
    waves["after"][:, 1] += 0.6
    waves["after"][:200] = np.nan
    steps = {
        step.level: step for step in longitudinal_invariance_with_gaps(waves, ITEMS, MODEL).steps
    }
    assert steps["metric"].p > 0.001
    assert steps["scalar"].p < 1e-6


def test_the_units_of_the_answers_change_nothing_but_the_means() -> None:
    waves = two_waves()
    waves["after"][:60] = np.nan
    other = {name: 10 * values + 3 for name, values in waves.items()}
    plain, scaled = (
        longitudinal_invariance_with_gaps(each, ITEMS, MODEL) for each in (waves, other)
    )
    for one, two in zip(plain.levels, scaled.levels, strict=True):
        assert one.indices.chi2 == pytest.approx(two.indices.chi2, abs=1e-5)
        assert 10 * one.latent_means == pytest.approx(two.latent_means, abs=1e-4)


@pytest.mark.parametrize(
    ("waves", "says"),
    [
        ({"before": two_waves()["before"]}, "There is one wave"),
        (two_waves(30), "Only 30 people answered; a model of"),
        (
            {"before": two_waves()["before"], "after": two_waves()["before"]},
            "some item is a copy or an exact sum of others",
        ),
        (
            {"before": two_waves()["before"], "after": np.full((300, 4), np.nan)},
            "Fewer than 10 people answered it",
        ),
    ],
)
def test_what_has_no_numbers_says_why(waves: dict[str, np.ndarray], says: str) -> None:
    found = longitudinal_invariance_with_gaps(waves, ITEMS, MODEL)
    assert not found.levels
    assert any(says in finding.message for finding in found.findings), found.findings


def test_waves_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different numbers of rows"):
        longitudinal_invariance_with_gaps(
            {"before": np.zeros((3, 4)), "after": np.zeros((4, 4))}, ITEMS, MODEL
        )
