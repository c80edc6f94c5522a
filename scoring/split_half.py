"""How far two halves of a scale agree: the odd-even split, and the best and the worst of many."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, nan
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.reliability import FEWEST_PEOPLE
from scoring.rules import Floats

MOST_SPLITS: Final = 10_000
"""Up to this many different halvings all are tried; of more, so many are drawn by chance."""

Halves = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Half:
    """One way of halving the scale, and what it gives.

    Attributes
    ----------
    items : tuple of str
        The items of one half; the others are the other.
    r : float
        Correlation of the two half sums.
    spearman_brown : float
        2 r / (1 + r): the reliability of the whole if the halves have equal SDs.
    lambda4 : float
        Guttman's (also Rulon's): 4 times the covariance of the halves over the variance of the
        whole; needs no equal SDs.
    """

    items: tuple[str, ...]
    r: float
    spearman_brown: float
    lambda4: float


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Split-half reliability of one scale.

    Attributes
    ----------
    odd_even : Half or None
        The first, third, fifth … item against the rest, in the order given.
    best, worst : Half or None
        By lambda 4, of the halvings tried.
    mean_lambda4 : float
        Over the halvings tried.
    n : int
        People used: those who answered every item.
    n_splits : int
        Halvings tried.
    is_every_split : bool
        Whether that is all there are.
    seed : int
        Of the draw, where it is not.
    findings : tuple of Finding
        Why there are no numbers, where there are none.
    """

    odd_even: Half | None
    best: Half | None
    worst: Half | None
    mean_lambda4: float
    n: int
    n_splits: int
    is_every_split: bool
    seed: int
    findings: tuple[Finding, ...]


def split_half(keyed: KeyedAnswers, *, seed: int = 0) -> SplitHalf:
    """Return the odd-even split and the best and worst of all, or of 10,000 drawn, halvings.

    Only people who answered every item are used. With an odd number of items one half has an item
    more. With fewer than 10 people, fewer than 2 items or a total that never varies there is no
    number, and a finding says so.

    Parameters
    ----------
    keyed : KeyedAnswers
        The scale.
    seed : int
        Of the draw; not used where every halving is tried.

    Returns
    -------
    SplitHalf

    Notes
    -----
    With an odd number of items psych::splitHalf (2.2.9) goes through only half of the halvings,
    so its best and worst may be milder.

    References
    ----------
    Guttman L (1945). Psychometrika 10, 255-282. Spearman C (1910), Brown W (1910). British
    Journal of Psychology 3, 271-295 and 296-322.
    """
    complete = keyed.complete
    n, k = complete.shape
    reason = _reason_against(complete)
    if reason:
        finding = Finding("error", keyed.title, reason)
        return SplitHalf(None, None, None, nan, n, 0, False, seed, (finding,))
    covariance = np.cov(complete, rowvar=False)
    odd_even = _half(keyed, covariance, np.arange(k) % 2 == 0)
    every = _n_halvings(k) <= MOST_SPLITS
    halves = _every_halving(k) if every else _drawn_halvings(k, seed)
    lambda4 = _lambda4(covariance, halves)
    return SplitHalf(
        odd_even=odd_even,
        best=_half(keyed, covariance, halves[int(lambda4.argmax())]),
        worst=_half(keyed, covariance, halves[int(lambda4.argmin())]),
        mean_lambda4=float(lambda4.mean()),
        n=n,
        n_splits=len(halves),
        is_every_split=every,
        seed=seed,
        findings=(),
    )


def _reason_against(complete: Floats) -> str:
    n, k = complete.shape
    if n < FEWEST_PEOPLE:
        return (
            f"Only {n} people answered every item; fewer than {FEWEST_PEOPLE} give no reliability "
            "worth printing."
        )
    if k < 2:
        return "A single item cannot be halved."
    if np.ptp(complete.sum(axis=1)) == 0:
        return "Everybody has the same total, so there is nothing to measure."
    return ""


def _n_halvings(k: int) -> int:
    return comb(k, k // 2) // (1 if k % 2 else 2)


def _every_halving(k: int) -> Halves:
    """Every halving once: with an even number of items the first item stays in the first half."""
    fixed, others, size = ((0,), range(1, k), k // 2 - 1) if k % 2 == 0 else ((), range(k), k // 2)
    halves = np.zeros((_n_halvings(k), k), dtype=bool)
    for row, chosen in enumerate(combinations(others, size)):
        halves[row, [*fixed, *chosen]] = True
    return halves


def _drawn_halvings(k: int, seed: int) -> Halves:
    rank = np.random.default_rng(seed).random((MOST_SPLITS, k)).argsort(axis=1)
    halves: Halves = rank < k // 2
    return halves


def _lambda4(covariance: Floats, halves: Halves) -> Floats:
    chosen = halves.astype(np.float64)
    between = ((chosen @ covariance) * (1 - chosen)).sum(axis=1)
    found: Floats = 4 * between / covariance.sum()
    return found


def _half(keyed: KeyedAnswers, covariance: Floats, chosen: Halves) -> Half:
    first, second = covariance[chosen], covariance[~chosen]
    between = float(first[:, ~chosen].sum())
    product = float(first[:, chosen].sum()) * float(second[:, ~chosen].sum())
    r = between / product**0.5 if product > 0 else nan
    return Half(
        items=tuple(item for item, is_in in zip(keyed.items, chosen, strict=True) if is_in),
        r=r,
        spearman_brown=2 * r / (1 + r) if r > -1 else nan,
        lambda4=4 * between / float(covariance.sum()),
    )
