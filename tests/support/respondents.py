"""Somebody who answers: a browser, and what a person does with it, one page at a time."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from rooms import text_of_page
from sqlalchemy import select
from trials import Trial
from werkzeug.test import TestResponse

from survey_app.database.models import (
    Comment,
    HeldPage,
    Invitation,
    Participant,
    Response,
    Submission,
)

CONSENT = {"consent_survey": "yes"}


class Respondent:
    """The n-th person of the small trial at a browser of their own."""

    def __init__(self, app: Flask, trial: Trial, person: int = 1, wave: str = "baseline") -> None:
        self.client = app.test_client()
        self.trial, self.person, self.wave = trial, person, wave
        self.reference = trial.reference(person, wave)

    def address(self, page: str = "") -> str:
        return f"/answer/{self.reference}/{page}"

    def open_link(self) -> TestResponse:
        return self.client.post(f"/link/{self.trial.token(self.person, self.wave)}")

    def begin(self) -> Respondent:
        """Open the link and agree to take part."""
        self.open_link()
        assert self.client.post(self.address("consent"), data=CONSENT).status_code == 303
        return self

    def get(self, page: str = "") -> TestResponse:
        return self.client.get(self.address(page))

    def save(self, page: str, answers: dict[str, str], shown: str | None = None) -> TestResponse:
        """Post a page, with the marks of its latest state unless others are given."""
        fields = {}
        if shown is None:
            markup = self.get(page).text
            shown = hidden_field(markup, "shown")
            fields["shown-questions"] = hidden_field(markup, "shown-questions")
        return self.client.post(self.address(page), data={**answers, **fields, "shown": shown})

    def save_items(
        self, page: str, answers: dict[str, str], shown: str | None = None
    ) -> TestResponse:
        """Post a page as its script does while it is being answered."""
        if shown is None:
            shown = hidden_field(self.get(page).text, "shown")
        return self.client.post(self.address(f"{page}/items"), data={**answers, "shown": shown})

    def submit(self) -> TestResponse:
        return self.client.post(self.address("check"))

    @property
    def saved(self) -> dict[str, int | str]:
        """Every answer on record, by question; a box left empty is none."""
        with self.trial.database.reading() as session:
            found = select(Submission.id).join(Invitation).join(Participant)
            submission = session.scalar(
                found.where(Participant.code == f"P{self.person:05d}", Invitation.wave == self.wave)
            )
            values = session.execute(
                select(Response.item, Response.value).where(Response.submission_id == submission)
            )
            texts = session.execute(
                select(Comment.question, Comment.body).where(
                    Comment.submission_id == submission, Comment.body != ""
                )
            )
            return dict([*values, *texts])

    @property
    def held(self) -> list[tuple[str, str, dict[str, str]]]:
        """Every page held back: its key, the reason and what was posted."""
        with self.trial.database.reading() as session:
            pages = session.scalars(select(HeldPage).order_by(HeldPage.id)).all()
            return [(page.page, page.reason, page.posted) for page in pages]


def hidden_field(markup: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', markup)
    assert found is not None, f"the page has no field {name}"
    return unescape(found.group(1))


def title_of(answer: TestResponse) -> str:
    """The title that a page's tab shows, without the service's name."""
    found = re.search(r"<title>(.*?) – [^<]*</title>", answer.text)
    assert found is not None
    return unescape(found.group(1))


def words_of(answer: TestResponse) -> str:
    """What a page says, on one line."""
    return text_of_page(answer.text)


def chosen_on(answer: TestResponse) -> dict[str, str]:
    """The choices that are marked on a page, by question."""
    return {
        name: value
        for name, value, state in re.findall(
            r'type="radio" id="[^"]+" name="([^"]+)" value="([^"]+)"( checked)?', answer.text
        )
        if state
    }


def text_in(answer: TestResponse, name: str) -> str:
    """What stands in a box of a page, as the browser reads it."""
    found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?(.*?)</textarea>', answer.text, re.S)
    assert found is not None, f"the page has no box {name}"
    return unescape(found.group(1))
