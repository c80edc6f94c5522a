"""Comments leave quarantine: a person reads each one, redacts it, and releases it to coders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import Comment
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.submissions import normalise_text


def release_comment(
    session: Session,
    *,
    comment: Comment,
    redacted: str,
    staff_id: int,
    by: str,
    at: datetime,
    as_saved_at: datetime | None = None,
) -> None:
    """Release a comment's redacted words; the words as written stay apart, and stay put.

    Refused where the redactor read words that their writer has changed since; `as_saved_at` says
    which were read.
    """
    # Of two redactors who release one comment at once, the second is told.
    session.flush()
    session.refresh(comment, with_for_update=True)
    if comment.released_at is not None:
        raise OperationError("This comment is already released.")
    if comment.submission.submitted_at is None:
        raise OperationError("This comment is not submitted yet; its writer may still change it.")
    if as_saved_at not in (None, comment.saved_at):
        raise OperationError(
            "Whoever wrote this comment has changed it since you opened it. Choose “Leave for "
            "later”, and you will meet it again as it is now."
        )
    words = normalise_text(redacted)
    if not words:
        raise OperationError(
            "The redacted comment is empty; replace what must go with a word in square brackets, "
            "such as [child A]."
        )
    comment.redacted = words
    comment.released_at = at
    comment.released_by = staff_id
    record_event(
        session,
        "comment_released",
        by=by,
        at=at,
        subject=f"comment:{comment.id}",
        study_id=comment.study_id,
        changed=words != comment.body,
    )
