"""How unusual a difference is among those that the design's other allocations would have given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import comb, prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import checked_outcome, orthonormal_basis

# Above so many allocations they are drawn, not counted.
COUNTABLE = 2_000_000
DRAWS = 20_000
# Coefficients this close to each other are ties.
TIE = 1e-12
# A share of an arm's people below this is one that the covariates reproduce.
REPRODUCED = 1e-10
_AT_ONCE = 1 << 17


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """A difference among those that the other allocations of the same design would have given.

    Attributes
    ----------
    coefficient : float
        The adjusted difference by least squares, in units of the outcome.
    p : float
        Share of the allocations with a difference at least as far from 0, this one included.
    n_allocations : int
        How many the design allows.
    n_compared : int
        How many were compared: all of them, or those drawn.
    is_exact : bool
        All were.
    low, high : float
        Where the exact p lies with 95 % confidence, when allocations were drawn; else p itself.
    """

    coefficient: float
    p: float
    n_allocations: int
    n_compared: int
    is_exact: bool
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Stratum:
    """The schools of one stratum: their sums, shape (m, 2 + r), and how many are in the arm."""

    sums: NDArray[np.float64]
    n_treated: int

    @property
    def n_allocations(self) -> int:
        return comb(len(self.sums), self.n_treated)

    def all(self) -> NDArray[np.float64]:
        """The arm's sums under each allocation of this stratum, shape (allocations, 2 + r)."""
        chosen = np.fromiter(
            chain.from_iterable(combinations(range(len(self.sums)), self.n_treated)),
            dtype=np.int16,
            count=self.n_allocations * self.n_treated,
        ).reshape(self.n_allocations, self.n_treated)
        totals = np.zeros((self.n_allocations, self.sums.shape[1]))
        for place in range(self.n_treated):
            totals += self.sums[chosen[:, place]]
        return totals

    def draws(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The arm's sums under n allocations drawn with equal chances."""
        if self.n_treated in (0, len(self.sums)):
            return np.broadcast_to(
                self.sums.sum(axis=0) * bool(self.n_treated), (n, self.sums.shape[1])
            )
        order = rng.random((n, len(self.sums))).argpartition(self.n_treated - 1, axis=1)
        totals: NDArray[np.float64] = self.sums[order[:, : self.n_treated]].sum(axis=1)
        return totals


def randomisation_test(
    y: ArrayLike,
    covariates: ArrayLike,
    clusters: Sequence[object],
    *,
    terms: Sequence[str],
    treated: Sequence[object],
    strata: Mapping[Any, Sequence[object]],
    rng: np.random.Generator,
    countable: int = COUNTABLE,
    draws: int = DRAWS,
) -> RandomisationTest:
    """Return how the adjusted difference stands among those of the design's other allocations.

    The null hypothesis is that nobody's answers depend on the arm. Schools of the design in which
    nobody is analysed stay in it: they are allocated like the others and add nothing.

    Parameters
    ----------
    y : array_like of float, shape (N,)
        Complete values.
    covariates : array_like of float, shape (N, k)
        Everything in the model but the arm, the intercept among them.
    clusters : sequence, length N
        The school of each person.
    terms : sequence of str, length k
    treated : sequence
        The schools in the arm that is compared with the other.
    strata : mapping from stratum to its schools
        All schools that were randomised between the two arms, and where. Within a stratum as many
        schools go to the arm as did.
    rng : Generator
        Used only when there are more allocations than ``countable``.
    countable, draws : int

    Raises
    ------
    TableShapeError
        A person's school is in no stratum, a school in two, or a treated one in none.
    EstimationError
        The design allows one allocation only, or the covariates reproduce the arm.

    Notes
    -----
    With r the residuals of y on the covariates and U an orthonormal basis of these, the
    coefficient of an arm z is sum r'z / (n'z - |U'z|^2), which needs sums over schools only
    (Frisch, Waugh and Lovell). An allocation in which the covariates reproduce the arm counts as
    one at least as far from 0. Of drawn allocations, p is (1 + those at least as far) / (1 + all),
    and its interval that of Clopper and Pearson.

    References
    ----------
    Gail, Mark, Carroll, Green & Pee (1996), Stat. Med. 15:1069; Phipson & Smyth (2010), Stat.
    Appl. Genet. Mol. Biol. 9:39, for the p of drawn allocations.
    """
    outcome = checked_outcome(y)
    basis = orthonormal_basis(covariates, terms)
    residuals = outcome - basis.q @ (basis.q.T @ outcome)
    schools = _places(clusters, treated, strata)
    positions = np.fromiter((schools[each] for each in clusters), dtype=np.intp)
    if len(positions) != len(outcome) or basis.q.shape[0] != len(outcome):
        raise TableShapeError(
            f"found {len(outcome)} outcomes, {basis.q.shape[0]} rows of covariates and "
            f"{len(positions)} schools, expected as many of each"
        )
    sums = np.zeros((len(schools), 2 + basis.q.shape[1]))
    np.add.at(sums, positions, np.column_stack([residuals, np.ones(len(outcome)), basis.q]))
    chosen = set(treated)
    parts = [
        _Stratum(
            sums=sums[[schools[each] for each in members]],
            n_treated=sum(each in chosen for each in members),
        )
        for members in strata.values()
    ]
    observed = _coefficients(sums[[schools[each] for each in treated]].sum(axis=0)[np.newaxis])[0]
    if not np.isfinite(observed):
        raise EstimationError("the covariates reproduce the arm, so there is no difference to test")
    n_allocations = prod(part.n_allocations for part in parts)
    if n_allocations < 2:
        raise EstimationError("the design allows this one allocation only")
    is_exact = n_allocations <= countable
    totals = _every_total(parts) if is_exact else _drawn_totals(parts, draws, rng)
    far = sum(_count_far(each, abs(observed)) for each in totals)
    if is_exact:
        p = far / n_allocations
        return RandomisationTest(float(observed), p, n_allocations, n_allocations, True, p, p)
    interval = stats.binomtest(far, draws).proportion_ci(0.95, method="exact")
    return RandomisationTest(
        coefficient=float(observed),
        p=(1 + far) / (1 + draws),
        n_allocations=n_allocations,
        n_compared=draws,
        is_exact=False,
        low=float(interval.low),
        high=float(interval.high),
    )


def _places(
    clusters: Sequence[object], treated: Sequence[object], strata: Mapping[Any, Sequence[object]]
) -> dict[object, int]:
    """A row for each school of the design."""
    listed = list(chain.from_iterable(strata.values()))
    places = {school: place for place, school in enumerate(listed)}
    if len(places) != len(listed):
        raise TableShapeError("strata: found a school twice, expected each in one stratum, once")
    unknown = sorted({str(each) for each in chain(clusters, treated) if each not in places})
    if unknown:
        raise TableShapeError(
            f"strata: found no place for {', '.join(unknown[:5])}"
            f"{' and others' if len(unknown) > 5 else ''}, expected every school in one stratum"
        )
    return places


def _coefficients(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The arm's coefficient from its sums of residuals, people and basis; infinite where none."""
    people = totals[:, 1]
    left = people - np.einsum("ij,ij->i", totals[:, 2:], totals[:, 2:])
    is_estimable = left > REPRODUCED * people
    return np.where(is_estimable, totals[:, 0] / np.where(is_estimable, left, 1.0), np.inf)


def _count_far(totals: NDArray[np.float64], distance: float) -> int:
    return int(np.count_nonzero(np.abs(_coefficients(totals)) >= distance - TIE))


def _every_total(parts: Sequence[_Stratum]) -> Iterator[NDArray[np.float64]]:
    """The arm's sums under every allocation, so many at a time that memory stays small."""
    smaller, *others = sorted((part.all() for part in parts), key=len, reverse=True)
    rest = np.zeros((1, smaller.shape[1]))
    for each in others:
        rest = (rest[:, np.newaxis, :] + each[np.newaxis, :, :]).reshape(-1, each.shape[1])
    step = max(1, _AT_ONCE // len(smaller))
    for start in range(0, len(rest), step):
        piece = rest[start : start + step]
        yield (piece[:, np.newaxis, :] + smaller[np.newaxis, :, :]).reshape(-1, smaller.shape[1])


def _drawn_totals(
    parts: Sequence[_Stratum], draws: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    step = max(1, _AT_ONCE // sum(len(part.sums) for part in parts))
    for start in range(0, draws, step):
        n = min(step, draws - start)
        yield sum(
            (part.draws(n, rng) for part in parts), start=np.zeros((n, parts[0].sums.shape[1]))
        )
