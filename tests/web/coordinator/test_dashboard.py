from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, assert_open_only_to, comment_by, text_of_page
from sqlalchemy import select
from trials import BY, Clock, Trial

from reports.outlook import OutcomeOutlook
from survey_app.database.models import Contact, Randomisation
from survey_app.jobs.outlook import work_out_outlook
from survey_app.operations.pausing import pause_letters
from survey_app.operations.studies import register_study, unmask_study
from survey_app.roles import ROLES
from survey_app.trial.design import read_study

PATH = f"{STUDY}/dashboard"


@pytest.fixture
def answered(trial: Trial) -> Trial:
    """The small trial in mid course: randomised, and somebody answered."""
    trial.invite()
    comment_by(trial, "Time.", person=1)
    comment_by(trial, "Time.", person=2, is_submitted=False)
    trial.randomise()
    return trial


def test_is_open_to_every_role_and_nobody_else(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(ROLES, pages=[PATH], client=client, sign_in_as=sign_in_as)


def test_before_anything_happened_it_says_so(sign_in_as) -> None:
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Nobody is invited to a wave yet." in shown
    assert "Nothing waits for you." in shown
    assert "The schools are not randomised yet, so there are no arms to compare." in shown
    assert "Every school that can take part Waiting Schools 8 People 10" in shown


def test_shows_the_response_with_a_table_behind_each_chart(sign_in_as, answered: Trial) -> None:
    page = sign_in_as("evaluator").get(PATH).text
    shown = text_of_page(page)
    assert "Before supervision 10 1 10%" in shown
    assert "Bolton 10 1 10%" in shown
    assert "Primary 10 1 10%" in shown
    charts = page.count('<figure class="chart"')
    assert charts == 4
    assert page.count("Show the figures as a table") == charts
    assert re.search(r'<rect class="chart__fill chart__fill--0" width="10.0%"', page)


def test_pairs_are_shown_once_a_second_wave_began(
    sign_in_as, answered: Trial, clock: Clock
) -> None:
    assert "Every wave so far" not in sign_in_as("researcher").get(PATH).text
    clock.noon_on(answered.definition.wave("follow_up").opens_on)
    answered.invite("follow_up")
    comment_by(answered, "Time.", question="what_changed", wave="follow_up")
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Every wave so far 10 1 10%" in shown
    assert "Every wave so far: submitted at every wave" in shown


def test_draws_the_flow_of_schools_and_people(sign_in_as, answered: Trial) -> None:
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Assessed for eligibility Schools 9" in shown
    assert "Excluded Schools: Not a mainstream school 1" in shown
    assert "Randomised Schools 8 People 10" in shown
    assert "Arm A Allocated Schools 4" in shown
    assert "Assessed for eligibility: schools 9" in shown
    row = re.search(r"Before supervision: people analysed (\d) (\d) (\d)", shown)
    assert row is not None
    a, b, both = map(int, row.groups())
    assert (a + b, both) == (1, 1)


@pytest.mark.parametrize("role", ROLES)
def test_masked_it_holds_no_name_of_an_arm(sign_in_as, answered: Trial, role: str) -> None:
    page = sign_in_as(role).get(PATH).text
    # From the response on: what is to be done above it names what a coordinator records.
    shown = page.partition(">Response</h2>")[2].partition("</main>")[0]
    for arm in answered.definition.arms:
        assert arm.label not in shown
        assert arm.id not in shown.replace("Before supervision", "").replace(
            "After supervision", ""
        )
    assert "Arm A" in shown
    assert "attended a session" not in shown


def test_released_it_names_the_arms_and_who_attended(sign_in_as, answered: Trial) -> None:
    with answered.database.writing() as session:
        unmask_study(
            session, study=answered.study(session), because="Done.", by=BY, at=answered.clock()
        )
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert "Support as usual Allocated Schools 4" in shown
    assert "Arm A" not in shown


def test_where_sizes_would_tell_the_arms_apart_they_wait(sign_in_as, trial: Trial) -> None:
    source = trial.definition.source.replace("ratio = 1", "ratio = 2", 1)
    source = source.replace("block_size = 4", "block_size = 6")
    with trial.database.writing() as session:
        register_study(
            session, definition=read_study(source, file="a.toml"), by=BY, at=trial.clock()
        )
    trial.invite()
    trial.randomise()
    page = sign_in_as("coordinator").get(PATH).text
    shown = text_of_page(page)
    assert "shown after unmasking" in shown
    assert "Arm A" not in shown
    assert "Every school that can take part Allocated Schools 8" in shown
    assert 'id="response-by-arm"' not in page


def test_an_alarm_names_no_arm(sign_in_as, trial: Trial, monkeypatch) -> None:
    from reports import drift

    monkeypatch.setattr(drift, "FEWEST_PEOPLE", 1)
    trial.invite()
    trial.randomise()
    with trial.database.reading() as session:
        mask = session.scalars(select(Randomisation)).one().mask
        in_a = [
            contact.participant.code
            for contact in session.scalars(select(Contact))
            if contact.participant.school.allocation
            and contact.participant.school.allocation.arm == mask["A"]
        ]
    for code in in_a:
        comment_by(trial, "Time.", person=int(code[1:]))
    page = sign_in_as("evaluator").get(PATH).text
    warning = re.search(r'govuk-warning-text__text">(.*?)</strong>', page, re.DOTALL)
    assert warning is not None
    assert "is drifting apart: the arms differ by 100.0 percentage points" in warning[1]
    assert "Arm" not in warning[1]


def test_each_role_is_told_what_it_can_do_itself(sign_in_as, answered: Trial, clock: Clock) -> None:
    with answered.database.writing() as session:
        study = answered.study(session)
        pause_letters(session, study=study, by=BY, at=clock())
    clock.noon_on(answered.definition.wave("baseline").closes_on)
    coordinator = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert (
        "Letters have been paused since 16 September 2019 at 12:00. See the letters" in coordinator
    )
    assert "“Before supervision” closes on 18 October 2019." in coordinator
    assert "for redaction" not in coordinator
    redactor = text_of_page(sign_in_as("redactor").get(PATH).text)
    assert "1 comment waits for redaction. Redact comments" in redactor
    assert "Letters have been paused" not in redactor


def test_sessions_planned_and_not_recorded_are_asked_for(
    sign_in_as, answered: Trial, clock: Clock
) -> None:
    clock.noon_on(answered.definition.sessions.planned_dates()[1])
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "4 supervision sessions planned before today are not recorded. Record sessions" in shown


def test_shows_what_the_worker_worked_out_with_its_time(sign_in_as, answered: Trial) -> None:
    browser = sign_in_as("evaluator")
    assert "The worker has not worked this out yet" in browser.get(PATH).text
    found = (
        OutcomeOutlook(
            "Stress", "After", "", "Before", 0.5, 51.5, 48.2, 0.05, -0.2, 0.31, smallest=0.8
        ),
        OutcomeOutlook("Anxiety", "After", reason="Too few have answered yet."),
    )
    work_out_outlook(answered.database, clock=answered.clock, look_ahead=lambda *_, **__: found)
    shown = text_of_page(browser.get(PATH).text)
    assert "Worked out on 16 September 2019 at 12:00" in shown
    assert "Stress, After Before 50% 52 48 0.05 (below 0 to 0.31) 0.80 – –" in shown
    assert "Anxiety: Too few have answered yet." in shown
