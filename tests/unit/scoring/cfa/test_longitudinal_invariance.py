"""What invariance over time answers in words, and who it is about."""

import numpy as np
import pytest

from scoring.cfa.invariance import longitudinal_invariance
from scoring.cfa.model import one_factor

ITEMS = ("a", "b", "c", "d")
MODEL = one_factor(ITEMS)


def two_waves(n: int = 150, *, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((n, 1))
    return {
        name: 0.8 * (factor + 0.5 * rng.standard_normal((n, 1))) + rng.standard_normal((n, 4))
        for name in ("before", "after")
    }


def test_people_missing_at_one_wave_are_left_out_and_counted() -> None:
    waves = two_waves()
    waves["after"][:20, 2] = np.nan
    found = longitudinal_invariance(waves, ITEMS, MODEL)
    assert found.n == (130, 130)
    assert found.findings[0].message.startswith("130 of the 150 people")
    without = {name: values[20:] for name, values in waves.items()}
    other = longitudinal_invariance(without, ITEMS, MODEL)
    assert [level.indices for level in found.levels] == [level.indices for level in other.levels]


def test_a_shift_of_one_item_after_the_first_wave_breaks_the_scalar_level_only() -> None:
    waves = two_waves(800)
    waves["after"][:, 1] += 0.6
    steps = {step.level: step for step in longitudinal_invariance(waves, ITEMS, MODEL).steps}
    assert steps["metric"].p_scaled > 0.001
    assert steps["scalar"].p_scaled < 1e-6
    assert steps["strict"].p_scaled > 0.001


def test_everybody_moving_alike_is_a_latent_mean_and_no_breach() -> None:
    waves = two_waves(800)
    waves["after"] += 0.4
    found = longitudinal_invariance(waves, ITEMS, MODEL)
    assert found.steps[1].p_scaled > 0.001
    before, after = found.levels[2].latent_means[:, 0]
    assert before == 0
    assert after == pytest.approx(0.4, abs=4 * found.levels[2].latent_means_se[1, 0])


@pytest.mark.parametrize(
    ("waves", "says"),
    [
        ({"before": two_waves()["before"]}, "There is one wave"),
        (two_waves(30), "Only 30 people answered; a model of"),
        (
            {"before": two_waves()["before"], "after": two_waves()["before"]},
            "It repeats a (before) exactly",
        ),
        (
            two_waves() | {"after": np.ones((150, 4))},
            "Everybody gave the same answer",
        ),
    ],
)
def test_says_in_words_what_stands_in_the_way(waves: dict[str, np.ndarray], says: str) -> None:
    found = longitudinal_invariance(waves, ITEMS, MODEL)
    assert found.levels == found.steps == ()
    assert any(finding.message.startswith(says) for finding in found.findings)


def test_waves_of_different_lengths_are_refused() -> None:
    waves = two_waves() | {"after": two_waves(20)["after"]}
    with pytest.raises(ValueError, match="expected the same people"):
        longitudinal_invariance(waves, ITEMS, MODEL)
