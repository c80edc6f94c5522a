"""What a definition's tables, recoded answers and shared items must agree with."""

import pytest

from instruments.catalogue import catalogue_of, load_instrument
from instruments.dictionary import data_dictionary
from instruments.errors import DefinitionError, Fault

SMALL = """
id = "small"
version = "1"
title = "A small scale"
short_title = "Small"
heading = "Lately"
citation = "Nobody (2020)."
recall_period = "the last week"
stem = ""

[licence]
tier = "A"
status = "own"
text = "Ours."
permits_commercial = false
permits_clinical = false
permits_modification = true

[wording]
tag = "own"
source = "Ours."

[[response_sets]]
id = "often"
options = [{ value = 0, label = "Never" }, { value = 1, label = "Often" }]

[[items]]
id = "small_1"
text = "did you sing?"
response_set = "often"

[[items]]
id = "small_2"
text = "did you weep?"
response_set = "often"

[[items]]
id = "small_3"
text = "did you mind being asked?"
response_set = "often"
scored = false

[[scores]]
id = "small_total"
title = "Total"
items = ["small_1", "small_2"]
rule = "sum"
minimum_answered = 2
missing_rule_source = "Ours."
missing_rule_is_ours = true
minimum = 0
maximum = 2
direction = "higher_is_better"
"""
TABLE = 'transform = { kind = "lookup", first = 0, values = [0.0, 0.5, 2.0], source = "Ours." }\n'
RECODED = "recoded = [{ value = 0, counts_as = 1 }, { value = 1, counts_as = 0 }]\n"


def faults_of(*changes: tuple[str, str], more: str = "") -> list[tuple[str, str]]:
    text = SMALL + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(DefinitionError) as caught:
        load_instrument(text, "small.toml")
    return [(fault.where, fault.found) for fault in caught.value.faults]


@pytest.mark.parametrize("more", ["", TABLE, RECODED])
def test_accepts_what_agrees_with_itself(more: str) -> None:
    found = load_instrument(SMALL + more, "small.toml")
    assert found.scored_items == ("small_1", "small_2")
    assert found.licence.permits("research")
    assert not found.licence.permits("commercial")
    assert not found.licence.permits("clinical")


def test_an_item_in_no_score_must_say_so_and_one_in_a_score_may_not() -> None:
    assert faults_of(("scored = false", "")) == [
        ("items[2].scored", "true, and no score has the item")
    ]
    assert faults_of(('items = ["small_1", "small_2"]', 'items = ["small_1", "small_3"]')) == [
        ("items[1].scored", "true, and no score has the item"),
        ("items[2].scored", "false, and a score has it"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    [
        ("[0.0, 0.5, 2.0]", "[0.0, 2.0]", "scores[0].transform.values", "2 values from the raw"),
        ("first = 0", "first = 1", "scores[0].transform.values", "3 values from the raw score 1"),
        ("[0.0, 0.5, 2.0]", "[0.0, 0.0, 2.0]", "scores[0].transform.values", "do not rise"),
        ("minimum_answered = 2", "minimum_answered = 1", "scores[0].minimum_answered", "1"),
        ('rule = "sum"', 'rule = "mean"', "scores[0].transform", "a lookup of a mean"),
        ("maximum = 2", "maximum = 3", "scores[0].maximum", "3"),
    ],
)
def test_a_table_has_a_rising_row_for_each_raw_score(
    old: str, new: str, where: str, found: str
) -> None:
    assert any(
        where == place and found in what for place, what in faults_of((old, new), more=TABLE)
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("{ value = 1, counts_as = 0 }", "{ value = 0, counts_as = 0 }", "0 more than once"),
        ("{ value = 1, counts_as = 0 }", "{ value = 2, counts_as = 0 }", "nothing for the value 1"),
        ("{ value = 1, counts_as = 0 }", "{ value = 2, counts_as = 0 }", "the value 2"),
        ('rule = "sum"', 'rule = "sum"\nreversed = ["small_1"]', "recoded and reversed"),
    ],
)
def test_recoding_lists_every_value_once(old: str, new: str, found: str) -> None:
    faults = faults_of((old, new), more=RECODED)
    assert any(where == "scores[0].recoded" and found in what for where, what in faults)


def between(longer: str, shorter: str) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as caught:
        catalogue_of({"small.toml": longer, "tiny.toml": shorter})
    return caught.value.faults


def tiny(same_as: str, text: str = "did you sing?") -> str:
    alone = SMALL.replace("small", "tiny")
    old = 'id = "tiny_1"\ntext = "did you sing?"'
    assert old in alone
    return alone.replace(old, f'id = "tiny_1"\nsame_as = "{same_as}"\ntext = "{text}"', 1)


def test_an_item_of_another_instrument_is_asked_in_its_words() -> None:
    assert set(catalogue_of({"small.toml": SMALL, "tiny.toml": tiny("small_1")})) == {
        "small",
        "tiny",
    }
    assert [fault.where for fault in between(SMALL, tiny("small_1", "did you hum?"))] == [
        "items[0].same_as"
    ]
    other_choices = SMALL.replace('label = "Never"', 'label = "No"')
    assert [fault.where for fault in between(other_choices, tiny("small_1"))] == [
        "items[0].same_as"
    ]


def test_the_longer_instrument_may_be_taken_away() -> None:
    assert set(catalogue_of({"tiny.toml": tiny("small_1")})) == {"tiny"}


def test_the_dictionary_has_a_row_for_every_item_and_score() -> None:
    rows = data_dictionary(load_instrument(SMALL + TABLE, "small.toml"))
    assert [(row.variable, row.kind) for row in rows] == [
        ("small_1", "item"),
        ("small_2", "item"),
        ("small_3", "item"),
        ("small_total", "score"),
    ]
    assert rows[0].values == "0 Never; 1 Often"
    assert rows[2].rule == "in no score"
    assert rows[3].rule.startswith("Sum of small_1, small_2; then the value the table has for it")
    assert rows[3].values == "0 to 2, higher is better"
