"""Schools and the people in them come onto a study's roster."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Authority,
    Contact,
    Participant,
    Randomisation,
    School,
    Study,
)
from survey_app.operations.audit import record_event
from survey_app.operations.studies import definition_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster import RosterRow


@dataclass(frozen=True, slots=True)
class RosterSummary:
    """What one import did."""

    schools_added: int
    schools_updated: int
    people_added: int
    people_updated: int
    people_unchanged: int
    schools_not_eligible: int


def import_roster(
    session: Session, *, study: Study, rows: Sequence[RosterRow], by: str, at: datetime
) -> RosterSummary:
    """Add or update every school and person of a checked roster; the same file twice adds nobody.

    Raises RosterError, with every row at fault, where a row would change what a school was
    randomised with or would add a school after randomisation. Nothing is written then.
    """
    # The study's row is the lock: two imports at once queue.
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    roster = _Import(session, study, at, addresses={row.dsl_email for row in rows})
    faults = roster.conflicts(rows)
    if faults:
        raise RosterError(faults)
    for row in rows:
        roster.take(row)
    session.flush()
    summary = roster.summary()
    record_event(
        session,
        "roster_imported",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        schools_added=summary.schools_added,
        people_added=summary.people_added,
        people_updated=summary.people_updated,
    )
    return summary


class _Import:
    """One import in progress: what is on record, and what changed."""

    def __init__(
        self, session: Session, study: Study, at: datetime, *, addresses: Collection[str]
    ) -> None:
        self._session = session
        self._study = study
        self._at = at
        self._design: StudyDefinition = definition_of(study)
        self._authorities = {
            a.name: a
            for a in session.scalars(select(Authority).where(Authority.study_id == study.id))
        }
        self._schools = {
            s.urn: s
            for s in session.scalars(
                select(School)
                .where(School.study_id == study.id)
                .options(joinedload(School.authority), joinedload(School.allocation))
            ).unique()
        }
        self._contacts = {
            c.email: c
            for c in session.scalars(
                select(Contact)
                .where(Contact.study_id == study.id)
                .options(joinedload(Contact.participant).joinedload(Participant.school))
            )
        }
        self._unlisted: dict[tuple[str, str], list[Contact]] = {}
        for contact in self._contacts.values():
            if contact.email not in addresses:
                name = (contact.participant.school.urn, contact.name.casefold())
                self._unlisted.setdefault(name, []).append(contact)
        self._randomised = bool(
            session.scalar(
                select(func.count())
                .select_from(Randomisation)
                .where(Randomisation.study_id == study.id)
            )
        )
        self._n_people = (
            session.scalar(
                select(func.count())
                .select_from(Participant)
                .where(Participant.study_id == study.id)
            )
            or 0
        )
        self._new_schools: set[str] = set()
        self._changed_schools: set[str] = set()
        self._people = {"added": 0, "updated": 0, "unchanged": 0}

    def conflicts(self, rows: Sequence[RosterRow]) -> list[RosterFault]:
        return [fault for row in rows for fault in self._conflicts_of(row)]

    def _conflicts_of(self, row: RosterRow) -> Iterator[RosterFault]:
        contact = self._contacts.get(row.dsl_email)
        if contact is not None and contact.participant.school.urn != row.urn:
            yield RosterFault(
                row.line,
                "dsl_email",
                f"this address belongs to a DSL of the school with URN "
                f"{contact.participant.school.urn}; expected an address used at one school.",
            )
        if self._randomised:
            yield from self._conflicts_with_randomisation(row)

    def _conflicts_with_randomisation(self, row: RosterRow) -> Iterator[RosterFault]:
        school = self._schools.get(row.urn)
        if school is None:
            yield RosterFault(
                row.line,
                "urn",
                f"{row.urn} is a new school, and the schools are already randomised; expected "
                "only schools that were on the roster then.",
            )
            return
        if school.authority.name != row.authority:
            yield RosterFault(
                row.line,
                "authority",
                f"found {row.authority}; the school was randomised in {school.authority.name}, "
                "which can no longer change.",
            )
        if bool(_exclusion(self._design, row)) == school.is_eligible:
            yield RosterFault(
                row.line,
                "phase or mainstream",
                "the change would alter whether the school is eligible, which can no longer "
                "change after randomisation.",
            )

    def take(self, row: RosterRow) -> None:
        school = self._take_school(row)
        contact = self._contacts.get(row.dsl_email) or self._moved(row)
        if contact is None:
            self._add_person(row, school)
            return
        participant = contact.participant
        now = (row.dsl_name, row.dsl_email, row.dsl_role)
        if (contact.name, contact.email, participant.role) == now:
            self._people["unchanged"] += 1
            return
        self._contacts.pop(contact.email)
        if contact.email != row.dsl_email:
            # What came back from the old address says nothing of this one.
            contact.address_since, contact.undeliverable_at = self._at, None
        contact.name, contact.email, participant.role = now
        self._contacts[contact.email] = contact
        self._people["updated"] += 1

    def _take_school(self, row: RosterRow) -> School:
        authority = self._authorities.get(row.authority)
        if authority is None:
            authority = Authority(study_id=self._study.id, name=row.authority)
            self._session.add(authority)
            self._authorities[row.authority] = authority
        exclusion = _exclusion(self._design, row)
        school = self._schools.get(row.urn)
        if school is None:
            school = School(
                study_id=self._study.id,
                authority=authority,
                urn=row.urn,
                code=f"S{len(self._schools) + 1:04d}",
                name=row.school,
                phase=row.phase,
                mainstream=row.mainstream,
                exclusion=exclusion,
            )
            self._session.add(school)
            self._session.flush()
            self._schools[row.urn] = school
            self._new_schools.add(row.urn)
            return school
        facts = {
            "authority": authority,
            "name": row.school,
            "phase": row.phase,
            "mainstream": row.mainstream,
            "exclusion": exclusion,
        }
        for field, value in facts.items():
            if getattr(school, field) != value:
                setattr(school, field, value)
                self._changed_schools.add(row.urn)
        return school

    def _moved(self, row: RosterRow) -> Contact | None:
        """Give the person of that name at that school whose old address the file has no more.

        Two people of one name, each with an address in the file, stay two people.
        """
        same = self._unlisted.get((row.urn, row.dsl_name.casefold()), [])
        return same.pop() if len(same) == 1 else None

    def _add_person(self, row: RosterRow, school: School) -> None:
        self._n_people += 1
        participant = Participant(
            study_id=self._study.id,
            school=school,
            code=f"P{self._n_people:05d}",
            role=row.dsl_role,
            added_at=self._at,
        )
        contact = Contact(
            study_id=self._study.id,
            participant=participant,
            name=row.dsl_name,
            email=row.dsl_email,
        )
        self._session.add_all([participant, contact])
        self._contacts[contact.email] = contact
        self._people["added"] += 1

    def summary(self) -> RosterSummary:
        return RosterSummary(
            schools_added=len(self._new_schools),
            schools_updated=len(self._changed_schools - self._new_schools),
            people_added=self._people["added"],
            people_updated=self._people["updated"],
            people_unchanged=self._people["unchanged"],
            schools_not_eligible=sum(not s.is_eligible for s in self._schools.values()),
        )


def _exclusion(design: StudyDefinition, row: RosterRow) -> str:
    """Say why a school cannot take part; empty where it can."""
    if design.eligible(row.phase, row.mainstream):
        return ""
    if not row.mainstream:
        return "Not a mainstream school"
    return f"Phase {row.phase}: the study is of {', '.join(design.study.phases)} schools"
