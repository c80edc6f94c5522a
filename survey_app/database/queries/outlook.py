"""What the worker worked out about a study that still runs, and what that rests on."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Outlook, Participant, School, Study, Submission


def outlook_of(session: Session, study: Study) -> Outlook | None:
    """What was worked out last; None until the worker did."""
    return session.scalar(select(Outlook).where(Outlook.study_id == study.id))


def basis_of_outlook(session: Session, study: Study) -> str:
    """The seal of all that an outlook rests on: who takes part, and what was submitted when."""
    submitted = select(func.count(Submission.submitted_at), func.max(Submission.submitted_at))
    people = select(func.count(), func.count(Participant.withdrawn_at)).select_from(Participant)
    schools = select(func.count()).select_from(School)
    parts = (
        *session.execute(submitted.where(Submission.study_id == study.id)).one(),
        *session.execute(people.where(Participant.study_id == study.id)).one(),
        session.scalar(schools.where(School.study_id == study.id, School.exclusion == "")),
        study.definition_sha256,
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
