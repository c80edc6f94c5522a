"""What happened with one participant: letters, what came of them, and the moments of answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    AuditEvent,
    DeliveryReport,
    Invitation,
    Letter,
    Participant,
    ResponseEvent,
    Submission,
)

Happening = Literal[
    "queued",
    "accepted",
    "reminded",
    "refused",
    "delivered",
    "bounced",
    "started",
    "saved",
    "submitted",
    "reminders_stopped",
    "withdrawn",
]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened; what was answered is not part of it."""

    at: datetime
    what: Happening
    wave: str = ""
    letter_kind: str = ""
    detail: str = ""
    """Of a bounce, its status; of a saving, how many answers changed."""


def timeline_of(
    session: Session, participant: Participant, *, reminders: Collection[str]
) -> list[TimelineEntry]:
    """Everything that happened with one participant, oldest first.

    A letter is accepted when the mail server took it; one of the kinds of `reminders` is then
    called reminded. Answering is started by the first post, the consents.
    """
    entries = [
        # In this order where moments are the same: submitting queues the thanks.
        *_of_answers(session, participant),
        *_of_letters(session, participant, reminders),
        *_of_reports(session, participant),
    ]
    if participant.reminders_stopped_at is not None:
        entries.append(TimelineEntry(participant.reminders_stopped_at, "reminders_stopped"))
    if participant.withdrawn_at is not None:
        entries.append(TimelineEntry(participant.withdrawn_at, "withdrawn"))
    return sorted(entries, key=lambda entry: entry.at)


def _of_letters(
    session: Session, participant: Participant, reminders: Collection[str]
) -> Iterator[TimelineEntry]:
    letters = session.execute(
        select(Letter, Invitation.wave)
        .join(Invitation)
        .where(Invitation.participant_id == participant.id)
        .order_by(Letter.id)
    ).all()
    refused = dict(
        session.execute(
            select(AuditEvent.subject, func.max(AuditEvent.at))
            .where(
                AuditEvent.action == "letter_refused",
                AuditEvent.study_id == participant.study_id,
                AuditEvent.subject.in_([f"letter:{letter.id}" for letter, _ in letters]),
            )
            .group_by(AuditEvent.subject)
        ).all()
    )
    for letter, wave in letters:
        about = {"wave": wave, "letter_kind": letter.kind}
        yield TimelineEntry(letter.queued_at, "queued", **about)
        if letter.sent_at is not None:
            what: Happening = "reminded" if letter.kind in reminders else "accepted"
            yield TimelineEntry(letter.sent_at, what, **about)
        if letter.state == "refused":
            at = refused[f"letter:{letter.id}"]
            yield TimelineEntry(at, "refused", detail=letter.last_error, **about)


def _of_reports(session: Session, participant: Participant) -> Iterator[TimelineEntry]:
    for report, kind, wave in session.execute(
        select(DeliveryReport, Letter.kind, Invitation.wave)
        .join(Letter, Letter.id == DeliveryReport.letter_id)
        .join(Invitation, Invitation.id == Letter.invitation_id)
        .where(Invitation.participant_id == participant.id, DeliveryReport.outcome != "technical")
        .order_by(DeliveryReport.id)
    ):
        what: Happening = "delivered" if report.outcome == "delivered" else "bounced"
        detail = "" if what == "delivered" else f"{report.outcome} {report.status}"
        yield TimelineEntry(report.reported_at, what, wave, kind, detail)


def _of_answers(session: Session, participant: Participant) -> Iterator[TimelineEntry]:
    for submission in session.scalars(
        select(Submission)
        .where(Submission.participant_id == participant.id)
        .order_by(Submission.id)
    ):
        yield TimelineEntry(submission.started_at, "started", submission.wave)
        for at, answers in session.execute(
            select(ResponseEvent.saved_at, func.count())
            .where(ResponseEvent.submission_id == submission.id)
            .group_by(ResponseEvent.saved_at)
            .order_by(ResponseEvent.saved_at)
        ):
            yield TimelineEntry(at, "saved", submission.wave, detail=str(answers))
        if submission.submitted_at is not None:
            yield TimelineEntry(submission.submitted_at, "submitted", submission.wave)
