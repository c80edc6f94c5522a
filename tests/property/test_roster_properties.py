"""Whatever bytes are uploaded as a roster, the answer is a roster or a list of faults."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster import read_roster

HEADINGS = b"authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role\n"
ROW = b"Bolton,Beck Primary School,105160,primary,yes,Dev Patel,dev@beck.example,DSL\n"
PIECES = st.sampled_from(
    [b",", b";", b"\t", b'"', b"\n", b"\r", b"\r\n", b"\0", b"\xc3\xa9", b"\xe9", b"\x81", b"=",
     b"105160", b"dev@beck.example", b"yes", b"primary", HEADINGS, ROW]
)  # fmt: skip


def faults_of(data: bytes) -> tuple[RosterFault, ...]:
    """What the roster is refused for; () where it is read."""
    try:
        roster = read_roster(data, phases=("primary",))
    except RosterError as error:
        return error.faults or (RosterFault(-1, "", "refused without a fault"),)
    return () if roster.rows else (RosterFault(-1, "", "read without a row"),)


@settings(deadline=None, max_examples=300)
@given(data=st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)))
@example(data=b"\xef\xbb\xbf\xef\xbb\xbf")
def test_any_bytes_give_a_roster_or_faults_with_a_reason(data: bytes) -> None:
    assert all(fault.line >= 0 and fault.reason for fault in faults_of(data))


@settings(deadline=None, max_examples=300)
@given(
    line=st.integers(0, 3),
    place=st.integers(0, len(ROW) - 2),
    damage=st.sampled_from([b"\0", b"\x81", b",", b"|", b'"', b"="]),
)
def test_damage_to_a_line_is_found_on_that_line_alone(line: int, place: int, damage: bytes) -> None:
    rows = [
        ROW.replace(b"105160", b"%d" % (105_160 + n)).replace(b"dev@", b"d%dv@" % n)
        for n in range(4)
    ]
    rows[line] = rows[line][:place] + damage + rows[line][place:]
    assert {fault.line for fault in faults_of(HEADINGS + b"".join(rows))} <= {line + 2}


@settings(deadline=None, max_examples=100)
@given(names=st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_what_is_read_can_be_written_and_read_again(names: list[str]) -> None:
    def text_of(rows: list[tuple[str, ...]]) -> bytes:
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
        return HEADINGS + "\n".join(quoted).encode(errors="ignore")

    drafted = [
        ("Bolton", "Beck", "105160", "primary", "yes", name, f"dev{n}@beck.example", "DSL")
        for n, name in enumerate(names)
    ]
    try:
        roster = read_roster(text_of(drafted), phases=("primary",))
    except RosterError:
        return
    again = [
        (r.authority, r.school, r.urn, r.phase, "yes", r.dsl_name, r.dsl_email, r.dsl_role)
        for r in roster.rows
    ]
    assert read_roster(text_of(again), phases=("primary",)).rows == roster.rows
