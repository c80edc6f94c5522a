"""The report by arm: put together as data, then rendered as one HTML page and as a tagged PDF."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from reports.errors import ReportsError
from reports.evidence import Evidence, gather
from reports.exhibits.answered_items import answered_items
from reports.exhibits.answers import answers
from reports.exhibits.authority_outcomes import authority_outcomes
from reports.exhibits.compliance import compliance
from reports.exhibits.distribution import distribution
from reports.exhibits.effects import effects
from reports.exhibits.exhibit import Block, Exhibit
from reports.exhibits.flow import flow
from reports.exhibits.limitations import limitations
from reports.exhibits.measurement import measurement, measures
from reports.exhibits.measurement_detail import measurement_detail
from reports.exhibits.outcomes import outcomes
from reports.exhibits.power import power
from reports.exhibits.response import response
from reports.exhibits.scale_figures import scale_figures
from reports.exhibits.sensitivity import sensitivity
from reports.exhibits.summary import Headline, headlines
from reports.exhibits.themes import themes
from reports.figures import FlowDiagram, MeansChart, draw_means
from reports.formatting import cell_text, day, listed, moment
from reports.tables import Table
from reports.templating import templates_with
from reports.versions import version_notes

if TYPE_CHECKING:
    from jinja2 import Environment

    from reports.snapshot import Event, Fact, Snapshot, StudyFacts

# A new exhibit is one file and one line here; the order is the order of their numbers.
EXHIBITS: tuple[Callable[[Evidence], Exhibit], ...] = (
    flow,
    response,
    outcomes,
    effects,
    sensitivity,
    distribution,
    answers,
    measurement,
    themes,
    power,
    compliance,
    authority_outcomes,
)
APPENDICES: tuple[Callable[[Evidence], Exhibit], ...] = (
    answered_items,
    measurement_detail,
    scale_figures,
)

# What counts something else than answers.
NOT_OF_ANSWERS = frozenset({"authority-outcomes"})


class PdfUnavailableError(ReportsError, OSError):
    """The system libraries that turn a page into a PDF are not on this machine."""


class OutsideResourceError(ReportsError):
    """A page asks for something that is not inside it."""


@dataclass(frozen=True, slots=True)
class NumberedExhibit:
    """An exhibit with its number in the document."""

    number: int
    exhibit: Exhibit


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report as data, in reading order, until it is rendered.

    Attributes
    ----------
    banner : str
        Whether arms are masked, and what that means.
    plan : tuple of str
        The analysis plan as sentences.
    measures : Table
        What was measured; the first numbered table.
    exhibits, appendices : tuple of NumberedExhibit
        Their tables and figures carry their numbers. The appendices stand last and count on.
    provenance : tuple of (str, str)
        What made the report: name and value, in order.
    """

    study: StudyFacts
    made_at: datetime
    is_masked: bool
    banner: str
    headlines: tuple[Headline, ...]
    plan: tuple[str, ...]
    measures: Table
    exhibits: tuple[NumberedExhibit, ...]
    appendices: tuple[NumberedExhibit, ...]
    limitations: tuple[str, ...]
    disclosure: str
    provenance: tuple[tuple[str, str], ...]


def build_report(snapshot: Snapshot) -> Report:
    """Make the report of a snapshot: every number worked out and nothing rounded.

    Works at any stage of a trial: with nobody allocated, with nobody having answered, with one
    wave only. What cannot be shown says why in words.

    Parameters
    ----------
    snapshot : Snapshot
        The study's data, facts and plan.

    Returns
    -------
    Report
        The same snapshot gives an equal report.
    """
    evidence = gather(snapshot)
    numbers = _Numbers(version_notes(evidence))
    first_table = replace(measures(evidence), number=numbers.next_table())
    numbered = tuple(
        NumberedExhibit(place, numbers.numbered(make(evidence)))
        for place, make in enumerate((*EXHIBITS, *APPENDICES), start=1)
    )
    return Report(
        study=snapshot.study,
        made_at=snapshot.made_at,
        is_masked=snapshot.masked,
        banner=_banner(snapshot),
        headlines=headlines(evidence),
        plan=_plan(snapshot),
        measures=first_table,
        exhibits=numbered[: len(EXHIBITS)],
        appendices=numbered[len(EXHIBITS) :],
        limitations=limitations(evidence),
        disclosure=evidence.limits.note(),
        provenance=_provenance(snapshot),
    )


def render_html(report: Report) -> str:
    """Give the report as one self-contained HTML page; nothing in it is fetched from elsewhere.

    Parameters
    ----------
    report : Report
        The report as data.

    Returns
    -------
    str
        The same report gives the same characters.
    """
    return _templates().get_template("report.html").render(report=report, style=stylesheet())


def render_pdf(html: str) -> bytes:
    """Give a rendered report as a tagged PDF (PDF/UA-1).

    Parameters
    ----------
    html : str
        What `render_html` gave.

    Returns
    -------
    bytes
        On one machine the same page gives the same bytes: the dates are those of the snapshot
        and the identifier is made from the page.

    Raises
    ------
    PdfUnavailableError
        If the system libraries WeasyPrint needs are not there.
    OutsideResourceError
        If the page asks for anything that is not inside it.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except OSError as error:
        raise PdfUnavailableError(
            "The PDF cannot be made here: the system library Pango was not found. On Debian or "
            "Ubuntu install libpango-1.0-0 and libpangoft2-1.0-0. The HTML page needs neither."
        ) from error
    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    try:
        document: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        )
    except FatalURLFetchingError as error:
        # WeasyPrint's is no Exception: left alone it would end the process that asked.
        raise OutsideResourceError(f"{error}; expected nothing from outside the page") from error
    return document


@cache
def stylesheet() -> str:
    """Give the style sheet of the document, for screen and for paper."""
    environment = _templates()
    assert environment.loader is not None  # noqa: S101  it is made with one, below
    return environment.loader.get_source(environment, "report.css")[0]


def style_hash() -> str:
    """Give the style sheet's hash as a content security policy names it: "sha256-…"."""
    digest = hashlib.sha256(stylesheet().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


class _Numbers:
    """Tables and figures are numbered through the document, each from 1.

    Every table that counts answers says which versions of the questionnaires it rests on.
    """

    def __init__(self, notes: tuple[str, ...]) -> None:
        self._notes = notes
        self._tables = 0
        self._figures = 0

    def next_table(self) -> int:
        self._tables += 1
        return self._tables

    def numbered(self, exhibit: Exhibit) -> Exhibit:
        notes = () if exhibit.id in NOT_OF_ANSWERS else self._notes
        return replace(exhibit, blocks=tuple(self._block(each, notes) for each in exhibit.blocks))

    def _block(self, block: Block, notes: tuple[str, ...]) -> Block:
        if isinstance(block, Table):
            return replace(block, number=self.next_table(), notes=(*block.notes, *notes))
        self._figures += 1
        return replace(block, number=self._figures)


def _banner(snapshot: Snapshot) -> str:
    if not snapshot.masked:
        return "Unmasked: arms are shown by their names."
    arms = listed(snapshot.study.arms)
    if not arms:
        return "Masked: once schools are randomised, arms are shown by letters until released."
    return f"Masked: arms are shown as {arms} until released."


def _plan(snapshot: Snapshot) -> tuple[str, ...]:
    """Give the plan's own sentences, with waves by the titles the rest of the report uses."""
    text = snapshot.plan.as_text()
    for wave in snapshot.study.waves:
        text = text.replace(f"the wave {wave.id}", f"the wave “{wave.title}”")
    return tuple(line for line in text.splitlines() if line)


def _provenance(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    plan = hashlib.sha256(snapshot.plan.model_dump_json().encode()).hexdigest()
    return (
        ("Data copied", moment(snapshot.made_at)),
        *snapshot.provenance.items(),
        ("Analysis plan, SHA-256", plan),
    )


def _tagged(item: Fact | Event) -> str:
    """Give where something was read and how far it was verified."""
    return "; ".join(part for part in (item.source.strip(), item.tag) if part)


def _svg_uri(chart: MeansChart) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(draw_means(chart).encode()).decode()}"


def _kind(block: Block) -> str:
    return {Table: "table", FlowDiagram: "flow", MeansChart: "chart"}[type(block)]


def _notes(table: Table, disclosure: str) -> tuple[str, ...]:
    return (*table.notes, *((disclosure,) if table.has_withheld else ()))


def _cell_class(text: str, kind: str) -> str:
    quiet = " quiet" if text in ("withheld", "n/a", "–") else ""
    return f"{kind}{quiet}"


@cache
def _templates() -> Environment:
    return templates_with(
        {
            "cell_text": cell_text,
            "cell_class": _cell_class,
            "day": day,
            "kind": _kind,
            "moment": moment,
            "notes": _notes,
            "svg_uri": _svg_uri,
            "tagged": _tagged,
        }
    )
