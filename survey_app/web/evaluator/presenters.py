"""What the page of reports says about each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from survey_app.trial.design import StudyDefinition
from survey_app.web.dates import moment_in_words
from survey_app.web.people import actor_in_words


class ReportOnRecord(Protocol):
    """What the record holds of a report, without its documents."""

    @property
    def id(self) -> int: ...
    @property
    def requested_by(self) -> str: ...
    @property
    def requested_at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def masked(self) -> bool | None: ...
    @property
    def error(self) -> str: ...
    @property
    def destroyed_at(self) -> datetime | None: ...
    @property
    def html_sha256(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report as the list shows it."""

    id: int
    title: str
    state: str
    detail: str
    is_ready: bool
    has_pdf: bool


def report_lines(reports: Iterable[ReportOnRecord], names: Mapping[int, str]) -> list[ReportLine]:
    """Give each report with its state in words."""
    return [_line(report, names) for report in reports]


def _line(report: ReportOnRecord, names: Mapping[int, str]) -> ReportLine:
    is_ready = report.state == "ready"
    state, detail = _state(report)
    return ReportLine(
        id=report.id,
        title=f"Report {report.id}, asked for on {moment_in_words(report.requested_at)} "
        f"by {actor_in_words(report.requested_by, names)}",
        state=state,
        detail=detail,
        is_ready=is_ready,
        has_pdf=is_ready and not report.error,
    )


def _state(report: ReportOnRecord) -> tuple[str, str]:
    finished = moment_in_words(report.finished_at) if report.finished_at else ""
    if report.state == "ready":
        arms = "The arms are shown as A and B." if report.masked else "The arms are named."
        no_pdf = f" There is no PDF: {report.error}" if report.error else ""
        return "Ready", f"Made on {finished}. {arms}{no_pdf}"
    if report.state == "destroyed" and report.destroyed_at is not None:
        return "Destroyed", (
            f"Made on {finished}. Its files were destroyed on "
            f"{moment_in_words(report.destroyed_at)}, because answers in them were erased. The "
            f"page had the seal (SHA-256) {report.html_sha256}."
        )
    if report.state == "failed":
        return "Could not be made", f"{report.error} ({finished})"
    if report.state == "making":
        return "Being made", "This takes up to a minute."
    return "Waiting", "It will be made next."


def plan_in_words(design: StudyDefinition) -> list[str]:
    """Give the plan's sentences, with the waves under the titles that people know them by."""
    text = design.plan.as_text()
    for wave in design.waves:
        text = re.sub(rf"(?<=the wave ){wave.id}\b", f"“{wave.title}”", text)
    return text.splitlines()


def is_waiting(reports: Iterable[ReportOnRecord]) -> bool:
    """Whether a report is still to come, so that the page is worth loading again."""
    return any(report.state in ("waiting", "making") for report in reports)


def pdf_name(study: str, report_id: int) -> str:
    """Give the name a PDF is saved under."""
    return f"{study}-report-{report_id}.pdf"
