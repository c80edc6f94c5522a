"""Why answers cannot be scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MOST_NAMED: Final = 20


class AnswersError(ValueError):
    """The frame of answers is not one that the instrument can score."""


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """One value that the item does not allow."""

    row: object
    column: str
    value: object


class OutOfRangeError(AnswersError):
    """Values that no response option has; every one is in `values`, with its row and column."""

    def __init__(
        self,
        values: Sequence[OutOfRange],
        *,
        expected: str = "a response option or a code for a missing answer",
    ) -> None:
        self.values = tuple(values)
        named = "; ".join(
            f"row {entry.row}, column {entry.column}: {entry.value}"
            for entry in self.values[:_MOST_NAMED]
        )
        left = len(self.values) - _MOST_NAMED
        more = f"; and {left} more" if left > 0 else ""
        super().__init__(f"found values that are not {expected}: {named}{more}")
