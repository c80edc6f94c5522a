"""The waves: their days, what each asks, and the changes of a wave's days with their reasons."""

from __future__ import annotations

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.trail import staff_names
from survey_app.database.queries.waves import wave_changes
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import definition_as_filed, versions_in_use
from survey_app.operations.wave_changes import close_wave, extend_wave, open_wave
from survey_app.trial.study_file import Wave
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import WaveForm
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.wave_lines import (
    change_rows,
    frozen_rows,
    moved_in_words,
    wave_acts,
    wave_summary,
)
from survey_app.web.dates import day_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/waves")
@requires("send_letters")
def waves(study: str) -> str:
    """Each wave with its days and state, what is frozen of its questionnaire, and every change."""
    design = definition_of(g.study)
    changes = wave_changes(record(), g.study)
    versions = versions_in_use(record(), g.study)
    names = staff_names(
        record(), staff_ids_in([*(c.changed_by for c in changes), *(v.frozen_by for v in versions)])
    )

    def href(wave: str) -> str:
        return url_for("coordinator.wave", study=study, wave=wave)

    return render_template(
        "coordinator/waves.html",
        study=study,
        waves=[wave_summary(wave, at=now(), href=href(wave.id)) for wave in design.waves],
        versions=frozen_rows(design, versions, names),
        changes=change_rows(design, changes, names),
    )


@blueprint.get("/studies/<string:study>/waves/<string:wave>")
@requires("send_letters")
def wave(study: str, wave: str) -> str:
    """One wave, and the form that changes its days."""
    return _page(study, wave, None)


@blueprint.post("/studies/<string:study>/waves/<string:wave>")
@requires("send_letters")
def move_wave(study: str, wave: str) -> Response | tuple[str, int]:
    """Open the wave today, keep it open longer, or close it early."""
    design = definition_of(g.study)
    if wave not in {each.id for each in design.waves}:
        abort(404)
    form = WaveForm()
    planned = design.wave(wave)
    opens = form.act.data == "open"
    if form.validate():
        try:
            _move(planned, form)
        except OperationError as error:
            form.refuse(str(error), "" if opens else "year")
        else:
            moved = definition_of(g.study).wave(wave)
            flash(
                f"“{moved.title}” is open from {day_in_words(moved.opens_on)} to the end of "
                f"{day_in_words(moved.closes_on)}.",
                "success",
            )
            return redirect(url_for("coordinator.waves", study=study), 303)
    return _page(study, wave, form), REFUSED


def _move(planned: Wave, form: WaveForm) -> None:
    because, by, last = form.because.data or "", actor(g.staff), form.last_day
    if form.act.data == "open":
        open_wave(record(), study=g.study, wave=planned.id, because=because, by=by, at=now())
    elif last is not None:
        change = extend_wave if last > planned.closes_on else close_wave
        change(
            record(),
            study=g.study,
            wave=planned.id,
            closes_on=last,
            because=because,
            by=by,
            at=now(),
        )


def _page(study: str, wave: str, form: WaveForm | None) -> str:
    design = definition_of(g.study)
    if wave not in {each.id for each in design.waves}:
        abort(404)
    planned = design.wave(wave)
    form = form or WaveForm(formdata=None, day="", month="", year="")
    return render_template(
        "coordinator/wave.html",
        study=study,
        wave=wave_summary(planned, at=now(), href=""),
        filed=moved_in_words(planned, definition_as_filed(g.study).wave(wave)),
        acts=wave_acts(planned, at=now()),
        form=form,
        errors=form.faults,
    )
