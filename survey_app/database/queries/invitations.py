"""Invitations: which link belongs to whom, and who has not answered yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    null,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, defer, object_session

from instruments.missing import NOT_ANSWERED
from survey_app.database.base import Base
from survey_app.database.encryption import keyring_of
from survey_app.database.models import (
    Allocation,
    Comment,
    Contact,
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
from survey_app.database.queries.people import counts, takes_part


@dataclass(frozen=True, slots=True)
class SavedAnswers:
    """The answers of one submission as they stood when they were read."""

    values: Mapping[str, int]
    """The codes, by item."""
    texts: Mapping[str, str]
    """The words, by open question."""
    drafts: frozenset[str]
    """The questions answered on a page that is not sent yet."""


@dataclass(frozen=True, slots=True)
class Visit:
    """All that one page of answering needs to know; answers are read when they are asked for."""

    study: Study
    invitation: Invitation
    submission: Submission | None
    letter_id: int
    kept_name: str
    school: str
    arm: str | None
    has_mailbox: bool
    """Whether there is an address to write to, and letters to it do not come back."""

    @property
    def name(self) -> str:
        """Whom it is for, read only where a page says so."""
        if not self.kept_name:
            return ""
        keyring = keyring_of(_session(self.invitation).get_bind().dialect)
        return keyring.decrypt("contacts", self.kept_name)

    @property
    def saved(self) -> SavedAnswers:
        """The answers saved so far."""
        return answers_on_record(self.submission) if self.submission else _NO_ANSWERS

    @property
    def values(self) -> Mapping[str, int]:
        """The codes saved so far, by item."""
        return self.saved.values

    @property
    def texts(self) -> Mapping[str, str]:
        """The words saved so far, by open question."""
        return self.saved.texts

    @property
    def answers(self) -> dict[str, int | str]:
        """The code or the words saved so far, by question: what decides which are asked."""
        return {**self.values, **self.texts}

    @property
    def drafts(self) -> frozenset[str]:
        """The questions whose answer was saved while its page, not sent yet, was being answered."""
        return self.saved.drafts

    @property
    def consents(self) -> dict[str, bool]:
        """The ticks given, by consent."""
        return {c.key: c.given for c in self.submission.consents} if self.submission else {}


_NO_ANSWERS = SavedAnswers(values={}, texts={}, drafts=frozenset())
_READ_ALREADY = "answers on record"
VERSIONS_READ = "versions read"
"""Where a session notes the number of the newest version of each questionnaire it has read of."""


def answers_on_record(submission: Submission) -> SavedAnswers:
    """The answers of a submission, read once a session until they are forgotten."""
    session = _session(submission)
    read: dict[int, SavedAnswers] = session.info.setdefault(_READ_ALREADY, {})
    if submission.id not in read:
        rows = session.execute(_ANSWERS, {"submission_id": submission.id}).all()
        read[submission.id] = SavedAnswers(
            values={name: value for name, value, _, _ in rows if value is not None},
            texts={name: body for name, _, body, _ in rows if body is not None},
            drafts=frozenset(name for name, _, _, is_draft in rows if is_draft),
        )
    return read[submission.id]


def forget_answers(session: Session) -> None:
    """Have the answers read again: others may have saved some, or this session has."""
    session.info.pop(_READ_ALREADY, None)


def _session(row: Base) -> Session:
    session = object_session(row)
    if session is None:
        raise RuntimeError(f"{row!r} was read in a session that has ended")
    return session


def visit_by_token(session: Session, token_hash: str) -> Visit | None:
    """The visit that a link opens; None when the link is unknown, revoked, or its owner gone."""
    return _visit(session, _BY_TOKEN, token_hash=token_hash)


def visit_by_letter(session: Session, *, letter_id: int, reference: str) -> Visit | None:
    """The visit that a cookie continues, checked again: a link revoked since opens nothing."""
    return _visit(session, _BY_LETTER, letter_id=letter_id, reference=reference)


def has_receipt_letter(session: Session, invitation: Invitation) -> bool:
    """Whether a copy of the receipt was asked for by email."""
    letters = exists().where(Letter.invitation_id == invitation.id, Letter.kind == "receipt")
    return bool(session.scalar(select(letters)))


def unopened_visit(session: Session, reference: str) -> Visit | None:
    """What a browser without a visit may be shown of a questionnaire: its pages, and no answers."""
    found = _visit(session, _BY_REFERENCE, reference=reference)
    return replace(found, submission=None, letter_id=0, kept_name="") if found else None


def _visit(session: Session, statement: Select[*tuple[Any, ...]], **values: object) -> Visit | None:
    row = session.execute(statement, values).first()
    if row is None:
        return None
    study, invitation, submission, letter_id, name, school, arm, has_mailbox, version_id = row
    session.info[VERSIONS_READ] = {(study.id, invitation.wave): version_id}
    return Visit(
        study, invitation, submission, letter_id, name or "", school, arm, bool(has_mailbox)
    )


# Made once: to make such a statement takes longer than to run it. The text of the definition stays
# where it is until somebody has not read it yet.
_NEWEST_VERSION = (
    select(func.max(QuestionnaireVersion.id))
    .where(
        QuestionnaireVersion.study_id == Invitation.study_id,
        QuestionnaireVersion.wave == Invitation.wave,
    )
    .scalar_subquery()
)
_VISIT = (
    select(
        Study,
        Invitation,
        Submission,
        Letter.id,
        # As it is kept: most pages show no name.
        type_coerce(Contact.name, Text),
        School.name,
        Allocation.arm,
        Contact.participant_id.is_not(None) & Contact.undeliverable_at.is_(None),
        _NEWEST_VERSION,
    )
    .join(Invitation, Invitation.study_id == Study.id)
    .join(Letter, Letter.invitation_id == Invitation.id)
    .join(Participant, Participant.id == Invitation.participant_id)
    .join(School, School.id == Participant.school_id)
    .outerjoin(Contact, Contact.participant_id == Participant.id)
    .outerjoin(Allocation, Allocation.school_id == School.id)
    .outerjoin(Submission, Submission.invitation_id == Invitation.id)
    .where(takes_part())
    .options(defer(Study.source))
)
_BY_TOKEN = _VISIT.where(Letter.token_hash == bindparam("token_hash"), Letter.revoked_at.is_(None))
_BY_LETTER = _VISIT.where(
    Letter.id == bindparam("letter_id"),
    Invitation.reference == bindparam("reference"),
    Letter.revoked_at.is_(None),
)
_BY_REFERENCE = _VISIT.where(Invitation.reference == bindparam("reference"))
_NO_VALUE = type_coerce(null(), Response.value.type)
_NO_TEXT = type_coerce(null(), Comment.body.type)
_ANSWERS = (
    select(Response.item, Response.value, _NO_TEXT, Response.is_draft)
    .where(Response.submission_id == bindparam("submission_id"))
    .union_all(
        select(Comment.question, _NO_VALUE, Comment.body, Comment.is_draft).where(
            Comment.submission_id == bindparam("submission_id")
        )
    )
)


def has_begun() -> ColumnElement[bool]:
    """Whether a submission counts: a consent with no answer after it is none, unless submitted so.

    Mail scanners follow links, and some press buttons.
    """
    return (
        Submission.submitted_at.is_not(None)
        | Submission.erased_at.is_not(None)
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
        .join(Participant, Participant.id == Invitation.participant_id)
        .outerjoin(Submission, Submission.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id, counts())
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
        .outerjoin(
            Submission,
            and_(
                Submission.questionnaire_id == QuestionnaireVersion.id,
                exists().where(Participant.id == Submission.participant_id, counts()),
            ),
        )
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
