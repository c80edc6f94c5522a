from __future__ import annotations

import re
from io import BytesIO

from allocations import MINIMISED, allocating, comes_late
from answering import answer as answer_everything
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select, update
from trials import Trial

from survey_app.database.models import Allocation, LateAllocation, Randomisation
from survey_app.trial.certificate import read_certificate

PATH = f"{STUDY}/randomisation"
IMPORT = f"{PATH}/import"
CERTIFICATE = f"{PATH}/certificate"
MEANT = {"cut_off_because": "The board decided.", "confirmed": "yes"}
MADE_ELSEWHERE = {"source": "The trials unit, by lot", "confirmed": "yes"}


def n_allocated(trial: Trial) -> int:
    with trial.database.reading() as session:
        return len(session.scalars(select(Allocation.id)).all())


def drawn(trial: Trial) -> Randomisation:
    with trial.database.reading() as session:
        return session.scalars(select(Randomisation)).one()


def upload(browser: FlaskClient, text: str, **fields: str):
    data = MADE_ELSEWHERE | MEANT | fields
    return browser.post(IMPORT, data=data | {"allocation": (BytesIO(text.encode()), "a.csv")})


def as_file(urns: range) -> str:
    arms = ("supervision", "usual_support")
    return "urn,arm\n" + "".join(f"{urn},{arms[urn % 2]}\n" for urn in urns)


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[PATH, IMPORT],
        posts=[PATH, IMPORT, f"{PATH}/late-schools"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_says_what_is_outstanding_of_the_baseline(sign_in_as, trial: Trial) -> None:
    trial.invite()
    answer_everything(trial, 3)
    browser = sign_in_as("coordinator")
    shown = text_of_page(browser.get(PATH).text)
    assert "“Before supervision”: 9 of 10 people have not answered, in 7 schools." in shown
    assert "Why are those who have not answered not waited for?" in shown
    for person in (1, 2, *range(4, 11)):
        answer_everything(trial, person)
    shown = text_of_page(browser.get(PATH).text)
    assert "Everybody has answered “Before supervision” (10 people)." in shown
    assert "not waited for" not in shown


def test_while_people_are_outstanding_a_reason_is_wanted(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    refused = browser.post(PATH, data={"confirmed": "yes"})
    assert refused.status_code == 422
    assert '<a href="#cut_off_because">10 people have not answered' in refused.text
    assert n_allocated(trial) == 0


def test_randomises_from_a_seed_that_nobody_sees(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PATH, data=MEANT)
    assert (answer.status_code, answer.location) == (303, PATH)
    page = browser.get(PATH).text
    done = drawn(trial)
    assert re.fullmatch(r"[0-9a-f]{32}", done.seed)
    assert done.seed not in page
    shown = text_of_page(page)
    assert "Seed Shown to those to whom the arms are released" in shown
    assert "By Coordinator" in shown
    assert "10 of 10 people outstanding: The board decided." in shown
    assert "How Permuted blocks of 4 within local authority" in shown
    assert "it gives what is on record" in shown
    assert done.allocation_sha256 in shown
    assert done.roster_sha256 in shown
    assert [e.by for e in events(trial, "schools_randomised")] == [actor_of(trial, "coordinator")]


def test_before_the_release_nobody_is_shown_an_arm(sign_in_as, trial: Trial) -> None:
    trial.randomise(told=None)
    browser = sign_in_as("coordinator")
    page = browser.get(PATH).text
    for told in ("Supervision<", "Support as usual", "usual_support", "seed for tests", "Arm A"):
        assert told not in page, told
    assert "which are not released to you" in page
    assert "Bolton 8" in text_of_page(page)
    schools = browser.get(f"{STUDY}/schools").text
    assert "Randomised" in schools
    assert "Support as usual" not in schools
    sessions = text_of_page(browser.get(f"{STUDY}/sessions").text)
    assert "not released to you yet" in sessions
    for urn in range(100_001, 100_009):
        assert browser.get(f"{STUDY}/sessions/{urn}").status_code == 404
        assert browser.post(f"{STUDY}/sessions/{urn}").status_code == 404
    answer = browser.get(CERTIFICATE)
    assert (answer.status_code, answer.location) == (303, PATH)


def test_whoever_was_told_sees_seed_balance_and_certificate(sign_in_as, trial: Trial) -> None:
    trial.randomise("2019-bolton")
    browser = sign_in_as("coordinator")
    shown = text_of_page(browser.get(PATH).text)
    assert "Seed 2019-bolton" in shown
    assert "Local authority Bolton 4 4 8" in shown
    assert "All schools – 4 4 8" in shown
    assert "Who was told the arms Name When By Why Coordinator" in shown
    file = browser.get(CERTIFICATE)
    assert file.headers["Content-Disposition"] == (
        'attachment; filename="bolton-primary-certificate-of-randomisation.txt"'
    )
    read = read_certificate(file.text)
    assert read.differences() == ()
    assert read.seals == (drawn(trial).allocation_sha256,)


def test_does_not_say_which_letter_stands_for_which_arm(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    assert "Arm A" not in sign_in_as("coordinator").get(PATH).text


def test_takes_a_seed_that_was_agreed_beforehand(sign_in_as, trial: Trial) -> None:
    sign_in_as("coordinator").post(PATH, data=MEANT | {"seed": " 2019-bolton "})
    assert drawn(trial).seed == "2019-bolton"


def test_needs_the_tick(sign_in_as, trial: Trial) -> None:
    answer = sign_in_as("coordinator").post(PATH, data={"seed": "my seed"})
    assert answer.status_code == 422
    assert "Tick the box to say that you know this is done only once" in answer.text
    assert 'value="my seed"' in answer.text
    assert n_allocated(trial) == 0


def test_refuses_a_seed_that_cannot_be_copied_exactly(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    for seed in ("a|b", "x" * 101):
        answer = browser.post(PATH, data=MEANT | {"seed": seed})
        assert answer.status_code == 422, seed
        assert 'href="#seed"' in answer.text
    assert n_allocated(trial) == 0


def test_the_schools_are_randomised_only_once(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    answer = sign_in_as("coordinator").post(PATH, data=MEANT)
    assert answer.status_code == 422
    assert "already randomised" in answer.text
    assert n_allocated(trial) == 8


def test_says_where_the_record_differs_from_the_draw(sign_in_as, trial: Trial) -> None:
    trial.randomise(told=None)
    with trial.database.writing() as session:
        changed = session.scalars(select(Allocation)).first()
        assert changed is not None
        changed.arm = "usual_support" if changed.arm == "supervision" else "supervision"
    page = sign_in_as("coordinator").get(PATH).text
    shown = text_of_page(page)
    assert "is not what was sealed, or not what the seed gives" in shown
    assert "It differs in 2 places" in shown
    assert "usual_support" not in page
    assert "it gives what is on record" not in shown


def test_a_minimised_study_says_how(sign_in_as, trial: Trial) -> None:
    trial = allocating(trial, MINIMISED)
    browser = sign_in_as("coordinator")
    shown = text_of_page(browser.get(PATH).text)
    assert "by minimisation over local authority and people asked" in shown
    trial.randomise()
    shown = text_of_page(browser.get(PATH).text)
    assert "Minimisation over local authority and people asked, with a probability of 0.8" in shown
    assert "People asked several people" in shown


def test_late_schools_are_named_and_given_their_arms(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    browser = sign_in_as("coordinator")
    assert "wait for an arm" not in browser.get(PATH).text
    comes_late(trial)
    shown = text_of_page(browser.get(PATH).text)
    assert "School 11 100011 Bolton" in shown
    late = f"{PATH}/late-schools"
    assert browser.post(late, data={"confirmed": "yes"}).status_code == 422
    assert browser.post(late, data={"cut_off_because": "Late."}).status_code == 422
    assert n_allocated(trial) == 8
    answer = browser.post(late, data=MEANT)
    assert (answer.status_code, answer.location) == (303, PATH)
    assert n_allocated(trial) == 9
    shown = text_of_page(browser.get(PATH).text)
    assert "Late schools Act When Schools Baseline Seal (SHA-256) 1 " in shown
    assert "All schools – 5 4 9" in shown or "All schools – 4 5 9" in shown
    assert len(read_certificate(browser.get(CERTIFICATE).text).late) == 1
    again = browser.post(late, data=MEANT)
    assert again.status_code == 422
    assert "No school of bolton-primary waits for an arm" in again.text


def test_imports_an_allocation_and_marks_it(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    assert "8 schools wait for an arm" in text_of_page(browser.get(IMPORT).text)
    answer = upload(browser, as_file(range(100_001, 100_009)))
    assert (answer.status_code, answer.location) == (303, PATH)
    shown = text_of_page(browser.get(PATH).text)
    assert "How Made elsewhere and imported: The trials unit, by lot" in shown
    assert "there is no draw to repeat here" in shown
    assert "Seed" not in shown
    assert [e.by for e in events(trial, "allocation_imported")] == [actor_of(trial, "coordinator")]


def test_every_fault_of_an_import_is_shown_by_line_and_column(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = upload(browser, as_file(range(100_001, 100_008)) + "12,both\n")
    assert answer.status_code == 422
    shown = text_of_page(answer.text)
    assert "The allocation has 3 faults; nothing was imported" in shown
    for place in ("The file urn 1 school has no row: 100008", "9 urn", "9 arm"):
        assert place in shown
    for fields in ({"source": " "}, {"cut_off_because": ""}, {"confirmed": ""}):
        assert upload(browser, as_file(range(100_001, 100_009)), **fields).status_code == 422
    assert browser.post(IMPORT, data=MEANT | MADE_ELSEWHERE).status_code == 422
    assert n_allocated(trial) == 0
    trial.randomise()
    refused = upload(browser, as_file(range(100_001, 100_009)))
    assert "already randomised here" in refused.text


def test_a_late_act_that_was_tampered_with_is_told(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    comes_late(trial)
    browser = sign_in_as("coordinator")
    browser.post(f"{PATH}/late-schools", data=MEANT)
    with trial.database.writing() as session:
        session.execute(update(LateAllocation).values(program="9.9"))
    assert "The seal of part 1" in browser.get(PATH).text
