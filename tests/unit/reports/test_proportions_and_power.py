from __future__ import annotations

import math

import pytest
from scipy import stats

from reports.detectable import smallest_detectable_effect
from reports.proportions import wilson


@pytest.mark.parametrize(("part", "whole"), [(0, 12), (7, 12), (12, 12), (45, 117)])
def test_wilson_agrees_with_scipy(part: int, whole: int) -> None:
    expected = stats.binomtest(part, whole).proportion_ci(method="wilson")
    found = wilson(part, whole)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_has_no_interval_of_nothing() -> None:
    found = wilson(0, 0)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_wilson_refuses_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="part 4 of whole 3"):
        wilson(4, 3)


@pytest.mark.parametrize(
    ("schools", "people", "r2", "expected"),
    # The domain notes' table of power, at an ICC of .05, to its two decimals.
    [
        (94, 1, 0.0, 0.58),
        (94, 1, 0.36, 0.46),
        (160, 1.5, 0.0, 0.37),
        (160, 1.5, 0.36, 0.29),
        (600, 1, 0.0, 0.23),
        (250, 2, 0.36, 0.21),
        (47, 1, 0.0, 0.82),
        (47, 1, 0.36, 0.65),
    ],
)
def test_the_smallest_detectable_effect_is_that_of_the_published_formula(
    schools: int, people: float, r2: float, expected: float
) -> None:
    found = smallest_detectable_effect(n_schools=schools, people_per_school=people, icc=0.05, r2=r2)
    assert found == pytest.approx(expected, abs=0.005)


def test_a_negative_icc_counts_as_none() -> None:
    def effect(icc: float) -> float:
        return smallest_detectable_effect(n_schools=40, people_per_school=2, icc=icc)

    assert effect(-0.2) == effect(0.0) < effect(0.1)


def test_without_schools_there_is_no_detectable_effect() -> None:
    found = smallest_detectable_effect(n_schools=0, people_per_school=1, icc=0.05)
    assert math.isnan(found)


# R 4: the true difference at which pnorm gives a two-sided z test of level .05 a power of .80. The
# published multiplier 2.8 is 2.8016 there.
ROUNDED_MULTIPLIER = 1e-3


@pytest.mark.parametrize(
    ("schools", "people", "icc", "r2", "ratios", "in_r"),
    [
        (90, 1.5, 0.08, 0.3, (2, 1), 0.436423740982),
        (120, 1.2, 0.05, 0.0, (1, 1), 0.469259141698),
        (60, 2.0, 0.1, 0.36, (3, 1), 0.495562432374),
        # Three arms: what the two of 30 schools find of each other.
        (120, 1.5, 0.05, 0.0, (2, 1, 1), 0.597962541453),
    ],
)
def test_unequal_and_several_arms_agree_with_r(
    schools: int, people: float, icc: float, r2: float, ratios: tuple[int, ...], in_r: float
) -> None:
    found = smallest_detectable_effect(
        n_schools=schools, people_per_school=people, icc=icc, r2=r2, ratios=ratios
    )
    assert found == pytest.approx(in_r, rel=ROUNDED_MULTIPLIER)
