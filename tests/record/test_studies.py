"""A study's definition comes onto the record, is frozen by use, and its arms are released once."""

from __future__ import annotations

import pytest
from looking import events, everything, only, rows
from trials import BY, SLUG, Clock, Trial

from survey_app.database.models import Study
from survey_app.database.session import Database
from survey_app.operations.errors import OperationError, StudyFrozenError
from survey_app.operations.studies import definition_of, register_study, unmask_study
from survey_app.trial.design import StudyDefinition, load_ready_made, read_study


def definition(old: str = "", new: str = "") -> StudyDefinition:
    """The Bolton study, perhaps with some of its words replaced."""
    source = load_ready_made()[SLUG].source
    assert old in source
    return read_study(source.replace(old, new), file="changed.toml")


CHANGED = definition("minutes = 9", "minutes = 10")


def register(database: Database, clock: Clock, study: StudyDefinition) -> None:
    with database.writing() as session:
        register_study(session, definition=study, by=BY, at=clock())


def test_a_registered_study_reads_back_as_it_was_written(database, clock):
    register(database, clock, load_ready_made()[SLUG])
    study = only(database, Study)
    assert definition_of(study) == load_ready_made()[SLUG]
    assert study.definition_sha256 == definition().sha256
    assert study.registered_at == clock()
    assert [e.subject for e in events(database, "study_registered")] == [f"study:{study.id}"]


def test_a_moved_study_keeps_its_seal_and_its_moved_dates(database, clock):
    moved = definition().shifted(70)
    register(database, clock, moved)
    study = only(database, Study)
    assert study.definition_sha256 == definition().sha256
    assert definition_of(study).wave("baseline").opens_on == moved.wave("baseline").opens_on
    assert moved.wave("baseline").opens_on != definition().wave("baseline").opens_on


def test_the_same_definition_again_changes_nothing(database, clock):
    register(database, clock, definition())
    before = everything(database)
    clock.move(days=1)
    register(database, clock, definition())
    assert everything(database) == before


def test_a_definition_not_in_use_is_replaced(database, clock):
    register(database, clock, definition())
    register(database, clock, CHANGED)
    assert definition_of(only(database, Study)).wave("baseline").minutes == 10
    (event,) = events(database, "study_updated")
    assert event.detail == {"sha256": CHANGED.sha256[:12]}


def test_two_studies_stand_beside_each_other(database, clock):
    for study in load_ready_made().values():
        register(database, clock, study)
    assert {study.slug for study in rows(database, Study)} == set(load_ready_made())


@pytest.mark.parametrize("use", ["invited", "randomised"])
def test_a_definition_in_use_can_no_longer_change(trial: Trial, use):
    trial.invite() if use == "invited" else trial.randomise()
    before = everything(trial.database)
    with pytest.raises(StudyFrozenError, match="bolton-primary is in use"):
        register(trial.database, trial.clock, CHANGED)
    assert everything(trial.database) == before


def test_moving_the_dates_of_a_study_in_use_is_refused(trial: Trial):
    trial.invite()
    with pytest.raises(StudyFrozenError):
        register(trial.database, trial.clock, definition().shifted(7))


def test_a_definition_in_use_may_be_loaded_again_unchanged(trial: Trial):
    trial.invite()
    before = everything(trial.database)
    register(trial.database, trial.clock, definition())
    assert everything(trial.database) == before


def unmask(trial: Trial, because: str = "Database locked, analysis done.") -> None:
    with trial.database.writing() as session:
        unmask_study(session, study=trial.study(session), because=because, by=BY, at=trial.clock())


def test_arms_are_released_with_who_when_and_why(trial: Trial):
    unmask(trial, "  Analysis done.  ")
    study = only(trial.database, Study)
    assert (study.unmasked_at, study.unmasked_by, study.unmasked_because) == (
        trial.clock(),
        BY,
        "Analysis done.",
    )
    (event,) = events(trial.database, "study_unmasked")
    assert event.detail == {"because": "Analysis done."}


def test_arms_are_not_released_without_a_reason(trial: Trial):
    with pytest.raises(OperationError, match="Say why"):
        unmask(trial, "  ")
    assert only(trial.database, Study).unmasked_at is None


def test_arms_are_released_once(trial: Trial):
    unmask(trial)
    before = everything(trial.database)
    with pytest.raises(OperationError, match="already released"):
        unmask(trial, "Once more.")
    assert everything(trial.database) == before
