"""`study load`, `study list`, `roster import`: what they take, and how they refuse the rest."""

from __future__ import annotations

import pytest
from looking import everything, only, rows
from trials import BY, ROSTER, SLUG

from instruments.catalogue import load_catalogue
from survey_app.database.models import AuditEvent, Participant, School, Study
from survey_app.operations.studies import definition_of, register_study
from survey_app.trial import design
from survey_app.trial.design import load_ready_made

HEADINGS = "authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role\n"
TEN_FAULTS = (
    HEADINGS
    + ",School 1,100001,primary,yes,Ann One,ann@school1.example,DSL\n"
    + "Bolton,,100002,primary,yes,Ann Two,ann@school2.example,DSL\n"
    + "Bolton,School 3,12,primary,yes,Ann Three,ann@school3.example,DSL\n"
    + "Bolton,School 4,100004,infant,yes,Ann Four,ann@school4.example,DSL\n"
    + "Bolton,School 5,100005,primary,perhaps,Ann Five,ann@school5.example,DSL\n"
    + "Bolton,School 6,100006,primary,yes,,ann@school6.example,DSL\n"
    + "Bolton,School 7,100007,primary,yes,Ann Seven,ann at school7,DSL\n"
    + "Bolton,School 8,100008,primary,yes,Ann Eight,ann@school8.example,caretaker\n"
    + "Bolton,School 9,100009,primary,yes,Ann Nine,ann@school9.example,DSL\n"
    + "Bolton,School Nine,100009,primary,yes,Bea Nine,bea@school9.example,deputy\n"
    + "Bolton,School 10,100010,primary,yes,Bob Ten,ann@school9.example,DSL\n"
)


@pytest.fixture
def roster_file(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(ROSTER)
    return path


@pytest.mark.parametrize("slug", sorted(load_ready_made()))
def test_a_ready_made_study_is_loaded_by_its_name(done, database, slug):
    assert f"Study {slug} is on record" in done("study", "load", slug)
    assert only(database, Study).slug == slug
    assert {event.by for event in rows(database, AuditEvent)} == {"command"}


def test_a_study_is_loaded_from_a_file(done, database, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(load_ready_made()[SLUG].source.replace(SLUG, "my-study"))
    assert "Study my-study is on record" in done("study", "load", path)
    assert only(database, Study).slug == "my-study"


def test_every_fault_of_a_bad_file_is_listed(refused, database, tmp_path):
    path = tmp_path / "bad.toml"
    source = load_ready_made()[SLUG].source
    for good, bad in (
        ('instrument = "pss10"', 'instrument = "pss11"'),
        ("block_size = 4", "block_size = 3"),
        ("closes_on = 2019-10-18", "closes_on = 2019-09-01"),
        ('score = "gad7_total"', 'score = "gad7_mean"'),
    ):
        source = source.replace(good, bad)
    path.write_text(source)
    said = refused("study", "load", path)
    assert "bad.toml" in said
    for place in (
        "waves[0].questionnaire[4].instrument",
        "allocation.block_size",
        "waves[0].closes_on",
        "plan.outcomes[0].score",
    ):
        assert place in said
    assert rows(database, Study) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe\x00", "not text in UTF-8"), (b"[study", "bad.toml"), (b"", "bad.toml")],
)
def test_what_is_no_study_file_is_refused(refused, tmp_path, content, said):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert said in refused("study", "load", path)


def test_a_missing_file_is_named(refused, tmp_path):
    said = refused("study", "load", tmp_path / "none.toml")
    assert "There is no file" in said
    assert "or one of bolton-primary, greater-manchester-secondary" in said
    assert "cannot be read: Is a directory" in refused("study", "load", tmp_path)


def test_a_study_in_use_is_not_changed(refused, trial, tmp_path):
    trial.invite()
    path = tmp_path / "changed.toml"
    path.write_text(trial.definition.source.replace("minutes = 9", "minutes = 10"))
    assert "is in use" in refused("study", "load", path)


def test_studies_on_record_and_ready_made_are_listed(done, trial):
    said = done("study", "list")
    assert "bolton-primary  on record" in said
    assert "secondary-group  ready-made" in said


def test_a_roster_is_imported_and_importing_again_adds_nobody(done, database, roster_file):
    done("study", "load", SLUG)
    said = done("roster", "import", SLUG, roster_file)
    assert "Schools: 9 added, 0 updated; 1 on the roster cannot take part." in said
    assert "People: 11 added, 0 updated, 0 moved, 0 unchanged." in said
    said = done("roster", "import", SLUG, roster_file)
    assert "People: 0 added, 0 updated, 0 moved, 11 unchanged." in said
    lines = done("roster", "history", SLUG).splitlines()
    assert len(lines) == 12
    assert lines[0].endswith("role,since,until,left_because,takes_part_here")
    assert lines[1].startswith("100001,School 1,P00001,Person 1,DSL,")
    assert lines[1].endswith(",,,yes")
    assert len(rows(database, Participant)) == 11


def test_ten_kinds_of_fault_are_each_listed_with_line_and_column(refused, trial, tmp_path):
    path = tmp_path / "faulty.csv"
    path.write_text(TEN_FAULTS)
    before = everything(trial.database)
    said = refused("roster", "import", SLUG, path)
    places = (
        "line 2, authority:",
        "line 3, school:",
        "line 4, urn:",
        "line 5, phase:",
        "line 6, mainstream:",
        "line 7, dsl_name:",
        "line 8, dsl_email:",
        "line 9, dsl_role:",
        "line 11, school:",
        "line 12, dsl_email:",
    )
    assert [place for place in places if place not in said] == []
    assert everything(trial.database) == before


def test_a_roster_without_a_heading_or_of_another_phase_is_refused(refused, trial, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(ROSTER.replace(b",dsl_email", b",telephone", 1))
    assert "dsl_email" in refused("roster", "import", SLUG, path)
    path.write_bytes(ROSTER.replace(b"primary", b"secondary"))
    assert "phase" in refused("roster", "import", SLUG, path)
    path.write_bytes(b"")
    assert "the file" in refused("roster", "import", SLUG, path)


def test_after_randomisation_every_row_that_no_longer_fits_is_listed(refused, trial, tmp_path):
    trial.randomise()
    path = tmp_path / "roster.csv"
    path.write_bytes(
        ROSTER.replace(b"Bolton,School 3", b"Bury,School 3").replace(
            b"100004,primary", b"100004,secondary"
        )
    )
    said = refused("roster", "import", SLUG, path)
    assert "line 4, authority" in said
    assert "line 5, phase or mainstream" in said
    assert len(rows(trial.database, School)) == 9


def test_an_unknown_study_is_told_with_those_there_are(refused, trial, roster_file):
    said = refused("roster", "import", "nowhere", roster_file)
    assert "There is no study nowhere. Studies on record: bolton-primary." in said


def test_without_any_study_on_record_that_is_said(refused, database, roster_file):
    assert "none yet" in refused("roster", "import", SLUG, roster_file)


def test_a_missing_roster_is_named(refused, trial, tmp_path):
    assert "cannot be read" in refused("roster", "import", SLUG, tmp_path / "none.csv")


def test_a_study_in_use_is_amended_with_a_reason(done, refused, trial, tmp_path):
    trial.invite()
    part = '[[waves.questionnaire]]\nkind = "open"\nid = "most_stressful"\n'
    added = '[[waves.questionnaire]]\nkind = "open"\nid = "hours"\ntext = "How long?"\n\n'
    path = tmp_path / "amended.toml"
    path.write_text(trial.definition.source.replace(part, added + part, 1))
    assert "--because" in refused("study", "load", path)
    told = done("study", "load", path, "--because", "Hours were asked for.")
    assert "baseline: questionnaire version 1" in told
    assert "baseline: questionnaire version 2" in told


def test_a_study_in_use_is_not_amended_by_taking_away(refused, trial, tmp_path):
    trial.invite()
    path = tmp_path / "amended.toml"
    source = trial.definition.source.replace('id = "would_help"', 'id = "will_help"', 1)
    path.write_text(source.replace("10, certain", "Certain"))
    told = refused("study", "load", path, "--because", "We changed our minds.")
    assert "no 'would_help', which people were asked" in told
    assert "other options for 'still_in_role'" in told


def test_an_instrument_taken_away_is_said_of_the_studies_that_use_it(done, trial, monkeypatch):
    left = {name: each for name, each in load_catalogue().items() if name != "pss10"}
    monkeypatch.setattr(design, "load_catalogue", lambda: left)
    lines = done("study", "list").splitlines()
    assert any(line.startswith(f"{SLUG}  on record") for line in lines)
    said = [line for line in lines if line.startswith("secondary-group ")]
    assert len(said) == 1
    assert "cannot be used here: secondary-group.toml" in said[0]
    assert "found 'pss10'" in said[0]


def test_a_study_whose_dates_are_moved_is_amended_with_them_moved(done, trial, tmp_path):
    with trial.database.writing() as session:
        register_study(session, definition=trial.definition.shifted(7), by=BY, at=trial.clock())
    trial.clock.move(days=7)
    trial.invite()
    path = tmp_path / "amended.toml"
    path.write_text(trial.definition.source.replace("minutes = 9", "minutes = 8", 1))
    done("study", "load", path, "--because", "It takes less.")
    study = only(trial.database, Study)
    with trial.database.reading() as session:
        wave = definition_of(trial.study(session)).wave("baseline")
    assert study.shifted_by_days == 7
    assert (wave.minutes, wave.opens_on) == (8, trial.definition.shifted(7).waves[0].opens_on)
