"""`study rehearse`: what it takes, what it refuses, and the files it writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from looking import everything
from trials import ROSTER, SLUG

from survey_app.rehearsal import course
from survey_app.rehearsal.course import WaveRehearsed

DOCUMENT = SimpleNamespace(html=b"<p>report</p>", pdf=b"%PDF", pdf_missing_because="")
DONE = SimpleNamespace(
    document=DOCUMENT,
    waves=(WaveRehearsed("Before", 10, 6, 5),),
    letters=30,
    bounced=1,
    scanned=9,
    pressed=2,
)


@pytest.fixture
def asked(monkeypatch):
    """What the command asks to be rehearsed, without the minute that it takes."""
    calls = []

    def rehearse(definition, rows, *, seed, say):
        calls.append((definition, rows, seed))
        say("Lived through it.")
        return DONE

    monkeypatch.setattr(course, "rehearse", rehearse)
    return calls


def test_it_writes_the_report_under_a_name_that_says_what_it_is(done, trial, asked, tmp_path):
    before = everything(trial.database)
    said = done("study", "rehearse", SLUG, "--seed", "s", "-o", tmp_path)
    assert "Nothing of it is real." in said
    assert "Before: 10 invited, 6 started, 5 submitted" in said
    assert "1 bounced; mail scanners opened 9 links and pressed 2 buttons" in said
    assert (tmp_path / f"REHEARSAL-{SLUG}-report.html").read_bytes() == DOCUMENT.html
    assert (tmp_path / f"REHEARSAL-{SLUG}-report.pdf").read_bytes() == DOCUMENT.pdf
    assert everything(trial.database) == before
    ((definition, rows, seed),) = asked
    assert (definition.slug, len(rows), seed) == (SLUG, 11, "s")


def test_a_roster_that_is_given_comes_in_without_its_people(done, trial, asked, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(ROSTER)
    done("study", "rehearse", "primary-one-to-one", "--roster", path, "-o", tmp_path)
    ((_, rows, seed),) = asked
    assert {row.school for row in rows} >= {"School 1", "School 8"}
    assert not any("person" in row.dsl_email and "school" in row.dsl_email for row in rows)
    assert len(seed) == 16


def test_without_schools_it_invents_them(done, trial, asked, tmp_path):
    done("study", "rehearse", "secondary-group", "-o", tmp_path)
    ((definition, rows, _),) = asked
    assert definition.slug == "secondary-group"
    assert len(rows) > 50


def test_a_study_file_can_be_rehearsed_before_it_is_loaded(done, refused, trial, asked, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(trial.definition.source.replace(f'slug = "{SLUG}"', 'slug = "mine"'))
    done("study", "rehearse", path, "-o", tmp_path)
    assert asked[0][0].slug == "mine"
    path.write_bytes(b"\xff")
    assert "is not text in UTF-8" in refused("study", "rehearse", path, "-o", tmp_path)
    assert "There is no study nothing" in refused("study", "rehearse", "nothing")
