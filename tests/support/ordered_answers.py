"""Ordered answers for tests: simulated, spread out from a table, and the worked example's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scoring.keyed import KeyedAnswers

WORKED_EXAMPLE = Path(__file__).parents[1] / "reference" / "worked_example.csv"


def keyed(
    values: np.ndarray, *, limits: tuple[int, int], items: Sequence[str] = (), title: str = "scale"
) -> KeyedAnswers:
    values = np.asarray(values, dtype=np.float64)
    k = values.shape[1]
    return KeyedAnswers(
        items=tuple(items) or tuple(f"i{number}" for number in range(1, k + 1)),
        values=values,
        minimum=np.full(k, float(limits[0])),
        maximum=np.full(k, float(limits[1])),
        title=title,
    )


def first_wave() -> KeyedAnswers:
    """The seven GAD-7 answers (0 to 3) of the worked example's 48 people."""
    digits = pd.read_csv(WORKED_EXAMPLE, dtype=str)["t0"]
    rows = np.array([[int(digit) for digit in text] for text in digits])
    return keyed(rows, limits=(0, 3), title="gad7_total")


def cut(latent: np.ndarray, thresholds: Sequence[float]) -> KeyedAnswers:
    """Answers from 0 upwards, cut from latent responses."""
    return keyed(np.digitize(latent, thresholds), limits=(0, len(thresholds)))


def one_factor_answers(
    loadings: Sequence[float], thresholds: Sequence[float], *, n: int, seed: int
) -> KeyedAnswers:
    rng, loading = np.random.default_rng(seed), np.array(loadings)
    latent = rng.standard_normal((n, 1)) * loading
    latent += rng.standard_normal((n, len(loading))) * np.sqrt(1 - loading**2)
    return cut(latent, thresholds)


def spread_out(table: Sequence[Sequence[int]]) -> KeyedAnswers:
    """Two items whose table this is, with answers from 0."""
    counts = np.array(table)
    rows, columns = np.indices(counts.shape)
    people = [np.repeat(codes.ravel(), counts.ravel()) for codes in (rows, columns)]
    return keyed(np.column_stack(people), limits=(0, max(counts.shape) - 1))
