"""How many answered each item, and how many did not for each of the three reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from scoring.frames import item_columns

COUNTS = ("answered", "not_answered", "prefer_not_to_say", "not_asked")


def count_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows answered each item, and why the others did not.

    Parameters
    ----------
    answers : DataFrame of int8, one row a submission
        Columns are items: the value of the option chosen or a code of `instruments.missing`.

    Returns
    -------
    DataFrame of int, one row an item, in the order of the columns
        answered, not_answered, prefer_not_to_say, not_asked; they sum to the number of rows.

    Raises
    ------
    AnswersError
        When a column is there twice or does not hold integers.
    """
    columns = item_columns(answers, list(answers.columns))
    codes = (NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED)
    counts = {
        item: [int(np.count_nonzero(column == code)) for code in codes]
        for item, column in columns.items()
    }
    return pd.DataFrame(
        [[len(answers) - sum(missing), *missing] for missing in counts.values()],
        index=list(counts),
        columns=list(COUNTS),
        dtype=int,
    )
