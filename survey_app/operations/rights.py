"""People withdraw, and have what is held on them erased; the count of who took part stays right.

Withdrawing stops every letter and link and takes a person out of every analysis. Erasing also takes
away what they answered, in every place where it is kept, and their name and address. What is left
is that somebody, by a code, was invited to a wave and answered it on a day.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, undefer

from survey_app.database.models import (
    Coding,
    Comment,
    Contact,
    HeldPage,
    Invitation,
    Letter,
    PageWindow,
    Participant,
    Report,
    Response,
    ResponseEvent,
    SessionAttendance,
    Study,
    Submission,
    Tombstone,
)
from survey_app.database.queries.invitations import forget_answers, has_begun
from survey_app.database.upsert import insert_unless_there
from survey_app.links import address_hash
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.memberships import lock_person
from survey_app.operations.report_requests import request_report
from survey_app.operations.studies import definition_of
from survey_app.operations.turnover import stop_writing_to
from survey_app.operations.waves import day_in_england

KEPT_WHEN_ERASED = {
    "consent": "which notice was agreed to and when, by a code alone",
    "delivery_report": "what became of a letter, without its address",
    "invitation": "that a code was invited to a wave",
    "letter": "that a letter of a kind was sent, without its words, its link or an address",
    "membership": "from when until when a code was at a school",
    "submission": "that a code answered a wave, and when",
}
"""Tables that say something of a person and stay, each with what of it stays."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one erasure took away."""

    answers: int
    comments: int
    held_pages: int
    reports_destroyed: int


def last_day_for_erasure(study: Study) -> date:
    """Give the day up to which answers can be erased: the last on which any wave is open."""
    return max(wave.closes_on for wave in definition_of(study).waves)


def is_locked(study: Study, *, at: datetime) -> bool:
    """Whether the answers are locked, so that nobody's can be erased any more."""
    return day_in_england(at) > last_day_for_erasure(study)


def withdraw_person(session: Session, *, participant: Participant, by: str, at: datetime) -> bool:
    """Take a person out of the study; give whether that is new. What they answered is kept unused.

    A person who is on record more than once withdraws under each record.
    """
    lock_person(session, participant)
    is_new = False
    for record in records_of(session, participant):
        if record.withdrawn_at is None:
            is_new = True
            record.withdrawn_at = at
            stop_writing_to(session, record, because="The person has withdrawn.", at=at)
            _record(session, "person_withdrew", record, by=by, at=at)
    return is_new


def erase_person(
    session: Session, *, participant: Participant, key: str, by: str, at: datetime
) -> Erased:
    """Take a person out of the study with all that they answered, and their name and address.

    Reports that could rest on their answers are destroyed, with what tells one file from another
    kept, and one that takes their place is asked for. Raises OperationError once the answers are
    locked.
    """
    lock_person(session, participant)
    if participant.erased_at is not None:
        raise OperationError("This person's answers are erased already.")
    study = session.get_one(Study, participant.study_id)
    if is_locked(study, at=at):
        raise OperationError(
            f"Answers could be erased until {last_day_for_erasure(study):%-d %B %Y}. Since then "
            "they are locked without names, and can no longer be told apart."
        )
    withdraw_person(session, participant=participant, by=by, at=at)
    records = records_of(session, participant)
    n_reports = _destroy_reports(session, records, study=study, at=at)
    erased = _erase_answers(session, records, n_reports=n_reports, at=at)
    for record in records:
        _erase_contact(session, record, key=key, at=at)
        record.erased_at = at
    session.flush()
    forget_answers(session)
    session.expire_all()
    for record in records:
        _record(
            session,
            "person_erased",
            record,
            by=by,
            at=at,
            answers=erased.answers,
            comments=erased.comments,
        )
    if n_reports:
        request_report(session, study=study, by=by, at=at)
    return erased


def records_of(session: Session, participant: Participant) -> list[Participant]:
    """Every record that this person has or had: at another school, or by mistake a second time."""
    found = {participant.id: participant}
    to_follow = [participant]
    while to_follow:
        one = to_follow.pop()
        linked = session.scalars(
            select(Participant).where(
                Participant.study_id == one.study_id,
                or_(
                    Participant.merged_into_id == one.id,
                    Participant.came_from_id == one.id,
                    Participant.id.in_([one.merged_into_id or 0, one.came_from_id or 0]),
                ),
            )
        )
        for other in linked:
            if other.id not in found:
                found[other.id] = other
                to_follow.append(other)
    return [found[number] for number in sorted(found)]


def _erase_answers(
    session: Session, records: list[Participant], *, n_reports: int, at: datetime
) -> Erased:
    whose = [record.id for record in records]
    # A page that is being saved comes before or after: its submission is locked too.
    submissions = session.scalars(
        select(Submission).where(Submission.participant_id.in_(whose)).with_for_update()
    ).all()
    begun = set(
        session.scalars(
            select(Submission.id).where(Submission.participant_id.in_(whose), has_begun())
        )
    )
    ids = [submission.id for submission in submissions]
    session.execute(update(Submission).where(Submission.id.in_(ids)).values(erased_at=at))
    session.execute(delete(SessionAttendance).where(SessionAttendance.participant_id.in_(whose)))
    invitations = select(Invitation.id).where(Invitation.participant_id.in_(whose))
    comments = select(Comment.id).where(Comment.submission_id.in_(ids))
    session.execute(delete(Coding).where(Coding.comment_id.in_(comments)))
    n_comments = _deleted(session, delete(Comment).where(Comment.submission_id.in_(ids)))
    n_answers = _deleted(session, delete(Response).where(Response.submission_id.in_(ids)))
    session.execute(delete(ResponseEvent).where(ResponseEvent.submission_id.in_(ids)))
    session.execute(delete(PageWindow).where(PageWindow.submission_id.in_(ids)))
    n_held = _deleted(session, delete(HeldPage).where(HeldPage.invitation_id.in_(invitations)))
    session.execute(update(Submission).where(Submission.id.in_(ids)).values(receipt=None))
    # Whoever only agreed, and answered nothing, counts as not having started, as before.
    session.execute(
        update(Submission)
        .where(Submission.id.in_(ids), Submission.id.not_in(begun))
        .values(erased_at=None)
    )
    session.execute(
        update(Letter).where(Letter.invitation_id.in_(invitations)).values(last_error="")
    )
    return Erased(n_answers, n_comments, n_held, n_reports)


def _deleted(session: Session, statement: object) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[call-overload]  # a delete's result counts its rows


def _erase_contact(session: Session, record: Participant, *, key: str, at: datetime) -> None:
    contact = session.get(Contact, record.id)
    if contact is None:
        return
    insert_unless_there(
        session,
        Tombstone,
        {
            "study_id": record.study_id,
            "address_hash": address_hash(contact.email, key=key),
            "erased_at": at,
        },
        key=("study_id", "address_hash"),
    )
    session.execute(delete(Contact).where(Contact.participant_id == record.id))


def _destroy_reports(
    session: Session, records: list[Participant], *, study: Study, at: datetime
) -> int:
    """Destroy every report made since this person's first answer; give how many there were."""
    began_at = min(
        session.scalars(
            select(Submission.started_at).where(
                Submission.participant_id.in_([record.id for record in records])
            )
        ),
        default=None,
    )
    if began_at is None:
        return 0
    # One that is being made just now has read the answers already; it is begun again.
    session.execute(
        update(Report)
        .where(Report.study_id == study.id, Report.state == "making")
        .values(state="waiting", lease_until=None, attempts=0)
    )
    reports = session.scalars(
        select(Report)
        .where(Report.study_id == study.id, Report.state == "ready", Report.finished_at >= began_at)
        .options(undefer(Report.html), undefer(Report.pdf))
    ).all()
    for report in reports:
        report.html_sha256 = _sha256(report.html)
        report.pdf_sha256 = _sha256(report.pdf)
        report.html = report.pdf = None
        report.state, report.destroyed_at = "destroyed", at
    return len(reports)


def _sha256(file: bytes | None) -> str | None:
    return None if file is None else hashlib.sha256(file).hexdigest()


def _record(
    session: Session,
    action: str,
    record: Participant,
    *,
    by: str,
    at: datetime,
    **detail: int,
) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"participant:{record.id}",
        study_id=record.study_id,
        **detail,
    )
