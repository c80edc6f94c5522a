from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from invented_trial import (
    make_snapshot,
    with_baseline_only,
    without_allocation,
    without_comments,
    without_submissions,
)

from reports.detectable import smallest_detectable_effect
from reports.outlook import outlook
from reports.snapshot import Snapshot


@pytest.fixture(scope="module")
def crowded() -> Snapshot:
    return make_snapshot(deputies=2)


def test_it_rests_on_the_outcomes_own_wave_once_that_is_answered(snapshot: Snapshot) -> None:
    for each in outlook(snapshot, ratios=(1, 1)):
        assert each.reason == ""
        assert each.wave == each.known_from == "Follow-up"
        assert 0 < each.response < 1
        assert each.smallest_adjusted < each.smallest
        assert each.smallest_if_all < each.smallest


def test_before_that_it_rests_on_the_wave_before_and_knows_no_correlation(
    snapshot: Snapshot,
) -> None:
    for each in outlook(with_baseline_only(snapshot), ratios=(1, 1)):
        assert (each.wave, each.known_from) == ("Follow-up", "Baseline")
        assert math.isfinite(each.smallest)
        assert math.isnan(each.r2)
        assert math.isnan(each.smallest_adjusted)


def test_nothing_is_known_before_anybody_answered(snapshot: Snapshot) -> None:
    for each in outlook(without_submissions(snapshot), ratios=(1, 1)):
        assert each.reason.startswith("Too few have answered yet: it takes 10 people in 5 schools")
        assert math.isnan(each.smallest)


def test_it_needs_no_allocation_and_learns_nothing_from_it(snapshot: Snapshot) -> None:
    assert outlook(without_allocation(snapshot), ratios=(1, 1)) == outlook(snapshot, ratios=(1, 1))


def test_the_effect_is_that_of_the_formula_with_the_numbers_expected(crowded: Snapshot) -> None:
    people = crowded.participants
    sizes = people[~people["withdrawn"]].groupby("school").size()
    eligible = crowded.schools.index[crowded.schools["eligible"]]
    sizes = sizes[sizes.index.isin(eligible)].to_numpy()
    for each in outlook(crowded, ratios=(2, 1)):
        p = each.response
        assert each.n_people == pytest.approx(p * sizes.sum())
        # Nobody of a school of n answers with the chance (1 − p)ⁿ.
        assert each.n_schools == pytest.approx(sum(1 - (1 - p) ** n for n in sizes))
        expected = smallest_detectable_effect(
            n_schools=each.n_schools,
            people_per_school=each.n_people / each.n_schools,
            icc=each.icc,
            ratios=(2, 1),
        )
        assert each.smallest == pytest.approx(expected)
        assert each.smallest_adjusted == pytest.approx(expected * np.sqrt(1 - each.r2))
        assert each.icc_low < each.icc < each.icc_high


def test_the_domains_table_of_power_comes_out_at_half_response() -> None:
    """94 schools of one person at 50 %: .82, the domain notes' figure; the ICC is not needed."""
    snapshot = without_comments(make_snapshot())
    alone = snapshot.participants[~snapshot.participants["school"].duplicated()]
    steps = snapshot.invitations["participant"].isin(alone.index)
    submitted = snapshot.submissions[snapshot.submissions["participant"].isin(alone.index)]
    snapshot = replace(
        snapshot,
        participants=alone,
        invitations=snapshot.invitations[steps],
        submissions=submitted,
        answers=snapshot.answers.loc[snapshot.answers.index.isin(submitted.index)],
    )
    for each in outlook(snapshot, ratios=(1, 1)):
        n_eligible = round(each.n_people / each.response)
        assert each.n_schools == pytest.approx(each.n_people)
        at_half = each.smallest * math.sqrt(each.response / 0.5 * n_eligible / 94)
        assert at_half == pytest.approx(0.82, abs=0.005)
