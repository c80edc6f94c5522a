"""The page before the questions: who they are for, what the study is, and what is agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit
from survey_app.operations.errors import ConsentNeededError, WaveNotOpenError
from survey_app.operations.submissions import start_submission
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words
from survey_app.web.participant.delivery import delivery_of
from survey_app.web.participant.forms import consent_form, consent_name
from survey_app.web.participant.opening import closed_page, lead_on
from survey_app.web.participant.room import blueprint, show
from survey_app.web.participant.routing import go_to
from survey_app.web.participant.visits import with_visit
from survey_app.web.service import now, record

FORGED = _("Your ticks were not saved. Press “Continue” again")
NEEDED = _("Tick this box if you want to take part")


@blueprint.get("/answer/<string:reference>/consent")
@visitors
@with_visit
def consent(visit: Visit) -> Response:
    """Show the notice and the boxes, ticked as they were."""
    if visit.submission is not None and visit.submission.submitted_at is not None:
        return go_to("receipt", visit.invitation.reference)
    return closed_page(visit) or _show(visit, ticks=visit.consents)


@blueprint.post("/answer/<string:reference>/consent")
@visitors
@with_visit
def give_consent(visit: Visit) -> Response:
    """Keep the ticks and go to the questions."""
    form = consent_form(delivery_of(visit).definition)
    form.validate()
    if form.is_forged:
        return _show(visit, ticks=form.ticks, errors=[(FORGED, "#continue")], status=400)
    try:
        submission = start_submission(
            record(), study=visit.study, invitation=visit.invitation, consents=form.ticks, at=now()
        )
    except ConsentNeededError:
        return _refuse(visit, form.ticks)
    except WaveNotOpenError:
        return closed_page(visit, status=409) or go_to("resume", visit.invitation.reference)
    return lead_on(replace(visit, submission=submission))


def _refuse(visit: Visit, ticks: Mapping[str, bool]) -> Response:
    missing = [
        each
        for each in delivery_of(visit).definition.consents
        if each.required and not ticks.get(each.key)
    ]
    return _show(
        visit,
        ticks=ticks,
        errors=[(NEEDED, f"#{consent_name(each.key)}") for each in missing],
        faults={each.key: NEEDED for each in missing},
        status=400,
    )


def _show(
    visit: Visit,
    *,
    ticks: Mapping[str, bool],
    errors: list[tuple[str, str]] | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    delivery = delivery_of(visit)
    definition = delivery.definition
    return show(
        "consent",
        study=definition,
        status=status,
        errors=errors or [],
        name=visit.name,
        school=visit.school,
        summary=definition.study.summary,
        minutes=delivery.wave.minutes,
        closes_on=day_in_words(delivery.wave.closes_on),
        paragraphs=definition.notice.paragraphs,
        questionnaire_note=definition.study.questionnaire_note,
        withdraw_url=url_for("participant.withdrawing", reference=visit.invitation.reference),
        not_me_url=url_for("participant.disown", reference=visit.invitation.reference),
        boxes=[
            {
                "name": consent_name(each.key),
                "text": each.text,
                "is_required": each.required,
                "is_ticked": ticks.get(each.key, False),
                "error": (faults or {}).get(each.key, ""),
            }
            for each in definition.consents
        ],
    )
