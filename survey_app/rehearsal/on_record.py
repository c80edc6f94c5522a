"""A study on record, rehearsed for the worker: read first, and lived through apart from it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from survey_app.database.models import Study
from survey_app.jobs.rehearsals import Rehearsed, Say
from survey_app.operations.studies import definition_of
from survey_app.rehearsal.course import rehearse
from survey_app.rehearsal.roster import invented_rows, rows_on_record


def rehearsal_of(session: Session, *, study: Study, seed: str) -> Callable[[Say], Rehearsed]:
    """Read a study and its schools, or invent some, and give what lives through it."""
    definition = definition_of(study)
    rows = rows_on_record(session, study) or invented_rows(definition, seed=seed)

    def live_through(say: Say) -> Rehearsed:
        done = rehearse(definition, rows, seed=seed, say=say)
        return Rehearsed(
            figures={
                "waves": [
                    [wave.title, wave.invited, wave.started, wave.submitted] for wave in done.waves
                ],
                "schools": done.schools,
                "people": done.people,
                "letters": done.letters,
                "bounced": done.bounced,
                "scanned": done.scanned,
                "pressed": done.pressed,
            },
            html=done.document.html,
            pdf=done.document.pdf,
            pdf_missing_because=done.document.pdf_missing_because,
        )

    return live_through
