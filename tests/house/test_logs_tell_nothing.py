"""No answer, address or link in any line of any log, whatever happens on the way."""

from __future__ import annotations

import logging

from flask import Flask
from letterboxes import Remembering
from looking import rows
from trials import PASSWORD, Trial

from survey_app.database.models import Contact, Staff
from survey_app.jobs.delivery import deliver_letters
from survey_app.settings import Settings

WORDS = "Kayleigh-in-Year-4"


def test_a_whole_visit_leaves_no_answer_address_or_link_in_a_log(
    app: Flask, trial: Trial, settings: Settings, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    # The driver's own line for each statement is below any level that a service runs at.
    logging.getLogger("sqlalchemy").setLevel(logging.INFO)
    trial.invite()
    deliver_letters(settings, trial.database, clock=trial.clock, transport=Remembering())
    token, reference = trial.token(1), trial.reference(1)
    visitor = app.test_client()
    visitor.get(f"/link/{token}?from={WORDS}")
    visitor.post(f"/link/{token}")
    visitor.get(f"/link/{token}/mistyped")
    consents = {consent.key: "yes" for consent in trial.definition.consents}
    visitor.post(f"/answer/{reference}/consent", data=consents)
    for page in ("about-you", "dsl-confidence", "gad7", "pss10"):
        visitor.post(f"/answer/{reference}/{page}", data={"gad7_1": "3", "pss10_1": "4"})
    visitor.post(
        f"/answer/{reference}/in-your-own-words",
        data={"most_stressful": WORDS, "would_help": WORDS},
    )
    visitor.post(f"/answer/{reference}/check")
    app.test_client().post(
        "/account/sign-in", data={"email": "coordinator@trial.example", "password": WORDS}
    )
    app.test_client().post(
        "/account/sign-in", data={"email": "coordinator@trial.example", "password": PASSWORD}
    )
    told = caplog.text + "".join(capsys.readouterr())
    secrets = [
        token,
        WORDS,
        PASSWORD,
        *(contact.email for contact in rows(trial.database, Contact)),
        *(contact.name + "," for contact in rows(trial.database, Contact)),
        *(staff.email for staff in rows(trial.database, Staff)),
    ]
    assert [secret for secret in secrets if secret in told] == []


def test_a_fault_in_a_page_is_logged_without_what_was_sent(app: Flask, trial: Trial, caplog):
    trial.invite()
    token = trial.token(1)

    def broken() -> str:
        raise RuntimeError("a page broke")

    app.view_functions["public.start"] = broken
    broken.survey_access = "public"  # type: ignore[attr-defined]  # as the decorator marks it
    answer = app.test_client().get(f"/?token={token}&words={WORDS}")
    assert answer.status_code == 500
    assert token not in caplog.text
    assert WORDS not in caplog.text
    assert WORDS not in answer.get_data(as_text=True)
