"""Psychometric checks as one self-contained HTML page of tables and a figure."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count as counting
from math import nan
from typing import TYPE_CHECKING, Any

from reports.document import stylesheet
from reports.formatting import cell_text, counted, listed, number
from reports.psychometrics import findings_between, findings_of
from reports.psychometrics_comparison import comparison_tables
from reports.tables import (
    Cell,
    Column,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Row,
    Share,
    Table,
)
from reports.templating import templates_with

if TYPE_CHECKING:
    from jinja2 import Environment

    from reports.psychometrics import GroupChecks, Psychometrics, ScaleChecks
    from scoring.checks import Checks
    from scoring.findings import Finding

SEVERITY_WORDS = {"error": "No number", "warning": "Look at", "note": "Note"}


@dataclass(frozen=True, slots=True, eq=False)
class ScreePanel:
    """Eigenvalues of one scale beside random ones, largest first."""

    title: str
    observed: tuple[float, ...]
    random: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scree:
    """Eigenvalues of every scale that has a parallel analysis."""

    title: str
    alt: str
    panels: tuple[ScreePanel, ...]
    notes: tuple[str, ...]
    number: int = 1


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was noticed of one scale and one group."""

    title: str
    findings: tuple[Finding, ...]


def render_page(found: Psychometrics) -> str:
    """Return the checks as one page; nothing in it is fetched from elsewhere.

    Parameters
    ----------
    found : Psychometrics

    Returns
    -------
    str
        HTML. The same checks give the same characters.
    """
    numbers = counting(1)

    def numbered(table: Table) -> Table:
        return replace(table, number=next(numbers))

    return (
        _templates()
        .get_template("psychometrics.html")
        .render(
            found=found,
            style=stylesheet(),
            opening=_opening(found),
            noticed=_noticed(found),
            answers=numbered(_quality_table(found)),
            reliability=numbered(_reliability_table(found)),
            more=numbered(_more_table(found)),
            precision=numbered(_precision_table(found)),
            items=numbered(_items_table(found)),
            dimensions=numbered(_dimensions_table(found)),
            scree=_scree(found),
            fit=numbered(_fit_table(found)),
            other_fit=numbered(_other_fit_table(found)),
            loadings=[numbered(table) for table in _loadings_tables(found)],
            comparisons=[numbered(table) for table in comparison_tables(found)],
            severity_words=SEVERITY_WORDS,
        )
    )


def _opening(found: Psychometrics) -> tuple[str, ...]:
    names = listed([scale.name for scale in found.scales])
    lines = [
        f"{counted(found.n_rows, 'row')} of {found.source}; "
        f"{counted(len(found.scales), 'scale')}: {names}."
    ]
    for scale in found.scales:
        keyed = scale.groups[0].checks.keyed
        turned = f"reversed: {listed(keyed.reversed)}" if keyed.reversed else "none is reversed"
        origin = "" if scale.is_range_given else " (the lowest and the highest answer found)"
        lines.append(
            f"{scale.name}: {counted(len(keyed.items), 'item')}, answers {scale.low} to "
            f"{scale.high}{origin}; {turned}."
        )
    if found.group_column is not None:
        without = counted(found.n_without_group, "row")
        rest = f"; {without} without one count among everybody only"
        lines.append(
            f"Groups are the values of {found.group_column}{rest if found.n_without_group else ''}."
        )
    if found.person_column is not None:
        lines.append(
            f"They are waves of the same people, named by {found.person_column}; “Everybody” "
            "counts a person once a wave."
        )
    return tuple(lines)


def _noticed(found: Psychometrics) -> tuple[Noticed, ...]:
    noticed = [
        Noticed(_row_title(scale, group), findings_of(group.checks))
        for scale in found.scales
        for group in scale.groups
    ]
    noticed += [
        Noticed(f"{scale.name}, compared", findings_between(scale.comparison))
        for scale in found.scales
        if scale.comparison is not None
    ]
    return tuple(each for each in noticed if each.findings)


def _row_title(scale: ScaleChecks, group: GroupChecks) -> str:
    return scale.name if group.group is None else f"{scale.name}, {group.label}"


def _by_scale(found: Psychometrics, cells: Callable[[Checks], tuple[Cell, ...]]) -> tuple[Row, ...]:
    """A row a scale; a row a scale and group below the scale's name where there are groups."""
    return tuple(
        Row(
            scale.name if found.group_column is None else group.label,
            cells(group.checks),
            "" if found.group_column is None else scale.name,
        )
        for scale in found.scales
        for group in scale.groups
    )


def _row_heading(found: Psychometrics) -> str:
    return "Scale" if found.group_column is None else found.group_column


def _columns(*titles: str) -> tuple[Column, ...]:
    return tuple(Column(title) for title in titles)


def _quality_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        quality, completion = checks.quality, checks.quality.completion
        return (
            Count(completion.n_asked),
            Count(completion.n_complete),
            Count(completion.n_partial),
            Count(completion.n_empty),
            Count(int(quality.is_straight_line.sum())),
            Count(int(quality.is_copy.sum())),
            _share(quality.floor_share, quality.n_complete),
            _share(quality.ceiling_share, quality.n_complete),
        )

    return Table(
        title="The answers",
        row_title=_row_heading(found),
        columns=_columns(
            "Asked",
            "Complete",
            "Some items",
            "No item",
            "Straight lines",
            "Copies",
            "At the lowest score",
            "At the highest score",
        ),
        rows=_by_scale(found, cells),
        notes=(
            "A straight line is one answer throughout, as given; counted from 5 items. A copy has "
            "just the answers of an earlier row; counted from 10 items. The last two columns are "
            "shares of complete rows.",
        ),
    )


def _reliability_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        alpha = checks.reliability
        return (
            Count(alpha.n),
            Number(alpha.alpha, 3),
            Interval(alpha.low, alpha.high, 3),
            Number(alpha.coefficients.standardised_alpha, 3),
            Number(checks.omega.model_implied, 3),
            Number(checks.hierarchical_omega.hierarchical, 3),
            Number(checks.ordinal_omega.omega, 3),
        )

    level = number(100 * found.confidence, 0)
    return Table(
        title="Reliability",
        row_title=_row_heading(found),
        columns=_columns(
            "n",
            "Alpha",
            f"{level}% interval",
            "Alpha, standardised",
            "Omega, one factor",
            "Omega, hierarchical",
            "Omega, categorical",
        ),
        rows=_by_scale(found, cells),
        notes=(
            "n: people who answered every item. Alpha is Cronbach’s, its interval Feldt’s. Omega "
            "of one factor is over the variance that a maximum likelihood model implies; "
            "hierarchical omega is by Schmid and Leiman, of standardised items; categorical omega "
            "is Green and Yang’s, for the sum of ordered answers.",
        ),
    )


def _more_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        coefficients, halves = checks.reliability.coefficients, checks.split_half
        return (
            Count(halves.n),
            Number(coefficients.average_r, 3),
            Number(coefficients.lambda2, 3),
            Number(coefficients.lambda6, 3),
            Number(halves.odd_even.spearman_brown if halves.odd_even else nan, 3),
            Number(halves.worst.lambda4 if halves.worst else nan, 3),
            Number(halves.best.lambda4 if halves.best else nan, 3),
        )

    return Table(
        title="Guttman’s lambdas and split halves",
        row_title=_row_heading(found),
        columns=_columns(
            "n",
            "Average correlation",
            "Lambda 2",
            "Lambda 6",
            "Odd and even, Spearman-Brown",
            "Worst halves",
            "Best halves",
        ),
        rows=_by_scale(found, cells),
        notes=(
            "Worst and best halves by Guttman’s lambda 4, over all halvings up to 10,000, else "
            f"over 10,000 drawn with the seed {found.seed}.",
        ),
    )


def _precision_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        alpha = checks.reliability
        return (
            Count(alpha.n),
            Number(alpha.mean),
            Number(alpha.sd),
            Number(alpha.sem),
            Number(alpha.mdc),
        )

    return Table(
        title="The sum of the items and its precision",
        row_title=_row_heading(found),
        columns=_columns(
            "n", "Mean", "SD", "Standard error of measurement", "Minimal detectable change"
        ),
        rows=_by_scale(found, cells),
        notes=(
            "Standard error of measurement: SD times the root of 1 minus alpha. Minimal detectable "
            "change (95%): 1.96 times the root of 2 times it.",
        ),
    )


def _items_table(found: Psychometrics) -> Table:
    def rows() -> Iterator[Row]:
        for scale in found.scales:
            for item in scale.groups[0].checks.items:
                yield Row(
                    f"{item.item} (reversed)" if item.is_reversed else item.item,
                    (
                        Count(item.n),
                        Number(item.mean),
                        Number(item.sd),
                        Number(item.skew),
                        _share(item.floor_share, item.n),
                        _share(item.ceiling_share, item.n),
                        Number(item.item_rest, 3),
                        Number(item.alpha_if_dropped, 3),
                    ),
                    scale.name,
                )

    return Table(
        title="Items, everybody",
        row_title="Item",
        columns=_columns(
            "n",
            "Mean",
            "SD",
            "Skew",
            "Lowest answer",
            "Highest answer",
            "Item-rest correlation",
            "Alpha without it",
        ),
        rows=tuple(rows()),
        notes=(
            "n: people who answered the item; the last two columns are of the people who answered "
            "every item of the scale. Reversed items are shown turned.",
        ),
    )


def _dimensions_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        shared, parallel = checks.factorability, checks.parallel
        return (
            Count(shared.n),
            Number(shared.kmo, 3),
            Number(shared.chi2, 1),
            Count(shared.df),
            Probability(shared.p),
            NotAvailable() if parallel.n_components is None else Count(parallel.n_components),
        )

    return Table(
        title="Dimensions",
        row_title=_row_heading(found),
        columns=_columns("n", "KMO", "Bartlett’s chi-squared", "df", "p", "Components"),
        rows=_by_scale(found, cells),
        notes=(
            "Components: leading eigenvalues above the 95th percentile of those of "
            f"{counted(found.replications, 'random data set')} of the same size (seed "
            f"{found.seed}).",
        ),
    )


def _fit_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        fit = checks.one_factor
        indices, robust = fit.indices, fit.robust
        return (
            Count(fit.n),
            Number(robust.chi2 if robust else nan, 1),
            Count(indices.df) if indices else NotAvailable(),
            Probability(robust.p if robust else nan),
            Number(robust.cfi_robust if robust else nan, 3),
            Number(robust.tli_robust if robust else nan, 3),
            Number(robust.rmsea_robust if robust else nan, 3),
            Interval(
                robust.rmsea_robust_low if robust else nan,
                robust.rmsea_robust_high if robust else nan,
                3,
            ),
            Number(indices.srmr if indices else nan, 3),
        )

    titles = ("n", "Chi-squared", "df", "p", "CFI", "TLI", "RMSEA", "90% interval", "SRMR")
    return Table(
        title="Fit of a model of one factor, by robust maximum likelihood",
        row_title=_row_heading(found),
        columns=_columns(*titles),
        rows=_by_scale(found, cells),
        notes=(
            "Chi-squared is scaled (Yuan and Bentler); CFI, TLI and RMSEA are the robust ones.",
        ),
    )


def _other_fit_table(found: Psychometrics) -> Table:
    def cells(checks: Checks) -> tuple[Cell, ...]:
        ordinal = checks.ordinal_omega.fit.indices
        gaps = checks.with_gaps.indices if checks.with_gaps is not None else None
        return (
            Count(ordinal.n) if ordinal else NotAvailable(),
            Number(ordinal.scaled_cfi if ordinal else nan, 3),
            Number(ordinal.scaled_rmsea.value if ordinal else nan, 3),
            Number(ordinal.srmr if ordinal else nan, 3),
            Count(gaps.n) if gaps else NotAvailable(),
            Number(gaps.cfi if gaps else nan, 3),
            Number(gaps.rmsea if gaps else nan, 3),
            Number(gaps.srmr if gaps else nan, 3),
        )

    groups = ("Ordered answers (WLSMV)", "People with gaps too (full information)")
    return Table(
        title="The same model of ordered answers, and of people who left items out",
        row_title=_row_heading(found),
        columns=tuple(
            Column(title, group=group)
            for group in groups
            for title in ("n", "CFI", "RMSEA", "SRMR")
        ),
        rows=_by_scale(found, cells),
        notes=(
            "Of ordered answers CFI and RMSEA are scaled. With gaps, everybody who answered any "
            "item counts with what they answered; where nobody left an item out there is none.",
        ),
    )


def _loadings_tables(found: Psychometrics) -> Iterator[Table]:
    for scale in found.scales:
        analysis = scale.groups[0].checks.factors
        factors = analysis.factors
        if factors is None:
            continue
        names = [f"F{place}" for place in range(1, analysis.n_factors + 1)]
        correlations = "; ".join(
            f"{names[second]} and {names[first]} {number(factors.phi[first, second])}"
            for first in range(len(names))
            for second in range(first)
        )
        keyed = scale.groups[0].checks.keyed
        yield Table(
            title=f"Factors of {scale.name}, everybody (n = {analysis.n})",
            row_title="Item",
            columns=_columns(*names, "Communality"),
            rows=tuple(
                Row(
                    item,
                    (
                        *(Number(value, 3) for value in factors.loadings[place]),
                        Number(float(factors.communalities[place]), 3),
                    ),
                )
                for place, item in enumerate(keyed.items)
            ),
            notes=(
                "Minimum residuals"
                + (", oblimin rotation" if analysis.rotation == "oblimin" else "")
                + ", with as many factors as there are components above chance, at least one."
                + (f" Correlations of the factors: {correlations}." if correlations else ""),
            ),
        )


def _share(share: float, whole: int) -> Cell:
    return Share(round(share * whole), whole) if share == share else NotAvailable()


def _scree(found: Psychometrics) -> Scree | None:
    analyses = [(scale.name, scale.groups[0].checks.parallel) for scale in found.scales]
    drawn = [(name, each) for name, each in analyses if each.n_components is not None]
    if not drawn:
        return None
    words = "; ".join(
        f"{name}: {counted(each.n_components or 0, 'eigenvalue')} above chance, the largest "
        f"{number(each.observed[0])}"
        for name, each in drawn
    )
    return Scree(
        title="Eigenvalues beside those of random data, everybody",
        alt=f"A line of falling eigenvalues and a line of random ones a scale. {words}.",
        panels=tuple(
            ScreePanel(name, tuple(each.observed), tuple(each.random_high)) for name, each in drawn
        ),
        notes=(f"{words}. The broken line is the 95th percentile of random data.",),
    )


def draw_scree(scree: Scree) -> str:
    """Return the panels as SVG text, up to three side by side."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "reports.psychometrics",
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    across = min(3, len(scree.panels))
    down = -(-len(scree.panels) // across)
    with mpl.rc_context(style):
        figure = Figure(figsize=(7.4, 2.9 * down), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for place, ax in enumerate(axes):
            if place < len(scree.panels):
                _draw_panel(scree.panels[place], ax)
            else:
                ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
        out = io.StringIO()
        # No date and no version of the drawing library, so that the bytes depend on the data.
        metadata = {"Date": None, "Creator": None, "Title": scree.title}
        canvas.print_svg(out, metadata=metadata)  # type: ignore[no-untyped-call]  # matplotlib
    return out.getvalue()


def _draw_panel(panel: ScreePanel, ax: Any) -> None:
    places = range(1, len(panel.observed) + 1)
    ax.plot(places, panel.observed, "o-", color="#12324a", label="Answers", markersize=4)
    ax.plot(places, panel.random, "--", color="#a3480f", label="Random data, 95th percentile")
    ax.set_title(panel.title, fontsize=9)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("Component")
    ax.set_ylabel("Eigenvalue")
    ax.xaxis.get_major_locator().set_params(integer=True)


def _svg_uri(scree: Scree) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(draw_scree(scree).encode()).decode()}"


def _cell_class(text: str, kind: str) -> str:
    return f"{kind} quiet" if text == "n/a" else kind


def _notes(table: Table, disclosure: str) -> tuple[str, ...]:
    return (*table.notes, *((disclosure,) if disclosure else ()))


@cache
def _templates() -> Environment:
    return templates_with(
        {
            "cell_text": cell_text,
            "cell_class": _cell_class,
            "notes": _notes,
            "svg_uri": _svg_uri,
        }
    )
