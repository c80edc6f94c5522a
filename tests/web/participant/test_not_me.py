from __future__ import annotations

from looking import events
from respondents import Respondent, title_of
from trials import KEY, Trial

from survey_app.database.models import Letter
from survey_app.operations.disowning import settle_disowned
from survey_app.operations.invitations import queue_due_letters


def remind(trial: Trial) -> int:
    with trial.database.writing() as session:
        study = trial.study(session)
        return queue_due_letters(session, study=study, key=KEY, by="test", at=trial.clock())


def test_whoever_was_not_meant_says_so_and_is_forgotten_here(dev: Respondent) -> None:
    dev.open_link()
    assert "This letter is not for me" in dev.get("consent").text
    answer = dev.client.post(dev.address("not-me"), follow_redirects=True)
    assert title_of(answer) == "Thank you for telling us"
    assert "Person 1" not in answer.text
    assert dev.get("consent").status_code == 403
    (event,) = events(dev.trial.database, "letter_disowned")
    assert (event.by, event.subject) == ("participant", "letter:1")


def test_the_link_still_opens_and_saying_it_twice_is_one_event(dev: Respondent) -> None:
    for _ in range(2):
        dev.open_link()
        dev.client.post(dev.address("not-me"))
    dev.begin()
    assert len(events(dev.trial.database, "letter_disowned")) == 1


def test_reminders_wait_until_it_is_settled(dev: Respondent) -> None:
    dev.open_link()
    dev.client.post(dev.address("not-me"))
    dev.trial.clock.move(days=7)
    assert remind(dev.trial) == 9
    with dev.trial.database.writing() as session:
        letter = session.get_one(Letter, 1)
        settle_disowned(session, letter=letter, by="test", at=dev.trial.clock())
    assert remind(dev.trial) == 1
    assert len(events(dev.trial.database, "letter_settled")) == 1


def test_without_the_link_nobody_can_say_it(dev: Respondent) -> None:
    assert dev.client.post(dev.address("not-me")).status_code == 403
    assert events(dev.trial.database, "letter_disowned") == []


def test_a_forged_post_says_nothing(app, dev: Respondent) -> None:
    dev.open_link()
    app.config["WTF_CSRF_ENABLED"] = True
    answer = dev.client.post(dev.address("not-me"))
    assert answer.location == dev.address("consent")
    assert events(dev.trial.database, "letter_disowned") == []
