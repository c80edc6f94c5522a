"""The language of the participants' pages: English, or another that the study offers.

What the study itself asks and says stays in the study's own language and is marked as such. A
language is chosen by `?language=cy` on any participant's page, and the browser's visit keeps it;
the page behind a link sets no cookie, so there the choice goes on in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel, force_locale, get_translations
from jinja2 import Environment
from markupsafe import Markup

from survey_app.web.sessions import is_participant_path

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "cy": "Cymraeg"}
_KEY = "language"
_EXTENSION = "survey_languages"
_TAGS: Final[Mapping[str, str]] = {ENGLISH: "en-GB"}


def register(app: Flask) -> None:
    """Let templates and messages be read in every language there is a catalogue of."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "web/translations")
    Babel(app, default_locale=ENGLISH, default_timezone="Europe/London", locale_selector=language)
    app.jinja_env.globals.update(_words_of(ENGLISH))
    app.extensions[_EXTENSION] = {ENGLISH: app.jinja_env}


def templates() -> Environment:
    """Give the templates in the language of this request's page.

    Each language has an environment of its own, so that a template finds a word without asking
    which language is meant: a page has some fifty words to find.
    """
    environments: dict[str, Environment] = current_app.extensions[_EXTENSION]
    wanted = language()
    if wanted not in environments:
        made = current_app.jinja_env.overlay()
        made.globals = {**current_app.jinja_env.globals, **_words_of(wanted)}
        environments[wanted] = made
    return environments[wanted]


def gettext(message: str, **variables: object) -> Markup:
    """Give words of ours in the language of this request's page."""
    words: Markup = templates().globals["gettext"](message, **variables)  # type: ignore[operator]  # see below
    return words


def _words_of(wanted: str) -> dict[str, Any]:
    """Give what templates say in one language; `of_study` marks a study's own words in another."""
    if wanted == ENGLISH:
        one, several = str, _english_plural
    else:
        with force_locale(wanted):
            catalogue = get_translations()
        one, several = catalogue.ugettext, catalogue.ungettext

    @lru_cache(maxsize=1024)
    def found(message: str) -> Markup:
        return Markup(one(message))  # noqa: S704  # our own words, from a template or a catalogue

    def gettext(message: str, **variables: object) -> Markup:
        words = found(message)
        return words % variables if "%" in words else words

    def ngettext(singular: str, plural: str, num: int, **variables: object) -> Markup:
        words = Markup(several(singular, plural, num))  # noqa: S704  # as above
        return words % {"num": num, **variables}

    tag = _TAGS.get(wanted, wanted)
    return {
        "_": gettext,
        "gettext": gettext,
        "ngettext": ngettext,
        "page_language": tag,
        "of_study": Markup("")
        if wanted == ENGLISH
        else Markup(' lang="{}"').format(_TAGS[ENGLISH]),
    }


def _english_plural(singular: str, plural: str, num: int) -> str:
    return singular if num == 1 else plural


def language() -> str:
    """Give the language of this request's page."""
    if not has_request_context():
        return ENGLISH
    chosen: str | None = g.get("language")
    if chosen is None:
        wanted = ENGLISH
        if is_participant_path(request.path):
            wanted = request.args.get(_KEY, "") or session.get(_KEY, "")
        chosen = g.language = wanted if wanted in LANGUAGES else ENGLISH
    return chosen


def keep_language() -> None:
    """Keep the language asked for by the address, for the pages that follow."""
    wanted = request.args.get(_KEY, "")
    if wanted in LANGUAGES and session.get(_KEY, ENGLISH) != wanted:
        session[_KEY] = wanted


def languages_offered(offered: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give the links from this page to itself in the other languages that a study offers."""
    if len(offered) < 2:
        return []
    return [
        {"tag": _TAGS.get(each, each), "label": LANGUAGES[each], "href": f"?{_KEY}={each}"}
        for each in offered
        if each != language()
    ]
