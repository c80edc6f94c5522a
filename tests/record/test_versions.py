"""What was asked is frozen by use; a study may ask more, and never less or otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.resources import files
from types import MappingProxyType

import pytest
from answering import answer, save, send, start, visit_of
from at_once import at_once
from looking import events, everything, only, rows
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from trials import BY, Trial

from instruments.catalogue import Source, catalogue_of, load_catalogue, load_sources
from instruments.errors import DefinitionError
from instruments.missing import NOT_ANSWERED, NOT_ASKED
from survey_app.database import schema
from survey_app.database.models import FrozenDefinition, QuestionnaireVersion, Study, Submission
from survey_app.operations import versions
from survey_app.operations.errors import DefinitionChangedError, StudyFrozenError
from survey_app.operations.reporting import take_snapshot
from survey_app.operations.studies import definition_of, register_study, unmask_study
from survey_app.operations.versions import (
    changed_files,
    definition_asked,
    freeze_what_is_used,
)
from survey_app.trial.design import read_study
from survey_app.web.participant.delivery import delivery_of

WHY = "The steering group asked for hours worked."
FIRST_PART = '[[waves.questionnaire]]\nkind = "item"\nid = "years_in_role"\n'
WORDS_PART = '[[waves.questionnaire]]\nkind = "open"\nid = "most_stressful"\n'
HOURS = """[[waves.questionnaire]]
kind = "item"
id = "hours"
text = "How many hours a week do you work on safeguarding?"
options = [{ value = 1, label = "Up to 10" }, { value = 2, label = "More than 10" }]

"""
RESILIENCE = '[[waves.questionnaire]]\nkind = "instrument"\ninstrument = "brs"\n\n'


def changed(trial: Trial, *changes: tuple[str, str]):
    source = trial.definition.source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new, 1)
    return read_study(source, file="amended.toml")


def amend(trial: Trial, *changes: tuple[str, str], because: str = WHY) -> Trial:
    definition = changed(trial, *changes)
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock(), because=because)
    return replace(trial, definition=definition)


def with_more(trial: Trial) -> Trial:
    """Hours asked first and resilience before the open questions, at the running baseline."""
    return amend(trial, (FIRST_PART, HOURS + FIRST_PART), (WORDS_PART, RESILIENCE + WORDS_PART))


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


@pytest.fixture
def another_gad7(monkeypatch: pytest.MonkeyPatch) -> str:
    """The program's GAD-7 with other words and the same version, in a process just started."""

    def change(version: str = "1") -> str:
        old = load_sources()["gad7"].text
        new = old.replace("Not being able to stop", "Being unable to stop")
        new = new.replace('version = "1"', f'version = "{version}"', 1)
        assert new != old
        sources = {**load_sources(), "gad7": Source(new)}
        monkeypatch.setattr(versions, "load_sources", lambda: sources)
        catalogue = {**load_catalogue(), **catalogue_of({"gad7.toml": new})}
        monkeypatch.setattr(versions, "load_catalogue", lambda: MappingProxyType(catalogue))
        monkeypatch.setattr(versions, "_FROZEN", {})
        versions._read.cache_clear()
        return Source(new).sha256

    yield change
    versions._read.cache_clear()


def file_sha256(instrument: str) -> str:
    path = files("instruments").joinpath(f"definitions/{instrument}.toml")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_first_invitation_freezes_the_study_and_its_instruments(invited: Trial):
    version = only(invited.database, QuestionnaireVersion)
    assert (version.wave, version.number, version.frozen_at) == ("baseline", 1, invited.clock())
    frozen = {each.name: each for each in rows(invited.database, FrozenDefinition)}
    assert set(frozen) == {"bolton-primary", "gad7", "pss10", "dsl_confidence"}
    assert frozen["bolton-primary"].source == invited.definition.source
    for name in ("gad7", "pss10", "dsl_confidence"):
        assert frozen[name].sha256 == file_sha256(name)
        assert frozen[name].version == load_catalogue()[name].version
    study = only(invited.database, Study)
    assert study.instruments == {
        name: file_sha256(name) for name in ("dsl_confidence", "gad7", "pss10")
    }


def test_a_study_nobody_is_invited_to_freezes_nothing(trial: Trial):
    assert rows(trial.database, QuestionnaireVersion) == []


def test_a_submission_says_which_versions_it_answered(invited: Trial):
    answer(invited)
    with invited.database.reading() as session:
        submission = visit_of(session, invited).submission
        assert submission is not None
        assert submission.questionnaire is not None
        answered = {(i.name, i.version, i.sha256) for i in submission.questionnaire.instruments}
    assert ("pss10", "1.1", file_sha256("pss10")) in answered
    assert len(answered) == 3


def test_two_who_invite_at_once_freeze_one_version(trial: Trial):
    results = at_once(trial, lambda each: each.invite(), lambda each: each.invite())
    assert not [result for result in results if isinstance(result, Exception)]
    assert only(trial.database, QuestionnaireVersion).number == 1


@pytest.mark.parametrize(
    "table", ["frozen_definition", "questionnaire_version", "questionnaire_instrument"]
)
def test_what_is_frozen_can_only_be_added_to(invited: Trial, table):
    with pytest.raises(DBAPIError, match="can only grow"), invited.database.writing() as session:
        session.execute(text(f"DELETE FROM {table}"))


def test_a_changed_file_changes_nothing_for_a_study_in_use(invited: Trial, another_gad7):
    answer(invited)
    file_now = another_gad7()
    with invited.database.reading() as session:
        visit = visit_of(session, invited, 2)
        asked = delivery_of(visit).questionnaire.question("gad7_2").text
        snapshot = take_snapshot(session, study=visit.study, at=invited.clock())
        (found,) = changed_files(visit.study)
    assert asked == "Not being able to stop or control worrying"
    assert snapshot.instruments["gad7"] == load_catalogue()["gad7"]
    assert snapshot.provenance["GAD-7, version 1 (SHA-256)"] == file_sha256("gad7")
    assert (found.sha256, found.file_sha256) == (file_sha256("gad7"), file_now)
    assert "other text of the same version" in str(found)
    assert file_sha256("gad7") in str(found)
    assert file_now in str(found)


def test_a_later_wave_asks_what_the_first_one_asked(invited: Trial, another_gad7):
    another_gad7("2")
    invited.clock.noon_on(invited.definition.wave("follow_up").opens_on)
    invited.invite("follow_up")
    frozen = {each.name: each.sha256 for each in rows(invited.database, FrozenDefinition)}
    assert frozen["gad7"] == file_sha256("gad7")
    assert len(rows(invited.database, FrozenDefinition)) == 4


def test_another_study_with_the_changed_file_is_refused_with_both_hashes(invited, another_gad7):
    file_now = another_gad7()
    other = changed(invited, ('slug = "bolton-primary"', 'slug = "another"'))
    before = everything(invited.database)
    with (
        pytest.raises(DefinitionChangedError) as refused,
        invited.database.writing() as session,
    ):
        register_study(session, definition=other, by=BY, at=invited.clock())
    assert file_sha256("gad7") in str(refused.value)
    assert file_now in str(refused.value)
    assert everything(invited.database) == before
    another_gad7("2")
    with invited.database.writing() as session:
        register_study(session, definition=other, by=BY, at=invited.clock())


def test_a_question_added_mid_trial_is_asked_of_those_not_submitted(invited: Trial):
    answer(invited, 1)
    start(invited, 2)
    save(invited, "gad7", person=2, values={"gad7_1": 3})
    start(invited, 3)
    save(invited, "gad7", person=3, values={"gad7_1": 2})
    invited.clock.move(days=1)
    more = with_more(invited)
    save(more, "brs", person=2, values={"brs_1": 4})
    send(more, 2)
    answer(more, 4)
    with more.database.reading() as session:
        snapshot = take_snapshot(session, study=more.study(session), at=more.clock())
        submitted = delivery_of(visit_of(session, more, 1)).questionnaire
        going_on = delivery_of(visit_of(session, more, 3)).questionnaire
    assert "brs_1" not in [question.id for question in submitted.questions()]
    assert going_on.question("hours") in going_on.page("about-you").questions
    people = snapshot.submissions.set_index("participant")["version"].to_dict()
    assert people == {"P00001": 1, "P00002": 2, "P00003": 1, "P00004": 2}
    assert snapshot.answers["brs_1"].tolist()[:3] == [NOT_ASKED, 4, NOT_ASKED]
    assert snapshot.answers["hours"].tolist() == [NOT_ASKED, NOT_ANSWERED, NOT_ASKED, 1]
    first, second = snapshot.versions
    assert (first.number, second.number, second.because) == (1, 2, WHY)
    assert second.frozen_at == more.clock()
    assert second.added == (
        "“How many hours a week do you work on safeguarding?”",
        load_catalogue()["brs"].short_title,
    )


def test_a_change_after_submission_stays_with_the_version_that_was_answered(trial: Trial):
    changing = amend(trial, ("minutes = 9\n", "minutes = 9\nchanges_after_submission = true\n"))
    changing.invite()
    answer(changing)
    more = with_more(changing)
    save(more, "gad7", values={"gad7_1": 3})
    with more.database.reading() as session:
        visit = visit_of(session, more)
        pages = [page.key for page in delivery_of(visit).questionnaire.pages]
        snapshot = take_snapshot(session, study=visit.study, at=more.clock())
    assert "brs" not in pages
    assert snapshot.submissions["version"].tolist() == [1]
    assert snapshot.answers.iloc[0]["gad7_1"] == 3
    assert snapshot.answers.iloc[0]["brs_1"] == NOT_ASKED


def test_an_amendment_leaves_one_event_with_its_reason(invited: Trial):
    with_more(invited)
    (event,) = events(invited.database, "study_amended")
    assert event.detail["because"] == WHY
    assert event.detail["questionnaires"] == "baseline version 2"


def test_an_amendment_that_asks_nothing_more_makes_no_version(invited: Trial):
    amend(invited, ("closes_on = 2019-10-18", "closes_on = 2019-10-25"))
    assert only(invited.database, QuestionnaireVersion).number == 1
    (event,) = events(invited.database, "study_amended")
    assert event.detail["questionnaires"] == "no questionnaire in use"


def test_a_wave_to_come_may_change_freely(invited: Trial):
    amend(invited, ('id = "what_changed"\n', 'id = "what_changed"\nmax_length = 300\n'))
    with invited.database.reading() as session:
        wave = definition_of(invited.study(session)).wave("follow_up")
    assert wave.questionnaire[4].max_length == 300


def test_an_amendment_needs_a_reason_and_changes_nothing_without(invited: Trial):
    before = everything(invited.database)
    with pytest.raises(StudyFrozenError, match="say why"):
        amend(invited, (FIRST_PART, HOURS + FIRST_PART), because="  ")
    assert everything(invited.database) == before


def test_an_amendment_that_takes_away_or_alters_is_refused_with_every_fault(invited: Trial):
    before = everything(invited.database)
    with pytest.raises(DefinitionError) as refused:
        amend(
            invited,
            ("Which part of the safeguarding role do you find", "What do you find"),
            ('label = "Less than 1 year"', 'label = "Under 1 year"'),
            ('id = "would_help"', 'id = "will_help"'),
            ("opens_on = 2019-09-16", "opens_on = 2019-09-15"),
            ('phases = ["primary"]', 'phases = ["primary", "nursery"]'),
            ("You are invited because", "You were chosen because"),
            ("ratio = 1\n", "ratio = 3\n"),
            ("agree to answer this questionnaire", "agree to answer"),
        )
    assert [fault.where for fault in refused.value.faults] == [
        "study.phases",
        "arms",
        "notice",
        "consents",
        "waves[0].opens_on",
        "waves[0].questionnaire[0].options",
        "waves[0].questionnaire[5].text",
        "waves[0].questionnaire",
    ]
    assert everything(invited.database) == before


def test_the_order_of_what_was_asked_stays(invited: Trial):
    part = '[[waves.questionnaire]]\nkind = "instrument"\ninstrument = "gad7"\n\n'
    other = '[[waves.questionnaire]]\nkind = "instrument"\ninstrument = "pss10"\n\n'
    with pytest.raises(DefinitionError, match="another order"):
        amend(invited, (part + other, other + part))


def test_the_plan_may_change_until_the_arms_are_released(invited: Trial):
    with pytest.raises(DefinitionError, match="another plan under the same day, 2019-09-02"):
        amend(invited, ("confidence = 0.95", "confidence = 0.9"))
    again = ("fixed_on = 2019-09-02", "fixed_on = 2019-09-09")
    now = amend(invited, ("confidence = 0.95", "confidence = 0.9"), again)
    with now.database.writing() as session:
        unmask_study(session, study=now.study(session), because="Done.", by=BY, at=now.clock())
    with pytest.raises(DefinitionError, match="after the arms were released"):
        amend(now, ("confidence = 0.9", "confidence = 0.8"))


def test_a_record_from_before_versions_is_frozen_once_as_it_is(invited: Trial):
    answer(invited)
    engine = invited.database.engine
    schema.downgrade(engine, "0013")
    schema.upgrade(engine)
    assert only(invited.database, Submission).questionnaire_id is None
    with invited.database.reading() as session:
        submission = visit_of(session, invited).submission
        assert definition_asked(invited.study(session), submission) is not None
        snapshot = take_snapshot(session, study=invited.study(session), at=invited.clock())
        assert snapshot.submissions["version"].tolist() == [1]
    for expected in (1, 0):
        with invited.database.writing() as session:
            assert freeze_what_is_used(session, by=BY, at=invited.clock()) == expected
    version = only(invited.database, QuestionnaireVersion)
    assert only(invited.database, Submission).questionnaire_id == version.id
