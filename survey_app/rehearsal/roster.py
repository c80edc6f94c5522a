"""The roster of a rehearsal: the study's own schools with invented people, or all invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import Authority, Participant, School, Study
from survey_app.demonstration.roster import roster_csv
from survey_app.trial.design import StudyDefinition
from survey_app.trial.roster import RosterRow, read_roster
from survey_app.trial.study_file import Demonstration, Phase

INVENTED_SCHOOLS = 80


def invented_rows(definition: StudyDefinition, *, seed: str) -> tuple[RosterRow, ...]:
    """Invent a roster of the size that the study's file says, or of a usual one."""
    sizes = definition.demonstration or Demonstration(
        seed=seed,
        schools=INVENTED_SCHOOLS,
        authorities=("Northshire", "Eastshire"),
        dsls_per_school=(0.7, 0.3),
        never_attending=0.12,
        attendance=0.55,
    )
    sizes = sizes.model_copy(update={"seed": seed})
    return read_roster(roster_csv(definition, sizes), phases=definition.study.phases).rows


def with_invented_people(rows: Iterable[RosterRow]) -> tuple[RosterRow, ...]:
    """Give a roster's schools with people whose names and addresses are nobody's."""
    return tuple(
        replace(
            row,
            dsl_name=f"Rehearsal Person {number}",
            dsl_email=f"person{number}@rehearsal.example",
        )
        for number, row in enumerate(rows, start=1)
    )


def rows_on_record(session: Session, study: Study) -> tuple[RosterRow, ...]:
    """Give the schools on a study's roster with as many people as they have, all invented.

    Nobody's name or address is read.
    """
    rows = session.execute(
        select(
            Authority.name,
            School.name,
            School.urn,
            School.phase,
            School.mainstream,
            Participant.role,
        )
        .select_from(Participant)
        .join(School, School.id == Participant.school_id)
        .join(Authority, Authority.id == School.authority_id)
        .where(
            Participant.study_id == study.id,
            Participant.withdrawn_at.is_(None),
            Participant.left_on.is_(None),
            Participant.merged_into_id.is_(None),
        )
        .order_by(School.id, Participant.id)
    )
    return with_invented_people(
        RosterRow(
            line,
            authority,
            school,
            urn,
            cast(Phase, phase),
            mainstream,
            "",
            "",
            "DSL" if role == "DSL" else "deputy",
        )
        for line, (authority, school, urn, phase, mainstream, role) in enumerate(rows, start=1)
    )
