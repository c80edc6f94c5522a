"""The only place where figures are rounded and p-values are worded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime

from reports.tables import (
    Cell,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Share,
    ShareInterval,
    Withheld,
    Words,
)

MINUS = "\N{MINUS SIGN}"
NOT_AVAILABLE = "n/a"
WITHHELD = "withheld"


def number(value: float, places: int = 2) -> str:
    """Give a number with so many decimals, a true minus sign and no negative zero.

    Parameters
    ----------
    value : float
        Any unit; NaN and infinities are not available.
    places : int
        Decimals shown, 0 or more.

    Returns
    -------
    str
        For example "−0.42" or "1,204"; "n/a" where there is no number.
    """
    if not math.isfinite(value):
        return NOT_AVAILABLE
    text = f"{value:,.{places}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else MINUS + text[1:]
    return text


def count(n: int) -> str:
    """Give a whole number with commas between thousands."""
    return number(n, 0)


def counted(n: int, one: str, many: str = "") -> str:
    """Give a count with its noun: "1 school", "94 schools"."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """Give a share as a whole percentage, halves upwards; not available of nothing."""
    return NOT_AVAILABLE if whole == 0 else f"{(200 * part + whole) // (2 * whole)}%"


def percentage(proportion: float) -> str:
    """Give a proportion (0 to 1) as a whole percentage."""
    return f"{number(100 * proportion, 0)}%" if math.isfinite(proportion) else NOT_AVAILABLE


def interval(low: float, high: float, places: int = 2) -> str:
    """Give two limits as "low to high"; not available where either is missing."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOT_AVAILABLE
    return f"{number(low, places)} to {number(high, places)}"


def p_value(p: float) -> str:
    """Give a p-value with two decimals from .1 up, else three; never "0.000" and never "1.00"."""
    if not math.isfinite(p):
        return NOT_AVAILABLE
    if p < 0.001:
        return "<0.001"
    if p > 0.99:
        return ">0.99"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def p_value_equation(p: float) -> str:
    """Give a p-value as it stands in a sentence: "p = 0.032", "p < 0.001"."""
    text = p_value(p)
    if text == NOT_AVAILABLE:
        return "p not available"
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def day(on: date) -> str:
    """Give a date as "4 May 2020"."""
    return f"{on.day} {on:%B %Y}"


def moment(at: datetime) -> str:
    """Give a moment as "4 May 2020, 09:30 UTC"; the time zone is the one it carries."""
    return f"{day(at)}, {at:%H:%M %Z}".strip()


def listed(parts: Sequence[str], joiner: str = "and") -> str:
    """Join parts as English does: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joiner} {parts[-1]}"


def sentence(text: str) -> str:
    """Give the text with a capital at the start and a full stop at the end."""
    text = text.strip()
    if not text:
        return text
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def cell_text(cell: Cell) -> str:
    """Give a cell of a table as the text a reader sees."""
    return _WORDINGS[type(cell)](cell)


def _share_interval(cell: ShareInterval) -> str:
    if not (math.isfinite(cell.low) and math.isfinite(cell.high)):
        return NOT_AVAILABLE
    return f"{percentage(cell.low)} to {percentage(cell.high)}"


# A new kind of cell is one class in reports.tables and one line here.
_WORDINGS: dict[type, Callable[..., str]] = {
    Count: lambda cell: count(cell.n),
    Share: lambda cell: percent(cell.part, cell.whole),
    Number: lambda cell: number(cell.value, cell.places),
    Interval: lambda cell: interval(cell.low, cell.high, cell.places),
    ShareInterval: _share_interval,
    Probability: lambda cell: p_value(cell.value),
    Words: lambda cell: cell.text,
    Withheld: lambda _: WITHHELD,
    NotAvailable: lambda _: NOT_AVAILABLE,
}
