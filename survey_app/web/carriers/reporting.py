"""GOV.UK Notify reports on a letter: delivered, or not, and whether for good."""

from __future__ import annotations

import hmac

from flask import Response, request

from survey_app.database.queries.letters import letter_by_id
from survey_app.mail.notify_reports import read_report
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.web.access import public
from survey_app.web.carriers.room import blueprint
from survey_app.web.service import now, record, service

BY = "gov.uk notify"


@blueprint.post("/notify/delivery-reports")
@public
def notify_report() -> Response:
    """Take a report from who knows the callback token.

    What is about no letter of ours is answered the same, so that Notify does not try it again.
    """
    notify = service().settings.notify
    if notify is None or not notify.callback_token:
        return Response(status=404)
    expected = f"Bearer {notify.callback_token}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        return Response(status=401)
    report = read_report(request.get_json(silent=True))
    letter = letter_by_id(record(), report.letter_id) if report else None
    if report and letter and report.is_of(letter.queued_at):
        record_delivery_report(
            record(),
            letter_id=letter.id,
            outcome=report.outcome,
            status=report.status,
            source=report.source,
            by=BY,
            at=now(),
        )
    return Response(status=204)
