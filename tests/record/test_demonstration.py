"""The demonstration's whole story, told once: a trial in mid course, by the real operations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from letterboxes import recipients_in
from looking import events, rows
from sqlalchemy import select

from instruments.missing import NOT_ANSWERED, PREFER_NOT_TO_SAY
from reports.document import build_report, render_html
from reports.evidence import gather
from reports.snapshot import Snapshot
from survey_app.database.models import (
    Allocation,
    Authority,
    Comment,
    Contact,
    Invitation,
    Letter,
    Participant,
    Response,
    School,
    Staff,
    Submission,
    SupervisionSession,
)
from survey_app.database.models import Study as StudyRow
from survey_app.database.queries.comments import comment_counts
from survey_app.database.queries.invitations import visit_by_token
from survey_app.database.session import Database
from survey_app.demonstration.answers import InventedAnswers, Person
from survey_app.demonstration.story import demonstration_study, tell_story
from survey_app.links import token_for_letter, token_hash
from survey_app.operations.randomisation import verify_allocation
from survey_app.operations.reporting import take_snapshot
from survey_app.operations.waves import state_of
from survey_app.roles import ROLES
from survey_app.settings import Settings

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
KEY = "a key for the demonstration's tests only"
# What an invented share may be off by: three standard errors of some 100 people.
WIDE = 0.15


@dataclass(frozen=True)
class Told:
    """The story on record, and where its letters went."""

    database: Database
    settings: Settings

    def study(self, session) -> StudyRow:
        return session.scalars(select(StudyRow)).one()


@pytest.fixture(scope="module")
def told(sqlite_source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("demonstration")
    with sqlite_source.fresh(folder) as url:
        settings = Settings(
            mode="demonstration",
            secret_key=KEY,
            data_directory=folder,
            database_url=url,
            base_url="http://127.0.0.1:8000",
            mail_from="Survey <survey@trial.example>",
            mail_server=None,
        )
        database = Database(url, keys=settings.encryption_keys)
        tell_story(settings, database, now=NOW, say=lambda _: None)
        yield Told(database, settings)
        database.dispose()


@pytest.fixture(scope="module")
def snapshot(told: Told) -> Snapshot:
    with told.database.reading() as session:
        study = told.study(session)
        return take_snapshot(session, study=study, at=NOW)


def test_the_dates_are_moved_by_whole_weeks_so_that_the_follow_up_is_open(told: Told):
    moved = demonstration_study(NOW.date())
    assert moved.shifted_by_days % 7 == 0
    assert state_of(moved.wave("follow_up"), at=NOW) == "open"
    assert state_of(moved.wave("baseline"), at=NOW) == "closed"
    assert rows(told.database, StudyRow)[0].shifted_by_days == moved.shifted_by_days


def test_there_are_94_eligible_schools_in_one_authority(told: Told):
    schools = rows(told.database, School)
    assert sum(school.is_eligible for school in schools) == 94
    assert len(schools) == 98
    assert [authority.name for authority in rows(told.database, Authority)] == ["Bolton"]
    assert Counter(a.arm for a in rows(told.database, Allocation)) == {
        "supervision": 47,
        "usual_support": 47,
    }


def test_no_school_or_address_is_a_real_one(told: Told):
    assert all(int(school.urn) > 900000 for school in rows(told.database, School))
    assert len({school.name for school in rows(told.database, School)}) == 98
    assert all(c.email.endswith(".example") for c in rows(told.database, Contact))


def mailbox(told: Told) -> Path:
    return told.settings.mailbox_directory


def test_one_person_of_each_role_can_be_signed_in_as(told: Told):
    staff = rows(told.database, Staff)
    assert sorted(role.role for person in staff for role in person.roles) == sorted(ROLES)


def test_about_55_in_100_answer_the_baseline(told: Told):
    invited = sum(i.wave == "baseline" for i in rows(told.database, Invitation))
    submitted = sum(
        s.wave == "baseline" and s.submitted_at is not None for s in rows(told.database, Submission)
    )
    assert 94 <= invited <= 120
    assert submitted / invited == pytest.approx(0.55, abs=WIDE)


def test_the_follow_up_is_answered_by_some_and_still_open_to_others(told: Told):
    follow_up = [s for s in rows(told.database, Submission) if s.wave == "follow_up"]
    invited = sum(i.wave == "follow_up" for i in rows(told.database, Invitation))
    assert 0.25 < sum(s.submitted_at is not None for s in follow_up) / invited < 0.75


def test_nothing_is_dated_after_this_moment(told: Told):
    assert all(s.started_at <= NOW for s in rows(told.database, Submission))
    assert all(s.submitted_at <= NOW for s in rows(told.database, Submission) if s.submitted_at)
    assert all(letter.sent_at <= NOW for letter in rows(told.database, Letter) if letter.sent_at)


def test_supervision_at_the_intended_level_reaches_about_40_in_100(told: Told):
    arm_of = {a.school_id: a.arm for a in rows(told.database, Allocation)}
    attended: dict[int, list[bool]] = defaultdict(list)
    for meeting in rows(told.database, SupervisionSession):
        assert arm_of[meeting.school_id] == "supervision"
        if meeting.part != "supervision":
            continue
        attended[meeting.school_id].append(meeting.attended)
    assert len(attended) == 47
    assert {len(meetings) for meetings in attended.values()} == {6}
    plan = demonstration_study(NOW.date()).plan
    compliers = sum(sum(m) / len(m) >= plan.complier_share for m in attended.values())
    assert compliers / 47 == pytest.approx(0.40, abs=WIDE)


def test_an_outside_event_ended_the_sessions(told: Told):
    stops = [e.on for e in demonstration_study(NOW.date()).events if e.stops_sessions]
    assert len(stops) == 1
    late = [m for m in rows(told.database, SupervisionSession) if m.planned_on >= stops[0]]
    assert late
    assert not any(meeting.offered for meeting in late)
    assert {(meeting.outcome, meeting.because) for meeting in late} == {
        ("cancelled", "First national lockdown in England")
    }


def test_letters_are_in_the_mailbox_and_nobody_who_answered_was_reminded_after(told: Told):
    letters = rows(told.database, Letter)
    kinds = Counter(letter.kind for letter in letters if letter.state == "sent")
    assert set(kinds) == {"invitation", "reminder", "last_call", "thanks"}
    assert len(recipients_in(mailbox(told))) == sum(kinds.values())
    assert {letter.state for letter in letters} <= {"sent", "cancelled"}
    submitted = {s.invitation_id: s.submitted_at for s in rows(told.database, Submission)}
    for letter in letters:
        ended = submitted.get(letter.invitation_id)
        if letter.kind in ("reminder", "last_call") and letter.sent_at and ended:
            assert letter.sent_at <= ended


def test_unanswered_invitations_have_links_that_open_the_questionnaire(told: Told):
    answered = {s.invitation_id for s in rows(told.database, Submission)}
    open_now = 0
    with told.database.reading() as session:
        for letter in rows(told.database, Letter):
            if letter.kind != "reminder" or letter.invitation_id in answered:
                continue
            visit = visit_by_token(session, token_hash(token_for_letter(letter.id, key=KEY)))
            assert visit is not None
            open_now += visit.invitation.wave == "follow_up" and visit.submission is None
    assert open_now >= 10


def test_some_comments_wait_for_a_redactor_and_most_are_released_and_coded(told: Told):
    with told.database.reading() as session:
        counts = comment_counts(session, told.study(session))
    assert counts.waiting >= 3
    assert counts.released > counts.waiting
    assert len(events(told.database, "comment_coded")) > counts.released / 2


def test_what_was_released_holds_none_of_the_identifiers(told: Told):
    released = [c for c in rows(told.database, Comment) if c.redacted is not None]
    written = " ".join(c.body for c in rows(told.database, Comment))
    kept = " ".join(c.redacted or "" for c in released)
    assert any(name in written for name in ("Kayleigh", "01632", "Bramwell"))
    assert not any(name in kept for name in ("Kayleigh", "01632", "Bramwell"))


def test_some_items_are_left_out_and_some_not_said(told: Told):
    codes = Counter(response.value for response in rows(told.database, Response))
    answers = sum(codes.values())
    assert 0 < codes[NOT_ANSWERED] / answers < 0.05
    assert 0 < codes[PREFER_NOT_TO_SAY] / answers < 0.03


def test_some_stopped_half_way_and_some_answered_late(told: Told, snapshot: Snapshot):
    assert any(s.submitted_at is None for s in rows(told.database, Submission))
    baseline = snapshot.submissions[snapshot.submissions["wave"] == "baseline"]
    assert 0 < baseline["after_allocation"].sum() < len(baseline) / 4


def test_the_allocation_can_be_repeated(told: Told):
    with told.database.reading() as session:
        assert verify_allocation(session, study=told.study(session)) == ()


def test_the_masked_report_can_be_made_and_names_no_arm_in_its_figures(snapshot: Snapshot):
    evidence = gather(snapshot)
    assert snapshot.masked
    assert all(analysis.result is not None for analysis in evidence.analyses)
    html = render_html(build_report(snapshot))
    assert "Arm A" in html
    assert "Support as usual</" not in html


def test_scales_measure_about_as_reliably_as_they_are_meant_to(snapshot: Snapshot):
    for each in gather(snapshot).reliabilities:
        if each.arm is None and each.score.id.endswith("_total"):
            assert 0.75 < each.result.alpha < 0.95, (each.score.id, each.wave)


def test_people_are_in_the_roster_file_a_coordinator_could_load(told: Told):
    file = (told.settings.data_directory / "demonstration-roster.csv").read_text()
    assert len(file.splitlines()) == 1 + len(rows(told.database, Participant))


def test_the_same_seed_gives_the_same_answers_and_another_gives_others():
    people = [Person(n, 1 + n // 2, n % 4 < 2) for n in range(40)]
    page = demonstration_study(NOW.date()).questionnaire("baseline", None).page("gad7")

    def draw(seed: str) -> list[dict[str, int]]:
        answers = InventedAnswers(people, seed=seed)
        return [answers.values(person, "baseline", page) for person in people]

    assert draw("one") == draw("one")
    assert draw("one") != draw("two")
