"""A study that is amended while somebody answers it."""

from __future__ import annotations

import pytest
from respondents import Respondent, hidden_field, words_of
from trials import BY, Trial

from survey_app.operations.studies import register_study
from survey_app.trial.design import read_study

FIRST = '[[waves.questionnaire]]\nkind = "item"\nid = "years_in_role"\n'
HOURS = """[[waves.questionnaire]]
kind = "item"
id = "hours"
text = "How many hours a week?"
options = [{ value = 1, label = "Up to 10" }, { value = 2, label = "More than 10" }]

"""


@pytest.fixture
def answering(dev: Respondent) -> Respondent:
    return dev.begin()


def amend(trial: Trial) -> None:
    """Hours are asked first on the first page from now on."""
    trial.clock.move(minutes=5)
    source = trial.definition.source.replace(FIRST, HOURS + FIRST, 1)
    with trial.database.writing() as session:
        register_study(
            session,
            definition=read_study(source, file="a.toml"),
            by=BY,
            at=trial.clock(),
            because="Hours were asked for.",
        )


def test_a_page_that_was_open_meanwhile_is_saved_as_it_was_shown(answering: Respondent) -> None:
    markup = answering.get("about-you").text
    fields = {name: hidden_field(markup, name) for name in ("shown", "shown-questions")}
    amend(answering.trial)
    answers = {"years_in_role": "2", "still_in_role": "7"}
    answering.client.post(answering.address("about-you"), data={**answers, **fields})
    assert answering.saved == {"years_in_role": 2, "still_in_role": 7}


def test_what_was_added_is_shown_once_before_it_is_submitted(answering: Respondent) -> None:
    answering.save("about-you", {"years_in_role": "2"})
    answering.save("gad7", {"gad7_1": "1"})
    amend(answering.trial)
    answer = answering.submit()
    assert answer.location == answering.address("about-you") + "?back=check"
    page = answering.client.get(answer.location)
    assert "has added a question since you began" in words_of(page)
    answering.save("about-you", {"years_in_role": "2", "back": "check"})
    assert answering.saved["hours"] == -9
    with answering.submit() as answer:
        assert answer.location == answering.address("receipt")


def test_who_has_submitted_is_not_asked_what_is_added(answering: Respondent) -> None:
    answering.submit()
    amend(answering.trial)
    assert answering.get("about-you").location == answering.address("receipt")
    assert "receipt" in words_of(answering.get("receipt"))
