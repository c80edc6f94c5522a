"""Randomising a study's schools, once, adding late ones, and checking that it can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Allocation,
    LateAllocation,
    Randomisation,
    School,
    Study,
)
from survey_app.database.queries.allocation import (
    BaselineStanding,
    baseline_standing,
    late_allocations,
    people_by_school,
    randomised_schools,
    schools_waiting,
)
from survey_app.database.queries.studies import randomisation_of
from survey_app.operations.audit import record_event
from survey_app.operations.errors import BaselineOutstandingError, RandomisationError
from survey_app.operations.versions import definition_of
from survey_app.operations.waves import state_of
from survey_app.trial import allocation as engine
from survey_app.trial.allocation_file import Imported, read_allocation
from survey_app.trial.allocation_records import (
    AllocatedSchool,
    ArmShare,
    Fact,
    LateAct,
    Method,
    SchoolForAllocation,
)
from survey_app.trial.allocation_records import Allocation as Drawn
from survey_app.trial.blocks import PermutedBlocks
from survey_app.trial.certificate import Certificate, certified
from survey_app.trial.design import StudyDefinition
from survey_app.trial.draws import SEPARATOR, sha256_of_bytes
from survey_app.trial.errors import AllocationError
from survey_app.trial.minimisation import Minimisation
from survey_app.trial.study_file import AllocationTable
from survey_app.version import VERSION

IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Whether schools can be given arms now, as far as their baseline goes."""

    title: str
    standing: BaselineStanding
    is_closed: bool

    @property
    def is_outstanding(self) -> bool:
        """Whether a reason is needed not to wait for the rest."""
        return self.standing.outstanding_people > 0 and not self.is_closed


def baseline_of(session: Session, *, study: Study, at: datetime) -> Baseline:
    """Say how far the schools that wait for an arm have answered the first wave. Reads only."""
    wave = definition_of(study).waves[0]
    return Baseline(
        title=wave.title,
        standing=baseline_standing(session, study, wave=wave.id),
        is_closed=state_of(wave, at=at) == "closed",
    )


def allocate_clusters(
    session: Session,
    *,
    study: Study,
    seed: str,
    by: str,
    at: datetime,
    cut_off_because: str = "",
) -> Randomisation:
    """Randomise every eligible school of the study as its file says, and seal the result.

    Raises BaselineOutstandingError while people have yet to answer a baseline that has not closed
    and no reason is given to cut it off.
    """
    method = method_of(definition_of(study).allocation)
    return _randomise(
        session,
        study=study,
        method=method,
        seed=seed,
        by=by,
        at=at,
        cut_off_because=cut_off_because,
    )


def import_allocation(
    session: Session,
    *,
    study: Study,
    data: bytes,
    source: str,
    seed: str,
    by: str,
    at: datetime,
    cut_off_because: str = "",
) -> Randomisation | LateAllocation:
    """Take over an allocation that was made elsewhere, marked so; `seed` draws the letters alone.

    Where an imported allocation is on record, its late schools are taken. Raises RosterError with
    every fault of the file, by line and column.
    """
    _lock(session, study)
    first = randomisation_of(session, study)
    if first is not None and first.method != IMPORTED:
        raise RandomisationError(
            f"The schools of {study.slug} are already randomised here: late schools take the next "
            "places of that sequence."
        )
    source = _on_one_line(source)
    if not source:
        raise RandomisationError("Say who made the allocation, and how.")
    waiting = {school.urn for school in schools_waiting(session, study)}
    arm_of = read_allocation(
        data,
        arms={arm.id: arm.label for arm in definition_of(study).arms},
        waiting=waiting,
        elsewhere=_why_not_waiting(session, study, waiting),
    )
    method = Imported(arm_of, source, sha256_of_bytes(data))
    if first is None:
        return _randomise(
            session,
            study=study,
            method=method,
            seed=seed,
            by=by,
            at=at,
            cut_off_because=cut_off_because,
        )
    return _allocate_late(
        session,
        study=study,
        method=method,
        by=by,
        at=at,
        cut_off_because=cut_off_because,
    )


def allocate_late_schools(
    session: Session, *, study: Study, by: str, at: datetime, cut_off_because: str = ""
) -> LateAllocation:
    """Give every school that came after the randomisation the next place of the sequence."""
    _lock(session, study)
    first = _expected(session, study)
    if first.method == IMPORTED:
        raise RandomisationError(
            f"The allocation of {study.slug} was imported, so late schools are imported too."
        )
    return _allocate_late(
        session,
        study=study,
        method=_recorded_method(first, ()),
        by=by,
        at=at,
        cut_off_because=cut_off_because,
    )


def method_of(table: AllocationTable) -> Method:
    """Give the way of allocating that a study's file asks for."""
    if table.method == "minimisation":
        return Minimisation(table.factors, str(table.probability))
    return PermutedBlocks(table.block_size or 0, tuple(table.strata.split(" and ")))


def certificate_of(session: Session, *, study: Study) -> Certificate:
    """Give the certificate as the record stands now, with the seals on record. Reads only."""
    randomisation = _expected(session, study)
    acts = late_allocations(session, study)
    rows = _rows_of(session, study)
    first = _drawn(study, randomisation, rows)
    late = [
        LateAct(
            number=act.number,
            rows=tuple(row for row in rows if row.act == act.number),
            previous_sha256=act.previous_sha256,
            facts=_facts_of(study, act),
            balance=engine.balance_lines(
                [row for row in rows if row.act <= act.number], first.method.factors, first.arms
            ),
        )
        for act in acts
    ]
    seals = [randomisation.allocation_sha256, *(act.allocation_sha256 for act in acts)]
    return certified(first, late, seals)


def verify_allocation(session: Session, *, study: Study) -> tuple[str, ...]:
    """Draw the allocation again from the recorded seed and roster; give every difference in words.

    Reads only. An empty answer means the record is what the seed gives.
    """
    certificate = certificate_of(session, study=study)
    eligible = set(
        session.scalars(
            select(School.urn).where(School.study_id == study.id, School.exclusion == "")
        )
    )
    gone = sorted({row.urn for row in certificate.rows} - eligible)
    return (
        *certificate.differences(),
        *(f"School {urn} has an arm on record but is not among those eligible." for urn in gone),
    )


def new_seed(rng: random.Random) -> str:
    """Draw a seed of 128 bits, as text that can be copied exactly."""
    return f"{rng.getrandbits(128):032x}"


def _randomise(
    session: Session,
    *,
    study: Study,
    method: Method,
    seed: str,
    by: str,
    at: datetime,
    cut_off_because: str,
) -> Randomisation:
    _lock(session, study)
    if randomisation_of(session, study) is not None:
        raise RandomisationError(f"The schools of {study.slug} are already randomised.")
    design = definition_of(study)
    schools = schools_waiting(session, study)
    randomisation = Randomisation(
        study_id=study.id,
        method=_name_of(method),
        seed=seed,
        block_size=method.block_size if isinstance(method, PermutedBlocks) else 0,
        factors=SEPARATOR.join(method.factors),
        probability=method.probability if isinstance(method, Minimisation) else "",
        arms=[[arm.id, arm.ratio] for arm in design.arms],
        source=method.source if isinstance(method, Imported) else "",
        file_sha256=method.sha256 if isinstance(method, Imported) else "",
        program=VERSION,
        engine_sha256=engine.engine_sha256(),
        baseline=_baseline_in_words(
            baseline_of(session, study=study, at=at), because=cut_off_because, at=at
        ),
        allocated_at=at,
        allocated_by=by,
    )
    try:
        drawn = engine.allocate(
            _for_allocation(session, study, schools, method),
            arms=_shares(design),
            method=method,
            seed=seed,
            facts=_facts_of(study, randomisation),
        )
    except AllocationError as error:
        raise RandomisationError(str(error)) from error
    randomisation.mask = dict(drawn.mask)
    randomisation.roster_sha256 = drawn.roster_sha256
    randomisation.allocation_sha256 = drawn.sha256
    session.add(randomisation)
    _add_rows(session, study, schools, drawn.rows)
    record_event(
        session,
        "allocation_imported" if isinstance(method, Imported) else "schools_randomised",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        schools=len(drawn.rows),
        baseline=randomisation.baseline,
        allocation_sha256=drawn.sha256,
    )
    return randomisation


def _allocate_late(
    session: Session,
    *,
    study: Study,
    method: Method,
    by: str,
    at: datetime,
    cut_off_because: str,
) -> LateAllocation:
    if definition_of(study).allocation.late_schools == "refused":
        raise RandomisationError(f"The file of {study.slug} says that late schools are refused.")
    schools = schools_waiting(session, study)
    if not schools:
        raise RandomisationError(f"No school of {study.slug} waits for an arm.")
    certificate = certificate_of(session, study=study)
    act = LateAllocation(
        study_id=study.id,
        number=len(certificate.late) + 1,
        previous_sha256=certificate.seals[-1],
        source=method.source if isinstance(method, Imported) else "",
        file_sha256=method.sha256 if isinstance(method, Imported) else "",
        program=VERSION,
        engine_sha256=engine.engine_sha256(),
        baseline=_baseline_in_words(
            baseline_of(session, study=study, at=at), because=cut_off_because, at=at
        ),
        allocated_at=at,
        allocated_by=by,
    )
    roster = _for_allocation(session, study, schools, method)
    try:
        drawn = engine.allocate_late(
            roster,
            first=certificate.first,
            acts=certificate.late,
            method=method,
            facts=_facts_of(study, act),
        )
    except AllocationError as error:
        raise RandomisationError(str(error)) from error
    act.roster_sha256 = engine.roster_sha256(roster)
    act.allocation_sha256 = drawn.sha256
    session.add(act)
    _add_rows(session, study, schools, drawn.rows)
    record_event(
        session,
        "late_schools_allocated",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        schools=len(drawn.rows),
        baseline=act.baseline,
        allocation_sha256=drawn.sha256,
    )
    return act


def _lock(session: Session, study: Study) -> None:
    # The study's row is the lock: of two people who press at once, the second is told.
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())


def _expected(session: Session, study: Study) -> Randomisation:
    randomisation = randomisation_of(session, study)
    if randomisation is None:
        raise RandomisationError(f"The schools of {study.slug} are not randomised yet.")
    return randomisation


def _baseline_in_words(baseline: Baseline, *, because: str, at: datetime) -> str:
    standing = baseline.standing
    of_all = f"{standing.outstanding_people} of {standing.people} people outstanding"
    if not standing.outstanding_people:
        return f"complete: {standing.people} people"
    if baseline.is_closed:
        return f"closed, {of_all}"
    if not _on_one_line(because):
        people = standing.outstanding_people
        raise BaselineOutstandingError(
            f"{'1 person has' if people == 1 else f'{people} people have'} not answered "
            f"“{baseline.title}” yet, which has not closed. Wait for them, or say why they are not "
            "waited for."
        )
    return f"cut off at {_moment(at)}, {of_all}: {_on_one_line(because)}"


def _on_one_line(words: str) -> str:
    return " ".join(words.split())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _facts_of(study: Study, act: Randomisation | LateAllocation) -> tuple[Fact, ...]:
    if not act.program:
        # Sealed before these were kept.
        return ()
    facts = [
        ("study", study.slug),
        ("program", act.program),
        ("engine", act.engine_sha256),
        ("allocated", _moment(act.allocated_at)),
        ("by", act.allocated_by),
        ("baseline", act.baseline),
    ]
    if act.source and isinstance(act, LateAllocation):
        facts += [("source", act.source), ("file", act.file_sha256)]
    return tuple(facts)


def _name_of(method: Method) -> str:
    if isinstance(method, Imported):
        return IMPORTED
    return "minimisation" if isinstance(method, Minimisation) else "permuted_blocks"


def _recorded_method(randomisation: Randomisation, rows: Sequence[AllocatedSchool]) -> Method:
    factors = tuple(randomisation.factors.split(SEPARATOR))
    if randomisation.method == IMPORTED:
        arm_of = {row.urn: row.arm for row in rows}
        return Imported(arm_of, randomisation.source, randomisation.file_sha256, factors)
    if randomisation.method == "minimisation":
        return Minimisation(factors, randomisation.probability)
    return PermutedBlocks(randomisation.block_size, factors)


def _drawn(study: Study, randomisation: Randomisation, rows: Sequence[AllocatedSchool]) -> Drawn:
    first = tuple(row for row in rows if row.act == 0)
    return Drawn(
        rows=first,
        mask=randomisation.mask,
        seed=randomisation.seed,
        method=_recorded_method(randomisation, first),
        arms=tuple(ArmShare(str(arm), int(str(ratio))) for arm, ratio in randomisation.arms),
        roster_sha256=randomisation.roster_sha256,
        facts=_facts_of(study, randomisation),
    )


def _rows_of(session: Session, study: Study) -> list[AllocatedSchool]:
    recorded = [
        AllocatedSchool(
            urn=row.school.urn,
            stratum=row.stratum,
            block=row.block,
            position=row.position,
            arm=row.arm,
            act=row.act,
        )
        for row in randomised_schools(session, study)
    ]
    # Sorted here, since databases differ in how they order letters.
    return sorted(recorded, key=lambda row: (row.act, *engine.order_of(row)))


def _shares(design: StudyDefinition) -> list[ArmShare]:
    return [ArmShare(arm.id, arm.ratio) for arm in design.arms]


def _for_allocation(
    session: Session, study: Study, schools: Sequence[School], method: Method
) -> list[SchoolForAllocation]:
    people = people_by_school(session, study)

    def level(school: School, factor: str) -> str:
        if factor == "authority":
            return school.authority.name
        if factor == "phase":
            return school.phase
        return "several people" if people.get(school.id, 0) > 1 else "one person"

    return [
        SchoolForAllocation(
            school.urn, SEPARATOR.join(level(school, factor) for factor in method.factors)
        )
        for school in schools
    ]


def _add_rows(
    session: Session, study: Study, schools: Sequence[School], rows: Sequence[AllocatedSchool]
) -> None:
    by_urn = {school.urn: school for school in schools}
    session.add_all(
        Allocation(
            study_id=study.id,
            school_id=by_urn[row.urn].id,
            act=row.act,
            stratum=row.stratum,
            block=row.block,
            position=row.position,
            arm=row.arm,
        )
        for row in rows
    )
    session.flush()


def _why_not_waiting(session: Session, study: Study, waiting: set[str]) -> dict[str, str]:
    rows = session.execute(select(School.urn, School.exclusion).where(School.study_id == study.id))
    return {
        urn: "cannot take part" if exclusion else "has its arm already"
        for urn, exclusion in rows
        if urn not in waiting
    }
