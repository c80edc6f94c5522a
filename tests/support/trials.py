"""A small trial for tests: ten people in eight schools, and the means to act as any of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from survey_app.database.models import Invitation, Letter, Participant, Staff, Study
from survey_app.database.queries.staff import staff_with_role
from survey_app.database.queries.studies import study_by_slug
from survey_app.database.session import Database
from survey_app.links import token_for_letter
from survey_app.operations.enrolment import import_roster
from survey_app.operations.invitations import invite_wave
from survey_app.operations.randomisation import allocate_clusters
from survey_app.operations.releases import release_arms_to
from survey_app.operations.staff import add_staff, grant_role
from survey_app.operations.studies import register_study
from survey_app.roles import ROLES
from survey_app.settings import own_keys
from survey_app.trial.design import StudyDefinition, load_ready_made
from survey_app.trial.roster import read_roster

KEY = "a key for tests, and for nothing else at all"
KEYS = own_keys(KEY)
SLUG = "bolton-primary"
BY = "command:test"
PASSWORD = "correct horse battery staple"

ROSTER = (
    "authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role\n"
    + "".join(
        f"Bolton,School {n},10000{n},primary,yes,Person {n},person{n}@school{n}.example,DSL\n"
        for n in range(1, 9)
    )
    + "Bolton,School 1,100001,primary,yes,Deputy One,deputy1@school1.example,deputy\n"
    + "Bolton,School 2,100002,primary,yes,Deputy Two,deputy2@school2.example,deputy\n"
    + "Bolton,Special School,100009,not applicable,no,Person 9,person9@school9.example,DSL\n"
).encode()


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)

    def noon_on(self, day: date) -> None:
        self.at = datetime.combine(day, time(12), ZoneInfo("Europe/London")).astimezone(UTC)


@dataclass
class Trial:
    """The small trial: its record, its clock, and shorthands for its acts."""

    database: Database
    clock: Clock
    definition: StudyDefinition
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    slug: str = SLUG

    def study(self, session) -> Study:
        study = study_by_slug(session, SLUG)
        assert study is not None
        return study

    def invite(self, wave: str = "baseline") -> int:
        with self.database.writing() as session:
            return invite_wave(
                session,
                study=self.study(session),
                wave=wave,
                key=KEY,
                by=BY,
                at=self.clock(),
                rng=self.rng,
            )

    def randomise(self, seed: str = "seed for tests", *, told: str | None = "coordinator") -> None:
        """Randomise the schools, whoever has answered, and tell the arms to whoever has the role.

        In a study whose file has no such person on staff, nobody is told.
        """
        with self.database.writing() as session:
            study = self.study(session)
            allocate_clusters(
                session,
                study=study,
                seed=seed,
                by=BY,
                at=self.clock(),
                cut_off_because="A test.",
            )
            staff = told and staff_with_role(session, study_id=study.id, role=told)
            if staff:
                release_arms_to(
                    session, study=study, staff=staff, because="A test.", by=BY, at=self.clock()
                )

    def token(self, person: int = 1, wave: str = "baseline") -> str:
        """The newest link of the n-th person on the roster."""
        with self.database.reading() as session:
            letter_id = session.scalars(
                select(Letter.id)
                .join(Invitation)
                .join(Participant)
                .where(Participant.code == f"P{person:05d}", Invitation.wave == wave)
                .order_by(Letter.id.desc())
            ).first()
        assert letter_id is not None
        return token_for_letter(letter_id, key=KEY)

    def reference(self, person: int = 1, wave: str = "baseline") -> str:
        with self.database.reading() as session:
            return session.scalars(
                select(Invitation.reference)
                .join(Participant)
                .where(Participant.code == f"P{person:05d}", Invitation.wave == wave)
            ).one()

    def staff_with(self, role: str) -> Staff:
        with self.database.reading() as session:
            return session.scalars(
                select(Staff).where(Staff.email == f"{role.replace('_', '-')}@trial.example")
            ).one()


def loaded_trial(database: Database, clock: Clock) -> Trial:
    """Give the small trial of a database that `load_trial` filled; its baseline opens today."""
    definition = load_ready_made()[SLUG]
    clock.noon_on(definition.wave("baseline").opens_on)
    return Trial(database, clock, definition)


def load_trial(database: Database) -> None:
    """Put the small trial on record: roster in, staff of each role, nobody invited yet.

    Eve is on staff and has no role anywhere.
    """
    clock = Clock(datetime.min.replace(tzinfo=UTC))
    definition = loaded_trial(database, clock).definition
    with database.writing() as session:
        study = register_study(session, definition=definition, by=BY, at=clock())
        roster = read_roster(ROSTER, phases=definition.study.phases)
        import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=clock())
        for role in ROLES:
            staff = add_staff(
                session,
                name=role.replace("_", " ").capitalize(),
                email=f"{role.replace('_', '-')}@trial.example",
                password=PASSWORD,
                by=BY,
                at=clock(),
            )
            grant_role(session, staff=staff, study=study, role=role, by=BY, at=clock())
        add_staff(
            session, name="Eve", email="eve@trial.example", password=PASSWORD, by=BY, at=clock()
        )
