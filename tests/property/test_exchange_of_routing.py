"""A rule goes through each format and asks the same afterwards, or is listed as lost."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instruments.catalogue import load_catalogue
from instruments.checks import faults_of
from instruments.exchange.definition_files import draft_as_toml
from instruments.exchange.formats import FORMATS, export_instrument, import_draft
from instruments.exchange.logic import logic_of, parsed, rule_of, written
from instruments.model import Instrument
from instruments.routing import AskedWhen, Condition

WRITTEN = [kind for kind, handler in FORMATS.items() if handler.write is not None]
QUESTIONS = ("gad7_1", "gad7_2", "gad7_3")


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    kind = draw(st.sampled_from(["equals", "one_of", "at_least", "at_most", "answered"]))
    value = draw(st.integers(0, 3))
    several = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(tuple))
    said = {"one_of": several, "answered": value > 1}.get(kind, value)
    return Condition.model_validate({"question": draw(st.sampled_from(QUESTIONS)), kind: said})


few = st.lists(conditions(), max_size=2).map(tuple)
rules = (
    st.tuples(few, few, few)
    .filter(any)
    .map(lambda lists: AskedWhen(all=lists[0], any=lists[1], none=lists[2]))
)


def routed(rule: AskedWhen) -> Instrument:
    gad7 = load_catalogue()["gad7"]
    items = [*gad7.items]
    items[4] = items[4].model_copy(update={"asked_when": rule})
    return gad7.model_copy(update={"items": tuple(items)})


@cache
def everybody() -> list[dict[str, int]]:
    """Every way of answering, or leaving open, the three questions."""
    return [
        {name: value for name, value in zip(QUESTIONS, values, strict=True) if value >= 0}
        for values in product(range(-1, 4), repeat=3)
    ]


def asks_alike(one: AskedWhen, other: AskedWhen) -> bool:
    return all(one.verdict(answers) == other.verdict(answers) for answers in everybody())


BOTH = AskedWhen(
    all=(Condition(question="gad7_1", at_least=2), Condition(question="gad7_1", at_most=2)),
    none=(Condition(question="gad7_2", at_least=1), Condition(question="gad7_3", answered=False)),
)


@pytest.mark.parametrize("kind", WRITTEN)
@example(rule=BOTH)
@given(rule=rules)
def test_a_rule_asks_the_same_after_a_round_trip_or_is_listed(kind, rule) -> None:
    exported = export_instrument(routed(rule), kind)
    back = import_draft(exported.content, kind, file="back")
    kept = back.draft.items[4].asked_when
    lost = {loss.field for loss in exported.losses if loss.field.startswith("items.asked_when")}
    assert [item.asked_when for item in back.draft.items if item.id != "gad7_5"] == [None] * 6
    if kept is None:
        assert lost == {"items.asked_when"}
        assert kind.startswith("fhir") or back.losses
    else:
        assert asks_alike(kept, rule)
        assert (kept == rule) == (not lost)


@pytest.mark.parametrize("kind", ["redcap", "xlsform"])
@given(condition=conditions(), key=st.sampled_from(["all", "none"]))
def test_one_condition_is_never_lost_by_a_format_of_expressions(kind, condition, key) -> None:
    instrument = routed(AskedWhen(**{key: (condition,)}))
    assert faults_of(instrument, file="") == ()
    back = import_draft(export_instrument(instrument, kind).content, kind, file="back")
    kept = back.draft.items[4].asked_when
    assert kept is not None
    assert asks_alike(kept, AskedWhen(**{key: (condition,)}))


@given(rule=rules)
def test_the_definition_file_of_a_draft_has_its_rules(rule) -> None:
    content = export_instrument(routed(rule), "redcap").content
    draft = import_draft(content, "redcap", file="back").draft
    kept = draft.items[4].asked_when
    said = tomllib.loads(draft_as_toml(draft))["items"][4].get("asked_when")
    if kept is None:
        assert said is None
    else:
        assert AskedWhen.model_validate_json(json.dumps(said)) == kept


@given(rule=rules)
def test_what_is_written_is_parsed_to_what_it_was(rule) -> None:
    logic = logic_of(rule)
    assert parsed(written(logic, field="[{}]".format, unequal="<>")) is not None
    found = rule_of(logic, lambda _, code: int(code))
    assert found is None or asks_alike(found, rule)


@given(st.text(alphabet="[]ab'\"<>=! ()&|,1", max_size=40))
def test_no_text_breaks_the_reader(text) -> None:
    parsed(text)
