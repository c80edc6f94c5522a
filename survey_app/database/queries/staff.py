"""Staff and their sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Staff,
    StaffLetter,
    StaffRecoveryCode,
    StaffRole,
    StaffSession,
    Study,
)


def session_by_hash(session: Session, token_hash: str) -> StaffSession | None:
    """The open sign-in that a cookie belongs to; None when it is unknown, over or disabled."""
    return session.scalar(
        select(StaffSession)
        .join(Staff)
        .where(
            StaffSession.token_hash == token_hash,
            StaffSession.ended_at.is_(None),
            StaffSession.passed_at.is_not(None),
            Staff.disabled_at.is_(None),
        )
        .options(joinedload(StaffSession.staff).selectinload(Staff.roles))
    )


def half_done_by_hash(session: Session, token_hash: str, *, since: datetime) -> StaffSession | None:
    """The sign-in that waits for its second factor, if it began after this moment."""
    return session.scalar(
        select(StaffSession)
        .join(Staff)
        .where(
            StaffSession.token_hash == token_hash,
            StaffSession.ended_at.is_(None),
            StaffSession.passed_at.is_(None),
            StaffSession.started_at > since,
            Staff.disabled_at.is_(None),
        )
        .options(joinedload(StaffSession.staff))
    )


def open_sessions(session: Session, *, staff_id: int, since: datetime) -> list[StaffSession]:
    """A person's sign-ins that are still good, newest first."""
    return list(
        session.scalars(
            select(StaffSession)
            .where(
                StaffSession.staff_id == staff_id,
                StaffSession.ended_at.is_(None),
                StaffSession.passed_at.is_not(None),
                StaffSession.started_at > since,
            )
            .order_by(StaffSession.started_at.desc())
        )
    )


def n_recovery_codes(session: Session, *, staff_id: int) -> int:
    """How many recovery codes a person has left."""
    counted = select(func.count()).where(
        StaffRecoveryCode.staff_id == staff_id, StaffRecoveryCode.used_at.is_(None)
    )
    return session.scalar(counted) or 0


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


def staff_of_study(session: Session, study: Study) -> list[Staff]:
    """Everybody who has a role in the study, by name."""
    with_role = select(StaffRole.staff_id).where(StaffRole.study_id == study.id)
    return list(
        session.scalars(select(Staff).where(Staff.id.in_(with_role)).order_by(Staff.name, Staff.id))
    )


def newest_staff_letters(session: Session, study: Study) -> dict[int, StaffLetter]:
    """The newest letter that was written to each of these people for the study."""
    letters = session.scalars(
        select(StaffLetter).where(StaffLetter.study_id == study.id).order_by(StaffLetter.id)
    )
    return {letter.staff_id: letter for letter in letters}
