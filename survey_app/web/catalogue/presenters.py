"""The catalogue in words: one line an instrument, and everything on record about one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from instruments.dictionary import WORDING_IN_WORDS, asked_in_words
from instruments.model import USES, Instrument, Item, Licence
from survey_app.web.catalogue.scores import read_in

Tier = Literal["A", "B", "C"]
TIERS: Final[Mapping[Tier, str]] = {
    "A": "comes with its words",
    "B": "may be used once a study says who accepted the licence",
    "C": "comes as scoring rules; whoever holds the licence supplies the words",
}
_STATUSES: Final = {
    "public_domain": "Public domain",
    "free_with_attribution": "Free, if the source is named",
    "free_noncommercial": "Free, but not for commercial use",
    "registration_required": "Free once registered with the owner",
    "proprietary": "A licence is bought",
    "own": "Written for this project",
}
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class TierFilter:
    """One way to narrow the list; a tier of "" is all of it."""

    label: str
    tier: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class InstrumentLine:
    """One instrument as the list shows it."""

    id: str
    title: str
    tier: str
    facts: str
    notice: str


def filters(instruments: Iterable[Instrument], *, wanted: str) -> list[TierFilter]:
    """Give the ways to narrow the list, each with how many instruments it leaves."""
    tiers = [instrument.licence.tier for instrument in instruments]
    return [
        TierFilter(f"All ({len(tiers)})", "", not wanted),
        *(TierFilter(f"Tier {tier} ({tiers.count(tier)})", tier, tier == wanted) for tier in TIERS),
    ]


def lines(instruments: Iterable[Instrument], *, wanted: str) -> list[InstrumentLine]:
    """Give the instruments of one tier, or all, in the order of their short titles."""
    found = [each for each in instruments if wanted in ("", each.licence.tier)]
    return [
        InstrumentLine(
            id=each.id,
            title=full_title(each),
            tier=f"Tier {each.licence.tier}",
            facts=". ".join(
                (_STATUSES[each.licence.status], _items_in_words(each), _wording(each))
            ),
            notice=each.notice,
        )
        for each in sorted(found, key=lambda each: each.short_title.casefold())
    ]


def full_title(instrument: Instrument) -> str:
    """Give the title with the short one before it."""
    return f"{instrument.short_title}: {instrument.title}"


def fact_rows(instrument: Instrument) -> list[Row]:
    """Give what is on record about an instrument as a whole."""
    licence = instrument.licence
    status = _STATUSES[licence.status]
    terms = licence.text if licence.text.startswith(status) else f"{status}. {licence.text}"
    facts = {
        "Version": instrument.version,
        "Citation": instrument.citation,
        "Items": _items_in_words(instrument),
        "Recall period": _sentence(instrument.recall_period),
        "Heading shown": instrument.heading,
        "Shown above the items": instrument.stem,
        "Tier": f"{licence.tier}: {TIERS[licence.tier]}",
        "Licence": terms,
        "Permits": _joined(_uses(licence, are_permitted=True)),
        "Forbids": _joined(_uses(licence, are_permitted=False)),
        "Shown below the items": licence.attribution,
        "Wording": f"{_wording(instrument)}. {instrument.wording.source}",
        "LOINC": instrument.loinc,
        "LOINC codes from": _codes_source(instrument),
    }
    rows = [{"key": key, "value": value} for key, value in facts.items()]
    for row in rows:
        if row["key"] == "Licence" and licence.url.startswith(("https://", "http://")):
            row |= {"href": licence.url, "action": "Read the terms"}
    return rows


def item_rows(instrument: Instrument) -> list[Sequence[str]]:
    """Give a row an item: its variable, words, set of answers, LOINC code and remarks."""
    return [
        (
            item.id,
            item.text,
            item.response_set,
            item.loinc,
            _remarks(instrument, item),
        )
        for item in instrument.items
    ]


def answer_rows(instrument: Instrument) -> list[Sequence[str]]:
    """Give a row a choice: its set, the number stored, the words shown and the LOINC code."""
    return [
        (response_set.id, str(option.value), option.label, option.loinc)
        for response_set in instrument.response_sets
        for option in response_set.options
    ]


def _remarks(instrument: Instrument, item: Item) -> str:
    remarks = {
        "Shows risk": item.risk,
        "Not scored": not item.scored,
        "Reversed": any(item.id in score.reversed for score in instrument.scores),
        f"The same as {item.same_as}": item.same_as is not None,
    }
    said = [remark for remark, holds in remarks.items() if holds]
    if item.asked_when is not None:
        said.append(_sentence(asked_in_words(item.asked_when)))
    if item.wording is not None:
        said.append(_sentence(WORDING_IN_WORDS[item.wording]))
    return "; ".join(said)


def _uses(licence: Licence, *, are_permitted: bool) -> list[str]:
    uses = [f"{use} use" for use in USES if licence.permits(use) == are_permitted]
    if licence.permits_modification == are_permitted:
        uses.append("changing the words")
    return uses


def _joined(words: Sequence[str]) -> str:
    *first, last = words or ["nothing"]
    return _sentence(f"{', '.join(first)} and {last}" if first else last)


def _items_in_words(instrument: Instrument) -> str:
    n_items = len(instrument.items)
    return "1 item" if n_items == 1 else f"{n_items} items"


def _codes_source(instrument: Instrument) -> str:
    if not instrument.loinc_source:
        return ""
    return read_in(instrument.loinc_source, verified=instrument.loinc_verified)


def _wording(instrument: Instrument) -> str:
    return _sentence(WORDING_IN_WORDS[instrument.wording.tag])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
