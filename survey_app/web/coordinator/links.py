"""Links of many people: letters for the post with their codes, and taking links back together."""

from __future__ import annotations

from flask import abort, flash, g, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import person_sought
from survey_app.mail.posted import sheet_as_csv, sheet_as_html
from survey_app.operations.errors import OperationError
from survey_app.operations.link_requests import send_new_links
from survey_app.operations.posted_letters import print_letters
from survey_app.operations.revocation import revoke_study_links
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import PostForm, TakeBackForm
from survey_app.web.coordinator.letter_lines import wave_options
from survey_app.web.coordinator.room import blueprint
from survey_app.web.forms import REFUSED
from survey_app.web.headers import REPORT_POLICY, use_policy
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after

WHOLE_STUDY = "all"


@blueprint.get("/studies/<string:study>/letters/for-the-post")
@requires("send_letters")
def for_the_post(study: str) -> str:
    """The form to print letters for the post with."""
    return _post_page(study, PostForm())


@blueprint.post("/studies/<string:study>/letters/for-the-post")
@requires("send_letters")
def print_for_the_post(study: str) -> Response | tuple[str, int]:
    """Give the letters, to print or as a list; each time they are asked for is on the trail."""
    design = definition_of(g.study)
    form = PostForm()
    if not form.validate():
        return _post_page(study, form), REFUSED
    wave = form.wave.data or ""
    if wave not in _open_waves():
        form.refuse("Choose a wave", "wave")
        return _post_page(study, form), REFUSED
    wanted = (form.person.data or "").strip()
    person = person_sought(record(), g.study, wanted) if wanted else None
    if wanted and person is None:
        form.refuse("Nobody on the roster has this address or code", "person")
        return _post_page(study, form), REFUSED
    settings = service().settings
    try:
        letters = print_letters(
            record(),
            study=g.study,
            wave=wave,
            people=None if person is None else [person.id],
            key=settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        form.refuse(str(error))
        return _post_page(study, form), REFUSED
    if form.as_list.data:
        sheet = sheet_as_csv(letters, definition=design, wave=wave, base_url=settings.base_url)
        response = make_response(sheet)
        response.headers["Content-Type"] = "text/csv; charset=utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{study}-{wave}-post.csv"'
        return response
    use_policy(REPORT_POLICY)
    return make_response(
        sheet_as_html(letters, definition=design, wave=wave, base_url=settings.base_url)
    )


@blueprint.get("/studies/<string:study>/letters/take-back")
@requires("send_letters")
def taking_back(study: str) -> str:
    """The form to take a wave's links back with, or the whole study's."""
    return _take_back_page(study, TakeBackForm())


@blueprint.post("/studies/<string:study>/letters/take-back")
@requires("send_letters")
def take_back_together(study: str) -> Response | tuple[str, int]:
    """Make every link and code of a wave dead, or of the study."""
    form = TakeBackForm()
    if not form.validate():
        return _take_back_page(study, form), REFUSED
    scope = form.scope.data or ""
    if scope not in {WHOLE_STUDY, *(wave.id for wave in definition_of(g.study).waves)}:
        form.refuse("Say whose links to take back", "scope")
        return _take_back_page(study, form), REFUSED
    try:
        links = revoke_study_links(
            record(),
            study=g.study,
            wave=None if scope == WHOLE_STUDY else scope,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        form.refuse(str(error))
        return _take_back_page(study, form), REFUSED
    flash(f"Links and codes that no longer work: {links:,}.", "success")
    return redirect(url_for("coordinator.letters", study=study), 303)


@blueprint.post("/studies/<string:study>/letters/new-links/<string:wave>")
@requires("send_letters")
def new_links(study: str, wave: str) -> Response:
    """Send a new link to everybody still to answer a wave who has none left."""
    if wave not in [each.id for each in definition_of(g.study).waves]:
        abort(404)
    response = redirect(url_for("coordinator.letters", study=study), 303)
    try:
        letters = send_new_links(
            record(),
            study=g.study,
            wave=wave,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        flash(str(error), "information")
        return response
    flash(f"Letters with a new link on their way: {letters:,}.", "success")
    return wake_worker_after(response, "deliver_letters")


def _open_waves() -> list[str]:
    return [wave.id for wave in definition_of(g.study).waves if state_of(wave, at=now()) == "open"]


def _post_page(study: str, form: PostForm) -> str:
    return render_template(
        "coordinator/for_the_post.html",
        study=study,
        form=form,
        errors=form.faults,
        waves=wave_options(definition_of(g.study), _open_waves()),
    )


def _take_back_page(study: str, form: TakeBackForm) -> str:
    design = definition_of(g.study)
    return render_template(
        "coordinator/take_back.html",
        study=study,
        form=form,
        errors=form.faults,
        scopes=[
            *wave_options(design, [wave.id for wave in design.waves]),
            {"value": WHOLE_STUDY, "label": "Every wave of the study"},
        ],
    )
