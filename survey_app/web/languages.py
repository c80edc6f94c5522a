"""The language of the participants' pages: English, or another that the study offers.

What the study itself asks and says stays in the study's own language and is marked as such. A
language is chosen by `?language=cy` on any participant's page, and the browser's visit keeps it;
the page behind a link sets no cookie, so there the choice goes on in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel

from survey_app.web.sessions import is_participant_path

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "cy": "Cymraeg"}
_KEY = "language"
_TAGS: Final[Mapping[str, str]] = {ENGLISH: "en-GB"}


def register(app: Flask) -> None:
    """Let templates and messages be read in every language there is a catalogue of."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "web/translations")
    Babel(app, default_locale=ENGLISH, default_timezone="Europe/London", locale_selector=language)
    app.jinja_env.globals.update(page_language=page_language, of_study=of_study)


def language() -> str:
    """Give the language of this request's page."""
    if not has_request_context() or not is_participant_path(request.path):
        return ENGLISH
    if "language" not in g:
        wanted = request.args.get(_KEY, "") or session.get(_KEY, "")
        g.language = wanted if wanted in LANGUAGES else ENGLISH
    chosen: str = g.language
    return chosen


def keep_language() -> None:
    """Keep the language asked for by the address, for the pages that follow."""
    wanted = request.args.get(_KEY, "")
    if wanted in LANGUAGES and session.get(_KEY, ENGLISH) != wanted:
        session[_KEY] = wanted


def page_language() -> str:
    """Give the language tag of the page."""
    return _TAGS.get(language(), language())


def of_study() -> dict[str, str]:
    """Give what marks a study's own words on a page in another language."""
    return {} if language() == ENGLISH else {"lang": _TAGS[ENGLISH]}


def languages_offered(offered: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give the links from this page to itself in the other languages that a study offers."""
    if len(offered) < 2:
        return []
    return [
        {"tag": _TAGS.get(each, each), "label": LANGUAGES[each], "href": f"?{_KEY}={each}"}
        for each in offered
        if each != language()
    ]
