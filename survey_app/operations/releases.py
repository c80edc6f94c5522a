"""Telling named staff the arms of the schools, which nobody knows until then."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from survey_app.database.models import ArmRelease, Staff, StaffRole, Study
from survey_app.database.queries.allocation import is_randomised, is_released_to
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.typed_reasons import refuse_personal_words
from survey_app.roles import breaks_masking, permissions_of


def who_may_be_told(session: Session, *, study: Study) -> list[Staff]:
    """Give the staff whose role works with the arms and who have not been told, by name."""
    people = session.scalars(
        select(Staff)
        .join(StaffRole)
        .where(StaffRole.study_id == study.id, Staff.disabled_at.is_(None))
        .options(selectinload(Staff.roles))
        .distinct()
    )
    waiting = [
        person
        for person in people
        if _works_with_arms(person, study)
        and not breaks_masking(_roles(person, study))
        and not is_released_to(session, study, staff_id=person.id)
    ]
    return sorted(waiting, key=lambda person: (person.name, person.id))


def release_arms_to(
    session: Session, *, study: Study, staff: Staff, because: str, by: str, at: datetime
) -> ArmRelease:
    """Let one person see the arms, for good, because their work needs them.

    Whoever also reports on the study or codes is refused until the study is unmasked.
    """
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    if not is_randomised(session, study):
        raise OperationError(f"The schools of {study.slug} are not randomised yet.")
    if is_released_to(session, study, staff_id=staff.id):
        raise OperationError(f"{staff.name} was told the arms already.")
    if not _works_with_arms(staff, study):
        raise OperationError(f"{staff.name} has no role in {study.slug} that works with the arms.")
    if breaks_masking(_roles(staff, study)):
        raise OperationError(
            f"{staff.name} also reports or codes in {study.slug}, and so stays masked."
        )
    if not because.strip():
        raise OperationError("Say why they are told.")
    refuse_personal_words(session, study=study, reason=because)
    release = ArmRelease(
        study_id=study.id,
        staff_id=staff.id,
        because=because.strip(),
        released_at=at,
        released_by=by,
    )
    session.add(release)
    session.flush()
    record_event(
        session,
        "arms_released_to",
        by=by,
        at=at,
        subject=f"staff:{staff.id}",
        study_id=study.id,
        because=because.strip(),
    )
    return release


def _roles(staff: Staff, study: Study) -> list[str]:
    return [role.role for role in staff.roles if role.study_id == study.id]


def _works_with_arms(staff: Staff, study: Study) -> bool:
    return "see_arms" in permissions_of(_roles(staff, study))
