"""Letters for the post: a sheet to print, one letter a page, or a list for a mail merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from survey_app.mail.letters import TEMPLATES
from survey_app.mail.spreadsheets import as_csv
from survey_app.trial.design import StudyDefinition

COLUMNS = ("code", "name", "school", "authority", "participant", "address", "closes_on")


@dataclass(frozen=True, slots=True)
class PostedLetter:
    """One letter to print: whom it goes to, and the code that opens their questionnaire."""

    participant: str
    name: str
    school: str
    authority: str
    code: str


def sheet_as_html(
    letters: Sequence[PostedLetter], *, definition: StudyDefinition, wave: str, base_url: str
) -> str:
    """Give the letters as one page that stands alone, each letter on a sheet of its own."""
    occasion = definition.wave(wave)
    about = definition.study
    written = [
        (
            letter,
            definition.letters.posted.filled(
                name=letter.name,
                study=about.short_title,
                school=letter.school,
                closes_on=f"{occasion.closes_on:%A} {occasion.closes_on.day} "
                f"{occasion.closes_on:%B %Y}",
                minutes=occasion.minutes,
            ),
        )
        for letter in letters
    ]
    return TEMPLATES.get_template("posted.html").render(
        written=written, study=about, wave=occasion.title, address=_typed(base_url)
    )


def sheet_as_csv(
    letters: Sequence[PostedLetter], *, definition: StudyDefinition, wave: str, base_url: str
) -> bytes:
    """Give the letters as a CSV, with the columns of COLUMNS, for a mail merge."""
    closes_on = definition.wave(wave).closes_on.isoformat()
    return as_csv(
        COLUMNS,
        (
            (
                *(letter.code, letter.name, letter.school, letter.authority),
                *(letter.participant, _typed(base_url), closes_on),
            )
            for letter in letters
        ),
    )


def _typed(base_url: str) -> str:
    """The address of the page for codes, as somebody types it."""
    return f"{urlsplit(base_url).netloc}/code"
