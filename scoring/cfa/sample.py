"""What the answers must be for a factor model to be fitted, and their moments when they are.

The rule on people: at least 40 of them, and at least 2 for each loading, factor correlation and
residual variance. It is our choice: below it the search often fails and the standard errors mean
little. From there to 100 people the numbers are given with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.cfa.model import FactorModel
from scoring.findings import Finding
from scoring.rules import Floats

FEWEST_PEOPLE: Final = 40
FEWEST_PEOPLE_PER_PARAMETER: Final = 2
FEW_PEOPLE: Final = 100
_SINGULAR: Final = 1e-10
"""A smallest eigenvalue of a correlation matrix below this is nothing but rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of complete rows, in the model's order of items.

    Attributes
    ----------
    values : array of float, shape (people, items)
    mean : array of float, shape (items,)
    spread : array of float, shape (items,)
        Standard deviations with divisor n.
    correlation : array of float, shape (items, items)
        Without meaning where an item does not vary.
    """

    values: Floats
    mean: Floats
    spread: Floats
    correlation: Floats

    @property
    def n(self) -> int:
        """People."""
        return len(self.values)


def columns_of(values: Floats, items: Sequence[str], model: FactorModel) -> Floats:
    """Return the columns of the model's items, in its order.

    Raises
    ------
    ValueError
        When the columns are not as many as their names, or an item of the model has no column.
    """
    if values.ndim != 2 or values.shape[1] != len(items):
        raise ValueError(
            f"the answers have shape {values.shape}; expected one column for each of the "
            f"{len(items)} items"
        )
    place = {item: column for column, item in enumerate(items)}
    unknown = [item for item in model.items if item not in place]
    if unknown:
        raise ValueError(f"the model has item {unknown[0]!r}; expected one of {', '.join(items)}")
    order = [place[item] for item in model.items]
    return values if order == list(range(len(items))) else values[:, order]


def moments(values: Floats) -> Moments:
    """Return the moments of complete rows.

    Raises
    ------
    ValueError
        When an answer is missing.
    """
    n, k = values.shape
    if n == 0:
        return Moments(values, np.zeros(k), np.zeros(k), np.eye(k))
    mean = values.mean(axis=0)
    if not np.isfinite(mean).all():
        raise ValueError("an answer is missing; expected complete rows")
    deviations = values - mean
    covariance = deviations.T @ deviations / n
    spread = np.sqrt(covariance.diagonal())
    safe = np.where(spread > 0, spread, 1.0)
    correlation = covariance / np.outer(safe, safe)
    np.fill_diagonal(correlation, 1.0)
    return Moments(values, mean, spread, correlation)


def model_findings(model: FactorModel) -> Iterator[Finding]:
    """Say which parts of a model no data could settle."""
    for factor in model.factors:
        if len(factor.items) < 2:
            yield Finding(
                "error",
                factor.name,
                f"One item, {factor.items[0]}, cannot tell a factor from its own error; a factor "
                "needs at least two, and three when it stands alone.",
            )
    if model.df < 0:
        yield Finding(
            "error",
            " ".join(model.names),
            f"{len(model.items)} items have too few covariances for the "
            f"{model.n_parameters} numbers the model asks of them.",
        )


def fewest_people(n_parameters: int) -> int:
    """Return how many people a model of so many parameters needs, by the rule above."""
    return max(FEWEST_PEOPLE, FEWEST_PEOPLE_PER_PARAMETER * n_parameters)


def people_findings(n_parameters: int, n: int, subject: str) -> Iterator[Finding]:
    """Say whether there are too few people, by the rule above."""
    fewest = fewest_people(n_parameters)
    if n < fewest:
        yield Finding(
            "error",
            subject,
            f"Only {n} people answered; a model of {n_parameters} parameters needs at least "
            f"{fewest} ({FEWEST_PEOPLE}, and {FEWEST_PEOPLE_PER_PARAMETER} for each parameter).",
        )
    elif n < FEW_PEOPLE:
        yield Finding(
            "warning",
            subject,
            f"{n} people are few: below {FEW_PEOPLE} the chi2, RMSEA and standard errors, which "
            "hold for large samples, are only rough.",
        )


def item_findings(model: FactorModel, found: Moments, subject: str) -> Iterator[Finding]:
    """Say which items cannot be in a model: constant, copied, or made from others."""
    items = model.items
    constant = np.flatnonzero(found.spread <= 1e-12 * np.maximum(1, np.abs(found.mean)))
    for number in constant:
        yield Finding(
            "error",
            items[number],
            "Everybody gave the same answer: the item has no correlation with the others, and no "
            "model with it can be fitted.",
        )
    if len(constant):
        return
    copies = np.argwhere(np.triu(np.abs(found.correlation), 1) > 1 - _SINGULAR)
    for first, second in copies:
        yield Finding(
            "error",
            items[second],
            f"It repeats {items[first]} exactly: one of the two may be a copy, and no model with "
            "both can be fitted.",
        )
    if not len(copies) and np.linalg.eigvalsh(found.correlation)[0] < _SINGULAR:
        yield Finding(
            "error",
            subject,
            "Some item is an exact sum of others: the correlation matrix is not positive definite, "
            "and no model with all of them can be fitted.",
        )


def is_impossible(findings: Sequence[Finding]) -> bool:
    """Whether a finding says that there are no numbers."""
    return any(finding.severity == "error" for finding in findings)
