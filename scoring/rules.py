"""How answered items become a number: one handler a rule, one a transform, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.model import LinearTransform, LookupTransform, Score

Floats = npt.NDArray[np.float64]

Rule = Callable[[Floats, Floats, int], Floats]
"""(sum of the answered items, how many were answered, how many items) → score."""


def _sum(total: Floats, answered: Floats, n_items: int) -> Floats:
    """Multiplied before it is divided, so that a complete row's sum stays exact."""
    return total * n_items / answered


def _mean(total: Floats, answered: Floats, n_items: int) -> Floats:  # noqa: ARG001 (a Rule)
    return total / answered


def _linear(values: Floats, transform: LinearTransform) -> Floats:
    return (values + transform.add) * transform.multiply


def _lookup(values: Floats, transform: LookupTransform) -> Floats:
    """Raw scores are whole: the definition's checks see to it that every item was answered."""
    table = np.array(transform.values)
    found: Floats = table[np.rint(values).astype(np.intp) - transform.first]
    return found


RULES: Mapping[str, Rule] = MappingProxyType({"sum": _sum, "mean": _mean})
TRANSFORMS: Mapping[str, Callable[[Floats, Any], Floats]] = MappingProxyType(
    {"linear": _linear, "lookup": _lookup}
)


def apply_rule(score: Score, total: Floats, answered: Floats) -> Floats:
    """Return the scores of people whose answered items have these totals.

    Parameters
    ----------
    score : Score
        The rule and the transform.
    total : array of float, shape (rows,)
        Sum of the answered items, after reversal.
    answered : array of float, shape (rows,)
        How many items each answered; nobody's may be 0.

    Returns
    -------
    array of float, shape (rows,)
        From `score.minimum` to `score.maximum`, unrounded.
    """
    values = RULES[score.rule](total, answered, len(score.items))
    if score.transform is None:
        return values
    return TRANSFORMS[score.transform.kind](values, score.transform)
