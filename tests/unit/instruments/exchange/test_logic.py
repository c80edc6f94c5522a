"""Conditions as REDCap, XLSForm and LimeSurvey write them, read into rules."""

from __future__ import annotations

import csv
import io
import json

import pytest
from fhir.resources.questionnaire import Questionnaire as QuestionnaireR5
from fhir.resources.R4B.questionnaire import Questionnaire as QuestionnaireR4
from pyxform.xls2xform import convert

from instruments.catalogue import load_catalogue
from instruments.exchange.formats import export_instrument, import_draft
from instruments.exchange.logic import parsed, rule_of
from instruments.exchange.redcap import BRANCHING, FIELD
from instruments.model import Instrument
from instruments.routing import AskedWhen, Condition


def rule(text: str) -> AskedWhen | None:
    logic = parsed(text)
    known = {"0": 0, "1": 1, "2": 2, "3": 3}
    return None if logic is None else rule_of(logic, lambda _, code: known.get(code))


def all_of(**condition: object) -> AskedWhen:
    return AskedWhen(all=(Condition.model_validate({"question": "a", **condition}),))


def none_of(**condition: object) -> AskedWhen:
    return AskedWhen(none=(Condition.model_validate({"question": "a", **condition}),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a] = '1'", all_of(equals=1)),
        ('[a]="1"', all_of(equals=1)),
        ("${a} = '1'", all_of(equals=1)),
        ("selected(${a}, '1')", all_of(equals=1)),
        ('((a.NAOK == "1"))', all_of(equals=1)),
        ("a.NAOK eq 1", all_of(equals=1)),
        ("[a] = '1' or [a] = '2'", all_of(one_of=(1, 2))),
        ("[a] > 1", all_of(at_least=2)),
        ("${a} <= 2.0", all_of(at_most=2)),
        ("[a] <> '' and [a] >= '2'", all_of(at_least=2)),
        ("[a] <> ''", all_of(answered=True)),
        ("!is_empty(a.NAOK)", all_of(answered=True)),
        ("${a} = ''", all_of(answered=False)),
        ("[a] <> '1'", none_of(equals=1)),
        ("not(selected(${a}, '1') or selected(${a}, '2'))", none_of(one_of=(1, 2))),
        ("not(${a} >= 2)", none_of(at_least=2)),
    ],
)
def test_a_condition_of_another_platform_becomes_a_rule(text, expected) -> None:
    assert rule(text) == expected


def test_several_conditions_become_one_rule() -> None:
    found = rule("[a] = '1' and ([b] = '2' or [c] <> '') and [d] <> '3'")
    assert found == AskedWhen(
        all=(Condition(question="a", equals=1),),
        any=(Condition(question="b", equals=2), Condition(question="c", answered=True)),
        none=(Condition(question="d", equals=3),),
    )


@pytest.mark.parametrize(
    "text",
    [
        "[a] = [b]",
        "[event_1][a] = '1'",
        "datediff([a], 'today', 'd') > 3",
        "([a] = '1' or [b] = '1') and ([c] = '1' or [d] = '1')",
        "[a] = '1' or ([b] = '1' and [c] = '1')",
        "[a] = '7'",
        "[a] = '1' and",
        "[a] = '1' [b] = '2'",
        "(" * 500 + "[a] = '1'" + ")" * 500,
        "count-selected(${a}) > 1",
        "",
    ],
)
def test_what_a_rule_cannot_say_is_not_guessed(text) -> None:
    assert rule(text) is None


def routed(asked_when: AskedWhen) -> Instrument:
    gad7 = load_catalogue()["gad7"]
    items = [*gad7.items]
    items[1] = items[1].model_copy(update={"asked_when": asked_when})
    return gad7.model_copy(update={"items": tuple(items)})


AT_LEAST_2 = AskedWhen(all=(Condition(question="gad7_1", at_least=2),))


def test_redcap_gets_branching_logic() -> None:
    content = export_instrument(routed(AT_LEAST_2), "redcap").content
    row = next(r for r in csv.DictReader(io.StringIO(content.decode())) if r[FIELD] == "gad7_2")
    assert row[BRANCHING] == "[gad7_1] <> '' and [gad7_1] >= '2'"


@pytest.mark.parametrize("kind", ["fhir-r4", "fhir-r5"])
def test_fhir_gets_the_answers_that_a_bound_accepts(kind) -> None:
    exported = export_instrument(routed(AT_LEAST_2), kind)
    items = {each["linkId"]: each for each in json.loads(exported.content)["item"][0]["item"]}
    codes = [each["answerCoding"]["code"] for each in items["gad7_2"]["enableWhen"]]
    assert codes == ["LA6570-1", "LA6571-9"]
    assert items["gad7_2"]["enableBehavior"] == "any"
    assert {loss.field for loss in exported.losses if "asked_when" in loss.field}
    back = import_draft(exported.content, kind, file="back").draft
    assert back.items[1].asked_when == AskedWhen(all=(Condition(question="gad7_1", one_of=(2, 3)),))


def test_a_rule_that_fhir_cannot_join_is_left_out_and_listed() -> None:
    both = AskedWhen(
        all=(Condition(question="gad7_1", answered=True),),
        any=(Condition(question="gad7_1", equals=1), Condition(question="gad7_1", equals=2)),
    )
    exported = export_instrument(routed(both), "fhir-r4")
    assert b"enableWhen" not in exported.content
    (loss,) = [each for each in exported.losses if each.field == "items.asked_when"]
    assert loss.item == "gad7_2"
    assert "left out" in loss.why


def test_a_condition_that_is_not_understood_is_listed_as_it_stands() -> None:
    content = export_instrument(routed(AT_LEAST_2), "redcap").content.decode()
    odd = content.replace("[gad7_1] <> '' and [gad7_1] >= '2'", "[gad7_7] = '1'")
    back = import_draft(odd.encode(), "redcap", file="odd.csv")
    (loss,) = back.losses
    assert (loss.field, loss.item) == (BRANCHING, "gad7_2")
    assert "\"[gad7_7] = '1'\"" in loss.why
    assert back.draft.items[1].asked_when is None


@pytest.mark.parametrize("kind", ["fhir-r4", "fhir-r5"])
def test_fhir_with_conditions_has_the_published_structure(kind) -> None:
    none = AskedWhen(none=(Condition(question="gad7_1", one_of=(0, 1)),))
    for asked_when in (AT_LEAST_2, none):
        resource = json.loads(export_instrument(routed(asked_when), kind).content)
        {"fhir-r4": QuestionnaireR4, "fhir-r5": QuestionnaireR5}[kind].model_validate(resource)
        for item in resource["item"][0]["item"]:
            # que-12: with several conditions it is said how they are joined.
            assert len(item.get("enableWhen", [])) < 2 or item["enableBehavior"] in {"all", "any"}


def test_pyxform_takes_the_condition() -> None:
    content = export_instrument(routed(AT_LEAST_2), "xlsform").content
    result = convert(io.BytesIO(content), warnings=[], file_type=".xlsx")
    assert "relevant=" in result.xform
    assert "/data/gad7/gad7_1" in result.xform
