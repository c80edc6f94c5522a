"""The instruments that come with the program: one file each, any of which may be taken away.

An instrument whose words are not the program's to give gets them from the licence holder's file in
`instruments/wording`, where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from instruments.checks import faults_between, faults_of
from instruments.errors import DefinitionError, Fault
from instruments.model import Instrument
from instruments.reader import read_toml_strictly
from instruments.supplied_wording import with_supplied_wording


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
            instrument = load_instrument(texts[file], file)
            if file in supplied:
                instrument = with_supplied_wording(
                    instrument, supplied[file], file=f"wording/{file}"
                )
            instruments[file] = instrument
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
