"""The staff at work in a real browser, without JavaScript: every room, and the report."""

from __future__ import annotations

import re

import browsing
import pytest
from looking import rows
from playwright.sync_api import Browser, Page
from trials import KEY, PASSWORD, SLUG, Trial

from survey_app.database.models import StaffLetter
from survey_app.jobs.reports import make_reports
from survey_app.links import token_for_staff_letter

ROOMS = {
    "coordinator": [
        *(
            "",
            "dashboard",
            "waves",
            "waves/baseline",
            "waves/follow_up",
            "rehearsals",
            "schools",
            "schools/import",
            "randomisation",
            "invitations",
            "sessions",
        ),
        "randomisation/import",
        *("letters", "people/P00001", "letters/for-the-post", "letters/take-back"),
        *("schools/sharing", "schools/new", "schools/100001", "schools/100001/edit"),
        *("schools/100001/merge", "schools/100001/people/new", "people/P00001/edit"),
        *("people/P00001/leave", "people/P00001/follow", "people/P00001/move"),
        *("people/P00001/also-at", "people/P00001/merge"),
        *("sessions/mark", "sessions/import", "authority-outcomes", "authority-outcomes/import"),
        *("letters/plan", "letters/preview", "letters/preview?person=P00001&letter=reminder"),
    ],
    "redactor": ["", "redaction"],
    "researcher": ["", "comments", "codebook"],
    "evaluator": ["", "reports"],
    "data-manager": [
        "",
        "staff",
        "staff/2",
        "staff/6",
        "held-pages",
        "rights",
        "rights/P00001",
        "audit-trail",
        "unmasking",
    ],
}


def sign_in(page: Page, address: str, role: str) -> None:
    page.goto(f"{address}/account/sign-in")
    page.fill("input[name=email]", f"{role}@trial.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")


@pytest.mark.chromium
@pytest.mark.parametrize("role", ROOMS)
def test_every_page_of_a_room_is_accessible(chromium: Browser, live: str, role: str) -> None:
    with browsing.opened_context(chromium) as context:
        page = context.new_page()
        sign_in(page, live, role)
        for room in ROOMS[role]:
            answer = page.goto(f"{live}/studies/{SLUG}/{room}")
            assert answer is not None
            assert answer.status == 200
            assert page.locator("h1").count() == 1
            name = re.sub(r"\W+", "-", room) or "overview"
            browsing.look_at(page, f"{role}-{name}", widths=(browsing.PHONE, browsing.DESK))


@pytest.mark.chromium
@pytest.mark.parametrize("width", [browsing.PHONE, browsing.DESK])
def test_somebody_invited_chooses_a_password_and_signs_in(
    chromium: Browser, live: str, trial: Trial, width: int
) -> None:
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "data-manager")
        page.goto(f"{live}/studies/{SLUG}/staff")
        page.click("text=Send the invitation")
        browsing.keep_picture(page, "staff-refused")
        browsing.assert_accessible(page)
        page.fill("#person", "Nora")
        page.fill("#email", "nora@trial.example")
        page.check("input[value=redactor]")
        page.click("text=Send the invitation")
        browsing.keep_picture(page, "staff-invited")
        browsing.assert_accessible(page)
    (letter,) = rows(trial.database, StaffLetter)
    path = f"account/set-password/{token_for_staff_letter(letter.id, key=KEY)}"
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        page.goto(f"{live}/{path}")
        page.fill("#new", PASSWORD)
        page.fill("#again", "another")
        page.click("main button[type=submit]")
        browsing.keep_picture(page, "set-password-refused")
        browsing.assert_accessible(page)
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main button[type=submit]")
        browsing.keep_picture(page, "set-password-saved")
        sign_in(page, live, "nora")
        assert page.url == f"{live}/studies"
        page.goto(f"{live}/{path}")
        browsing.keep_picture(page, "set-password-over")
        browsing.assert_accessible(page)


@pytest.mark.chromium
def test_an_evaluator_makes_a_report_and_opens_it(
    chromium: Browser, live: str, trial: Trial
) -> None:
    with browsing.opened_context(chromium, browsing.DESK) as context:
        page = context.new_page()
        sign_in(page, live, "evaluator")
        page.goto(f"{live}/studies/{SLUG}/reports")
        page.click("main button[type=submit]")
        browsing.assert_accessible(page)
        assert make_reports(trial.database, clock=trial.clock) == 1
        page.goto(f"{live}/studies/{SLUG}/reports")
        browsing.assert_accessible(page)
        addresses = [
            link.get_attribute("href") for link in page.locator("main a[href*='/reports/']").all()
        ]
        html, pdf = addresses[:2]
        page.goto(f"{live}{html}")
        assert "report by arm" in page.title()
        browsing.assert_accessible(page)
        document = context.request.get(f"{live}{pdf}")
        assert document.headers["content-type"] == "application/pdf"
        assert document.body().startswith(b"%PDF-")
