"""The flow of schools and people as the dashboard draws it, and as a table.

CONSORT 2025 item 22 asks who was assessed, randomised, answered and analysed, and its extension to
cluster trials asks it of schools and of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from survey_app.database.queries.progress import PairedCell, SchoolCell, WaveCell
from survey_app.trial.arm_names import ArmNames
from survey_app.trial.study_file import Wave
from survey_app.web.coordinator.response_lines import NOT_ALLOCATED, PAIRED

EVERY_SCHOOL = "Every school that can take part"
ALL = "All"


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box of the diagram: what happened, and to how many."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FlowColumn:
    """The boxes of one arm, from allocation down."""

    name: str
    boxes: tuple[FlowBox, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The diagram, and the table behind it."""

    top: tuple[FlowBox, ...]
    excluded: FlowBox | None
    columns: tuple[FlowColumn, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> range:
        """The columns of the table that hold figures."""
        return range(1, len(self.headings))


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """What the record counts for the flow."""

    schools: Sequence[SchoolCell]
    waves: Sequence[WaveCell]
    paired: Sequence[PairedCell]
    attended: Mapping[str, int]
    """The schools that attended any session, by arm; empty while that would tell arms apart."""


def flow_of(
    counts: FlowCounts, *, begun: Sequence[Wave], arms: ArmNames, is_randomised: bool
) -> Flow:
    """Draw the flow: one column an arm, or one for all while there are none to tell apart."""
    eligible = [cell for cell in counts.schools if not cell.exclusion]
    excluded = [cell for cell in counts.schools if cell.exclusion]
    groups = _groups(eligible, arms)
    columns = tuple(
        FlowColumn(name, _boxes(counts, group, begun=begun, is_arm=group != {None}))
        for name, group in groups.items()
    )
    joined = "Randomised" if is_randomised else "Can take part"
    top = (
        FlowBox(
            "Assessed for eligibility",
            (("Schools", _n(sum(cell.schools for cell in counts.schools))),),
        ),
        FlowBox(joined, _schools_and_people(eligible)),
    )
    left_out = FlowBox(
        "Excluded",
        tuple(
            (f"Schools: {cell.exclusion}", _n(cell.schools))
            for cell in sorted(excluded, key=lambda cell: (-cell.schools, cell.exclusion))
        ),
    )
    return Flow(
        top,
        left_out if excluded else None,
        columns,
        ("Stage", *groups, *([ALL] if len(groups) > 1 else [])),
        tuple(_rows(top, left_out, columns, counts, begun)),
    )


def _groups(eligible: Sequence[SchoolCell], arms: ArmNames) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {label: {arm} for arm, label in arms.labels.items()}
    if not found:
        return {EVERY_SCHOOL: {cell.arm for cell in eligible} | {None}}
    if any(cell.arm is None for cell in eligible):
        found[NOT_ALLOCATED] = {None}
    return found


def _boxes(
    counts: FlowCounts, arms: set[str | None], *, begun: Sequence[Wave], is_arm: bool
) -> tuple[FlowBox, ...]:
    schools = [cell for cell in counts.schools if not cell.exclusion and cell.arm in arms]
    boxes = [FlowBox("Allocated" if is_arm else "Waiting", _with_sizes(schools))]
    if counts.attended and is_arm:
        attended = sum(counts.attended.get(arm or "", 0) for arm in arms)
        n_schools = sum(cell.schools for cell in schools)
        boxes.append(
            FlowBox(
                "Supervision received",
                (
                    ("Schools that attended a session", _n(attended)),
                    ("Schools that attended none", _n(n_schools - attended)),
                ),
            )
        )
    for wave in begun:
        cells = [cell for cell in counts.waves if cell.wave == wave.id and cell.arm in arms]
        boxes.append(FlowBox(wave.title, _wave_lines(cells)))
    if len(begun) > 1:
        pairs = [cell for cell in counts.paired if cell.arm in arms]
        boxes.append(FlowBox(PAIRED, _paired_lines(pairs)))
    return tuple(boxes)


def _rows(
    top: Sequence[FlowBox],
    left_out: FlowBox,
    columns: Sequence[FlowColumn],
    counts: FlowCounts,
    begun: Sequence[Wave],
) -> list[tuple[str, ...]]:
    blank = ("",) * len(columns) if len(columns) > 1 else ()
    rows = [
        (f"{box.title}: {label.lower()}", *blank, value)
        for box in (top[0], left_out, top[1])
        for label, value in box.lines
    ]
    everybody = {cell.arm for cell in counts.schools}
    whole = _boxes(counts, everybody, begun=begun, is_arm=True)
    titles = {box.title: dict(box.lines) for box in whole}
    for place, box in enumerate(columns[0].boxes if columns else ()):
        for label, _ in box.lines:
            cells = [dict(column.boxes[place].lines).get(label, "") for column in columns]
            if len(columns) > 1:
                cells.append(titles.get(box.title, {}).get(label, ""))
            rows.append((f"{box.title}: {label.lower()}", *cells))
    return rows


def _schools_and_people(cells: Sequence[SchoolCell]) -> tuple[tuple[str, str], ...]:
    return (
        ("Schools", _n(sum(cell.schools for cell in cells))),
        ("People", _n(sum(cell.people for cell in cells))),
    )


def _with_sizes(cells: Sequence[SchoolCell]) -> tuple[tuple[str, str], ...]:
    schools, people = (
        sum(each) for each in ([c.schools for c in cells], [c.people for c in cells])
    )
    if not schools:
        return _schools_and_people(cells)
    fewest, most = min(cell.fewest for cell in cells), max(cell.most for cell in cells)
    return (
        *_schools_and_people(cells),
        ("People in a school, mean (range)", f"{people / schools:.1f} ({fewest} to {most})"),
    )


def _wave_lines(cells: Sequence[WaveCell]) -> tuple[tuple[str, str], ...]:
    invited = sum(cell.invited for cell in cells)
    started = sum(cell.started for cell in cells)
    submitted = sum(cell.submitted for cell in cells)
    return (
        ("People invited", _n(invited)),
        ("Not started", _n(invited - started)),
        ("Started, not submitted", _n(started - submitted)),
        ("Submitted", _n(submitted)),
        ("Withdrew from the study", _n(sum(cell.withdrew for cell in cells))),
        ("People analysed", _n(sum(cell.analysed for cell in cells))),
        ("Schools analysed", _n(sum(cell.schools_analysed for cell in cells))),
    )


def _paired_lines(cells: Sequence[PairedCell]) -> tuple[tuple[str, str], ...]:
    return (
        ("People invited to every wave", _n(sum(cell.invited for cell in cells))),
        ("Submitted at every wave", _n(sum(cell.submitted for cell in cells))),
    )


def _n(number: int) -> str:
    return f"{number:,}"
