"""The formats that definitions are exchanged in: one entry each, kind to handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from instruments.checks import one_of
from instruments.errors import DefinitionError, Fault
from instruments.exchange import fhir, limesurvey, redcap, xlsform
from instruments.exchange.drafts import Imported
from instruments.exchange.losses import Loss, losses_between
from instruments.model import Instrument


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is written and read.

    Attributes
    ----------
    title : str
        Its name for people.
    suffix : str
        How the names of its files end.
    read : callable
        Bytes and the file's name to what it says of an instrument.
    write : callable or None
        An instrument to the bytes of a file; None for a format that is only read.
    why : Mapping
        Why the format cannot carry a field, by the field's dotted name.
    """

    title: str
    suffix: str
    read: Callable[[bytes, str], Imported]
    write: Callable[[Instrument], bytes] | None
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file of another format, and what of the definition is not in it."""

    content: bytes
    losses: tuple[Loss, ...]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "fhir-r4": Format("FHIR R4 Questionnaire", ".json", fhir.read_r4, fhir.write_r4, fhir.WHY),
        "fhir-r5": Format("FHIR R5 Questionnaire", ".json", fhir.read_r5, fhir.write_r5, fhir.WHY),
        "redcap": Format("REDCap data dictionary", ".csv", redcap.read, redcap.write, redcap.WHY),
        "limesurvey": Format(
            "LimeSurvey survey structure", ".lss", limesurvey.read, None, limesurvey.WHY
        ),
        "xlsform": Format("XLSForm", ".xlsx", xlsform.read, xlsform.write, xlsform.WHY),
    }
)


def export_instrument(instrument: Instrument, kind: str) -> Exported:
    """Return the instrument in another format, with everything that is not in it.

    What is lost is found by reading the file back, so nothing can be lost that is not listed.

    Parameters
    ----------
    instrument : Instrument
        The definition; its wording must be there.
    kind : str
        A key of `FORMATS`.

    Raises
    ------
    DefinitionError
        When the words are still to be supplied by the licence holder, or the format is one that
        is only read.
    """
    handler = FORMATS[kind]
    if handler.write is None:
        raise _refused(instrument, f"the format {kind}", one_of(_written()))
    if instrument.wording_is_withheld:
        raise _refused(
            instrument,
            f"{instrument.short_title}, whose words are not here",
            "an instrument whose words the licence holder has supplied",
        )
    content = handler.write(instrument)
    back = handler.read(content, f"{instrument.id}{handler.suffix}").draft
    said = instrument.model_dump(exclude_defaults=True)
    return Exported(content, losses_between(said, back.said(), handler.why))


def import_draft(data: bytes, kind: str, *, file: str) -> Imported:
    """Return what a file of another format says of an instrument, and what it says besides.

    Parameters
    ----------
    data : bytes
        The file's content; it is trusted in nothing.
    kind : str
        A key of `FORMATS`.
    file : str
        The file's name, for the faults.

    Raises
    ------
    DefinitionError
        When the file is at fault; every fault is in it, with its sheet, row and field.
    """
    return FORMATS[kind].read(data, file)


def _written() -> list[str]:
    return [kind for kind, handler in FORMATS.items() if handler.write is not None]


def _refused(instrument: Instrument, found: str, expected: str) -> DefinitionError:
    return DefinitionError([Fault(f"{instrument.id}.toml", "", found, expected)])
