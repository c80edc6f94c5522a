"""Every endpoint is public by this list, or guarded; and each role reaches what this table says."""

from __future__ import annotations

import re

import pytest
from endpoints import ARGUMENT, doors
from flask import Flask
from looking import everything
from trials import BY, SLUG, Trial

from survey_app.operations.staff import grant_role
from survey_app.operations.studies import register_study
from survey_app.roles import ROLES, Role
from survey_app.trial.design import load_ready_made
from survey_app.web.access import PUBLIC, SIGNED_IN, VISITOR, access_of

ANOTHER = "greater-manchester-secondary"

PUBLIC_ENDPOINTS = {
    "public.start",
    "public.health",
    "public.live",
    "public.ready",
    "public.metrics",
    "static_file",
    "account.sign_in",
    "account.open_sign_in",
    "account.sign_out",
    "carriers.notify_report",
    "account.second_factor",
    "account.pass_factor",
    "account.set_password",
    "account.take_password",
}
OF_THE_DEMONSTRATION = {
    "demonstration.mailbox",
    "demonstration.letter",
    "account_demonstration.sign_in_as",
}
OF_PARTICIPANTS = {
    "participant.link",
    "participant.open_link",
    "participant.resume",
    "participant.consent",
    "participant.give_consent",
    "participant.page",
    "participant.save",
    "participant.save_items",
    "participant.check",
    "participant.submit_answers",
    "participant.receipt",
    "participant.email_receipt",
    "participant.saved",
    "participant.leave",
    "participant.left",
    "participant.ask_to_stop",
    "participant.stop",
    "participant.new_link",
    "participant.ask_for_link",
    "participant.link_asked_for",
    "participant.code",
    "participant.open_code",
    "participant.disown",
    "participant.disowned",
    "participant.withdrawing",
    "participant.withdraw",
    "participant.withdrawn",
}
ALL_STAFF = {
    "account.studies",
    "account.security",
    "account.new_password",
    "account.end_others",
    "account.new_recovery_codes",
    "catalogue.instruments",
    "catalogue.facts",
    "catalogue.preview",
    "catalogue.dictionary",
}
EVERY_ROLE = set(ROLES)
ROLES_OF = {
    "coordinator.overview": EVERY_ROLE,
    "coordinator.dashboard": EVERY_ROLE,
    "coordinator.waves": {"coordinator"},
    "coordinator.rehearsals": {"coordinator"},
    "coordinator.rehearse": {"coordinator"},
    "coordinator.rehearsal_report": {"coordinator"},
    "coordinator.rehearsal_pdf": {"coordinator"},
    "coordinator.forget_rehearsal": {"coordinator"},
    "coordinator.wave": {"coordinator"},
    "coordinator.move_wave": {"coordinator"},
    "coordinator.schools": {"coordinator"},
    "coordinator.roster_import": {"coordinator"},
    "coordinator.take_roster": {"coordinator"},
    "coordinator.sharing": {"coordinator"},
    "coordinator.new_school": {"coordinator"},
    "coordinator.take_new_school": {"coordinator"},
    "coordinator.school": {"coordinator"},
    "coordinator.edit_school": {"coordinator"},
    "coordinator.take_school": {"coordinator"},
    "coordinator.merge_school": {"coordinator"},
    "coordinator.take_school_merge": {"coordinator"},
    "coordinator.new_person": {"coordinator"},
    "coordinator.take_new_person": {"coordinator"},
    "coordinator.edit_person": {"coordinator"},
    "coordinator.take_person": {"coordinator"},
    "coordinator.leaving": {"coordinator"},
    "coordinator.take_leaving": {"coordinator"},
    "coordinator.following": {"coordinator"},
    "coordinator.take_following": {"coordinator"},
    "coordinator.moving": {"coordinator"},
    "coordinator.take_moving": {"coordinator"},
    "coordinator.also_at": {"coordinator"},
    "coordinator.take_also_at": {"coordinator"},
    "coordinator.end_also_at": {"coordinator"},
    "coordinator.take_come_back": {"coordinator"},
    "coordinator.take_withdrawal": {"coordinator"},
    "coordinator.merge_person": {"coordinator"},
    "coordinator.take_person_merge": {"coordinator"},
    "coordinator.invitations": {"coordinator"},
    "coordinator.invite": {"coordinator"},
    "coordinator.letters": {"coordinator"},
    "coordinator.letter_plan": {"coordinator"},
    "coordinator.letter_plan_csv": {"coordinator"},
    "coordinator.preview": {"coordinator"},
    "coordinator.preview_as_sent": {"coordinator"},
    "coordinator.send_test": {"coordinator"},
    "coordinator.resend": {"coordinator"},
    "coordinator.pause": {"coordinator"},
    "coordinator.resume": {"coordinator"},
    "coordinator.person": {"coordinator"},
    "coordinator.stop_reminders_to": {"coordinator"},
    "coordinator.allow_reminders_to": {"coordinator"},
    "coordinator.new_link_to": {"coordinator"},
    "coordinator.take_back_all": {"coordinator"},
    "coordinator.take_back": {"coordinator"},
    "coordinator.settle": {"coordinator"},
    "coordinator.for_the_post": {"coordinator"},
    "coordinator.print_for_the_post": {"coordinator"},
    "coordinator.taking_back": {"coordinator"},
    "coordinator.take_back_together": {"coordinator"},
    "coordinator.new_links": {"coordinator"},
    "coordinator.authority_outcomes": {"coordinator", "data_manager"},
    "coordinator.counts_import": {"coordinator", "data_manager"},
    "coordinator.take_counts": {"coordinator", "data_manager"},
    "coordinator.sessions": {"coordinator"},
    "coordinator.school_sessions": {"coordinator"},
    "coordinator.take_session": {"coordinator"},
    "coordinator.session_marks": {"coordinator"},
    "coordinator.take_session_marks": {"coordinator"},
    "coordinator.session_import": {"coordinator"},
    "coordinator.take_sessions_file": {"coordinator"},
    "coordinator.randomisation": {"coordinator"},
    "coordinator.randomise": {"coordinator"},
    "coordinator.randomise_late": {"coordinator"},
    "coordinator.allocation_import": {"coordinator"},
    "coordinator.take_allocation": {"coordinator"},
    "coordinator.certificate": {"coordinator"},
    "redactor.queue": {"redactor"},
    "redactor.release": {"redactor"},
    "researcher.comments": {"researcher"},
    "researcher.comment": {"researcher"},
    "researcher.code": {"researcher"},
    "researcher.codebook": {"researcher"},
    "researcher.add_to_codebook": {"researcher"},
    "evaluator.reports": {"evaluator"},
    "evaluator.make_report": {"evaluator"},
    "evaluator.report": {"evaluator"},
    "evaluator.report_pdf": {"evaluator"},
    "evaluator.certificate": {"evaluator"},
    "data_manager.audit_trail": {"data_manager"},
    "data_manager.audit_trail_file": {"data_manager"},
    "data_manager.rights": {"data_manager"},
    "data_manager.rights_of": {"data_manager"},
    "data_manager.withdraw": {"data_manager"},
    "data_manager.erase": {"data_manager"},
    "data_manager.held": {"data_manager"},
    "data_manager.held_pages": {"data_manager"},
    "data_manager.unmasking": {"data_manager"},
    "data_manager.unmask": {"data_manager"},
    "data_manager.staff": {"data_manager"},
    "data_manager.invite": {"data_manager"},
    "data_manager.member": {"data_manager"},
    "data_manager.set_roles": {"data_manager"},
    "data_manager.send_link": {"data_manager"},
    "data_manager.take_access": {"data_manager"},
    "data_manager.release_to": {"data_manager"},
}


def test_every_endpoint_is_on_a_list_of_this_test(app: Flask, production: Flask):
    everywhere = PUBLIC_ENDPOINTS | OF_PARTICIPANTS | ALL_STAFF | set(ROLES_OF)
    assert set(production.view_functions) == everywhere
    assert set(app.view_functions) == everywhere | OF_THE_DEMONSTRATION


def test_every_endpoint_says_who_it_is_for(app: Flask):
    for endpoint in app.view_functions:
        access = access_of(app, endpoint)
        if endpoint in PUBLIC_ENDPOINTS | OF_THE_DEMONSTRATION:
            assert access == PUBLIC, endpoint
        elif endpoint in OF_PARTICIPANTS:
            assert access == VISITOR, endpoint
        elif endpoint in ALL_STAFF:
            assert access == SIGNED_IN, endpoint
        else:
            assert access not in (None, PUBLIC, VISITOR, SIGNED_IN), endpoint


def test_a_view_that_does_not_say_is_refused(app: Flask):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    assert app.test_client().get("/forgotten").status_code == 403


def test_signed_out_every_guarded_endpoint_leads_to_sign_in(app: Flask, trial: Trial):
    before = everything(trial.database)
    guarded = 0
    for endpoint, method, path in doors(app):
        if endpoint in ALL_STAFF | set(ROLES_OF):
            guarded += 1
            answer = app.test_client().open(path, method=method)
            assert answer.status_code == 303, (endpoint, method)
            assert answer.location.startswith("/account/sign-in"), (endpoint, method)
    assert guarded > 40
    assert everything(trial.database) == before


def test_eve_who_has_no_role_finds_no_study(app: Flask, trial: Trial, browser_of):
    eve = browser_of("eve")
    before = everything(trial.database)
    for endpoint, method, path in doors(app):
        if endpoint in ROLES_OF:
            assert eve.open(path, method=method).status_code == 404, (endpoint, method)
    assert everything(trial.database) == before
    assert trial.definition.title not in eve.get("/studies").get_data(as_text=True)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_counts_in_its_own_study_alone(app: Flask, trial: Trial, browser_of, role):
    other = ROLES[(ROLES.index(role) + 1) % len(ROLES)]
    give(trial, role, other, ANOTHER)
    browser = browser_of(role)
    here, there = f"/studies/{SLUG}/", f"/studies/{ANOTHER}/"
    before = everything(trial.database)
    for endpoint, method, path in doors(app):
        if endpoint in ROLES_OF and role not in ROLES_OF[endpoint]:
            assert browser.open(path, method=method).status_code == 403, (endpoint, method)
        if endpoint in ROLES_OF and other not in ROLES_OF[endpoint]:
            theirs = path.replace(here, there)
            assert theirs != path
            assert browser.open(theirs, method=method).status_code == 403, (endpoint, method)
    assert everything(trial.database) == before


def give(trial: Trial, person: str, role: Role, slug: str) -> None:
    """Give somebody a role in another study, which is put on record first."""
    with trial.database.writing() as session:
        study = register_study(session, definition=load_ready_made()[slug], by=BY, at=trial.clock())
        staff = trial.staff_with(person)
        grant_role(session, staff=staff, study=study, role=role, by=BY, at=trial.clock())


def test_a_study_that_is_not_there_and_one_of_others_look_the_same(app: Flask, browser_of):
    eve = browser_of("eve")
    theirs = eve.get(f"/studies/{SLUG}/").get_data()
    assert eve.get("/studies/no-such-study/").get_data() == theirs
    assert eve.get("/studies/no%00such/").get_data() == theirs


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_is_not_its_own(app: Flask, trial: Trial, browser_of, role):
    browser = browser_of(role)
    before = everything(trial.database)
    for endpoint, method, path in doors(app):
        if endpoint in ROLES_OF and role not in ROLES_OF[endpoint]:
            assert browser.open(path, method=method).status_code == 403, (endpoint, method)
    assert everything(trial.database) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_all_that_is_its_own(app: Flask, trial: Trial, browser_of, role):
    browser = browser_of(role)
    for endpoint, method, path in doors(app):
        if role in ROLES_OF.get(endpoint, ()):
            answer = browser.open(path, method=method)
            assert answer.status_code not in (401, 403, 405, 500), (endpoint, method)
            assert "sign-in" not in (answer.location or ""), (endpoint, method)


@pytest.mark.parametrize("role", [*ROLES, "eve"])
def test_a_staff_sign_in_opens_no_participant_s_page(app: Flask, trial: Trial, browser_of, role):
    trial.invite()
    browser = browser_of(role)
    reference = trial.reference()
    for page in ("", "consent", "gad7", "check", "receipt"):
        words = browser.get(f"/answer/{reference}/{page}").get_data(as_text=True)
        assert "Person 1" not in words
        assert "gad7_1" not in words


def test_a_participant_s_visit_opens_no_staff_page(app: Flask, trial: Trial):
    trial.invite()
    visitor = app.test_client()
    visitor.post(f"/link/{trial.token()}")
    for endpoint, method, path in doors(app):
        if endpoint in ALL_STAFF | set(ROLES_OF):
            assert visitor.open(path, method=method).status_code == 303, (endpoint, method)


def test_the_mailbox_and_one_click_sign_in_are_not_in_production(production: Flask, trial: Trial):
    browser = production.test_client()
    assert browser.get("/mailbox", base_url="https://survey.example.org").status_code == 404
    assert browser.get("/mailbox/1", base_url="https://survey.example.org").status_code == 404
    one_click = browser.post(
        "/account/demonstration-sign-in/coordinator", base_url="https://survey.example.org"
    )
    assert one_click.status_code in (400, 404)
    assert "Set-Cookie" not in one_click.headers
    start = browser.get("/", base_url="https://survey.example.org").get_data(as_text=True)
    assert "/mailbox" not in start
    assert "demonstration-sign-in" not in start


def test_every_address_is_typed_and_kebab_case(app: Flask):
    for rule in app.url_map.iter_rules():
        for found in ARGUMENT.finditer(rule.rule):
            assert found["converter"], rule.rule
        for part in ARGUMENT.sub("", rule.rule).split("/"):
            assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", part), rule.rule
