from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, assert_open_only_to, comment_by, text_of_page
from trials import BY, Clock, Trial

from instruments.catalogue import Source, load_sources
from survey_app.operations import versions
from survey_app.operations.studies import register_study, unmask_study
from survey_app.roles import ROLES
from survey_app.trial.design import read_study

PATH = f"{STUDY}/"


def test_is_open_to_every_role_and_nobody_else(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(ROLES, pages=[PATH], client=client, sign_in_as=sign_in_as)


def test_shows_the_facts_with_how_sure_they_are(sign_in_as, trial: Trial) -> None:
    page = sign_in_as("evaluator").get(PATH).text
    shown = text_of_page(page)
    for fact in trial.definition.facts:
        assert f"{fact.text} {fact.tag.capitalize()}" in shown
    assert "The questionnaires of this study are this project's own." in shown


def test_shows_each_wave_with_its_response(sign_in_as, trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    comment_by(trial, "Time.", person=2, is_submitted=False)
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "16 September 2019 to 18 October 2019 Open 10 2 1 10%" in shown
    assert "Not open yet 0 0 0 –" in shown


def test_tells_apart_who_stayed_joined_and_left_once_somebody_has(sign_in_as, trial: Trial) -> None:
    trial.invite()
    browser = sign_in_as("coordinator")
    assert "Who stayed, joined and left" not in browser.get(PATH).text
    leaving = {"on-day": "16", "on-month": "9", "on-year": "2019", "because": "not_known"}
    browser.post(f"{STUDY}/people/P00001/leave", data=leaving | {"followed": "no"})
    shown = text_of_page(browser.get(PATH).text)
    assert "Before supervision Stayed 9 0 0%" in shown
    assert "Before supervision Have left since 1 0 0%" in shown


def test_what_each_arm_is_given_is_shown_to_the_masked_after_unmasking(
    sign_in_as, trial: Trial
) -> None:
    evaluator = sign_in_as("evaluator")
    for browser in (evaluator, sign_in_as("researcher"), sign_in_as("redactor")):
        page = browser.get(PATH).text
        assert "Support as usual" not in page
        assert "One to one" not in page
    with trial.database.writing() as session:
        unmask_study(session, study=trial.study(session), because="Done.", by=BY, at=trial.clock())
    assert "Support as usual" in evaluator.get(PATH).text


def test_shows_what_each_arm_is_given_and_from_when(sign_in_as, trial: Trial) -> None:
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "Supervision 1 One to one 4 November 2019 20 March 2020 Our choice" in shown
    assert "Support as usual 1 Usual support 4 November 2019 No end is planned" in shown


def test_counts_the_roster(sign_in_as, trial: Trial) -> None:
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Schools 9, of which 8 can take part" in shown
    assert "People 11 safeguarding leads and deputies" in shown


def test_tells_the_coordinator_what_to_do_next(sign_in_as, trial: Trial, clock: Clock) -> None:
    clock.noon_on(trial.definition.allocation.planned_on)
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "10 people are not invited to “Before supervision” yet" in shown
    assert "The schools were to be randomised on 14 October 2019 and are not yet." in shown
    assert "What to do next" not in text_of_page(sign_in_as("evaluator").get(PATH).text)


def test_says_when_the_schools_were_randomised(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    shown = text_of_page(sign_in_as("researcher").get(PATH).text)
    assert "The schools were randomised on 16 September 2019." in shown
    assert "Arm A" not in shown


def test_a_moved_study_says_so_and_keeps_the_real_day_of_an_event(sign_in_as, trial: Trial) -> None:
    with trial.database.writing() as session:
        moved = trial.definition.shifted(7)
        register_study(session, definition=moved, by=BY, at=trial.clock())
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "The dates of this study are moved by 7 days" in shown
    assert "First national lockdown in England, 23 March 2020." in shown
    assert "it falls on 30 March 2020 here" in shown


def test_offers_each_role_its_own_pages(sign_in_as) -> None:
    coordinator = sign_in_as("coordinator").get(PATH).text
    researcher = sign_in_as("researcher").get(PATH).text
    assert f'href="{STUDY}/schools"' in coordinator
    assert f'href="{STUDY}/comments"' not in coordinator
    assert f'href="{STUDY}/comments"' in researcher
    assert f'href="{STUDY}/schools"' not in researcher


def test_says_which_version_the_counts_rest_on_once_there_are_two(sign_in_as, trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    assert "Versions of the questionnaires" not in sign_in_as("coordinator").get(PATH).text
    trial.clock.move(days=2)
    part = '[[waves.questionnaire]]\nkind = "open"\nid = "most_stressful"\n'
    added = '[[waves.questionnaire]]\nkind = "open"\nid = "hours"\ntext = "How long?"\n\n'
    source = trial.definition.source.replace(part, added + part, 1)
    with trial.database.writing() as session:
        register_study(
            session,
            definition=read_study(source, file="a.toml"),
            by=BY,
            at=trial.clock(),
            because="Hours were asked for.",
        )
    comment_by(trial, "Time.", person=2, is_submitted=False)
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Before supervision 1 16 September 2019 As first asked 1 1" in shown
    assert "Before supervision 2 18 September 2019 Hours were asked for. 1 0" in shown


def test_warns_of_a_file_that_is_no_longer_what_the_study_rests_on(
    sign_in_as, trial: Trial, monkeypatch
) -> None:
    trial.invite()
    coordinator = sign_in_as("coordinator")
    assert "is not used here" not in coordinator.get(PATH).text
    changed = {**load_sources(), "gad7": Source(load_sources()["gad7"].text + "\n")}
    monkeypatch.setattr(versions, "load_sources", lambda: changed)
    shown = text_of_page(coordinator.get(PATH).text)
    assert "gad7: this study rests on version 1" in shown
    assert changed["gad7"].sha256 in shown
    assert load_sources()["gad7"].sha256 in shown
