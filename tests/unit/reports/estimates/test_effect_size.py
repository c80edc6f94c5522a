from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.effect_size import (
    Standardiser,
    UnsplitVariance,
    cluster_effect_sizes,
    hedges_g,
    small_sample_factor,
)


@dataclass(frozen=True)
class Variances:
    between_variance: float
    within_variance: float


def sizes_of(difference: float, conditional: Variances, unconditional: Variances, **rest: object):
    arms = {"treated_sizes": [4] * 6, "reference_sizes": [4] * 8, **rest}
    return cluster_effect_sizes(
        difference, conditional=conditional, unconditional=unconditional, **arms
    )


def test_divides_by_the_standard_deviation_each_name_says() -> None:
    found = sizes_of(3.0, Variances(0.0, 4.0), Variances(7.0, 9.0))
    assert found.within_conditional.estimate == pytest.approx(1.5)
    assert found.total_conditional.estimate == pytest.approx(1.5)
    assert found.within_unconditional.estimate == pytest.approx(1.0)
    # Nearly 3 / 4: the correction for schools takes a little off.
    assert 0.97 * 0.75 < found.total_unconditional.estimate < 0.75


def test_gives_the_formulae_of_the_paper_for_schools_of_one_size() -> None:
    # Hedges (2007) eqs 9, 13, 14 and 19 for n people in each of m schools an arm.
    n, m_treated, m_reference, rho = 4, 6, 8, 0.25
    found = sizes_of(2.0, Variances(1.0, 3.0), Variances(1.0, 3.0))
    people, schools = n * (m_treated + m_reference), m_treated + m_reference
    unrelated = 1 / (n * m_treated) + 1 / (n * m_reference)
    within = 2.0 / np.sqrt(3.0)
    assert found.within_conditional.estimate == pytest.approx(within)
    assert found.within_conditional.se**2 == pytest.approx(
        unrelated * (1 + (n - 1) * rho) / (1 - rho) + within**2 / (2 * (people - schools))
    )
    total = 2.0 / 2.0 * np.sqrt(1 - 2 * (n - 1) * rho / (people - 2))
    assert found.total_conditional.estimate == pytest.approx(total)
    numerator = (
        (people - 2) * (1 - rho) ** 2
        + n * (people - 2 * n) * rho**2
        + 2 * (people - 2 * n) * rho * (1 - rho)
    )
    assert found.total_conditional.se**2 == pytest.approx(
        unrelated * (1 + (n - 1) * rho)
        + total**2 * numerator / (2 * (people - 2) * ((people - 2) - 2 * (n - 1) * rho))
    )


def test_keeps_the_sign_of_the_difference_and_mirrors_its_interval() -> None:
    up = sizes_of(2.0, Variances(1.0, 3.0), Variances(2.0, 3.0)).total_unconditional
    down = sizes_of(-2.0, Variances(1.0, 3.0), Variances(2.0, 3.0)).total_unconditional
    assert (down.estimate, down.low, down.high) == (-up.estimate, -up.high, -up.low)
    assert down.standardiser == "total_unconditional"


@pytest.mark.parametrize(
    "standardiser",
    ["within_conditional", "total_conditional", "within_unconditional", "total_unconditional"],
)
def test_finds_the_effect_size_that_a_plan_names(standardiser: Standardiser) -> None:
    found = sizes_of(2.0, Variances(1.0, 3.0), Variances(2.0, 3.0))
    assert found.named(standardiser) is getattr(found, standardiser)
    assert found.named(standardiser).standardiser == standardiser


def test_widens_with_the_confidence_asked_for() -> None:
    wide = sizes_of(2.0, Variances(1, 3), Variances(2, 3), confidence=0.99).within_conditional
    usual = sizes_of(2.0, Variances(1, 3), Variances(2, 3)).within_conditional
    assert (wide.high - wide.low) / (usual.high - usual.low) == pytest.approx(
        2.5758 / 1.96, rel=1e-4
    )


@pytest.mark.parametrize(
    ("arms", "error", "message"),
    [
        ({"treated_sizes": [4]}, EstimationError, "1 treated school"),
        ({"reference_sizes": [9]}, EstimationError, "1 reference school"),
        ({"treated_sizes": [4, 0]}, TableShapeError, "treated_sizes"),
    ],
)
def test_says_why_there_is_no_effect_size(
    arms: dict[str, list[int]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        sizes_of(2.0, Variances(1.0, 3.0), Variances(1.0, 3.0), **arms)


def test_needs_no_share_between_schools_where_each_has_one_person() -> None:
    arms = {"treated_sizes": [1] * 12, "reference_sizes": [1] * 15}
    alone = sizes_of(2.0, UnsplitVariance(4.0), UnsplitVariance(4.0), **arms)
    shared = sizes_of(2.0, Variances(1.0, 3.0), Variances(1.0, 3.0), **arms)
    assert alone.within_conditional is None
    assert alone.total_unconditional.estimate == pytest.approx(1.0)
    assert alone.total_unconditional.se == pytest.approx(shared.total_unconditional.se)
    # Two independent groups: the large-sample variance of d.
    assert alone.total_unconditional.se**2 == pytest.approx(27 / (12 * 15) + 1 / (2 * 25))


def test_refuses_to_divide_by_no_variation() -> None:
    with pytest.raises(EstimationError, match="nothing varies within schools"):
        sizes_of(2.0, Variances(1.0, 0.0), Variances(1.0, 3.0))


@pytest.mark.parametrize(
    # J(2) = 1/sqrt(pi) and J(3) = sqrt(2 / 3) gamma(1.5), by the duplication of gamma.
    ("df", "factor"),
    [
        (2, 1 / np.sqrt(np.pi)),
        (3, np.sqrt(2 / 3) * np.sqrt(np.pi) / 2),
        (4, 1 / (np.sqrt(2) * np.sqrt(np.pi) / 2)),
    ],
)
def test_gives_the_exact_small_sample_factor(df: int, factor: float) -> None:
    assert small_sample_factor(df) == pytest.approx(factor, rel=1e-12)


def test_gives_a_factor_near_the_usual_approximation_when_there_are_many() -> None:
    assert small_sample_factor(10_000) == pytest.approx(1 - 3 / (4 * 10_000 - 1), rel=1e-9)


def test_refuses_a_factor_on_one_degree_of_freedom() -> None:
    with pytest.raises(EstimationError, match="at least 2"):
        small_sample_factor(1)


@pytest.mark.parametrize("shift", [0.0, 0.8, -6.0])
def test_gives_limits_at_which_the_observed_difference_would_be_rare(shift: float) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(shift, 1, 12), rng.normal(0, 1, 17)
    found = hedges_g(first, second)
    scale = np.sqrt(1 / 12 + 1 / 17)
    assert found.low < found.g < found.high
    assert abs(found.g) < abs(found.d)
    assert stats.nct.sf(found.d / scale, 27, found.low / scale) == pytest.approx(0.025, rel=1e-6)
    assert stats.nct.cdf(found.d / scale, 27, found.high / scale) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1.0], [1.0, 2.0], "found 1 and 2 values"),
        ([2.0, 2.0], [3.0, 3.0], "nothing varies"),
        ([0.1, 0.1, 0.1], [0.3, 0.3, 0.3], "nothing varies"),
    ],
)
def test_says_why_there_is_no_g(first: list[float], second: list[float], message: str) -> None:
    with pytest.raises(EstimationError, match=message):
        hedges_g(first, second)
