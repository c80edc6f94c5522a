"""Scores of an instrument, and the reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from instruments.model import Instrument, Score
from scoring.columns import REASONS, band_codes, reversal_constant, score_columns
from scoring.errors import OutOfRangeError
from scoring.frames import checked_answers, item_columns

__all__ = ["REASONS", "Scores", "bands", "reversal_constant", "score"]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of one instrument.

    Attributes
    ----------
    values : DataFrame of float, shape (rows, scores)
        Unrounded; NaN where the score is withheld. Columns are score ids.
    n_answered : DataFrame of int8, shape (rows, scores)
        How many of the score's items were answered.
    reason : DataFrame of str, shape (rows, scores)
        Empty where there is a score; otherwise one of `REASONS`: too few items were answered;
        every item asked was left empty; every item asked got "prefer not to say"; none of the
        items was asked.
    """

    values: pd.DataFrame
    n_answered: pd.DataFrame
    reason: pd.DataFrame


def score(answers: pd.DataFrame, instrument: Instrument) -> Scores:
    """Return every score of the instrument for every row of answers.

    An item is answered when one of its options was chosen. With at least the score's
    `minimum_answered` items answered, the person's mean of the answered items stands for the
    others; with fewer the score is withheld and the reason given. Prorated scores are not
    rounded.

    Parameters
    ----------
    answers : DataFrame, one row a submission
        Columns are item ids, of int8: the value of the option chosen or a code of
        `instruments.missing`. Other columns are not looked at, and items that belong to no score
        need not be there.
    instrument : Instrument
        The items and the scoring rules.

    Returns
    -------
    Scores
        Its frames have the rows of `answers`.

    Raises
    ------
    AnswersError
        When an item has no column or its column does not hold integers.
    OutOfRangeError
        When a value is neither an option's nor a missing code; row and column are named.

    References
    ----------
    Each score's rule, and whose rule for missing items it is, stands in the instrument's
    definition.
    """
    columns = item_columns(answers, instrument.scored_items)
    values, n_answered, reason = {}, {}, {}
    labels = np.array(REASONS, dtype=np.object_)
    for rule in instrument.scores:
        try:
            scored = score_columns([columns[item] for item in rule.items], rule, instrument)
        except OutOfRangeError:
            # Said again for all items together, with the rows' own names.
            checked_answers(answers, instrument, instrument.scored_items)
            raise
        values[rule.id] = scored.values
        n_answered[rule.id] = scored.n_answered
        reason[rule.id] = labels[scored.reason]
    return Scores(
        values=pd.DataFrame(values, index=answers.index),
        n_answered=pd.DataFrame(n_answered, index=answers.index),
        reason=pd.DataFrame(reason, index=answers.index, dtype="str"),
    )


def bands(values: pd.Series[float], score: Score) -> pd.Series[str]:
    """Return the label of the band each value lies in; no value, no label.

    A band begins at its lower end, or just above it where the definition says so, and reaches to
    the next band's beginning, so that a prorated 4.67 is below a cut of 5.

    Parameters
    ----------
    values : Series of float, one row a submission
        Values of this score; NaN where it was withheld.
    score : Score
        The score, with its bands.

    Returns
    -------
    Series, ordered categorical
        Categories are all labels from the lowest band to the highest.

    Raises
    ------
    ValueError
        When the score has no bands, or a value lies outside its range.
    """
    if not score.bands:
        raise ValueError(f"{score.id} has no bands")
    numbers = values.to_numpy(dtype=np.float64)
    known = ~np.isnan(numbers)
    outside = known & ((numbers < score.minimum) | (numbers > score.maximum))
    if outside.any():
        raise ValueError(
            f"{score.id} is {numbers[outside][0]:g} in row {values.index[outside][0]}; "
            f"expected {score.minimum:g} to {score.maximum:g}"
        )
    labels = pd.Categorical.from_codes(
        band_codes(numbers.astype(np.float64, copy=False), score).astype(np.intp),
        categories=pd.Index([band.label for band in score.bands]),
        ordered=True,
    )
    return pd.Series(labels, index=values.index, name=values.name)
