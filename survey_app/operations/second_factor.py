"""The second factor of staff: six digits from a phone, each used once, or a recovery code.

RFC 6238, steps of 30 seconds, one step of drift either way.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from survey_app.database.models import Staff, StaffRecoveryCode, StaffSession
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor, end_all_sessions, session_hash

MOST_WRONG_CODES: Final = 5
MOST_WRONG_CODES_OF_ONE: Final = 10
LOOKING_BACK: Final = timedelta(minutes=15)
N_RECOVERY_CODES: Final = 10
ISSUER: Final = "DSL trial survey"
_STEP_SECONDS = 30
_DRIFT = 1
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def propose_secret(session: Session, *, staff: Staff) -> None:
    """Draw the secret of somebody who has no second factor yet, and keep one drawn before."""
    if staff.totp_confirmed_at is None and staff.totp_secret is None:
        staff.totp_secret = pyotp.random_base32()
        session.flush()


def enrolment_address(staff: Staff) -> str:
    """Give the otpauth address that an authenticator app reads from a square code."""
    return pyotp.TOTP(_secret_of(staff)).provisioning_uri(name=staff.email, issuer_name=ISSUER)


def confirm_secret(
    session: Session, *, opened: StaffSession, code: str, token: str, at: datetime
) -> list[str] | None:
    """Turn the second factor on with a first code; give the recovery codes, None when wrong."""
    staff = opened.staff
    if staff.totp_confirmed_at is not None:
        raise OperationError("A second factor is set up already.")
    if not _takes_code(session, staff, code, at):
        _count_wrong(session, opened, at)
        return None
    staff.totp_confirmed_at = at
    record_event(
        session, "second_factor_set_up", by=actor(staff), at=at, subject=f"staff:{staff.id}"
    )
    _let_in(session, opened, token, at)
    return draw_recovery_codes(session, staff=staff, at=at)


def pass_second_factor(
    session: Session, *, opened: StaffSession, code: str, token: str, at: datetime
) -> bool:
    """Complete a half-done sign-in under a new token; after five wrong codes it is over."""
    staff = opened.staff
    if staff.totp_confirmed_at is None:
        raise OperationError("No second factor is set up yet.")
    is_right = not _has_guessed_too_often(session, staff, at) and (
        _takes_code(session, staff, code, at) or _takes_recovery(session, staff, code, at)
    )
    if not is_right:
        _count_wrong(session, opened, at)
        return False
    _let_in(session, opened, token, at)
    return True


def draw_recovery_codes(session: Session, *, staff: Staff, at: datetime) -> list[str]:
    """Give ten new recovery codes; those given before no longer work."""
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff.id))
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
        for _ in range(N_RECOVERY_CODES)
    ]
    session.add_all(
        StaffRecoveryCode(staff_id=staff.id, code_hash=_recovery_hash(code)) for code in codes
    )
    record_event(
        session, "recovery_codes_made", by=actor(staff), at=at, subject=f"staff:{staff.id}"
    )
    return codes


def take_away_second_factor(session: Session, *, staff: Staff, by: str, at: datetime) -> None:
    """Let somebody who lost phone and codes set up anew; every sign-in of theirs ends."""
    staff.totp_secret, staff.totp_confirmed_at, staff.totp_last_step = None, None, None
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff.id))
    end_all_sessions(session, staff=staff, at=at)
    record_event(session, "second_factor_taken_away", by=by, at=at, subject=f"staff:{staff.id}")


def _secret_of(staff: Staff) -> str:
    if staff.totp_secret is None:
        raise OperationError("No second factor was proposed yet.")
    return staff.totp_secret


def _takes_code(session: Session, staff: Staff, code: str, at: datetime) -> bool:
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return False
    totp = pyotp.TOTP(_secret_of(staff))
    now = int(at.timestamp()) // _STEP_SECONDS
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if compare_digest(totp.generate_otp(step), digits):
            return _uses_step(session, staff, step)
    return False


def _has_guessed_too_often(session: Session, staff: Staff, at: datetime) -> bool:
    """Whether somebody who has the password tries code after code, sign-in after sign-in."""
    wrong = session.scalar(
        select(func.sum(StaffSession.wrong_codes)).where(
            StaffSession.staff_id == staff.id, StaffSession.started_at > at - LOOKING_BACK
        )
    )
    return (wrong or 0) >= MOST_WRONG_CODES_OF_ONE


def _uses_step(session: Session, staff: Staff, step: int) -> bool:
    """Take a step that is newer than the last one used; two at once, and one is refused."""
    taken = session.scalar(
        update(Staff)
        .where(
            Staff.id == staff.id,
            Staff.totp_last_step.is_(None) | (Staff.totp_last_step < step),
        )
        .values(totp_last_step=step)
        .returning(Staff.id)
    )
    return taken is not None


def _takes_recovery(session: Session, staff: Staff, code: str, at: datetime) -> bool:
    used = session.scalar(
        update(StaffRecoveryCode)
        .where(
            StaffRecoveryCode.staff_id == staff.id,
            StaffRecoveryCode.code_hash == _recovery_hash(code),
            StaffRecoveryCode.used_at.is_(None),
        )
        .values(used_at=at)
        .returning(StaffRecoveryCode.id)
    )
    if used is None:
        return False
    record_event(session, "recovery_code_used", by=actor(staff), at=at, subject=f"staff:{staff.id}")
    return True


def _recovery_hash(code: str) -> str:
    letters = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(f"recovery:{letters}".encode()).hexdigest()


def _let_in(session: Session, opened: StaffSession, token: str, at: datetime) -> None:
    # A new token, so that what a half-done sign-in's cookie held opens nothing.
    opened.token_hash = session_hash(token)
    opened.passed_at = at
    record_event(
        session,
        "signed_in",
        by=actor(opened.staff),
        at=at,
        subject=f"staff:{opened.staff_id}",
    )


def _count_wrong(session: Session, opened: StaffSession, at: datetime) -> None:
    wrong = session.scalar(
        update(StaffSession)
        .where(StaffSession.id == opened.id)
        .values(wrong_codes=StaffSession.wrong_codes + 1)
        .returning(StaffSession.wrong_codes)
    )
    if (wrong or 0) >= MOST_WRONG_CODES:
        opened.ended_at = at
    record_event(
        session,
        "second_factor_refused",
        by=actor(opened.staff),
        at=at,
        subject=f"staff:{opened.staff_id}",
    )
