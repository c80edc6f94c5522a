"""What a matrix of polychoric correlations says of answers that have none, or only just."""

import numpy as np
import pytest
from ordered_answers import keyed, one_factor_answers, spread_out

from scoring.ordinal.polychoric import polychoric_matrix

SAME = [0.7, 0.6, 0.5, 0.8]


def said(findings: tuple, subject: str, severity: str) -> str:
    return " ".join(
        finding.message
        for finding in findings
        if (finding.subject, finding.severity) == (subject, severity)
    )


def test_a_constant_item_has_no_correlation_and_the_others_keep_theirs() -> None:
    answers = one_factor_answers(SAME, [-1, 0, 1], n=400, seed=5)
    without = polychoric_matrix(answers)
    answers.values[:, 1] = 2
    found = polychoric_matrix(answers)
    others = np.ix_([0, 2, 3], [0, 2, 3])
    assert np.isnan(found.correlations[1]).all()
    assert np.isnan(found.correlations[:, 1]).all()
    assert found.correlations[others] == pytest.approx(without.correlations[others], abs=1e-12)
    assert "Everybody gave the same answer" in said(found.findings, "i2", "error")
    assert len(found.thresholds[1]) == 0


def test_answers_nobody_gave_are_left_out_and_said() -> None:
    answers = one_factor_answers(SAME, [-1, 0, 1], n=400, seed=6)
    gap = keyed(np.where(answers.values == 3, 5, answers.values), limits=(0, 6))
    found, as_it_was = polychoric_matrix(gap), polychoric_matrix(answers)
    assert found.correlations == pytest.approx(as_it_was.correlations, abs=1e-14)
    assert [len(thresholds) for thresholds in found.thresholds] == [3, 3, 3, 3]
    assert "Nobody answered 3, 4 and 6" in said(found.findings, "i1", "note")
    assert as_it_was.findings == ()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[20, 0, 0], [0, 30, 0], [0, 0, 25]], 1),
        ([[0, 0, 20], [0, 30, 0], [25, 0, 0]], -1),
        ([[30, 0], [15, 20]], 1),  # nobody has the low answer with the high one
    ],
)
def test_an_answer_that_follows_from_the_other_correlates_perfectly(
    table: list[list[int]], expected: int
) -> None:
    found = polychoric_matrix(spread_out(table))
    assert found.correlations[0, 1] == expected
    assert "leave nothing open" in said(found.findings, "i2", "warning")


def test_thin_tables_are_named() -> None:
    thin = polychoric_matrix(spread_out([[180, 0, 0], [0, 12, 2], [1, 1, 3]]))
    assert "i1 with i2" in said(thin.findings, "scale", "warning")
    full = polychoric_matrix(spread_out([[60, 20, 10], [20, 52, 25], [14, 21, 33]]))
    assert full.findings == ()


def test_correlations_that_contradict_one_another_are_said_to() -> None:
    answers = one_factor_answers([0.9] * 8, [0.8], n=45, seed=2)
    found = polychoric_matrix(answers)
    assert found.smallest_eigenvalue < -0.01
    assert (np.abs(found.correlations[np.triu_indices(8, 1)]) < 1).all()
    assert "not positive definite" in said(found.findings, "scale", "warning")


def test_a_copied_item_leaves_the_matrix_singular() -> None:
    answers = one_factor_answers(SAME, [-1, 0, 1], n=400, seed=7).values
    found = polychoric_matrix(keyed(np.column_stack([answers, answers[:, 0]]), limits=(0, 3)))
    assert found.correlations[0, 4] == 1
    assert "not positive definite" in said(found.findings, "scale", "warning")


def test_only_people_who_answered_everything_are_used() -> None:
    answers = one_factor_answers(SAME, [-1, 0, 1], n=400, seed=8)
    expected = polychoric_matrix(keyed(answers.values[50:], limits=(0, 3)))
    answers.values[:50, 2] = np.nan
    found = polychoric_matrix(answers)
    assert found.n == 350
    assert found.correlations.tolist() == expected.correlations.tolist()
    assert "350 of the 400 people" in said(found.findings, "scale", "note")


@pytest.mark.parametrize(
    ("values", "subject", "words"),
    [
        (np.tile([[0, 1], [1, 0], [1, 1]], (10, 1)), "scale", "Only 30 people"),
        (np.arange(50)[:, None] % 3, "scale", "single item"),
        (np.column_stack([np.arange(50), np.arange(50) % 2]), "i1", "50 different answers"),
    ],
)
def test_there_is_no_number_and_a_reason(values: np.ndarray, subject: str, words: str) -> None:
    found = polychoric_matrix(keyed(values, limits=(0, 50)))
    assert np.isnan(found.correlations).all()
    assert words in said(found.findings, subject, "error")


def test_nobody_at_all_is_too_few() -> None:
    found = polychoric_matrix(keyed(np.full((5, 3), np.nan), limits=(0, 3)))
    assert (found.n, np.isnan(found.correlations).all()) == (0, True)
