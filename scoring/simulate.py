"""Item answers simulated from a latent value: what the demonstration trial is filled with.

The graded response model: behind each answer stands a continuous one, loading × latent value plus
noise, of variance 1 where the latent values have; the option chosen is how many cuts it passes.
Nothing here comes from a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from instruments.model import Instrument
from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class GradedItem:
    """How one item answers to the latent value.

    Attributes
    ----------
    loading : float
        Correlation of the continuous answer with the latent value, between -1 and 1; negative
        for an item that is reversed in scoring.
    cuts : tuple of float
        Rising; one fewer than the item has options.
    """

    loading: float
    cuts: tuple[float, ...]

    def __post_init__(self) -> None:
        if not -1 <= self.loading <= 1:
            raise ValueError(f"found a loading of {self.loading:g}; expected -1 to 1")
        if any(np.diff(self.cuts) <= 0):
            raise ValueError(f"found the cuts {self.cuts}; expected rising ones")


def simulate_answers(
    latent: Floats,
    instrument: Instrument,
    items: Mapping[str, GradedItem],
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return complete answers of people with these latent values.

    Parameters
    ----------
    latent : array of float, shape (people,)
        What the instrument measures, in SDs of the reference population: anxiety for the GAD-7,
        stress for the PSS-10, confidence for the DSL confidence scale; higher is more of it.
    instrument : Instrument
        The items and their options, lowest value first in the model whatever the order shown.
    items : Mapping
        The parameters of every item of the instrument, by its id.
    rng : Generator
        Used once, people by people: the first people's answers do not depend on how many follow.

    Returns
    -------
    DataFrame of int8, shape (people, items)
        Columns are item ids in the instrument's order; the values are those of options.

    Raises
    ------
    ValueError
        When an item has no parameters, or not one cut fewer than options.
    """
    latent = np.asarray(latent, dtype=np.float64)
    noise = rng.standard_normal((len(latent), len(instrument.items)))
    answers = {}
    for number, item in enumerate(instrument.items):
        values = np.sort([option.value for option in instrument.options(item)])
        graded = items.get(item.id)
        if graded is None or len(graded.cuts) != len(values) - 1:
            found = "no parameters" if graded is None else f"{len(graded.cuts)} cuts"
            raise ValueError(f"{item.id} has {found}; expected {len(values) - 1} cuts")
        spread = np.sqrt(1 - graded.loading**2)
        continuous = graded.loading * latent + spread * noise[:, number]
        answers[item.id] = values[np.searchsorted(graded.cuts, continuous)].astype(np.int8)
    return pd.DataFrame(answers)


def _graded(
    prefix: str, loadings: tuple[float, ...], cuts: tuple[tuple[float, ...], ...]
) -> Mapping[str, GradedItem]:
    return MappingProxyType(
        {
            f"{prefix}_{number}": GradedItem(loading, own_cuts)
            for number, (loading, own_cuts) in enumerate(zip(loadings, cuts, strict=True), start=1)
        }
    )


GAD7: Final = _graded(
    "gad7",
    loadings=(0.80, 0.85, 0.80, 0.75, 0.60, 0.65, 0.70),
    cuts=((-0.15, 0.90, 1.75),) * 7,
)
"""Chosen to lie between the general population (mean about 3) and primary care without an anxiety
disorder (mean 4.9): with a standard normal latent value mean 5.48, SD 4.27, alpha .855."""

_HELPLESSNESS: Final = (-1.2, -0.3, 0.8, 1.7)
_EFFICACY: Final = (-2.1, -1.2, 0.0, 1.3)

PSS10: Final = _graded(
    "pss10",
    loadings=(0.65, 0.75, 0.75, -0.60, -0.60, 0.70, -0.50, -0.65, 0.55, 0.75),
    cuts=(
        *(_HELPLESSNESS,) * 3,
        *(_EFFICACY,) * 2,
        _HELPLESSNESS,
        *(_EFFICACY,) * 2,
        *(_HELPLESSNESS,) * 2,
    ),
)
"""Our own choice, resting on no survey: mean about 16.7, SD about 6.3, alpha about .86."""

_CONFIDENCE: Final = (-1.9, -1.1, -0.1, 1.1)
_HARDER_BY: Final = (0.0, -0.1, -0.1, 0.1, 0.1, -0.4, -0.3, 0.2, 0.1, 0.2, 0.5, 0.0)

DSL_CONFIDENCE: Final = _graded(
    "dsl_confidence",
    loadings=(0.75, 0.75, 0.70, 0.70, 0.60, 0.65, 0.55, 0.65, 0.65, 0.65, 0.45, 0.45),
    cuts=tuple(tuple(cut + harder for cut in _CONFIDENCE) for harder in _HARDER_BY),
)
"""Our own choice, resting on no survey: mean about 3.5, SD about 0.6, alpha about .87. Advising
colleagues is the easiest item, switching off outside work the hardest."""

GRADED_ITEMS: Final[Mapping[str, Mapping[str, GradedItem]]] = MappingProxyType(
    {"gad7": GAD7, "pss10": PSS10, "dsl_confidence": DSL_CONFIDENCE}
)
"""The parameters chosen for an instrument, by its id; `graded_items` has some for every one."""

_USUAL_LOADING: Final = 0.65
_OUTERMOST_CUT: Final = 1.5


def graded_items(instrument: Instrument) -> Mapping[str, GradedItem]:
    """Return parameters to simulate the instrument with.

    Those chosen for it, where there are any. For others every item has the same loading, negative
    where a score reverses the item, and cuts at equal distances: answers to try things out on,
    like nobody's in particular.

    Parameters
    ----------
    instrument : Instrument

    Returns
    -------
    Mapping
        The parameters of every item, by its id; higher latent values give higher scores.
    """
    if instrument.id in GRADED_ITEMS:
        return GRADED_ITEMS[instrument.id]
    turned = {item for score in instrument.scores for item in score.reversed}
    return MappingProxyType(
        {
            item.id: GradedItem(
                loading=-_USUAL_LOADING if item.id in turned else _USUAL_LOADING,
                cuts=tuple(
                    np.linspace(-_OUTERMOST_CUT, _OUTERMOST_CUT, len(instrument.options(item)) + 1)[
                        1:-1
                    ].tolist()
                ),
            )
            for item in instrument.items
        }
    )
