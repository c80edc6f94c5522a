"""Making a report: the study is copied and analysed, and its document written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from reports.document import build_report, render_html, render_pdf
from reports.outlook import OutcomeOutlook, outlook
from reports.snapshot import Snapshot
from survey_app.database.models import Study
from survey_app.datasets.snapshot import AskedAs, build_snapshot
from survey_app.operations.versions import definition_at, definition_of, versions_in_use

REHEARSAL = "REHEARSAL, not real"
OF_A_REHEARSAL = (
    "This is a rehearsal. Every person and every answer in it was invented by a program from a "
    "seed: nothing here says anything about anybody, or about what the study will find."
)


@dataclass(frozen=True, slots=True)
class Document:
    """A report as people read it; without a PDF where its libraries are missing."""

    html: bytes
    pdf: bytes | None
    pdf_missing_because: str
    masked: bool


def take_snapshot(session: Session, *, study: Study, at: datetime) -> Snapshot:
    """Copy the study as it is now, each submission by what it was asked. Reads only."""
    return build_snapshot(
        session,
        study=study,
        definition=definition_of(study),
        versions=[
            AskedAs(version, definition_at(study, version))
            for version in versions_in_use(session, study)
        ],
        at=at,
    )


def make_document(
    session: Session, *, study: Study, at: datetime, is_rehearsal: bool = False
) -> Document:
    """Copy the study as it is now and write its report. Reads only.

    The report of a rehearsal says that it is one in its title, which is on every page of the PDF.
    """
    snapshot = take_snapshot(session, study=study, at=at)
    if is_rehearsal:
        facts = snapshot.study
        snapshot = replace(
            snapshot,
            study=replace(
                facts,
                title=f"{REHEARSAL}: {facts.title}",
                disclaimer=f"{OF_A_REHEARSAL} {facts.disclaimer}".strip(),
            ),
        )
    html = render_html(build_report(snapshot))
    try:
        pdf, because = render_pdf(html), ""
    except OSError as error:
        # WeasyPrint says so when the system has no Pango; the HTML is whole without it.
        pdf, because = None, f"The PDF needs the Pango library, which is not installed: {error}"
    return Document(html.encode(), pdf, because, snapshot.masked)


def look_ahead(session: Session, *, study: Study, at: datetime) -> tuple[OutcomeOutlook, ...]:
    """Copy the study as it is now and work out what it can still detect. Reads only."""
    ratios = [arm.ratio for arm in definition_of(study).arms]
    return outlook(take_snapshot(session, study=study, at=at), ratios=ratios)
