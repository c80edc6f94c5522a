"""Names, addresses and comments are kept encrypted, are found again, and change their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from answering import answer
from cryptography.fernet import Fernet
from looking import events, rows
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError
from trials import BY, KEYS, Trial

from survey_app.database import schema
from survey_app.database.encryption import PURPOSES, KeyMissingError, Purpose
from survey_app.database.models import Comment, Contact, HeldPage, Invitation, ResponseEvent
from survey_app.database.queries.comments import comment_counts
from survey_app.database.queries.outbox import person_sought
from survey_app.database.queries.schools import participant_by_email, schools_page
from survey_app.database.session import Database
from survey_app.operations.key_rotation import note_rotation, rotate_step, tables_of
from survey_app.operations.submissions import hold_page

WORDS = "Kayleigh was hard."


@pytest.fixture
def told(trial: Trial) -> Trial:
    trial.invite()
    answer(trial, 1, text=WORDS)
    with trial.database.writing() as session:
        hold_page(
            session,
            invitation=session.get_one(Invitation, 1),
            page="gad7",
            posted={"would_help": WORDS},
            reason="test",
            at=trial.clock(),
        )
    return trial


def with_keys(trial: Trial, keys: Mapping[Purpose, tuple[str, ...]]) -> Trial:
    address = trial.database.engine.url.render_as_string(hide_password=False)
    return replace(trial, database=Database(address, keys=keys))


def as_it_stands(trial: Trial, tables=("contact", "comment", "response_event", "held_page")) -> str:
    """What a copy of the database shows to whoever has no key."""
    with trial.database.engine.connect() as connection:
        return str([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])


def everything_private(trial: Trial) -> list[object]:
    return [
        [(c.name, c.email) for c in rows(trial.database, Contact)],
        [c.body for c in rows(trial.database, Comment)],
        [e.body for e in rows(trial.database, ResponseEvent)],
        [h.posted for h in rows(trial.database, HeldPage)],
    ]


def test_a_copy_of_the_record_shows_no_name_address_or_comment(told: Trial):
    kept = as_it_stands(told)
    assert "Person" not in kept
    assert "school1.example" not in kept
    assert "Kayleigh" not in kept
    assert "Kayleigh" in str(everything_private(told))
    assert "person1@school1.example" in str(everything_private(told))


def test_the_same_words_are_never_kept_alike(told: Trial):
    with told.database.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM contact")).scalars().all()
        bodies = connection.execute(
            text("SELECT body FROM response_event WHERE body IS NOT NULL AND body <> ''")
        ).scalars()
        assert len(set(names)) == len(names)
        for body in bodies:
            assert body.startswith("gAAAA")


@pytest.mark.parametrize("typed", ["person1@school1.example", " Person1@SCHOOL1.example "])
def test_an_address_is_found_by_its_hash_however_it_is_typed(told: Trial, typed: str):
    with told.database.reading() as session:
        study = told.study(session)
        person = participant_by_email(session, study, typed)
        assert person is not None
        assert person.contact is not None
        assert person.contact.name == "Person 1"
        assert person_sought(session, study, typed.strip()) is not None
        assert participant_by_email(session, study, "nobody@school1.example") is None


def test_a_school_is_found_by_a_part_of_a_name_in_it(told: Trial):
    with told.database.reading() as session:
        found = schools_page(session, told.study(session), wanted="deputy T", offset=0, limit=9)
        assert [school.name for school in found] == ["School 2"]
        assert not schools_page(session, told.study(session), wanted="%", offset=0, limit=9)


def test_empty_comments_are_told_from_others_without_a_key(told: Trial):
    keyless = with_keys(told, {})
    with keyless.database.reading() as session:
        counts = comment_counts(session, keyless.study(session))
    keyless.database.dispose()
    assert counts.submitted > 0
    assert {c.n_words for c in rows(told.database, Comment) if c.body} == {3}


@pytest.mark.parametrize("purpose", ["contacts", "comments"])
def test_each_purpose_is_read_with_its_own_keys_alone(told: Trial, purpose: Purpose):
    others = {each: keys for each, keys in KEYS.items() if each != purpose}
    without = with_keys(told, others)
    model = {"contacts": Contact, "comments": Comment}
    for each, of_purpose in model.items():
        if each == purpose:
            with pytest.raises(KeyMissingError, match=purpose):
                rows(without.database, of_purpose)
        else:
            assert rows(without.database, of_purpose)
    without.database.dispose()


def test_nothing_is_written_in_plain_words_for_want_of_a_key(told: Trial):
    keyless = with_keys(told, {})
    with pytest.raises(StatementError, match="No key for contacts"):  # noqa: SIM117
        with keyless.database.writing() as session:
            session.add(Contact(participant_id=1, study_id=1, name="X", email="x@y.example"))
    keyless.database.dispose()


def rotate(trial: Trial, purpose: Purpose) -> int:
    changed = 0
    for table in tables_of(purpose):
        after, more = None, True
        while more:
            with trial.database.writing() as session:
                after, n = rotate_step(session, table=table, purpose=purpose, after=after)
            changed, more = changed + n, after is not None
    with trial.database.writing() as session:
        note_rotation(session, purpose=purpose, rows=changed, by=BY, at=trial.clock())
    return changed


@pytest.mark.parametrize("rows_a_step", [2, 500])
@pytest.mark.parametrize("purpose", ["contacts", "comments"])
def test_keys_are_changed_while_both_read_and_the_old_one_can_go(
    told: Trial, purpose: Purpose, rows_a_step: int, monkeypatch
):
    monkeypatch.setattr("survey_app.operations.key_rotation.ROWS_A_STEP", rows_a_step)
    before = everything_private(told)
    newest = Fernet.generate_key().decode()
    both = with_keys(told, {**KEYS, purpose: (newest, *KEYS[purpose])})
    assert everything_private(both) == before
    with both.database.reading() as session:
        assert participant_by_email(session, both.study(session), "person1@school1.example")
    assert rotate(both, purpose) > 0
    assert rotate(both, purpose) == 0
    both.database.dispose()
    newer = with_keys(told, {**KEYS, purpose: (newest,)})
    assert everything_private(newer) == before
    with newer.database.reading() as session:
        assert participant_by_email(session, newer.study(session), "person1@school1.example")
    newer.database.dispose()
    with pytest.raises(KeyMissingError):
        everything_private(told)
    first, second = events(told.database, "keys_rotated")
    assert (first.detail["purpose"], second.detail["rows"]) == (purpose, 0)


def test_a_history_that_can_only_grow_still_does_after_its_keys_were_changed(told: Trial):
    both = with_keys(
        told, {**KEYS, "comments": (Fernet.generate_key().decode(), *KEYS["comments"])}
    )
    rotate(both, "comments")
    for act in ("UPDATE response_event SET value = 1", "DELETE FROM response_event"):
        with pytest.raises(DBAPIError), both.database.writing() as session:
            session.execute(text(act))
    both.database.dispose()


def test_a_key_that_is_gone_stops_the_change_and_changes_nothing(told: Trial):
    before = as_it_stands(told)
    other = with_keys(told, {**KEYS, "contacts": (Fernet.generate_key().decode(),)})
    with pytest.raises(KeyMissingError):
        rotate(other, "contacts")
    other.database.dispose()
    assert as_it_stands(told) == before


def test_every_purpose_but_none_other_has_tables():
    assert [bool(tables_of(purpose)) for purpose in PURPOSES] == [True] * len(PURPOSES)
    assert sorted(tables_of("comments")) == ["comment", "held_page", "response_event"]


def test_an_older_record_is_encrypted_by_the_upgrade_and_read_as_before(told: Trial):
    before = everything_private(told)
    schema.downgrade(told.database.engine, "0018")
    assert "Kayleigh" in as_it_stands(told)
    assert "person1@school1.example" in as_it_stands(told)
    schema.upgrade(told.database.engine)
    assert "Kayleigh" not in as_it_stands(told)
    assert everything_private(told) == before
    assert {c.n_words for c in rows(told.database, Comment) if c.body} == {3}
    with told.database.reading() as session:
        assert participant_by_email(session, told.study(session), "person1@school1.example")


def test_the_keys_are_changed_by_a_command(run_with_new_key, told: Trial):
    output = run_with_new_key("keys", "rotate", "contacts")
    assert output == "contacts: 11 rows encrypted anew; all are under the newest key.\n"
    assert len(events(told.database, "keys_rotated")) == 1
    assert "contacts: 0 rows" in run_with_new_key("keys", "rotate")


@pytest.fixture
def run_with_new_key(settings):
    from survey_app import create_app

    keys = (Fernet.generate_key().decode(), *KEYS["contacts"])
    app = create_app(replace(settings, contacts_keys=keys))

    def run(*arguments: str) -> str:
        result = app.test_cli_runner().invoke(args=list(arguments))
        assert result.exit_code == 0, result.output
        return result.output

    yield run
    app.extensions["survey"].database.dispose()
