"""The strict reader: nothing is converted, and every fault is told at once with its place."""

from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import Field, field_validator

from instruments.errors import DefinitionError, Fault
from instruments.reader import Definition, read_toml_strictly


class Apple(Definition):
    kind: Literal["apple"]
    apple: str
    weight: int = 1


class Pear(Definition):
    kind: Literal["pear"]
    ripe: bool


class Basket(Definition):
    name: str
    picked_on: date
    price: float
    label: int | str = ""
    fruit: Annotated[
        tuple[Annotated[Apple | Pear, Field(discriminator="kind")], ...], Field(min_length=2)
    ]

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name) > 10:
            raise ValueError("a name of at most 10 letters")
        return name


GOOD = """
name = "Monday"
picked_on = 2021-09-01
price = 2
fruit = [{kind = "apple", apple = "Cox"}, {kind = "pear", ripe = true}]
"""


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as caught:
        read_toml_strictly(text, Basket, file="basket.toml")
    return caught.value.faults


def test_reads_a_definition_into_a_frozen_model() -> None:
    basket = read_toml_strictly(GOOD, Basket, file="basket.toml")
    assert basket.picked_on == date(2021, 9, 1)
    assert basket.price == 2.0
    assert basket.fruit == (
        Apple(kind="apple", apple="Cox"),
        Pear(kind="pear", ripe=True),
    )
    with pytest.raises(ValueError, match="frozen"):
        basket.name = "Tuesday"


def test_names_file_table_and_key_of_a_wrong_type() -> None:
    (fault,) = faults_of(GOOD.replace("ripe = true", 'ripe = "yes"'))
    assert fault == Fault("basket.toml", "fruit[1].ripe", "'yes'", "true or false, without quotes")
    assert (
        str(fault)
        == "basket.toml, fruit[1].ripe: found 'yes'; expected true or false, without quotes"
    )


def test_does_not_convert_a_number_in_quotes() -> None:
    (fault,) = faults_of(GOOD.replace("price = 2", 'price = "2"'))
    assert fault.where == "price"
    assert fault.found == "'2'"


def test_does_not_convert_a_date_in_quotes() -> None:
    (fault,) = faults_of(GOOD.replace("2021-09-01", '"2021-09-01"'))
    assert fault.where == "picked_on"


def test_names_a_missing_key() -> None:
    (fault,) = faults_of(GOOD.replace('name = "Monday"', ""))
    assert fault == Fault("basket.toml", "name", "nothing", "a value for this key")


def test_names_an_unknown_key() -> None:
    (fault,) = faults_of(GOOD.replace("ripe = true", "ripe = true, colour = 1"))
    assert fault.where == "fruit[1].colour"
    assert fault.found == "an unknown key"


def test_leaves_the_mark_of_the_kind_out_of_the_place_even_where_a_key_has_its_name() -> None:
    (fault,) = faults_of(GOOD.replace('apple = "Cox"', "apple = 3"))
    assert fault.where == "fruit[0].apple"
    (fault,) = faults_of(GOOD.replace('apple = "Cox"', 'apple = "Cox", weight = "x"'))
    assert fault.where == "fruit[0].weight"


def test_leaves_the_marks_of_the_types_a_value_may_have_out_of_the_place() -> None:
    for value in ("true", "[1]"):
        faults = faults_of(GOOD.replace("price = 2", f"price = 2\nlabel = {value}"))
        assert {fault.where for fault in faults} == {"label"}


def test_names_the_kinds_there_are() -> None:
    (fault,) = faults_of(GOOD.replace('kind = "pear"', 'kind = "plum"'))
    assert fault.where == "fruit[1].kind"
    assert fault.found == "'plum'"
    assert fault.expected == "one of 'apple', 'pear'"


def test_asks_for_the_kind_where_there_is_none() -> None:
    (fault,) = faults_of(GOOD.replace('kind = "pear", ', ""))
    assert fault == Fault("basket.toml", "fruit[1].kind", "nothing", "the kind of this table")


def test_gives_the_words_of_a_models_own_check() -> None:
    (fault,) = faults_of(GOOD.replace("Monday", "Monday morning"))
    assert fault.expected == "a name of at most 10 letters"


def test_lists_every_fault_at_once() -> None:
    text = 'name = 1\nprice = "x"\ncolour = "red"\nfruit = 3\n'
    error = DefinitionError(faults_of(text))
    assert {fault.where for fault in error.faults} == {
        "name",
        "picked_on",
        "price",
        "colour",
        "fruit",
    }
    assert len(str(error).splitlines()) == 5


def test_counts_the_entries_of_a_list_that_is_too_short() -> None:
    (fault,) = faults_of(GOOD.replace(', {kind = "pear", ripe = true}', ""))
    assert fault == Fault("basket.toml", "fruit", "1 entry", "at least 2")


def test_a_faulty_entry_does_not_make_its_list_too_short() -> None:
    (fault,) = faults_of(GOOD.replace("ripe = true", "ripe = 3"))
    assert fault.where == "fruit[1].ripe"


def test_shows_a_table_or_a_long_value_in_brief() -> None:
    (fault,) = faults_of(GOOD.replace("price = 2", "price = {pounds = 2}"))
    assert fault.found == "this table"
    (fault,) = faults_of(GOOD.replace("price = 2", f'price = "{"9" * 500}"'))
    assert len(fault.found) == 80
    assert fault.found.endswith("…")


def test_says_where_the_text_is_not_toml() -> None:
    (fault,) = faults_of('name = "Monday"\nprice 2\n')
    assert fault.where == "line 2, column 7"
    assert fault.expected == "a TOML document"
    assert "syntax error" in fault.found


def test_says_that_a_text_cut_short_is_not_toml() -> None:
    (fault,) = faults_of('name = "Mon')
    assert fault.found.startswith("a syntax error")


def test_a_fault_of_the_whole_file_names_the_file_alone() -> None:
    assert str(Fault("a.toml", "", "nothing", "a study")) == (
        "a.toml: found nothing; expected a study"
    )
