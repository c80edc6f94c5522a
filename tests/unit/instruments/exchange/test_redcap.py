"""The data dictionary's columns and rows, and dictionaries that are wrong."""

from __future__ import annotations

import csv
import io

import pytest

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.exchange import redcap

CATALOGUE = load_catalogue()


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def dictionary(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, redcap.COLUMNS, restval="")
    table.writeheader()
    table.writerows({redcap.FORM: "calm", redcap.TYPE: "radio", **row} for row in rows)
    return text.getvalue().encode()


def question(name: str, **more: str) -> dict[str, str]:
    return {redcap.FIELD: name, redcap.LABEL: "Calm?", redcap.CHOICES: "0, No | 1, Yes"} | more


def faults(data: bytes) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        redcap.read(data, "calm.csv")
    return [str(fault) for fault in caught.value.faults]


def test_has_the_eighteen_columns_and_a_record_identifier_first() -> None:
    data = redcap.write(CATALOGUE["gad7"])
    assert data.splitlines()[0].count(b",") >= 17
    first, second, *_ = rows_of(data)
    assert tuple(first) == redcap.COLUMNS
    assert (first[redcap.FIELD], first[redcap.TYPE]) == ("record_id", "text")
    assert second[redcap.FIELD] == "gad7_1"
    assert second[redcap.HEADER].startswith("Over the last 2 weeks")
    assert second[redcap.CHOICES].startswith("0, Not at all | 1, Several days")
    assert second[redcap.ANNOTATION] == "LOINC=69725-0"


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_fields_of_a_matrix_follow_each_other_and_share_their_choices(name) -> None:
    ended: set[str] = set()
    last, choices = "", ""
    for row in rows_of(redcap.write(CATALOGUE[name]))[1:]:
        matrix = row[redcap.MATRIX]
        if matrix != last:
            assert matrix == "" or matrix not in ended
            ended.add(last)
        elif matrix:
            assert row[redcap.CHOICES] == choices
        last, choices = matrix, row[redcap.CHOICES]
        assert row[redcap.FORM] == name


def test_a_set_whose_items_do_not_follow_each_other_comes_back_as_one() -> None:
    gad7 = CATALOGUE["gad7"]
    first, *rest = gad7.response_sets
    other = first.model_copy(update={"id": "other", "options": first.options[:2]})
    items = (
        gad7.items[0],
        gad7.items[1].model_copy(update={"response_set": "other"}),
        *gad7.items[2:],
    )
    mixed = gad7.model_copy(update={"response_sets": (first, other, *rest), "items": items})
    data = redcap.write(mixed)
    assert {row[redcap.MATRIX] for row in rows_of(data)} >= {f"{first.id}_2"}
    back = redcap.read(data, "x").draft
    assert [item.response_set for item in back.items] == [item.response_set for item in items]


def test_what_a_definition_cannot_hold_is_listed() -> None:
    imported = redcap.read(
        dictionary(
            question("Calm1", **{"Required Field?": "y", redcap.ANNOTATION: "@HIDDEN"}),
            question("calm2", **{"Branching Logic (Show field only if...)": "[calm1] = '1'"}),
            {redcap.FIELD: "why", redcap.TYPE: "notes", redcap.LABEL: "Why?"},
            {redcap.FIELD: "sure", redcap.TYPE: "yesno", redcap.LABEL: "Sure?"},
            question("colour", **{redcap.CHOICES: "r, Red | b, Blue"}),
        ),
        "calm.csv",
    )
    assert [item.id for item in imported.draft.items] == ["calm1", "calm2", "sure"]
    assert {(loss.field, loss.item) for loss in imported.losses} == {
        ("items.id", "Calm1"),
        ("Required Field?", "Calm1"),
        (redcap.ANNOTATION, "Calm1"),
        ("Branching Logic (Show field only if...)", "calm2"),
        (redcap.TYPE, "why"),
        ("items", "colour"),
    }


def test_every_fault_is_told_with_its_row_and_column() -> None:
    told = faults(
        dictionary(
            question("a", **{redcap.TYPE: "raido"}),
            question("b", **{redcap.CHOICES: "0 No | 1, Yes"}),
            question("c", **{redcap.CHOICES: "0, No | 0, Yes"}),
            question("d", **{redcap.LABEL: ""}),
            question("", **{redcap.CHOICES: ""}),
            question("e"),
            question("e"),
        )
    )
    for part in (
        "calm.csv, row 2, Field Type: found 'raido'; expected one of",
        "row 3, Choices, Calculations, OR Slider Labels: found '0 No'",
        "row 4: found the choice '0' more than once",
        "row 5: found no words",
        "row 6, Variable / Field Name: found nothing",
        "row 6, Choices, Calculations, OR Slider Labels: found nothing",
        "found the question 'e' more than once",
    ):
        assert any(part in line for line in told), (part, told)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "no column"),
        (b"a,b\n1,2\n", "no column 'Field Type'"),
        (b"\xff\xfe", "not UTF-8"),
        (dictionary(), "no question whose choices are whole numbers"),
        (b'"a', "no CSV"),
        (dictionary(question("a")) + b"," * 30 + b"\n", "row 3: found 31 cells"),
    ],
)
def test_what_is_no_dictionary_is_refused(data, part) -> None:
    assert any(part in line for line in faults(data))
