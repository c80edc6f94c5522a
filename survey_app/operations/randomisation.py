"""Randomising a study's schools, once, and checking that it can be repeated."""

from __future__ import annotations

import random
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Allocation, Randomisation, School, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import RandomisationError
from survey_app.operations.studies import definition_of
from survey_app.trial import allocation as engine
from survey_app.trial.errors import AllocationError


def allocate_clusters(
    session: Session, *, study: Study, seed: str, by: str, at: datetime
) -> Randomisation:
    """Randomise every eligible school of the study, within authority, and seal the result."""
    # The study's row is the lock: of two people who press at once, the second is told.
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    if _randomisation_of(session, study) is not None:
        raise RandomisationError(f"The schools of {study.slug} are already randomised.")
    schools = _eligible_schools(session, study)
    design = definition_of(study)
    try:
        result = engine.allocate(
            [_for_allocation(school) for school in schools],
            arms=[engine.ArmShare(arm.id, arm.ratio) for arm in design.arms],
            block_size=design.allocation.block_size,
            seed=seed,
        )
    except AllocationError as error:
        raise RandomisationError(str(error)) from error
    by_urn = {school.urn: school for school in schools}
    session.add_all(
        Allocation(
            study_id=study.id,
            school_id=by_urn[row.urn].id,
            stratum=row.stratum,
            block=row.block,
            position=row.position,
            arm=row.arm,
        )
        for row in result.rows
    )
    randomisation = Randomisation(
        study_id=study.id,
        seed=seed,
        block_size=result.block_size,
        arms=[[arm.id, arm.ratio] for arm in result.arms],
        mask=dict(result.mask),
        roster_sha256=result.roster_sha256,
        allocation_sha256=result.sha256,
        allocated_at=at,
        allocated_by=by,
    )
    session.add(randomisation)
    session.flush()
    record_event(
        session,
        "schools_randomised",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        schools=len(result.rows),
        allocation_sha256=result.sha256,
    )
    return randomisation


def verify_allocation(session: Session, *, study: Study) -> tuple[str, ...]:
    """Draw the allocation again from the recorded seed and roster; give every difference in words.

    Reads only. An empty answer means the record is what the seed gives.
    """
    sealed = sealed_record(session, study=study)
    seal = _expected(session, study).allocation_sha256
    schools = [_for_allocation(school) for school in _eligible_schools(session, study)]
    try:
        differences = engine.verify(
            sealed.rows,
            schools,
            arms=sealed.arms,
            block_size=sealed.block_size,
            seed=sealed.seed,
            mask=sealed.mask,
            sha256=seal,
        )
    except AllocationError as error:
        differences = error.reasons
    if sealed.sha256 != seal:
        # The seal covers more than is drawn: the roster's own seal stands in it too.
        differences += (
            f"The recorded seal is {seal}; the record as it stands is {sealed.sha256}.",
        )
    return differences


def sealed_record(session: Session, *, study: Study) -> engine.Allocation:
    """Give the allocation as it stands on record, in the form that its seal was made of."""
    randomisation = _expected(session, study)
    rows = session.scalars(
        select(Allocation)
        .where(Allocation.study_id == study.id)
        .options(joinedload(Allocation.school))
    ).all()
    recorded = [
        engine.AllocatedSchool(
            urn=row.school.urn,
            stratum=row.stratum,
            block=row.block,
            position=row.position,
            arm=row.arm,
        )
        for row in rows
    ]
    return engine.Allocation(
        rows=tuple(sorted(recorded, key=lambda row: (row.stratum, row.block, row.position))),
        mask=randomisation.mask,
        seed=randomisation.seed,
        block_size=randomisation.block_size,
        arms=tuple(engine.ArmShare(str(arm), int(str(ratio))) for arm, ratio in randomisation.arms),
        roster_sha256=randomisation.roster_sha256,
    )


def new_seed(rng: random.Random) -> str:
    """Draw a seed of 128 bits, as text that can be copied exactly."""
    return f"{rng.getrandbits(128):032x}"


def _expected(session: Session, study: Study) -> Randomisation:
    randomisation = _randomisation_of(session, study)
    if randomisation is None:
        raise RandomisationError(f"The schools of {study.slug} are not randomised yet.")
    return randomisation


def _randomisation_of(session: Session, study: Study) -> Randomisation | None:
    return session.scalar(select(Randomisation).where(Randomisation.study_id == study.id))


def _eligible_schools(session: Session, study: Study) -> list[School]:
    return list(
        session.scalars(
            select(School)
            .where(School.study_id == study.id, School.exclusion == "")
            .options(joinedload(School.authority))
        )
    )


def _for_allocation(school: School) -> engine.SchoolForAllocation:
    return engine.SchoolForAllocation(urn=school.urn, stratum=school.authority.name)
