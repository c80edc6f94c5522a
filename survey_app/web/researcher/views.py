"""The list of comments, one comment with the codes, and the codebook."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.comments import (
    code_ids_given,
    codes_of,
    comment_to_redact,
    comments_to_code,
)
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.web.access import requires
from survey_app.web.forms import REFUSED
from survey_app.web.navigation import staff_page
from survey_app.web.researcher.forms import CodeForm, CodingForm
from survey_app.web.researcher.presenters import (
    CommentToCode,
    coding_in_words,
    held_back_in_words,
    in_coding_order,
    n_questions_held_back,
    next_after,
    place_of,
    questions_to_code,
    reference_for,
)
from survey_app.web.service import now, record, service

blueprint = Blueprint("researcher", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/studies/<string:study>/comments")
@requires("code_comments")
def comments(study: str) -> str:
    """Every released comment that this coder may code."""
    found = _comments()
    n_held_back = n_questions_held_back(definition_of(g.study), is_unmasked=_is_unmasked())
    return render_template(
        "researcher/comments.html",
        study=study,
        rows=[
            [
                {
                    "text": each.excerpt,
                    "href": url_for("researcher.comment", study=study, reference=each.reference),
                },
                each.question,
                each.codes_in_words,
            ]
            for each in found
        ],
        first=next_after(found, -1),
        progress=coding_in_words(found),
        held_back=held_back_in_words(n_held_back),
    )


@blueprint.get("/studies/<string:study>/comments/<string:reference>")
@requires("code_comments")
def comment(study: str, reference: str) -> str:
    """One comment, and the codes this coder gave it."""
    found, place = _find(reference)
    given = code_ids_given(record(), comment_id=found[place].id, staff_id=g.staff.id)
    return _comment_page(study, CodingForm(codes=given), found, place)


@blueprint.post("/studies/<string:study>/comments/<string:reference>")
@requires("code_comments")
def code(study: str, reference: str) -> Response | tuple[str, int]:
    """Make the ticked codes those that this coder gives the comment, and go on to the next."""
    found, place = _find(reference)
    form = CodingForm()
    chosen = comment_to_redact(record(), g.study, found[place].id)
    if chosen is None:
        abort(404)
    if form.validate():
        try:
            code_comment(
                record(),
                comment=chosen,
                code_ids=form.codes.data or [],
                staff_id=g.staff.id,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "codes")
        else:
            flash("Codes saved.", "success")
            following = next_after(found, place)
            if following is None:
                return redirect(url_for("researcher.comments", study=study), 303)
            return redirect(
                url_for("researcher.comment", study=study, reference=following.reference), 303
            )
    return _comment_page(study, form, found, place), REFUSED


@blueprint.get("/studies/<string:study>/codebook")
@requires("code_comments")
def codebook(study: str) -> str:
    """Every code with its definition, and a form for a new one."""
    return _codebook_page(study, CodeForm())


@blueprint.post("/studies/<string:study>/codebook")
@requires("code_comments")
def add_to_codebook(study: str) -> Response | tuple[str, int]:
    """Add a code."""
    form = CodeForm()
    if form.validate():
        try:
            added = add_code(
                record(),
                study=g.study,
                label=form.label.data or "",
                definition=form.definition.data or "",
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "label")
        else:
            flash(f"{added.label} is in the codebook.", "success")
            return redirect(url_for("researcher.codebook", study=study), 303)
    return _codebook_page(study, form), REFUSED


def _is_unmasked() -> bool:
    return g.study.unmasked_at is not None


def _comments() -> list[CommentToCode]:
    questions = questions_to_code(definition_of(g.study), is_unmasked=_is_unmasked())
    rows = comments_to_code(record(), g.study, questions=list(questions), staff_id=g.staff.id)
    key = service().settings.secret_key
    return in_coding_order(
        CommentToCode(
            id=row.id,
            reference=reference_for(row.id, key=key),
            question=questions[row.question],
            words=row.redacted or "",
            n_codes=n_codes,
        )
        for row, n_codes in rows
    )


def _find(reference: str) -> tuple[list[CommentToCode], int]:
    found = _comments()
    place = place_of(found, reference)
    if place is None:
        abort(404)
    return found, place


def _comment_page(study: str, form: CodingForm, found: list[CommentToCode], place: int) -> str:
    return render_template(
        "researcher/comment.html",
        study=study,
        form=form,
        errors=form.faults,
        comment=found[place],
        number=place + 1,
        total=len(found),
        previous=found[place - 1] if place else None,
        following=found[place + 1] if place + 1 < len(found) else None,
        codes=[
            {"value": each.id, "label": each.label, "hint": each.definition}
            for each in codes_of(record(), g.study)
        ],
        given=form.codes.data or [],
    )


def _codebook_page(study: str, form: CodeForm) -> str:
    return render_template(
        "researcher/codebook.html",
        study=study,
        form=form,
        errors=form.faults,
        codes=[[each.label, each.definition] for each in codes_of(record(), g.study)],
    )
