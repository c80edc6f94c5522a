"""One comment at a time, from the first that waits to the last."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.comments import (
    comment_counts,
    comment_to_redact,
    next_to_redact,
)
from survey_app.operations.errors import OperationError
from survey_app.operations.redaction import release_comment
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.web.access import requires
from survey_app.web.forms import REFUSED
from survey_app.web.navigation import staff_page
from survey_app.web.redactor.forms import RedactionForm
from survey_app.web.redactor.presenters import (
    TYPED_TOKENS,
    progress_in_words,
    question_wording,
)
from survey_app.web.service import now, record

blueprint = Blueprint("redactor", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/studies/<string:study>/redaction")
@requires("redact_comments")
def queue(study: str) -> str:
    """The next comment that waits, after the one that was left for later."""
    after = request.args.get("after", 0, type=int)
    comment = next_to_redact(record(), g.study, after=after)
    if comment is None:
        return _page(study, None, None, after=after)
    form = RedactionForm(redacted=comment.body, as_saved_at=comment.saved_at.isoformat())
    return _page(study, form, (comment.id, comment.question), after=after)


@blueprint.post("/studies/<string:study>/redaction/<int:comment>")
@requires("redact_comments")
def release(study: str, comment: int) -> Response | tuple[str, int]:
    """Release the comment in the words that were posted, and go on to the next."""
    found = comment_to_redact(record(), g.study, comment)
    if found is None:
        abort(404)
    form = RedactionForm()
    if form.validate():
        try:
            release_comment(
                record(),
                comment=found,
                redacted=form.redacted.data or "",
                staff_id=g.staff.id,
                by=actor(g.staff),
                at=now(),
                as_saved_at=form.read_at,
            )
        except OperationError as error:
            form.refuse(str(error), "redacted")
        else:
            flash("Released to coders.", "success")
            return redirect(url_for("redactor.queue", study=study, after=comment), 303)
    return _page(study, form, (found.id, found.question), after=found.id), REFUSED


def _page(
    study: str, form: RedactionForm | None, comment: tuple[int, str] | None, *, after: int
) -> str:
    counts = comment_counts(record(), g.study)
    comment_id, question = comment or (0, "")
    return render_template(
        "redactor/queue.html",
        study=study,
        form=form,
        errors=form.faults if form else [],
        comment_id=comment_id,
        question=question_wording(definition_of(g.study), question),
        progress=progress_in_words(
            submitted=counts.submitted, waiting=counts.waiting, released=counts.released
        ),
        n_waiting=counts.waiting,
        has_begun=after > 0,
        tokens=TYPED_TOKENS,
    )
