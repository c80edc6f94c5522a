"""What the data manager's pages say of held pages and of the trail."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any, Protocol

from survey_app.csv_cells import harmless
from survey_app.operations.audit import WORDING, describe
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.people import actor_in_words

# What a form carries for its own protection is nobody's answer.
_NOT_ANSWERS = frozenset({"csrf_token"})


class Event(Protocol):
    """One change on the trail."""

    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def detail(self) -> dict[str, Any]: ...


class PageOnRecord(Protocol):
    """One page kept as it was posted."""

    @property
    def id(self) -> int: ...
    @property
    def page(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def held_at(self) -> datetime: ...
    @property
    def posted(self) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class PageHeld:
    """One held page as it is shown."""

    title: str
    reason: str
    answers: list[dict[str, str]]


def trail_csv(events: Iterable[Event], names: Mapping[int, str]) -> Iterator[str]:
    """Yield the trail of a study as the lines of a CSV, a heading first; times are UTC."""
    return _csv((), (((), event) for event in events), names)


def whole_trail_csv(
    events: Iterable[tuple[Event, str | None]], names: Mapping[int, str]
) -> Iterator[str]:
    """Yield the trail of all studies as the lines of a CSV; what is of no one study says none."""
    return _csv(("study",), (((slug or "",), event) for event, slug in events), names)


def _csv(
    headings: tuple[str, ...],
    events: Iterable[tuple[tuple[str, ...], Event]],
    names: Mapping[int, str],
) -> Iterator[str]:
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")

    def line(cells: Iterable[str]) -> str:
        written.seek(0)
        written.truncate()
        writer.writerow([harmless(cell) for cell in cells])
        return written.getvalue()

    yield line([*headings, "when_utc", "who", "what", "record", "action"])
    for before, event in events:
        yield line(
            [
                *before,
                event.at.isoformat(timespec="seconds"),
                actor_in_words(event.by, names),
                _what(event),
                subject_in_words(event.subject),
                event.action,
            ]
        )


def action_in_words(action: str) -> str:
    """Give the name of a kind of change: "Schools randomised"."""
    return action.replace("_", " ").capitalize()


def event_rows(events: Iterable[Event], names: Mapping[int, str]) -> list[list[str]]:
    """Give each change as when, who, what, and on which record."""
    return [
        [
            moment_in_words(event.at),
            actor_in_words(event.by, names),
            _what(event),
            subject_in_words(event.subject),
        ]
        for event in events
    ]


def _what(event: Event) -> str:
    # A trail outlives the release that wrote it, and must stay readable in full.
    if event.action not in WORDING:
        return action_in_words(event.action)
    return describe(event.action, event.detail)


def subject_in_words(subject: str) -> str:
    """Give "comment:12" as "Comment 12"."""
    kind, _, number = subject.partition(":")
    return f"{kind.capitalize()} {number}".strip()


def pages_held(pages: Iterable[PageOnRecord]) -> list[PageHeld]:
    """Give each held page with what was posted, field by field."""
    return [
        PageHeld(
            title=f"Page {page.page}, {moment_in_words(page.held_at)}",
            reason=page.reason,
            answers=[
                {"key": name, "value": value}
                for name, value in page.posted.items()
                if name not in _NOT_ANSWERS
            ],
        )
        for page in pages
    ]


def plan_in_words(fixed_on: date | None) -> str:
    """Say whether the analysis plan is fixed, without which the arms stay masked."""
    if fixed_on is None:
        return "The analysis plan is not fixed yet, and the arms stay masked until it is."
    return f"The analysis plan was fixed on {day_in_words(fixed_on)}."
