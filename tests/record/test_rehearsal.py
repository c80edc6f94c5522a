"""A study is rehearsed whole, apart from the record, and what comes of it says that it is none."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import pikepdf
import pytest
from looking import everything
from trials import ROSTER, Trial

from reports.document import stylesheet
from survey_app.mail import transport
from survey_app.operations.reporting import OF_A_REHEARSAL, REHEARSAL
from survey_app.operations.studies import definition_of
from survey_app.rehearsal.answers import RehearsedAnswers, Respondent
from survey_app.rehearsal.course import Rehearsal, rehearse
from survey_app.rehearsal.roster import invented_rows, rows_on_record, with_invented_people
from survey_app.trial.design import load_ready_made, ready_made_sources
from survey_app.trial.roster import RosterRow, read_roster

BOLTON = load_ready_made()["bolton-primary"]


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """A rehearsal has a database of its own, the same whichever the record is in."""
    return request.param


def roster(schools: int) -> tuple[RosterRow, ...]:
    lines = ROSTER.decode().splitlines()
    rows = [
        f"Bolton,School {n},2{n:05d},primary,yes,Real Name {n},real{n}@school.example,DSL"
        for n in range(1, schools + 1)
    ]
    read = read_roster("\n".join([lines[0], *rows]).encode(), phases=BOLTON.study.phases)
    return with_invented_people(read.rows)


@pytest.fixture(scope="module")
def rehearsed() -> tuple[Rehearsal, list[str]]:
    said: list[str] = []
    return rehearse(BOLTON, roster(24), seed="tests", say=said.append), said


def test_it_lives_through_every_wave_and_says_so(rehearsed) -> None:
    done, said = rehearsed
    assert [wave.title for wave in done.waves] == ["Before supervision", "After supervision"]
    for wave in done.waves:
        assert 0 < wave.submitted <= wave.started < wave.invited <= done.people == 24
    assert said == [
        "24 people enrolled.",
        "Lived through “Before supervision”.",
        "Lived through “After supervision”.",
        "Making the report …",
    ]


def test_scanners_that_press_buttons_count_as_nobody_who_started(rehearsed) -> None:
    done, _ = rehearsed
    first = done.waves[0]
    assert 0 < done.pressed < done.scanned
    # Who broke off has started and not submitted; a scanner's consent is no start.
    assert first.started - first.submitted < done.pressed


def test_the_report_says_on_every_page_that_it_is_a_rehearsal(rehearsed) -> None:
    done, _ = rehearsed
    html = done.document.html.decode()
    # What the heading says is set into the top of every page of the PDF.
    assert f"<h1>{REHEARSAL}: " in html
    assert "string-set: doc-title content()" in stylesheet()
    assert f"<title>{REHEARSAL}: " in html
    assert OF_A_REHEARSAL in html
    assert "Real Name" not in html
    if done.document.pdf is None:
        pytest.skip(done.document.pdf_missing_because)
    with pikepdf.open(io.BytesIO(done.document.pdf)) as document:
        assert str(document.docinfo["/Title"]).startswith(REHEARSAL)


def test_the_same_seed_tells_the_same_story(rehearsed) -> None:
    again = rehearse(BOLTON, roster(24), seed="tests", say=lambda _: None)
    done, _ = rehearsed
    assert again.waves == done.waves
    assert (again.letters, again.bounced, again.pressed) == (
        *(done.letters, done.bounced),
        done.pressed,
    )
    assert figures(again) == figures(done)


def figures(done: Rehearsal) -> list[str]:
    """The tables of a report: what it says without the names of what made it."""
    return re.findall(r"<table.*?</table>", done.document.html.decode(), re.DOTALL)


def test_nothing_is_left_of_it_but_the_report(rehearsed) -> None:
    assert list(Path(tempfile.gettempdir()).glob("survey-rehearsal-*")) == []


def test_no_way_for_a_real_letter_is_even_made(trial: Trial, monkeypatch) -> None:
    def fails(_settings):
        raise AssertionError("a way for real letters was asked for")

    monkeypatch.setattr(transport, "transport_for", fails)
    monkeypatch.setattr("survey_app.jobs.delivery.transport_for", fails)
    before = everything(trial.database)
    with trial.database.reading() as session:
        study = trial.study(session)
        rows, definition = rows_on_record(session, study), definition_of(study)
    assert rehearse(definition, rows, seed="x", say=lambda _: None).people == 10
    assert everything(trial.database) == before


def test_the_people_of_a_roster_on_record_are_nobody(trial: Trial) -> None:
    with trial.database.reading() as session:
        rows = rows_on_record(session, trial.study(session))
    assert len(rows) == 11
    assert {row.urn for row in rows} == {f"10000{n}" for n in range(1, 10)}
    assert all(row.dsl_name.startswith("Rehearsal Person ") for row in rows)
    assert all(row.dsl_email.endswith("@rehearsal.example") for row in rows)


@pytest.mark.parametrize("slug", ready_made_sources())
def test_every_ready_made_study_has_a_roster_and_answers_to_all_it_asks(slug: str) -> None:
    definition = load_ready_made()[slug]
    rows = invented_rows(definition, seed="x")
    assert {row.phase for row in rows if row.mainstream} <= set(definition.study.phases)
    people = [Respondent(n, n // 2) for n in range(6)]
    invented = RehearsedAnswers(definition, people, seed="x")
    for wave in definition.waves:
        for page in definition.questionnaire(wave.id, None).pages:
            values, texts = invented.answers(3, wave.id, page)
            for question in page.questions:
                if question.kind == "choice":
                    offered = {each.value for each in question.choices}
                    assert values[question.id] in offered or values[question.id] < 0
            assert texts.keys() <= {q.id for q in page.questions if q.kind == "text"}
