"""The roster: schools, the people in them, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Authority,
    Contact,
    Participant,
    School,
    Study,
    SupervisionSession,
)


@dataclass(frozen=True, slots=True)
class RosterCounts:
    """How large a study's roster is."""

    authorities: int
    schools: int
    schools_eligible: int
    people: int


def roster_counts(session: Session, study: Study) -> RosterCounts:
    """How many authorities, schools and people are on the roster."""

    def count(model: type[School | Participant], *conditions: object) -> int:
        statement = select(func.count()).select_from(model).where(model.study_id == study.id)
        return session.scalar(statement.where(*conditions)) or 0  # type: ignore[arg-type]  # any condition

    in_use = select(func.count(School.authority_id.distinct())).where(School.study_id == study.id)
    return RosterCounts(
        # An authority whose name was corrected leaves the old one behind, with no school.
        authorities=session.scalar(in_use) or 0,
        schools=count(School),
        schools_eligible=count(School, School.exclusion == ""),
        people=count(Participant),
    )


def schools_page(session: Session, study: Study, *, offset: int, limit: int) -> list[School]:
    """Some of the study's schools, by authority and name, with their authority and allocation."""
    return list(
        session.scalars(
            select(School)
            .join(Authority)
            .where(School.study_id == study.id)
            .options(joinedload(School.authority), joinedload(School.allocation))
            .order_by(Authority.name, School.name, School.id)
            .offset(offset)
            .limit(limit)
        )
    )


def people_of_schools(session: Session, school_ids: list[int]) -> dict[int, list[Contact]]:
    """The contacts of these schools' people, by school."""
    found: dict[int, list[Contact]] = {}
    for contact in session.scalars(
        select(Contact)
        .join(Participant)
        .where(Participant.school_id.in_(school_ids))
        .options(joinedload(Contact.participant))
        .order_by(Contact.name)
    ):
        found.setdefault(contact.participant.school_id, []).append(contact)
    return found


def school_by_urn(session: Session, study: Study, urn: str) -> School | None:
    """The school of this URN on the study's roster."""
    return session.scalar(select(School).where(School.study_id == study.id, School.urn == urn))


def sessions_by_school(session: Session, study: Study) -> dict[int, list[SupervisionSession]]:
    """Every supervision session on record, by school, in order."""
    found: dict[int, list[SupervisionSession]] = {}
    for meeting in session.scalars(
        select(SupervisionSession)
        .where(SupervisionSession.study_id == study.id)
        .order_by(SupervisionSession.school_id, SupervisionSession.number)
    ):
        found.setdefault(meeting.school_id, []).append(meeting)
    return found


def participant_by_email(session: Session, study: Study, email: str) -> Participant | None:
    """The participant of the study that letters to this address go to."""
    return session.scalar(
        select(Participant)
        .join(Contact)
        .where(Contact.study_id == study.id, Contact.email == email.strip().casefold())
    )
