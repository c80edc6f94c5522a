"""What the dashboard counts, on both databases."""

from __future__ import annotations

from rooms import comment_by
from sqlalchemy import select
from trials import BY, Trial

from survey_app.database.models import (
    Allocation,
    AuditEvent,
    Contact,
    HeldPage,
    Invitation,
    Letter,
    Participant,
    School,
)
from survey_app.database.queries.progress import (
    n_schools_that_attended,
    paired_cells,
    school_cells,
    wave_cells,
)
from survey_app.database.queries.to_do import (
    n_sessions_unrecorded,
    n_times_guessing_was_slowed,
    things_waiting,
)
from survey_app.operations.audit import record_event
from survey_app.operations.supervision import record_session
from survey_app.trial.meetings import MeetingFacts


def test_counts_people_by_wave_with_the_sums_over_schools(trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    comment_by(trial, "Time.", person=2, is_submitted=False)
    with trial.database.reading() as session:
        (cell,) = wave_cells(session, trial.study(session))
    assert (cell.wave, cell.authority, cell.phase, cell.arm) == (
        *("baseline", "Bolton", "primary"),
        None,
    )
    assert (cell.schools, cell.schools_analysed) == (8, 1)
    assert (cell.invited, cell.started, cell.submitted) == (10, 2, 1)
    assert (cell.withdrew, cell.analysed) == (0, 1)
    # Two schools of two people and six of one; who submitted is at a school of two.
    assert (cell.invited_squared, cell.invited_times_submitted, cell.submitted_squared) == (
        *(14, 2, 1),
    )


def test_who_withdrew_is_not_analysed(trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    with trial.database.writing() as session:
        person = session.scalars(select(Participant).where(Participant.code == "P00001")).one()
        person.withdrawn_at = trial.clock()
    with trial.database.reading() as session:
        (cell,) = wave_cells(session, trial.study(session))
    assert (cell.submitted, cell.withdrew, cell.analysed, cell.schools_analysed) == (1, 1, 0, 0)


def test_pairs_are_people_invited_to_every_wave(trial: Trial) -> None:
    trial.invite()
    for person in (1, 2):
        comment_by(trial, "Time.", person=person)
    trial.randomise()
    trial.clock.noon_on(trial.definition.wave("follow_up").opens_on)
    trial.invite("follow_up")
    comment_by(trial, "Time.", question="what_changed", wave="follow_up")
    with trial.database.writing() as session:
        late = session.scalars(
            select(Invitation)
            .join(Participant)
            .where(Participant.code == "P00003", Invitation.wave == "baseline")
        ).one()
        for letter in session.scalars(select(Letter).where(Letter.invitation_id == late.id)):
            session.delete(letter)
        session.flush()
        session.delete(late)
    with trial.database.reading() as session:
        cells = paired_cells(session, trial.study(session), waves=["baseline", "follow_up"])
    assert {cell.arm for cell in cells} == {"supervision", "usual_support"}
    assert sum(cell.invited for cell in cells) == 9
    assert sum(cell.submitted for cell in cells) == 1


def test_counts_schools_by_reason_and_arm_with_their_people(trial: Trial) -> None:
    trial.randomise()
    with trial.database.reading() as session:
        cells = school_cells(session, trial.study(session))
    left_out = [cell for cell in cells if cell.exclusion]
    randomised = [cell for cell in cells if not cell.exclusion]
    assert [(cell.arm, cell.schools, cell.people) for cell in left_out] == [(None, 1, 1)]
    assert [cell.schools for cell in randomised] == [4, 4]
    assert sum(cell.people for cell in randomised) == 10
    assert min(cell.fewest for cell in randomised) == 1
    assert max(cell.most for cell in randomised) == 2


def test_counts_schools_that_attended_and_sessions_not_recorded(trial: Trial) -> None:
    trial.randomise()
    with trial.database.writing() as session:
        school = session.scalars(
            select(School).join(Allocation).where(Allocation.arm == "supervision")
        ).first()
        assert school is not None
        day = trial.clock().date()
        for number, outcome in ((1, "attended"), (2, "missed"), (3, "planned")):
            facts = MeetingFacts("supervision", number, day, outcome, "one_to_one")
            record_session(session, school=school, facts=facts, by=BY, at=trial.clock())
        study = trial.study(session)
        assert n_schools_that_attended(session, study) == {"supervision": 1}
        missing = n_sessions_unrecorded(session, study, arms={"supervision"}, n_due=1)
        assert missing == 3
        assert n_sessions_unrecorded(session, study, arms={"supervision"}, n_due=2) == 6
        assert n_sessions_unrecorded(session, study, arms={"supervision"}, n_due=3) == 10
        assert n_sessions_unrecorded(session, study, arms=set(), n_due=2) == 0


def test_counts_what_waits_for_somebody(trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    at = trial.clock()
    with trial.database.writing() as session:
        refused, failing, disowned, *_ = session.scalars(select(Letter).order_by(Letter.id))
        refused.state = "refused"
        failing.state, failing.last_error = "waiting", "The server is down."
        disowned.disowned_at = at
        contact = session.scalars(select(Contact)).first()
        assert contact is not None
        contact.undeliverable_at = at
        lead = session.scalars(select(Participant).where(Participant.code == "P00004")).one()
        lead.withdrawn_at = at
        session.add(
            HeldPage(
                study_id=lead.study_id,
                invitation_id=failing.invitation_id,
                page="2",
                reason="posted after the wave closed",
                posted={},
                held_at=at,
            )
        )
        record_event(session, "wrong_links_slowed", by="visitor", at=at, subject="service")
        session.flush()
        found = things_waiting(session, trial.study(session), held_since=at)
        assert n_times_guessing_was_slowed(session, since=at) == 1
        trial.clock.move(days=1)
        assert n_times_guessing_was_slowed(session, since=trial.clock()) == 0
        later = things_waiting(session, trial.study(session), held_since=trial.clock())
        assert later.held_pages == 0
        assert session.scalars(select(AuditEvent)).first() is not None
    assert (found.refused_letters, found.failing_letters, found.disowned_letters) == (1, 1, 1)
    assert (found.addresses_that_bounce, found.schools_without_lead) == (1, 1)
    assert (found.held_pages, found.comments, found.failed_report) == (1, 1, False)
