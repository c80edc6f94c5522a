"""Every word of the service that a participant meets is in each language, and compiled so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from survey_app.web.languages import ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "survey_app" / "web" / "translations"
OTHERS = [each for each in LANGUAGES if each != ENGLISH]
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}


@pytest.fixture(scope="module")
def said() -> set[Any]:
    """Everything marked for translation."""
    with (CATALOGUES / "extraction.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        ROOT, method_map=methods, options_map=options, keywords=KEYWORDS, comment_tags=()
    )
    return {message for _, _, message, _, _ in found}


def read(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", OTHERS)
def test_everything_said_is_translated_and_nothing_else(language: str, said: set[Any]):
    translated = {
        message.id
        for message in read(language)
        if message.id and all(_forms(message.string)) and not message.fuzzy
    }
    assert len(said) > 150
    assert translated == said


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_in_what_the_english_fills_in(language: str):
    wrong = [
        (message.id, [str(error) for error in message.check()])
        for message in read(language)
        if message.id and message.check()
    ]
    assert wrong == []
    for message in read(language):
        if not message.id:
            continue
        for form in _forms(message.string):
            assert form.count("{") == _forms(message.id)[0].count("{"), message.id
            assert form.count("<") == _forms(message.id)[0].count("<"), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_of_this_translation(language: str):
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = _pairs(read_mo(file))
    assert compiled == _pairs(read(language))


def _pairs(catalogue: Catalog) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    return {(_forms(m.id), _forms(m.string)) for m in catalogue if m.id}


def _forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
