from __future__ import annotations

import math
from dataclasses import replace

import pytest

from reports.drift import ArmResponse, drift

INVITED = (2, 1, 3, 2, 1, 4, 2, 2, 3, 1, 2, 1)
HIGH = (1, 1, 2, 0, 1, 4, 1, 2, 3, 0, 2, 1)
LOW = (0, 0, 1, 1, 0, 2, 0, 1, 2, 0, 1, 0)

# R 4, sandwich: vcovCL(lm(r ~ 1), cluster = school, type = "HC0", cadj = TRUE), one row a person.
R_VARIANCE = {HIGH: 0.0106534090909091, LOW: 0.00589225589225589}


def response(
    submitted: tuple[int, ...], *, arm: str = "A", invited: tuple[int, ...] = INVITED
) -> ArmResponse:
    pairs = list(zip(invited, submitted, strict=True))
    return ArmResponse(
        arm=arm,
        schools=len(pairs),
        invited=sum(invited),
        submitted=sum(submitted),
        invited_squared=sum(m * m for m, _ in pairs),
        invited_times_submitted=sum(m * y for m, y in pairs),
        submitted_squared=sum(y * y for _, y in pairs),
    )


@pytest.mark.parametrize("submitted", R_VARIANCE)
def test_the_variance_of_a_response_is_that_of_r_with_schools_as_clusters(submitted) -> None:
    assert response(submitted).variance == pytest.approx(R_VARIANCE[submitted], rel=1e-12)


def test_arms_far_apart_raise_the_alarm() -> None:
    found = drift([response(LOW, arm="A"), response(HIGH, arm="B")])
    assert found is not None
    assert (found.highest, found.lowest) == ("B", "A")
    assert found.difference == pytest.approx(18 / 24 - 8 / 24)
    assert found.standard_error == pytest.approx(math.sqrt(sum(R_VARIANCE.values())))
    assert found.is_alarm


def test_a_difference_that_chance_explains_raises_none() -> None:
    a_few_less = (*HIGH[:5], 2, *HIGH[6:])
    found = drift([response(HIGH), response(a_few_less, arm="B")])
    assert found is not None
    assert found.difference >= 0.05
    assert not found.is_alarm


def test_a_difference_below_five_points_raises_none_however_sure_it_is() -> None:
    many = tuple([100] * 50)
    found = drift(
        [
            response(tuple([52] * 50), invited=many),
            response(tuple([48] * 50), invited=many, arm="B"),
        ]
    )
    assert found is not None
    assert found.standard_error < 1e-6
    assert not found.is_alarm


def test_more_arms_to_compare_raise_the_limit() -> None:
    """About 2.2 standard errors apart: beyond the limit for one pair, within that for three."""
    between = (0, 0, 2, 1, 1, 2, 1, 1, 2, 1, 1, 0)
    low, high = response(LOW, arm="A"), response(between, arm="B")
    low = replace(low, submitted=6, invited_times_submitted=17, submitted_squared=9)
    two, three = drift([low, high]), drift([low, high, replace(low, arm="C")])
    assert two is not None
    assert three is not None
    assert 1.96 < two.difference / two.standard_error < 2.39
    assert two.is_alarm
    assert not three.is_alarm


@pytest.mark.parametrize(
    "arms",
    [
        [],
        [response(HIGH)],
        [response(HIGH), response(HIGH[:4], invited=INVITED[:4], arm="B")],
        [response(HIGH), response((12,), invited=(30,), arm="B")],
    ],
)
def test_too_little_is_not_compared(arms: list[ArmResponse]) -> None:
    assert drift(arms) is None


def test_a_response_of_nobody_is_not_a_number() -> None:
    nobody = response((), invited=())
    assert math.isnan(nobody.share)
    assert math.isnan(nobody.variance)
