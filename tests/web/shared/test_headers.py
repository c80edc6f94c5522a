from __future__ import annotations

import gallery
import pytest
from flask.testing import FlaskClient

from survey_app.web.headers import PAGE_POLICY, REPORT_POLICY


@pytest.fixture
def gallery_client() -> FlaskClient:
    return gallery.make_gallery().test_client()


@pytest.mark.parametrize(
    "path",
    ["/survey/items", "/staff/tables", "/nowhere", "/staff/fault/500", "/static/0/service.css"],
)
def test_every_response_carries_the_headers(gallery_client: FlaskClient, path: str) -> None:
    headers = gallery_client.get(path).headers
    assert headers["Content-Security-Policy"] == PAGE_POLICY
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_script_is_allowed_and_no_other_site_may_frame_or_be_posted_to() -> None:
    rules = dict(rule.split(" ", 1) for rule in PAGE_POLICY.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


@pytest.mark.parametrize("path", ["/survey/items", "/nowhere", "/staff/fault/500"])
def test_no_page_is_kept_anywhere(gallery_client: FlaskClient, path: str) -> None:
    assert gallery_client.get(path).headers["Cache-Control"] == "no-store"


def test_one_response_may_carry_another_policy_and_the_next_has_the_usual(
    gallery_client: FlaskClient,
) -> None:
    report = gallery_client.get("/staff/report")
    after = gallery_client.get("/staff/tables")
    assert report.headers["Content-Security-Policy"] == REPORT_POLICY
    assert after.headers["Content-Security-Policy"] == PAGE_POLICY


def test_a_secure_connection_is_asked_to_stay_secure(gallery_client: FlaskClient) -> None:
    secure = gallery_client.get("/survey/items", base_url="https://survey.example")
    plain = gallery_client.get("/survey/items", base_url="http://survey.example")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert "Strict-Transport-Security" not in plain.headers
