"""One school or one person of a roster, added or changed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Authority, Participant, School, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.memberships import (
    begin_membership,
    end_memberships,
    enrol_person,
    lock_roster,
    refuse_impossible_day,
    refuse_taken_address,
    refuse_unless_in_role,
)
from survey_app.operations.studies import definition_of
from survey_app.operations.turnover import is_randomised
from survey_app.trial.design import StudyDefinition


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """What is on record of a school besides its number in the national register."""

    name: str
    authority: str
    trust: str
    phase: str
    mainstream: bool


def exclusion_of(design: StudyDefinition, *, phase: str, mainstream: bool) -> str:
    """Say why a school cannot take part; empty where it can."""
    if design.eligible(phase, mainstream):
        return ""
    if not mainstream:
        return "Not a mainstream school"
    return f"Phase {phase}: the study is of {', '.join(design.study.phases)} schools"


def add_school(
    session: Session, *, study: Study, urn: str, facts: SchoolFacts, by: str, at: datetime
) -> School:
    """Put a school on the roster; after randomisation it waits for a late place."""
    lock_roster(session, study.id)
    if session.scalar(select(School.id).where(School.study_id == study.id, School.urn == urn)):
        raise OperationError(f"The school with URN {urn} is on the roster already.")
    takes_late_schools = definition_of(study).allocation.late_schools == "next place"
    if is_randomised(session, study.id) and not takes_late_schools:
        raise OperationError(
            "The schools are randomised already, and the study's file refuses late ones."
        )
    n_schools = session.scalar(
        select(func.count()).select_from(School).where(School.study_id == study.id)
    )
    school = School(
        study_id=study.id,
        authority=_authority(session, study.id, facts.authority),
        urn=urn,
        code=f"S{(n_schools or 0) + 1:04d}",
        name=facts.name,
        phase=facts.phase,
        mainstream=facts.mainstream,
        trust=facts.trust,
        exclusion=exclusion_of(
            definition_of(study), phase=facts.phase, mainstream=facts.mainstream
        ),
    )
    session.add(school)
    session.flush()
    _record(session, "school_added", school, by=by, at=at)
    return school


def change_school(
    session: Session, *, school: School, facts: SchoolFacts, by: str, at: datetime
) -> bool:
    """Change what is on record of a school; give whether anything is new.

    Once the schools are randomised, what they were randomised by stays: the authority, and whether
    the school can take part; of one that waits for a late place, not yet.
    """
    lock_roster(session, school.study_id)
    if school.merged_into_id is not None:
        raise OperationError("This record was merged into another school; change that one.")
    study = session.get_one(Study, school.study_id)
    design = definition_of(study)
    exclusion = exclusion_of(design, phase=facts.phase, mainstream=facts.mainstream)
    waits = school.allocation is None and design.allocation.late_schools == "next place"
    if is_randomised(session, study.id) and not waits:
        if facts.authority != school.authority.name:
            raise OperationError(
                f"The school was randomised in {school.authority.name}, so it can no longer be "
                "moved to another authority."
            )
        if bool(exclusion) == school.is_eligible:
            raise OperationError(
                "This would alter whether the school can take part, which can no longer change "
                "after randomisation."
            )
    changes = {
        "name": (school.name, facts.name),
        "authority": (school.authority.name, facts.authority),
        "trust": (school.trust, facts.trust),
        "phase": (school.phase, facts.phase),
        "mainstream": (str(school.mainstream), str(facts.mainstream)),
    }
    changed = {what: pair for what, pair in changes.items() if pair[0] != pair[1]}
    if not changed:
        return False
    if "authority" in changed:
        school.authority = _authority(session, study.id, facts.authority)
    school.name, school.trust = facts.name, facts.trust
    school.phase, school.mainstream, school.exclusion = facts.phase, facts.mainstream, exclusion
    session.flush()
    for what, (before, after) in changed.items():
        _record(
            session,
            "school_changed",
            school,
            by=by,
            at=at,
            what=what,
            before=before or "none",
            after=after or "none",
        )
    return True


def add_person(
    session: Session,
    *,
    school: School,
    name: str,
    email: str,
    role: str,
    since: date,
    by: str,
    at: datetime,
) -> Participant:
    """Put a person on the roster of a school that is there."""
    lock_roster(session, school.study_id)
    if school.merged_into_id is not None:
        raise OperationError("This record was merged into another school; add the person there.")
    refuse_taken_address(session, study_id=school.study_id, email=email)
    person = enrol_person(
        session, school=school, name=name, email=email, role=role, since=since, at=at
    )
    session.flush()
    _record_person(session, "person_added", person, by=by, at=at, urn=school.urn)
    return person


def change_person(
    session: Session,
    *,
    participant: Participant,
    name: str,
    email: str,
    role: str,
    on: date,
    by: str,
    at: datetime,
) -> bool:
    """Correct a person's name or address, or note their other role; give whether anything is new.

    What came back from an old address tells nothing of a new one.
    """
    lock_roster(session, participant.study_id)
    refuse_unless_in_role(participant)
    contact = participant.contact
    if contact is None:
        raise OperationError("This person's name and address are no longer held.")
    changed = [
        what
        for what, before, after in (
            ("name", contact.name, name),
            ("address", contact.email, email),
            ("role", participant.role, role),
        )
        if before != after
    ]
    if not changed:
        return False
    if "address" in changed:
        refuse_taken_address(session, study_id=participant.study_id, email=email)
        contact.email, contact.address_since, contact.undeliverable_at = email, at, None
    contact.name = name
    if "role" in changed:
        refuse_impossible_day(session, participant=participant, on=on, at=at)
        set_role(session, participant=participant, role=role, on=on)
    _record_person(session, "person_changed", participant, by=by, at=at, what=" and ".join(changed))
    return True


def set_role(session: Session, *, participant: Participant, role: str, on: date) -> None:
    """Give a person another role at their school, with what they were before kept."""
    school = session.get_one(School, participant.school_id)
    end_memberships(session, participant=participant, until=on, school=school)
    participant.role = role
    begin_membership(session, participant=participant, school=school, since=on)


def _authority(session: Session, study_id: int, name: str) -> Authority:
    found = session.scalar(
        select(Authority).where(Authority.study_id == study_id, Authority.name == name)
    )
    if found is not None:
        return found
    authority = Authority(study_id=study_id, name=name)
    session.add(authority)
    return authority


def _record(
    session: Session, action: str, school: School, *, by: str, at: datetime, **detail: str
) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"school:{school.id}",
        study_id=school.study_id,
        **detail,
    )


def _record_person(
    session: Session, action: str, person: Participant, *, by: str, at: datetime, **detail: str
) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"participant:{person.id}",
        study_id=person.study_id,
        **detail,
    )
