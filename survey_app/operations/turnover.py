"""People leave, are followed by somebody new, move, come back, and work at several schools.

A successor is a new person at the same school, so in the same arm. Whoever moves after the schools
were randomised leaves one school and joins the other as a new record, so that what they answered
stays with the school that was randomised; before that, the person takes their answers along.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import Participant, Randomisation, School
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import cancel_letters_to
from survey_app.operations.memberships import (
    begin_membership,
    end_memberships,
    enrol_person,
    lock_roster,
    open_memberships,
    refuse_impossible_day,
    refuse_taken_address,
    refuse_unless_in_role,
)
from survey_app.operations.revocation import take_back_links_of
from survey_app.operations.waves import day_in_england

LeavingReason = Literal["left_school", "other_role", "not_known"]
LEAVING_REASONS: tuple[LeavingReason, ...] = get_args(LeavingReason)
_REASONS_IN_WORDS = {
    "left_school": "left the school",
    "other_role": "has another role there",
    "not_known": "reason not known",
    "moved": "moved to another school",
    "merged": "the same person as another record",
}


def leave_role(
    session: Session,
    *,
    participant: Participant,
    because: LeavingReason,
    on: date,
    by: str,
    at: datetime,
) -> None:
    """Note that a person is no longer DSL or deputy: their links are dead, their answers stay."""
    lock_roster(session, participant.study_id)
    refuse_unless_in_role(participant)
    refuse_impossible_day(session, participant=participant, on=on, at=at)
    _leave(session, participant, because=because, on=on, at=at)
    _record(session, "person_left", participant, by=by, at=at, because=_REASONS_IN_WORDS[because])


def succeed(
    session: Session,
    *,
    participant: Participant,
    name: str,
    email: str,
    role: str,
    on: date,
    by: str,
    at: datetime,
) -> Participant:
    """Put a new person into the place of one who left; give the new one.

    Same school and so same arm; an address may be handed on with the place.
    """
    lock_roster(session, participant.study_id)
    if participant.left_on is None or participant.merged_into_id is not None:
        raise OperationError("This person has not left, so nobody can follow them.")
    follower = session.scalar(
        select(Participant.code).where(Participant.succeeds_id == participant.id)
    )
    if follower is not None:
        raise OperationError(f"{follower} follows this person already.")
    refuse_taken_address(session, study_id=participant.study_id, email=email)
    successor = enrol_person(
        session,
        school=session.get_one(School, participant.school_id),
        name=name,
        email=email,
        role=role,
        since=max(on, participant.left_on),
        at=at,
    )
    successor.succeeds_id = participant.id
    session.flush()
    _record(session, "person_succeeded", successor, by=by, at=at, code=participant.code)
    return successor


def move_person(
    session: Session, *, participant: Participant, to: School, on: date, by: str, at: datetime
) -> Participant:
    """Move a person to another school; give the record they are under from now on."""
    lock_roster(session, participant.study_id)
    refuse_unless_in_role(participant)
    refuse_impossible_day(session, participant=participant, on=on, at=at)
    if to.id == participant.school_id:
        raise OperationError("This person is at that school already.")
    if participant.withdrawn_at is not None:
        raise OperationError("This person has withdrawn from the study and is not written to.")
    if not is_randomised(session, participant.study_id):
        end_memberships(session, participant=participant, until=on)
        participant.school = to
        begin_membership(session, participant=participant, school=to, since=on)
        moved = participant
    else:
        contact = participant.contact
        if contact is None:
            raise OperationError("This person's name and address are no longer held.")
        _leave(session, participant, because="moved", on=on, at=at)
        session.flush()
        moved = enrol_person(
            session,
            school=to,
            name=contact.name,
            email=contact.email,
            role=participant.role,
            since=on,
            at=at,
        )
        moved.came_from_id = participant.id
        moved.reminders_stopped_at = participant.reminders_stopped_at
    session.flush()
    _record(session, "person_moved", moved, by=by, at=at, code=participant.code, urn=to.urn)
    return moved


def come_back(session: Session, *, participant: Participant, by: str, at: datetime) -> None:
    """Undo that a person left: recorded by mistake, or they are in the role again."""
    lock_roster(session, participant.study_id)
    if participant.merged_into_id is not None or participant.left_on is None:
        raise OperationError("This person has not left.")
    if participant.left_because == "moved":
        raise OperationError("This person moved to another school; move them back from there.")
    if participant.contact is None:
        raise OperationError("This person's name and address are no longer held.")
    refuse_taken_address(session, study_id=participant.study_id, email=participant.contact.email)
    participant.left_on = participant.left_because = None
    participant.contact.ended_at = None
    begin_membership(
        session,
        participant=participant,
        school=session.get_one(School, participant.school_id),
        since=day_in_england(at),
    )
    _record(session, "person_came_back", participant, by=by, at=at)


def share_person(
    session: Session, *, participant: Participant, school: School, on: date, by: str, at: datetime
) -> None:
    """Note that a person works at another school as well; they take part for their own."""
    lock_roster(session, participant.study_id)
    refuse_unless_in_role(participant)
    refuse_impossible_day(session, participant=participant, on=on, at=at)
    if any(
        each.school_id == school.id for each in open_memberships(session, participant=participant)
    ):
        raise OperationError("This person is on record at that school already.")
    begin_membership(session, participant=participant, school=school, since=on)
    _record(session, "person_shared", participant, by=by, at=at, urn=school.urn)


def end_sharing(
    session: Session, *, participant: Participant, school: School, on: date, by: str, at: datetime
) -> None:
    """Note that a person no longer works at another school as well."""
    lock_roster(session, participant.study_id)
    if school.id == participant.school_id:
        raise OperationError("This person takes part for that school; record that they left it.")
    if not end_memberships(session, participant=participant, until=on, school=school):
        raise OperationError("This person is not on record at that school.")
    _record(session, "person_shared_no_more", participant, by=by, at=at, urn=school.urn)


def _leave(
    session: Session, participant: Participant, *, because: str, on: date, at: datetime
) -> None:
    participant.left_on, participant.left_because = on, because
    if participant.contact is not None:
        participant.contact.ended_at = at
    end_memberships(session, participant=participant, until=on)
    stop_writing_to(session, participant, because="The person has left the role.", at=at)


def stop_writing_to(
    session: Session, participant: Participant, *, because: str, at: datetime
) -> None:
    """Cancel what waits to be sent to a person, and make every link they have dead."""
    cancel_letters_to(session, participant_id=participant.id, because=because)
    take_back_links_of(session, participant=participant, at=at)


def is_randomised(session: Session, study_id: int) -> bool:
    """Whether the study's schools have been randomised."""
    found = select(Randomisation.id).where(Randomisation.study_id == study_id)
    return session.scalar(found) is not None


def _record(
    session: Session,
    action: str,
    participant: Participant,
    *,
    by: str,
    at: datetime,
    **detail: str,
) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"participant:{participant.id}",
        study_id=participant.study_id,
        **detail,
    )
