"""The normal likelihood of a factor model in one or more groups, with its derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np

from scoring.cfa.structure import Directions, Ints, Matrices, Structure
from scoring.rules import Floats

_ROWS_AT_ONCE: Final = 8192
"""Scores are made for this many people at a time, so that memory does not grow with people."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Moments of people who answered the same items.

    Attributes
    ----------
    n : int
        People.
    mean : array of float, shape (observed items,)
    covariance : array of float, shape (observed items, observed items)
        With divisor n.
    observed : array of int, shape (observed items,)
        Places of these items among all.
    """

    n: int
    mean: Floats
    covariance: Floats
    observed: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Weighed:
    """One sample at one point: its inverse implied covariance, and how far its moments are off."""

    sample: Sample
    inverse: Floats
    log_determinant: float
    off: Floats
    about: Floats
    """Covariance about the implied mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Fit function of a structure in each group, given the samples of each group.

    F = sum over samples of (n / N) [log|Sigma| + tr(Sigma^-1 (S + (m - mu)(m - mu)'))].

    Attributes
    ----------
    groups : tuple of Structure
    samples : tuple of tuples of Sample
        One or more of each group.
    n_parameters : int
    """

    groups: tuple[Structure, ...]
    samples: tuple[tuple[Sample, ...], ...]
    n_parameters: int

    @property
    def n(self) -> int:
        """People in all groups."""
        return sum(sample.n for samples in self.samples for sample in samples)

    def value_and_gradient(self, values: Floats) -> tuple[float, Floats]:
        """Return F and its gradient; F is infinite where a covariance matrix is impossible."""
        total, gradient, n = 0.0, np.zeros(self.n_parameters), self.n
        for structure, samples in zip(self.groups, self.samples, strict=True):
            at = structure.matrices(values)
            weighed = self._weighed(at, samples)
            if weighed is None:
                return inf, gradient
            for one in weighed:
                share = one.sample.n / n
                total += share * (one.log_determinant + float((one.inverse * one.about).sum()))
            slope, pull = self._slopes(weighed, len(at.intercepts))
            along = structure.directions(at)
            by_element = 2 * along.weight * (along.u * (slope @ along.v)).sum(axis=0)
            by_element += 2 * pull @ along.mean
            gradient += np.bincount(structure.parameters, by_element, self.n_parameters)
        return total, gradient

    def expected_information(self, values: Floats) -> Floats:
        """Return the expected information of one person, shape (parameters, parameters)."""
        information, n = np.zeros((self.n_parameters, self.n_parameters)), self.n
        for structure, samples in zip(self.groups, self.samples, strict=True):
            at = structure.matrices(values)
            along = structure.directions(at)
            expected = np.zeros((len(structure.parameters),) * 2)
            for one in self._weighed(at, samples) or ():
                restricted = along.of_items(one.sample.observed)
                expected += _expected(restricted, one.inverse) * (one.sample.n / n)
            _add(information, structure.parameters, expected)
        return information

    def observed_information(self, values: Floats) -> Floats:
        """Return half the Hessian of F, shape (parameters, parameters)."""
        information, n = np.zeros((self.n_parameters, self.n_parameters)), self.n
        for structure, samples in zip(self.groups, self.samples, strict=True):
            at = structure.matrices(values)
            along = structure.directions(at)
            weighed = self._weighed(at, samples) or []
            observed = structure.curvature(at, *self._slopes(weighed, len(at.intercepts)))
            for one in weighed:
                restricted = along.of_items(one.sample.observed)
                observed += _observed(restricted, one) * (one.sample.n / n)
            _add(information, structure.parameters, observed)
        return information

    def score_products(self, values: Floats, rows: tuple[tuple[Floats, ...], ...]) -> Floats:
        """Return the mean over people of the outer product of their scores.

        Parameters
        ----------
        values : array of float, shape (parameters,)
        rows : tuple of tuples of arrays of float, shape (people, observed items)
            The people behind each sample.

        Returns
        -------
        array of float, shape (parameters, parameters)
        """
        products = np.zeros((self.n_parameters, self.n_parameters))
        for structure, samples, people in zip(self.groups, self.samples, rows, strict=True):
            at = structure.matrices(values)
            along = structure.directions(at)
            by_element = np.zeros((len(structure.parameters),) * 2)
            for one, answers in zip(self._weighed(at, samples) or (), people, strict=True):
                observed = one.sample.observed
                restricted = along.of_items(observed)
                for scores in _scores(restricted, one.inverse, answers - at.mean[observed]):
                    by_element += scores.T @ scores
            _add(products, structure.parameters, by_element / self.n)
        return products

    def _weighed(self, at: Matrices, samples: tuple[Sample, ...]) -> list[_Weighed] | None:
        covariance, mean = at.covariance, at.mean
        weighed = []
        for sample in samples:
            implied = covariance[np.ix_(sample.observed, sample.observed)]
            try:
                root = np.linalg.cholesky(implied)
            except np.linalg.LinAlgError:
                return None
            inverse_root = np.linalg.inv(root)
            off = sample.mean - mean[sample.observed]
            weighed.append(
                _Weighed(
                    sample,
                    inverse_root.T @ inverse_root,
                    2 * float(np.log(root.diagonal()).sum()),
                    off,
                    sample.covariance + np.outer(off, off),
                )
            )
        return weighed

    def _slopes(self, weighed: list[_Weighed], k: int) -> tuple[Floats, Floats]:
        """Derivative of F by the implied covariance, and half that by the implied mean."""
        slope, pull, n = np.zeros((k, k)), np.zeros(k), self.n
        for one in weighed:
            share, observed = one.sample.n / n, one.sample.observed
            by_covariance = one.inverse - one.inverse @ one.about @ one.inverse
            slope[np.ix_(observed, observed)] += share * by_covariance
            pull[observed] -= share * (one.inverse @ one.off)
        return slope, pull


def _expected(along: Directions, inverse: Floats) -> Floats:
    u, v, mean = inverse @ along.u, inverse @ along.v, inverse @ along.mean
    crossed = along.u.T @ v
    expected: Floats = (
        np.outer(along.weight, along.weight)
        * ((along.u.T @ u) * (along.v.T @ v) + crossed * crossed.T)
        + along.mean.T @ mean
    )
    return expected


def _observed(along: Directions, one: _Weighed) -> Floats:
    """Half the Hessian of one sample, less what `Structure.curvature` gives."""
    inverse, middle = one.inverse, one.inverse @ one.about @ one.inverse
    uu, vv = along.u.T @ inverse @ along.u, along.v.T @ inverse @ along.v
    uv = along.u.T @ inverse @ along.v
    muu, mvv = along.u.T @ middle @ along.u, along.v.T @ middle @ along.v
    muv = along.u.T @ middle @ along.v
    weights = np.outer(along.weight, along.weight)
    covariances = weights * (uv.T * muv + vv * muu + uu * mvv + uv * muv.T - uu * vv - uv * uv.T)
    pulled = inverse @ one.off
    shifted = inverse @ along.mean
    mixed = along.weight[:, None] * (
        (pulled @ along.u)[:, None] * (along.v.T @ shifted)
        + (pulled @ along.v)[:, None] * (along.u.T @ shifted)
    )
    observed: Floats = covariances + mixed + mixed.T + along.mean.T @ shifted
    return observed


def _scores(along: Directions, inverse: Floats, deviations: Floats) -> Iterator[Floats]:
    """Derivative of each person's log-likelihood by each element, some people at a time."""
    centre = (along.u * (inverse @ along.v)).sum(axis=0)
    for start in range(0, len(deviations), _ROWS_AT_ONCE):
        scaled = deviations[start : start + _ROWS_AT_ONCE] @ inverse
        scores = scaled @ along.u
        scores *= scaled @ along.v
        scores -= centre
        scores *= along.weight
        if along.mean.any():
            scores += scaled @ along.mean
        yield scores


def _add(total: Floats, parameters: Ints, by_element: Floats) -> None:
    np.add.at(total, (parameters[:, None], parameters[None, :]), by_element)
