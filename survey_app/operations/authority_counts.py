"""Counts that authorities hold of schools come in from files; none is overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import CountsImport, School, SchoolMonth, Study
from survey_app.database.queries.authority_counts import counts_now
from survey_app.database.upsert import insert_rows
from survey_app.operations.audit import record_event
from survey_app.trial.authority_file import CountsFile, CountsRow
from survey_app.trial.authority_months import MEASURES
from survey_app.trial.errors import RosterError, RosterFault

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class CountsSummary:
    """What one import of counts did, in months of schools; `schools_left_out` had no row."""

    new: int
    changed: int
    unchanged: int
    schools_left_out: int


def import_counts(
    session: Session, *, study: Study, file: CountsFile, name: str, by: str, at: datetime
) -> CountsSummary:
    """Take the counts of a checked file beside those on record; of a month the newest count.

    A file that says nothing new leaves the record, and its history, as they are. Raises
    RosterError with every row whose school is not on the roster; nothing is written then.
    """
    # The study's row is the lock: two imports at once queue, and agree on which is the later.
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    schools = {
        school.urn: school
        for school in session.scalars(
            select(School).where(School.study_id == study.id, School.merged_into_id.is_(None))
        )
    }
    faults = list(_strangers(file.rows, schools))
    if faults:
        raise RosterError(faults)
    now = counts_now(session, study)
    fresh: list[CountsRow] = []
    changed = 0
    for row in file.rows:
        there = now.get((schools[row.urn].id, row.month))
        if there is not None and all(getattr(there, m) == row.counts[m] for m in MEASURES):
            continue
        fresh.append(row)
        changed += there is not None
    named = {row.urn for row in file.rows}
    summary = CountsSummary(
        new=len(fresh) - changed,
        changed=changed,
        unchanged=len(file.rows) - len(fresh),
        schools_left_out=sum(
            each.is_eligible and each.urn not in named for each in schools.values()
        ),
    )
    if not fresh:
        return summary
    taken = CountsImport(
        study_id=study.id,
        imported_at=at,
        imported_by=by,
        file_name=name[-LONGEST_NAME:],
        file_sha256=file.sha256,
        n_new=summary.new,
        n_changed=summary.changed,
        n_unchanged=summary.unchanged,
    )
    session.add(taken)
    session.flush()
    insert_rows(
        session,
        SchoolMonth,
        [
            {
                "study_id": study.id,
                "import_id": taken.id,
                "school_id": schools[row.urn].id,
                "month": row.month,
                **{measure: row.counts[measure] for measure in MEASURES},
            }
            for row in fresh
        ],
    )
    record_event(
        session,
        "counts_imported",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        sha256=file.sha256,
        new=summary.new,
        changed=summary.changed,
    )
    return summary


def _strangers(rows: tuple[CountsRow, ...], schools: Mapping[str, School]) -> Iterator[RosterFault]:
    for row in rows:
        if row.urn not in schools:
            reason = f"found {row.urn}; expected the URN of a school on the roster"
            yield RosterFault(row.line, "urn", reason)
