"""FHIR Questionnaire, releases R4 and R5, out and in.

R4 calls a single choice `choice` and gives its options their numbers by the extension
`ordinalValue`; R5 calls it `coding` and has `itemWeight`. Everything else used here is the same.

References
----------
https://hl7.org/fhir/R4/questionnaire.html, https://hl7.org/fhir/R5/questionnaire.html;
https://hl7.org/fhir/extensions/StructureDefinition-itemWeight.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from instruments.exchange.drafts import (
    DraftLicence,
    FoundChoice,
    FoundItem,
    Imported,
    Reading,
    finish,
)
from instruments.exchange.fhir_routing import enable_when, enabled_when
from instruments.exchange.json_tables import Table, read_object
from instruments.model import Instrument, Item, ResponseOption

Release = Literal["R4", "R5"]

LOINC: Final = "http://loinc.org"
OURS: Final = "urn:dsl-trial-survey"
RESPONSE_SET: Final = f"{OURS}:extension:response-set"
_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition"
ORDINAL_VALUE: Final = f"{_EXTENSIONS}/ordinalValue"
ITEM_WEIGHT: Final = f"{_EXTENSIONS}/itemWeight"

_CHOICE: Final[Mapping[Release, str]] = {"R4": "choice", "R5": "coding"}
_NUMBER: Final[Mapping[Release, str]] = {"R4": ORDINAL_VALUE, "R5": ITEM_WEIGHT}
_TYPES_OF_BOTH: Final = frozenset(
    {
        *("group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time"),
        *("string", "text", "url", "attachment", "reference", "quantity"),
    }
)
_TYPES: Final[Mapping[Release, frozenset[str]]] = {
    "R4": _TYPES_OF_BOTH | {"choice", "open-choice"},
    "R5": _TYPES_OF_BOTH | {"coding", "question"},
}
_STATUSES: Final = frozenset({"draft", "active", "retired", "unknown"})

IN_ITS_OWN_FORM: Final = "`enableWhen` names answers one by one, and the rule is kept so"
WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "scores": "a Questionnaire has no scoring rules",
        "norms": "a Questionnaire has no norms",
        "percentiles": "a Questionnaire has no norms",
        "reliabilities": "a Questionnaire has no reliabilities",
        "recall_period": "a Questionnaire has the time asked about only in its words",
        "items.scored": "a Questionnaire has no scoring rules",
        "items.asked_when": "a Questionnaire joins conditions by all or by any: this is left out",
        "items.asked_when.all": IN_ITS_OWN_FORM,
        "items.asked_when.any": IN_ITS_OWN_FORM,
        "items.asked_when.none": IN_ITS_OWN_FORM,
        "items.same_as": "a Questionnaire knows no items of other instruments",
        "licence": "a Questionnaire has its terms as one text, `copyright`, and no other field",
        "wording": "a Questionnaire does not say how its wording was verified",
        "loinc_source": "a Questionnaire does not say where its codes were read",
        "loinc_verified": "a Questionnaire does not say how its codes were verified",
        "items.wording": "a Questionnaire does not say how its wording was verified",
        "items.risk": "a Questionnaire has no mark for items that may ask for attention",
        "short_title": "a Questionnaire has one title",
    }
)


def questionnaire(instrument: Instrument, *, release: Release) -> dict[str, Any]:
    """Return the instrument as a FHIR Questionnaire, ready to be written as JSON.

    One group holds the stem, the items and the attribution the licence asks for. Options with a
    LOINC answer code are coded in LOINC, others in a system of this program's own; each also has
    its number.

    Parameters
    ----------
    instrument : Instrument
        The definition.
    release : "R4" or "R5"
        The release of FHIR.
    """
    resource: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "id": instrument.id.replace("_", "-"),
        "url": canonical_url(instrument),
        "identifier": [{"system": f"{OURS}:instrument", "value": instrument.id}],
        "version": instrument.version,
        "name": _computer_name(instrument.id),
        "title": instrument.title,
        "status": "active",
        "description": "\n\n".join(filter(None, (instrument.citation, instrument.notice))),
        "copyright": instrument.licence.text,
    }
    if instrument.loinc:
        resource["code"] = [{"system": LOINC, "code": instrument.loinc}]
    resource["item"] = [_group(instrument, release)]
    return resource


def canonical_url(instrument: Instrument) -> str:
    """Return the name by which a QuestionnaireResponse points at the Questionnaire."""
    return f"{OURS}:Questionnaire:{instrument.id}"


def coding(item: Item, option: ResponseOption) -> dict[str, Any]:
    """Return an option as a Coding: in LOINC where it has a code, else in this program's system."""
    if option.loinc:
        return {"system": LOINC, "code": option.loinc, "display": option.label}
    return {
        "system": f"{OURS}:response-set:{item.response_set}",
        "code": str(option.value),
        "display": option.label,
    }


def number_of(option: ResponseOption, release: Release) -> list[dict[str, Any]]:
    """Return the extension that says the number of an option."""
    return [{"url": _NUMBER[release], "valueDecimal": option.value}]


def write_r4(instrument: Instrument) -> bytes:
    """Return the instrument as the JSON of an R4 Questionnaire."""
    return as_json(questionnaire(instrument, release="R4"))


def write_r5(instrument: Instrument) -> bytes:
    """Return the instrument as the JSON of an R5 Questionnaire."""
    return as_json(questionnaire(instrument, release="R5"))


def as_json(resource: Mapping[str, Any]) -> bytes:
    """Return a resource as the text of a JSON file."""
    return (json.dumps(resource, ensure_ascii=False, indent=2) + "\n").encode()


def read_r4(data: bytes, file: str) -> Imported:
    """Return what an R4 Questionnaire says of an instrument; DefinitionError with every fault."""
    return _read(data, file, "R4")


def read_r5(data: bytes, file: str) -> Imported:
    """Return what an R5 Questionnaire says of an instrument; DefinitionError with every fault."""
    return _read(data, file, "R5")


def _computer_name(name: str) -> str:
    """FHIR asks for a name that a program could give a class: a capital, then no punctuation."""
    return "".join(part.capitalize() for part in name.split("_"))


def _group(instrument: Instrument, release: Release) -> dict[str, Any]:
    inside: list[dict[str, Any]] = []
    if instrument.stem:
        stem = {"linkId": f"{instrument.id}.stem", "type": "display", "text": instrument.stem}
        inside.append(stem)
    inside += [_choice(instrument, item, release) for item in instrument.items]
    if instrument.licence.attribution:
        inside.append(
            {
                "linkId": f"{instrument.id}.attribution",
                "type": "display",
                "text": instrument.licence.attribution,
            }
        )
    return {
        "linkId": instrument.id,
        "type": "group",
        "text": instrument.heading,
        "item": inside,
    }


def _choice(instrument: Instrument, item: Item, release: Release) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "extension": [{"url": RESPONSE_SET, "valueString": item.response_set}],
        "linkId": item.id,
    }
    if item.loinc:
        entry["code"] = [{"system": LOINC, "code": item.loinc}]
    entry |= {"text": item.text, "type": _CHOICE[release]}
    if item.asked_when is not None:
        entry |= enable_when(instrument, item.asked_when, coding)
    if release == "R5":
        entry["answerConstraint"] = "optionsOnly"
    entry["answerOption"] = [
        {"extension": number_of(option, release), "valueCoding": coding(item, option)}
        for option in instrument.options(item)
    ]
    return entry


@dataclass(slots=True)
class _Texts:
    """The words around the questions, as they are met."""

    heading: str = ""
    stem: str = ""
    attribution: str = ""
    is_before_questions: bool = True


def _read(data: bytes, file: str, release: Release) -> Imported:
    reading = Reading(file)
    resource = read_object(data, reading)
    _check_header(resource, reading)
    texts = _Texts()
    value_sets = dict(_contained_value_sets(resource))
    links: set[str] = set()
    found = [
        question
        for entry in resource.tables("item")
        for question in _items(entry, release, texts, value_sets, links)
    ]
    names = {each.text("system"): each.text("value") for each in resource.tables("identifier")}
    ours = names.get(f"{OURS}:instrument")
    if not (ours or texts.stem):
        # Elsewhere a group with no text inside it has the stem as its own.
        texts.heading, texts.stem = "", texts.heading
    other_names = [resource.text(key) for key in ("name", "id", "title", "url")]
    form = next(filter(None, [ours, *other_names]), "form")
    citation, _, notice = resource.text("description").partition("\n\n")
    words = {
        "version": resource.text("version"),
        "title": resource.text("title"),
        "heading": texts.heading,
        "stem": texts.stem,
        "citation": citation,
        "notice": notice,
        "loinc": _loinc(resource.tables("code")),
        "licence": DraftLicence(text=resource.text("copyright"), attribution=texts.attribution),
    }
    resource.list_rest("")
    return finish(reading, found, form=form, **words)


def _check_header(resource: Table, reading: Reading) -> None:
    kind = resource.text("resourceType")
    if kind != "Questionnaire":
        reading.fault("resourceType", repr(kind), "'Questionnaire'")
        reading.refuse_if_faulty()
    status = resource.text("status")
    if status not in _STATUSES:
        reading.fault("status", repr(status), f"one of {', '.join(sorted(_STATUSES))}")


def _items(
    entry: Table,
    release: Release,
    texts: _Texts,
    value_sets: Mapping[str, list[FoundChoice]],
    links: set[str],
) -> Iterator[FoundItem]:
    link, kind, text = entry.text("linkId"), entry.text("type"), entry.text("text")
    if not link:
        entry.reading.fault(entry.place("linkId"), "nothing", "a linkId")
    elif link in links:
        entry.reading.fault(entry.place("linkId"), f"{link!r} a second time", "every linkId once")
    links.add(link)
    if kind not in _TYPES[release]:
        expected = f"a type of {release}: {', '.join(sorted(_TYPES[release]))}"
        entry.reading.fault(entry.place("type"), repr(kind) if kind else "nothing", expected)
    elif kind == "group":
        _note_heading(entry, link, text, texts)
    elif kind == "display":
        _note_display(entry, link, text, texts)
    elif kind == _CHOICE[release]:
        texts.is_before_questions = False
        yield from _question(entry, link, text, value_sets)
    else:
        entry.reading.lost("item", link, f"a definition holds choices only, and this is {kind}")
        entry.looked_at |= set(entry.data) - {"item"}
    for child in entry.tables("item"):
        yield from _items(child, release, texts, value_sets, links)
    entry.list_rest(link)


def _note_heading(entry: Table, link: str, text: str, texts: _Texts) -> None:
    if not texts.heading:
        texts.heading = text
    elif text:
        entry.reading.lost("item.text", link, "a definition has one heading")


def _note_display(entry: Table, link: str, text: str, texts: _Texts) -> None:
    if link.endswith(".attribution"):
        texts.attribution = text
    elif texts.is_before_questions and not texts.stem:
        texts.stem = text
    else:
        entry.reading.lost("item", link, "a definition has no text between its items")


def _question(
    entry: Table, link: str, text: str, value_sets: Mapping[str, list[FoundChoice]]
) -> Iterator[FoundItem]:
    response_set = ""
    for extension in entry.tables("extension"):
        if extension.text("url") == RESPONSE_SET:
            response_set = extension.text("valueString")
        else:
            entry.reading.lost(extension.where, link, "an extension that is not known here")
    loinc = _loinc(entry.tables("code"))
    entry.text("answerConstraint")
    choices = [_choice_of(option) for option in entry.tables("answerOption")]
    value_set = entry.text("answerValueSet")
    if value_set.removeprefix("#") in value_sets:
        choices += value_sets[value_set.removeprefix("#")]
    elif value_set.startswith("#"):
        entry.reading.fault(
            entry.place("answerValueSet"), repr(value_set), "a value set that the file contains"
        )
    elif value_set:
        entry.reading.lost("item", link, f"its choices are not in the file but at {value_set}")
        return
    condition, said = enabled_when(entry)
    yield FoundItem(
        entry.where,
        link,
        text,
        tuple(choices),
        response_set,
        loinc,
        condition=condition,
        condition_text=said,
        condition_field="enableWhen",
    )


def _choice_of(option: Table) -> FoundChoice:
    whole = option.number("valueInteger")
    own = option.table("valueCoding")
    if own is None:
        text = option.text("valueString") if whole is None else f"{whole:g}"
        if not text:
            option.reading.fault(option.where, "no coding, number or text", "a valueCoding")
        return FoundChoice(text, text)
    return _coded_choice(own, [*option.tables("extension"), *own.tables("extension")])


def _coded_choice(own: Table, extensions: Iterable[Table]) -> FoundChoice:
    code, system = own.text("code"), own.text("system")
    number = None
    for extension in extensions:
        if extension.text("url") in (ORDINAL_VALUE, ITEM_WEIGHT):
            number = extension.number("valueDecimal")
    return FoundChoice(
        code=code if number is None else f"{number:g}",
        label=own.text("display") or code,
        loinc=code if system == LOINC else "",
    )


def _contained_value_sets(resource: Table) -> Iterator[tuple[str, list[FoundChoice]]]:
    for contained in resource.tables("contained"):
        compose = contained.table("compose")
        if contained.text("resourceType") != "ValueSet" or compose is None:
            resource.reading.lost(contained.where, "", "a definition has no place for it")
            continue
        choices = []
        for include in compose.tables("include"):
            system = include.text("system")
            for concept in include.tables("concept"):
                coded = Table({**concept.data, "system": system}, concept.where, concept.reading)
                choices.append(_coded_choice(coded, concept.tables("extension")))
        yield contained.text("id"), choices


def _loinc(codings: Iterable[Table]) -> str:
    for each in codings:
        if each.text("system") == LOINC:
            return each.text("code")
        each.reading.lost(each.where, "", "a definition has codes of LOINC only")
    return ""
