from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, text_of_page
from trials import Trial

from survey_app.operations.audit import record_event

PATH = f"{STUDY}/audit-trail"


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["data_manager"], pages=[PATH, f"{PATH}/file"], client=client, sign_in_as=sign_in_as
    )


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


def test_is_searched_by_what_who_which_record_and_day(sign_in_as, trial: Trial) -> None:
    trial.invite()
    browser = sign_in_as("data_manager")

    def found(**asked: str) -> str:
        return text_of_page(browser.get(PATH, query_string=asked).text)

    assert "10 people invited" in found(action="wave_invited", since="2019-09-16")
    assert "Role given" not in found(action="wave_invited")
    assert "10 people invited" in found(record="study 1", until="2019-09-16", by="command:test")
    assert "Nothing found." in found(action="wave_invited", until="2019-09-15")
    assert "Nothing found." in found(by="staff:99")


def test_a_search_stays_on_the_next_pages_and_in_the_file(sign_in_as, trial: Trial) -> None:
    page = sign_in_as("data_manager").get(PATH, query_string={"action": "role_granted"}).text
    assert f'href="{PATH}/file?action=role_granted"' in page


def test_a_day_that_is_none_is_refused_and_stays_in_its_field(sign_in_as) -> None:
    answer = sign_in_as("data_manager").get(f"{PATH}?since=yesterday")
    assert answer.status_code == 422
    assert 'value="yesterday"' in answer.text
    assert 'href="#since"' in answer.text


def test_the_file_has_every_change_oldest_first_and_no_formula(sign_in_as, trial: Trial) -> None:
    with trial.database.writing() as session:
        record_event(
            session,
            "code_added",
            by="=cmd()",
            at=trial.clock(),
            subject="code:1",
            study_id=trial.study(session).id,
            label="Workload",
        )
    answer = sign_in_as("data_manager").get(f"{PATH}/file")
    lines = answer.text.splitlines()
    assert lines[0] == "when_utc,who,what,record,action"
    assert "study_registered" in lines[1]
    assert "'=cmd(),Code added to the codebook: Workload,Code 1,code_added" in lines[-2]
    assert lines[-1].endswith("Data manager,Signed in,Staff 6,signed_in")
    assert "attachment" in answer.headers["Content-Disposition"]
