"""The roster: schools, the people in them, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.encryption import is_hash_of
from survey_app.database.models import (
    Authority,
    Contact,
    Membership,
    Participant,
    School,
    Study,
)
from survey_app.database.queries.people import takes_part


@dataclass(frozen=True, slots=True)
class RosterCounts:
    """How large a study's roster is."""

    authorities: int
    schools: int
    schools_eligible: int
    people: int
    people_in_role: int
    """Those who have neither left nor withdrawn."""


def roster_counts(session: Session, study: Study) -> RosterCounts:
    """How many authorities, schools and people are on the roster."""

    def count(model: type[School | Participant], *conditions: object) -> int:
        statement = select(func.count()).select_from(model).where(model.study_id == study.id)
        return session.scalar(statement.where(*conditions)) or 0  # type: ignore[arg-type]  # any condition

    in_use = select(func.count(School.authority_id.distinct())).where(
        School.study_id == study.id, School.merged_into_id.is_(None)
    )
    return RosterCounts(
        # An authority whose name was corrected leaves the old one behind, with no school.
        authorities=session.scalar(in_use) or 0,
        schools=count(School, School.merged_into_id.is_(None)),
        schools_eligible=count(School, School.exclusion == ""),
        people=count(Participant, Participant.merged_into_id.is_(None)),
        people_in_role=count(Participant, takes_part()),
    )


def n_schools_found(session: Session, study: Study, wanted: str) -> int:
    """How many of the study's schools a search finds."""
    found = select(func.count()).select_from(School).where(*_found(session, study, wanted))
    return session.scalar(found) or 0


def schools_page(
    session: Session, study: Study, *, wanted: str = "", offset: int, limit: int
) -> list[School]:
    """Some of the schools a search finds, by authority and name, with authority and allocation.

    Searched are the school's name, number, authority and trust, and who was or is there.
    """
    return list(
        session.scalars(
            select(School)
            .join(Authority)
            .where(*_found(session, study, wanted))
            .options(joinedload(School.authority), joinedload(School.allocation))
            .order_by(Authority.name, School.name, School.id)
            .offset(offset)
            .limit(limit)
        )
    )


def _found(session: Session, study: Study, wanted: str) -> list[ColumnElement[bool]]:
    of_study = [School.study_id == study.id, School.merged_into_id.is_(None)]
    if not wanted:
        return of_study
    somebody = exists().where(
        Membership.school_id == School.id,
        Membership.participant_id.in_(_people_called(session, study, wanted)),
    )
    authorities = select(Authority.id).where(Authority.name.icontains(wanted, autoescape=True))
    return [
        *of_study,
        or_(
            School.name.icontains(wanted, autoescape=True),
            School.trust.icontains(wanted, autoescape=True),
            School.urn == wanted,
            School.authority_id.in_(authorities.correlate(None)),
            somebody,
        ),
    ]


def _people_called(session: Session, study: Study, wanted: str) -> Sequence[int]:
    """The people with this address, or these words in their name, which is read to be searched."""
    looked_up: dict[str, list[int]] = session.info.setdefault(("people called", study.id), {})
    if wanted not in looked_up:
        rows = session.execute(
            select(
                Contact.participant_id,
                Contact.name,
                is_hash_of(session, Contact.email_hash, wanted),
            ).where(Contact.study_id == study.id)
        )
        sought = wanted.casefold()
        looked_up[wanted] = [
            number for number, name, is_address in rows if is_address or sought in name.casefold()
        ]
    return looked_up[wanted]


def people_of_schools(session: Session, school_ids: list[int]) -> dict[int, list[Contact]]:
    """The contacts of the people in a role at these schools, by school."""
    found: dict[int, list[Contact]] = {}
    for contact in session.scalars(
        select(Contact)
        .join(Participant)
        .where(Participant.school_id.in_(school_ids), Participant.left_on.is_(None))
        .options(joinedload(Contact.participant))
    ):
        found.setdefault(contact.participant.school_id, []).append(contact)
    # Names are encrypted, so the database cannot put them in order.
    return {school: sorted(of_one, key=_by_name) for school, of_one in found.items()}


def _by_name(contact: Contact) -> tuple[str, int]:
    return contact.name, contact.participant_id


def school_by_urn(session: Session, study: Study, urn: str) -> School | None:
    """The school of this URN on the study's roster."""
    return session.scalar(
        select(School)
        .where(School.study_id == study.id, School.urn == urn)
        .options(joinedload(School.authority), joinedload(School.allocation))
    )


def school_by_id(session: Session, study: Study, school_id: int | None) -> School | None:
    """The school of this number in the record; None where there is none."""
    return session.scalar(select(School).where(School.study_id == study.id, School.id == school_id))


def participant_by_email(session: Session, study: Study, email: str) -> Participant | None:
    """The participant of the study that letters to this address go to."""
    return session.scalar(
        select(Participant)
        .join(Contact)
        .where(Contact.study_id == study.id, is_hash_of(session, Contact.email_hash, email))
        # Whoever has the address now, before whoever handed it on.
        .order_by(Contact.ended_at.is_not(None), Participant.id.desc())
    )
