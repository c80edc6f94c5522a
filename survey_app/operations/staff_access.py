"""Who has access to a study: invited by letter, given other roles, and taken away again.

An invited person's account opens only when they set a password, by a link that works once and for a
week. It is kept as a hash and made anew at each sending, as a participant's is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from survey_app.database.models import Staff, StaffLetter, StaffRole, Study
from survey_app.links import looks_like_token, token_for_staff_letter, token_hash
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import (
    actor,
    end_all_sessions,
    grant_role,
    password_hash,
    refuse_unmasking_roles,
    refuse_weak,
    revoke_role,
    roles_held,
)
from survey_app.roles import ROLES, Role

Kind = Literal["invitation", "new_password", "roles_given"]

GOOD_FOR: Final[timedelta] = timedelta(days=7)
HAS_LINK: Final[frozenset[Kind]] = frozenset({"invitation", "new_password"})
MOST_LETTERS_A_DAY: Final = 3
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST = 200


def invite_staff(
    session: Session,
    *,
    study: Study,
    name: str,
    email: str,
    roles: Collection[Role],
    key: str,
    by: str,
    at: datetime,
) -> Staff:
    """Give somebody roles in a study and write to them; who is new sets a password by the letter.

    Refused for somebody who has roles in the study already: those are changed, not given again.
    """
    address, called = email.strip().casefold(), name.strip()
    _refuse_unusable(called, address, roles)
    staff = session.scalar(select(Staff).where(Staff.email == address).with_for_update())
    refuse_unmasking_roles(session, study=study, staff=staff, roles=roles)
    if staff is not None and roles_held(session, staff=staff, study=study):
        raise OperationError(
            f"{staff.name} has this address and a role in this study already. "
            "Change their roles instead."
        )
    if staff is None:
        staff = Staff(name=called, email=address, password_hash="", added_at=at)
        session.add(staff)
        session.flush()
    elif staff.disabled_at is not None:
        # Whoever's access was ended comes back as somebody new would: by a letter.
        staff.disabled_at, staff.password_hash = None, ""
    record_event(
        session, "staff_invited", by=by, at=at, subject=f"staff:{staff.id}", study_id=study.id
    )
    for role in roles:
        grant_role(session, staff=staff, study=study, role=role, by=by, at=at)
    kind: Kind = "invitation" if staff.is_invited_only else "roles_given"
    _queue(session, staff=staff, study=study, kind=kind, key=key, by=by, at=at)
    return staff


def send_link_to_staff(
    session: Session, *, study: Study, staff: Staff, key: str, by: str, at: datetime
) -> None:
    """Send a member of staff a new link to set a password; links sent before stop working."""
    session.refresh(staff, with_for_update=True)
    _refuse_stranger(session, study, staff)
    today = session.scalars(
        select(StaffLetter.id).where(
            StaffLetter.staff_id == staff.id, StaffLetter.queued_at > at - timedelta(days=1)
        )
    ).all()
    if len(today) >= MOST_LETTERS_A_DAY:
        raise OperationError(
            f"{staff.name} was sent {len(today)} letters within a day. Ask them to look for them, "
            "or wait until tomorrow."
        )
    kind: Kind = "invitation" if staff.is_invited_only else "new_password"
    _queue(session, staff=staff, study=study, kind=kind, key=key, by=by, at=at)
    record_event(
        session, "staff_link_sent", by=by, at=at, subject=f"staff:{staff.id}", study_id=study.id
    )


def change_roles(
    session: Session,
    *,
    study: Study,
    staff: Staff,
    roles: Collection[Role],
    by: str,
    at: datetime,
) -> bool:
    """Let a person have exactly these roles in a study; give whether that changed anything.

    Nobody changes their own: who gives access can so never lock everybody out, nor help themselves.
    """
    _refuse_own(staff, by, "change your own roles")
    _refuse_stranger(session, study, staff)
    if not roles:
        raise OperationError("Choose at least one role, or end their access.")
    refuse_unmasking_roles(session, study=study, staff=staff, roles=roles)
    held = roles_held(session, staff=staff, study=study)
    for role in (each for each in ROLES if each in held - set(roles)):
        revoke_role(session, staff=staff, study=study, role=role, by=by, at=at)
    for role in (each for each in ROLES if each in set(roles) - held):
        grant_role(session, staff=staff, study=study, role=role, by=by, at=at)
    return held != set(roles)


def end_access(session: Session, *, study: Study, staff: Staff, by: str, at: datetime) -> bool:
    """Take every role in a study from a person; give whether their account was closed with it.

    It is closed where they have no role in any other study. What they did stays theirs.
    """
    _refuse_own(staff, by, "end your own access")
    _refuse_stranger(session, study, staff)
    for role in roles_held(session, staff=staff, study=study):
        revoke_role(session, staff=staff, study=study, role=role, by=by, at=at)
    record_event(
        session, "access_ended", by=by, at=at, subject=f"staff:{staff.id}", study_id=study.id
    )
    if session.scalar(select(exists().where(StaffRole.staff_id == staff.id))):
        return False
    staff.disabled_at = at
    end_all_sessions(session, staff=staff, at=at)
    _take_back_links(session, staff, at=at)
    record_event(session, "account_closed", by=by, at=at, subject=f"staff:{staff.id}")
    return True


def staff_of_link(session: Session, *, token: str, at: datetime) -> Staff | None:
    """Give whose password a link sets; None where it is unknown, used, taken back or too old."""
    letter = _good_letter(session, token, at=at)
    return letter.staff if letter else None


def set_password_by_link(
    session: Session, *, token: str, password: str, at: datetime
) -> Staff | None:
    """Set a password by a link, which is used up; None where the link is good no more.

    Every sign-in of theirs ends. A second factor set up before is asked for as before.
    """
    refuse_weak(password)
    letter = _good_letter(session, token, at=at)
    if letter is None:
        return None
    used = session.scalar(
        update(StaffLetter)
        .where(StaffLetter.id == letter.id, StaffLetter.used_at.is_(None))
        .values(used_at=at)
        .returning(StaffLetter.id)
    )
    if used is None:
        return None
    staff = letter.staff
    staff.password_hash = password_hash(password)
    end_all_sessions(session, staff=staff, at=at)
    _take_back_links(session, staff, at=at)
    record_event(
        session, "password_set_by_link", by=actor(staff), at=at, subject=f"staff:{staff.id}"
    )
    return staff


def _good_letter(session: Session, token: str, *, at: datetime) -> StaffLetter | None:
    if not looks_like_token(token):
        return None
    letter = session.scalar(
        select(StaffLetter).where(
            StaffLetter.token_hash == token_hash(token),
            StaffLetter.used_at.is_(None),
            StaffLetter.revoked_at.is_(None),
            StaffLetter.expires_at > at,
        )
    )
    return letter if letter is not None and letter.staff.disabled_at is None else None


def _queue(
    session: Session,
    *,
    staff: Staff,
    study: Study,
    kind: Kind,
    key: str,
    by: str,
    at: datetime,
) -> None:
    has_link = kind in HAS_LINK
    if has_link:
        _take_back_links(session, staff, at=at)
    who, _, number = by.partition(":")
    letter = StaffLetter(
        staff_id=staff.id,
        study_id=study.id,
        kind=kind,
        state="waiting",
        not_before=at,
        queued_at=at,
        queued_by=int(number) if who == "staff" else None,
        expires_at=at + GOOD_FOR,
    )
    session.add(letter)
    session.flush()
    if has_link:
        letter.token_hash = token_hash(token_for_staff_letter(letter.id, key=key))
        session.flush()


def _take_back_links(session: Session, staff: Staff, *, at: datetime) -> None:
    session.execute(
        update(StaffLetter)
        .where(
            StaffLetter.staff_id == staff.id,
            StaffLetter.token_hash.is_not(None),
            StaffLetter.used_at.is_(None),
            StaffLetter.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )


def _refuse_unusable(name: str, address: str, roles: Collection[Role]) -> None:
    faults = [
        fault
        for applies, fault in (
            (not name, "The name is missing."),
            (len(name) > _LONGEST, f"The name is longer than {_LONGEST} characters."),
            (
                len(address) > _LONGEST or not _ADDRESS.fullmatch(address),
                f"{address or 'Nothing'!s} is not an email address; expected one such as "
                "name@example.org.",
            ),
            (not roles, "No role was chosen."),
        )
        if applies
    ]
    if faults:
        raise OperationError(" ".join(faults))


def _refuse_own(staff: Staff, by: str, what: str) -> None:
    if by == actor(staff):
        raise OperationError(f"You cannot {what}; ask another data manager.")


def _refuse_stranger(session: Session, study: Study, staff: Staff) -> None:
    if not roles_held(session, staff=staff, study=study):
        raise OperationError("This person has no role in this study.")
