"""Letters stop at once, also one that a worker has in hand, and start again where they should."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from answering import answer
from letterboxes import Remembering, outbox, settings_for
from looking import events, rows
from sqlalchemy import select
from trials import BY, KEY, ROSTER, Trial

from survey_app.database.models import Contact, DeliveryReport, Letter, Participant
from survey_app.jobs.delivery import Delivery, deliver_letters
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.operations.enrolment import import_roster
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import queue_due_letters
from survey_app.operations.sending import resend_letter, stop_reminders
from survey_app.settings import Settings
from survey_app.trial.roster import read_roster

PEOPLE = 10


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path / "var")


@pytest.fixture
def invited(trial: Trial, settings: Settings) -> Trial:
    """Everyone was invited and has the letter."""
    trial.invite()
    deliver(settings, trial)
    return trial


def deliver(settings: Settings, trial: Trial, transport: Remembering | None = None) -> Delivery:
    return deliver_letters(
        settings, trial.database, clock=trial.clock, transport=transport or Remembering()
    )


def report(trial: Trial, letter_id: int, outcome="hard", source="report 1", status="5.1.1") -> bool:
    with trial.database.writing() as session:
        return record_delivery_report(
            session,
            letter_id=letter_id,
            outcome=outcome,
            status=status,
            source=source,
            by=BY,
            at=trial.clock(),
        )


def remind(trial: Trial) -> int:
    with trial.database.writing() as session:
        return queue_due_letters(
            session, study=trial.study(session), key=KEY, by=BY, at=trial.clock()
        )


def on_reminder_day(trial: Trial) -> None:
    trial.clock.noon_on(trial.definition.wave("baseline").opens_on + timedelta(days=7))


def reminded(transport: Remembering) -> set[str]:
    return {message["To"].addresses[0].addr_spec for message in transport.sent}


class Meanwhile(Remembering):
    """A transport whose connection takes a while to make, in which something happens."""

    def __init__(self, happens) -> None:
        super().__init__()
        self.happens = happens

    def ready(self) -> bool:
        happens, self.happens = self.happens, None
        if happens is None:
            return False
        happens()
        return True


def withdraw(trial: Trial) -> None:
    with trial.database.writing() as session:
        session.get_one(Participant, 1).withdrawn_at = trial.clock()


def opt_out(trial: Trial) -> None:
    with trial.database.writing() as session:
        participant = session.get_one(Participant, 1)
        stop_reminders(session, participant=participant, by=BY, at=trial.clock())


@pytest.mark.parametrize(
    ("happens", "because"),
    [
        (answer, "The answers are in."),
        (withdraw, "The person has withdrawn."),
        (opt_out, "The person wants no reminders."),
        (lambda trial: report(trial, 1), "There is no address that takes letters."),
    ],
    ids=["submission", "withdrawal", "opt-out", "bounce"],
)
def test_a_letter_in_a_worker_s_hand_is_stopped_while_it_connects(
    settings, invited, happens, because
):
    on_reminder_day(invited)
    remind(invited)
    transport = Meanwhile(lambda: happens(invited))
    deliver(settings, invited, transport)
    assert "person1@school1.example" not in {
        message["To"].addresses[0].addr_spec
        for message in transport.sent
        if message["List-Unsubscribe"]
    }
    (stopped,) = [each for each in outbox(invited.database) if each.state == "cancelled"]
    assert (stopped.kind, stopped.last_error) == ("reminder", because)


def test_an_address_that_takes_no_letters_is_written_to_no_more(settings, invited):
    assert report(invited, 1)
    assert not report(invited, 1)
    assert len(rows(invited.database, DeliveryReport)) == 1
    assert len(events(invited.database, "address_undeliverable")) == 1
    (bounced,) = events(invited.database, "letter_bounced")
    assert bounced.detail == {"kind": "invitation", "status": "5.1.1"}
    on_reminder_day(invited)
    assert remind(invited) == PEOPLE - 1


def test_what_waits_for_an_address_that_takes_no_letters_is_stopped(settings, invited):
    on_reminder_day(invited)
    remind(invited)
    report(invited, 1)
    stopped = [each.invitation_id for each in outbox(invited.database) if each.state == "cancelled"]
    assert stopped == [1]


def test_three_letters_that_come_back_for_now_make_an_address_undeliverable(settings, invited):
    with invited.database.reading() as session:
        assert session.get_one(Contact, 1).undeliverable_at is None
    letters = [1]
    for day in (7, 10):
        invited.clock.noon_on(invited.definition.wave("baseline").opens_on + timedelta(days=day))
        remind(invited)
        deliver(settings, invited)
        letters.append(max(e.id for e in outbox(invited.database) if e.invitation_id == 1))
    for number, letter_id in enumerate(letters):
        with invited.database.reading() as session:
            assert session.get_one(Contact, 1).undeliverable_at is None
        # The same letter may be reported more than once.
        report(invited, letter_id, "soft", f"first {number}", "4.2.2")
        report(invited, letter_id, "soft", f"again {number}", "4.2.2")
    with invited.database.reading() as session:
        assert session.get_one(Contact, 1).undeliverable_at == invited.clock()


def test_a_letter_that_arrives_between_makes_the_count_begin_anew(settings, invited):
    invited.clock.move(days=7)
    remind(invited)
    deliver(settings, invited)
    second = max(each.id for each in outbox(invited.database) if each.invitation_id == 1)
    report(invited, 1, "soft", "one")
    invited.clock.move(hours=1)
    report(invited, second, "delivered", "two", "delivered")
    invited.clock.move(hours=1)
    for number in range(2, 4):
        report(invited, second, "soft", f"later {number}")
    with invited.database.reading() as session:
        assert session.get_one(Contact, 1).undeliverable_at is None


def change_address(trial: Trial) -> None:
    changed = ROSTER.replace(b"person1@school1.example", b"dev@school1.example")
    with trial.database.writing() as session:
        roster = read_roster(changed, phases=trial.definition.study.phases)
        study = trial.study(session)
        import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=trial.clock())


def test_a_new_address_on_the_roster_is_written_to_again(settings, invited):
    report(invited, 1)
    invited.clock.move(hours=1)
    change_address(invited)
    on_reminder_day(invited)
    assert remind(invited) == PEOPLE
    transport = Remembering()
    deliver(settings, invited, transport)
    assert "dev@school1.example" in reminded(transport)


def test_what_comes_back_late_from_the_old_address_says_nothing_of_the_new(settings, invited):
    invited.clock.move(hours=1)
    change_address(invited)
    assert report(invited, 1)
    with invited.database.reading() as session:
        assert session.get_one(Contact, 1).undeliverable_at is None


def test_a_report_about_a_letter_of_another_record_is_left_alone(invited):
    assert not report(invited, 4711)
    assert rows(invited.database, DeliveryReport) == []


def resend(trial: Trial, letter_id: int) -> None:
    with trial.database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        resend_letter(session, letter=letter, key=KEY, by=BY, at=trial.clock())


def test_a_letter_sent_by_hand_again_has_a_link_of_its_own_and_stops_no_reminder(settings, invited):
    resend(invited, 1)
    transport = Remembering()
    assert deliver(settings, invited, transport) == Delivery(sent=1)
    first, again = [each for each in outbox(invited.database) if each.invitation_id == 1]
    assert again.key == "invitation:1:baseline:1001"
    assert first.token_hash != again.token_hash
    on_reminder_day(invited)
    assert remind(invited) == PEOPLE


def test_a_refused_letter_goes_again_as_it_is(settings, trial: Trial):
    from survey_app.mail.errors import LetterRefused

    trial.invite()
    assert deliver(settings, trial, Remembering(LetterRefused("no"))).refused == 1
    resend(trial, 1)
    assert deliver(settings, trial) == Delivery(sent=1)
    assert len(outbox(trial.database)) == PEOPLE


def test_no_letter_is_sent_again_whose_cause_has_gone_away(settings, invited):
    answer(invited)
    with pytest.raises(OperationError, match="The answers are in"):
        resend(invited, 1)


def test_a_letter_that_waits_is_not_sent_twice(invited, settings):
    on_reminder_day(invited)
    remind(invited)
    waiting = next(e.id for e in outbox(invited.database) if e.state == "waiting")
    with pytest.raises(OperationError, match="not left yet"):
        resend(invited, waiting)
    with invited.database.reading() as session:
        assert session.scalars(select(Letter).where(Letter.attempts > 1)).all() == []


def test_out_of_hours_letters_wait_for_the_next_and_that_is_no_attempt(settings, trial: Trial):
    from dataclasses import replace
    from datetime import UTC, datetime

    trial.invite()
    real = replace(settings, mode="production")
    trial.clock.at = datetime(2019, 9, 20, 17, 30, tzinfo=UTC)  # Friday evening in England
    transport = Remembering()
    assert deliver(real, trial, transport) == Delivery(not_now=PEOPLE)
    assert transport.sent == []
    monday = datetime(2019, 9, 23, 7, 0, tzinfo=UTC)
    assert {(e.state, e.not_before, e.attempts) for e in outbox(trial.database)} == {
        ("waiting", monday, 0)
    }
    trial.clock.at = monday
    assert deliver(real, trial, transport) == Delivery(sent=PEOPLE)


def test_thanks_leave_at_any_hour(settings, invited):
    from dataclasses import replace

    answer(invited)
    invited.clock.move(hours=11)
    real = replace(settings, mode="production")
    assert deliver(real, invited) == Delivery(sent=1)
