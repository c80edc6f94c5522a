"""People leave, are followed, move and are shared; what they answered stays where it was given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from allocations import BLOCKS, allocating
from answering import answer
from looking import events, everything, rows
from sqlalchemy.orm import Session
from trials import BY, KEY, Trial

from survey_app.database.models import Allocation, Letter, Membership, Participant, School
from survey_app.database.queries.invitations import counts_by_wave, visit_by_token
from survey_app.database.queries.outbox import person_sought
from survey_app.database.queries.people import (
    counts_by_standing,
    moves_between_schools,
    people_shared,
    person_by_code,
    schools_of_trusts,
)
from survey_app.database.queries.rollout import people_to_invite
from survey_app.database.queries.schools import roster_counts, school_by_urn
from survey_app.links import token_hash
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import awaiting_reply
from survey_app.operations.link_requests import send_new_link
from survey_app.operations.roster_edits import (
    SchoolFacts,
    add_person,
    add_school,
    change_person,
    change_school,
)
from survey_app.operations.turnover import (
    come_back,
    end_sharing,
    leave_role,
    move_person,
    share_person,
    succeed,
)
from survey_app.operations.waves import day_in_england

NEW = {"name": "Nia New", "email": "nia@school1.example", "role": "DSL"}


def today(trial: Trial) -> date:
    return day_in_england(trial.clock())


def change(trial: Trial, operation: Callable, code: str = "P00001", **asked):
    """Do something to the person of this code, today; a school is named by its number."""
    with trial.database.writing() as session:
        study = trial.study(session)
        person = person_by_code(session, study, code)
        for place in ("to", "school"):
            if place in asked:
                asked[place] = school_by_urn(session, study, asked[place])
        if operation not in (come_back,):
            asked.setdefault("on", today(trial))
        done = operation(session, participant=person, by=BY, at=trial.clock(), **asked)
        return done.code if isinstance(done, Participant) else done


def leave(trial: Trial, code: str = "P00001", **asked) -> None:
    change(trial, leave_role, code, because="left_school", **asked)


def person(trial: Trial, code: str) -> Participant:
    return next(each for each in rows(trial.database, Participant) if each.code == code)


def places(trial: Trial, code: str) -> list[tuple[str, str, date, date | None]]:
    whose = person(trial, code).id
    urns = {school.id: school.urn for school in rows(trial.database, School)}
    return [
        (urns[each.school_id], each.role, each.since_on, each.until_on)
        for each in rows(trial.database, Membership)
        if each.participant_id == whose
    ]


def opens_anything(trial: Trial, token: str) -> bool:
    with trial.database.reading() as session:
        return visit_by_token(session, token_hash(token)) is not None


def to_invite(trial: Trial, wave: str) -> set[str]:
    with trial.database.reading() as session:
        return {p.code for p in people_to_invite(session, trial.study(session), wave=wave)}


def a_school_of_the_other_arm(trial: Trial) -> int:
    """The number of a school of the small trial that is not in the arm of the first."""
    arms = {each.school_id: each.arm for each in rows(trial.database, Allocation)}
    numbers = {int(s.urn[-1]): arms[s.id] for s in rows(trial.database, School) if s.id in arms}
    return next(n for n in range(2, 9) if numbers[n] != numbers[1])


def test_everybody_on_a_roster_is_somewhere_since_some_day(trial: Trial):
    assert len(rows(trial.database, Membership)) == 11
    assert places(trial, "P00001") == [("100001", "DSL", today(trial), None)]


def test_whoever_leaves_has_dead_links_no_letters_and_their_answers(trial: Trial):
    trial.invite()
    answer(trial, 1)
    token = trial.token(1)
    assert opens_anything(trial, token)
    trial.clock.move(days=3)
    leave(trial)
    assert not opens_anything(trial, token)
    assert all(
        letter.revoked_at is not None and letter.state != "waiting"
        for letter in rows(trial.database, Letter)
        if letter.key.split(":")[1] == str(person(trial, "P00001").id)
    )
    with trial.database.reading() as session:
        (wave,) = counts_by_wave(session, trial.study(session))
    assert (wave.invited, wave.submitted) == (10, 1)
    assert places(trial, "P00001")[0][3] == today(trial)
    assert "P00001" not in to_invite(trial, "follow_up")
    assert events(trial.database, "person_left")[0].detail == {"because": "left the school"}


def test_a_successor_is_a_new_person_of_the_same_school(trial: Trial):
    trial.invite()
    trial.randomise()
    leave(trial)
    code = change(trial, succeed, **NEW)
    before, after = person(trial, "P00001"), person(trial, code)
    assert (after.succeeds_id, after.school_id) == (before.id, before.school_id)
    assert after.code == "P00012"
    assert code in to_invite(trial, "baseline")
    assert to_invite(trial, "follow_up") >= {code, "P00002"}


def test_a_successor_may_have_the_address_of_whoever_left(trial: Trial):
    leave(trial)
    code = change(trial, succeed, **NEW | {"email": "person1@school1.example"})
    with trial.database.reading() as session:
        found = person_sought(session, trial.study(session), "person1@school1.example")
        assert found is not None
        assert found.code == code
    with pytest.raises(OperationError, match="P00012 already"):
        change(trial, come_back)


@pytest.mark.parametrize("code", ["P00001", "P00002"])
def test_nobody_follows_somebody_who_is_there_or_is_followed(trial: Trial, code: str):
    leave(trial)
    change(trial, succeed, **NEW)
    before = everything(trial.database)
    with pytest.raises(OperationError, match=r"follows this person already|has not left"):
        change(trial, succeed, code, **NEW | {"email": "another@school1.example"})
    assert everything(trial.database) == before


@pytest.mark.parametrize(
    ("days", "reason"), [(1, "still to come"), (-1, "before this person was on the roster")]
)
def test_a_day_that_cannot_be_is_refused(trial: Trial, days: int, reason: str):
    before = everything(trial.database)
    with pytest.raises(OperationError, match=reason):
        leave(trial, on=today(trial) + timedelta(days=days))
    assert everything(trial.database) == before


def test_whoever_left_by_mistake_comes_back_with_dead_links(trial: Trial):
    trial.invite()
    token = trial.token(1)
    leave(trial)
    change(trial, come_back)
    assert not opens_anything(trial, token)
    with trial.database.writing() as session:
        study = trial.study(session)
        found = person_sought(session, study, "P00001")
        assert found is not None
        (invitation,) = awaiting_reply(
            session, study, "baseline", people=[found.id], even_without_link=True
        )
        send_new_link(session, study=study, invitation=invitation, key=KEY, by=BY, at=trial.clock())
    assert opens_anything(trial, trial.token(1))
    assert [place[3] for place in places(trial, "P00001")] == [today(trial), None]


def test_before_randomisation_a_person_takes_their_answers_along(trial: Trial):
    trial.invite()
    answer(trial, 1)
    assert change(trial, move_person, to="100003") == "P00001"
    assert opens_anything(trial, trial.token(1))
    assert [place[0] for place in places(trial, "P00001")] == ["100001", "100003"]
    assert person(trial, "P00001").left_on is None


def test_after_randomisation_answers_stay_with_the_school_that_was_randomised(trial: Trial):
    trial.invite()
    answer(trial, 1)
    trial.randomise()
    away = a_school_of_the_other_arm(trial)
    token = trial.token(1)
    code = change(trial, move_person, to=f"10000{away}")
    before, after = person(trial, "P00001"), person(trial, code)
    assert (before.left_because, after.came_from_id) == ("moved", before.id)
    assert before.school_id != after.school_id
    assert not opens_anything(trial, token)
    # They have answered the baseline; nobody asks them the same again.
    assert code not in to_invite(trial, "baseline")
    assert code in to_invite(trial, "follow_up")
    with trial.database.reading() as session:
        ((old, new),) = moves_between_schools(session, trial.study(session))
        assert old.school.allocation.arm != new.school.allocation.arm
    with pytest.raises(OperationError, match="move them back from there"):
        change(trial, come_back)


def test_a_person_at_two_schools_is_asked_once_and_noted(trial: Trial):
    change(trial, share_person, school="100002")
    assert trial.invite() == 10
    with trial.database.reading() as session:
        shared = people_shared(session, trial.study(session))
        assert [place.school.urn for place in shared] == ["100001", "100002"]
    with pytest.raises(OperationError, match="already"):
        change(trial, share_person, school="100002")
    trial.clock.move(days=30)
    change(trial, end_sharing, school="100002")
    with trial.database.reading() as session:
        assert people_shared(session, trial.study(session)) == []
    assert places(trial, "P00001")[1][3] == today(trial)
    with pytest.raises(OperationError, match="record that they left"):
        change(trial, end_sharing, school="100001")


def test_another_role_is_kept_with_the_one_before(trial: Trial):
    trial.clock.move(days=10)
    asked = {"name": "Person 1", "email": "person1@school1.example", "role": "deputy"}
    assert change(trial, change_person, **asked)
    assert [place[1:] for place in places(trial, "P00001")] == [
        ("DSL", today(trial) - timedelta(days=10), today(trial)),
        ("deputy", today(trial), None),
    ]
    assert not change(trial, change_person, **asked)
    with pytest.raises(OperationError, match="that of P00002 already"):
        change(trial, change_person, **asked | {"email": "person2@school2.example"})


def test_stayers_joiners_and_leavers_are_told_apart_in_each_wave(trial: Trial):
    trial.invite()
    for each in (1, 2, 3):
        answer(trial, each)
    trial.randomise()
    trial.clock.move(days=2)
    leave(trial, "P00001")
    code = change(trial, succeed, **NEW)
    trial.clock.noon_on(trial.definition.wave("follow_up").opens_on)
    assert trial.invite("follow_up") == 10
    answer(trial, int(code[1:]), wave="follow_up")
    with trial.database.reading() as session:
        study = trial.study(session)
        found = {
            (each.wave, each.standing): (each.invited, each.submitted)
            for each in counts_by_standing(session, study, first_day=date(2019, 9, 16))
        }
        counts = roster_counts(session, study)
    assert found == {
        ("baseline", "leaver"): (1, 1),
        ("baseline", "stayer"): (9, 2),
        ("follow_up", "joiner"): (1, 1),
        ("follow_up", "stayer"): (9, 0),
    }
    assert (counts.people, counts.people_in_role) == (12, 11)


def facts(**other) -> SchoolFacts:
    given = {
        "name": "School 1",
        "authority": "Bolton",
        "trust": "",
        "phase": "primary",
        "mainstream": True,
    }
    return SchoolFacts(**given | other)


def on_school(trial: Trial, operation: Callable, urn: str = "100001", **asked):
    with trial.database.writing() as session:
        found = school_by_urn(session, trial.study(session), urn)
        return operation(session, school=found, by=BY, at=trial.clock(), **asked)


def new_school(session: Session, trial: Trial, urn: str) -> School:
    return add_school(
        session,
        study=trial.study(session),
        urn=urn,
        facts=facts(name="Late School"),
        by=BY,
        at=trial.clock(),
    )


def test_a_school_and_its_people_are_added_by_hand(trial: Trial):
    with trial.database.writing() as session:
        assert new_school(session, trial, "100050").code == "S0010"
    on_school(trial, add_person, "100050", since=today(trial), **NEW)
    assert "P00012" in to_invite(trial, "baseline")
    with (
        pytest.raises(OperationError, match="on the roster already"),
        trial.database.writing() as session,
    ):
        new_school(session, trial, "100050")
    trial.randomise()
    with trial.database.writing() as session:
        assert new_school(session, trial, "100051").allocation is None


def test_where_the_file_refuses_late_schools_none_is_added_by_hand(trial: Trial):
    trial = allocating(trial, f'{BLOCKS}late_schools = "refused"\n')
    trial.randomise()
    with (
        pytest.raises(OperationError, match="refuses late ones"),
        trial.database.writing() as session,
    ):
        new_school(session, trial, "100051")


def test_a_school_moves_to_another_authority_only_before_randomisation(trial: Trial):
    assert on_school(trial, change_school, facts=facts(authority="Bury", trust="Beacon Trust"))
    assert [event.detail["after"] for event in events(trial.database, "school_changed")] == [
        "Bury",
        "Beacon Trust",
    ]
    trial.randomise()
    before = everything(trial.database)
    with pytest.raises(OperationError, match="randomised in Bury"):
        on_school(trial, change_school, facts=facts(authority="Bolton"))
    with pytest.raises(OperationError, match="can no longer change"):
        on_school(trial, change_school, facts=facts(authority="Bury", mainstream=False))
    assert everything(trial.database) == before
    assert on_school(trial, change_school, facts=facts(authority="Bury", trust="Another Trust"))


def test_trusts_with_several_schools_in_the_trial_are_found(trial: Trial):
    for number in (1, 2, 9):
        named = "Special School" if number == 9 else f"School {number}"
        on_school(
            trial,
            change_school,
            f"10000{number}",
            facts=facts(name=named, trust="Beacon Trust", mainstream=number != 9),
        )
    on_school(trial, change_school, "100003", facts=facts(name="School 3", trust="Alone Trust"))
    with trial.database.reading() as session:
        found = schools_of_trusts(session, trial.study(session))
    assert [school.urn for school in found] == ["100001", "100002"]
