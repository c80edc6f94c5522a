"""Figures as data, and their drawing: the same data give the same bytes."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

from reports.formatting import cell_text

if TYPE_CHECKING:
    from reports.tables import Cell

# Arms differ by marker, line and fill, so that the figure reads in black and white.
MARKERS = ("o", "s", "^", "D")
LINES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
INKS = ("#12324a", "#a3480f", "#3f6b2f", "#5b3a78")
FILLS = ("#12324a", "white", "#3f6b2f", "white")
MARKER_WORDS = ("filled circles", "open squares", "filled triangles", "open diamonds")
# Characters in a line of a panel's title and below a wave's mark.
TITLE_WIDTH = 27
TICK_WIDTH = 13
LINE_WORDS = ("solid line", "dashed line", "dotted line", "dash-dotted line")


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One figure in a box of the flow diagram, with what it counts."""

    label: str
    cell: Cell

    @property
    def text(self) -> str:
        """Give the figure as the reader sees it."""
        return cell_text(self.cell)


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box of the flow diagram."""

    title: str
    lines: tuple[FlowLine, ...]


@dataclass(frozen=True, slots=True)
class FlowColumn:
    """The boxes of one arm, from allocation down."""

    arm: str
    boxes: tuple[FlowBox, ...]


@dataclass(frozen=True, slots=True)
class FlowDiagram:
    """The flow of schools and people; `excluded` is None where no school was."""

    title: str
    assessed: FlowBox
    excluded: FlowBox | None
    randomised: FlowBox
    columns: tuple[FlowColumn, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """The mean of one arm at one wave with its interval; NaN where it is not shown."""

    wave: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One arm's points, in the order of the waves."""

    arm: str
    points: tuple[ChartPoint, ...]


@dataclass(frozen=True, slots=True)
class ChartPanel:
    """One score: its range, what higher means, and a series an arm."""

    title: str
    minimum: float
    maximum: float
    direction: str
    series: tuple[ChartSeries, ...]


@dataclass(frozen=True, slots=True)
class MeansChart:
    """Means with intervals by arm and wave, one panel a score.

    Attributes
    ----------
    alt : str
        What the figure shows, in words, for whoever does not see it.
    """

    title: str
    alt: str
    panels: tuple[ChartPanel, ...]
    notes: tuple[str, ...] = ()
    number: int = 0


def draw_means(chart: MeansChart) -> str:
    """Draw the panels side by side as SVG text; a point that is not shown is left out.

    Parameters
    ----------
    chart : MeansChart
        At least one panel.

    Returns
    -------
    str
        An SVG document with live text. The same chart gives the same characters.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "reports.figures",
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#5a6670",
        "axes.labelcolor": "#1b2126",
        "xtick.color": "#1b2126",
        "ytick.color": "#1b2126",
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(2.45 * max(len(chart.panels), 2), 3.1), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        axes = figure.subplots(1, len(chart.panels), squeeze=False)[0]
        for place, (panel, ax) in enumerate(zip(chart.panels, axes, strict=True)):
            _draw_panel(panel, ax, is_first=place == 0)
        handles, labels = axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(
                handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
            )
        out = io.StringIO()
        # No date and no version of the drawing library, so that the bytes depend on the data.
        metadata = {"Date": None, "Creator": None, "Title": chart.title}
        canvas.print_svg(out, metadata=metadata)  # type: ignore[no-untyped-call]  # matplotlib
    return out.getvalue()


def _draw_panel(panel: ChartPanel, ax: Any, *, is_first: bool) -> None:
    waves = [point.wave for point in panel.series[0].points] if panel.series else []
    middle = (len(panel.series) - 1) / 2
    for place, series in enumerate(panel.series):
        style = place % len(MARKERS)
        # Side by side, so that one interval does not hide another.
        x = [n + 0.13 * (place - middle) for n in range(len(waves))]
        means = [point.mean for point in series.points]
        ax.errorbar(
            x,
            means,
            yerr=[
                [point.mean - point.low for point in series.points],
                [point.high - point.mean for point in series.points],
            ],
            label=series.arm,
            marker=MARKERS[style],
            markersize=5.5,
            linestyle=LINES[style],
            linewidth=1.1,
            color=INKS[style],
            markerfacecolor=FILLS[style],
            markeredgewidth=1.2,
            elinewidth=1.1,
            capsize=3,
        )
    ax.set_title(fill(panel.title, TITLE_WIDTH), fontsize=8.5, fontweight="bold", loc="left")
    ax.set_xticks(range(len(waves)), [fill(wave, TICK_WIDTH) for wave in waves])
    ax.set_xlim(-0.45, max(len(waves) - 1, 0) + 0.45)
    ax.set_ylim(*_limits(panel))
    ax.set_xlabel(panel.direction, fontsize=7.5, color="#414a51")
    if is_first:
        ax.set_ylabel("Mean score")
    ax.grid(axis="y", color="#e3e6e8", linewidth=0.6)
    ax.set_axisbelow(True)


def _limits(panel: ChartPanel) -> tuple[float, float]:
    """Give limits that hold every interval with a margin, within the range of the score."""
    ends = [
        end
        for series in panel.series
        for point in series.points
        for end in (point.mean, point.low, point.high)
        if math.isfinite(end)
    ]
    if not ends:
        return panel.minimum, panel.maximum
    margin = max(0.25 * (max(ends) - min(ends)), 0.02 * (panel.maximum - panel.minimum))
    return max(panel.minimum, min(ends) - margin), min(panel.maximum, max(ends) + margin)
