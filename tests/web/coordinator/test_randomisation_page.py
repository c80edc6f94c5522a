from __future__ import annotations

import re

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Allocation, Randomisation

PATH = f"{STUDY}/randomisation"


def drawn_seed(page: str) -> str:
    found = re.search(r'name="seed"[^>]* value="([^"]+)"', page)
    assert found is not None
    return found[1]


def n_allocated(trial: Trial) -> int:
    with trial.database.reading() as session:
        return len(session.scalars(select(Allocation.id)).all())


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_offers_a_seed_that_was_just_drawn(sign_in_as) -> None:
    browser = sign_in_as("coordinator")
    first, second = (drawn_seed(browser.get(PATH).text) for _ in range(2))
    assert re.fullmatch(r"bolton-primary-[0-9a-f]{16}", first)
    assert first != second


def test_randomises_from_the_confirmed_seed_and_seals_it(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PATH, data={"seed": "2019-bolton", "confirmed": "yes"})
    assert (answer.status_code, answer.location) == (303, PATH)
    shown = text_of_page(browser.get(PATH).text)
    assert "Seed 2019-bolton" in shown
    assert "By Coordinator" in shown
    assert "Bolton 4 4 8" in shown
    assert "flask --app wsgi trial verify bolton-primary" in shown
    assert "it gives what is on record" in shown
    with trial.database.reading() as session:
        done = session.scalars(select(Randomisation)).one()
    assert done.allocation_sha256 in shown
    assert done.roster_sha256 in shown
    assert [e.by for e in events(trial, "schools_randomised")] == [actor_of(trial, "coordinator")]


def test_does_not_say_which_letter_stands_for_which_arm(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    assert "Arm A" not in sign_in_as("coordinator").get(PATH).text


def test_needs_the_tick(sign_in_as, trial: Trial) -> None:
    answer = sign_in_as("coordinator").post(PATH, data={"seed": "my seed"})
    assert answer.status_code == 422
    assert "Tick the box to say that you know this is done only once" in answer.text
    assert drawn_seed(answer.text) == "my seed"
    assert n_allocated(trial) == 0


def test_refuses_a_seed_that_cannot_be_copied_exactly(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    for seed in (" ", "a|b", "x" * 101):
        answer = browser.post(PATH, data={"seed": seed, "confirmed": "yes"})
        assert answer.status_code == 422, seed
        assert 'href="#seed"' in answer.text
    assert n_allocated(trial) == 0


def test_the_schools_are_randomised_only_once(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    answer = sign_in_as("coordinator").post(PATH, data={"seed": "again", "confirmed": "yes"})
    assert answer.status_code == 422
    assert "already randomised" in answer.text
    assert n_allocated(trial) == 8


def test_says_where_the_record_differs_from_the_draw(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    with trial.database.writing() as session:
        changed = session.scalars(select(Allocation)).first()
        assert changed is not None
        changed.arm = "usual_support" if changed.arm == "supervision" else "supervision"
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "gives something else than what is on record" in shown
    assert "it gives what is on record" not in shown
