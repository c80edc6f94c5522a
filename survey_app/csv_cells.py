"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

_FORMULA_BEGINS_WITH: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """Give a text no spreadsheet takes for a formula: an apostrophe goes first; numbers stay."""
    try:
        float(text)
    except ValueError:
        return f"'{text}" if text.startswith(_FORMULA_BEGINS_WITH) else text
    return text
