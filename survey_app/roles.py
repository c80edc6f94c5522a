"""Who may do what: each role is a named set of permissions, given per study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

Role = Literal[
    "coordinator", "redactor", "researcher", "evaluator", "safeguarding_contact", "data_manager"
]
Permission = Literal[
    "see_study",
    "see_contacts",
    "import_roster",
    "randomise",
    "see_arms",
    "send_letters",
    "record_sessions",
    "import_outcomes",
    "see_held_pages",
    "redact_comments",
    "code_comments",
    "make_reports",
    "unmask",
    "see_audit",
    "manage_staff",
    "answer_rights",
]

ROLES: tuple[Role, ...] = get_args(Role)

ROLE_NAMES: Mapping[Role, str] = {
    "coordinator": "Coordinator",
    "redactor": "Redactor",
    "researcher": "Researcher",
    "evaluator": "Evaluator",
    "safeguarding_contact": "Safeguarding contact",
    "data_manager": "Data manager",
}

ROLE_PURPOSES: Mapping[Role, str] = {
    "coordinator": "Runs the study: schools, randomisation, letters and sessions. Sees arms",
    "redactor": "Takes names out of comments before anybody else reads them",
    "researcher": "Codes comments that were redacted by somebody else. Sees no arm",
    "evaluator": "Makes reports, with arms masked until they are released",
    "safeguarding_contact": "Is named for worries about safety. Sees how the study stands",
    "data_manager": "Gives and ends access, releases arms, erases, and reads the audit trail",
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "coordinator": frozenset(
        {
            "see_study",
            "see_contacts",
            "import_roster",
            "randomise",
            "see_arms",
            "send_letters",
            "record_sessions",
            "import_outcomes",
        }
    ),
    "redactor": frozenset({"see_study", "redact_comments"}),
    "researcher": frozenset({"see_study", "code_comments"}),
    "evaluator": frozenset({"see_study", "make_reports"}),
    "safeguarding_contact": frozenset({"see_study"}),
    "data_manager": frozenset(
        {
            "see_study",
            "see_held_pages",
            "import_outcomes",
            "see_audit",
            "unmask",
            "manage_staff",
            "answer_rights",
        }
    ),
}

MASKED_WORK: Final[frozenset[Permission]] = frozenset({"code_comments", "make_reports"})
"""What is done without knowing the arms."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Give all that a person with these roles in one study may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in ROLES if role in set(roles)))


def roles_in_words(roles: Iterable[str]) -> str:
    """Give roles as "Coordinator and redactor", in the order in which the service lists them."""
    held = set(roles)
    names = [ROLE_NAMES[role] for role in ROLES if role in held]
    words = [name if place == 0 else name[0].lower() + name[1:] for place, name in enumerate(names)]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def breaks_masking(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles would know the arms in work that is done without."""
    permissions = permissions_of(roles)
    return "see_arms" in permissions and not permissions.isdisjoint(MASKED_WORK)
