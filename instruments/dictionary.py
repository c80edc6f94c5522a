"""The data dictionary of an instrument: one row a variable, in words and numbers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from io import StringIO
from types import MappingProxyType
from typing import Final

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument, Item, LookupTransform, Score, WordingTag
from instruments.routing import AskedWhen, Condition

MISSING_CODES_IN_WORDS: Final = (
    f"not answered {NOT_ANSWERED}; prefer not to say {PREFER_NOT_TO_SAY}; not asked {NOT_ASKED}"
)
WORDING_IN_WORDS: Final[Mapping[WordingTag, str]] = MappingProxyType(
    {
        "verified": "words verified",
        "secondary_copy": "words read in a copy",
        "unverified": "words not verified",
        "own": "our own words",
        "withheld": "words to be supplied",
    }
)

_FORMULA_BEGINS_WITH = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Variable:
    """One row of the dictionary, every cell as text."""

    variable: str
    kind: str
    label: str
    values: str
    missing: str
    rule: str
    wording: str
    loinc: str


COLUMNS: Final = tuple(field.name for field in fields(Variable))


def data_dictionary(instrument: Instrument) -> tuple[Variable, ...]:
    """Return one row for every item, in the order asked, and then for every score."""
    return (
        *(_item_row(instrument, item) for item in instrument.items),
        *(_score_row(score) for score in instrument.scores),
    )


def dictionary_csv(instrument: Instrument) -> str:
    """Return the data dictionary as CSV; no cell of it is a formula to a spreadsheet."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in data_dictionary(instrument):
        writer.writerow([_harmless(cell) for cell in astuple(row)])
    return written.getvalue()


def rule_in_words(score: Score) -> str:
    """Return how a score is made, in one sentence for each part of the rule."""
    return f"{made_in_words(score)}; {missing_rule_in_words(score)}: {score.missing_rule_source}"


def made_in_words(score: Score) -> str:
    """Return what is done with the answers: summed or averaged, reversed, recoded, transformed."""
    parts = [f"{score.rule.capitalize()} of {', '.join(score.items)}"]
    if score.reversed:
        parts.append(f"reversed: {', '.join(score.reversed)}")
    if score.recoded:
        counts = ", ".join(f"{entry.value} as {entry.counts_as}" for entry in score.recoded)
        parts.append(f"counted {counts}")
    if isinstance(score.transform, LookupTransform):
        parts.append(f"then the value the table has for it ({score.transform.source})")
    elif score.transform is not None:
        parts.append(f"then plus {score.transform.add:g}, times {score.transform.multiply:g}")
    return "; ".join(parts)


def missing_rule_in_words(score: Score) -> str:
    """Return how many answers a score needs."""
    n_items = len(score.items)
    if n_items == 1:
        return "where it is answered"
    if score.minimum_answered == n_items:
        return f"with all {n_items} answered"
    return f"with at least {score.minimum_answered} of {n_items} answered"


def asked_in_words(rule: AskedWhen) -> str:
    """Return when an item is asked: "asked when gad7_1 is 2 or more"."""
    parts = [
        f"{opening} {joint.join(map(_condition_in_words, conditions))}"
        for opening, joint, conditions in (
            ("when", " and ", rule.all),
            ("when", " or ", rule.any),
            ("unless", " or ", rule.none),
        )
        if conditions
    ]
    return f"asked {', and '.join(parts)}"


def _condition_in_words(condition: Condition) -> str:
    name = condition.question
    if condition.answered is not None:
        return f"{name} is {'answered' if condition.answered else 'not answered'}"
    if condition.at_least is not None:
        return f"{name} is {condition.at_least} or more"
    if condition.at_most is not None:
        return f"{name} is {condition.at_most} or less"
    values = condition.one_of or (condition.equals,)
    return f"{name} is {' or '.join(map(str, values))}"


def _harmless(cell: str) -> str:
    # On one line, and without the tab or return that some spreadsheets overlook before a formula.
    line = " ".join(cell.split())
    return f"'{line}" if line.startswith(_FORMULA_BEGINS_WITH) else line


def _item_row(instrument: Instrument, item: Item) -> Variable:
    options = "; ".join(f"{option.value} {option.label}" for option in instrument.options(item))
    scores = [score.id for score in instrument.scores if item.id in score.items]
    return Variable(
        variable=item.id,
        kind="item",
        label=f"{instrument.stem} {item.text}".strip(),
        values=options,
        missing=MISSING_CODES_IN_WORDS,
        rule="; ".join(
            [
                f"in {', '.join(scores)}" if scores else "in no score",
                *([] if item.asked_when is None else [asked_in_words(item.asked_when)]),
            ]
        ),
        wording=item.wording or instrument.wording.tag,
        loinc=item.loinc,
    )


def _score_row(score: Score) -> Variable:
    bands = "; ".join(f"{band.label} from {band.low:g}" for band in score.bands)
    ends = f"{score.minimum:g} to {score.maximum:g}, {score.direction.replace('_', ' ')}"
    return Variable(
        variable=score.id,
        kind="score",
        label=score.title,
        values=f"{ends}; {bands}" if bands else ends,
        missing="empty where the rule for missing items is not met",
        rule=rule_in_words(score),
        wording="",
        loinc=score.loinc,
    )
