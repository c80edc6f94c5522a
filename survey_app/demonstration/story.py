"""The story of the demonstration trial, day by day, through the operations of the service.

The study's dates are moved so that its follow-up is open today: the newcomer finds a trial in mid
course, with links that work, comments that wait and a report to make.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.questionnaire import Page, Question
from survey_app.database.models import (
    Code,
    Comment,
    Invitation,
    Participant,
    School,
    Staff,
    Study,
)
from survey_app.database.queries.comments import comments_to_code
from survey_app.database.queries.staff import staff_with_role
from survey_app.database.queries.studies import study_by_slug
from survey_app.database.session import Database
from survey_app.demonstration.answers import InventedAnswers, Person
from survey_app.demonstration.chance import choices_from
from survey_app.demonstration.comments import CODEBOOK, InventedComment, invent_comment
from survey_app.demonstration.counts import counts_csv
from survey_app.demonstration.roster import roster_csv
from survey_app.demonstration.sessions import hold_sessions
from survey_app.jobs.delivery import deliver_letters
from survey_app.operations.authority_counts import import_counts
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.enrolment import import_roster
from survey_app.operations.invitations import invite_wave, queue_due_letters
from survey_app.operations.randomisation import allocate_clusters
from survey_app.operations.redaction import release_comment
from survey_app.operations.releases import release_arms_to
from survey_app.operations.staff import actor, add_staff, grant_role
from survey_app.operations.studies import register_study
from survey_app.operations.submissions import (
    PageAnswers,
    questionnaire_for,
    save_page,
    start_submission,
    submit,
)
from survey_app.roles import ROLE_NAMES, ROLES, Role
from survey_app.settings import Settings
from survey_app.trial.authority_file import read_counts
from survey_app.trial.authority_months import period_of
from survey_app.trial.design import StudyDefinition, read_study, ready_made_sources
from survey_app.trial.roster import read_roster
from survey_app.trial.study_file import Demonstration, Wave
from survey_app.trial.working_days import ENGLAND

SLUG = "bolton-primary"
BY = "command:demonstration"
DAYS_INTO_FOLLOW_UP = 30
AGREES_TO_MORE = 0.7
PAGES_BEFORE_BREAK_OFF = 2
WRITING = timedelta(seconds=45)
CHECKING = timedelta(seconds=30)
RELEASED = 0.85
CODED = 0.9
STAFF_NAMES: Mapping[Role, str] = {
    "coordinator": "Ada Coordinator",
    "redactor": "Rosa Redactor",
    "researcher": "Ben Researcher",
    "evaluator": "Cleo Evaluator",
    "safeguarding_contact": "Sam Safeguarding",
    "data_manager": "Mo Data-Manager",
}


def demonstration_study(today: date) -> StudyDefinition:
    """Give the Bolton study with its dates moved so that its follow-up has been open a while."""
    study = read_study(ready_made_sources()[SLUG], f"{SLUG}.toml")
    open_since = today - study.wave("follow_up").opens_on - timedelta(days=DAYS_INTO_FOLLOW_UP)
    # Whole weeks, so that Mondays stay Mondays.
    return study.shifted(open_since.days // 7 * 7)


def tell_story(
    settings: Settings, database: Database, *, now: datetime, say: Callable[[str], None]
) -> None:
    """Load the demonstration trial into an empty record, up to this moment."""
    definition = demonstration_study(now.astimezone(ENGLAND).date())
    if definition.demonstration is None:
        raise ValueError(f"The study {SLUG} has no [demonstration] table.")
    story = _Story(settings, database, definition, definition.demonstration, now)
    story.set_the_scene()
    say("Roster loaded and baseline opened.")
    story.live_through("baseline")
    story.supervise()
    say("Schools randomised, sessions held.")
    story.live_through("follow_up")
    say("Follow-up opened and answered by most.")
    story.count_contacts()
    story.read_comments()
    say("Comments redacted and coded, some left for you.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """One person sitting down to answer."""

    at: datetime
    person: Person


class _Story:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        definition: StudyDefinition,
        sizes: Demonstration,
        now: datetime,
    ) -> None:
        self._settings = settings
        self._database = database
        self._definition = definition
        self._sizes = sizes
        self._now = now
        self._rng = choices_from(sizes.seed, "references and receipts")
        self._written: dict[tuple[int, str], InventedComment] = {}
        self._submitted_baseline: set[int] = set()
        self._roster = roster_csv(definition, sizes)

    def set_the_scene(self) -> None:
        start = _at(self._definition.wave("baseline").opens_on - timedelta(days=14), time(10))
        with self._database.writing() as session:
            study = register_study(session, definition=self._definition, by=BY, at=start)
            roster = read_roster(self._roster, phases=self._definition.study.phases)
            import_roster(
                session,
                study=study,
                rows=roster.rows,
                key=self._settings.secret_key,
                by=BY,
                at=start,
            )
            for role in ROLES:
                staff = add_staff(
                    session,
                    name=STAFF_NAMES[role],
                    email=f"{ROLE_NAMES[role].lower().replace(' ', '-')}@trial.example",
                    # Nobody types it: the start page signs in with one click.
                    password=secrets.token_urlsafe(24),
                    by=BY,
                    at=start,
                )
                grant_role(session, staff=staff, study=study, role=role, by=BY, at=start)
            for label, meaning in CODEBOOK.items():
                add_code(session, study=study, label=label, definition=meaning, by=BY, at=start)
        self._settings.data_directory.mkdir(parents=True, exist_ok=True)
        (self._settings.data_directory / "demonstration-roster.csv").write_bytes(self._roster)

    def live_through(self, wave_id: str) -> None:
        wave = self._definition.wave(wave_id)
        self._invite(wave)
        answers = self._who_answers(wave)
        for day in _days(wave, until=self._now):
            morning = min(_at(day, time(8)), self._now)
            if wave_id == "baseline" and day == self._definition.allocation.planned_on:
                self._randomise(_at(day, time(7)))
            with self._database.writing() as session:
                queue_due_letters(
                    session,
                    study=self._study(session),
                    key=self._settings.secret_key,
                    by=BY,
                    at=morning,
                )
            self._deliver(morning)
            for answer in [a for a in answers if a.at.astimezone(ENGLAND).date() == day]:
                self._answer(wave, answer)
            self._deliver(min(_at(day, time(21)), self._now))

    def _invite(self, wave: Wave) -> None:
        at = _at(wave.opens_on, time(7))
        with self._database.writing() as session:
            invite_wave(
                session,
                study=self._study(session),
                wave=wave.id,
                key=self._settings.secret_key,
                by=BY,
                at=at,
                rng=self._rng,
            )

    def _deliver(self, at: datetime) -> None:
        deliver_letters(self._settings, self._database, clock=lambda: at)

    def _randomise(self, at: datetime) -> None:
        with self._database.writing() as session:
            study = self._study(session)
            allocate_clusters(
                session,
                study=study,
                seed=self._sizes.seed,
                by=BY,
                at=at,
                cut_off_because="The demonstration randomises on the day that was planned.",
            )
            release_arms_to(
                session,
                study=study,
                staff=self._staff(session, "coordinator"),
                because="Offers the supervision and records its sessions.",
                by=BY,
                at=at,
            )

    def _study(self, session: Session) -> Study:
        study = study_by_slug(session, SLUG)
        if study is None:
            raise LookupError(SLUG)
        return study

    def _people(self) -> list[Person]:
        control = self._definition.control_arm.id
        with self._database.reading() as session:
            people = session.scalars(
                select(Participant)
                .join(School)
                .where(School.exclusion == "")
                .options(joinedload(Participant.school).joinedload(School.allocation))
                .order_by(Participant.id)
            ).all()
        return [
            Person(
                participant_id=p.id,
                school_id=p.school_id,
                is_supervised=p.school.allocation is not None
                and p.school.allocation.arm != control,
            )
            for p in people
        ]

    def _who_answers(self, wave: Wave) -> list[_Answer]:
        people = self._people()
        self._answers = InventedAnswers(people, seed=self._sizes.seed)
        allocated_on = self._definition.allocation.planned_on
        found = []
        for person in people:
            before = person.participant_id in self._submitted_baseline
            if not self._answers.responds(person, wave.id, answered_before=before):
                continue
            day, minute = self._answers.sits_down(
                person, opens_on=wave.opens_on, closes_on=wave.closes_on, allocated_on=allocated_on
            )
            at = _at(day, time(minute // 60, minute % 60))
            if at <= self._now:
                found.append(_Answer(at, person))
        return sorted(found, key=lambda answer: (answer.at, answer.person.participant_id))

    def _answer(self, wave: Wave, answer: _Answer) -> None:
        person, at = answer.person, answer.at
        rng = choices_from(self._sizes.seed, f"comments {wave.id} {person.participant_id}")
        stops = self._answers.breaks_off(person, wave.id)
        with self._database.writing() as session:
            study = self._study(session)
            invitation = self._invitation(session, person, wave)
            submission = start_submission(
                session,
                study=study,
                invitation=invitation,
                consents={
                    c.key: c.required or rng.random() < AGREES_TO_MORE
                    for c in self._definition.consents
                },
                at=at,
            )
            pages = questionnaire_for(study=study, invitation=invitation).pages
            pace = timedelta(seconds=self._answers.seconds_an_item(person, wave.id))
            for page in pages[:PAGES_BEFORE_BREAK_OFF] if stops else pages:
                at += sum((_time_for(question, pace) for question in page.questions), timedelta())
                if at > self._now:
                    return
                save_page(
                    session,
                    study=study,
                    invitation=invitation,
                    submission=submission,
                    page=page,
                    answers=PageAnswers(
                        self._answers.values(person, wave.id, page),
                        self._texts(submission.id, page, rng),
                    ),
                    at=at,
                )
            if stops or at + CHECKING > self._now:
                return
            submit(
                session,
                study=study,
                invitation=invitation,
                submission=submission,
                key=self._settings.secret_key,
                at=at + CHECKING,
                rng=self._rng,
            )
        if wave.id == "baseline":
            self._submitted_baseline.add(person.participant_id)

    def _texts(self, submission_id: int, page: Page, rng: random.Random) -> dict[str, str]:
        texts = {}
        for question in page.questions:
            invented = invent_comment(question.id, rng) if question.kind == "text" else None
            if invented is not None:
                self._written[submission_id, question.id] = invented
                texts[question.id] = invented.body
        return texts

    def _invitation(self, session: Session, person: Person, wave: Wave) -> Invitation:
        return session.scalars(
            select(Invitation)
            .where(Invitation.participant_id == person.participant_id, Invitation.wave == wave.id)
            .options(
                joinedload(Invitation.participant)
                .joinedload(Participant.school)
                .joinedload(School.allocation)
            )
        ).one()

    def _staff(self, session: Session, role: Role) -> Staff:
        study = self._study(session)
        staff = staff_with_role(session, study_id=study.id, role=role)
        if staff is None:
            raise LookupError(role)
        return staff

    def supervise(self) -> None:
        at = self._now
        control = self._definition.control_arm.id
        with self._database.writing() as session:
            schools = session.scalars(
                select(School)
                .where(School.study_id == self._study(session).id)
                .options(joinedload(School.allocation))
                .order_by(School.urn)
            ).all()
            for school in schools:
                if school.allocation is not None and school.allocation.arm != control:
                    hold_sessions(
                        session,
                        school=school,
                        arm=self._definition.arm(school.allocation.arm),
                        definition=self._definition,
                        sizes=self._sizes,
                        by=BY,
                        at=at,
                    )

    def count_contacts(self) -> None:
        with self._database.writing() as session:
            study = self._study(session)
            urns = session.scalars(
                select(School.urn)
                .where(School.study_id == study.id, School.exclusion == "")
                .order_by(School.urn)
            ).all()
            data = counts_csv(
                self._definition, self._sizes, urns=list(urns), today=self._now.date()
            )
            import_counts(
                session,
                study=study,
                file=read_counts(data, period=period_of(self._definition)),
                name="counts-of-the-authority.csv",
                by=BY,
                at=self._now,
            )

    def read_comments(self) -> None:
        rng = choices_from(self._sizes.seed, "reading")
        with self._database.writing() as session:
            study = self._study(session)
            redactor, researcher = (
                self._staff(session, "redactor"),
                self._staff(session, "researcher"),
            )
            waiting = session.scalars(
                select(Comment)
                .where(Comment.study_id == study.id, Comment.body != "")
                .order_by(Comment.id)
            ).all()
            for comment in waiting[: int(len(waiting) * RELEASED)]:
                release_comment(
                    session,
                    comment=comment,
                    redacted=self._written[comment.submission_id, comment.question].redacted,
                    staff_id=redactor.id,
                    by=actor(redactor),
                    at=self._now,
                )
            session.flush()
            codes = {c.label: c.id for c in session.scalars(select(Code))}
            questions = {c.question for c in waiting}
            for comment, _ in comments_to_code(
                session, study, questions=questions, staff_id=researcher.id
            ):
                if rng.random() < CODED:
                    theme = self._written[comment.submission_id, comment.question].theme
                    code_comment(
                        session,
                        comment=comment,
                        code_ids={codes[theme]},
                        staff_id=researcher.id,
                        by=actor(researcher),
                        at=self._now,
                    )


def _time_for(question: Question, pace: timedelta) -> timedelta:
    return WRITING if question.kind == "text" else pace


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, ENGLAND).astimezone(UTC)


def _days(wave: Wave, *, until: datetime) -> Iterator[date]:
    day = wave.opens_on
    while day <= min(wave.closes_on, until.astimezone(ENGLAND).date()):
        yield day
        day += timedelta(days=1)
