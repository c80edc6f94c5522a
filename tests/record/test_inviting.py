"""People are invited once, reminded on the study's days, left alone once they have answered."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from hashlib import sha256

import pytest
from answering import answer, start
from at_once import at_once
from letterboxes import outbox
from looking import events, everything, rows
from sqlalchemy import select, update
from trials import BY, KEY, ROSTER, Trial

from survey_app.database.models import Invitation, Letter, Participant, School
from survey_app.database.queries.invitations import visit_by_letter, visit_by_token
from survey_app.links import token_for_letter, token_hash
from survey_app.operations.enrolment import import_roster
from survey_app.operations.errors import OperationError, WaveNotOpenError
from survey_app.operations.invitations import queue_due_letters
from survey_app.operations.revocation import revoke_links
from survey_app.operations.sending import stop_reminders
from survey_app.trial.roster import read_roster

PEOPLE = 10


@pytest.fixture
def invited(trial: Trial) -> Trial:
    assert trial.invite() == PEOPLE
    return trial


def withdraw(trial: Trial, person: int) -> None:
    with trial.database.writing() as session:
        session.execute(
            update(Participant)
            .where(Participant.code == f"P{person:05d}")
            .values(withdrawn_at=trial.clock())
        )


def remind(trial: Trial) -> int:
    with trial.database.writing() as session:
        return queue_due_letters(
            session, study=trial.study(session), key=KEY, by=BY, at=trial.clock()
        )


def post(trial: Trial) -> None:
    """Let every letter that waits be sent."""
    with trial.database.writing() as session:
        session.execute(
            update(Letter)
            .where(Letter.state == "waiting")
            .values(state="sent", sent_at=trial.clock())
        )


def day_of_baseline(trial: Trial, day: int) -> date:
    return trial.definition.wave("baseline").opens_on + timedelta(days=day)


def kinds(trial: Trial) -> Counter[str]:
    return Counter(letter.kind for letter in outbox(trial.database))


def test_an_invitation_and_its_letter_are_written_together(invited: Trial):
    letters = outbox(invited.database)
    invitations = rows(invited.database, Invitation)
    assert {letter.invitation_id for letter in letters} == {i.id for i in invitations}
    assert kinds(invited) == {"invitation": PEOPLE}
    assert {(letter.state, letter.not_before) for letter in letters} == {
        ("waiting", invited.clock())
    }
    assert len({i.reference for i in invitations}) == PEOPLE
    (event,) = events(invited.database, "wave_invited")
    assert event.detail == {"wave": "baseline", "invitations": PEOPLE}


def test_the_record_keeps_the_hash_of_a_link_and_never_the_link(invited: Trial):
    for letter in outbox(invited.database):
        token = token_for_letter(letter.id, key=KEY)
        assert letter.token_hash == token_hash(token)
        assert token not in str(everything(invited.database))


def test_inviting_again_invites_nobody(invited: Trial):
    before = everything(invited.database)
    assert invited.invite() == 0
    assert everything(invited.database) == before


def test_inviting_again_reaches_newcomers_only(invited: Trial):
    newcomer = b"Bolton,School 3,100003,primary,yes,Nell New,nell@school3.example,deputy\n"
    with invited.database.writing() as session:
        roster = read_roster(ROSTER + newcomer, phases=invited.definition.study.phases)
        study = invited.study(session)
        import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=invited.clock())
    assert invited.invite() == 1
    assert kinds(invited) == {"invitation": PEOPLE + 1}


def test_both_waves_have_invitations_of_their_own(invited: Trial):
    invited.clock.noon_on(invited.definition.wave("follow_up").opens_on)
    assert invited.invite("follow_up") == PEOPLE
    assert len(rows(invited.database, Invitation)) == 2 * PEOPLE


@pytest.mark.parametrize(("days", "told"), [(-1, "not open yet"), (33, "closed"), (400, "closed")])
def test_a_wave_that_is_not_open_invites_nobody(trial: Trial, days, told):
    trial.clock.noon_on(day_of_baseline(trial, days))
    with pytest.raises(WaveNotOpenError, match=told):
        trial.invite()
    assert rows(trial.database, Invitation) == []


@pytest.mark.parametrize("days", [0, 32])
def test_the_first_and_the_last_day_of_a_wave_count(trial: Trial, days):
    trial.clock.noon_on(day_of_baseline(trial, days))
    assert trial.invite() == PEOPLE


def test_nobody_withdrawn_is_invited(trial: Trial):
    withdraw(trial, 3)
    assert trial.invite() == PEOPLE - 1
    with trial.database.reading() as session:
        assert "P00003" not in {i.participant.code for i in session.query(Invitation)}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, {}),
        (4, {}),
        (5, {}),  # a Saturday
        (7, {"reminder": PEOPLE}),
        (8, {"reminder": PEOPLE}),
        (29, {"last_call": PEOPLE}),
        (32, {"last_call": PEOPLE}),
        (33, {}),
    ],
)
def test_after_a_gap_each_gets_the_newest_letter_due_and_no_other(invited: Trial, day, expected):
    invited.clock.noon_on(day_of_baseline(invited, day))
    assert remind(invited) == sum(expected.values())
    assert kinds(invited) == {"invitation": PEOPLE, **expected}


def test_every_letter_of_a_wave_goes_on_its_day_and_once(invited: Trial):
    post(invited)
    sent_on: dict[str, list[int]] = {}
    for day in range(40):
        invited.clock.noon_on(day_of_baseline(invited, day))
        for _ in range(2):
            before = kinds(invited)
            remind(invited)
            for kind in kinds(invited) - before:
                sent_on.setdefault(kind, []).append(day)
        post(invited)
    assert sent_on == {"reminder": [7, 10, 15], "last_call": [29]}
    assert kinds(invited) == {
        "invitation": PEOPLE,
        "reminder": 3 * PEOPLE,
        "last_call": PEOPLE,
    }
    told = [event.detail for event in events(invited.database, "letters_queued")]
    assert told == [
        *[{"wave": "baseline", "kind": "reminder", "letters": PEOPLE}] * 3,
        {"wave": "baseline", "kind": "last_call", "letters": PEOPLE},
    ]


def test_somebody_invited_late_is_not_reminded_of_days_before(trial: Trial):
    trial.clock.noon_on(day_of_baseline(trial, 12))
    trial.invite()
    assert remind(trial) == 0
    trial.clock.noon_on(day_of_baseline(trial, 15))
    assert remind(trial) == PEOPLE


def test_nobody_who_submitted_is_reminded_and_whoever_only_began_is(invited: Trial):
    answer(invited, 1)
    start(invited, 2)
    invited.clock.noon_on(day_of_baseline(invited, 7))
    assert remind(invited) == PEOPLE - 1
    with invited.database.reading() as session:
        reminded = session.scalars(
            select(Participant.code).join(Invitation).join(Letter).where(Letter.kind == "reminder")
        ).all()
    assert "P00001" not in reminded
    assert "P00002" in reminded


def test_nobody_withdrawn_is_reminded(invited: Trial):
    withdraw(invited, 4)
    invited.clock.noon_on(day_of_baseline(invited, 7))
    assert remind(invited) == PEOPLE - 1


def test_letters_that_wait_are_stopped_by_submitting(invited: Trial):
    answer(invited, 1)
    states = {
        (letter.kind, letter.state)
        for letter in outbox(invited.database)
        if letter.invitation_id == 1
    }
    assert states == {("invitation", "cancelled"), ("thanks", "waiting")}


def revoke(trial: Trial, person: int = 1) -> int:
    with trial.database.writing() as session:
        participant = session.scalars(
            select(Participant).where(Participant.code == f"P{person:05d}")
        ).one()
        return revoke_links(session, participant=participant, by=BY, at=trial.clock())


def test_a_revoked_link_opens_nothing_and_its_letter_stays_here(invited: Trial):
    token = invited.token(1)
    assert revoke(invited) == 1
    with invited.database.reading() as session:
        assert visit_by_token(session, token_hash(token)) is None
        assert visit_by_letter(session, letter_id=1, reference=invited.reference(1)) is None
        assert visit_by_token(session, token_hash(invited.token(2))) is not None
    assert outbox(invited.database)[0].state == "cancelled"
    (event,) = events(invited.database, "links_revoked")
    assert event.detail == {"links": 1}


def test_a_person_whose_links_were_revoked_is_sent_no_new_one(invited: Trial):
    revoke(invited)
    invited.clock.move(days=7)
    with invited.database.writing() as session:
        queued = queue_due_letters(
            session, study=invited.study(session), key=KEY, by=BY, at=invited.clock()
        )
    reminded = [each.key for each in outbox(invited.database) if each.kind == "reminder"]
    assert queued == len(reminded) == 9
    assert not [key for key in reminded if key.startswith("reminder:1:")]


def test_revoking_where_there_is_no_link_is_told(invited: Trial):
    revoke(invited)
    with pytest.raises(OperationError, match="no link that works"):
        revoke(invited)


def test_a_person_withdrawn_since_cannot_open_the_link(invited: Trial):
    withdraw(invited, 1)
    with invited.database.reading() as session:
        assert visit_by_token(session, token_hash(invited.token(1))) is None


def test_a_cookie_of_one_letter_does_not_open_another_invitation(invited: Trial):
    with invited.database.reading() as session:
        assert visit_by_letter(session, letter_id=1, reference=invited.reference(2)) is None
        found = visit_by_letter(session, letter_id=1, reference=invited.reference(1))
        assert found is not None
        assert found.name == "Person 1"


@pytest.fixture
def crowded(trial: Trial) -> Trial:
    """Five more people at School 3, which is sent three letters a day at most."""
    more = "".join(
        f"Bolton,School 3,100003,primary,yes,More {n},more{n}@school3.example,deputy\n"
        for n in range(1, 6)
    )
    with trial.database.writing() as session:
        study = trial.study(session)
        study.source = study.source.replace("per_day = 4", "per_day = 3")
        study.definition_sha256 = sha256(study.source.encode()).hexdigest()
        roster = read_roster(ROSTER + more.encode(), phases=trial.definition.study.phases)
        import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=trial.clock())
    return trial


def invited_at_school_3(trial: Trial) -> int:
    with trial.database.reading() as session:
        return len(
            session.scalars(
                select(Letter)
                .join(Invitation)
                .join(Participant)
                .join(School)
                .where(Letter.kind == "invitation", School.name == "School 3")
            ).all()
        )


def test_a_school_is_sent_no_more_in_a_day_than_the_study_says(crowded: Trial):
    assert crowded.invite() == PEOPLE + 5
    assert invited_at_school_3(crowded) == 3
    assert remind(crowded) == 0
    post(crowded)
    assert remind(crowded) == 0  # what left today counts too
    crowded.clock.move(days=1)
    assert remind(crowded) == 3
    assert invited_at_school_3(crowded) == 6


def test_letters_still_here_count_towards_the_school_s_limit(crowded: Trial):
    crowded.invite()
    crowded.clock.move(days=1)
    assert remind(crowded) == 0
    post(crowded)
    assert remind(crowded) == 0  # they left today
    crowded.clock.move(days=1)
    assert remind(crowded) == 3


def test_two_workers_at_once_queue_a_school_s_letters_within_its_limit(crowded: Trial):
    crowded.invite()
    post(crowded)
    crowded.clock.move(days=1)
    at_once(crowded, remind, remind)
    assert invited_at_school_3(crowded) == 6


def test_whoever_wants_no_reminders_is_sent_none_and_can_still_answer(invited: Trial):
    post(invited)
    with invited.database.writing() as session:
        participant = session.get_one(Participant, 3)
        assert stop_reminders(session, participant=participant, by=BY, at=invited.clock())
        assert not stop_reminders(session, participant=participant, by=BY, at=invited.clock())
    assert len(events(invited.database, "reminders_stopped")) == 1
    invited.clock.noon_on(day_of_baseline(invited, 7))
    assert remind(invited) == PEOPLE - 1
    with invited.database.reading() as session:
        assert visit_by_token(session, token_hash(invited.token(3))) is not None
    invited.clock.noon_on(invited.definition.wave("follow_up").opens_on)
    assert invited.invite("follow_up") == PEOPLE
