"""What is wrong with a definition, said so that the person who wrote it can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one file.

    Attributes
    ----------
    file : str
        Name of the file.
    where : str
        Table and key, ``items[3].response_set``; entries of a list are counted from 0.
    found : str
        What stands there.
    expected : str
        What should stand there.
    """

    file: str
    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{place}: found {self.found}; expected {self.expected}"


class DefinitionError(ValueError):
    """A definition was refused; every fault is listed, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
