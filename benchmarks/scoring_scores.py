"""Scoring 1,000,000 people and 30 items, as a ratio to adding up the same numbers, in one run.

`python -m benchmarks.scoring_scores` prints one JSON line a measurement. Timed are the range check,
reversal, the rule for missing items, the reason where there is no score, and the bands; once from
the column-major array of 8-bit answers, once from a DataFrame with named rows.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.measuring import best_seconds, print_line
from instruments.missing import NOT_ANSWERED
from instruments.model import (
    Band,
    Instrument,
    Item,
    Licence,
    ResponseOption,
    ResponseSet,
    Score,
    Wording,
)
from scoring.columns import score_columns
from scoring.scales import bands, score

N_PEOPLE: Final = 1_000_000
N_ITEMS: Final = 30
HIGHEST: Final = 4
LEFT_OUT: Final = 0.03
SEED: Final = 20260103


def invented_scale() -> Instrument:
    """Thirty items from 0 to 4, every third reversed, 27 to be answered, three bands."""
    items = tuple(
        Item(id=f"bench_{n}", text=f"Item {n}", response_set="bench") for n in range(N_ITEMS)
    )
    names = tuple(item.id for item in items)
    total = Score(
        id="bench_total",
        title="Total",
        items=names,
        rule="sum",
        reversed=names[::3],
        minimum_answered=27,
        missing_rule_source="Made for the benchmark.",
        missing_rule_is_ours=True,
        minimum=0,
        maximum=HIGHEST * N_ITEMS,
        direction="higher_is_worse",
        bands=(
            Band(low=0, high=40, label="Low"),
            Band(low=41, high=80, label="Middle"),
            Band(low=81, high=120, label="High"),
        ),
    )
    options = tuple(ResponseOption(value=n, label=str(n)) for n in range(HIGHEST + 1))
    return Instrument(
        id="bench",
        version="1",
        title="Benchmark",
        short_title="Benchmark",
        heading="Benchmark",
        citation="None.",
        licence=Licence(
            tier="A",
            status="own",
            text="Ours.",
            permits_commercial=True,
            permits_modification=True,
        ),
        wording=Wording(tag="own", source="Ours."),
        recall_period="none",
        stem="",
        response_sets=(ResponseSet(id="bench", options=options),),
        items=items,
        scores=(total,),
    )


def invented_answers() -> npt.NDArray[np.int8]:
    """Column-major answers, a few in a hundred left out."""
    rng = np.random.default_rng(SEED)
    answers = rng.integers(0, HIGHEST + 1, (N_ITEMS, N_PEOPLE), dtype=np.int8)
    answers[rng.random((N_ITEMS, N_PEOPLE), dtype=np.float32) < LEFT_OUT] = NOT_ANSWERED
    return answers.T


def most_memory(run: Callable[[], object]) -> int:
    """Bytes allocated at once, over what was there before."""
    tracemalloc.start()
    run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main() -> None:
    """Time both entries against NumPy's sum of the same array."""
    scale, answers = invented_scale(), invented_answers()
    total = scale.scores[0]
    frame = pd.DataFrame(answers, columns=list(total.items))

    def from_array() -> object:
        return score_columns(answers.T, total, scale)

    def from_frame() -> object:
        return bands(score(frame, scale).values[total.id], total)

    adding = best_seconds(lambda: answers.sum(axis=1))
    array, table = best_seconds(from_array), best_seconds(from_frame, times=3)
    print_line("scoring.ratio_to_numpy_sum", array / adding, "times", N_PEOPLE)
    print_line("scoring.dataframe_ratio_to_numpy_sum", table / adding, "times", N_PEOPLE)
    print_line("scoring.seconds", array, "seconds", N_PEOPLE)
    print_line("scoring.numpy_sum_seconds", adding, "seconds", N_PEOPLE)
    print_line(
        "scoring.memory_over_input", most_memory(from_array) / answers.nbytes, "times", N_PEOPLE
    )
    print_line(
        "scoring.dataframe_memory_over_input",
        most_memory(from_frame) / answers.nbytes,
        "times",
        N_PEOPLE,
    )


if __name__ == "__main__":
    main()
