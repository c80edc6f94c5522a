"""The instruments that come with the program: one file each, any of which may be taken away.

An instrument whose words are not the program's to give gets them from the licence holder's file in
`instruments/wording`, where there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from instruments.checks import faults_between, faults_of
from instruments.errors import DefinitionError, Fault
from instruments.model import Instrument
from instruments.reader import read_toml_strictly
from instruments.supplied_wording import with_supplied_wording


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a definition, and the licence holder's words where it has none of its own."""

    text: str
    wording: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the text, followed by that of the words where there are any."""
        return hashlib.sha256(f"{self.text}{self.wording}".encode()).hexdigest()

    def read(self, file: str) -> Instrument:
        """Return the instrument that the text defines; DefinitionError with every fault."""
        instrument = load_instrument(self.text, file)
        if not self.wording:
            return instrument
        return with_supplied_wording(instrument, self.wording, file=f"wording/{file}")


@cache
def load_sources() -> Mapping[str, Source]:
    """Return the text of every instrument in `instruments/definitions`, by its id."""
    wording = _texts("wording")
    return MappingProxyType(
        {
            file.removesuffix(".toml"): Source(text, wording.get(file, ""))
            for file, text in _texts("definitions").items()
        }
    )


@cache
def load_catalogue() -> Mapping[str, Instrument]:
    """Return every instrument in `instruments/definitions`, by its id, in the ids' order.

    Raises
    ------
    DefinitionError
        When any file is at fault; every fault of every file is in it.
    """
    return catalogue_of(_texts("definitions"), _texts("wording"))


def catalogue_of(
    texts: Mapping[str, str], supplied: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, Instrument]:
    """Return the instruments that the files define, by their ids, in the ids' order.

    Parameters
    ----------
    texts : Mapping
        The TOML text of each file, by the file's name, which is the instrument's id.
    supplied : Mapping
        The licence holders' words, by the same names; those for no instrument are not looked at.

    Raises
    ------
    DefinitionError
        When any file is at fault; every fault of every file is in it.
    """
    instruments: dict[str, Instrument] = {}
    faults: list[Fault] = []
    for file in sorted(texts):
        try:
            instruments[file] = Source(texts[file], supplied.get(file, "")).read(file)
        except DefinitionError as error:
            faults += error.faults
    faults += faults_between(instruments)
    if faults:
        raise DefinitionError(faults)
    return MappingProxyType({instrument.id: instrument for instrument in instruments.values()})


def load_instrument(text: str, file: str) -> Instrument:
    """Return the instrument that the text defines.

    Raises
    ------
    DefinitionError
        When the text does not fit the model, or its parts do not agree with each other.
    """
    instrument = read_toml_strictly(text, Instrument, file=file)
    faults = faults_of(instrument, file=file)
    if faults:
        raise DefinitionError(faults)
    return instrument


def _texts(folder: str) -> dict[str, str]:
    place = files("instruments").joinpath(folder)
    if not place.is_dir():
        return {}
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in place.iterdir()
        if entry.name.endswith(".toml")
    }
