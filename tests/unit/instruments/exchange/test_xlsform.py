"""XLSForms as pyxform reads them, and workbooks that are wrong."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from pyxform.xls2xform import convert

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.exchange import xlsform
from instruments.exchange.drafts import Reading
from instruments.exchange.spreadsheet import read_workbook, write_workbook
from instruments.routing import AskedWhen, Condition

CATALOGUE = load_catalogue()


def workbook(survey: list[list[object]], choices: list[list[object]], **more: object) -> bytes:
    """A workbook as a spreadsheet program writes it: shared strings, numbers as numbers."""
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for name, rows in {"survey": survey, "choices": choices, **more}.items():
        sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


YES_NO = [["list_name", "name", "label"], ["yn", 0, "No"], ["yn", 1, "Yes"]]


def faults(data: bytes) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        xlsform.read(data, "calm.xlsx")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", CATALOGUE)
def test_pyxform_converts_every_instrument_without_a_warning(name) -> None:
    warnings: list[str] = []
    result = convert(
        io.BytesIO(xlsform.write(CATALOGUE[name])), warnings=warnings, file_type=".xlsx"
    )
    assert warnings == []
    for item in CATALOGUE[name].items:
        assert f'ref="/data/{name}/{item.id}"' in result.xform


def test_a_spreadsheet_program_opens_what_is_written() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsform.write(CATALOGUE["gad7"])))
    assert book.sheetnames == ["survey", "choices", "settings"]
    assert book["choices"]["B2"].value == "0"
    assert book["settings"]["B2"].value == "gad7"


def test_a_form_of_a_spreadsheet_program_is_read_and_what_is_left_is_listed() -> None:
    imported = xlsform.read(
        workbook(
            [
                ["type", "name", "label::English (en)", "label::Cymraeg (cy)", "relevant"],
                ["start", "start"],
                ["note", "intro", "Last week I felt", "Yr wythnos diwethaf"],
                ["select_one yn", "calm", "calm", "tawel", ""],
                [],
                ["select one yn", "tense", "tense", "", "${calm} = 1"],
                ["text", "why", "Why?"],
            ],
            YES_NO,
            settings=[["form_title", "form_id"], ["Calm", "calm_scale"]],
        ),
        "calm.xlsx",
    )
    draft = imported.draft
    assert (draft.id, draft.title, draft.stem) == ("calm_scale", "Calm", "Last week I felt")
    assert [(item.id, item.text, item.response_set) for item in draft.items] == [
        ("calm", "calm", "yn"),
        ("tense", "tense", "yn"),
    ]
    assert [option.value for option in draft.response_sets[0].options] == [0, 1]
    asked_when = AskedWhen(all=(Condition(question="calm", equals=1),))
    assert [item.asked_when for item in draft.items] == [None, asked_when]
    assert {(loss.field, loss.item) for loss in imported.losses} == {
        ("type", "start"),
        ("label::cymraeg (cy)", "intro"),
        ("label::cymraeg (cy)", "calm"),
        ("type", "why"),
    }


def test_every_fault_is_told_with_its_sheet_and_row() -> None:
    told = faults(
        workbook(
            [
                ["type", "name", "label"],
                ["select_one nn", "a", "A"],
                ["select_one yn", "b", ""],
                ["select_one yn", "", "C"],
                ["", "d", "D"],
                ["select_one yn", "e", "E"],
                ["select_one yn", "e", "E"],
            ],
            [*YES_NO, ["", 2, "Maybe"], ["yn", "", "Never"]],
        )
    )
    for part in (
        "calm.xlsx, survey, row 2, type: found 'nn'; expected a list of the sheet choices: yn",
        "survey, row 3: found no words",
        "survey, row 4, name: found nothing",
        "survey, row 5, type: found nothing",
        "choices, row 4, list_name: found nothing",
        "choices, row 5, name: found nothing",
        "found the question 'e' more than once",
    ):
        assert any(part in line for line in told), (part, told)


def test_a_workbook_without_its_sheets_or_columns_is_refused() -> None:
    told = faults(workbook([["name", "label"], ["a", "A"]], YES_NO))
    assert told == ["calm.xlsx, survey, row 1: found no column 'type'; expected a column 'type'"]
    assert any("choices: found no such sheet" in line for line in faults(write_workbook({})))


def packed(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path, data in parts.items():
            package.writestr(path, data)
    return target.getvalue()


def replaced(path: str, data: bytes) -> bytes:
    """A good workbook with one part put in the place of another."""
    with zipfile.ZipFile(io.BytesIO(write_workbook({"survey": [["type"]]}))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    return packed(**{**parts, path: data})


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "no workbook"),
        (b"PK\x03\x04 not really", "no workbook"),
        (packed(**{"a.txt": b"a"}), "xl/workbook.xml"),
        (replaced("xl/workbook.xml", b"<workbook"), "cannot be read safely"),
        (
            replaced("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "cannot be read safely",
        ),
        (
            replaced("xl/worksheets/sheet1.xml", b" " * 20_000_001),
            "more than 20000000 bytes",
        ),
    ],
    ids=["empty", "not-zip", "other-zip", "broken-xml", "entities", "bomb"],
)
def test_what_is_no_safe_workbook_is_refused(data, part) -> None:
    assert any(part in line for line in faults(data))


def test_cells_keep_their_places_in_a_workbook() -> None:
    rows = [["a", "", "c"], [], ["", " b ", "1.0", "&<>\"'"], ["x" * 28] * 30]
    read = read_workbook(write_workbook({"one & two": rows}), Reading("x"))
    assert list(read) == ["one & two"]
    assert read["one & two"][:3] == [["a", "", "c"], [], ["", "b", "1.0", "&<>\"'"]]
    assert read["one & two"][3] == rows[3]


def test_what_xml_cannot_hold_is_left_out() -> None:
    read = read_workbook(write_workbook({"s": [["a\x00b\x0bc\ud800d"]]}), Reading("x"))
    assert read["s"] == [["abcd"]]
