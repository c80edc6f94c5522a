"""The one place that speaks to pingouin: its point values, turned at once into plain numbers.

Only point values are taken. Its interval of alpha counts rows before it leaves the incomplete
ones out and rounds to three decimals; its intervals of the ICC are rounded to two. pingouin is
imported where it is called because the import alone costs five seconds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class IccPoints:
    """Point values of the two-way single-measurement intraclass correlations."""

    absolute: float
    consistency: float


def cronbach_alpha(complete: Floats) -> float:
    """Return Cronbach's alpha of complete rows.

    Parameters
    ----------
    complete : array of float, shape (rows, items)
        Keyed items without a missing value; their sum varies.
    """
    import pingouin

    alpha, _ = pingouin.cronbach_alpha(data=pd.DataFrame(complete))
    return float(alpha)


def intraclass_correlations(complete: Floats) -> IccPoints:
    """Return ICC(A,1) and ICC(C,1) of complete rows.

    Parameters
    ----------
    complete : array of float, shape (people, occasions)
        Without a missing value; neither people nor residuals are without variance.
    """
    import pingouin

    people, occasions = complete.shape
    long = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), occasions),
            "occasion": np.tile(np.arange(occasions), people),
            "value": complete.ravel(),
        }
    )
    with warnings.catch_warnings():
        # pingouin 0.7 still calls pandas with `inplace=`, which pandas 3 warns of.
        warnings.filterwarnings(
            "ignore", message="The inplace keyword", category=pd.errors.Pandas4Warning
        )
        table = pingouin.intraclass_corr(
            data=long, targets="person", raters="occasion", ratings="value"
        ).set_index("Type")["ICC"]
    return IccPoints(absolute=float(table["ICC(A,1)"]), consistency=float(table["ICC(C,1)"]))
