"""The effect of receiving what the arm offered, with the allocation as instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import checked_outcome, orthonormal_basis
from reports.estimates.regression import Contrast, fit_clustered

RECEIVED = "received"
OFFERED = "offered"


@dataclass(frozen=True, slots=True)
class ComplierEffect:
    """The effect among those who receive what they are offered, and only then.

    Attributes
    ----------
    contrast : Contrast
        Of one unit received, in units of the outcome.
    first_stage : Contrast or None
        How much more was received where it was offered; None where the arm decides it exactly.
    first_stage_f : float
        Its squared t, with the clustered (CR2) error; infinite where there is no error.
    n, n_clusters : int
    """

    contrast: Contrast
    first_stage: Contrast | None
    first_stage_f: float
    n: int
    n_clusters: int


def complier_effect(
    y: ArrayLike,
    covariates: ArrayLike,
    clusters: ArrayLike,
    *,
    terms: Sequence[str],
    received: ArrayLike,
    offered: ArrayLike,
    confidence: float = 0.95,
) -> ComplierEffect:
    """Return the effect of what was received by two-stage least squares, errors by school.

    It is the complier average causal effect where nobody receives more for not being offered it
    and the offer changes the outcome through what is received alone; neither can be seen in data.

    Parameters
    ----------
    y : array_like of float, shape (N,)
        Complete values.
    covariates : array_like of float, shape (N, k)
        Everything in the model but the arm, the intercept among them.
    clusters : array_like, shape (N,)
    terms : sequence of str, length k
    received : array_like of float, shape (N,)
        1 for people of a school that complied, 0 for others; or sessions attended.
    offered : array_like of float, shape (N,)
        1 in the arm that was offered it, 0 in the other.
    confidence : float

    Raises
    ------
    TableShapeError
        Shapes disagree or a value is missing.
    EstimationError
        The offer did not change what was received, or the model cannot be fitted.

    Notes
    -----
    With P the regressors projected on the instruments, b = (P'P)^-1 P'y and e = y - X b, the CR2
    errors and Satterthwaite df are those of the regression of P b + e on P.

    References
    ----------
    Imbens & Angrist (1994), Econometrica 62:467; Pustejovsky & Tipton (2018), J. Bus. Econ.
    Stat. 36:672.
    """
    outcome = checked_outcome(y)
    columns = np.asarray(covariates, dtype=np.float64)
    dose, offer = (np.asarray(each, dtype=np.float64) for each in (received, offered))
    if columns.ndim != 2 or not len(columns) == len(dose) == len(offer) == len(outcome):
        raise TableShapeError(
            "found tables of different lengths, expected one row a person in each"
        )
    # What is received comes last: where it repeats covariates, it is the one that is dropped.
    instruments = np.column_stack([columns, offer])
    last = np.append(np.zeros(columns.shape[1]), 1.0)
    try:
        first_stage = fit_clustered(
            dose, instruments, clusters, terms=(*terms, OFFERED), kind="CR2"
        ).contrast(last, confidence=confidence)
    except EstimationError:
        first_stage = None
    regressors = np.column_stack([columns, dose])
    q = orthonormal_basis(instruments, (*terms, OFFERED)).q
    projected = q @ (q.T @ regressors)
    basis = orthonormal_basis(projected, (*terms, RECEIVED))
    if RECEIVED in basis.dropped_terms:
        raise EstimationError("the offer did not change what was received")
    coefficients = np.zeros(len(basis.terms))
    coefficients[list(basis.kept)] = basis.r_inverse @ (basis.q.T @ outcome)
    structural = outcome - regressors @ coefficients
    second = fit_clustered(
        projected @ coefficients + structural,
        projected,
        clusters,
        terms=(*terms, RECEIVED),
        kind="CR2",
    )
    return ComplierEffect(
        contrast=second.contrast(last, confidence=confidence),
        first_stage=first_stage,
        first_stage_f=first_stage.statistic**2 if first_stage else float("inf"),
        n=second.n,
        n_clusters=second.n_clusters,
    )
