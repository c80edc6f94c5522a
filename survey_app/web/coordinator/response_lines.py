"""How the dashboard shows response: a chart for each way to look at it, and the table behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reports.drift import ArmResponse, Drift, drift
from survey_app.database.queries.progress import PairedCell, WaveCell
from survey_app.trial.arm_names import ArmNames
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave

NOT_ALLOCATED = "Not allocated yet"
NOBODY = "–"
PAIRED = "Every wave so far"
_TONES = 4

Cell = WaveCell | PairedCell
KeyOf = Callable[[Cell], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; the width is a share of the whole width, as SVG writes it."""

    label: str
    width: str
    value: str
    tone: int


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars of one category."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart with the table of its figures."""

    id: str
    title: str
    groups: tuple[BarGroup, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> range:
        """The columns of the table that hold figures."""
        return range(1, len(self.columns))


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a bar is about: one wave, or all waves so far together."""

    title: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class DriftLine:
    """Whether the arms differ in their response at one wave, in words that name no arm."""

    text: str
    is_alarm: bool


def waves_begun(design: StudyDefinition, cells: Sequence[WaveCell]) -> list[Wave]:
    """Give the waves that anybody was invited to, in order."""
    begun = {cell.wave for cell in cells}
    return [wave for wave in design.waves if wave.id in begun]


def occasions_of(
    waves: Sequence[Wave], cells: Sequence[WaveCell], paired: Sequence[PairedCell]
) -> list[Occasion]:
    """Give what there are bars for: each wave begun and, from two on, all of them together."""
    found = [
        Occasion(wave.title, [cell for cell in cells if cell.wave == wave.id]) for wave in waves
    ]
    if len(waves) > 1:
        found.append(Occasion(PAIRED, paired))
    return found


def overall_chart(occasions: Sequence[Occasion]) -> Chart:
    """Give the response of everybody, a bar for each occasion."""
    return Chart(
        "response-overall",
        "Response at each wave",
        tuple(
            BarGroup("", (_bar(each.title, each.cells, tone),))
            for tone, each in enumerate(occasions)
        ),
        ("Wave", "Invited", "Submitted", "Response"),
        tuple((each.title, *_figures(each.cells)) for each in occasions),
    )


def chart_by(
    id: str,  # what HTML calls it
    title: str,
    heading: str,
    occasions: Sequence[Occasion],
    *,
    key: KeyOf,
    order: Sequence[str] = (),
) -> Chart:
    """Give the response by authority, phase or arm; those of `order` come first, in that order."""
    names = {key(cell) for each in occasions for cell in each.cells}
    ordered = [*(n for n in order if n in names), *sorted(names - set(order))]
    columns = [heading]
    for each in occasions:
        columns += [f"{each.title}: {figure}" for figure in ("invited", "submitted", "response")]
    by_name = {
        name: [[cell for cell in each.cells if key(cell) == name] for each in occasions]
        for name in ordered
    }
    return Chart(
        id,
        title,
        tuple(
            BarGroup(
                name,
                tuple(
                    _bar(each.title, cells, tone)
                    for tone, (each, cells) in enumerate(zip(occasions, found, strict=True))
                ),
            )
            for name, found in by_name.items()
        ),
        tuple(columns),
        tuple(
            (name, *(figure for cells in found for figure in _figures(cells)))
            for name, found in by_name.items()
        ),
    )


def arm_key(arms: ArmNames) -> KeyOf:
    """Give how a cell's arm is called, for charts."""
    return lambda cell: arms.labels.get(cell.arm or "", NOT_ALLOCATED)


def drift_lines(
    waves: Sequence[Wave], cells: Sequence[WaveCell], arms: ArmNames
) -> list[DriftLine]:
    """Say for each wave whether the arms have drifted apart; no arm is named."""
    return [_drift_line(wave, _drift_at(wave, cells, arms)) for wave in waves]


def _drift_at(wave: Wave, cells: Sequence[WaveCell], arms: ArmNames) -> Drift | None:
    of_wave = [cell for cell in cells if cell.wave == wave.id]
    return drift(
        [_arm_response(arm, [cell for cell in of_wave if cell.arm == arm]) for arm in arms.labels]
    )


def _arm_response(arm: str, cells: Sequence[WaveCell]) -> ArmResponse:
    return ArmResponse(
        arm=arm,
        schools=sum(cell.schools for cell in cells),
        invited=sum(cell.invited for cell in cells),
        submitted=sum(cell.submitted for cell in cells),
        invited_squared=sum(cell.invited_squared for cell in cells),
        invited_times_submitted=sum(cell.invited_times_submitted for cell in cells),
        submitted_squared=sum(cell.submitted_squared for cell in cells),
    )


def _drift_line(wave: Wave, found: Drift | None) -> DriftLine:
    if found is None:
        return DriftLine(f"“{wave.title}”: too few people are invited yet to compare.", False)
    points, error = 100 * found.difference, 100 * found.standard_error
    differ = f"the arms differ by {points:.1f} percentage points (standard error {error:.1f})"
    if found.is_alarm:
        return DriftLine(
            f"Response to “{wave.title}” is drifting apart: {differ}. Find out why before more "
            "letters go.",
            True,
        )
    return DriftLine(f"“{wave.title}”: {differ}, which the rule does not count as drift.", False)


def _sums(cells: Iterable[Cell]) -> tuple[int, int]:
    cells = list(cells)
    return sum(cell.invited for cell in cells), sum(cell.submitted for cell in cells)


def _bar(label: str, cells: Iterable[Cell], tone: int) -> Bar:
    invited, submitted = _sums(cells)
    share = submitted / invited if invited else 0.0
    return Bar(label, f"{100 * share:.1f}%", percent(submitted, invited), tone % _TONES)


def _figures(cells: Iterable[Cell]) -> tuple[str, str, str]:
    invited, submitted = _sums(cells)
    return f"{invited:,}", f"{submitted:,}", percent(submitted, invited)


def percent(part: int, whole: int) -> str:
    """Give a share as "54%"; a dash of nobody."""
    return f"{100 * part / whole:.0f}%" if whole else NOBODY


def by_authority(cell: Cell) -> str:
    """Give the local authority of a cell."""
    return cell.authority


def by_phase(cell: Cell) -> str:
    """Give the phase of education of a cell, in words."""
    return cell.phase.capitalize()
