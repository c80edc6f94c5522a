"""Exhibit, as an appendix: every figure of each scale, a column a wave and arm, and its items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import nan
from typing import TYPE_CHECKING, Final

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.measurement import arm_title, item_in_words, scale_title
from reports.exhibits.scale_groups import NO_NUMBER, FigureGroup, figure_groups
from reports.formatting import counted, listed, number
from reports.tables import Cell, Column, Count, Number, Row, Table, Withheld, Words
from scoring.cfa.sample import FEWEST_PEOPLE as FEWEST_FOR_A_MODEL
from scoring.cfa.sample import FEWEST_PEOPLE_PER_PARAMETER
from scoring.factors import FEWEST_FOR_FACTORS
from scoring.ordinal.categories import FEWEST_PEOPLE as FEWEST_FOR_TABLES
from scoring.ordinal.wlsmv import FEW_PEOPLE
from scoring.reliability import FEWEST_PEOPLE

if TYPE_CHECKING:
    from reports.evidence import Evidence
    from reports.scale_checks import Scale, ScaleReliability
    from scoring.item_statistics import ItemStatistics

TITLE: Final = "Appendix: each scale in figures"
ID: Final = "scales-in-figures"
MOST_COLUMNS: Final = 6
"""So many waves stand side by side as have no more columns than a page of paper holds."""
ARMS_ABREAST: Final = 3
_SAID_ABOVE: Final = Words("–")


def scale_figures(evidence: Evidence) -> Exhibit:
    """Give each scale's reliability, dimensions and fit by wave and arm, and its items."""
    if not evidence.reliabilities:
        return Exhibit(
            id=ID,
            title=TITLE,
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    return Exhibit(
        id=ID,
        title=TITLE,
        sentences=(
            "For statisticians. Figures are of people who answered every item, unless a row says "
            f"otherwise. “Too few”: below {FEWEST_PEOPLE} people for consistency, "
            f"{FEWEST_FOR_TABLES} for ordered answers, {FEWEST_FOR_FACTORS} for factors, and for a "
            f"model {FEWEST_FOR_A_MODEL}, or {FEWEST_PEOPLE_PER_PARAMETER} for each number it "
            f"estimates. Below {FEW_PEOPLE} people models and ordered answers are rough.",
            "Guttman’s lambdas: the third is alpha. Omega of one factor is by maximum likelihood, "
            "over the variance that the model implies; Schmid and Leiman’s is of standardised "
            "items. Ordinal alpha is of the latent responses behind the answers, not of their sum; "
            "categorical omega, Green and Yang’s, is of the sum. SEM and MDC: standard error of "
            "measurement and minimal detectable change (95%), in points of the score.",
            "Components above chance: eigenvalues above the 95th percentile of those of "
            f"{_random_data(evidence)}; so many factors are extracted, by minimum residuals. "
            "Models: chi² is scaled, CFI, TLI and RMSEA are robust or scaled unless a row says "
            "otherwise. “No gaps”: nobody left an item out.",
        ),
        blocks=tuple(_tables(evidence)),
    )


def _random_data(evidence: Evidence) -> str:
    drawn = evidence.reliabilities[0].checks.parallel
    return f"{counted(drawn.replications, 'random data set')} of the same size (seed {drawn.seed})"


def _tables(evidence: Evidence) -> Iterator[Table]:
    for scale, found in groupby(evidence.reliabilities, key=lambda each: each.scale):
        columns = tuple(found)
        yield from _figures(evidence, scale, columns)
        yield from _loadings(evidence, scale, columns)
        yield from _items(evidence, scale, columns)


def _figures(
    evidence: Evidence, scale: Scale, found: Sequence[ScaleReliability]
) -> Iterator[Table]:
    k = len(scale.score.items)
    groups = [
        group
        for group in figure_groups(evidence.snapshot.plan.confidence)
        if k >= group.fewest_items
    ]
    abreast = max(1, MOST_COLUMNS * len(scale.waves) // len(found))
    for first in range(0, len(scale.waves), abreast):
        waves = scale.waves[first : first + abreast]
        columns = [each for each in found if each.wave in waves]
        apart = "" if len(waves) == len(scale.waves) else f", {_waves(evidence, waves)}"
        yield Table(
            title=f"{scale_title(evidence, scale)}{apart}",
            row_title="Figure",
            columns=tuple(
                Column(
                    arm_title(evidence, each.arm),
                    group=evidence.snapshot.study.wave_title(each.wave),
                )
                for each in columns
            ),
            rows=tuple(row for group in groups for row in _rows(group, columns)),
            notes=(*_why_so_little(scale), *_noticed(evidence, columns, groups)),
        )


def _waves(evidence: Evidence, waves: Sequence[str]) -> str:
    return listed([evidence.snapshot.study.wave_title(wave) for wave in waves])


def _rows(group: FigureGroup, columns: Sequence[ScaleReliability]) -> Iterator[Row]:
    """Give the rows of a group; one row where no wave and arm has any of its figures."""
    lines = group.lines
    if not any(each.is_hidden or not group.reason(each) for each in columns):
        lines = ("Not estimated",)
    cells = [_cells(group, each, len(lines)) for each in columns]
    for line, row in zip(lines, zip(*cells, strict=True), strict=True):
        yield Row(line, row, group.title)


def _cells(group: FigureGroup, each: ScaleReliability, n_lines: int) -> tuple[Cell, ...]:
    if each.is_hidden:
        return (Withheld(),) * n_lines
    reason = group.reason(each)
    if reason:
        return (Words(reason), *(_SAID_ABOVE,) * (n_lines - 1))
    return group.cells(each)


def _why_so_little(scale: Scale) -> tuple[str, ...]:
    if scale.has_factor:
        return ()
    return ("Two items determine no factor, so there are no omega, dimensions or models of them.",)


def _noticed(
    evidence: Evidence, columns: Sequence[ScaleReliability], groups: Sequence[FigureGroup]
) -> Iterator[str]:
    """Say why a figure is missing, and what was noticed of an item, each once with its places."""
    places: dict[str, dict[str, None]] = {}
    for each in columns:
        if each.is_hidden:
            continue
        where = _place(evidence, each)
        for group in groups:
            is_missing = NO_NUMBER in (group.reason(each), *_words(group, each))
            for finding in group.findings(each):
                is_of_item = finding.severity == "warning" and finding.subject in each.score.items
                if is_of_item or (is_missing and finding.severity == "error"):
                    about = item_in_words(each.instrument, finding.subject)
                    places.setdefault(f"{about}{finding.message}", {})[where] = None
    for message, found in places.items():
        yield f"{'; '.join(found)}: {message}"


def _words(group: FigureGroup, each: ScaleReliability) -> tuple[str, ...]:
    if group.reason(each):
        return ()
    return tuple(cell.text for cell in group.cells(each) if isinstance(cell, Words))


def _place(evidence: Evidence, each: ScaleReliability) -> str:
    wave = evidence.snapshot.study.wave_title(each.wave)
    return f"{wave}, {arm_title(evidence, each.arm).lower() if each.arm is None else each.arm}"


def _loadings(
    evidence: Evidence, scale: Scale, found: Sequence[ScaleReliability]
) -> Iterator[Table]:
    several = [
        each
        for each in found
        if not each.is_hidden
        and each.checks.factors.factors is not None
        and each.checks.factors.n_factors > 1
    ]
    if not several:
        return
    most = max(each.checks.factors.n_factors for each in several)
    yield Table(
        title=f"{scale_title(evidence, scale)}: loadings, where more than one factor stands out",
        row_title="Item",
        columns=(
            *(Column(f"Factor {place}") for place in range(1, most + 1)),
            Column("Communality"),
        ),
        rows=tuple(row for each in several for row in _loading_rows(evidence, each, most)),
        notes=(
            "Pattern loadings of an oblimin rotation.",
            *(_factor_correlations(evidence, each) for each in several),
        ),
    )


def _loading_rows(evidence: Evidence, each: ScaleReliability, most: int) -> Iterator[Row]:
    factors = each.checks.factors.factors
    if factors is None:
        return
    for place, item in enumerate(each.checks.items):
        own = [*factors.loadings[place], *(nan,) * (most - factors.loadings.shape[1])]
        yield Row(
            _item_title(each, item),
            (
                *(Words("–") if value != value else Number(float(value), 2) for value in own),
                Number(float(factors.communalities[place]), 2),
            ),
            _place(evidence, each),
        )


def _factor_correlations(evidence: Evidence, each: ScaleReliability) -> str:
    factors = each.checks.factors.factors
    phi = [] if factors is None else factors.phi.tolist()
    pairs = [
        f"{second + 1} and {first + 1} {number(phi[first][second], 2)}"
        for first in range(len(phi))
        for second in range(first)
    ]
    return f"{_place(evidence, each)}: correlations of factors {'; '.join(pairs)}."


def _items(evidence: Evidence, scale: Scale, found: Sequence[ScaleReliability]) -> Iterator[Table]:
    arms = tuple(dict.fromkeys(each.arm for each in found))
    for first in range(0, len(arms), ARMS_ABREAST):
        abreast = arms[first : first + ARMS_ABREAST]
        apart = "" if len(arms) <= ARMS_ABREAST else f", {listed(_arms(evidence, abreast))}"
        yield Table(
            title=f"{scale_title(evidence, scale)}: items{apart}",
            row_title="Item",
            columns=tuple(
                Column(title, group=arm_title(evidence, arm))
                for arm in abreast
                for title in ("n", "Mean", "SD", "Skew", "r", "α")
            ),
            rows=tuple(
                row
                for wave in scale.waves
                for row in _item_rows(
                    evidence,
                    [each for each in found if each.wave == wave and each.arm in abreast],
                )
            ),
            notes=(
                "n: people who answered the item. r, α: of those who answered every item, "
                "correlation with the sum of the other items, and alpha without it. Reversed "
                "items are shown turned.",
            ),
        )


def _arms(evidence: Evidence, arms: Sequence[str | None]) -> list[str]:
    return [arm_title(evidence, arm) for arm in arms]


def _item_rows(evidence: Evidence, abreast: Sequence[ScaleReliability]) -> Iterator[Row]:
    first = abreast[0]
    for place, item in enumerate(first.checks.items):
        yield Row(
            _item_title(first, item),
            tuple(cell for each in abreast for cell in _item_cells(each, each.checks.items[place])),
            evidence.snapshot.study.wave_title(first.wave),
        )


def _item_title(each: ScaleReliability, item: ItemStatistics) -> str:
    places = {item.id: place for place, item in enumerate(each.instrument.items, start=1)}
    return f"Item {places[item.item]}{', reversed' if item.is_reversed else ''}"


def _item_cells(each: ScaleReliability, item: ItemStatistics) -> tuple[Cell, ...]:
    if each.is_hidden:
        return (Withheld(),) * 6
    return (
        Count(item.n),
        Number(item.mean, 2),
        Number(item.sd, 2),
        Number(item.skew, 2),
        Number(item.item_rest, 2),
        Number(item.alpha_if_dropped, 2),
    )
