"""Staff: added with a password, given roles in studies, signed in and out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey_app.database.models import Staff, StaffRole, StaffSession, Study
from survey_app.database.queries.allocation import is_released_to
from survey_app.operations.audit import record_event
from survey_app.operations.errors import (
    OperationError,
    SignInRefusedError,
    SignInSlowedError,
)
from survey_app.operations.wrong_sign_ins import (
    forget_wrong_sign_ins,
    note_wrong_sign_in,
    wait_before_sign_in,
)
from survey_app.roles import MASKED_WORK, ROLES, Role, breaks_masking, permissions_of

SHORTEST_PASSWORD = 12
LONGEST_SESSION = timedelta(hours=12)

# 19 MiB and two passes: what OWASP asks at least, and 28 ms instead of the default's 198.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each takes 19 MiB and a processor for a while: a crowd at the door must not take them all.
_at_once = threading.BoundedSemaphore(2)
# Checked when no such person exists, so that an unknown address takes as long as a known one.
_nobody = _hasher.hash("nobody's password")


def actor(staff: Staff) -> str:
    """Give how the trail names a member of staff."""
    return f"staff:{staff.id}"


def add_staff(
    session: Session, *, name: str, email: str, password: str, by: str, at: datetime
) -> Staff:
    """Add a person who can sign in; they may do nothing until they are given a role."""
    address = email.strip().casefold()
    refuse_weak(password)
    if session.scalar(select(Staff.id).where(Staff.email == address)) is not None:
        raise OperationError(f"Somebody with the address {address} is already on staff.")
    staff = Staff(
        name=name.strip(), email=address, password_hash=password_hash(password), added_at=at
    )
    session.add(staff)
    session.flush()
    record_event(session, "staff_added", by=by, at=at, subject=f"staff:{staff.id}")
    return staff


def grant_role(
    session: Session, *, staff: Staff, study: Study, role: Role, by: str, at: datetime
) -> None:
    """Give a person a role in a study; giving it again changes nothing."""
    if role not in ROLES:
        raise OperationError(f"There is no role {role}; the roles are {', '.join(ROLES)}.")
    held = roles_held(session, staff=staff, study=study)
    if role in held:
        return
    refuse_unmasking_roles(session, study=study, staff=staff, roles={*held, role})
    session.add(StaffRole(staff_id=staff.id, study_id=study.id, role=role))
    record_event(
        session,
        "role_granted",
        by=by,
        at=at,
        subject=f"staff:{staff.id}",
        study_id=study.id,
        role=role,
    )


def revoke_role(
    session: Session, *, staff: Staff, study: Study, role: str, by: str, at: datetime
) -> None:
    """Take a role in a study from a person; one that they have not changes nothing."""
    held = session.scalar(
        select(StaffRole).where(
            StaffRole.staff_id == staff.id,
            StaffRole.study_id == study.id,
            StaffRole.role == role,
        )
    )
    if held is None:
        return
    session.delete(held)
    session.flush()
    session.expire(staff, ["roles"])
    record_event(
        session,
        "role_revoked",
        by=by,
        at=at,
        subject=f"staff:{staff.id}",
        study_id=study.id,
        role=role,
    )


def roles_held(session: Session, *, staff: Staff, study: Study) -> set[str]:
    """Give the roles of a person in a study."""
    return set(
        session.scalars(
            select(StaffRole.role).where(
                StaffRole.staff_id == staff.id, StaffRole.study_id == study.id
            )
        )
    )


def refuse_unmasking_roles(
    session: Session, *, study: Study, staff: Staff | None, roles: Collection[str]
) -> None:
    """Refuse roles that would let one person know the arms in work that is done without."""
    if study.unmasked_at is not None:
        return
    if breaks_masking(roles):
        raise OperationError(
            "A coordinator sees the arms, so until they are released nobody can be coordinator "
            "and also researcher or evaluator of the same study."
        )
    is_masked_work = not permissions_of(roles).isdisjoint(MASKED_WORK)
    if staff and is_masked_work and is_released_to(session, study, staff_id=staff.id):
        raise OperationError(
            f"{staff.name} was told the arms, so until these are released to everybody they can "
            "be neither researcher nor evaluator of the same study."
        )


def sign_in(
    session: Session,
    *,
    email: str,
    password: str,
    token: str,
    network_hash: str,
    key: str,
    at: datetime,
    needs_second_factor: bool = False,
) -> StaffSession:
    """Open a session for the person these belong to; `token` is what their cookie will hold.

    It is half done where a second factor is needed, or was set up without being needed. After
    several different wrong passwords this network has to wait before the next is looked at.
    """
    address = email.strip().casefold()
    wait = wait_before_sign_in(session, email=email, network_hash=network_hash, key=key, at=at)
    if wait:
        raise SignInSlowedError(wait)
    staff = session.scalar(select(Staff).where(Staff.email == address))
    kept = staff.password_hash if staff and not staff.is_invited_only else _nobody
    matches = _password_matches(kept, password)
    if staff is None or staff.is_invited_only or not matches or staff.disabled_at is not None:
        note_wrong_sign_in(
            session,
            email=email,
            password=password,
            network_hash=network_hash,
            key=key,
            at=at,
        )
        raise SignInRefusedError("The email address and password do not belong together.")
    forget_wrong_sign_ins(session, email=email, network_hash=network_hash, key=key)
    if needs_second_factor or staff.totp_confirmed_at is not None:
        return _half_open(session, staff, token, at)
    return open_session(session, staff=staff, token=token, at=at)


def _half_open(session: Session, staff: Staff, token: str, at: datetime) -> StaffSession:
    opened = StaffSession(staff=staff, token_hash=session_hash(token), started_at=at)
    session.add(opened)
    session.flush()
    return opened


def open_session(session: Session, *, staff: Staff, token: str, at: datetime) -> StaffSession:
    """Open a session for a person already known to be who they say."""
    opened = StaffSession(
        staff_id=staff.id, token_hash=session_hash(token), started_at=at, passed_at=at
    )
    session.add(opened)
    record_event(session, "signed_in", by=actor(staff), at=at, subject=f"staff:{staff.id}")
    return opened


def end_session(session: Session, *, token: str, at: datetime) -> None:
    """End the session of this cookie; one that is unknown or over stays so."""
    opened = session.scalar(
        select(StaffSession).where(
            StaffSession.token_hash == session_hash(token), StaffSession.ended_at.is_(None)
        )
    )
    if opened is not None:
        opened.ended_at = at
        record_event(
            session,
            "signed_out",
            by=f"staff:{opened.staff_id}",
            at=at,
            subject=f"staff:{opened.staff_id}",
        )


def change_password(
    session: Session, *, opened: StaffSession, old: str, new: str, at: datetime
) -> None:
    """Give somebody another password; their other sign-ins end."""
    staff = opened.staff
    if not _password_matches(staff.password_hash, old):
        raise OperationError("That is not your password now.")
    refuse_weak(new)
    staff.password_hash = password_hash(new)
    record_event(session, "password_changed", by=actor(staff), at=at, subject=f"staff:{staff.id}")
    end_other_sessions(session, opened=opened, at=at)


def end_other_sessions(session: Session, *, opened: StaffSession, at: datetime) -> int:
    """End every sign-in of a person but this one; give how many there were."""
    others = session.scalars(
        select(StaffSession).where(
            StaffSession.staff_id == opened.staff_id,
            StaffSession.id != opened.id,
            StaffSession.ended_at.is_(None),
        )
    ).all()
    for each in others:
        each.ended_at = at
    if others:
        record_event(
            session,
            "other_sign_ins_ended",
            by=actor(opened.staff),
            at=at,
            subject=f"staff:{opened.staff_id}",
            sessions=len(others),
        )
    return len(others)


def end_all_sessions(session: Session, *, staff: Staff, at: datetime) -> None:
    """End every sign-in of a person."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def refuse_weak(password: str) -> None:
    """Refuse a password that is too short to be one."""
    if len(password) < SHORTEST_PASSWORD:
        raise OperationError(
            f"The password is too short; use at least {SHORTEST_PASSWORD} characters."
        )


def password_hash(password: str) -> str:
    """Give what the record keeps of a password."""
    with _at_once:
        return _hasher.hash(password)


def session_hash(token: str) -> str:
    """Give what the record keeps of a session cookie."""
    return hashlib.sha256(f"session:{token}".encode()).hexdigest()


def _password_matches(kept: str, password: str) -> bool:
    try:
        with _at_once:
            return _hasher.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
