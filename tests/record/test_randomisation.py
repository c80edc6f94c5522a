"""Schools are randomised once, sealed, and anyone can draw the same again."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest
from allocations import BLOCKS, MINIMISED, allocating, comes_late
from answering import answer
from looking import events, everything, only, rows
from sqlalchemy import update
from trials import BY, Trial

from survey_app.database.models import Allocation, ArmRelease, LateAllocation, Randomisation, School
from survey_app.operations.errors import BaselineOutstandingError, RandomisationError
from survey_app.operations.randomisation import (
    allocate_clusters,
    allocate_late_schools,
    certificate_of,
    import_allocation,
    new_seed,
    verify_allocation,
)
from survey_app.trial.certificate import Certificate, read_certificate
from survey_app.trial.errors import RosterError
from survey_app.version import VERSION


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
    assert event.detail == {
        "schools": 8,
        "baseline": drawn.baseline,
        "allocation_sha256": drawn.allocation_sha256,
    }


def certificate(trial: Trial) -> Certificate:
    with trial.database.reading() as session:
        return certificate_of(session, study=trial.study(session))


def test_the_certificate_is_sound_by_itself_and_hashes_to_the_seals_on_record(trial: Trial):
    trial.randomise()
    read = read_certificate(certificate(trial).text)
    assert read.differences() == ()
    drawn = only(trial.database, Randomisation)
    (text,) = read.texts
    assert hashlib.sha256(text.encode()).hexdigest() == drawn.allocation_sha256
    assert f"program|{VERSION}\n" in text
    assert f"engine|{drawn.engine_sha256}\n" in text
    assert "balance|all||supervision|4\nbalance|all||usual_support|4\n" in text


def test_the_seed_alone_decides(trial: Trial, database):
    trial.randomise("one")
    first = {a.school_id: a.arm for a in rows(database, Allocation)}
    with database.writing() as session:
        for model in (ArmRelease, Allocation, Randomisation):
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
    assert f"School {urn} is recorded with the arm {other!r}" in "\n".join(verify(trial))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seed": "another seed"}, "repeating the draw gives"),
        ({"seed": ""}, "The seed is empty"),
        ({"mask": {"A": "supervision", "B": "supervision"}}, "Letter"),
        ({"block_size": 2}, "block"),
        ({"block_size": 3}, "expected a multiple of 2"),
        ({"arms": [["supervision", 2], ["usual_support", 2]]}, "seal"),
        ({"roster_sha256": "0" * 64}, "The recorded seal of the roster is 0000"),
        ({"allocation_sha256": "0" * 64}, "The seal of part 0 is 0000"),
        ({"baseline": "complete: 10 people"}, "The seal of part 0"),
        ({"program": "9.9"}, "The seal of part 0"),
    ],
)
def test_verifying_finds_what_was_tampered_with(trial: Trial, values, told):
    trial.randomise()
    tamper(trial, Randomisation, **values)
    assert told in "\n".join(verify(trial))


def test_verifying_finds_a_school_taken_away_or_put_in_since(trial: Trial):
    trial.randomise()
    tamper(trial, School, School.urn == "100001", exclusion="Closed")
    assert "School 100001 has an arm on record" in "\n".join(verify(trial))
    last = rows(trial.database, Allocation)[-1]
    special = next(s.id for s in rows(trial.database, School) if s.urn == "100009")
    tamper(trial, Allocation, Allocation.id == last.id, school_id=special)
    told = "\n".join(verify(trial))
    assert "The recorded seal of the roster" in told


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
            session,
            study=trial.study(session),
            seed="s",
            by=BY,
            at=trial.clock(),
            cut_off_because="A test.",
        )
    assert given.allocation_sha256 == only(trial.database, Randomisation).allocation_sha256


def randomise(trial: Trial, because: str = "") -> None:
    with trial.database.writing() as session:
        allocate_clusters(
            session,
            study=trial.study(session),
            seed="s",
            by=BY,
            at=trial.clock(),
            cut_off_because=because,
        )


def allocate_late(trial: Trial, because: str = "They joined after the baseline.") -> None:
    with trial.database.writing() as session:
        allocate_late_schools(
            session,
            study=trial.study(session),
            by=BY,
            at=trial.clock(),
            cut_off_because=because,
        )


def bring_in(trial: Trial, text: str, *, because: str = "A test.", source: str = "By lot") -> None:
    with trial.database.writing() as session:
        import_allocation(
            session,
            study=trial.study(session),
            data=text.encode(),
            source=source,
            seed="letters",
            by=BY,
            at=trial.clock(),
            cut_off_because=because,
        )


def as_file(*urns: int, arms: tuple[str, str] = ("supervision", "Support as usual")) -> str:
    return "urn,arm\n" + "".join(f"{urn},{arms[urn % 2]}\n" for urn in urns)


EIGHT = range(100_001, 100_009)


def test_while_the_baseline_is_outstanding_nobody_is_randomised_without_a_reason(trial: Trial):
    trial.invite()
    for person in (1, 2, 3):
        answer(trial, person)
    before = everything(trial.database)
    with pytest.raises(BaselineOutstandingError, match="7 people have not answered “Before"):
        randomise(trial)
    with pytest.raises(BaselineOutstandingError):
        randomise(trial, " \n ")
    assert everything(trial.database) == before
    randomise(trial, "The board\ndecided.")
    kept = only(trial.database, Randomisation).baseline
    assert kept.startswith("cut off at 20")
    assert kept.endswith("7 of 10 people outstanding: The board decided.")


def test_a_complete_baseline_needs_no_reason(trial: Trial):
    trial.invite()
    for person in range(1, 11):
        answer(trial, person)
    randomise(trial)
    assert only(trial.database, Randomisation).baseline == "complete: 10 people"


def test_a_baseline_that_has_closed_needs_no_reason(trial: Trial):
    trial.invite()
    answer(trial, 1)
    trial.clock.noon_on(trial.definition.wave("baseline").closes_on)
    trial.clock.move(days=1)
    randomise(trial)
    assert only(trial.database, Randomisation).baseline == "closed, 9 of 10 people outstanding"


def test_late_schools_take_the_next_places_and_the_certificate_only_grows(trial: Trial):
    trial = allocating(trial, BLOCKS)
    trial.randomise()
    before = certificate(trial).text
    kept = rows(trial.database, Allocation)
    comes_late(trial, 11)
    comes_late(trial, 12, "Bury")
    allocate_late(trial)
    comes_late(trial, 13)
    allocate_late(trial)
    now = certificate(trial)
    assert now.text.startswith(before)
    assert now.differences() == () == verify(trial)
    assert read_certificate(now.text).differences() == ()
    late = [a for a in rows(trial.database, Allocation) if a.act]
    assert [(a.act, a.stratum, a.block, a.position) for a in late] == [
        (1, "Bolton", 3, 1),
        (1, "Bury", 1, 1),
        (2, "Bolton", 3, 2),
    ]
    assert [a.arm for a in rows(trial.database, Allocation)[:8]] == [a.arm for a in kept]
    assert [e.detail["schools"] for e in events(trial.database, "late_schools_allocated")] == [2, 1]
    first, second = rows(trial.database, LateAllocation)
    assert second.previous_sha256 == first.allocation_sha256
    assert first.baseline.endswith("2 of 2 people outstanding: They joined after the baseline.")


def test_what_was_tampered_with_in_a_late_act_is_found(trial: Trial):
    trial.randomise()
    comes_late(trial)
    allocate_late(trial)
    tamper(trial, LateAllocation, baseline="complete: 1 people")
    assert "The seal of part 1" in "\n".join(verify(trial))


def test_a_late_school_is_waited_for_as_the_others_were(trial: Trial):
    trial.randomise()
    comes_late(trial)
    with pytest.raises(BaselineOutstandingError, match="1 person has not answered"):
        allocate_late(trial, "")
    tamper(trial, School, School.urn == "100011", exclusion="Closed")
    with pytest.raises(RandomisationError, match="No school of bolton-primary waits"):
        allocate_late(trial)
    assert rows(trial.database, LateAllocation) == []


def test_where_the_file_refuses_late_schools_none_comes_onto_the_roster(trial: Trial):
    trial = allocating(trial, f'{BLOCKS}late_schools = "refused"\n')
    trial.randomise()
    with pytest.raises(RosterError, match="100011 is a new school"):
        comes_late(trial)


def test_minimises_over_what_the_file_says_and_is_repeated(trial: Trial):
    trial = allocating(trial, MINIMISED)
    trial.randomise()
    strata = {a.stratum for a in rows(trial.database, Allocation)}
    assert strata == {"Bolton|one person", "Bolton|several people"}
    assert only(trial.database, Randomisation).probability == "0.8"
    comes_late(trial)
    allocate_late(trial)
    assert verify(trial) == ()
    assert read_certificate(certificate(trial).text).differences() == ()


def test_three_arms_at_unequal_ratios_are_kept_to(trial: Trial):
    more = """id = "more"
label = "Twice a month"
ratio = 2

[[arms.delivered]]
model = "group"
starts_on = 2019-11-04
tag = "our choice"
source = "A test"

[[arms]]
id = "supervision"
label = "Supervision"
ratio = 1"""
    trial = allocating(trial, BLOCKS, arms=more)
    trial.randomise()
    assert Counter(a.arm for a in rows(trial.database, Allocation)) == {
        "more": 4,
        "supervision": 2,
        "usual_support": 2,
    }
    assert sorted(only(trial.database, Randomisation).mask) == ["A", "B", "C"]
    assert verify(trial) == ()


def test_an_allocation_made_elsewhere_is_taken_over_and_marked(trial: Trial):
    bring_in(trial, as_file(*EIGHT))
    drawn = only(trial.database, Randomisation)
    assert (drawn.method, drawn.source) == ("imported", "By lot")
    assert drawn.file_sha256 == hashlib.sha256(as_file(*EIGHT).encode()).hexdigest()
    by_urn = {s.id: s.urn for s in rows(trial.database, School)}
    arms = {by_urn[a.school_id]: a.arm for a in rows(trial.database, Allocation)}
    assert arms == {str(urn): ("supervision", "usual_support")[urn % 2] for urn in EIGHT}
    assert verify(trial) == ()
    read = read_certificate(certificate(trial).text)
    assert read.differences() == ()
    assert "rule|imported: made elsewhere, version 1\n" in read.texts[0]
    assert "source|By lot\n" in read.texts[0]
    (event,) = events(trial.database, "allocation_imported")
    assert event.detail["schools"] == 8
    with pytest.raises(RandomisationError, match="already randomised"):
        trial.randomise()


def test_every_fault_of_an_imported_allocation_is_listed_and_nothing_written(trial: Trial):
    before = everything(trial.database)
    faulty = as_file(*range(100_002, 100_008)) + (
        "12,supervision\n100002,supervision\n100009,supervision\n999999,supervision\n100008,both\n"
    )
    with pytest.raises(RosterError) as refused:
        bring_in(trial, faulty)
    told = [str(fault) for fault in refused.value.faults]
    assert [each.split(": ")[0] for each in told] == [
        "the file, urn",
        "line 8, urn",
        "line 9, urn",
        "line 10, urn",
        "line 11, urn",
        "line 12, arm",
    ]
    assert "1 school has no row: 100001" in told[0]
    assert "already on line 2" in told[2]
    assert "cannot take part" in told[3]
    assert "is not on the roster" in told[4]
    assert "expected one of supervision, usual_support" in told[5]
    assert everything(trial.database) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("PK\x03\x04", "a spreadsheet"),
        ("urn,group\n100001,x\n", "line 1, arm: the column is missing"),
        ("a;b\n1;2\n", "line 1, urn: the column is missing"),
    ],
)
def test_a_file_that_is_no_allocation_is_refused(trial: Trial, text: str, told: str):
    with pytest.raises(RosterError, match=told):
        bring_in(trial, text)


def test_an_import_waits_for_the_baseline_and_wants_a_source(trial: Trial):
    with pytest.raises(BaselineOutstandingError):
        bring_in(trial, as_file(*EIGHT), because="")
    with pytest.raises(RandomisationError, match="Say who made the allocation"):
        bring_in(trial, as_file(*EIGHT), source=" ")
    assert rows(trial.database, Randomisation) == []


def test_late_schools_of_an_imported_allocation_are_imported_too(trial: Trial):
    bring_in(trial, as_file(*EIGHT))
    comes_late(trial)
    with pytest.raises(RandomisationError, match="late schools are imported too"):
        allocate_late(trial)
    with pytest.raises(RosterError, match="has its arm already"):
        bring_in(trial, as_file(100_001, 100_011))
    bring_in(trial, as_file(100_011), source="By another lot")
    read = read_certificate(certificate(trial).text)
    assert read.differences() == () == verify(trial)
    assert "source|By another lot\n" in read.texts[1]
    assert len(read.rows) == 9


def test_an_import_into_schools_randomised_here_is_refused(trial: Trial):
    trial.randomise()
    comes_late(trial)
    with pytest.raises(RandomisationError, match="already randomised here"):
        bring_in(trial, as_file(100_011))
