"""What the page of rehearsals says about each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from survey_app.web.dates import moment_in_words
from survey_app.web.people import actor_in_words

_STATES = {"waiting": "Waiting", "under way": "Under way", "failed": "Not finished"}


class RehearsalOnRecord(Protocol):
    """What the record holds of a rehearsal, without its report."""

    @property
    def id(self) -> int: ...
    @property
    def seed(self) -> str: ...
    @property
    def requested_by(self) -> str: ...
    @property
    def requested_at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def progress(self) -> str: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def error(self) -> str: ...
    @property
    def figures(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class RehearsalLine:
    """One rehearsal as the list shows it."""

    id: int
    title: str
    state: str
    detail: str
    waves: tuple[tuple[str | int, ...], ...]
    is_ready: bool
    has_pdf: bool
    can_delete: bool


def rehearsal_lines(
    rehearsals: Iterable[RehearsalOnRecord], names: Mapping[int, str]
) -> list[RehearsalLine]:
    """Give each rehearsal with its state in words."""
    return [_line(each, names) for each in rehearsals]


def _line(each: RehearsalOnRecord, names: Mapping[int, str]) -> RehearsalLine:
    is_ready = each.state == "ready"
    figures = each.figures or {}
    return RehearsalLine(
        id=each.id,
        title=f"Rehearsal {each.id}, asked for on {moment_in_words(each.requested_at)} by "
        f"{actor_in_words(each.requested_by, names)}",
        state="Ready" if is_ready else _STATES[each.state],
        detail=f"{_detail(each)} Its seed is {each.seed}.",
        waves=tuple(tuple(wave) for wave in figures.get("waves", ())),
        is_ready=is_ready,
        has_pdf=is_ready and not each.error,
        can_delete=each.state != "under way",
    )


def _detail(each: RehearsalOnRecord) -> str:
    if each.state == "waiting":
        return "It begins next."
    if each.state == "under way":
        return each.progress
    finished = moment_in_words(each.finished_at) if each.finished_at else ""
    if each.state == "failed":
        return f"{each.error} ({finished})"
    found = each.figures or {}
    no_pdf = f" There is no PDF: {each.error}" if each.error else ""
    return (
        f"Finished on {finished}, with {found['people']} invented people: {found['letters']} "
        f"letters were taken and {found['bounced']} came back; mail scanners opened "
        f"{found['scanned']} links and pressed {found['pressed']} buttons, none of which counts as "
        f"an answer.{no_pdf}"
    )
