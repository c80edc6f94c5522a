"""Files from outside that are broken anywhere are refused in words, and nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.exchange.drafts import Reading
from instruments.exchange.formats import FORMATS, export_instrument, import_draft
from instruments.exchange.spreadsheet import read_workbook, write_workbook

GAD7 = load_catalogue()["gad7"]
WRITTEN = [kind for kind, handler in FORMATS.items() if handler.write is not None]
LSS = (
    b"<document><LimeSurveyDocType>Survey</LimeSurveyDocType><questions><rows><row><qid>1</qid>"
    b"<type>5</type><title>a</title><question>A</question></row></rows></questions></document>"
)
GOOD = {kind: export_instrument(GAD7, kind).content for kind in WRITTEN} | {"limesurvey": LSS}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1).map(str.strip)


def told_or_read(content: bytes, kind: str) -> bool:
    """Whether the file gave items, or faults that all name it; any other error is let through."""
    try:
        return len(import_draft(content, kind, file="broken").draft.items) > 0
    except DefinitionError as error:
        return len(error.faults) > 0 and all(fault.file == "broken" for fault in error.faults)


@pytest.mark.parametrize("kind", FORMATS)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_broken_file_is_refused_in_words(kind, data) -> None:
    content = bytearray(GOOD[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 40))
        content[place : place + length] = data.draw(st.binary(max_size=8))
        if not content:
            break
    assert told_or_read(bytes(content), kind)


@pytest.mark.parametrize("kind", WRITTEN)
@settings(deadline=None, max_examples=50)
@given(texts=st.lists(WORDS.filter(bool), min_size=7, max_size=7), label=WORDS.filter(bool))
def test_any_words_are_kept_or_listed(kind, texts, label) -> None:
    items = tuple(
        item.model_copy(update={"text": text}) for item, text in zip(GAD7.items, texts, strict=True)
    )
    (first,) = GAD7.response_sets
    options = (first.options[0].model_copy(update={"label": label}), *first.options[1:])
    sets = (first.model_copy(update={"options": options}),)
    instrument = GAD7.model_copy(update={"items": items, "response_sets": sets})
    exported = export_instrument(instrument, kind)
    listed = {(loss.field, loss.item) for loss in exported.losses}
    back = import_draft(exported.content, kind, file="back").draft
    for before, after in zip(items, back.items, strict=True):
        assert before.text == after.text or ("items.text", before.id) in listed
    kept = back.response_sets[0].options[0].label
    assert kept == label or ("response_sets.options.label", "gad7_frequency 0") in listed


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), max_size=40),
        max_size=5,
    )
)
def test_a_workbook_gives_back_its_cells(rows) -> None:
    reading = Reading("x")
    read = read_workbook(write_workbook({"one": rows}), reading)["one"]
    for before, after in zip(rows, read, strict=True):
        width = max(len(before), len(after))
        kept = [cell.replace("\ufffe", "").replace("\uffff", "").strip() for cell in before]
        assert kept + [""] * (width - len(before)) == after + [""] * (width - len(after))
    assert reading.faults == []
