"""The timeline of one participant tells what happened when, and nothing of what was answered."""

from __future__ import annotations

from pathlib import Path

from answering import answer
from letterboxes import Remembering, outbox, settings_for
from trials import BY, KEY, Trial

from survey_app.database.models import Participant
from survey_app.database.queries.timeline import TimelineEntry, timeline_of
from survey_app.jobs.delivery import deliver_letters
from survey_app.mail.errors import LetterRefused
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.operations.invitations import queue_due_letters
from survey_app.operations.sending import stop_reminders
from survey_app.trial.letter_kinds import REMINDERS

SECRET = "nobody reads this on a timeline"


def timeline(trial: Trial, person: int = 1) -> list[TimelineEntry]:
    with trial.database.reading() as session:
        participant = session.get_one(Participant, person)
        return timeline_of(session, participant, reminders=REMINDERS)


def test_a_participant_s_timeline_has_letters_bounces_and_answers_in_order(
    trial: Trial, database_url: str, tmp_path: Path
):
    settings = settings_for(database_url, tmp_path)

    def deliver(*faults: Exception) -> None:
        deliver_letters(settings, trial.database, clock=trial.clock, transport=Remembering(*faults))
        trial.clock.move(minutes=1)

    trial.invite()
    deliver()
    with trial.database.writing() as session:
        record_delivery_report(
            session,
            letter_id=1,
            outcome="soft",
            status="4.2.2",
            source="x",
            by=BY,
            at=trial.clock(),
        )
    trial.clock.move(days=7)
    with trial.database.writing() as session:
        queue_due_letters(session, study=trial.study(session), key=KEY, by=BY, at=trial.clock())
    deliver()
    answer(trial, 1, text=SECRET)
    trial.clock.move(minutes=1)
    deliver(LetterRefused("The mail server refused the letter (550)."))
    with trial.database.writing() as session:
        participant = session.get_one(Participant, 1)
        stop_reminders(session, participant=participant, by=BY, at=trial.clock())
    found = timeline(trial)
    saved = [entry for entry in found if entry.what == "saved"]
    assert saved
    assert [(e.what, e.letter_kind, e.detail) for e in found if e.what != "saved"] == [
        ("queued", "invitation", ""),
        ("accepted", "invitation", ""),
        ("bounced", "invitation", "soft 4.2.2"),
        ("queued", "reminder", ""),
        ("reminded", "reminder", ""),
        ("started", "", ""),
        ("submitted", "", ""),
        ("queued", "thanks", ""),
        ("refused", "thanks", "The mail server refused the letter (550)."),
        ("reminders_stopped", "", ""),
    ]
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)
    assert {entry.wave for entry in found if entry.what != "reminders_stopped"} == {"baseline"}
    assert SECRET not in str(found)


def test_a_participant_nobody_wrote_to_has_no_timeline(trial: Trial):
    assert timeline(trial) == []
    trial.invite()
    assert [entry.what for entry in timeline(trial, 2)] == ["queued"]
    assert outbox(trial.database)[0].state == "waiting"
