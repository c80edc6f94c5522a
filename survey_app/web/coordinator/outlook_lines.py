"""What the dashboard says of the smallest effect that the study can still detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = (
    "Outcome",
    "Response and ICC from",
    "Response",
    "People expected",
    "Schools expected",
    "ICC (95% interval)",
    "Smallest effect",
    "Adjusted for baseline",
    "If everybody answers",
)
NUMERIC = range(2, len(COLUMNS))
_UNKNOWN = "–"


def outlook_rows(figures: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Give a row for each outcome of which something is known, effects in standard deviations."""
    return [
        [
            f"{each['label']}, {each['wave']}",
            each["known_from"],
            _number(each["response"], "{:.0%}"),
            _number(each["n_people"], "{:,.0f}"),
            _number(each["n_schools"], "{:,.0f}"),
            _icc(each),
            _number(each["smallest"], "{:.2f}"),
            _number(each["smallest_adjusted"], "{:.2f}"),
            _number(each["smallest_if_all"], "{:.2f}"),
        ]
        for each in figures
        if not each["reason"]
    ]


def outlook_reasons(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of the other outcomes why nothing is known of them."""
    return [f"{each['label']}: {each['reason']}" for each in figures if each["reason"]]


def _icc(each: Mapping[str, Any]) -> str:
    if each["icc"] is None:
        return _UNKNOWN
    # With few schools of two people the interval reaches far below anything that can be.
    low = "below 0" if (each["icc_low"] or 0) < 0 else _number(each["icc_low"], "{:.2f}")
    high = _number(each["icc_high"], "{:.2f}")
    return f"{each['icc']:.2f} ({low} to {high})".replace("-", "−")


def _number(value: float | None, form: str) -> str:
    return _UNKNOWN if value is None else form.format(value)
