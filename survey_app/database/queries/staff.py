"""Staff and their sign-ins."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Staff, StaffRole, StaffSession


def session_by_hash(session: Session, token_hash: str) -> StaffSession | None:
    """The open sign-in that a cookie belongs to; None when it is unknown, over or disabled."""
    return session.scalar(
        select(StaffSession)
        .join(Staff)
        .where(
            StaffSession.token_hash == token_hash,
            StaffSession.ended_at.is_(None),
            Staff.disabled_at.is_(None),
        )
        .options(joinedload(StaffSession.staff).selectinload(Staff.roles))
    )


def staff_by_email(session: Session, email: str) -> Staff | None:
    """The person of this address."""
    return session.scalar(select(Staff).where(Staff.email == email.strip().casefold()))


def staff_with_role(session: Session, *, study_id: int, role: str) -> Staff | None:
    """The first person who holds this role in the study."""
    return session.scalars(
        select(Staff)
        .join(StaffRole)
        .where(
            StaffRole.study_id == study_id,
            StaffRole.role == role,
            Staff.disabled_at.is_(None),
        )
        .order_by(Staff.id)
        .limit(1)
    ).first()
