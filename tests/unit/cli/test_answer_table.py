"""A CSV of answers is read whatever platform wrote it, or refused in words."""

from __future__ import annotations

import click
import pytest

from survey_app.cli.answer_table import read_answer_table


def read(text: str, encoding: str = "utf-8") -> list[list[str]]:
    table = read_answer_table(text.encode(encoding), "answers.csv")
    return [list(table.columns), *table.to_numpy().tolist()]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_that_of_the_headings(separator: str) -> None:
    text = "q1,q2\n1,2\n".replace(",", separator)
    assert read(text) == [["q1", "q2"], ["1", "2"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets_are_read(encoding: str) -> None:
    assert read("q1,Fühlen\n1,2\n", encoding) == [["q1", "Fühlen"], ["1", "2"]]


def test_a_separator_within_quotes_is_none() -> None:
    assert read('"How, then; or";q2\n1;2\n') == [["How, then; or", "q2"], ["1", "2"]]


def test_one_column_needs_no_separator() -> None:
    assert read("q1\n1\n2\n") == [["q1"], ["1"], ["2"]]


def test_whole_numbers_with_a_decimal_comma_are_whole_numbers() -> None:
    assert read("a;b;c\n3,0;-1,00;3,5\n")[1] == ["3", "-1", "3,5"]


def test_rows_with_nothing_in_them_are_left_out_and_the_others_keep_their_numbers() -> None:
    table = read_answer_table(b"\nq1,q2\n\n1,2\n , \n3,\n\n", "answers.csv")
    assert list(table.index) == [4, 6]
    assert table.to_numpy().tolist() == [["1", "2"], ["3", ""]]


def test_a_heading_that_is_there_twice_stays_twice() -> None:
    assert read("q1,q1\n1,2\n")[0] == ["q1", "q1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "there is nothing in it"),
        (b"\n\n,,\n", "there is nothing in it"),
        (b"q1,q2\n1,2\n1,2,3\n", "row 3 has 3 cells; expected 2"),
        (b"q1,na\xefve\n1,2\n", "row 1 has a letter in another encoding"),
        (b"\xff\xfe\x00", "cannot be read as a CSV"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(click.ClickException, match="cannot be read as a CSV") as found:
        read_answer_table(data, "answers.csv")
    assert says in found.value.message
