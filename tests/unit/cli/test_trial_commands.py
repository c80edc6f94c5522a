"""`trial`, `letters`, `staff`, `report`, `demo`, `database`: done, refused, and said in words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from allocations import comes_late
from answering import answer
from looking import everything, only, rows
from sqlalchemy import text, update
from trials import BY, PASSWORD, SLUG

from survey_app import create_app
from survey_app.database.models import Allocation, Invitation, Participant, Randomisation, Staff
from survey_app.database.queries.staff import staff_by_email
from survey_app.database.session import Database
from survey_app.operations.staff import add_staff
from survey_app.settings import Settings

EIGHT = range(100_001, 100_009)
SEAL = re.compile(r"\b[0-9a-f]{64}\b")


CUT_OFF = ("--cut-off-because", "A test.")


def test_schools_are_randomised_once_and_verified(done, refused, trial):
    said = done("trial", "allocate", SLUG, "--seed", "2019-bolton", *CUT_OFF)
    seal = only(trial.database, Randomisation).allocation_sha256
    assert seal in said
    said = done("trial", "verify", SLUG)
    assert "Seed:    2019-bolton" in said
    assert f"Seal:    SHA-256 {seal}" in said
    assert "Schools: 4 supervision, 4 usual_support" in said
    assert "Verified" in said
    assert "already randomised" in refused("trial", "allocate", SLUG, *CUT_OFF)


def test_people_who_have_not_answered_are_waited_for(refused, trial):
    assert "10 people have not answered" in refused("trial", "allocate", SLUG)
    assert rows(trial.database, Randomisation) == []


def test_without_a_seed_one_is_drawn_and_recorded(done, trial):
    done("trial", "allocate", SLUG, *CUT_OFF)
    assert re.fullmatch(r"[0-9a-f]{32}", only(trial.database, Randomisation).seed)


def test_a_certificate_is_verified_by_itself_and_against_the_record(done, refused, trial, tmp_path):
    trial.randomise()
    before = tmp_path / "before.txt"
    before.write_text(done("trial", "certificate", SLUG))
    comes_late(trial)
    assert "Late schools have their arms" in done("trial", "allocate-late", SLUG, *CUT_OFF)
    now = tmp_path / "now.txt"
    now.write_text(done("trial", "certificate", SLUG))
    first, second = SEAL.findall(done("trial", "verify", "--certificate", now))[1:]
    assert first in before.read_text()
    assert second in now.read_text()
    for file in (before, now):
        assert "Verified" in done("trial", "verify", "--certificate", file)
        assert "Verified" in done("trial", "verify", SLUG, "--certificate", file)
    other = tmp_path / "other.txt"
    other.write_text(now.read_text().replace("|supervision\n", "|usual_support\n"))
    assert "not what its seed gives" in refused("trial", "verify", "--certificate", other)
    other.write_bytes(b"\xff")
    assert "no text in UTF-8" in refused("trial", "verify", "--certificate", other)
    assert "Name a study" in refused("trial", "verify")


def test_an_allocation_is_imported_and_released_by_name(done, refused, trial, tmp_path):
    file = tmp_path / "allocation.csv"
    file.write_text("urn,arm\n100001,supervision\n")
    ask = ("trial", "import", SLUG, file, "--source", "By lot", *CUT_OFF)
    assert "7 schools have no row" in refused(*ask)
    lines = [f"{urn},{'supervision' if urn % 2 else 'usual_support'}" for urn in EIGHT]
    file.write_text("\n".join(["urn,arm", *lines]))
    assert "marked so" in done(*ask)
    assert "no draw to repeat" in done("trial", "verify", SLUG)
    tell = ("trial", "release", SLUG)
    because = ("--because", "Offers the supervision.")
    assert "Coordinator now sees the arms" in done(*tell, "coordinator@trial.example", *because)
    assert "told the arms already" in refused(*tell, "coordinator@trial.example", *because)
    assert "no role" in refused(*tell, "evaluator@trial.example", *because)
    assert "Nobody on staff" in refused(*tell, "x@y.example", *because)


def test_what_was_tampered_with_is_told(refused, trial):
    trial.randomise()
    with trial.database.writing() as session:
        session.execute(update(Allocation).values(arm="supervision"))
    said = refused("trial", "verify", SLUG)
    assert "The record is not what the seed gives" in said
    assert said.count("repeating the draw gives 'usual_support'") == 4


def test_verifying_before_randomising_is_told(refused, trial):
    assert "not randomised yet" in refused("trial", "verify", SLUG)


@pytest.mark.parametrize("seed", ["with|bar", " around "])
def test_a_seed_that_cannot_be_used_is_told(refused, trial, seed):
    assert "seed" in refused("trial", "allocate", SLUG, "--seed", seed, *CUT_OFF)
    assert rows(trial.database, Randomisation) == []


def test_people_are_invited_and_only_newcomers_the_next_time(done, trial):
    assert "10 people invited" in done("letters", "invite", SLUG, "baseline")
    assert "is invited already" in done("letters", "invite", SLUG, "baseline")
    assert len(rows(trial.database, Invitation)) == 10


def test_a_wave_not_open_or_not_there_is_told(refused, trial):
    assert "not open yet" in refused("letters", "invite", SLUG, "follow_up")
    said = refused("letters", "invite", SLUG, "christmas")
    assert "There is no wave christmas; the waves are baseline, follow_up." in said


def test_staff_are_added_and_given_roles(done, refused, trial):
    new = ("staff", "add", "nora@trial.example", "Nora", "--password", PASSWORD)
    assert "Nora can sign in" in done(*new)
    assert "already on staff" in refused(*new)
    said = done("staff", "grant", "Nora@trial.example", SLUG, "safeguarding_contact")
    assert "Nora is now safeguarding contact of bolton-primary" in said
    with trial.database.reading() as session:
        nora = staff_by_email(session, "nora@trial.example")
    assert nora is not None
    assert [role.role for role in nora.roles] == ["safeguarding_contact"]


def test_a_password_is_asked_for_and_never_printed(done, trial):
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    said = done("staff", "add", "nora@trial.example", "Nora", input=typed)
    assert PASSWORD not in said


def test_what_staff_cannot_be_is_told(refused, trial):
    short = ("staff", "add", "nora@trial.example", "Nora", "--password", "short")
    assert "at least 12" in refused(*short)
    assert "Nobody on staff" in refused("staff", "grant", "x@y.example", SLUG, "redactor")
    assert "is not one of" in refused("staff", "grant", "eve@trial.example", SLUG, "director")
    assert len(rows(trial.database, Staff)) == 7


def test_the_report_is_written_as_html_and_pdf(done, trial, tmp_path):
    trial.invite()
    answer(trial, 1)
    folder = tmp_path / "new" / "folder"
    said = done("report", SLUG, "-o", folder)
    html, pdf = folder / "bolton-primary-report.html", folder / "bolton-primary-report.pdf"
    assert said.splitlines() == [f"Written: {html}", f"Written: {pdf}"]
    assert trial.definition.title in html.read_text()
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_folder_that_cannot_be_written_to_is_told(refused, trial, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = refused("report", SLUG, "-o", tmp_path / "file" / "below")
    assert "cannot be written" in said


@pytest.mark.parametrize(
    "command",
    [
        ("trial", "allocate", "nowhere"),
        ("trial", "verify", "nowhere"),
        ("letters", "invite", "nowhere", "baseline"),
        ("staff", "grant", "eve@trial.example", "nowhere", "redactor"),
        ("report", "nowhere"),
    ],
    ids=" ".join,
)
def test_every_command_tells_of_a_study_it_does_not_know(refused, trial, command):
    before = everything(trial.database)
    said = refused(*command)
    assert "There is no study nowhere. Studies on record: bolton-primary." in said
    assert everything(trial.database) == before


def settings_of(path: Path, **changes: object) -> Settings:
    settings = Settings(
        mode="demonstration",
        secret_key="k" * 40,
        data_directory=path,
        database_url=f"sqlite:///{path / 'survey.sqlite'}",
        base_url="http://127.0.0.1:8000",
        mail_from="survey@trial.example",
        mail_server=None,
    )
    return replace(settings, **changes)  # type: ignore[arg-type]  # each test says which


def invoke(settings: Settings, *arguments: str):
    app = create_app(settings)
    result = app.test_cli_runner().invoke(args=arguments)
    app.extensions["survey"].database.dispose()
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_the_demonstration_is_refused_in_production(tmp_path):
    result = invoke(settings_of(tmp_path, mode="production"), "demo", "load", "--afresh")
    assert result.exit_code == 1
    assert "This is not a demonstration" in result.output
    assert not (tmp_path / "survey.sqlite").exists()


def test_loaded_afresh_the_demonstration_stays_in_the_database_a_service_has_open(
    tmp_path, monkeypatch
):
    settings = settings_of(tmp_path)
    told = []
    monkeypatch.setattr(
        "survey_app.demonstration.story.tell_story", lambda *_, **parts: told.append(parts)
    )
    invoke(settings, "database", "upgrade")
    running = Database(settings.database_url, keys=settings.encryption_keys)
    with running.writing() as session:
        add_staff(
            session,
            name="Ada",
            email="ada@trial.example",
            password="p" * 12,
            by=BY,
            at=datetime.now(UTC),
        )
    assert len(rows(running, Staff)) == 1
    assert invoke(settings, "demo", "load", "--afresh").exit_code == 0
    assert len(told) == 1
    assert rows(running, Staff) == []
    running.dispose()


def test_the_demonstration_is_not_loaded_over_a_study(done, trial):
    before = everything(trial.database)
    assert "Already on record: bolton-primary. The data are kept." in done("demo", "load")
    assert everything(trial.database) == before


def test_a_database_not_set_up_is_told_with_the_command_that_does(tmp_path):
    settings = settings_of(tmp_path)
    result = invoke(settings, "study", "list")
    assert result.exit_code == 1
    assert "flask --app wsgi database upgrade" in result.output
    assert "up to date" in invoke(settings, "database", "upgrade").output
    assert "up to date" in invoke(settings, "database", "upgrade").output
    assert invoke(settings, "study", "list").exit_code == 0


@pytest.mark.parametrize(
    "command", [("study", "list"), ("database", "upgrade"), ("demo", "load")], ids=" ".join
)
def test_a_database_of_a_later_version_is_told_and_left_alone(trial, settings, command):
    with trial.database.engine.execution_options(survey_writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    result = invoke(settings, *command)
    assert result.exit_code == 1
    assert "a later version of this program" in result.output
    assert rows(trial.database, Participant)


@pytest.mark.parametrize(
    "command", [("study", "list"), ("database", "upgrade"), ("demo", "load")], ids=" ".join
)
def test_a_database_that_does_not_answer_is_told(tmp_path, command):
    nowhere = "postgresql+psycopg://nobody:hush@127.0.0.1:1/nothing"
    result = invoke(settings_of(tmp_path, database_url=nowhere), *command)
    assert result.exit_code == 1
    assert "The database does not answer" in result.output
    assert "hush" not in result.output
