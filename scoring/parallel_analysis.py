"""How many components stand out of chance: Horn's parallel analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.consistency import correlations
from scoring.factors import reasons_against_factors
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.rules import Floats

REPLICATIONS: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class ParallelAnalysis:
    """Eigenvalues of the items' correlations beside those of random data.

    Attributes
    ----------
    observed, random_mean, random_high : array of float, shape (k,)
        Eigenvalues, largest first: of the data; their mean over random data; and their quantile.
        Empty where there is no analysis.
    n_components : int or None
        Leading observed eigenvalues above the random quantile; None where there is no analysis.
    n_components_by_mean : int or None
        The same against the mean, as Horn had it.
    quantile : float
        0.95 for the 95th percentile.
    n, replications, seed : int
        People used (those who answered every item); random data sets; what they were drawn with.
    findings : tuple of Finding
    """

    observed: Floats
    random_mean: Floats
    random_high: Floats
    n_components: int | None
    n_components_by_mean: int | None
    quantile: float
    n: int
    replications: int
    seed: int
    findings: tuple[Finding, ...]


def parallel_analysis(
    keyed: KeyedAnswers,
    *,
    seed: int,
    replications: int = REPLICATIONS,
    quantile: float = 0.95,
) -> ParallelAnalysis:
    """Return eigenvalues of components beside those of random normal data of the same size.

    Where `factorability` has no number there is none here either. These are eigenvalues of the
    correlations themselves (components); psych's default counts factors and can differ by one.

    Parameters
    ----------
    keyed : KeyedAnswers
        The items; people who answered every item are used.
    seed : int
        Of the random data.
    replications : int
        Random data sets.
    quantile : float
        Of the random eigenvalues.

    Returns
    -------
    ParallelAnalysis

    Notes
    -----
    Cross-products of n standard normal rows of k columns are drawn as they are distributed
    (Wishart, by Bartlett's decomposition), so that the work does not grow with n.

    References
    ----------
    Horn JL (1965). Psychometrika 30, 179-185. Glorfeld LW (1995). Educational and Psychological
    Measurement 55, 377-393 (the quantile).
    """
    complete = keyed.complete
    n, k = complete.shape
    refusal = reasons_against_factors(keyed)
    if refusal:
        empty = np.empty(0)
        return ParallelAnalysis(
            empty, empty, empty, None, None, quantile, n, replications, seed, refusal
        )
    roots = np.linalg.eigvalsh(correlations(np.cov(complete, rowvar=False)))
    observed = np.asarray(roots[::-1], dtype=np.float64)
    drawn = random_eigenvalues(n, k, replications=replications, rng=np.random.default_rng(seed))
    mean, high = drawn.mean(axis=0), np.quantile(drawn, quantile, axis=0)
    return ParallelAnalysis(
        observed=observed,
        random_mean=mean,
        random_high=high,
        n_components=_leading(observed > high),
        n_components_by_mean=_leading(observed > mean),
        quantile=quantile,
        n=n,
        replications=replications,
        seed=seed,
        findings=(),
    )


def random_eigenvalues(n: int, k: int, *, replications: int, rng: np.random.Generator) -> Floats:
    """Return eigenvalues of correlations of random normal data, largest first.

    Parameters
    ----------
    n, k : int
        Rows and columns of each data set; n above k.
    replications : int
    rng : Generator

    Returns
    -------
    array of float, shape (replications, k)
    """
    root = np.tril(rng.standard_normal((replications, k, k)), -1)
    diagonal = np.sqrt(rng.chisquare(n - 1 - np.arange(k), size=(replications, k)))
    root[:, np.arange(k), np.arange(k)] = diagonal
    root /= np.linalg.norm(root, axis=2, keepdims=True)
    roots = np.linalg.eigvalsh(root @ root.transpose(0, 2, 1))
    return np.asarray(roots[:, ::-1], dtype=np.float64)


def _leading(above: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return how many come before the first that is not above."""
    return int(np.argmin(above)) if not above.all() else len(above)
