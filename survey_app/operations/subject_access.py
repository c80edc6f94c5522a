"""Everything that is held on one person, gathered for them to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.base import Base
from survey_app.database.models import (
    AuditEvent,
    Coding,
    Comment,
    Consent,
    Contact,
    DeliveryReport,
    HeldPage,
    Invitation,
    Letter,
    Membership,
    Participant,
    Response,
    ResponseEvent,
    SessionAttendance,
    Study,
    Submission,
)
from survey_app.operations.audit import describe, record_event
from survey_app.operations.rights import records_of
from survey_app.operations.studies import definition_of

Rows = Sequence[Mapping[str, Any]]
# What opens a questionnaire, or would only be a number to its reader.
_NOT_GIVEN = frozenset({"token_hash", "email_hash", "study_id", "key", "lease_until"})


def held_on(
    session: Session, *, participant: Participant, by: str, at: datetime
) -> dict[str, Rows]:
    """Give every row that says something of a person, by what it is; put that on the trail.

    Questions stand beside their answers in the words of the study as it is now.
    """
    records = records_of(session, participant)
    people = [record.id for record in records]
    study = session.get_one(Study, participant.study_id)
    questions = _questions(study)

    def found(model: type[Base], column: Any, wanted: Iterable[int]) -> list[Any]:
        return list(
            session.scalars(
                select(model).where(column.in_(list(wanted))).order_by(*model.__table__.primary_key)
            )
        )

    invitations = found(Invitation, Invitation.participant_id, people)
    submissions = found(Submission, Submission.participant_id, people)
    of_submissions = [each.id for each in submissions]
    letters = found(Letter, Letter.invitation_id, [each.id for each in invitations])
    comments = found(Comment, Comment.submission_id, of_submissions)
    codings = found(Coding, Coding.comment_id, [each.id for each in comments])
    subjects = [
        *(f"participant:{number}" for number in people),
        *(f"invitation:{each.id}" for each in invitations),
        *(f"submission:{each.id}" for each in submissions),
        *(f"letter:{each.id}" for each in letters),
        *(f"comment:{each.id}" for each in comments),
    ]
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.study_id == study.id, AuditEvent.subject.in_(subjects))
        .order_by(AuditEvent.id)
    )
    held: dict[str, Rows] = {
        "Records": _rows(records),
        "Name and address": _rows(found(Contact, Contact.participant_id, people)),
        "Schools": [
            {
                "school": place.school.name,
                "role": place.role,
                "since": place.since_on,
                "until": place.until_on,
            }
            for place in found(Membership, Membership.participant_id, people)
        ],
        "Supervision sessions": _rows(
            found(SessionAttendance, SessionAttendance.participant_id, people)
        ),
        "Invitations": _rows(invitations),
        "Letters": _rows(letters),
        "What became of letters": _rows(
            found(DeliveryReport, DeliveryReport.letter_id, [each.id for each in letters])
        ),
        "Questionnaires": _rows(submissions),
        "What was agreed to": _rows(found(Consent, Consent.submission_id, of_submissions)),
        "Answers": _with_questions(
            found(Response, Response.submission_id, of_submissions), questions
        ),
        "Every saving of an answer": _with_questions(
            found(ResponseEvent, ResponseEvent.submission_id, of_submissions), questions
        ),
        "Comments": _rows(comments),
        "How comments were coded": [
            {"comment": each.comment_id, "code": each.code.label, "at": each.coded_at}
            for each in codings
        ],
        "Pages that could not be saved": _rows(
            found(HeldPage, HeldPage.invitation_id, [each.id for each in invitations])
        ),
        "What was done": [
            {"at": event.at, "what": describe(event.action, event.detail)} for event in events
        ],
    }
    record_event(
        session,
        "held_data_given",
        by=by,
        at=at,
        subject=f"participant:{participant.id}",
        study_id=study.id,
    )
    return held


def _questions(study: Study) -> dict[str, str]:
    design = definition_of(study)
    return {
        question.id: question.text
        for wave in design.waves
        for question in design.questionnaire(wave.id, None).questions()
    }


def _rows(found: Iterable[Base]) -> list[dict[str, Any]]:
    return [
        {
            column.key: getattr(row, column.key)
            for column in row.__table__.columns
            if column.key not in _NOT_GIVEN
        }
        for row in found
    ]


def _with_questions(found: Iterable[Base], questions: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"question": questions.get(row["item"], ""), **row} for row in _rows(found)]
