from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from invented_trial import keep_submissions, without_allocation, without_submissions

from instruments.missing import NOT_ASKED
from reports.populations import (
    NOT_ALLOCATED,
    Populations,
    build_populations,
    delivered_instruments,
    outcome_table,
    waves_that_asked,
    waves_with_answers,
)
from reports.snapshot import Snapshot


@pytest.fixture(scope="module")
def populations(snapshot: Snapshot) -> Populations:
    return build_populations(snapshot)


def test_people_stand_in_the_arm_their_school_was_allocated_to(
    populations: Populations, snapshot: Snapshot
) -> None:
    people = populations.people
    assert (people["arm"] == people["school"].map(snapshot.schools["arm"])).all()
    assert populations.arms == ("Arm A", "Arm B")


def test_leaves_out_the_people_of_schools_that_are_not_eligible(snapshot: Snapshot) -> None:
    schools = snapshot.schools.copy()
    schools.loc["S001", ["eligible", "exclusion"]] = [False, "Closed"]
    found = build_populations(replace(snapshot, schools=schools))
    assert "S001" not in set(found.people["school"])
    assert "S001" not in set(found.scores["school"])


def test_people_who_withdrew_are_counted_and_never_analysed(
    populations: Populations, snapshot: Snapshot
) -> None:
    gone = set(snapshot.participants.index[snapshot.participants["withdrawn"]])
    assert gone
    assert not gone & set(populations.scores["participant"])
    steps = populations.steps
    assert steps.loc[steps["participant"].isin(gone), "withdrawn"].all()
    assert not steps.loc[steps["participant"].isin(gone), "analysed"].any()


def test_an_unsubmitted_questionnaire_counts_as_started_only(
    populations: Populations, snapshot: Snapshot
) -> None:
    open_ones = snapshot.submissions[snapshot.submissions["submitted_at"].isna()]
    assert len(open_ones)
    assert not set(open_ones.index) & set(populations.scores.index)
    steps = populations.steps.set_index(["participant", "wave"])
    rows = steps.loc[list(zip(open_ones["participant"], open_ones["wave"], strict=True))]
    assert rows["started"].all()
    assert not rows["submitted"].any()


def test_of_two_submissions_at_one_wave_the_later_counts(snapshot: Snapshot) -> None:
    done = snapshot.submissions[snapshot.submissions["submitted_at"].notna()]
    first = int(done.index[0])
    later = done.loc[[first]].set_axis([9001])
    later["submitted_at"] += pd.Timedelta(hours=1)
    doubled = replace(
        snapshot,
        submissions=pd.concat([snapshot.submissions, later]),
        answers=pd.concat([snapshot.answers, snapshot.answers.loc[[first]].set_axis([9001])]),
    )
    scores = build_populations(doubled).scores
    assert 9001 in scores.index
    assert first not in scores.index


def test_before_allocation_there_is_one_column(snapshot: Snapshot) -> None:
    found = build_populations(without_allocation(snapshot))
    assert found.arms == (NOT_ALLOCATED,)
    assert not found.is_allocated


def test_schools_that_wait_get_a_column_beside_the_arms(snapshot: Snapshot) -> None:
    schools = snapshot.schools.copy()
    schools.loc["S001", "arm"] = None
    found = build_populations(replace(snapshot, schools=schools))
    assert found.arms == ("Arm A", "Arm B", NOT_ALLOCATED)
    assert found.is_allocated


def test_an_outcome_table_pairs_each_person_with_their_own_baseline(
    populations: Populations, snapshot: Snapshot
) -> None:
    table = outcome_table(populations, snapshot.plan.outcome("anxiety"))
    scores = populations.scores.set_index(["participant", "wave"])["gad7_total"]
    person = table["baseline"].first_valid_index()
    assert table.loc[person, "baseline"] == scores[person, "baseline"]
    assert table.loc[person, "outcome"] == scores[person, "follow_up"]
    assert table["baseline"].isna().any()
    assert table.index.is_unique


def test_a_wave_that_did_not_ask_an_instrument_is_not_one_where_nobody_answered(
    snapshot: Snapshot,
) -> None:
    answers = snapshot.answers.copy()
    baseline = snapshot.submissions.index[snapshot.submissions["wave"] == "baseline"]
    pss = snapshot.instruments["pss10"]
    answers.loc[baseline, [item.id for item in pss.items]] = NOT_ASKED
    changed = replace(snapshot, answers=answers)
    found = build_populations(changed)
    assert waves_that_asked(pss, found, changed) == ("follow_up",)
    assert waves_that_asked(snapshot.instruments["gad7"], found, changed) == (
        "baseline",
        "follow_up",
    )


def test_before_any_answer_the_plan_names_the_instruments(snapshot: Snapshot) -> None:
    empty = without_submissions(snapshot)
    names = {each.id for each in delivered_instruments(empty)}
    assert names == {"gad7", "pss10", "dsl_confidence"}
    assert waves_with_answers(build_populations(empty), empty) == ()


def test_the_order_of_the_submissions_changes_nothing(
    populations: Populations, snapshot: Snapshot
) -> None:
    shuffled = snapshot.submissions.sample(frac=1, random_state=3)
    found = build_populations(
        keep_submissions(replace(snapshot, submissions=shuffled), shuffled["wave"].notna())
    )
    pd.testing.assert_frame_equal(found.scores, populations.scores)
