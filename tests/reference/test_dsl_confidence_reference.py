"""Our own confidence scale against R 4.2.2 on ten invented people; the call stands beside it.

Nothing is published about this scale, so there is nothing else to hold it to. `x` is `ANSWERS` as
a matrix, a row a person.
"""

from __future__ import annotations

import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED
from scoring.reliability import alpha
from scoring.scales import score

SCALE = load_catalogue()["dsl_confidence"]
ITEMS = [f"dsl_confidence_{n}" for n in range(1, 13)]
ANSWERS = [
    [3, 4, 2, 5, 3, 4, 4, 3, 2, 5, 4, 3],
    [1, 2, 1, 2, 1, 1, 2, 2, 1, 3, 2, 1],
    [5, 5, 4, 5, 5, 4, 5, 5, 5, 5, 4, 5],
    [2, 3, 3, 2, 4, 3, 2, 3, 3, 2, 3, 4],
    [4, 4, 3, 4, 5, 4, 3, 4, 4, 4, 5, 4],
    [3, 2, 2, 3, 2, 3, 3, 2, 3, 3, 2, 2],
    [2, 1, 2, 2, 3, 2, 1, 2, 2, 3, 2, 2],
    [4, 3, 4, 5, 4, 4, 4, 5, 3, 4, 4, 4],
    [3, 3, 3, 4, 3, 2, 3, 3, 4, 3, 3, 3],
    [1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1],
]
# R printed twelve significant figures.
PRINTED = 1e-10


def answers() -> pd.DataFrame:
    return pd.DataFrame(ANSWERS, columns=ITEMS, dtype="int8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # rowMeans(x)
        (
            "dsl_confidence_total",
            [3.5, 1.58333333333, 4.75, 2.83333333333, 4, 2.5, 2, 4, 3.08333333333, 1.25],
        ),
        # (rowMeans(x) - 1) * 25
        (
            "dsl_confidence_percent",
            [62.5, 14.5833333333, 93.75, 45.8333333333, 75, 37.5, 25, 75, 52.0833333333, 6.25],
        ),
        # rowMeans(x[, c(1, 2, 3, 4, 5, 10)])
        (
            "dsl_confidence_thresholds",
            [
                3.66666666667,
                1.66666666667,
                4.83333333333,
                2.66666666667,
                4,
                2.5,
                2.16666666667,
                4,
                3.16666666667,
                1.16666666667,
            ],
        ),
        # rowMeans(x[, 6:7])
        ("dsl_confidence_others", [4, 1.5, 4.5, 2.5, 3.5, 3, 1.5, 4, 2.5, 1.5]),
        # rowMeans(x[, 8:9])
        ("dsl_confidence_abuse", [2.5, 1.5, 5, 3, 4, 2.5, 2, 4, 3.5, 1.5]),
    ],
)
def test_scores_are_the_means_r_gives(name, expected):
    found = score(answers(), SCALE).values[name]
    assert found.tolist() == pytest.approx(expected, abs=1e-9)


def test_alpha_is_r_s():
    # v <- var(x); 12 / 11 * (1 - sum(diag(v)) / sum(v))
    found = alpha(answers(), SCALE.score("dsl_confidence_total"), SCALE)
    assert found.alpha == pytest.approx(0.974425717446, abs=PRINTED)


@pytest.mark.parametrize(("left_out", "is_scored"), [(3, True), (4, False)])
def test_the_total_needs_nine_answers_of_twelve(left_out, is_scored):
    table = answers()
    table.iloc[0, :left_out] = NOT_ANSWERED
    found = score(table, SCALE).values["dsl_confidence_total"]
    assert found.notna().tolist() == [is_scored] + [True] * 9
    if is_scored:
        # mean(x[1, 4:12])
        assert found.iloc[0] == pytest.approx(33 / 9, abs=PRINTED)
