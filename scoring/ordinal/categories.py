"""Answers as ordered categories: codes, thresholds, tables, and what stands in the way.

Categories that nobody chose are left out: they have no threshold of their own. Items with fewer
categories than the widest are padded with categories of nobody, whose thresholds are far out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from scoring.cfa.model import FactorModel
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.bivariate_normal import FURTHEST
from scoring.rules import Floats

Codes = npt.NDArray[np.intp]

FEWEST_PEOPLE: Final = 40
"""Our choice: a correlation of latent responses rests on whole tables, which fewer cannot fill."""

MOST_CATEGORIES: Final = 20
"""Our choice: an item with more is a measurement, and its product-moment correlation will do."""

_ROWS_AT_ONCE: Final = 4096
"""Keeps what is made of a block of people inside the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """The answers of the people who answered every item.

    Attributes
    ----------
    items : tuple of str
    values : tuple of arrays of float, one an item
        The answers somebody gave, ascending; a code is a place in it.
    codes : array of int, shape (k, n)
    n, n_asked : int
        People used, and people there were.
    """

    items: tuple[str, ...]
    values: tuple[Floats, ...]
    codes: Codes
    n: int
    n_asked: int

    @property
    def widest(self) -> int:
        """The most categories an item has."""
        return max(len(values) for values in self.values)

    @property
    def shares_up_to(self) -> Floats:
        """The share of people at or below each category but the last, shape (k, widest - 1)."""
        counts = [np.bincount(codes, minlength=self.widest) for codes in self.codes]
        shares: Floats = np.cumsum(counts, axis=1)[:, :-1] / self.n
        return shares

    @property
    def thresholds(self) -> Floats:
        """Where the latent response passes into the next category, shape (k, widest - 1)."""
        shares = self.shares_up_to
        padded = shares >= 1
        found: Floats = np.where(padded, FURTHEST, ndtri(np.where(padded, 0.5, shares)))
        return found

    def blocks(self) -> Iterator[Codes]:
        """The codes of some thousand people at a time, shape (k, people)."""
        for start in range(0, self.n, _ROWS_AT_ONCE):
            yield self.codes[:, start : start + _ROWS_AT_ONCE]


def of_the_model(keyed: KeyedAnswers, model: FactorModel) -> KeyedAnswers:
    """Return the answers to the model's items, in its order.

    Raises
    ------
    ValueError
        When the model has an item that is not among the answers'.
    """
    unknown = [item for item in model.items if item not in keyed.items]
    if unknown:
        raise ValueError(
            f"the model has item {unknown[0]!r}; expected one of {', '.join(keyed.items)}"
        )
    order = [keyed.items.index(item) for item in model.items]
    return KeyedAnswers(
        items=model.items,
        values=keyed.values[:, order],
        minimum=keyed.minimum[order],
        maximum=keyed.maximum[order],
        title=keyed.title,
    )


def categorise(keyed: KeyedAnswers) -> Categories:
    """Return the complete rows as codes."""
    complete = keyed.complete
    values, codes = [], np.empty(complete.T.shape, dtype=np.intp)
    for number, answers in enumerate(complete.T):
        found, codes[number] = np.unique(answers, return_inverse=True)
        values.append(found)
    return Categories(keyed.items, tuple(values), codes, len(complete), len(keyed.values))


def pairs_of(k: int) -> tuple[Codes, Codes]:
    """Return the numbers of the first and the second item of every pair: (0, 1), (0, 2), …"""
    first, second = np.triu_indices(k, 1)
    return first, second


def tables_of(categories: Categories) -> Floats:
    """Return how many gave each pair of answers, shape (pairs, widest, widest)."""
    k, widest = len(categories.items), categories.widest
    places = np.arange(widest)[None, :, None]
    counts = np.zeros((k * widest, k * widest))
    for codes in categories.blocks():
        # Counts of a block are exact in single precision, which is twice as fast.
        indicators = (codes[:, None, :] == places).astype(np.float32).reshape(k * widest, -1)
        counts += indicators @ indicators.T
    first, second = pairs_of(k)
    tables: Floats = counts.reshape(k, widest, k, widest)[first, :, second, :]
    return tables


def what_stands_in_the_way(keyed: KeyedAnswers, categories: Categories) -> Iterator[Finding]:
    """Yield why there is no number, as errors, and what was left out, as notes."""
    if categories.n < categories.n_asked:
        yield Finding(
            "note",
            keyed.title,
            f"{categories.n} of the {categories.n_asked} people asked answered every item; only "
            "they are used.",
        )
    if categories.n < FEWEST_PEOPLE:
        yield Finding(
            "error",
            keyed.title,
            f"Only {categories.n} people answered every item; fewer than {FEWEST_PEOPLE} do not "
            "fill the tables that correlations of latent responses are read from.",
        )
    if len(keyed.items) < 2:
        yield Finding("error", keyed.title, "A single item has nothing to correlate with.")
    for item, values in zip(keyed.items, categories.values, strict=True):
        if len(values) > MOST_CATEGORIES:
            yield Finding(
                "error",
                item,
                f"It has {len(values)} different answers; with more than {MOST_CATEGORIES} it is "
                "a measurement rather than a choice between ordered categories.",
            )


def constant_items(categories: Categories) -> tuple[Finding, ...]:
    """Return an error for each item to which everybody gave the same answer."""
    return tuple(
        Finding(
            "error",
            item,
            "Everybody gave the same answer: the item has no threshold and no correlation.",
        )
        for item, values in zip(categories.items, categories.values, strict=True)
        if len(values) == 1
    )


def empty_categories(keyed: KeyedAnswers, categories: Categories) -> Iterator[Finding]:
    """Yield a note for each item with answers that nobody chose."""
    for number, (item, values) in enumerate(zip(keyed.items, categories.values, strict=True)):
        allowed = np.arange(keyed.minimum[number], keyed.maximum[number] + 1)
        empty = [f"{value:g}" for value in np.setdiff1d(allowed, values)]
        if empty and len(values) > 1:
            yield Finding(
                "note",
                item,
                f"Nobody answered {listed(empty)}: the answers on either side are taken as "
                "neighbours.",
            )


def listed(names: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
