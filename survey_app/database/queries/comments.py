"""Comments: those waiting for a redactor, those a researcher may code, and the codes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Code, Coding, Comment, Study, Submission


@dataclass(frozen=True, slots=True)
class CommentCounts:
    """How many comments were submitted, wait for a redactor, and are released."""

    submitted: int
    waiting: int
    released: int


def _is_submitted(study: Study) -> ColumnElement[bool]:
    return and_(
        Comment.study_id == study.id,
        Comment.body != "",
        Comment.not_asked.is_(False),
        exists().where(
            Submission.id == Comment.submission_id, Submission.submitted_at.is_not(None)
        ),
    )


def comment_counts(session: Session, study: Study) -> CommentCounts:
    """How many comments stand where."""
    submitted, released = session.execute(
        select(func.count(), func.count(Comment.released_at)).where(_is_submitted(study))
    ).one()
    return CommentCounts(submitted, submitted - released, released)


def next_to_redact(session: Session, study: Study, *, after: int = 0) -> Comment | None:
    """The first comment that waits for a redactor, after the one of this id."""
    return session.scalars(
        select(Comment)
        .where(_is_submitted(study), Comment.released_at.is_(None), Comment.id > after)
        .order_by(Comment.id)
        .limit(1)
    ).first()


def comment_to_redact(session: Session, study: Study, comment_id: int) -> Comment | None:
    """One submitted comment of the study."""
    return session.scalar(select(Comment).where(_is_submitted(study), Comment.id == comment_id))


def comments_to_code(
    session: Session, study: Study, *, questions: Collection[str], staff_id: int
) -> list[tuple[Comment, int]]:
    """The released comments one coder may code, each with how many codes that coder gave it.

    Comments that the coder redacted are left out. The order is by a digest-like key of the id, so
    that neither wave nor arm can be read from it.
    """
    n_codes = (
        select(func.count())
        .where(Coding.comment_id == Comment.id, Coding.staff_id == staff_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Comment, n_codes)
        .where(
            _is_submitted(study),
            Comment.released_at.is_not(None),
            Comment.released_by != staff_id,
            Comment.question.in_(questions),
        )
        .order_by((Comment.id * 7919) % 10007, Comment.id)
    )
    return [(comment, number) for comment, number in rows]


def codes_of(session: Session, study: Study) -> list[Code]:
    """The study's codebook, in order."""
    return list(
        session.scalars(select(Code).where(Code.study_id == study.id).order_by(Code.position))
    )


def code_ids_given(session: Session, *, comment_id: int, staff_id: int) -> set[int]:
    """The codes that one coder gave one comment."""
    return set(
        session.scalars(
            select(Coding.code_id).where(
                Coding.comment_id == comment_id, Coding.staff_id == staff_id
            )
        )
    )
