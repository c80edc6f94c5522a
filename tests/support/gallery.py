"""An app made only to be looked at: every component, as it is at first and after a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, render_template, render_template_string
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader

import survey_app.web
from survey_app.web import assets, errors, headers, languages, templating

WEB_DIRECTORY = Path(survey_app.web.__file__).parent
GALLERY_TEMPLATES = Path(__file__).parent / "gallery_templates"

FREQUENCY = [
    {"value": 0, "label": "Not at all"},
    {"value": 1, "label": "Several days"},
    {"value": 2, "label": "More than half the days"},
    {"value": 3, "label": "Nearly every day"},
]
AGREEMENT = [
    {"value": 1, "label": "Strongly disagree"},
    {"value": 2, "label": "Disagree"},
    {"value": 3, "label": "Neither agree nor disagree"},
    {"value": 4, "label": "Agree"},
    {"value": 5, "label": "Strongly agree"},
]
TENTHS = [{"value": n, "label": str(n)} for n in range(11)]
APART = [{"value": -8, "label": "Prefer not to say"}]
NAVIGATION = [
    ("Overview", "#overview", True),
    ("Schools", "#schools", False),
    ("Invitations", "#invitations", False),
    ("Sessions", "#sessions", False),
    ("Allocation", "#allocation", False),
    ("Reports", "#reports", False),
]


def make_gallery() -> Flask:
    """The shared look registered as the service registers it, with pages of invented words."""
    app = Flask(__name__, template_folder=WEB_DIRECTORY / "templates", static_folder=None)
    app.config.update(SECRET_KEY="gallery" * 8, WTF_CSRF_TIME_LIMIT=None)
    CSRFProtect(app)
    templating.register(app)
    languages.register(app)
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(WEB_DIRECTORY / "templates"),
            FileSystemLoader(GALLERY_TEMPLATES),
        ]
    )
    assets.register(app)
    headers.register(app)
    errors.register(app, participant_prefixes=("/survey/",))
    _add_pages(app)
    _add_faults(app)
    return app


def _add_pages(app: Flask) -> None:
    def show(template: str, **values: Any) -> str:
        return render_template(
            template,
            frequency=FREQUENCY,
            agreement=AGREEMENT,
            tenths=TENTHS,
            apart=APART,
            navigation=NAVIGATION,
            **values,
        )

    for name in ("items", "fields", "check", "thanks", "start"):
        app.add_url_rule(
            f"/survey/{name}",
            f"survey_{name}",
            lambda name=name: show(f"{name}.html", refused=False),
        )
        app.add_url_rule(
            f"/survey/{name}/refused",
            f"survey_{name}_refused",
            lambda name=name: show(f"{name}.html", refused=True),
        )
    for name in ("tables", "controls"):
        app.add_url_rule(
            f"/staff/{name}",
            f"staff_{name}",
            lambda name=name: show(f"{name}.html", refused=False),
        )
        app.add_url_rule(
            f"/staff/{name}/refused",
            f"staff_{name}_refused",
            lambda name=name: show(f"{name}.html", refused=True),
        )


def _add_faults(app: Flask) -> None:
    def fail(code: int) -> Response:
        if code == 500:
            raise ZeroDivisionError
        abort(code)

    def report() -> str:
        headers.use_policy(headers.REPORT_POLICY)
        return render_template_string("<style>p { color: navy }</style>")

    app.add_url_rule("/survey/fault/<int:code>", "survey_fault", fail)
    app.add_url_rule("/staff/fault/<int:code>", "staff_fault", fail)
    app.add_url_rule("/staff/report", "report", report)
    app.add_url_rule("/survey/post", "post", lambda: "posted", methods=["POST"])
