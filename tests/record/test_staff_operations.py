"""Staff: added with a password, given roles, signed in and out."""

from __future__ import annotations

import pytest
from looking import events, everything, only, rows
from sqlalchemy import update
from trials import BY, KEY, PASSWORD, Trial

from survey_app.database.models import Staff, StaffRole, StaffSession
from survey_app.database.queries.staff import session_by_hash, staff_by_email, staff_with_role
from survey_app.operations.errors import OperationError, SignInRefusedError
from survey_app.operations.staff import (
    add_staff,
    end_session,
    grant_role,
    session_hash,
    sign_in,
)

ADDRESS = "coordinator@trial.example"


def enter(trial: Trial, email: str = ADDRESS, password: str = PASSWORD, token: str = "t") -> None:
    with trial.database.writing() as session:
        sign_in(
            session,
            email=email,
            password=password,
            token=token,
            network_hash="here",
            key=KEY,
            at=trial.clock(),
        )


def leave(trial: Trial, token: str = "t") -> None:
    with trial.database.writing() as session:
        end_session(session, token=token, at=trial.clock())


def is_open(trial: Trial, token: str = "t") -> bool:
    with trial.database.reading() as session:
        return session_by_hash(session, session_hash(token)) is not None


def test_a_password_is_kept_only_as_an_argon2_hash(trial: Trial):
    hashes = {staff.password_hash for staff in rows(trial.database, Staff)}
    assert len(hashes) == len(rows(trial.database, Staff))
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in hashes)
    assert PASSWORD not in str(everything(trial.database))


def add(trial: Trial, **changes) -> None:
    facts = {"name": "Nora", "email": "nora@trial.example", "password": PASSWORD, **changes}
    with trial.database.writing() as session:
        add_staff(session, by=BY, at=trial.clock(), **facts)


def test_an_address_is_kept_in_lower_case_and_names_one_person(trial: Trial):
    add(trial, email=" Nora@Trial.Example ")
    with trial.database.reading() as session:
        assert staff_by_email(session, "NORA@trial.example") is not None
    with pytest.raises(OperationError, match="already on staff"):
        add(trial)


def test_a_short_password_is_refused(trial: Trial):
    with pytest.raises(OperationError, match="at least 12"):
        add(trial, password="eleven char")


def test_a_new_person_may_do_nothing(trial: Trial):
    add(trial)
    with trial.database.reading() as session:
        found = staff_by_email(session, "nora@trial.example")
    assert found is not None
    assert found.roles == []


def grant(trial: Trial, role: str) -> None:
    with trial.database.writing() as session:
        staff = staff_by_email(session, "eve@trial.example")
        assert staff is not None
        grant_role(
            session,
            staff=staff,
            study=trial.study(session),
            role=role,  # type: ignore[arg-type]  # unknown ones are tried too
            by=BY,
            at=trial.clock(),
        )


def test_a_role_is_given_once(trial: Trial):
    before = len(rows(trial.database, StaffRole))
    grant(trial, "redactor")
    grant(trial, "redactor")
    assert len(rows(trial.database, StaffRole)) == before + 1
    assert events(trial.database, "role_granted")[-1].detail == {"role": "redactor"}


def test_an_unknown_role_is_refused(trial: Trial):
    with pytest.raises(OperationError, match="There is no role director"):
        grant(trial, "director")


def test_the_first_person_of_a_role_is_found_unless_disabled(trial: Trial):
    with trial.database.reading() as session:
        study_id = trial.study(session).id
        found = staff_with_role(session, study_id=study_id, role="redactor")
        assert found is not None
        assert found.email == "redactor@trial.example"
    disable(trial, "redactor@trial.example")
    with trial.database.reading() as session:
        assert staff_with_role(session, study_id=study_id, role="redactor") is None


def disable(trial: Trial, address: str = ADDRESS) -> None:
    with trial.database.writing() as session:
        session.execute(
            update(Staff).where(Staff.email == address).values(disabled_at=trial.clock())
        )


@pytest.mark.parametrize("address", [ADDRESS, " Coordinator@Trial.Example "])
def test_the_right_password_opens_a_session(trial: Trial, address):
    enter(trial, email=address)
    assert is_open(trial)
    opened = only(trial.database, StaffSession)
    assert opened.token_hash == session_hash("t")
    (event,) = events(trial.database, "signed_in")
    assert event.by == f"staff:{opened.staff_id}"


@pytest.mark.parametrize(
    ("address", "password"),
    [
        (ADDRESS, "correct horse battery stapl"),
        (ADDRESS, ""),
        (ADDRESS, "\x00"),
        ("nobody@trial.example", PASSWORD),
        ("nobody@trial.example", "nobody's password"),
        ("", ""),
        ("a\x00b", PASSWORD),
    ],
)
def test_anything_else_is_refused_in_the_same_words(trial: Trial, address, password):
    with pytest.raises(SignInRefusedError) as refused:
        enter(trial, address, password)
    assert str(refused.value) == "The email address and password do not belong together."
    assert rows(trial.database, StaffSession) == []


def test_a_disabled_person_cannot_sign_in_and_is_out_at_once(trial: Trial):
    enter(trial)
    disable(trial)
    assert not is_open(trial)
    with pytest.raises(SignInRefusedError):
        enter(trial, token="another")


def test_an_ended_session_stays_ended(trial: Trial):
    enter(trial)
    enter(trial, token="other browser")
    leave(trial)
    assert not is_open(trial)
    assert is_open(trial, "other browser")
    before = everything(trial.database)
    leave(trial)
    leave(trial, "never opened")
    assert everything(trial.database) == before
    assert len(events(trial.database, "signed_out")) == 1
