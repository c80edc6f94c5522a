from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from rooms import (
    STUDY,
    actor_of,
    assert_open_only_to,
    comment_by,
    events,
    release,
    text_of_page,
)
from sqlalchemy import select
from trials import BY, KEY, Clock, Trial

from survey_app.database.models import Coding, Participant
from survey_app.operations.coding import add_code
from survey_app.operations.staff import grant_role
from survey_app.operations.studies import unmask_study
from survey_app.web.researcher.presenters import reference_for

PATH = f"{STUDY}/comments"
ARM_QUESTION = "supervision_useful"


@pytest.fixture
def codes(trial: Trial) -> list[int]:
    with trial.database.writing() as session:
        study = trial.study(session)
        return [
            add_code(
                session, study=study, label=label, definition="When so.", by=BY, at=trial.clock()
            ).id
            for label in ("Workload", "Confidence")
        ]


@pytest.fixture
def released(trial: Trial, codes: list[int]) -> int:
    trial.invite()
    comment = comment_by(trial, "Mrs Smith helps.")
    release(trial, comment, "[staff 1] helps.")
    return comment


def addresses(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(rf'href="({PATH}/[0-9a-f]+)"', page)))


def codings(trial: Trial) -> set[tuple[int, int]]:
    with trial.database.reading() as session:
        return {(c.comment_id, c.code_id) for c in session.scalars(select(Coding))}


def test_is_open_to_researchers_only(client: FlaskClient, sign_in_as, released: int) -> None:
    address = f"{PATH}/{reference_for(released, key=KEY)}"
    assert_open_only_to(
        ["researcher"],
        pages=[PATH, address],
        posts=[address],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_shows_the_words_as_redacted_and_nothing_of_the_person(sign_in_as, released: int) -> None:
    browser = sign_in_as("researcher")
    listed = browser.get(PATH).text
    [address] = addresses(listed)
    opened = browser.get(address).text
    assert "[staff 1] helps." in listed
    assert "[staff 1] helps." in opened
    for page in (listed, opened):
        for secret in ("Mrs Smith", "School 1", "Person 1", "Before supervision", "baseline"):
            assert secret not in page
    assert str(released) not in address.removeprefix(PATH).split("/")


def test_a_comment_not_released_is_nowhere(sign_in_as, trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Not yet.")
    page = sign_in_as("researcher").get(PATH).text
    assert "No released comment waits for you." in page
    assert "Not yet." not in page


def test_saves_the_codes_and_goes_on(
    sign_in_as, trial: Trial, released: int, codes: list[int]
) -> None:
    browser = sign_in_as("researcher")
    [address] = addresses(browser.get(PATH).text)
    answer = browser.post(address, data={"codes": [str(codes[0]), str(codes[1])]})
    assert (answer.status_code, answer.location) == (303, PATH)
    assert codings(trial) == {(released, codes[0]), (released, codes[1])}
    assert "You have given codes to 1 of 1 comments." in browser.get(PATH).text
    assert browser.get(address).text.count(" checked") == 2
    assert [e.by for e in events(trial, "comment_coded")] == [actor_of(trial, "researcher")]


def test_goes_on_to_the_next_comment_without_a_code(
    sign_in_as, trial: Trial, released: int, codes: list[int]
) -> None:
    release(trial, comment_by(trial, "More time.", person=2), "More time.")
    browser = sign_in_as("researcher")
    first, second = addresses(browser.get(PATH).text)
    assert browser.post(first, data={"codes": [str(codes[0])]}).location == second


def test_unticking_takes_a_code_back(
    sign_in_as, trial: Trial, released: int, codes: list[int]
) -> None:
    browser = sign_in_as("researcher")
    [address] = addresses(browser.get(PATH).text)
    browser.post(address, data={"codes": [str(codes[0])]})
    browser.post(address, data={"codes": [str(codes[1])]})
    assert codings(trial) == {(released, codes[1])}
    browser.post(address)
    assert codings(trial) == set()


@pytest.mark.parametrize("unknown", ["999", "x"])
def test_a_code_that_is_not_in_the_codebook_is_refused(
    sign_in_as, trial: Trial, released: int, unknown: str
) -> None:
    browser = sign_in_as("researcher")
    [address] = addresses(browser.get(PATH).text)
    answer = browser.post(address, data={"codes": [unknown]})
    assert answer.status_code == 422
    assert "The codebook changed; look at the codes again." in answer.text
    assert codings(trial) == set()


def test_questions_of_one_arm_are_held_back_until_the_arms_are_released(
    sign_in_as, trial: Trial, clock: Clock
) -> None:
    trial.randomise()
    clock.noon_on(trial.definition.wave("follow_up").opens_on)
    trial.invite("follow_up")
    person = next(n for n in range(1, 9) if _is_asked(trial, n))
    comment = comment_by(trial, "The calm.", person=person, question=ARM_QUESTION, wave="follow_up")
    release(trial, comment, "The calm.")
    browser = sign_in_as("researcher")
    before = text_of_page(browser.get(PATH).text)
    assert "The answers to 3 questions are not shown yet" in before
    assert "The calm." not in before
    with trial.database.writing() as session:
        unmask_study(
            session, study=trial.study(session), because="The end.", by=BY, at=trial.clock()
        )
    after = text_of_page(browser.get(PATH).text)
    assert "The calm." in after
    assert "not shown yet" not in after


def _is_asked(trial: Trial, person: int) -> bool:
    with trial.database.reading() as session:
        participant = session.scalars(
            select(Participant).where(Participant.code == f"P{person:05d}")
        ).one()
        allocation = participant.school.allocation
        return allocation is not None and allocation.arm == "supervision"


def test_nobody_codes_what_they_redacted(sign_in_as, trial: Trial, codes: list[int]) -> None:
    with trial.database.writing() as session:
        grant_role(
            session,
            staff=trial.staff_with("researcher"),
            study=trial.study(session),
            role="redactor",
            by=BY,
            at=trial.clock(),
        )
    trial.invite()
    release(trial, comment_by(trial, "Mine."), "Mine.", by_role="researcher")
    assert "Mine." not in sign_in_as("researcher").get(PATH).text


def test_an_address_made_up_is_not_found(sign_in_as, released: int) -> None:
    browser = sign_in_as("researcher")
    for made_up in ("0000000000", str(released)):
        assert browser.get(f"{PATH}/{made_up}").status_code == 404
        assert browser.post(f"{PATH}/{made_up}").status_code == 404
