"""The codebook, and codes applied to released comments."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Code, Coding, Comment, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError


def add_code(
    session: Session, *, study: Study, label: str, definition: str, by: str, at: datetime
) -> Code:
    """Add a code to the study's codebook, at its end."""
    label, definition = label.strip(), definition.strip()
    if not label or not definition:
        raise OperationError("A code needs a label and a definition.")
    labels = session.scalars(select(Code.label).where(Code.study_id == study.id)).all()
    if label.casefold() in {each.casefold() for each in labels}:
        raise OperationError(f"The codebook already has a code called {label}.")
    last = session.scalar(select(func.max(Code.position)).where(Code.study_id == study.id)) or 0
    code = Code(study_id=study.id, label=label, definition=definition, position=last + 1)
    session.add(code)
    session.flush()
    record_event(
        session,
        "code_added",
        by=by,
        at=at,
        subject=f"code:{code.id}",
        study_id=study.id,
        label=label,
    )
    return code


def code_comment(
    session: Session,
    *,
    comment: Comment,
    code_ids: Collection[int],
    staff_id: int,
    by: str,
    at: datetime,
) -> None:
    """Make these the codes that one coder gives one comment; other coders' codes are untouched."""
    # The comment's row is the lock: one coder's two windows queue.
    session.flush()
    session.refresh(comment, with_for_update=True)
    if comment.released_at is None:
        raise OperationError("This comment is not released to coders.")
    if comment.released_by == staff_id:
        raise OperationError("Nobody codes a comment that they redacted.")
    known = set(session.scalars(select(Code.id).where(Code.study_id == comment.study_id)))
    unknown = set(code_ids) - known
    if unknown:
        raise OperationError("The codebook changed; look at the codes again.")
    mine = (Coding.comment_id == comment.id, Coding.staff_id == staff_id)
    before = set(session.scalars(select(Coding.code_id).where(*mine)))
    wanted = set(code_ids)
    if before == wanted:
        return
    session.execute(delete(Coding).where(*mine, Coding.code_id.in_(before - wanted)))
    session.add_all(
        Coding(comment_id=comment.id, code_id=code_id, staff_id=staff_id, coded_at=at)
        for code_id in sorted(wanted - before)
    )
    record_event(
        session,
        "comment_coded",
        by=by,
        at=at,
        subject=f"comment:{comment.id}",
        study_id=comment.study_id,
        codes=len(wanted),
    )
