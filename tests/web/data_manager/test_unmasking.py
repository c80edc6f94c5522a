from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from trials import BY, Trial

from survey_app.database.models import StaffRole
from survey_app.operations.studies import register_study
from survey_app.trial.design import read_study

MASKED = ("evaluator", "researcher", "redactor", "data_manager", "safeguarding_contact")
PATH = f"{STUDY}/unmasking"
MEANT = {"because": "The plan is fixed, says the board.", "confirmed": "yes"}


def is_unmasked(trial: Trial) -> bool:
    with trial.database.reading() as session:
        return trial.study(session).unmasked_at is not None


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["data_manager"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_releases_the_arms_with_the_reason(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    answer = browser.post(PATH, data=MEANT)
    assert (answer.status_code, answer.location) == (303, PATH)
    assert is_unmasked(trial)
    shown = text_of_page(browser.get(PATH).text)
    assert "The arms are released: Supervision, Support as usual." in shown
    assert "Reason The plan is fixed, says the board." in shown
    assert "By Data manager" in shown
    [event] = events(trial, "study_unmasked")
    assert event.by == actor_of(trial, "data_manager")
    assert event.detail["because"] == MEANT["because"]


def test_needs_a_reason_and_the_tick(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    no_reason = browser.post(PATH, data=MEANT | {"because": " "})
    assert no_reason.status_code == 422
    assert '<a href="#because">Enter the reason' in no_reason.text
    no_tick = browser.post(PATH, data={"because": MEANT["because"]})
    assert no_tick.status_code == 422
    assert '<a href="#confirmed">Tick the box' in no_tick.text
    assert MEANT["because"] in no_tick.text
    assert not is_unmasked(trial)


def test_the_arms_are_released_only_once(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    browser.post(PATH, data=MEANT)
    again = browser.post(PATH, data=MEANT | {"because": "Another reason."})
    assert again.status_code == 422
    assert "already released" in text_of_page(again.text)
    assert len(events(trial, "study_unmasked")) == 1


TELL = f"{PATH}/named-staff"


def test_tells_the_arms_to_one_person_by_name(sign_in_as, trial: Trial) -> None:
    trial.randomise(told=None)
    browser = sign_in_as("data_manager")
    coordinator = trial.staff_with("coordinator").id
    assert "Nobody yet." in browser.get(PATH).text
    told = {"person": str(coordinator), "told_because": "Offers the supervision."}
    answer = browser.post(TELL, data=told)
    assert (answer.status_code, answer.location) == (303, PATH)
    shown = text_of_page(browser.get(PATH).text)
    assert "Coordinator" in shown
    assert "Offers the supervision." in shown
    assert "There is nobody else who could be told." in shown
    [event] = events(trial, "arms_released_to")
    assert event.by == actor_of(trial, "data_manager")
    assert event.subject == f"staff:{coordinator}"
    ada = sign_in_as("coordinator")
    assert "Support as usual" in ada.get(f"{STUDY}/schools").text
    assert not is_unmasked(trial)


def test_tells_nobody_without_a_reason_or_a_role_that_works_with_the_arms(
    sign_in_as, trial: Trial
) -> None:
    browser = sign_in_as("data_manager")
    assert "The schools are not randomised yet." in browser.get(PATH).text
    trial.randomise(told=None)
    coordinator = str(trial.staff_with("coordinator").id)
    because = {"told_because": "To see them."}
    no_reason = browser.post(TELL, data={"person": coordinator, "told_because": " "})
    assert '<a href="#told_because">Enter the reason' in no_reason.text
    for person in ("", "x", "999", *(str(trial.staff_with(r).id) for r in MASKED)):
        refused = browser.post(TELL, data=because | {"person": person})
        assert refused.status_code == 422
        assert '<a href="#person">Choose who is told' in refused.text
    assert events(trial, "arms_released_to") == []


def test_whoever_also_reports_or_codes_cannot_be_told(sign_in_as, trial: Trial) -> None:
    trial.randomise(told=None)
    ada = trial.staff_with("coordinator")
    with trial.database.writing() as session:
        # As on a record from before roles were held to this.
        study_id = trial.study(session).id
        session.add(StaffRole(staff_id=ada.id, study_id=study_id, role="researcher"))
    browser = sign_in_as("data_manager")
    assert "There is nobody else who could be told." in browser.get(PATH).text
    told = {"person": str(ada.id), "told_because": "To see them."}
    assert browser.post(TELL, data=told).status_code == 422


def test_the_arms_stay_masked_until_the_plan_is_fixed(sign_in_as, trial: Trial) -> None:
    draft = read_study(
        trial.definition.source.replace("fixed_on = 2019-09-02\n", ""), file="draft.toml"
    )
    with trial.database.writing() as session:
        register_study(session, definition=draft, by=BY, at=trial.clock())
    browser = sign_in_as("data_manager")
    assert "The analysis plan is not fixed yet" in browser.get(PATH).text
    refused = browser.post(PATH, data=MEANT)
    assert refused.status_code == 422
    assert "has no fixed_on under [plan]" in text_of_page(refused.text)
    assert not is_unmasked(trial)
