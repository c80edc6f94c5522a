"""What the pages of access say of each person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from survey_app.roles import ROLE_NAMES, ROLE_PURPOSES, ROLES, roles_in_words
from survey_app.web.dates import moment_in_words


class RoleOnRecord(Protocol):
    """One role in one study."""

    @property
    def study_id(self) -> int: ...
    @property
    def role(self) -> str: ...


class Member(Protocol):
    """One member of staff."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def is_invited_only(self) -> bool: ...
    @property
    def roles(self) -> Iterable[RoleOnRecord]: ...
    @property
    def totp_confirmed_at(self) -> datetime | None: ...


class LetterOnRecord(Protocol):
    """The newest letter that was written to somebody."""

    @property
    def state(self) -> str: ...
    @property
    def queued_at(self) -> datetime: ...
    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime: ...


def role_options() -> list[dict[str, str]]:
    """Give every role as it is chosen, with what it is for."""
    return [
        {"value": role, "label": ROLE_NAMES[role], "hint": ROLE_PURPOSES[role]} for role in ROLES
    ]


def roles_in(member: Member, study_id: int) -> str:
    """Name what a person is in one study."""
    return roles_in_words(each.role for each in member.roles if each.study_id == study_id)


def state_of(member: Member, letter: LetterOnRecord | None, *, at: datetime) -> str:
    """Say whether a person can sign in yet, and if not, why."""
    if not member.is_invited_only:
        return "Can sign in"
    if letter is None:
        return "Has no password and no letter"
    if letter.state == "refused":
        return "The mail server refused the letter"
    if letter.sent_at is None:
        return "Invited; the letter has not left yet"
    if letter.expires_at <= at:
        return "Invited; the link has run out"
    return "Invited; has not set a password yet"


def standing_of(
    member: Member, letter: LetterOnRecord | None, *, study_id: int, at: datetime
) -> list[dict[str, str]]:
    """Give the facts about one person's access."""
    facts = [
        {"key": "Email", "value": member.email},
        {"key": "Roles", "value": roles_in(member, study_id)},
        {"key": "Standing", "value": state_of(member, letter, at=at)},
    ]
    if not member.is_invited_only:
        is_set_up = member.totp_confirmed_at is not None
        facts.append({"key": "Second factor", "value": "Set up" if is_set_up else "Not set up"})
    if letter is not None:
        sent = moment_in_words(letter.sent_at) if letter.sent_at else "Not sent yet"
        facts.append({"key": "Last letter", "value": sent})
    return facts
