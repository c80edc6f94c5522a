"""What `score --before` adds: the change of each person, and whether it counts as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from instruments.model import Instrument, Score

if TYPE_CHECKING:
    import pandas as pd

    from scoring.change import ReliabilityKind

_RELIABILITY: Final = re.compile(r"(\w+)=(alpha|test_retest):(0?\.\d+)")


@dataclass(frozen=True, slots=True)
class GivenReliability:
    """A reliability that the index of change of one score is to rest on."""

    kind: ReliabilityKind
    value: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Columns of the output, cell by cell, and a sentence on what each label rests on."""

    columns: Mapping[str, list[object]]
    notes: tuple[str, ...]


def reliabilities_of(
    given: Iterable[str], definition: Instrument
) -> Mapping[str, GivenReliability]:
    """Read what --reliability says, such as gad7_total=alpha:0.89; one of each score."""
    found: dict[str, GivenReliability] = {}
    known = [score.id for score in definition.scores]
    for text in given:
        said = _RELIABILITY.fullmatch(text)
        if said is None:
            raise click.UsageError(
                f"--reliability {text}: expected SCORE=KIND:VALUE, such as {known[0]}=alpha:0.89; "
                "the kind is alpha or test_retest, the value over 0 and below 1."
            )
        name, kind, value = said.groups()
        if name not in known:
            raise click.UsageError(
                f"--reliability {text}: there is no score {name}; there is {', '.join(known)}."
            )
        if name in found:
            raise click.UsageError(f"--reliability names {name} more than once.")
        found[name] = GivenReliability("alpha" if kind == "alpha" else "test_retest", float(value))
    return found


def changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    definition: Instrument,
    reliabilities: Mapping[str, GivenReliability],
) -> Changes:
    """Give the change of everybody in `after`; the frames' indexes name the people."""
    columns: dict[str, list[object]] = {}
    notes: list[str] = []
    for score in definition.scores:
        earlier, later = before[score.id], after[score.id]
        matched = earlier.reindex(later.index)
        columns[f"{score.id}_before"] = [_cell(value) for value in matched]
        columns[f"{score.id}_change"] = [_cell(value) for value in later - matched]
        if score.reliable_change is not None:
            columns[f"{score.id}_changed"], note = _by_threshold(matched, later, score)
            notes.append(note)
        if score.id in reliabilities:
            index, labels, note = _by_index(earlier, later, score, reliabilities[score.id])
            columns[f"{score.id}_index"] = index
            columns[f"{score.id}_index_changed"] = labels
            notes.append(note)
    return Changes(columns, tuple(notes))


def _by_threshold(
    before: pd.Series[float], after: pd.Series[float], score: Score
) -> tuple[list[object], str]:
    from scoring.change import reliable_change

    threshold = score.reliable_change
    assert threshold is not None  # noqa: S101  the caller looked
    kind = {"reliable": "is reliable", "important": "matters"}[threshold.kind]
    doubt = "" if threshold.verified else ", not verified"
    note = (
        f"{score.id}_changed: a change of {threshold.points:g} points or more {kind} "
        f"({threshold.source}{doubt})."
    )
    return _labels(reliable_change(before, after, score)), note


def _by_index(
    before: pd.Series[float], after: pd.Series[float], score: Score, given: GivenReliability
) -> tuple[list[object], list[object], str]:
    from scoring.change import reliable_change_index

    try:
        found = reliable_change_index(
            before, after, score, reliability=given.value, reliability_is=given.kind
        )
    except ValueError as error:
        raise click.ClickException(f"{score.id}: {error}") from error
    kind = {"alpha": "an alpha", "test_retest": "a test-retest reliability"}[given.kind]
    note = (
        f"{score.id}_index: Jacobson and Truax, with {kind} of {given.value:g} and an SD before of "
        f"{found.sd:.4g} (n = {int(before.notna().sum())}): more than {found.points:.4g} points "
        "is reliable."
    )
    return (
        [_cell(value) for value in found.values.reindex(after.index)],
        _labels(found.labels.reindex(after.index)),
        note,
    )


def _labels(labels: pd.Series[str]) -> list[object]:
    plain = labels.astype("object")
    return list(plain.where(labels.notna(), ""))


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.17g}"
