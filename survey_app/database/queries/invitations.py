"""Invitations: which link belongs to whom, and who has not answered yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.missing import NOT_ANSWERED
from survey_app.database.models import (
    Comment,
    HeldPage,
    Invitation,
    Letter,
    Participant,
    QuestionnaireVersion,
    Response,
    School,
    Study,
    Submission,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """All that one page of answering needs to know."""

    study: Study
    invitation: Invitation
    submission: Submission | None
    letter_id: int
    name: str

    @property
    def values(self) -> dict[str, int]:
        """The codes saved so far, by item."""
        return {r.item: r.value for r in self.submission.responses} if self.submission else {}

    @property
    def texts(self) -> dict[str, str]:
        """The words saved so far, by open question."""
        return {c.question: c.body for c in self.submission.comments} if self.submission else {}

    @property
    def answers(self) -> dict[str, int | str]:
        """The code or the words saved so far, by question: what decides which are asked."""
        return {**self.values, **self.texts}

    @property
    def has_mailbox(self) -> bool:
        """Whether there is an address to write to, and letters to it do not come back."""
        contact = self.invitation.participant.contact
        return contact is not None and contact.undeliverable_at is None

    @property
    def drafts(self) -> frozenset[str]:
        """The questions whose answer was saved while its page, not sent yet, was being answered."""
        if self.submission is None:
            return frozenset()
        return frozenset(
            [r.item for r in self.submission.responses if r.is_draft]
            + [c.question for c in self.submission.comments if c.is_draft]
        )

    @property
    def consents(self) -> dict[str, bool]:
        """The ticks given, by consent."""
        return {c.key: c.given for c in self.submission.consents} if self.submission else {}


def visit_by_token(session: Session, token_hash: str) -> Visit | None:
    """The visit that a link opens; None when the link is unknown, revoked or of one withdrawn."""
    return _visit(session, Letter.token_hash == token_hash)


def visit_by_letter(session: Session, *, letter_id: int, reference: str) -> Visit | None:
    """The visit that a cookie continues, checked again: a link revoked since opens nothing."""
    return _visit(session, (Letter.id == letter_id) & (Invitation.reference == reference))


def has_receipt_letter(session: Session, invitation: Invitation) -> bool:
    """Whether a copy of the receipt was asked for by email."""
    letters = exists().where(Letter.invitation_id == invitation.id, Letter.kind == "receipt")
    return bool(session.scalar(select(letters)))


def unopened_visit(session: Session, reference: str) -> Visit | None:
    """What a browser without a visit may be shown of a questionnaire: its pages, and no answers."""
    row = session.execute(
        select(Study, Invitation)
        .join(Invitation, Invitation.study_id == Study.id)
        .join(Participant, Participant.id == Invitation.participant_id)
        .where(Invitation.reference == reference, Participant.withdrawn_at.is_(None))
        .options(
            joinedload(Invitation.participant)
            .joinedload(Participant.school)
            .joinedload(School.allocation)
        )
    ).first()
    if row is None:
        return None
    study, invitation = row
    return Visit(study=study, invitation=invitation, submission=None, letter_id=0, name="")


def _visit(session: Session, condition: ColumnElement[bool]) -> Visit | None:
    row = session.execute(
        select(Study, Invitation, Letter.id)
        .join(Invitation, Invitation.study_id == Study.id)
        .join(Letter, Letter.invitation_id == Invitation.id)
        .join(Participant, Participant.id == Invitation.participant_id)
        .where(condition, Letter.revoked_at.is_(None), Participant.withdrawn_at.is_(None))
        .options(
            joinedload(Invitation.participant)
            .joinedload(Participant.school)
            .joinedload(School.allocation),
            joinedload(Invitation.participant).joinedload(Participant.contact),
        )
    ).first()
    if row is None:
        return None
    study, invitation, letter_id = row
    submission = session.scalar(
        select(Submission)
        .where(Submission.invitation_id == invitation.id)
        .options(
            selectinload(Submission.responses),
            selectinload(Submission.comments),
            selectinload(Submission.consents),
        )
    )
    contact = invitation.participant.contact
    return Visit(
        study=study,
        invitation=invitation,
        submission=submission,
        letter_id=letter_id,
        name=contact.name if contact else "",
    )


def has_begun() -> ColumnElement[bool]:
    """Whether a submission counts: a consent with no answer after it is none, unless submitted so.

    Mail scanners follow links, and some press buttons.
    """
    return (
        Submission.submitted_at.is_not(None)
        | exists().where(Response.submission_id == Submission.id, Response.value != NOT_ANSWERED)
        | exists().where(Comment.submission_id == Submission.id, Comment.body != "")
    )


@dataclass(frozen=True, slots=True)
class WaveCounts:
    """How one wave stands: people invited, started, submitted, and letters by state."""

    wave: str
    invited: int
    started: int
    submitted: int
    letters: dict[str, int]


def counts_by_wave(session: Session, study: Study) -> list[WaveCounts]:
    """How each wave that was invited to stands."""
    letters: dict[str, dict[str, int]] = {}
    for wave, state, number in session.execute(
        select(Invitation.wave, Letter.state, func.count())
        .join(Letter, Letter.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id)
        .group_by(Invitation.wave, Letter.state)
    ):
        letters.setdefault(wave, {})[state] = number
    rows = session.execute(
        select(
            Invitation.wave,
            func.count(Invitation.id),
            func.sum(case((has_begun(), 1), else_=0)),
            func.sum(case((Submission.submitted_at.is_not(None), 1), else_=0)),
        )
        .outerjoin(Submission, Submission.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id)
        .group_by(Invitation.wave)
    )
    return [
        WaveCounts(wave, invited, int(started or 0), int(submitted or 0), letters.get(wave, {}))
        for wave, invited, started, submitted in rows
    ]


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """How many people's answers rest on one version of a wave's questionnaire."""

    wave: str
    number: int
    frozen_at: datetime
    because: str
    started: int
    submitted: int


def counts_by_version(session: Session, study: Study) -> list[VersionCounts]:
    """How many rest on each version of each questionnaire in use, oldest first."""
    rows = session.execute(
        select(
            QuestionnaireVersion,
            func.sum(case((has_begun(), 1), else_=0)),
            func.sum(case((Submission.submitted_at.is_not(None), 1), else_=0)),
        )
        .outerjoin(Submission, Submission.questionnaire_id == QuestionnaireVersion.id)
        .where(QuestionnaireVersion.study_id == study.id)
        .group_by(QuestionnaireVersion.id)
        .order_by(QuestionnaireVersion.id)
    )
    return [
        VersionCounts(
            each.wave,
            each.number,
            each.frozen_at,
            each.because,
            int(started or 0),
            int(submitted or 0),
        )
        for each, started, submitted in rows
    ]


def held_pages(session: Session, study: Study) -> list[HeldPage]:
    """The pages that could not be saved, newest first."""
    return list(
        session.scalars(
            select(HeldPage).where(HeldPage.study_id == study.id).order_by(HeldPage.id.desc())
        )
    )
