"""Alpha of the latent responses behind ordered answers, often called ordinal alpha."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.polychoric import polychoric_matrix
from scoring.rules import Floats


@dataclass(frozen=True, slots=True, eq=False)
class LatentResponseAlpha:
    """Alpha of a sum nobody can form: that of the latent responses.

    It is not the reliability of the sum of the answers, and is as a rule larger.

    Attributes
    ----------
    alpha : float
        Standardised alpha of the polychoric correlations, at most 1; NaN where there is none.
    alpha_if_dropped : array of float, shape (k,)
        Of the other items; NaN with fewer than 3 items.
    items : tuple of str
    n : int
        People used: those who answered every item.
    findings : tuple of Finding
        Those of the polychoric correlations, and why there is no alpha where there is none.
    """

    alpha: float
    alpha_if_dropped: Floats
    items: tuple[str, ...]
    n: int
    findings: tuple[Finding, ...]


def latent_response_alpha(keyed: KeyedAnswers) -> LatentResponseAlpha:
    """Return alpha of the latent responses of a scale.

    There is none where `polychoric_matrix` has none, with a constant item, or when the
    correlations do not sum to more than 0.

    Notes
    -----
    k / (k - 1) (1 - k / T), T the sum of all polychoric correlations with the diagonal.

    References
    ----------
    Zumbo BD, Gadermann AM, Zeisser C (2007). Journal of Modern Applied Statistical Methods 6,
    21-29. Why it is not the reliability of the sum score: Chalmers RP (2018). Educational and
    Psychological Measurement 78, 1056-1071.
    """
    matrix = polychoric_matrix(keyed)
    correlations, k = matrix.correlations, len(matrix.items)
    findings = list(matrix.findings)
    total = float(correlations.sum())
    if not any(finding.severity == "error" for finding in findings) and total <= 0:
        findings.append(
            Finding(
                "error",
                keyed.title,
                "The items run against one another so far that their sum measures nothing.",
            )
        )
    if any(finding.severity == "error" for finding in findings):
        return LatentResponseAlpha(nan, np.full(k, nan), matrix.items, matrix.n, tuple(findings))
    others = total - 2 * correlations.sum(axis=0) + 1
    return LatentResponseAlpha(
        alpha=_standardised(total, k),
        alpha_if_dropped=np.array([_standardised(sum_, k - 1) for sum_ in others]),
        items=matrix.items,
        n=matrix.n,
        findings=tuple(findings),
    )


def _standardised(total: float, k: int) -> float:
    return k / (k - 1) * (1 - k / total) if k > 1 and total > 0 else nan
