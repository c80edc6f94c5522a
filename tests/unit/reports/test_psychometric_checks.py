"""Every check at once, whatever the answers; what is noticed is said once."""

import math

import numpy as np
import pytest

from reports.psychometrics import findings_of
from scoring.checks import check, group_factors
from scoring.keyed import KeyedAnswers


def scale(values: np.ndarray) -> KeyedAnswers:
    k = values.shape[1]
    items = tuple(f"item{number}" for number in range(k))
    return KeyedAnswers(items, values, np.zeros(k), np.full(k, 3.0), "mood")


def related(n: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.clip(np.round(rng.standard_normal((n, 1)) + rng.standard_normal((n, k)) + 1.5), 0, 3)


@pytest.mark.parametrize(
    "values",
    [
        related(0, 4),
        related(1, 4),
        related(12, 4),
        related(45, 4),
        related(200, 1),
        related(200, 2),
        related(200, 3),
        np.full((200, 4), 2.0),
        np.full((200, 4), np.nan),
        np.hstack([related(200, 3), np.full((200, 1), 2.0)]),
        np.repeat(related(200, 2), 2, axis=1),
        np.random.default_rng(3).integers(0, 4, (200, 5)).astype(float),
        np.hstack([related(200, 3), 3 - related(200, 3)]),
    ],
    ids=[
        "nobody",
        "one person",
        "twelve",
        "forty-five",
        "one item",
        "two items",
        "three items",
        "one answer",
        "no answer",
        "a constant item",
        "copied items",
        "unrelated items",
        "two halves against each other",
    ],
)
def test_no_answers_end_in_a_crash_and_no_number_goes_missing_without_a_word(
    values: np.ndarray,
) -> None:
    found = check(scale(values), seed=1, replications=20)
    said = findings_of(found)
    assert len(said) == len(set(said))
    assert [finding.severity for finding in said] == sorted(
        (finding.severity for finding in said), key=["error", "warning", "note"].index
    )
    if math.isnan(found.reliability.alpha) or found.factors.factors is None:
        assert any(finding.severity == "error" for finding in said)


def test_few_items_are_given_two_group_factors() -> None:
    assert [group_factors(k) for k in (4, 5, 6, 12)] == [2, 2, 3, 3]
