"""Different wrong passwords make a network wait; nobody waits for what others do elsewhere."""

from __future__ import annotations

import pytest
from looking import events, everything, rows
from trials import KEY, PASSWORD, Trial

from survey_app.database.models import WrongSignIn
from survey_app.operations.errors import SignInRefusedError, SignInSlowedError
from survey_app.operations.staff import sign_in
from survey_app.operations.wrong_sign_ins import (
    FREE_TRIES,
    FREE_TRIES_OF_ONE_NETWORK,
    LONGEST_WAIT,
    WINDOW,
)

ADA = "coordinator@trial.example"


def attempt(trial: Trial, password: str, *, email: str = ADA, network: str = "here") -> str:
    """Try to sign in, and commit what came of it as a page does."""
    with trial.database.writing() as session:
        try:
            sign_in(
                session,
                email=email,
                password=password,
                token=f"{network} {password}",
                network_hash=network,
                key=KEY,
                at=trial.clock(),
            )
        except SignInSlowedError as error:
            return f"wait {error.seconds}"
        except SignInRefusedError:
            return "wrong"
        return "in"


def guesses(trial: Trial, n: int, **where: str) -> list[str]:
    return [attempt(trial, f"guess {number}", **where) for number in range(n)]


def test_a_few_wrong_passwords_cost_nothing(trial: Trial):
    assert guesses(trial, FREE_TRIES - 1) == ["wrong"] * (FREE_TRIES - 1)
    assert attempt(trial, PASSWORD) == "in"
    assert rows(trial.database, WrongSignIn) == []


def test_after_five_the_next_waits_and_is_not_looked_at(trial: Trial):
    assert guesses(trial, FREE_TRIES) == ["wrong"] * FREE_TRIES
    assert attempt(trial, PASSWORD) == "wait 2"
    trial.clock.move(seconds=2)
    assert attempt(trial, PASSWORD) == "in"


def test_each_wrong_one_doubles_the_wait_up_to_a_minute(trial: Trial):
    guesses(trial, FREE_TRIES)
    waits = []
    for number in range(7):
        waits.append(attempt(trial, PASSWORD))
        trial.clock.move(seconds=LONGEST_WAIT.total_seconds())
        assert attempt(trial, f"another {number}") == "wrong"
    assert waits == [f"wait {seconds}" for seconds in (2, 4, 8, 16, 32, 60, 60)]


def test_from_elsewhere_the_right_password_gets_in_at_once(trial: Trial):
    guesses(trial, FREE_TRIES + 3)
    assert attempt(trial, PASSWORD) != "in"
    assert attempt(trial, PASSWORD, network="home") == "in"


def test_from_here_another_person_gets_in_at_once(trial: Trial):
    guesses(trial, FREE_TRIES)
    assert attempt(trial, PASSWORD, email="evaluator@trial.example") == "in"


def test_one_wrong_password_tried_again_and_again_is_one(trial: Trial):
    assert [attempt(trial, "the old one") for _ in range(20)] == ["wrong"] * 20
    assert len(rows(trial.database, WrongSignIn)) == 1


def test_many_names_from_one_network_are_slowed_too(trial: Trial):
    for number in range(FREE_TRIES_OF_ONE_NETWORK):
        assert attempt(trial, "password1", email=f"person{number}@trial.example") == "wrong"
    assert attempt(trial, PASSWORD).startswith("wait")
    assert attempt(trial, PASSWORD, network="home") == "in"


def test_names_that_nobody_has_are_counted_alike(trial: Trial):
    assert guesses(trial, FREE_TRIES, email="nobody@trial.example") == ["wrong"] * FREE_TRIES
    assert attempt(trial, PASSWORD, email="nobody@trial.example") == "wait 2"


def test_what_left_the_window_is_forgotten(trial: Trial):
    guesses(trial, FREE_TRIES)
    trial.clock.at += WINDOW
    assert attempt(trial, "wrong once more") == "wrong"
    assert len(rows(trial.database, WrongSignIn)) == 1


def test_nothing_that_was_typed_is_kept(trial: Trial):
    attempt(trial, "guess-the-secret", email="someone@elsewhere.example", network="from here")
    kept = str(everything(trial.database)["wrong_sign_in"])
    assert "guess" not in kept
    assert "elsewhere" not in kept
    assert len(rows(trial.database, WrongSignIn)[0].guess_hash) == 4


def test_the_crossing_is_on_the_trail_once_and_logged_without_a_name(trial: Trial, caplog):
    guesses(trial, FREE_TRIES + 4)
    (event,) = events(trial.database, "sign_ins_slowed")
    assert (event.by, event.detail) == ("visitor", {})
    assert caplog.text.count("wrong passwords were tried") == 1
    assert ADA not in caplog.text


@pytest.mark.parametrize("email", [ADA.upper(), f" {ADA} "])
def test_a_name_is_the_same_however_it_is_typed(trial: Trial, email: str):
    guesses(trial, FREE_TRIES)
    assert attempt(trial, PASSWORD, email=email) == "wait 2"
