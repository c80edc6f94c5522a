"""What people type as a reason goes on the trail, where nothing can ever be erased."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import Contact, Study
from survey_app.operations.errors import OperationError

_ADDRESS = re.compile(r"\S+@\S+\.\S+")


def refuse_personal_words(session: Session, *, study: Study, reason: str) -> None:
    """Refuse a reason with an email address in it, or the name of somebody on the study's roster.

    A name of one word is let through: it may be a word like any other.
    """
    if _ADDRESS.search(reason):
        raise OperationError(
            "The reason has an email address in it. It stays on the audit trail, from which "
            "nobody can be erased; say who by role and school instead."
        )
    words = f" {_plain(reason)} "
    names = session.scalars(select(Contact.name).where(Contact.study_id == study.id)).all()
    for name in names:
        plain = _plain(name)
        if " " in plain and f" {plain} " in words:
            raise OperationError(
                "The reason names somebody on the roster. It stays on the audit trail, from which "
                "nobody can be erased; say who by role and school instead."
            )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
