"""What was answered: submissions, responses with their history, comments, pages held back."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint, false
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import (
    Digest,
    Id,
    InvitationId,
    LongText,
    Moment,
    ParticipantId,
    ShortText,
    StudyId,
    SubmissionId,
)
from survey_app.database.encryption import Encrypted, EncryptedFields
from survey_app.database.models.versions import QuestionnaireVersion


class Submission(Base):
    """One participant's answers to one wave's questionnaire."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("invitation_id"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    invitation_id: Mapped[InvitationId]
    participant_id: Mapped[ParticipantId]
    wave: Mapped[ShortText]
    questionnaire_id: Mapped[int | None]
    """The version of the questionnaire that it answers: the newest it was shown or sent under."""
    started_at: Mapped[Moment]
    submitted_at: Mapped[Moment | None]
    receipt: Mapped[ShortText | None] = mapped_column(unique=True)
    erased_at: Mapped[Moment | None]
    """When its answers were erased; that it was made, and when, stays."""

    questionnaire: Mapped[QuestionnaireVersion | None] = relationship(
        primaryjoin=lambda: foreign(Submission.questionnaire_id) == QuestionnaireVersion.id,
        viewonly=True,
    )
    responses: Mapped[list[Response]] = relationship()
    comments: Mapped[list[Comment]] = relationship()
    consents: Mapped[list[Consent]] = relationship()


class Consent(Base):
    """One tick on the consent page, with the notice it was given to."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("submission_id", "key"),)

    id: Mapped[Id]
    submission_id: Mapped[SubmissionId]
    key: Mapped[ShortText]
    given: Mapped[bool]
    notice_version: Mapped[ShortText]
    notice_sha256: Mapped[Digest]
    given_at: Mapped[Moment]


class Response(Base):
    """The coded answer to one item, the newest; a missing answer has its own code."""

    __tablename__ = "response"
    __table_args__ = (UniqueConstraint("submission_id", "item"),)

    id: Mapped[Id]
    submission_id: Mapped[SubmissionId]
    item: Mapped[ShortText]
    value: Mapped[int]
    saved_at: Mapped[Moment]
    is_draft: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Saved while its page was being answered; the page itself has not been sent yet."""


class Comment(Base):
    """A free-text answer: the words as written, and, once released, the redacted words."""

    __tablename__ = "comment"
    __table_args__ = (UniqueConstraint("submission_id", "question"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    submission_id: Mapped[SubmissionId]
    question: Mapped[ShortText]
    body: Mapped[str] = mapped_column(Encrypted("comments"))
    n_words: Mapped[int] = mapped_column(default=0, server_default="0")
    """Kept beside, so that nobody who counts has to read."""
    saved_at: Mapped[Moment]
    is_draft: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Saved while its page was being answered; the page itself has not been sent yet."""
    redacted: Mapped[LongText | None]
    released_at: Mapped[Moment | None]
    released_by: Mapped[int | None]
    not_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Kept though its question is asked no longer, since an earlier answer was changed."""

    submission: Mapped[Submission] = relationship(back_populates="comments")


class ResponseEvent(Base):
    """One saving of one answer: rows are added and never changed."""

    __tablename__ = "response_event"

    id: Mapped[Id]
    submission_id: Mapped[SubmissionId]
    item: Mapped[ShortText]
    value: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Encrypted("comments"))
    saved_at: Mapped[Moment]


class PageWindow(Base):
    """A page open in a browser that saves as it is answered, and the newest of its posts.

    Posts of one window may overtake each other on the way; an older one changes nothing any more.
    """

    __tablename__ = "page_window"
    __table_args__ = (UniqueConstraint("submission_id", "key"),)

    id: Mapped[Id]
    submission_id: Mapped[SubmissionId]
    key: Mapped[ShortText]
    turn: Mapped[int]


class HeldPage(Base):
    """A posted page the service could not take, kept as it came for a person to look at."""

    __tablename__ = "held_page"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    invitation_id: Mapped[InvitationId]
    page: Mapped[ShortText]
    reason: Mapped[ShortText]
    posted: Mapped[dict[str, str]] = mapped_column(EncryptedFields("comments"))
    held_at: Mapped[Moment]
