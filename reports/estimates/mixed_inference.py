"""How sure a random-intercept model is of its coefficients when schools are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.errors import EstimationError

# Kenward and Roger's ratio has a removable 0 / 0 here.
NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """All the data the model needs, as sums over schools in the orthonormal basis.

    Attributes
    ----------
    x : ndarray of float, shape (G, r)
        Sums of the basis columns over each school.
    e : ndarray of float, shape (G,)
        Sums of the least-squares residuals over each school.
    sizes : ndarray of float, shape (G,)
    total : float
        Sum of squared residuals.
    log_scale : float
        Log determinant that turns the basis back into the columns as given.
    """

    x: NDArray[np.float64]
    e: NDArray[np.float64]
    sizes: NDArray[np.float64]
    total: float
    log_scale: float


@dataclass(frozen=True, slots=True)
class VarianceInformation:
    """What the data say of the variances between and within schools, the former first.

    Attributes
    ----------
    covariance : ndarray of float, shape (r, r)
        Of the coefficients in the orthonormal basis, the variances taken as known.
    first : ndarray of float, shape (2, r, r)
        D_i = X' V^-1 V_i V^-1 X.
    second : ndarray of float, shape (2, 2, r, r)
        E_ij = X' V^-1 V_i V^-1 V_j V^-1 X.
    expected, observed : ndarray of float, shape (2, 2)
        Information on the variances in the restricted likelihood.
    """

    covariance: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    expected: NDArray[np.float64]
    observed: NDArray[np.float64]


def variance_information(
    sums: ClusterSums, correction: NDArray[np.float64], *, between: float, within: float
) -> VarianceInformation:
    """Return first and second derivatives of the restricted likelihood in the two variances.

    Parameters
    ----------
    sums : ClusterSums
    correction : ndarray of float, shape (r,)
        Coefficients less least squares, in the orthonormal basis.
    between, within : float
        The variances, in squared units of the outcome; within above 0.

    Notes
    -----
    With V = within I + between Z Z' and P = V^-1 - V^-1 X Phi X' V^-1, the expected information
    is tr(P V_i P V_j) / 2 and the observed y'P V_i P V_j P y less that. Within a school
    V^-1 = (I - w 1 1') / within with w = between / (within + n between), so that all of it is
    made of sums over schools, at a cost of O(G r^2).

    References
    ----------
    Kenward & Roger (1997), Biometrics 53:983, section 3.
    """
    sizes, x = sums.sizes, sums.x
    a = 1.0 / (within + sizes * between)
    w = between * a
    identity = np.eye(x.shape[1])

    def crossed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return x.T @ (weights[:, np.newaxis] * x)

    covariance = np.asarray(np.linalg.inv((identity - crossed(w)) / within), dtype=np.float64)
    first = np.stack([crossed(a**2), (identity - crossed(2.0 * w - sizes * w**2)) / within**2])
    mixed = crossed(a**3)
    second = np.stack(
        [
            np.stack([crossed(sizes * a**3), mixed]),
            np.stack(
                [
                    mixed,
                    (identity - crossed(3.0 * w - 3.0 * sizes * w**2 + sizes**2 * w**3))
                    / within**3,
                ]
            ),
        ]
    )
    between_within = float(np.sum(sizes * a**2))
    traces = np.array(
        [
            [float(np.sum((sizes * a) ** 2)), between_within],
            [between_within, float(np.sum((sizes - 1.0) / within**2 + a**2))],
        ]
    )
    moved = covariance @ first
    expected = 0.5 * (
        traces
        - 2.0 * np.einsum("ab,ijba->ij", covariance, second)
        + np.einsum("iab,jba->ij", moved, moved)
    )
    squares = _squares(sums, correction, a=a, w=w, within=within, covariance=covariance)
    return VarianceInformation(
        covariance=covariance,
        first=first,
        second=second,
        expected=expected,
        observed=squares - expected,
    )


def _squares(
    sums: ClusterSums,
    correction: NDArray[np.float64],
    *,
    a: NDArray[np.float64],
    w: NDArray[np.float64],
    within: float,
    covariance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """y'P V_i P V_j P y for each pair of variances; u = P y, of which schools' sums are enough."""
    e = sums.e - sums.x @ correction
    u = a * e
    total = sums.total + float(correction @ correction)
    u_squares = (total - float((2.0 * w - sums.sizes * w**2) @ e**2)) / within**2
    plain = np.array(
        [
            [float((sums.sizes * a) @ u**2), float(a @ u**2)],
            [float(a @ u**2), (u_squares - float(w @ u**2)) / within],
        ]
    )
    fitted = np.stack([sums.x.T @ (a * u), -(sums.x.T @ (w * u)) / within])
    return plain - np.asarray(fitted @ covariance @ fitted.T, dtype=np.float64)


def satterthwaite(
    information: VarianceInformation, direction: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the standard error and Satterthwaite's df of a contrast in the orthonormal basis.

    Notes
    -----
    df = 2 f^2 / (g'A g), with f the contrast's variance, g its gradient in the two variances and
    A the inverse of their observed information. The choice of parameters does not matter at the
    optimum, so that this equals lmerTest's, which differentiates in others and numerically.

    References
    ----------
    Satterthwaite (1941), Psychometrika 6:309; Kuznetsova, Brockhoff & Christensen (2017),
    J. Stat. Softw. 82(13).
    """
    moved = information.covariance @ direction
    variance = float(direction @ moved)
    gradient = np.einsum("a,iab,b->i", moved, information.first, moved)
    spread = float(gradient @ _pseudo_inverse(information.observed) @ gradient)
    if not spread > 0.0:
        raise EstimationError("the contrast has no degrees of freedom: the variances are not known")
    return float(np.sqrt(variance)), 2.0 * variance**2 / spread


def kenward_roger(
    information: VarianceInformation, direction: NDArray[np.float64]
) -> tuple[float, float]:
    """Return Kenward and Roger's standard error and df of one contrast in the orthonormal basis.

    Notes
    -----
    For one contrast the scale of their F is 1, so that its root is a t.

    References
    ----------
    Kenward & Roger (1997), Biometrics 53:983; Halekoh & Højsgaard (2014), J. Stat. Softw. 59(9).
    """
    covariance = information.covariance
    inverse = _pseudo_inverse(information.expected)
    first, second = information.first, information.second
    surplus = second - np.einsum("iab,bc,jcd->ijad", first, covariance, first)
    adjusted = (
        covariance + 2.0 * covariance @ np.einsum("ij,ijab->ab", inverse, surplus) @ covariance
    )
    variance = float(direction @ covariance @ direction)
    moved = covariance @ direction
    # tr(Theta Phi D_i Phi): with one contrast, A1 and A2 of the paper are the same.
    shares = np.einsum("a,iab,b->i", moved, first, moved) / variance
    a2 = float(shares @ inverse @ shares)
    df = _kenward_roger_df(a2)
    return float(np.sqrt(direction @ adjusted @ direction)), df


def _kenward_roger_df(a: float) -> float:
    """The df of one contrast, for which A1 = A2 = a and q = 1."""
    if not a > 0.0:
        raise EstimationError("the contrast has no degrees of freedom: the variances are not known")
    b = 7.0 * a / 2.0
    g = (2.0 * a - 5.0 * a) / (3.0 * a)
    h = 3.0 + 2.0 * (1.0 - g)
    c1, c2, c3 = g / h, (1.0 - g) / h, (3.0 - g) / h
    numerator = 1.0 + c1 * b
    if abs(numerator) < NEGLIGIBLE:
        numerator = 0.0
    ratio = (1.0 - a) ** 2 * numerator / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    return 4.0 + 3.0 / (ratio - 1.0)


def _pseudo_inverse(information: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse on the directions in which there is information."""
    values, vectors = np.linalg.eigh((information + information.T) / 2.0)
    known = values > NEGLIGIBLE * float(np.abs(values).max(initial=0.0))
    return np.asarray((vectors[:, known] / values[known]) @ vectors[:, known].T, dtype=np.float64)
