"""What people can ask for: to be taken out of the study, to be erased, to see what is held."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import person_sought
from survey_app.database.queries.people import person_by_code
from survey_app.operations.errors import OperationError
from survey_app.operations.rights import (
    erase_person,
    is_locked,
    last_day_for_erasure,
    withdraw_person,
)
from survey_app.operations.staff import actor
from survey_app.operations.subject_access import held_on
from survey_app.web.access import requires
from survey_app.web.data_manager.forms import ErasureForm
from survey_app.web.data_manager.room import blueprint
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after

_LONGEST = 200


@blueprint.get("/studies/<string:study>/rights")
@requires("answer_rights")
def rights(study: str) -> str | Response:
    """Find the person who asks, by address or code."""
    wanted = request.args.get("person", "").strip()[:_LONGEST]
    found = person_sought(record(), g.study, wanted) if wanted else None
    if found is not None:
        return redirect(url_for("data_manager.rights_of", study=study, code=found.code), 303)
    return render_template(
        "data_manager/rights.html", study=study, wanted=wanted, **_lock_in_words()
    )


@blueprint.get("/studies/<string:study>/rights/<string:code>")
@requires("answer_rights")
def rights_of(study: str, code: str) -> str:
    """Where one person stands, and what can be done for them."""
    return _person_page(study, _person_or_404(code), ErasureForm())


@blueprint.post("/studies/<string:study>/rights/<string:code>/withdraw")
@requires("answer_rights")
def withdraw(study: str, code: str) -> Response:
    """Take a person out of the study; what they answered is kept and not analysed."""
    is_new = withdraw_person(
        record(), participant=_person_or_404(code), by=actor(g.staff), at=now()
    )
    flash(
        f"{code} is withdrawn." if is_new else f"{code} had withdrawn already.",
        "success" if is_new else "information",
    )
    return redirect(url_for("data_manager.rights_of", study=study, code=code), 303)


@blueprint.post("/studies/<string:study>/rights/<string:code>/erase")
@requires("answer_rights")
def erase(study: str, code: str) -> Response | tuple[str, int]:
    """Erase a person's answers, name and address."""
    person = _person_or_404(code)
    form = ErasureForm()
    if form.validate():
        try:
            erased = erase_person(
                record(),
                participant=person,
                key=service().settings.secret_key,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash(
                f"{code} is erased: {erased.answers} answers, {erased.comments} comments, "
                f"{erased.held_pages} held pages. Reports destroyed: {erased.reports_destroyed}.",
                "success",
            )
            return wake_worker_after(
                redirect(url_for("data_manager.rights_of", study=study, code=code), 303),
                "make_reports",
            )
    return _person_page(study, person, form), REFUSED


@blueprint.post("/studies/<string:study>/rights/<string:code>/held")
@requires("answer_rights")
def held(study: str, code: str) -> Response:
    """Give everything that is held on a person, as a page to read and as a file for programs."""
    person = _person_or_404(code)
    found = held_on(record(), participant=person, by=actor(g.staff), at=now())
    as_page = render_template(
        "data_manager/held_on_person.html",
        code=code,
        made_at=moment_in_words(now()),
        sections=[
            {"title": title, "columns": list(rows[0]) if rows else [], "rows": rows}
            for title, rows in found.items()
        ],
    )
    pack = io.BytesIO()
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("held.html", as_page)
        files.writestr("held.json", json.dumps(found, default=str, indent=2, ensure_ascii=False))
    pack.seek(0)
    return send_file(
        pack,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{study}-{code}-held.zip",
    )


def _person_page(study: str, person: Any, form: ErasureForm) -> str:
    return render_template(
        "data_manager/rights_of.html",
        study=study,
        code=person.code,
        facts=[
            {"key": "Code", "value": person.code},
            {
                "key": "Withdrawn",
                "value": moment_in_words(person.withdrawn_at) if person.withdrawn_at else "No",
            },
            {
                "key": "Erased",
                "value": moment_in_words(person.erased_at) if person.erased_at else "No",
            },
        ],
        has_withdrawn=person.withdrawn_at is not None,
        is_erased=person.erased_at is not None,
        form=form,
        errors=form.faults,
        **_lock_in_words(),
    )


def _lock_in_words() -> dict[str, Any]:
    return {
        "is_locked": is_locked(g.study, at=now()),
        "last_day": day_in_words(last_day_for_erasure(g.study)),
    }


def _person_or_404(code: str) -> Any:
    person = person_by_code(record(), g.study, code)
    if person is None:
        abort(404)
    return person
