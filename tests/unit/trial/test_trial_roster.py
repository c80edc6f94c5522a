"""Reading a roster: what is understood, and everything that is refused."""

from __future__ import annotations

import pytest

from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster import Roster, RosterRow, read_roster
from survey_app.trial.roster_file import MOST_ROWS

HEADINGS = "authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role"
DEV = "Bolton,Beck Primary School,105160,primary,yes,Dev Patel,dev@beck.example,DSL"
EVE = "Bolton,Moor Primary School,105161,primary,yes,Eve Smith,eve@moor.example,deputy"


def csv_of(*lines: str, headings: str = HEADINGS) -> bytes:
    return ("\n".join((headings, *lines)) + "\n").encode()


def read(*lines: str, headings: str = HEADINGS) -> Roster:
    return read_roster(csv_of(*lines, headings=headings), phases=("primary",))


def faults_of(data: bytes) -> tuple[RosterFault, ...]:
    with pytest.raises(RosterError) as refused:
        read_roster(data, phases=("primary",))
    return refused.value.faults


def only_fault_of(data: bytes) -> RosterFault:
    faults = faults_of(data)
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]


def with_cell(column: str, value: str) -> bytes:
    cells = dict(zip(HEADINGS.split(","), DEV.split(","), strict=True))
    cells[column] = value
    return csv_of(",".join(cells.values()))


def test_gives_a_row_for_each_person_in_the_order_of_the_file() -> None:
    roster = read(DEV, EVE)
    assert roster.rows[0] == RosterRow(
        line=2,
        authority="Bolton",
        school="Beck Primary School",
        urn="105160",
        phase="primary",
        mainstream=True,
        dsl_name="Dev Patel",
        dsl_email="dev@beck.example",
        dsl_role="DSL",
    )
    assert [(row.line, row.dsl_role) for row in roster.rows] == [(2, "DSL"), (3, "deputy")]
    assert roster.n_schools == 2


def test_understands_the_headings_of_the_national_register() -> None:
    headings = (
        'URN,LA (code),"LA (name)",EstablishmentNumber,EstablishmentName,'
        "TypeOfEstablishment (name),EstablishmentStatus (name),PhaseOfEducation (name),"
        "dsl_name,dsl_email,dsl_role"
    )
    roster = read(
        "105160,350,Bolton,2000,Beck,Voluntary aided school,Open,Primary,Dev,dev@b.example,DSL",
        '105161,350,Bolton,2001,Moor,Pupil referral unit,"Open, but proposed to close",'
        "Not applicable,Eve,eve@b.example,Deputy DSL",
        headings=headings,
    )
    assert [(row.urn, row.authority, row.phase, row.mainstream) for row in roster.rows] == [
        ("105160", "Bolton", "primary", True),
        ("105161", "Bolton", "not applicable", False),
    ]


@pytest.mark.parametrize(
    ("kind", "mainstream"),
    [
        ("Community school", True),
        ("Voluntary controlled school", True),
        ("Academy converter", True),
        ("Free schools", True),
        ("University technical college", True),
        ("Community special school", False),
        ("Free schools special", False),
        ("Free Schools - Alternative Provision", False),
        ("Academy special sponsor led", False),
        ("Pupil referral unit", False),
        ("Non-maintained special school", False),
        ("Secure units", False),
        ("Other independent school", False),
    ],
)
def test_takes_mainstream_from_the_type_where_there_is_no_such_column(
    kind: str, mainstream: bool
) -> None:
    headings = HEADINGS.replace("mainstream", "TypeOfEstablishment (name)")
    roster = read(DEV.replace(",yes,", f",{kind},"), headings=headings)
    assert roster.rows[0].mainstream is mainstream


def test_an_answer_under_mainstream_goes_before_the_type() -> None:
    headings = HEADINGS + ",TypeOfEstablishment (name)"
    roster = read(
        DEV.replace(",yes,", ",no,") + ",Community school",
        EVE.replace(",yes,", ",,") + ",Community school",
        headings=headings,
    )
    assert [row.mainstream for row in roster.rows] == [False, True]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_recognises_the_delimiter(delimiter: str) -> None:
    data = csv_of(DEV, EVE).replace(b",", delimiter.encode())
    assert read_roster(data, phases=("primary",)) == read(DEV, EVE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_reads_utf_8_and_windows_1252(encoding: str) -> None:
    line = DEV.replace("Dev Patel", "Zoë O’Neill")
    data = f"{HEADINGS}\r\n{line}\r\n".encode(encoding)
    assert read_roster(data, phases=("primary",)).rows[0].dsl_name == "Zoë O’Neill"


def test_keeps_addresses_in_lower_case_and_names_without_stray_spaces() -> None:
    row = read(DEV.replace("dev@beck", " Dev@Beck").replace("Dev Patel", " Dev \u00a0 Patel ")).rows
    assert (row[0].dsl_email, row[0].dsl_name) == ("dev@beck.example", "Dev Patel")


def test_passes_over_blank_lines_and_still_counts_them() -> None:
    roster = read("", DEV, ",,,,,,,", EVE)
    assert [row.line for row in roster.rows] == [3, 5]


def test_counts_lines_as_an_editor_does_when_a_cell_has_a_line_break() -> None:
    headings = HEADINGS + ",remarks"
    data = csv_of(DEV + ',"two\nlines"', EVE.replace("105161", "9") + ",", headings=headings)
    assert only_fault_of(data).line == 4


def test_notes_one_name_with_two_addresses_at_a_school() -> None:
    roster = read(DEV, DEV.replace("dev@", "d.patel@"))
    assert [note.line for note in roster.notes] == [3]
    assert "Dev Patel is at Beck Primary School (105160) on line 2 too" in roster.notes[0].message


def test_notes_a_school_with_deputies_and_no_lead() -> None:
    roster = read(DEV, EVE, EVE.replace("Eve Smith,eve", "Ben Ali,ben"))
    assert [(note.line, note.message) for note in roster.notes] == [
        (3, "Moor Primary School (105161) has a deputy here and no DSL")
    ]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("urn", "10516", "six digits"),
        ("urn", "105160.0", "six digits"),
        ("urn", "١٠٥١٦٠", "six digits"),
        ("phase", "junior", "one of nursery, primary"),
        ("mainstream", "maybe", "yes or no"),
        ("dsl_email", "dev at beck", "an email address"),
        ("dsl_email", "dev@beck", "an email address"),
        ("dsl_role", "caretaker", "DSL or deputy"),
        ("school", "", "empty"),
        ("school", "1234", "a name"),
        ("school", "Beck | Moor", "a name"),
        ("dsl_name", "=1+1 Dev", "formula"),
        ("dsl_name", "+44 Dev", "formula"),
        ("dsl_name", "-Dev", "formula"),
        ("dsl_name", "@Dev", "formula"),
        ("authority", "B" * 201, "at most 200"),
        ("dsl_name", '"Dev\nPatel"', "one line of text"),
        ("authority", "Bol\u200bton", "one line of text"),
    ],
)
def test_refuses_a_cell_and_says_where_and_what_was_expected(
    column: str, value: str, words: str
) -> None:
    fault = only_fault_of(with_cell(column, value))
    assert (fault.line, fault.column) == (2, column)
    assert words in fault.reason


def test_names_the_heading_as_the_file_spells_it() -> None:
    headings = HEADINGS.replace("urn", "URN")
    assert only_fault_of(csv_of(DEV.replace("105160", "1"), headings=headings)).column == "URN"


@pytest.mark.parametrize("status", ["Closed", "Proposed to open"])
def test_refuses_a_school_that_is_not_open(status: str) -> None:
    headings = HEADINGS + ",EstablishmentStatus (name)"
    fault = only_fault_of(csv_of(f"{DEV},{status}", headings=headings))
    assert fault.column == "EstablishmentStatus (name)"
    assert repr(status) in fault.reason


def test_refuses_a_type_that_the_register_does_not_have() -> None:
    headings = HEADINGS.replace("mainstream", "TypeOfEstablishment (name)")
    fault = only_fault_of(csv_of(DEV.replace(",yes,", ",Academy of dance,"), headings=headings))
    assert "column mainstream" in fault.reason


@pytest.mark.parametrize("column", HEADINGS.split(","))
def test_refuses_a_file_without_a_column_it_needs(column: str) -> None:
    place = HEADINGS.split(",").index(column)
    lines = [line.split(",") for line in (HEADINGS, DEV)]
    for cells in lines:
        cells.pop(place)
    fault = only_fault_of("\n".join(",".join(cells) for cells in lines).encode())
    assert (fault.line, fault.column) == (1, column)
    assert "missing" in fault.reason


def test_refuses_two_columns_that_say_the_same() -> None:
    fault = only_fault_of(csv_of(DEV + ",Other", headings=HEADINGS + ",EstablishmentName"))
    assert (fault.line, fault.column) == (1, "EstablishmentName")


@pytest.mark.parametrize("extra", [",surplus", ",,surplus"])
def test_refuses_a_row_with_more_cells_than_headings(extra: str) -> None:
    fault = only_fault_of(csv_of(DEV + extra))
    assert (fault.line, fault.column) == (2, "")
    assert "comma" in fault.reason


def test_refuses_a_row_with_fewer_cells_than_headings() -> None:
    assert "7 cells" in only_fault_of(csv_of(DEV.rsplit(",", 1)[0])).reason


def test_forgives_empty_cells_beyond_the_headings() -> None:
    assert read(DEV + ",,,").n_schools == 1


def test_refuses_the_same_person_at_the_same_school_twice() -> None:
    fault = only_fault_of(csv_of(DEV, DEV.replace("dev@", "DEV@")))
    assert fault.line == 3
    assert "line 2" in fault.reason


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("Beck Primary School", "Beck Junior School", "school"),
        ("Bolton", "Bury", "authority"),
        (",primary,", ",secondary,", "phase"),
        (",yes,", ",no,", "mainstream"),
    ],
)
def test_refuses_one_urn_said_to_be_two_things(old: str, new: str, column: str) -> None:
    other = DEV.replace("Dev Patel,dev@", "Ada Khan,ada@").replace(old, new)
    fault = only_fault_of(csv_of(DEV, other))
    assert (fault.line, fault.column) == (3, column)
    assert "as on line 2" in fault.reason


def test_refuses_one_address_of_two_people_at_two_schools() -> None:
    other = EVE.replace("eve@moor.example", "Dev@beck.example")
    fault = only_fault_of(csv_of(DEV, other))
    assert (fault.line, fault.column) == (3, "dsl_email")
    assert "at 105160 on line 2" in fault.reason


def test_takes_one_person_at_two_schools_and_says_so() -> None:
    other = EVE.replace("Eve Smith,eve@moor.example", "Dev Patel,Dev@beck.example")
    roster = read_roster(csv_of(DEV, other), phases=("primary",))
    assert [row.urn for row in roster.rows] == ["105160", "105161"]
    assert [note.line for note in roster.notes if "shared by two schools" in note.message] == [3]


def test_reads_the_trust_where_the_file_has_one() -> None:
    head, dev, eve = csv_of(DEV, EVE).decode().splitlines()
    text = f"{head},Trusts (name)\n{dev},Beacon Trust\n{eve},\n".encode()
    assert [row.trust for row in read_roster(text, phases=("primary",)).rows] == [
        "Beacon Trust",
        "",
    ]
    without = read_roster(csv_of(DEV), phases=("primary",))
    assert [row.trust for row in without.rows] == [None]


def test_expects_the_commonest_spelling_of_an_authority() -> None:
    ada = EVE.replace("eve@", "ada@").replace("105161", "105162")
    fault = only_fault_of(csv_of(DEV.replace("Bolton", "bolton"), EVE, ada))
    assert (fault.line, fault.column) == (2, "authority")


def test_refuses_one_authority_spelt_in_two_ways() -> None:
    fault = only_fault_of(csv_of(DEV, EVE.replace("Bolton", "BOLTON")))
    assert (fault.line, fault.column) == (3, "authority")
    assert "'Bolton'" in fault.reason


def test_refuses_one_authority_code_with_two_names() -> None:
    headings = HEADINGS + ",LA (code)"
    data = csv_of(DEV + ",350", EVE.replace("Bolton", "Bury") + ",350", headings=headings)
    fault = only_fault_of(data)
    assert (fault.line, fault.column) == (3, "authority")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old spreadsheet"),
        (b"%PDF-1.7", "a PDF"),
        (csv_of(DEV).decode().encode("utf-16"), "UTF-16"),
        (csv_of(DEV).decode().encode("utf-16-le"), "UTF-16"),
        (b"one,two\n1,2\n", "no heading is known"),
        (b",,,\n,,\n", "no text in it"),
    ],
)
def test_refuses_what_is_no_roster_at_all(data: bytes, words: str) -> None:
    assert words in only_fault_of(data).reason


def test_refuses_headings_without_rows() -> None:
    assert "no row" in only_fault_of(csv_of()).reason


def test_refuses_a_file_with_no_school_of_the_study_s_phases() -> None:
    fault = only_fault_of(csv_of(DEV.replace("primary", "secondary")))
    assert fault.line == 0
    assert "secondary" in fault.reason


def test_keeps_a_school_of_another_phase_beside_those_of_the_study() -> None:
    assert [row.phase for row in read(DEV, EVE.replace("primary", "all-through")).rows] == [
        "primary",
        "all-through",
    ]


def test_finds_the_line_with_a_nul_byte() -> None:
    fault = only_fault_of(csv_of(DEV, EVE).replace(b"Eve", b"E\0ve"))
    assert fault.line == 3
    assert "NUL" in fault.reason


def test_finds_the_line_in_another_encoding_than_the_rest() -> None:
    data = csv_of(DEV.replace("Dev", "Zoë")) + EVE.replace("Eve", "Chloë").encode("cp1252")
    faults = faults_of(data)
    assert [fault.line for fault in faults] == [3]
    assert "UTF-8" in faults[0].reason


def test_finds_the_line_that_is_in_no_known_encoding() -> None:
    assert only_fault_of(csv_of(DEV, EVE).replace(b"Dev", b"D\x81v")).line == 2


def test_finds_the_line_where_a_quotation_mark_is_missing_and_reads_on() -> None:
    data = csv_of(DEV.replace("Beck Primary", '"Beck Primary'), EVE.replace("105161", "1"))
    assert [(fault.line, fault.column) for fault in faults_of(data)] == [(2, ""), (3, "urn")]


def test_refuses_more_rows_than_a_file_may_have() -> None:
    lines = [
        f"Bolton,School {n},{100000 + n},primary,yes,Dev Patel,dev{n}@beck.example,DSL"
        for n in range(MOST_ROWS + 1)
    ]
    fault = only_fault_of(csv_of(*lines))
    assert fault.line == MOST_ROWS + 2
    assert "20,000" in fault.reason


def test_lists_ten_kinds_of_fault_in_one_file() -> None:
    lines = [
        DEV,
        DEV,
        "Bolton,,105162,primary,yes,Ada Khan,ada@a.example,DSL",
        "Bolton,Hill,10516X,primary,yes,Ada Khan,ada@b.example,DSL",
        "Bolton,Dale,105163,sixth,yes,Ada Khan,ada@c.example,DSL",
        "Bolton,Ford,105164,primary,perhaps,Ada Khan,ada@d.example,DSL",
        "Bolton,Vale,105165,primary,yes,Ada Khan,ada at e,DSL",
        "Bolton,Mill,105166,primary,yes,Ada Khan,ada@f.example,governor",
        "Bolton,Lane,105167,primary,yes,=HYPERLINK(1),ada@g.example,DSL",
        "Bolton,Beck Infants,105160,primary,yes,Ben Ali,ben@beck.example,DSL",
        "Bolton,Glen,105168,primary,yes,Ada Khan,ada@h.example,DSL,surplus",
        "Bolton,Cove,105169,primary,yes,A\0da Khan,ada@i.example,DSL",
        'Bolton,"Firs,105170,primary,yes,Ada Khan,ada@j.example,DSL',
    ]
    faults = faults_of(csv_of(*lines))
    assert [(fault.line, fault.column) for fault in faults] == [
        (3, ""),
        (4, "school"),
        (5, "urn"),
        (6, "phase"),
        (7, "mainstream"),
        (8, "dsl_email"),
        (9, "dsl_role"),
        (10, "dsl_name"),
        (11, "school"),
        (12, ""),
        (13, ""),
        (14, ""),
    ]
    assert len(str(RosterError(faults)).splitlines()) == 12


def test_lists_what_came_before_a_file_that_cannot_be_read_on() -> None:
    faults = faults_of(b"o\0ne,two\n1,2\n")
    assert [fault.line for fault in faults] == [1, 1]
