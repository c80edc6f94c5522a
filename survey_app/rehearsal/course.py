"""The course of a rehearsal: a study from its roster to its report, day by day, thrown away after.

It goes through the operations of the service, in a database of its own in a folder of its own. The
real record is never opened, nothing leaves by a network, and no name or address of a real person
comes in: the roster's people are invented.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from instruments.questionnaire import Page
from survey_app.database import schema
from survey_app.database.models import Contact, Participant, School, Study, Submission
from survey_app.database.queries.invitations import Visit, counts_by_wave, visit_by_token
from survey_app.database.queries.studies import study_by_slug
from survey_app.database.session import Database
from survey_app.demonstration.chance import choices_from
from survey_app.demonstration.sessions import hold_sessions
from survey_app.jobs.delivery import deliver_letters
from survey_app.links import token_hash
from survey_app.operations.enrolment import import_roster
from survey_app.operations.invitations import invite_wave, queue_due_letters
from survey_app.operations.randomisation import allocate_clusters
from survey_app.operations.reporting import Document, make_document
from survey_app.operations.studies import register_study
from survey_app.operations.submissions import (
    PageAnswers,
    questionnaire_for,
    save_page,
    start_submission,
    submit,
)
from survey_app.operations.versions import definition_as_filed
from survey_app.rehearsal.answers import RehearsedAnswers, Respondent
from survey_app.rehearsal.post import RehearsalPost
from survey_app.settings import Settings
from survey_app.trial.design import StudyDefinition
from survey_app.trial.roster import RosterRow
from survey_app.trial.study_file import Demonstration, Wave
from survey_app.trial.working_days import ENGLAND

BY = "command:rehearsal"
PRESSES = 0.2
"""The share of scanners that also press the button behind a link."""
PAGES_BEFORE_BREAK_OFF = 2
AN_ITEM = timedelta(seconds=6)
A_TEXT = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class WaveRehearsed:
    """How one wave of a rehearsal went."""

    title: str
    invited: int
    started: int
    submitted: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rehearsal leaves behind."""

    document: Document
    waves: tuple[WaveRehearsed, ...]
    schools: int
    people: int
    letters: int
    bounced: int
    scanned: int
    pressed: int


def rehearse(
    definition: StudyDefinition,
    roster: Sequence[RosterRow],
    *,
    seed: str,
    say: Callable[[str], None],
) -> Rehearsal:
    """Live through a whole study and make its report; the same seed tells the same story.

    Takes minutes for a large study, and says after each wave how far it is.
    """
    with tempfile.TemporaryDirectory(prefix="survey-rehearsal-") as folder:
        settings = Settings(
            mode="production",
            secret_key=secrets.token_urlsafe(48),
            data_directory=Path(folder),
            database_url=f"sqlite:///{Path(folder) / 'rehearsal.sqlite'}",
            base_url="https://rehearsal.example",
            mail_from="Rehearsal <rehearsal@rehearsal.example>",
            mail_server=None,
        )
        database = Database(settings.database_url, keys=settings.encryption_keys)
        try:
            schema.upgrade(database.engine)
            course = _Course(settings, database, definition, seed=seed)
            course.enrol(roster)
            say(f"{len(roster)} people enrolled.")
            for wave in definition.waves:
                course.randomise_before(wave)
                course.live_through(wave)
                say(f"Lived through “{wave.title}”.")
            say("Making the report …")
            return course.ended()
        finally:
            database.dispose()


class _Course:
    def __init__(
        self, settings: Settings, database: Database, definition: StudyDefinition, *, seed: str
    ) -> None:
        self._settings = settings
        self._database = database
        self._definition = definition
        self._seed = seed
        self._rng = choices_from(seed, "references and receipts")
        self._post = RehearsalPost(seed)
        self._submitted: set[int] = set()
        self._is_randomised = False
        self._n_scanned = self._n_pressed = 0

    def enrol(self, roster: Sequence[RosterRow]) -> None:
        at = _at(self._definition.waves[0].opens_on - timedelta(days=14), time(10))
        with self._database.writing() as session:
            study = register_study(session, definition=self._definition, by=BY, at=at)
            study.moved_waves = _moved(self._definition, definition_as_filed(study))
            import_roster(
                session,
                study=study,
                rows=roster,
                key=self._settings.secret_key,
                by=BY,
                at=at,
            )
        with self._database.reading() as session:
            people = session.execute(
                select(Participant.id, Participant.school_id, Contact.email)
                .join(School, School.id == Participant.school_id)
                .join(Contact, Contact.participant_id == Participant.id)
                .where(School.exclusion == "")
                .order_by(Participant.id)
            ).all()
        self._people = [Respondent(person, school) for person, school, _ in people]
        self._addresses = {person: address for person, _, address in people}
        self._answers = RehearsedAnswers(self._definition, self._people, seed=self._seed)

    def randomise_before(self, wave: Wave) -> None:
        """Randomise once its day has passed when a wave opens."""
        planned_on = self._definition.allocation.planned_on
        if not self._is_randomised and planned_on < wave.opens_on:
            self._randomise(planned_on)
            self._hold_sessions(_at(wave.opens_on, time(6)))

    def live_through(self, wave: Wave) -> None:
        letters = self._definition.letters
        due = self._who_answers(wave)
        # Once in the hours in which letters leave, and once more for what answers set off.
        leaves = (datetime.combine(date.min, letters.leave_from) + timedelta(minutes=5)).time()
        for day in _days(wave):
            if not self._is_randomised and day == self._definition.allocation.planned_on:
                self._randomise(day)
            morning = _at(day, leaves)
            with self._database.writing() as session:
                study = self._study(session)
                if day == wave.opens_on:
                    invite_wave(
                        session,
                        study=study,
                        wave=wave.id,
                        key=self._settings.secret_key,
                        by=BY,
                        at=morning,
                        rng=self._rng,
                    )
                queue_due_letters(
                    session, study=study, key=self._settings.secret_key, by=BY, at=morning
                )
            self._deliver(morning)
            self._scan(morning + timedelta(minutes=1))
            for at, person in due.get(day, ()):
                self._answer(wave, person, at)
            self._deliver(_at(day, time(17, 45)))

    def ended(self) -> Rehearsal:
        at = _at(self._definition.waves[-1].closes_on + timedelta(days=1), time(10))
        with self._database.reading() as session:
            study = self._study(session)
            counts = {each.wave: each for each in counts_by_wave(session, study)}
            return Rehearsal(
                document=make_document(session, study=study, at=at, is_rehearsal=True),
                waves=tuple(
                    WaveRehearsed(
                        wave.title,
                        counts[wave.id].invited,
                        counts[wave.id].started,
                        counts[wave.id].submitted,
                    )
                    for wave in self._definition.waves
                    if wave.id in counts
                ),
                schools=session.scalar(select(func.count()).select_from(School)) or 0,
                people=len(self._people),
                letters=self._post.n_taken,
                bounced=self._post.n_bounced,
                scanned=self._n_scanned,
                pressed=self._n_pressed,
            )

    def _who_answers(self, wave: Wave) -> Mapping[date, list[tuple[datetime, int]]]:
        found: dict[date, list[tuple[datetime, int]]] = {}
        is_first = wave is self._definition.waves[0]
        for person in (each.participant_id for each in self._people):
            before = person in self._submitted
            if self._answers.responds(person, wave.id, is_first=is_first, answered_before=before):
                day, minute = self._answers.sits_down(person, wave)
                found.setdefault(day, []).append((_at(day, minute), person))
        return {day: sorted(each) for day, each in found.items()}

    def _answer(self, wave: Wave, person: int, at: datetime) -> None:
        """Follow the newest link and answer page by page; who got no letter cannot."""
        secret = self._post.inbox.get(self._addresses[person])
        if secret is None:
            return
        with self._database.writing() as session:
            visit = visit_by_token(session, token_hash(secret))
            if visit is None or visit.invitation.wave != wave.id:
                return
            pages, at = self._answer_pages(session, visit, wave, person, at)
            if not pages:
                return
            submission = self._begun(session, visit, at)
            submit(
                session,
                study=visit.study,
                invitation=visit.invitation,
                submission=submission,
                key=self._settings.secret_key,
                at=at,
                rng=self._rng,
            )
        self._submitted.add(person)

    def _answer_pages(
        self, session: Session, visit: Visit, wave: Wave, person: int, at: datetime
    ) -> tuple[bool, datetime]:
        """Save page after page as routing has them; give whether it was answered to the end."""
        submission = self._begun(session, visit, at)
        whole = questionnaire_for(study=visit.study, invitation=visit.invitation)
        most = PAGES_BEFORE_BREAK_OFF if self._answers.breaks_off(person, wave.id) else None
        given: dict[str, int | str] = {}
        done: list[str] = []
        while (page := _next_page(whole.asked(given).pages, done)) is not None:
            if most is not None and len(done) >= most:
                return False, at
            values, texts = self._answers.answers(person, wave.id, page)
            at += sum(
                (A_TEXT if q.kind == "text" else AN_ITEM for q in page.questions), timedelta()
            )
            save_page(
                session,
                study=visit.study,
                invitation=visit.invitation,
                submission=submission,
                page=page,
                answers=PageAnswers(values, texts),
                at=at,
            )
            given |= {**values, **texts}
            done.append(page.key)
        return True, at

    def _begun(self, session: Session, visit: Visit, at: datetime) -> Submission:
        return start_submission(
            session,
            study=visit.study,
            invitation=visit.invitation,
            consents={each.key: True for each in self._definition.consents},
            at=at,
        )

    def _scan(self, at: datetime) -> None:
        """Let mail scanners open the links of today's letters; some press the buttons behind."""
        secrets_seen, self._post.to_scan = self._post.to_scan, []
        for secret in secrets_seen:
            self._n_scanned += 1
            if choices_from(self._seed, f"press {self._n_scanned}").random() >= PRESSES:
                continue
            self._n_pressed += 1
            with self._database.writing() as session:
                visit = visit_by_token(session, token_hash(secret))
                if visit is not None:
                    self._begun(session, visit, at)

    def _deliver(self, at: datetime) -> None:
        deliver_letters(self._settings, self._database, clock=lambda: at, transport=self._post)

    def _randomise(self, day: date) -> None:
        with self._database.writing() as session:
            allocate_clusters(
                session,
                study=self._study(session),
                seed=self._seed,
                by=BY,
                at=_at(day, time(7)),
                cut_off_because="The rehearsal randomises on the day that was planned.",
            )
        self._is_randomised = True

    def _hold_sessions(self, at: datetime) -> None:
        sizes = self._definition.demonstration or Demonstration(
            seed=self._seed,
            schools=2,
            authorities=("Anywhere",),
            dsls_per_school=(1.0,),
            never_attending=0.12,
            attendance=0.55,
        )
        sizes = sizes.model_copy(update={"seed": self._seed})
        supervised = {
            arm.id
            for arm in self._definition.arms
            if any(each.model != "usual_support" for each in arm.delivered)
        }
        with self._database.writing() as session:
            for school in session.scalars(
                select(School).options(joinedload(School.allocation)).order_by(School.urn)
            ).all():
                if school.allocation is not None and school.allocation.arm in supervised:
                    hold_sessions(
                        session,
                        school=school,
                        arm=self._definition.arm(school.allocation.arm),
                        definition=self._definition,
                        sizes=sizes,
                        by=BY,
                        at=at,
                    )

    def _study(self, session: Session) -> Study:
        study = study_by_slug(session, self._definition.slug)
        if study is None:
            raise LookupError(self._definition.slug)
        return study


def _next_page(pages: Sequence[Page], done: Sequence[str]) -> Page | None:
    return next((page for page in pages if page.key not in done), None)


def _moved(definition: StudyDefinition, filed: StudyDefinition) -> dict[str, list[str]]:
    """The days of waves that were changed on the real record, as the record keeps them."""
    return {
        wave.id: [wave.opens_on.isoformat(), wave.closes_on.isoformat()]
        for wave in definition.waves
        if (wave.opens_on, wave.closes_on)
        != (filed.wave(wave.id).opens_on, filed.wave(wave.id).closes_on)
    }


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, ENGLAND).astimezone(UTC)


def _days(wave: Wave) -> Iterator[date]:
    for n in range((wave.closes_on - wave.opens_on).days + 1):
        yield wave.opens_on + timedelta(days=n)
