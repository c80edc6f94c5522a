from __future__ import annotations

import pytest
from answering import answer
from looking import rows
from respondents import Respondent, title_of

from survey_app.database.models import Contact, Participant, Response, Tombstone


def person(dev: Respondent) -> Participant:
    return rows(dev.trial.database, Participant)[0]


def choose(dev: Respondent, choice: str, **more: str):
    return dev.client.post(dev.address("withdraw"), data={"choice": choice, "sure": "y"} | more)


@pytest.fixture
def answered(dev: Respondent) -> Respondent:
    answer(dev.trial, 1, text="Some words.")
    dev.open_link()
    return dev


def test_the_way_out_is_on_the_first_page_and_the_receipt(answered: Respondent) -> None:
    assert answered.address("withdraw") in answered.get("receipt").text
    page = answered.get("withdraw")
    assert title_of(page) == "Stop taking part"
    assert "Your answers can be erased until 17 July 2020" in page.text
    for what in ("We write no more", "Your answers and comments, your name and your address"):
        assert what in page.text


def test_whoever_wants_no_reminders_takes_part_still(answered: Respondent) -> None:
    assert title_of(choose(answered, "reminders")) == "You will get no more reminders"
    assert person(answered).reminders_stopped_at is not None
    assert person(answered).withdrawn_at is None


def test_whoever_withdraws_is_out_and_their_link_is_dead(answered: Respondent) -> None:
    done = choose(answered, "withdraw")
    assert done.location == answered.address("withdrawn")
    assert title_of(answered.get("withdrawn")) == "You no longer take part"
    assert person(answered).withdrawn_at is not None
    assert person(answered).erased_at is None
    assert rows(answered.trial.database, Response)
    assert answered.get("receipt").status_code == 403


def test_whoever_wants_to_be_erased_is(answered: Respondent) -> None:
    choose(answered, "erase")
    assert person(answered).erased_at is not None
    assert rows(answered.trial.database, Response) == []
    assert "person1@school1.example" not in {
        contact.email for contact in rows(answered.trial.database, Contact)
    }
    assert len(rows(answered.trial.database, Tombstone)) == 1


@pytest.mark.parametrize(
    ("posted", "fault"), [({"sure": "y"}, "choice"), ({"choice": "erase"}, "sure")]
)
def test_nothing_happens_without_a_choice_and_a_tick(
    answered: Respondent, posted: dict[str, str], fault: str
) -> None:
    refused = answered.client.post(answered.address("withdraw"), data=posted)
    assert refused.status_code == 400
    assert f'href="#{fault}"' in refused.text
    assert person(answered).withdrawn_at is None


def test_after_the_last_day_nothing_can_be_erased_and_the_page_says_why(
    answered: Respondent,
) -> None:
    answered.trial.clock.noon_on(answered.trial.definition.wave("follow_up").closes_on)
    answered.trial.clock.move(days=1)
    answered.open_link()
    page = answered.get("withdraw").text
    assert "Answers could be erased until 17 July 2020" in page
    assert 'value="erase"' not in page
    assert choose(answered, "erase").status_code == 409
    assert person(answered).erased_at is None
    assert choose(answered, "withdraw").status_code == 303


def test_without_the_link_nobody_can_withdraw_somebody(dev: Respondent) -> None:
    assert choose(dev, "erase").status_code == 403
    assert person(dev).withdrawn_at is None


def test_a_forged_post_changes_nothing(app, answered: Respondent) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert choose(answered, "erase").status_code == 400
    assert person(answered).withdrawn_at is None
