"""Who may do what: each role is a named set of permissions, given per study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

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
    "see_held_pages",
    "redact_comments",
    "code_comments",
    "make_reports",
    "unmask",
    "see_audit",
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
        }
    ),
    "redactor": frozenset({"see_study", "redact_comments"}),
    "researcher": frozenset({"see_study", "code_comments"}),
    "evaluator": frozenset({"see_study", "make_reports"}),
    "safeguarding_contact": frozenset({"see_study"}),
    "data_manager": frozenset({"see_study", "see_held_pages", "see_audit", "unmask"}),
}


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Give all that a person with these roles in one study may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in ROLES if role in set(roles)))
