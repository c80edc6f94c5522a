"""What makes a definition disagree with itself; every fault is found in one go."""

import pytest

from instruments.catalogue import catalogue_of, load_instrument
from instruments.errors import DefinitionError, Fault

SMALL = """
id = "small"
version = "1"
title = "A small scale"
short_title = "Small"
heading = "Lately"
citation = "Nobody (2020)."
recall_period = "the last week"
stem = "Lately, how often…"

[licence]
tier = "A"
status = "own"
text = "Ours."
permits_commercial = true
permits_modification = true

[wording]
tag = "own"
source = "Ours."

[[response_sets]]
id = "often"
options = [
  { value = 0, label = "Never" },
  { value = 1, label = "Sometimes" },
  { value = 2, label = "Always" },
]

[[items]]
id = "small_1"
text = "did you sing?"
response_set = "often"

[[items]]
id = "small_2"
text = "did you weep?"
response_set = "often"

[[scores]]
id = "small_total"
title = "Total"
items = ["small_1", "small_2"]
reversed = ["small_2"]
rule = "sum"
minimum_answered = 2
missing_rule_source = "Ours."
missing_rule_is_ours = true
minimum = 0
maximum = 4
direction = "higher_is_better"
bands = [
  { low = 0, high = 1, label = "Low" },
  { low = 2, high = 4, label = "High" },
]
bands_are = "convention"
bands_source = "Ours."

[[norms]]
score = "small_total"
population = "Everybody"
mean = 2
sd = 1
source = "Nobody (2020)"
"""


def faults_of(*changes: tuple[str, str]) -> tuple[Fault, ...]:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(DefinitionError) as caught:
        load_instrument(text, "small.toml")
    return caught.value.faults


def test_accepts_a_definition_that_agrees_with_itself() -> None:
    assert load_instrument(SMALL, "small.toml").id == "small"


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    [
        ('id = "small_2"', 'id = "small_1"', "items", "the id 'small_1' more than once"),
        (
            'response_set = "often"',
            'response_set = "rarely"',
            "items[0].response_set",
            "'rarely'",
        ),
        ("value = 2", "value = 1", "response_sets[0].options", "the value 1 more than once"),
        (
            'items = ["small_1", "small_2"]',
            'items = ["small_1", "small_2", "small_9"]',
            "scores[0].items",
            "'small_9'",
        ),
        (
            'items = ["small_1", "small_2"]',
            'items = ["small_1", "small_2", "small_2"]',
            "scores[0].items",
            "'small_2' more than once",
        ),
        ('reversed = ["small_2"]', 'reversed = ["other"]', "scores[0].reversed", "'other'"),
        (
            'reversed = ["small_2"]',
            'reversed = ["small_2", "small_2"]',
            "scores[0].reversed",
            "'small_2' more than once",
        ),
        ("minimum_answered = 2", "minimum_answered = 3", "scores[0].minimum_answered", "3"),
        ("minimum = 0", "minimum = 1", "scores[0].minimum", "1"),
        ("maximum = 4", "maximum = 5", "scores[0].maximum", "5"),
        ('label = "High"', 'label = "Low"', "scores[0].bands", "the label 'Low' more than once"),
        ('bands_are = "convention"', "", "scores[0].bands", "bands without a source"),
        ("low = 0, high = 1", "low = 1, high = 1", "scores[0].bands", "bands from 1"),
        ("low = 2, high = 4", "low = 2, high = 3", "scores[0].bands", "bands to 3"),
        ('score = "small_total"', 'score = "total"', "norms[0].score", "'total'"),
    ],
)
def test_finds_the_fault_and_names_its_place(old: str, new: str, where: str, found: str) -> None:
    assert (where, found) in [(fault.where, fault.found) for fault in faults_of((old, new))]


@pytest.mark.parametrize(
    ("low", "kind"), [("low = 1, high = 4", "an overlap"), ("low = 3, high = 4", "a gap")]
)
def test_finds_bands_that_overlap_or_leave_a_gap(low: str, kind: str) -> None:
    (fault,) = faults_of(("low = 2, high = 4", low))
    assert fault.found.startswith(f"{kind} between 'Low', to 1, and 'High'")
    assert fault.expected == "'High' from 2"


def test_finds_a_band_that_ends_before_it_begins() -> None:
    faults = faults_of(("low = 0, high = 1", "low = 1, high = 0"))
    assert "1 to 0" in [fault.found for fault in faults]


def test_bands_of_a_mean_meet_at_their_edges() -> None:
    mean = SMALL.replace('rule = "sum"', 'rule = "mean"').replace("maximum = 4", "maximum = 2")
    meeting = mean.replace("low = 2, high = 4", "low = 1, high = 2")
    assert load_instrument(meeting, "small.toml").scores[0].rule == "mean"
    with pytest.raises(DefinitionError, match=r"a gap .* expected 'High' from 1"):
        load_instrument(mean.replace("low = 2, high = 4", "low = 1.5, high = 2"), "small.toml")


def test_the_range_is_that_of_the_transformed_score() -> None:
    transformed = SMALL.replace(
        'rule = "sum"',
        'rule = "sum"\ntransform = { kind = "linear", add = -4, multiply = -1 }',
    )
    assert load_instrument(transformed, "small.toml").scores[0].maximum == 4
    with pytest.raises(DefinitionError, match="which the response options make"):
        load_instrument(transformed.replace("add = -4", "add = -5"), "small.toml")


def test_lists_all_faults_of_a_definition_at_once() -> None:
    faults = faults_of(
        ("minimum_answered = 2", "minimum_answered = 3"),
        ("maximum = 4", "maximum = 5"),
        ('reversed = ["small_2"]', 'reversed = ["other"]'),
    )
    assert {fault.where for fault in faults} >= {
        "scores[0].minimum_answered",
        "scores[0].maximum",
        "scores[0].reversed",
    }
    assert all(fault.file == "small.toml" for fault in faults)


def test_refuses_an_option_whose_value_is_a_missing_code() -> None:
    (fault,) = faults_of(("value = 0", "value = -9"))
    assert fault.where == "response_sets[0].options[0].value"


def test_refuses_an_item_or_a_score_that_two_instruments_share() -> None:
    other = SMALL.replace('id = "small"', 'id = "other"', 1)
    with pytest.raises(DefinitionError) as caught:
        catalogue_of({"other.toml": other, "small.toml": SMALL})
    assert [fault.where for fault in caught.value.faults] == [
        "items[0].id",
        "items[1].id",
        "scores[0].id",
    ]
    assert caught.value.faults[0].expected == "an id that other.toml does not use"


def test_refuses_a_file_that_is_not_named_for_its_instrument() -> None:
    with pytest.raises(DefinitionError) as caught:
        catalogue_of({"large.toml": SMALL})
    assert [(fault.file, fault.where) for fault in caught.value.faults] == [("large.toml", "id")]


def test_lists_the_faults_of_every_file_at_once() -> None:
    broken = SMALL.replace("minimum_answered = 2", "minimum_answered = 3")
    with pytest.raises(DefinitionError) as caught:
        catalogue_of({"bad.toml": "id = ", "small.toml": broken})
    assert [fault.file for fault in caught.value.faults] == ["bad.toml", "small.toml"]
