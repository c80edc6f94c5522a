"""Each instrument of the catalogue, out and in again: nothing is lost that is not listed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.exchange.definition_files import draft_as_toml, still_needed
from instruments.exchange.formats import FORMATS, export_instrument, import_draft
from instruments.model import Instrument

CATALOGUE = load_catalogue()
DELIVERABLE = [name for name, each in CATALOGUE.items() if not each.wording_is_withheld]
WITHHELD = [name for name, each in CATALOGUE.items() if each.wording_is_withheld]
WRITTEN = [kind for kind, handler in FORMATS.items() if handler.write is not None]

ABOUT_SCORES = {
    *("scores", "norms", "percentiles", "reliabilities"),
    *("items.risk", "items.scored", "items.same_as"),
}
ABOUT_THE_DEFINITION = {
    *("wording", "items.wording", "short_title", "recall_period"),
    *("loinc_source", "loinc_verified"),
    *("licence.tier", "licence.status", "licence.url", "licence.checked_on"),
    *("licence.permits_research", "licence.permits_commercial"),
    *("licence.permits_clinical", "licence.permits_modification"),
}
MAY_BE_LOST = {
    "fhir-r4": ABOUT_SCORES | ABOUT_THE_DEFINITION,
    "fhir-r5": ABOUT_SCORES | ABOUT_THE_DEFINITION,
    "xlsform": ABOUT_SCORES | ABOUT_THE_DEFINITION,
    "redcap": ABOUT_SCORES
    | ABOUT_THE_DEFINITION
    | {"version", "title", "heading", "citation", "notice", "licence", "licence.text", "loinc"}
    | {"response_sets.options.loinc"},
}


def leaves(
    table: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a definition that says something, with its place."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        elif isinstance(value, tuple) and value and isinstance(value[0], Mapping):
            for number, entry in enumerate(value):
                name = str(entry.get("id", entry.get("score", entry.get("value", number))))
                yield from leaves(entry, (*path, key, name))
        elif value not in ("", (), None):
            yield (*path, key), value


def is_listed(place: tuple[str, ...], listed: set[tuple[str, ...]]) -> bool:
    return any(place[: len(start)] == start for start in listed)


def places(losses: Any) -> set[tuple[str, ...]]:
    """The place of each loss: ``items.risk`` of ``x_1`` is ``("items", "x_1", "risk")``."""
    found = set()
    for loss in losses:
        keys, owners = loss.field.split("."), loss.item.split(" ") if loss.item else []
        place: list[str] = []
        for key in keys:
            place.append(key)
            if owners and key in {"items", "response_sets", "options"} | ABOUT_SCORES:
                place.append(owners.pop(0))
        found.add(tuple(place))
    return found


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("name", DELIVERABLE)
def test_nothing_is_lost_that_is_not_listed_and_nothing_listed_is_there(name, kind) -> None:
    instrument = CATALOGUE[name]
    exported = export_instrument(instrument, kind)
    back = import_draft(exported.content, kind, file="back").draft
    before = dict(leaves(instrument.model_dump(exclude_defaults=True)))
    after = dict(leaves(back.said()))
    listed = places(exported.losses)
    lost = {place for place, value in before.items() if after.get(place) != value}
    assert {place for place in lost if not is_listed(place, listed)} == set()
    assert {place for place in listed if not any(is_listed(each, {place}) for each in lost)} == (
        set()
    )
    assert set(after) <= set(before)


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("name", DELIVERABLE)
def test_what_is_asked_and_its_order_are_never_lost(name, kind) -> None:
    instrument = CATALOGUE[name]
    exported = export_instrument(instrument, kind)
    assert {loss.field for loss in exported.losses} <= MAY_BE_LOST[kind]
    back = import_draft(exported.content, kind, file="back")
    assert back.losses == ()
    assert [item.id for item in back.draft.items] == [item.id for item in instrument.items]
    options = {each.id: each.options for each in back.draft.response_sets}
    for item in back.draft.items:
        asked = [(option.value, option.label) for option in options[item.response_set]]
        there = instrument.options(instrument.item(item.id))
        assert asked == [(option.value, option.label) for option in there]


@pytest.mark.parametrize("kind", ["fhir-r4", "fhir-r5", "xlsform"])
def test_the_codes_of_panel_items_and_answers_are_kept(kind) -> None:
    exported = export_instrument(CATALOGUE["gad7"], kind)
    back = import_draft(exported.content, kind, file="back").draft
    assert back.loinc == "69737-5"
    assert back.items[0].loinc == "69725-0"
    assert back.response_sets[0].options[3].loinc == "LA6571-9"


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_same_instrument_gives_the_same_bytes(kind) -> None:
    first, again = (export_instrument(CATALOGUE["gad7"], kind).content for _ in range(2))
    assert first == again


@pytest.mark.skipif(not WITHHELD, reason="every instrument's words are here")
@pytest.mark.parametrize("kind", WRITTEN)
def test_an_instrument_without_its_words_is_not_written(kind) -> None:
    with pytest.raises(DefinitionError, match="whose words are not here"):
        export_instrument(CATALOGUE[WITHHELD[0]], kind)


def awkward() -> Instrument:
    """The catalogue's GAD-7 with words that formats use for their own ends."""
    gad7 = CATALOGUE["gad7"]
    texts = ('He said "no", | twice\nand & <left>', "=SUM(A1)", "ｆｕｌｌ 🙂 \x7f\\u")
    items = tuple(
        item.model_copy(update={"text": texts[number % 3]})
        for number, item in enumerate(gad7.items)
    )
    first, *rest = gad7.response_sets
    options = (first.options[0].model_copy(update={"label": "Never | ever, at all"}),)
    sets = (first.model_copy(update={"options": options + first.options[1:]}), *rest)
    return gad7.model_copy(update={"items": items, "response_sets": sets})


@pytest.mark.parametrize("kind", WRITTEN)
def test_words_that_mean_something_to_a_format_are_kept_or_listed(kind) -> None:
    instrument = awkward()
    exported = export_instrument(instrument, kind)
    back = import_draft(exported.content, kind, file="back").draft
    assert [item.text for item in back.items] == [item.text for item in instrument.items]
    listed = {(loss.field, loss.item) for loss in exported.losses}
    assert (("response_sets.options.label", "gad7_frequency 0") in listed) == (kind == "redcap")


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("instrument", [CATALOGUE["gad7"], awkward()], ids=["plain", "awkward"])
def test_the_definition_file_says_what_was_read(instrument, kind) -> None:
    draft = import_draft(export_instrument(instrument, kind).content, kind, file="x").draft
    written = tomllib.loads(draft_as_toml(draft))
    assert written["id"] == "gad7"
    assert [each["text"] for each in written["items"]] == [item.text for item in draft.items]
    assert written["response_sets"][0]["options"][0]["value"] == 0
    needed = [fault.where for fault in still_needed(draft)]
    assert {"scores", "wording", "recall_period"} <= set(needed)
    assert all(f"#   {place}\n" in draft_as_toml(draft) for place in needed)
