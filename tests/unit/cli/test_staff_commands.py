from __future__ import annotations

from looking import only, rows
from trials import SLUG, Trial

from survey_app.database.models import StaffLetter, StaffRole


def test_a_person_is_invited_listed_and_their_access_ended(done, trial: Trial):
    invited = done("staff", "invite", "nora@trial.example", "Nora", SLUG, "redactor", "researcher")
    assert "A letter to Nora waits" in invited
    assert only(trial.database, StaffLetter).kind == "invitation"
    listed = done("staff", "list", SLUG)
    assert (
        "nora@trial.example  Nora: Redactor and researcher (has not set a password yet)" in listed
    )
    assert "coordinator@trial.example  Coordinator: Coordinator\n" in listed
    before = len(rows(trial.database, StaffRole))
    ended = done("staff", "revoke", "nora@trial.example", SLUG)
    assert "no access to bolton-primary any more; the account is closed" in ended
    assert len(rows(trial.database, StaffRole)) == before - 2


def test_roles_that_break_the_masking_are_refused(refused, trial: Trial):
    told = refused(
        "staff", "invite", "nora@trial.example", "Nora", SLUG, "coordinator", "evaluator"
    )
    assert "until they are released" in told
    assert "until they are released" in refused(
        "staff", "grant", "coordinator@trial.example", SLUG, "evaluator"
    )
    assert rows(trial.database, StaffLetter) == []


def test_an_address_that_nobody_has_is_told(refused, trial: Trial):
    assert "Nobody on staff has" in refused("staff", "revoke", "no@trial.example", SLUG)
