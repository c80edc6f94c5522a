"""One scale compared across groups of people, or across waves of the same people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from scoring.cfa.invariance import Invariance, invariance, longitudinal_invariance
from scoring.cfa.model import FactorModel, one_factor
from scoring.cfa.sample import fewest_people
from scoring.cfa.waves_with_gaps import GapInvariance, longitudinal_invariance_with_gaps
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.invariance import OrdinalInvariance, ordinal_invariance
from scoring.retest import RetestReliability, icc_test_retest


@dataclass(frozen=True, slots=True, eq=False)
class Retest:
    """The sum of the items at one wave beside that at the next."""

    before: str
    after: str
    result: RetestReliability


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Whether a scale measures alike in several groups or waves.

    Attributes
    ----------
    are_waves : bool
        Whether the same people are compared with themselves.
    invariance : Invariance
        Of a model of one factor.
    ordinal : OrdinalInvariance or None
        The same of ordered answers; None for waves.
    retests : tuple of Retest
        Of each wave with the next; empty for groups.
    with_gaps : GapInvariance or None
        Invariance over time in everybody who answered any item at any wave, by full information;
        None for groups, and where everybody answered everything.
    """

    are_waves: bool
    invariance: Invariance
    ordinal: OrdinalInvariance | None = None
    retests: tuple[Retest, ...] = ()
    with_gaps: GapInvariance | None = None


def compare_groups(groups: Mapping[str, KeyedAnswers]) -> Comparison:
    """Return the invariance of one factor across groups of people.

    A group with too few complete rows for the model (`scoring.cfa.sample` has the rule) is left
    out where two others have enough, and a finding says so.

    Parameters
    ----------
    groups : mapping of str to KeyedAnswers
        The same scale in each.
    """
    model, items = _model(groups)
    complete = {name: keyed.complete for name, keyed in groups.items()}
    fewest = fewest_people(model.n_parameters)
    enough = [name for name, rows in complete.items() if len(rows) >= fewest]
    compared = enough if len(enough) >= 2 else list(groups)
    found = invariance({name: complete[name] for name in compared}, items, model)
    left_out = tuple(
        Finding(
            "note",
            model.names[0],
            f"Group {name} is not compared: {len(rows)} people answered every item, and the model "
            f"needs {fewest}.",
        )
        for name, rows in complete.items()
        if name not in compared
    )
    return Comparison(
        are_waves=False,
        invariance=replace(found, findings=(*found.findings, *left_out)),
        ordinal=ordinal_invariance({name: groups[name] for name in compared}, model),
    )


def compare_waves(
    waves: Mapping[str, KeyedAnswers], people: Mapping[str, pd.Index[str]]
) -> Comparison:
    """Return the invariance of one factor over time, and each wave's agreement with the next.

    Parameters
    ----------
    waves : mapping of str to KeyedAnswers
        The same scale at each wave, in their order.
    people : mapping of str to Index
        Who each row is, once a wave.

    Raises
    ------
    ValueError
        When somebody is there twice at one wave.
    """
    model, items = _model(waves)
    twice = [name for name, index in people.items() if index.has_duplicates]
    if twice:
        raise ValueError(f"somebody is there twice at {twice[0]}; expected once a wave")
    everybody = sorted(set().union(*people.values()))
    answers = {}
    for name, keyed in waves.items():
        places = people[name].get_indexer(pd.Index(everybody))
        answers[name] = np.where((places >= 0)[:, None], keyed.values[places], np.nan)
    sums = {
        name: pd.Series(values.sum(axis=1), index=everybody, name=model.names[0])
        for name, values in answers.items()
    }
    return Comparison(
        are_waves=True,
        invariance=longitudinal_invariance(answers, items, model),
        retests=tuple(
            Retest(before, after, icc_test_retest(sums[before], sums[after]))
            for before, after in pairwise(waves)
        ),
        with_gaps=longitudinal_invariance_with_gaps(answers, items, model)
        if any(np.isnan(values).any() for values in answers.values())
        else None,
    )


def _model(parts: Mapping[str, KeyedAnswers]) -> tuple[FactorModel, tuple[str, ...]]:
    keyed = next(iter(parts.values()))
    return one_factor(keyed.items, name=keyed.title), keyed.items
