"""Schools are randomised once, sealed, and anyone can draw the same again."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest
from looking import events, everything, only, rows
from sqlalchemy import update
from trials import BY, Trial

from survey_app.database.models import Allocation, Randomisation, School
from survey_app.operations.errors import RandomisationError
from survey_app.operations.randomisation import (
    allocate_clusters,
    new_seed,
    sealed_record,
    verify_allocation,
)


def verify(trial: Trial) -> tuple[str, ...]:
    with trial.database.reading() as session:
        return verify_allocation(session, study=trial.study(session))


def tamper(trial: Trial, model, condition=True, **values) -> None:
    with trial.database.writing() as session:
        session.execute(update(model).where(condition).values(**values))


def test_every_eligible_school_gets_an_arm_in_balance(trial: Trial):
    trial.randomise()
    allocations = rows(trial.database, Allocation)
    eligible = {s.id for s in rows(trial.database, School) if s.is_eligible}
    assert {a.school_id for a in allocations} == eligible
    assert Counter(a.arm for a in allocations) == {"supervision": 4, "usual_support": 4}
    assert {(a.block, a.position) for a in allocations} == {
        (block, position) for block in (1, 2) for position in (1, 2, 3, 4)
    }


def test_all_that_repeats_the_draw_is_on_record(trial: Trial):
    trial.randomise("a seed written down")
    drawn = only(trial.database, Randomisation)
    assert (drawn.seed, drawn.block_size, drawn.allocated_by) == ("a seed written down", 4, BY)
    assert drawn.allocated_at == trial.clock()
    assert drawn.arms == [["supervision", 1], ["usual_support", 1]]
    assert sorted(drawn.mask) == ["A", "B"]
    (event,) = events(trial.database, "schools_randomised")
    assert event.detail == {"schools": 8, "allocation_sha256": drawn.allocation_sha256}


def test_the_printed_record_hashes_to_the_seal(trial: Trial):
    trial.randomise()
    with trial.database.reading() as session:
        text = sealed_record(session, study=trial.study(session)).sealed_text
    seal = only(trial.database, Randomisation).allocation_sha256
    assert hashlib.sha256(text.encode()).hexdigest() == seal


def test_the_seed_alone_decides(trial: Trial, database):
    trial.randomise("one")
    first = {a.school_id: a.arm for a in rows(database, Allocation)}
    with database.writing() as session:
        for model in (Allocation, Randomisation):
            for row in session.query(model):
                session.delete(row)
    trial.randomise("one")
    assert {a.school_id: a.arm for a in rows(database, Allocation)} == first


def test_randomising_again_is_refused_and_nothing_changes(trial: Trial):
    trial.randomise()
    before = everything(trial.database)
    with pytest.raises(RandomisationError, match="already randomised"):
        trial.randomise("another seed")
    assert everything(trial.database) == before


def test_no_eligible_school_is_refused(trial: Trial):
    tamper(trial, School, exclusion="Not a mainstream school")
    with pytest.raises(RandomisationError, match="no schools to allocate"):
        trial.randomise()
    assert rows(trial.database, Randomisation) == []


@pytest.mark.parametrize("seed", ["", "  ", "with|bar", "two\nlines"])
def test_a_seed_that_cannot_be_copied_exactly_is_refused(trial: Trial, seed):
    with pytest.raises(RandomisationError, match="seed"):
        trial.randomise(seed)


def test_an_untouched_allocation_is_verified(trial: Trial):
    trial.randomise()
    assert verify(trial) == ()


def test_verifying_before_randomisation_says_so(trial: Trial):
    with pytest.raises(RandomisationError, match="not randomised yet"):
        verify(trial)


def test_verifying_finds_a_school_moved_to_the_other_arm(trial: Trial):
    trial.randomise()
    moved = rows(trial.database, Allocation)[0]
    other = {"supervision": "usual_support", "usual_support": "supervision"}[moved.arm]
    tamper(trial, Allocation, Allocation.id == moved.id, arm=other)
    urn = next(s.urn for s in rows(trial.database, School) if s.id == moved.school_id)
    assert f"School {urn} is recorded with the arm {other!r}" in verify(trial)[0]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seed": "another seed"}, "repeating the draw gives"),
        ({"seed": ""}, "The seed is empty"),
        ({"mask": {"A": "supervision", "B": "supervision"}}, "Letter"),
        ({"block_size": 2}, "block"),
        ({"block_size": 3}, "expected a multiple of 2"),
        ({"arms": [["supervision", 2], ["usual_support", 2]]}, "seal"),
        ({"roster_sha256": "0" * 64}, "the record as it stands is"),
        ({"allocation_sha256": "0" * 64}, "The recorded seal is 0000"),
    ],
)
def test_verifying_finds_what_was_tampered_with(trial: Trial, values, told):
    trial.randomise()
    tamper(trial, Randomisation, **values)
    assert told in "\n".join(verify(trial))


def test_verifying_finds_a_school_added_or_taken_away_since(trial: Trial):
    trial.randomise()
    tamper(trial, School, School.urn == "100009", exclusion="")
    tamper(trial, School, School.urn == "100001", exclusion="Closed")
    told = "\n".join(verify(trial))
    assert "School 100009 was randomised" in told
    assert "School 100001 is recorded" in told


def test_verifying_writes_nothing(trial: Trial):
    trial.randomise()
    before = everything(trial.database)
    verify(trial)
    assert everything(trial.database) == before


def test_a_drawn_seed_has_128_bits_as_text(trial: Trial):
    seeds = {new_seed(random.Random(n)) for n in range(50)}
    assert len(seeds) == 50
    assert all(len(seed) == 32 and int(seed, 16) >= 0 for seed in seeds)


def test_the_operation_gives_what_it_recorded(trial: Trial):
    with trial.database.writing() as session:
        given = allocate_clusters(
            session, study=trial.study(session), seed="s", by=BY, at=trial.clock()
        )
    assert given.allocation_sha256 == only(trial.database, Randomisation).allocation_sha256
