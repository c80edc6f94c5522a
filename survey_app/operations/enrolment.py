"""Schools and the people in them come onto a study's roster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Authority,
    Contact,
    Membership,
    Participant,
    School,
    Study,
    Tombstone,
)
from survey_app.links import address_hash
from survey_app.operations.audit import record_event
from survey_app.operations.memberships import (
    begin_membership,
    end_memberships,
    enrol_person,
    lock_roster,
)
from survey_app.operations.roster_edits import exclusion_of, set_role
from survey_app.operations.studies import definition_of
from survey_app.operations.turnover import is_randomised
from survey_app.operations.waves import day_in_england
from survey_app.trial.design import StudyDefinition
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster import RosterNote, RosterRow


@dataclass(frozen=True, slots=True)
class RosterSummary:
    """What one import did, and what of it a person should look at."""

    schools_added: int
    schools_updated: int
    people_added: int
    people_updated: int
    people_unchanged: int
    schools_not_eligible: int
    people_moved: int = 0
    people_shared: int = 0
    notes: tuple[RosterNote, ...] = ()
    """Moves, people who left and are in the file, names that changed altogether, people missing."""


def import_roster(
    session: Session, *, study: Study, rows: Sequence[RosterRow], key: str, by: str, at: datetime
) -> RosterSummary:
    """Add or update every school and person of a checked roster; the same file twice adds nobody.

    Nobody is taken off the roster for being missing from a file, and nobody who left or was erased
    comes back by one. A person whom the file has at another school is moved before randomisation.

    Raises RosterError, with every row at fault, where a row would change what a school was
    randomised with, would move a person after randomisation, or would add a school then. Nothing
    is written then.
    """
    # Two imports at once queue.
    lock_roster(session, study.id)
    roster = _Import(session, study, at, rows, key=key)
    faults = roster.conflicts()
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
        self, session: Session, study: Study, at: datetime, rows: Sequence[RosterRow], *, key: str
    ) -> None:
        self._session = session
        self._study = study
        self._at = at
        self._today = day_in_england(at)
        self._rows = rows
        self._design: StudyDefinition = definition_of(study)
        self._authorities = {
            a.name: a
            for a in session.scalars(select(Authority).where(Authority.study_id == study.id))
        }
        schools = session.scalars(
            select(School)
            .where(School.study_id == study.id)
            .options(joinedload(School.authority), joinedload(School.allocation))
        ).unique()
        by_id = {school.id: school for school in schools}
        self._n_schools = len(by_id)
        # A file may go on naming a school by the number under which it was on the roster twice.
        self._schools = {
            school.urn: by_id.get(school.merged_into_id or school.id, school)
            for school in by_id.values()
        }
        contacts = session.scalars(
            select(Contact)
            .join(Participant)
            .where(Contact.study_id == study.id, Participant.merged_into_id.is_(None))
            .options(joinedload(Contact.participant).joinedload(Participant.school))
            .order_by(Contact.participant_id)
        ).all()
        self._contacts = {c.email: c for c in contacts if c.ended_at is None}
        self._left = {c.email: c for c in contacts if c.participant.left_on is not None}
        self._places: dict[int, set[int]] = {}
        for participant_id, school_id in session.execute(
            select(Membership.participant_id, Membership.school_id).where(
                Membership.study_id == study.id, Membership.until_on.is_(None)
            )
        ):
            self._places.setdefault(participant_id, set()).add(school_id)
        addresses = {row.dsl_email for row in rows}
        self._unlisted: dict[tuple[str, str], list[Contact]] = {}
        for contact in self._contacts.values():
            if contact.email not in addresses:
                name = (contact.participant.school.urn, contact.name.casefold())
                self._unlisted.setdefault(name, []).append(contact)
        self._key = key
        self._erased = set(
            session.scalars(select(Tombstone.address_hash).where(Tombstone.study_id == study.id))
        )
        self._main_lines = self._where_people_take_part(rows)
        self._randomised = is_randomised(session, study.id)
        self._takes_late_schools = self._design.allocation.late_schools == "next place"
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
        self._people = {"added": 0, "updated": 0, "unchanged": 0, "moved": 0, "shared": 0}
        self._seen: set[int] = set()
        self._notes: list[RosterNote] = []

    def _where_people_take_part(self, rows: Sequence[RosterRow]) -> dict[str, int]:
        """Of each address, the line of the school its person takes part for.

        That is the school on record where the file has it, and else the first in the file.
        """
        lines: dict[str, int] = {}
        for row in rows:
            lines.setdefault(row.dsl_email, row.line)
            contact = self._contacts.get(row.dsl_email)
            school = self._schools.get(row.urn)
            if contact and school and contact.participant.school_id == school.id:
                lines[row.dsl_email] = row.line
        return lines

    def _is_main(self, row: RosterRow) -> bool:
        return self._main_lines[row.dsl_email] == row.line

    def conflicts(self) -> list[RosterFault]:
        return [fault for row in self._rows for fault in self._conflicts_of(row)]

    def _conflicts_of(self, row: RosterRow) -> Iterator[RosterFault]:
        contact = self._contacts.get(row.dsl_email)
        here = self._schools.get(row.urn)
        if (
            contact is not None
            and self._is_main(row)
            and (here is None or contact.participant.school_id != here.id)
        ):
            yield from self._conflicts_of_moving(row, contact)
        if self._randomised:
            yield from self._conflicts_with_randomisation(row)

    def _conflicts_of_moving(self, row: RosterRow, contact: Contact) -> Iterator[RosterFault]:
        there = contact.participant.school.urn
        if not _words(contact.name) & _words(row.dsl_name):
            yield RosterFault(
                row.line,
                "dsl_email",
                f"this address belongs to {contact.name} of the school with URN {there}; expected "
                "an address of one person.",
            )
        elif self._randomised:
            yield RosterFault(
                row.line,
                "dsl_email",
                f"{contact.participant.code} is on record at the school with URN {there}, and the "
                "schools are randomised; record the move on that person's page, and import again.",
            )

    def _conflicts_with_randomisation(self, row: RosterRow) -> Iterator[RosterFault]:
        school = self._schools.get(row.urn)
        if self._takes_late_schools and (school is None or school.allocation is None):
            # It waits for the next place of its stratum's sequence.
            return
        if school is None:
            yield RosterFault(
                row.line,
                "urn",
                f"{row.urn} is a new school, and the schools are already randomised; expected "
                "only schools that were on the roster then, since the study's file refuses late "
                "ones.",
            )
            return
        if school.authority.name != row.authority and not self._is_alias(row, school):
            yield RosterFault(
                row.line,
                "authority",
                f"found {row.authority}; the school was randomised in {school.authority.name}, "
                "which can no longer change.",
            )
        if self._is_alias(row, school):
            return
        if bool(self._exclusion(row)) == school.is_eligible:
            yield RosterFault(
                row.line,
                "phase or mainstream",
                "the change would alter whether the school is eligible, which can no longer "
                "change after randomisation.",
            )

    @staticmethod
    def _is_alias(row: RosterRow, school: School) -> bool:
        return school.urn != row.urn

    def _exclusion(self, row: RosterRow) -> str:
        return exclusion_of(self._design, phase=row.phase, mainstream=row.mainstream)

    def take(self, row: RosterRow) -> None:
        school = self._take_school(row)
        if not self._is_main(row):
            self._share(row, school)
            return
        contact = self._contacts.get(row.dsl_email) or self._renamed(row, school)
        if contact is None:
            if self._was_erased(row) or self._has_left(row, school):
                return
            self._add_person(row, school)
            return
        self._seen.add(contact.participant_id)
        if contact.participant.school_id != school.id:
            self._move(row, contact, school)
        participant = contact.participant
        now = (row.dsl_name, row.dsl_email, row.dsl_role)
        if (contact.name, contact.email, participant.role) == now:
            self._people["unchanged"] += 1
            return
        if not _words(contact.name) & _words(row.dsl_name):
            self._note(
                row,
                f"{contact.name} ({participant.code}) is now called {row.dsl_name}. If that is "
                "somebody new with the same address, change the name back and record who follows",
            )
        self._contacts.pop(contact.email)
        if contact.email != row.dsl_email:
            # What came back from the old address says nothing of this one.
            contact.address_since, contact.undeliverable_at = self._at, None
        contact.name, contact.email = row.dsl_name, row.dsl_email
        if participant.role != row.dsl_role:
            set_role(self._session, participant=participant, role=row.dsl_role, on=self._today)
        self._contacts[contact.email] = contact
        self._people["updated"] += 1

    def _share(self, row: RosterRow, school: School) -> None:
        """Note that a person who takes part for another school works at this one as well."""
        contact = self._contacts.get(row.dsl_email)
        if contact is None:
            return
        self._session.flush()
        participant = contact.participant
        places = self._places.setdefault(participant.id, set())
        if school.id in places:
            return
        places.add(school.id)
        begin_membership(self._session, participant=participant, school=school, since=self._today)
        self._people["shared"] += 1

    def _move(self, row: RosterRow, contact: Contact, school: School) -> None:
        participant = contact.participant
        self._note(
            row, f"{row.dsl_name} ({participant.code}) moved here from {participant.school.name}"
        )
        end_memberships(self._session, participant=participant, until=self._today)
        participant.school = school
        self._session.flush()
        begin_membership(self._session, participant=participant, school=school, since=self._today)
        self._people["moved"] += 1

    def _was_erased(self, row: RosterRow) -> bool:
        """Whether the owner of this address was erased, whom a file does not bring back."""
        if not self._erased or address_hash(row.dsl_email, key=self._key) not in self._erased:
            return False
        self._note(row, "the owner of this address was erased and was not brought back")
        return True

    def _has_left(self, row: RosterRow, school: School) -> bool:
        """Whether this is somebody who left that school, which a file does not undo."""
        left = self._left.get(row.dsl_email)
        if (
            left is None
            or left.participant.school_id != school.id
            or not _words(left.name) & _words(row.dsl_name)
        ):
            return False
        self._note(
            row,
            f"{row.dsl_name} ({left.participant.code}) left on {left.participant.left_on} and was "
            "not brought back; do that on their page",
        )
        return True

    def _note(self, row: RosterRow, message: str) -> None:
        self._notes.append(RosterNote(row.line, message))

    def _take_school(self, row: RosterRow) -> School:
        authority = self._authorities.get(row.authority)
        if authority is None:
            authority = Authority(study_id=self._study.id, name=row.authority)
            self._session.add(authority)
            self._authorities[row.authority] = authority
        exclusion = self._exclusion(row)
        school = self._schools.get(row.urn)
        if school is None:
            school = School(
                study_id=self._study.id,
                authority=authority,
                urn=row.urn,
                code=f"S{self._n_schools + 1:04d}",
                name=row.school,
                phase=row.phase,
                mainstream=row.mainstream,
                exclusion=exclusion,
                trust=row.trust or "",
            )
            self._n_schools += 1
            self._session.add(school)
            self._session.flush()
            self._schools[row.urn] = school
            self._new_schools.add(row.urn)
            return school
        if self._is_alias(row, school):
            return school
        facts = {
            "authority": authority,
            "name": row.school,
            "phase": row.phase,
            "mainstream": row.mainstream,
            "exclusion": exclusion,
        }
        if row.trust is not None:
            facts["trust"] = row.trust
        for field, value in facts.items():
            if getattr(school, field) != value:
                setattr(school, field, value)
                self._changed_schools.add(row.urn)
        return school

    def _renamed(self, row: RosterRow, school: School) -> Contact | None:
        """Give the person of that name at that school whose old address the file has no more.

        Two people of one name, each with an address in the file, stay two people.
        """
        same = self._unlisted.get((school.urn, row.dsl_name.casefold()), [])
        return same.pop() if len(same) == 1 else None

    def _add_person(self, row: RosterRow, school: School) -> None:
        participant = enrol_person(
            self._session,
            school=school,
            name=row.dsl_name,
            email=row.dsl_email,
            role=row.dsl_role,
            since=self._today,
            at=self._at,
            n_before=self._n_people,
        )
        self._n_people += 1
        assert participant.contact is not None  # noqa: S101  # it was just given one
        self._contacts[row.dsl_email] = participant.contact
        self._people["added"] += 1

    def _missing(self) -> Iterator[RosterNote]:
        """Who is in a role at a school of the file and is not in the file."""
        listed = {self._schools[row.urn].id for row in self._rows}
        for contact in sorted(self._contacts.values(), key=lambda each: each.participant_id):
            person = contact.participant
            if (
                person.school_id in listed
                and person.id is not None
                and person.id not in self._seen
                and person.added_at < self._at
            ):
                yield RosterNote(
                    0,
                    f"{contact.name} ({person.code}) of {person.school.name} is not in the file "
                    "and stays on the roster; if they left, record that on their page",
                )

    def summary(self) -> RosterSummary:
        return RosterSummary(
            schools_added=len(self._new_schools),
            schools_updated=len(self._changed_schools - self._new_schools),
            people_added=self._people["added"],
            people_updated=self._people["updated"],
            people_unchanged=self._people["unchanged"],
            schools_not_eligible=sum(
                not s.is_eligible and s.merged_into_id is None for s in set(self._schools.values())
            ),
            people_moved=self._people["moved"],
            people_shared=self._people["shared"],
            notes=(*self._notes, *self._missing()),
        )


def _words(name: str) -> set[str]:
    return set(name.casefold().replace("-", " ").split())
