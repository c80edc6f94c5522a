"""The letters of a whole wave foreseen: who would get what on which day, if nobody answered."""

from __future__ import annotations

from flask import abort, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.operations.letter_plans import ForeseenLetter, foresee_letters, plan_as_csv
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.web.access import requires
from survey_app.web.coordinator.letter_lines import plan_by_day, plan_rows, wave_options
from survey_app.web.coordinator.room import blueprint
from survey_app.web.pages import paging
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/letters/plan")
@requires("send_letters")
def letter_plan(study: str) -> str:
    """The days of a wave with how many letters leave, then letter by letter."""
    design = definition_of(g.study)
    to_come = [wave.id for wave in design.waves if state_of(wave, at=now()) != "closed"]
    wave = request.args.get("wave") or next(iter(to_come), design.waves[-1].id)
    letters = _foreseen(wave)
    page = paging(
        n_rows=len(letters),
        wanted=request.args.get("page", 1, type=int),
        href=lambda number: url_for("coordinator.letter_plan", study=study, wave=wave, page=number),
    )

    def person_href(code: str) -> str:
        return url_for("coordinator.person", study=study, code=code)

    columns, days = plan_by_day(letters)
    return render_template(
        "coordinator/letter_plan.html",
        study=study,
        wave=wave,
        waves=wave_options(design, [each.id for each in design.waves]),
        title=design.wave(wave).title,
        columns=columns,
        numeric=range(1, len(columns)),
        days=days,
        n_letters=len(letters),
        rows=plan_rows(letters[page.offset : page.offset + page.limit], person_href=person_href),
        paging=page,
        is_paused=g.study.letters_paused_at is not None,
    )


@blueprint.get("/studies/<string:study>/letters/plan/table")
@requires("send_letters")
def letter_plan_csv(study: str) -> Response:
    """The same, every letter, as a table to take away."""
    wave = request.args.get("wave", "")
    response = make_response(plan_as_csv(_foreseen(wave)))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{study}-{wave}-letters.csv"'
    return response


def _foreseen(wave: str) -> list[ForeseenLetter]:
    if wave not in [each.id for each in definition_of(g.study).waves]:
        abort(404)
    return foresee_letters(record(), study=g.study, wave=wave, at=now())
