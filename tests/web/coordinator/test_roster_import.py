from __future__ import annotations

from io import BytesIO

from allocations import BLOCKS, allocating
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import func, select
from trials import ROSTER, Trial

from survey_app.database.models import Participant, School

PATH = f"{STUDY}/schools/import"
NEWCOMER = b"Bolton,School 10,100010,primary,yes,Person 10,person10@school10.example,DSL\n"


def upload(browser: FlaskClient, data: bytes):
    return browser.post(PATH, data={"roster": (BytesIO(data), "roster.csv")})


def counts(trial: Trial) -> tuple[int, int]:
    with trial.database.reading() as session:
        schools = session.scalar(select(func.count()).select_from(School))
        people = session.scalar(select(func.count()).select_from(Participant))
        return schools or 0, people or 0


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_a_sound_roster_is_imported_and_audited(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = upload(browser, ROSTER + NEWCOMER)
    assert (answer.status_code, answer.location) == (303, f"{STUDY}/schools")
    shown = text_of_page(browser.get(answer.location).text)
    assert (
        "Schools: 1 added, 0 changed. People: 1 added, 0 changed, 0 moved, 11 as before." in shown
    )
    assert counts(trial) == (10, 12)
    event = events(trial, "roster_imported")[-1]
    assert event.by == actor_of(trial, "coordinator")
    assert event.detail["people_added"] == 1


def test_the_same_roster_again_adds_nobody(sign_in_as, trial: Trial) -> None:
    before = counts(trial)
    assert upload(sign_in_as("coordinator"), ROSTER).status_code == 303
    assert counts(trial) == before


def test_every_faulty_row_is_listed_and_nothing_is_written(sign_in_as, trial: Trial) -> None:
    before = counts(trial)
    faulty = (
        ROSTER
        + NEWCOMER
        + (
            b"Bolton,School 11,12,primary,yes,Person 11,person11@school11.example,DSL\n"
            b"Bolton,School 12,100012,primary,perhaps,Person 12,nobody,DSL\n"
        )
    )
    answer = upload(sign_in_as("coordinator"), faulty)
    assert answer.status_code == 422
    shown = text_of_page(answer.text)
    assert "The roster has 3 faults; nothing was imported" in shown
    for place in ("14 urn", "15 mainstream", "15 dsl_email"):
        assert place in shown
    assert counts(trial) == before
    assert len(events(trial, "roster_imported")) == 1


def test_rows_that_do_not_fit_the_record_are_listed_with_their_line(
    sign_in_as, trial: Trial
) -> None:
    trial = allocating(trial, f'{BLOCKS}late_schools = "refused"\n')
    trial.randomise()
    answer = upload(sign_in_as("coordinator"), ROSTER + NEWCOMER)
    assert answer.status_code == 422
    shown = text_of_page(answer.text)
    assert "13 urn 100010 is a new school" in shown
    assert counts(trial) == (9, 11)


def test_a_missing_file_is_asked_for(sign_in_as) -> None:
    answer = sign_in_as("coordinator").post(PATH)
    assert answer.status_code == 422
    assert '<a href="#roster">Choose a CSV file</a>' in answer.text


def test_a_spreadsheet_is_refused_with_what_to_do(sign_in_as) -> None:
    answer = upload(sign_in_as("coordinator"), b"PK\x03\x04 and so on")
    assert answer.status_code == 422
    assert "Save as" in text_of_page(answer.text)


def test_words_in_a_roster_are_shown_as_words(sign_in_as) -> None:
    row = b"Bolton,<script>x</script>,12,primary,yes,Person,<b>bold</b>,DSL\n"
    answer = upload(sign_in_as("coordinator"), ROSTER + row)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text
