from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, text_of_page
from trials import Trial

from survey_app.operations.audit import record_event

PATH = f"{STUDY}/audit-trail"


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(["data_manager"], pages=[PATH], client=client, sign_in_as=sign_in_as)


def test_tells_each_change_in_words(sign_in_as, trial: Trial) -> None:
    trial.invite()
    shown = text_of_page(sign_in_as("data_manager").get(PATH).text)
    assert (
        "16 September 2019 at 12:00 The command line (test) "
        "10 people invited to wave baseline Study 1" in shown
    )
    assert "Role given: evaluator" in shown


def test_names_the_member_of_staff(sign_in_as, trial: Trial) -> None:
    with trial.database.writing() as session:
        record_event(
            session,
            "code_added",
            by=actor_of(trial, "researcher"),
            at=trial.clock(),
            subject="code:1",
            study_id=trial.study(session).id,
            label="Workload",
        )
    shown = text_of_page(sign_in_as("data_manager").get(PATH).text)
    assert "Researcher Code added to the codebook: Workload Code 1" in shown


def test_names_no_participant(sign_in_as, trial: Trial) -> None:
    trial.invite()
    page = sign_in_as("data_manager").get(PATH).text
    assert "Person 1" not in page
    assert "school1.example" not in page


def test_goes_on_further_pages_newest_first(sign_in_as, trial: Trial) -> None:
    with trial.database.writing() as session:
        for n in range(60):
            record_event(
                session,
                "session_recorded",
                by="worker",
                at=trial.clock(),
                subject=f"school:{n}",
                study_id=trial.study(session).id,
                number=n,
            )
    browser = sign_in_as("data_manager")
    first, second = browser.get(PATH).text, browser.get(f"{PATH}?page=2").text
    assert "Supervision session 59 recorded" in first
    assert "Supervision session 5 recorded" not in first
    assert "Supervision session 5 recorded" in second
    assert f'href="{PATH}?page=2" rel="next"' in first
