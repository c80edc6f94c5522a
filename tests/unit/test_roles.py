"""Who may do what, as a table to be read beside the code."""

from __future__ import annotations

from typing import get_args

import pytest

from survey_app.roles import (
    PERMISSIONS,
    ROLE_NAMES,
    ROLES,
    Permission,
    breaks_masking,
    permissions_of,
)

EXPECTED = {
    "coordinator": {
        "see_study",
        "see_contacts",
        "import_roster",
        "randomise",
        "see_arms",
        "send_letters",
        "record_sessions",
        "import_outcomes",
    },
    "redactor": {"see_study", "redact_comments"},
    "researcher": {"see_study", "code_comments"},
    "evaluator": {"see_study", "make_reports"},
    "safeguarding_contact": {"see_study"},
    "data_manager": {
        "see_study",
        "see_held_pages",
        "import_outcomes",
        "see_audit",
        "unmask",
        "manage_staff",
        "answer_rights",
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_table_says(role):
    assert PERMISSIONS[role] == EXPECTED[role]
    assert ROLE_NAMES[role]


def test_every_permission_is_somebody_s():
    assert set().union(*PERMISSIONS.values()) == set(get_args(Permission))


def test_roles_add_up_and_unknown_ones_add_nothing():
    assert permissions_of(["redactor", "evaluator"]) == {
        "see_study",
        "redact_comments",
        "make_reports",
    }
    assert permissions_of(["director"]) == frozenset()
    assert permissions_of([]) == frozenset()


def test_whoever_sees_arms_or_contacts_neither_codes_nor_analyses():
    for role in ROLES:
        may = PERMISSIONS[role]
        if may & {"see_arms", "see_contacts", "record_sessions"}:
            assert not may & {"code_comments", "redact_comments", "make_reports", "unmask"}


@pytest.mark.parametrize("masked", ["researcher", "evaluator"])
def test_the_arms_and_masked_work_do_not_go_together(masked):
    assert breaks_masking({"coordinator", masked})
    assert not breaks_masking({"coordinator"})
    assert not breaks_masking({"redactor", masked, "data_manager"})
