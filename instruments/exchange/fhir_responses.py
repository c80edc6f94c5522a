"""FHIR QuestionnaireResponse, releases R4 and R5: one person's answers to one instrument."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from instruments.exchange.fhir import Release, canonical_url, coding, number_of
from instruments.missing import MISSING_CODES, NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument, Item

DATA_ABSENT_REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_ABSENT_BECAUSE: Final = {
    NOT_ANSWERED: "unknown",
    PREFER_NOT_TO_SAY: "asked-declined",
}
"""FHIR leaves out what was not asked; `not-asked` would say it of a question that was shown."""


class AnswerError(ValueError):
    """An answer that the instrument does not have."""


def questionnaire_response(
    instrument: Instrument,
    answers: Mapping[str, int],
    *,
    release: Release,
    authored_at: datetime,
    identifier: str,
    is_complete: bool = True,
) -> dict[str, Any]:
    """Return one person's answers as a FHIR QuestionnaireResponse, ready to be written as JSON.

    The three facts stay three: an item that was not asked is left out; one that was not answered,
    and one that the person preferred not to answer, are there without an answer, and the extension
    `data-absent-reason` says which (`unknown`, `asked-declined`).

    Parameters
    ----------
    instrument : Instrument
        The definition that was answered.
    answers : Mapping
        The value of each item, or one of the codes of `instruments.missing`, by item id.
    release : "R4" or "R5"
        The release of FHIR.
    authored_at : datetime
        When the answers were given, with its time zone.
    identifier : str
        The pseudonym of the response; no name or address belongs here.
    is_complete : bool
        Whether the questionnaire was submitted.

    Raises
    ------
    AnswerError
        When an item is unknown or left out, a value is none of its options, or the time has no
        zone; the message names every such item.
    """
    faults = [*_answer_faults(instrument, answers)]
    if authored_at.tzinfo is None:
        faults.append("authored_at: found a time without a zone; expected one with it")
    if faults:
        raise AnswerError("\n".join(faults))
    number = {"system": "urn:dsl-trial-survey:response", "value": identifier}
    return {
        "resourceType": "QuestionnaireResponse",
        # R5 allows several identifiers, R4 one.
        "identifier": [number] if release == "R5" else number,
        "questionnaire": f"{canonical_url(instrument)}|{instrument.version}",
        "status": "completed" if is_complete else "in-progress",
        "authored": authored_at.isoformat(timespec="seconds"),
        **_items(instrument, answers, release),
    }


def _items(
    instrument: Instrument, answers: Mapping[str, int], release: Release
) -> dict[str, list[dict[str, Any]]]:
    inside = [
        _item(instrument, item, answers[item.id], release)
        for item in instrument.items
        if answers[item.id] != NOT_ASKED
    ]
    if not inside:
        return {}
    return {"item": [{"linkId": instrument.id, "text": instrument.heading, "item": inside}]}


def _item(instrument: Instrument, item: Item, value: int, release: Release) -> dict[str, Any]:
    entry = {"linkId": item.id, "text": item.text}
    if value in MISSING_CODES:
        reason = [{"url": DATA_ABSENT_REASON, "valueCode": _ABSENT_BECAUSE[value]}]
        return {"extension": reason, **entry}
    option = next(each for each in instrument.options(item) if each.value == value)
    coded = {"extension": number_of(option, release), **coding(item, option)}
    return {**entry, "answer": [{"valueCoding": coded}]}


def _answer_faults(instrument: Instrument, answers: Mapping[str, int]) -> list[str]:
    known = {item.id for item in instrument.items}
    faults = [
        f"{name}: found an item that {instrument.id} does not have; expected its own items"
        for name in answers
        if name not in known
    ]
    for item in instrument.items:
        values = {option.value for option in instrument.options(item)}
        if item.id not in answers:
            faults.append(f"{item.id}: found nothing; expected a value or a code for none")
        elif answers[item.id] not in values | MISSING_CODES:
            allowed = ", ".join(map(str, sorted(values)))
            faults.append(f"{item.id}: found {answers[item.id]}; expected one of {allowed}")
    return faults
