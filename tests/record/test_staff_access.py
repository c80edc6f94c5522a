"""Access to a study: invited by letter, by a link that works once; changed; ended; nobody's own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from at_once import at_once
from letterboxes import BASE_URL, Remembering, settings_for, text_of
from looking import events, everything, only, rows
from sqlalchemy import select
from trials import BY, KEY, PASSWORD, Trial

from survey_app.database.models import Staff, StaffLetter, StaffSession
from survey_app.database.queries.staff import staff_by_email
from survey_app.jobs.staff_letters import deliver_staff_letters
from survey_app.mail.errors import LetterDelayed, LetterRefused, MailServerUnavailable
from survey_app.operations.errors import OperationError, SignInRefusedError
from survey_app.operations.staff import grant_role, open_session, revoke_role, roles_held, sign_in
from survey_app.operations.staff_access import (
    GOOD_FOR,
    MOST_LETTERS_A_DAY,
    change_roles,
    end_access,
    invite_staff,
    send_link_to_staff,
    set_password_by_link,
    staff_of_link,
)
from survey_app.operations.studies import unmask_study

NORA = "nora@trial.example"
NEW = "four quite ordinary words"


def invite(trial: Trial, *roles, email: str = NORA, name: str = "Nora", by: str = BY) -> None:
    with trial.database.writing() as session:
        invite_staff(
            session,
            study=trial.study(session),
            name=name,
            email=email,
            roles=roles or ("redactor",),
            key=KEY,
            by=by,
            at=trial.clock(),
        )


def deliver(trial: Trial, tmp_path, *faults) -> Remembering:
    address = trial.database.engine.url.render_as_string(hide_password=False)
    carrier = Remembering(*faults)
    deliver_staff_letters(
        settings_for(address, tmp_path), trial.database, clock=trial.clock, transport=carrier
    )
    return carrier


def token_in(text: str) -> str:
    (token,) = re.findall(rf"{BASE_URL}/account/set-password/(\S+)", text)
    return token


def invited_token(trial: Trial, tmp_path) -> str:
    invite(trial)
    (message,) = deliver(trial, tmp_path).sent
    return token_in(text_of(message))


def set_password(trial: Trial, token: str, password: str = NEW) -> bool:
    with trial.database.writing() as session:
        return (
            set_password_by_link(session, token=token, password=password, at=trial.clock())
            is not None
        )


def may_sign_in(trial: Trial, email: str = NORA, password: str = NEW) -> bool:
    try:
        with trial.database.writing() as session:
            sign_in(
                session,
                email=email,
                password=password,
                token=f"{email} {password}",
                network_hash="here",
                key=KEY,
                at=trial.clock(),
            )
    except SignInRefusedError:
        return False
    return True


def person(session, email: str) -> Staff:
    staff = staff_by_email(session, email)
    assert staff is not None
    return staff


def roles_of(trial: Trial, email: str) -> set[str]:
    with trial.database.reading() as session:
        return roles_held(session, staff=person(session, email), study=trial.study(session))


def test_an_invited_person_has_roles_and_cannot_sign_in(trial: Trial):
    invite(trial, "redactor", "researcher", email=" Nora@Trial.example ")
    assert roles_of(trial, NORA) == {"redactor", "researcher"}
    assert not may_sign_in(trial, password="")
    assert not may_sign_in(trial, password=NEW)
    assert [event.detail["role"] for event in events(trial.database, "role_granted")[-2:]] == [
        "redactor",
        "researcher",
    ]
    assert len(events(trial.database, "staff_invited")) == 1


def test_the_letter_says_what_was_given_and_its_link_sets_a_password(trial: Trial, tmp_path):
    invite(trial, "redactor", "researcher")
    (message,) = deliver(trial, tmp_path).sent
    text = text_of(message)
    assert message["To"] == f"Nora <{NORA}>"
    assert "as redactor and researcher" in text
    assert "12:00 on Monday" in text
    assert message["Auto-Submitted"] == "auto-generated"
    assert str(message["Message-ID"]).startswith("<staff-letter-")
    token = token_in(text)
    assert token not in str(everything(trial.database))
    assert set_password(trial, token)
    assert may_sign_in(trial)
    assert len(events(trial.database, "password_set_by_link")) == 1
    assert only(trial.database, StaffLetter).state == "sent"


def test_a_link_works_once(trial: Trial, tmp_path):
    token = invited_token(trial, tmp_path)
    assert set_password(trial, token)
    assert not set_password(trial, token, "another password of mine")
    assert may_sign_in(trial)


def test_a_link_used_twice_at_the_same_time_works_once(trial: Trial, tmp_path):
    token = invited_token(trial, tmp_path)
    done = at_once(
        trial,
        lambda one: set_password(one, token),
        lambda another: set_password(another, token, "another password"),
    )
    assert sorted(map(str, done)) == ["False", "True"]


def test_a_link_is_good_for_a_week(trial: Trial, tmp_path):
    token = invited_token(trial, tmp_path)
    trial.clock.at += GOOD_FOR - timedelta(seconds=1)
    with trial.database.reading() as session:
        assert staff_of_link(session, token=token, at=trial.clock()) is not None
    trial.clock.move(seconds=1)
    assert not set_password(trial, token)


@pytest.mark.parametrize("token", ["", "x" * 32, "é" * 32, "x" * 4000])
def test_a_made_up_link_sets_nothing(trial: Trial, token: str):
    before = everything(trial.database)
    assert not set_password(trial, token)
    assert everything(trial.database) == before


def test_a_password_too_short_uses_no_link_up(trial: Trial, tmp_path):
    token = invited_token(trial, tmp_path)
    with pytest.raises(OperationError, match="at least 12"):
        set_password(trial, token, "short")
    assert set_password(trial, token)


def test_a_link_sent_again_replaces_the_one_before(trial: Trial, tmp_path):
    first = invited_token(trial, tmp_path)
    send_again(trial, NORA)
    (message,) = deliver(trial, tmp_path).sent
    assert not set_password(trial, first)
    assert set_password(trial, token_in(text_of(message)))


def send_again(trial: Trial, email: str) -> None:
    with trial.database.writing() as session:
        send_link_to_staff(
            session,
            study=trial.study(session),
            staff=person(session, email),
            key=KEY,
            by=BY,
            at=trial.clock(),
        )


def test_nobody_is_sent_many_letters_a_day(trial: Trial):
    for _ in range(MOST_LETTERS_A_DAY):
        send_again(trial, "redactor@trial.example")
    with pytest.raises(OperationError, match="within a day"):
        send_again(trial, "redactor@trial.example")
    trial.clock.move(hours=25)
    send_again(trial, "redactor@trial.example")


def test_a_forgotten_password_is_set_anew_and_every_sign_in_ends(trial: Trial, tmp_path):
    email = "redactor@trial.example"
    assert may_sign_in(trial, email, PASSWORD)
    send_again(trial, email)
    assert may_sign_in(trial, "researcher@trial.example", PASSWORD)
    (message,) = deliver(trial, tmp_path).sent
    assert "Your password stays as it is until you choose another." in text_of(message)
    assert set_password(trial, token_in(text_of(message)))
    assert not may_sign_in(trial, email, PASSWORD)
    assert may_sign_in(trial, email, NEW)
    ended = [each.ended_at is not None for each in rows(trial.database, StaffSession)]
    assert ended == [True, False, False]


def test_who_has_an_account_keeps_it_and_is_told(trial: Trial, tmp_path):
    invite(trial, "redactor", email="eve@trial.example")
    (message,) = deliver(trial, tmp_path).sent
    assert "set-password" not in text_of(message)
    assert f"{BASE_URL}/account/sign-in" in text_of(message)
    assert may_sign_in(trial, "eve@trial.example", PASSWORD)


def test_who_is_in_the_study_already_is_not_invited(trial: Trial):
    with pytest.raises(OperationError, match="Change their roles instead"):
        invite(trial, email="redactor@trial.example")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"email": "nobody"}, "is not an email address"),
        ({"email": "a b@c.example"}, "is not an email address"),
        ({"name": " "}, "The name is missing"),
        ({"name": "x" * 201}, "longer than 200"),
    ],
)
def test_what_cannot_be_written_to_is_refused(trial: Trial, facts, words):
    before = everything(trial.database)
    with pytest.raises(OperationError, match=words):
        invite(trial, **facts)
    assert everything(trial.database) == before


@pytest.mark.parametrize("masked", ["researcher", "evaluator"])
def test_nobody_sees_the_arms_and_works_masked_in_one_study(trial: Trial, masked):
    before = everything(trial.database)
    with pytest.raises(OperationError, match="until they are released"):
        invite(trial, "coordinator", masked)
    with pytest.raises(OperationError, match="until they are released"):
        give(trial, "coordinator@trial.example", masked)
    assert everything(trial.database) == before
    with trial.database.writing() as session:
        unmask_study(session, study=trial.study(session), because="Done.", by=BY, at=trial.clock())
    give(trial, "coordinator@trial.example", masked)


def test_whoever_was_told_the_arms_does_no_masked_work_later(trial: Trial):
    email = "coordinator@trial.example"
    trial.randomise(told="coordinator")
    with pytest.raises(OperationError, match="was told the arms"):
        change(trial, email, "evaluator")
    assert change(trial, email, "redactor")
    with pytest.raises(OperationError, match="was told the arms"):
        give(trial, email, "researcher")
    end(trial, email)
    with pytest.raises(OperationError, match="was told the arms"):
        invite(trial, "researcher", email=email)


def give(trial: Trial, email: str, role) -> None:
    with trial.database.writing() as session:
        grant_role(
            session,
            staff=person(session, email),
            study=trial.study(session),
            role=role,
            by=BY,
            at=trial.clock(),
        )


def change(trial: Trial, email: str, *roles, by: str = BY) -> bool:
    with trial.database.writing() as session:
        return change_roles(
            session,
            study=trial.study(session),
            staff=person(session, email),
            roles=roles,
            by=by,
            at=trial.clock(),
        )


def test_roles_are_changed_and_each_change_is_on_the_trail(trial: Trial):
    assert change(trial, "redactor@trial.example", "researcher", "safeguarding_contact")
    assert roles_of(trial, "redactor@trial.example") == {"researcher", "safeguarding_contact"}
    assert [event.detail for event in events(trial.database, "role_revoked")] == [
        {"role": "redactor"}
    ]
    assert not change(trial, "redactor@trial.example", "researcher", "safeguarding_contact")


def test_a_role_that_is_not_held_cannot_be_taken(trial: Trial):
    before = everything(trial.database)
    with trial.database.writing() as session:
        eve = person(session, "eve@trial.example")
        revoke_role(
            session, staff=eve, study=trial.study(session), role="redactor", by=BY, at=trial.clock()
        )
    assert everything(trial.database) == before


def test_nobody_changes_their_own_access(trial: Trial):
    email = "data-manager@trial.example"
    own = f"staff:{trial.staff_with('data_manager').id}"
    before = everything(trial.database)
    with pytest.raises(OperationError, match="your own roles"):
        change(trial, email, "coordinator", by=own)
    with pytest.raises(OperationError, match="your own access"):
        end(trial, email, by=own)
    assert everything(trial.database) == before


def test_who_has_no_role_in_the_study_is_no_concern_of_it(trial: Trial):
    with pytest.raises(OperationError, match="no role in this study"):
        change(trial, "eve@trial.example", "redactor")
    with pytest.raises(OperationError, match="no role in this study"):
        end(trial, "eve@trial.example")
    with pytest.raises(OperationError, match="no role in this study"):
        send_again(trial, "eve@trial.example")


def end(trial: Trial, email: str, *, by: str = BY) -> bool:
    with trial.database.writing() as session:
        return end_access(
            session,
            study=trial.study(session),
            staff=person(session, email),
            by=by,
            at=trial.clock(),
        )


def test_access_that_ends_closes_an_account_without_another_study(trial: Trial):
    email = "redactor@trial.example"
    assert may_sign_in(trial, email, PASSWORD)
    assert end(trial, email)
    assert roles_of(trial, email) == set()
    assert not may_sign_in(trial, email, PASSWORD)
    assert all(each.ended_at is not None for each in rows(trial.database, StaffSession))
    assert len(events(trial.database, "access_ended")) == 1
    assert len(events(trial.database, "account_closed")) == 1


def test_who_comes_back_is_invited_as_somebody_new_would_be(trial: Trial, tmp_path):
    email = "redactor@trial.example"
    end(trial, email)
    invite(trial, "researcher", email=email)
    assert not may_sign_in(trial, email, PASSWORD)
    (message,) = deliver(trial, tmp_path).sent
    assert set_password(trial, token_in(text_of(message)))
    assert may_sign_in(trial, email, NEW)


def test_an_invitation_whose_access_ended_opens_nothing_and_is_not_sent(trial: Trial, tmp_path):
    token = invited_token(trial, tmp_path)
    send_again(trial, NORA)
    end(trial, NORA)
    assert not set_password(trial, token)
    assert deliver(trial, tmp_path).sent == []
    assert [each.state for each in rows(trial.database, StaffLetter)] == ["sent", "cancelled"]


def test_a_closed_account_s_session_opens_nothing(trial: Trial):
    with trial.database.writing() as session:
        staff = person(session, "redactor@trial.example")
        open_session(session, staff=staff, token="t", at=trial.clock())
    end(trial, "redactor@trial.example")
    with trial.database.reading() as session:
        ended = session.scalars(select(StaffSession.ended_at)).all()
    assert ended == [trial.clock()]


def test_a_refused_letter_is_parked_and_a_delayed_one_tried_again(trial: Trial, tmp_path):
    invite(trial)
    assert deliver(trial, tmp_path, LetterDelayed("later")).sent == []
    assert deliver(trial, tmp_path).sent == []
    trial.clock.move(minutes=1)
    carrier = deliver(trial, tmp_path)
    assert (len(carrier.sent), carrier.retries) == (1, [True])
    invite(trial, email="nell@trial.example")
    assert deliver(trial, tmp_path, LetterRefused("no")).sent == []
    trial.clock.move(days=1)
    assert deliver(trial, tmp_path).sent == []
    assert [each.state for each in rows(trial.database, StaffLetter)] == ["sent", "refused"]


def test_a_server_that_is_away_costs_no_letter(trial: Trial, tmp_path):
    invite(trial)
    for _ in range(20):
        deliver(trial, tmp_path, MailServerUnavailable("away"))
        trial.clock.move(hours=7)
    assert len(deliver(trial, tmp_path).sent) == 1


def test_a_dead_worker_s_letter_is_sent_by_the_next(trial: Trial, tmp_path):
    invite(trial)
    with pytest.raises(KeyboardInterrupt):
        deliver(trial, tmp_path, KeyboardInterrupt())
    assert deliver(trial, tmp_path).sent == []
    trial.clock.move(minutes=11)
    assert len(deliver(trial, tmp_path).sent) == 1
