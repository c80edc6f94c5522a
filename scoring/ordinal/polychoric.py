"""Polychoric correlations: of the latent responses that ordered answers are cut from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.categories import (
    Categories,
    Codes,
    categorise,
    constant_items,
    empty_categories,
    listed,
    pairs_of,
    tables_of,
    what_stands_in_the_way,
)
from scoring.ordinal.cells import cells_of, slopes_of
from scoring.rules import Floats

_CLOSE_ENOUGH: Final = 1e-11
_MOST_STEPS: Final = 200
_NO_INFORMATION: Final = 1e-12
_PLACES: Final = np.array([-1, -0.99, -0.9, -0.6, 0, 0.6, 0.9, 0.99, 1])
_MOST_NAMED: Final = 5

_THIN_COUNT, _THIN_SHARE = 5, 0.2
"""Cochran's rule for a table: expected counts under 5 in more than a fifth of the cells."""


@dataclass(frozen=True, slots=True, eq=False)
class PolychoricMatrix:
    """Polychoric correlations of every pair of items.

    Attributes
    ----------
    items : tuple of str
    correlations : array of float, shape (k, k)
        Ones on the diagonal; NaN beside a constant item, and throughout where an error among the
        findings says why; exactly 1 or -1 where one answer follows from the other.
    thresholds : tuple of arrays of float, one an item
        One fewer than the categories somebody chose, in standard deviations of the latent response.
    categories : tuple of arrays of float, one an item
        The answers somebody gave, ascending.
    n : int
        People used: those who answered every item.
    smallest_eigenvalue : float
        Of the correlations without the constant items; negative where no latent responses at all
        can have them.
    findings : tuple of Finding
    """

    items: tuple[str, ...]
    correlations: Floats
    thresholds: tuple[Floats, ...]
    categories: tuple[Floats, ...]
    n: int
    smallest_eigenvalue: float
    findings: tuple[Finding, ...]


def polychoric_matrix(keyed: KeyedAnswers) -> PolychoricMatrix:
    """Return the polychoric correlations of the items of a scale, and their thresholds.

    Only people who answered every item are used. Answers nobody gave are left out. Nothing is
    added to empty cells. With fewer than 40 people, a single item or an item of more than 20
    different answers there is no number, and a finding says so.

    Parameters
    ----------
    keyed : KeyedAnswers
        Keying an item the other way turns the signs of its correlations and nothing else.

    Returns
    -------
    PolychoricMatrix

    Notes
    -----
    Two steps: thresholds are normal quantiles of the margins; then each correlation on its own
    maximises the likelihood of its table, sum of n_ij log p_ij, by secants of the gradient
    between limits that close in, from the best of seven places.

    References
    ----------
    Olsson U (1979). Psychometrika 44, 443-460. Thin tables: Cochran WG (1954). Biometrics 10,
    417-451.
    """
    categories = categorise(keyed)
    findings = list(what_stands_in_the_way(keyed, categories))
    if any(finding.severity == "error" for finding in findings):
        return no_matrix(categories, findings)
    findings += [*constant_items(categories), *empty_categories(keyed, categories)]
    return matrix_of(categories, tables_of(categories), title=keyed.title, findings=findings)


def matrix_of(
    categories: Categories, tables: Floats, *, title: str, findings: Sequence[Finding]
) -> PolychoricMatrix:
    """Return the matrix of answers whose tables are counted already."""
    k = len(categories.items)
    first, second = pairs_of(k)
    thresholds = categories.thresholds
    found = correlations_of(tables, thresholds[first], thresholds[second])
    correlations = np.eye(k)
    correlations[first, second] = correlations[second, first] = found
    varies = np.array([len(values) > 1 for values in categories.values])
    correlations[~varies] = correlations[:, ~varies] = nan
    defined = correlations[np.ix_(varies, varies)]
    smallest = float(np.linalg.eigvalsh(defined)[0]) if varies.any() else nan
    return PolychoricMatrix(
        items=categories.items,
        correlations=correlations,
        thresholds=tuple(
            row[: len(values) - 1]
            for row, values in zip(thresholds, categories.values, strict=True)
        ),
        categories=categories.values,
        n=categories.n,
        smallest_eigenvalue=smallest,
        findings=(
            *findings,
            *_perfect_pairs(categories.items, correlations),
            *_thin_tables(categories, tables, title),
            *_indefinite(smallest, title),
        ),
    )


def correlations_of(tables: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return the correlation that maximises the likelihood of each table.

    Parameters
    ----------
    tables : array of float, shape (pairs, a, b)
        Counts; rows and columns of nobody may follow the last category.
    rows, columns : arrays of float, shapes (pairs, a - 1) and (pairs, b - 1)
        Thresholds.

    Returns
    -------
    array of float, shape (pairs,)
        1 or -1 where nobody stands off the only path of cells that a perfect relation leaves open;
        NaN where a margin has one category.
    """
    found = _perfect(tables)
    sought = np.isnan(found) & _varies(tables)
    if sought.any():
        found[sought] = _maximise(tables[sought], rows[sought], columns[sought])
    return np.where(_varies(tables), found, nan)


def _maximise(tables: Floats, rows: Floats, columns: Floats) -> Floats:
    """Secants of the gradient, begun by a scoring step, and halving where one leaves its limits."""
    people = tables.sum(axis=(1, 2))
    best = _best_place(tables, rows, columns)
    low, rho, high = _PLACES[best - 1], _PLACES[best], _PLACES[best + 1]
    before, gradient_before = np.full(len(tables), nan), np.full(len(tables), nan)
    at = np.arange(len(tables))
    for _ in range(_MOST_STEPS):
        now = rho[at]
        cells = cells_of(rows[at], columns[at], now, tables[at])
        slopes = slopes_of(rows[at], columns[at], now)
        gradient = (tables[at] * slopes / cells).sum(axis=(1, 2))
        rising = gradient > 0
        low[at] = np.where(rising, now, low[at])
        high[at] = np.where(rising, high[at], now)
        information = people[at] * (slopes**2 / cells).sum(axis=(1, 2))
        secant = (gradient_before[at] - gradient) / (now - before[at])
        curvature = np.where(secant > 0, secant, np.maximum(information, _NO_INFORMATION))
        step = now + gradient / curvature
        between = (step > low[at]) & (step < high[at])
        new = np.where(between, step, (low[at] + high[at]) / 2)
        before[at], gradient_before[at], rho[at] = now, gradient, new
        at = at[np.abs(new - now) > _CLOSE_ENOUGH]
        if len(at) == 0:
            break
    return rho


def _best_place(tables: Floats, rows: Floats, columns: Floats) -> Codes:
    """Which inner place has the highest likelihood: that of a thin table may have two peaks."""
    heights = np.array(
        [
            (tables * np.log(cells_of(rows, columns, np.full(len(tables), place), tables))).sum(
                axis=(1, 2)
            )
            for place in _PLACES[1:-1]
        ]
    )
    best: Codes = heights.argmax(axis=0) + 1
    return best


def _varies(tables: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    rows, columns = tables.sum(axis=2) > 0, tables.sum(axis=1) > 0
    varies: np.ndarray[tuple[int], np.dtype[np.bool_]] = (rows.sum(axis=1) > 1) & (
        columns.sum(axis=1) > 1
    )
    return varies


def _perfect(tables: Floats) -> Floats:
    """1 or -1 where the cumulated table is the greatest or the least its margins allow, or NaN."""
    together = tables.cumsum(axis=1).cumsum(axis=2)
    rows, columns, people = together[:, :, -1:], together[:, -1:, :], together[:, -1:, -1:]
    greatest = (together == np.minimum(rows, columns)).all(axis=(1, 2))
    least = (together == np.maximum(rows + columns - people, 0)).all(axis=(1, 2))
    found: Floats = np.select([greatest, least], [1.0, -1.0], nan)
    return found


def _perfect_pairs(items: tuple[str, ...], correlations: Floats) -> Iterator[Finding]:
    for first, second in zip(*pairs_of(len(items)), strict=True):
        if abs(correlations[first, second]) == 1:
            yield Finding(
                "warning",
                items[second],
                f"Its answers leave nothing open about those to {items[first]}: the correlation "
                f"is {correlations[first, second]:.0f}, which no standard error goes with, and one "
                "of the two may be a copy.",
            )


def _thin_tables(categories: Categories, tables: Floats, title: str) -> Iterator[Finding]:
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    expected = rows[:, :, None] * columns[:, None, :] / categories.n
    real = (rows > 0)[:, :, None] & (columns > 0)[:, None, :]
    few = ((expected < _THIN_COUNT) & real).sum(axis=(1, 2)) > _THIN_SHARE * real.sum(axis=(1, 2))
    thin = np.flatnonzero(few & _varies(tables))
    if len(thin) == 0:
        return
    first, second = pairs_of(len(categories.items))
    named = [
        f"{categories.items[first[pair]]} with {categories.items[second[pair]]}"
        for pair in thin[:_MOST_NAMED]
    ]
    more = len(thin) - len(named)
    names = listed([*named, f"{more} more"] if more else named)
    yield Finding(
        "warning",
        title,
        f"{len(thin)} of the {len(tables)} pairs of items have a thin table (fewer than 5 people "
        f"expected in more than a fifth of its cells), so their correlations are unsteady: "
        f"{names}.",
    )


def _indefinite(smallest: float, title: str) -> Iterator[Finding]:
    if smallest <= 0 or np.isclose(smallest, 0, atol=1e-10):
        yield Finding(
            "warning",
            title,
            "The correlations are not positive definite: estimated pair by pair, they contradict "
            f"one another (smallest eigenvalue {smallest:.3g}), and what rests on all of them at "
            "once is not to be trusted.",
        )


def no_matrix(categories: Categories, findings: Sequence[Finding]) -> PolychoricMatrix:
    """Return the matrix of answers that have none."""
    k = len(categories.items)
    return PolychoricMatrix(
        items=categories.items,
        correlations=np.full((k, k), nan),
        thresholds=(np.empty(0),) * k,
        categories=categories.values,
        n=categories.n,
        smallest_eigenvalue=nan,
        findings=tuple(findings),
    )
