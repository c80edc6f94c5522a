"""What the answers say of the scales: by wave and arm, across arms, over time, between schools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reports.disclosure import Limits, withheld
from reports.errors import ReportsError
from reports.estimates.mixed import AnovaIntraclassCorrelation, icc_anova
from reports.populations import answers_to, delivered_instruments, waves_that_asked
from scoring.cfa.invariance import Invariance, invariance, longitudinal_invariance
from scoring.cfa.model import one_factor
from scoring.cfa.waves_with_gaps import GapInvariance, longitudinal_invariance_with_gaps
from scoring.checks import Checks, check
from scoring.keyed import Booleans, KeyedAnswers, keyed_answers
from scoring.reliability import Reliability, alpha
from scoring.retest import RetestReliability, icc_in_bulk

if TYPE_CHECKING:
    from instruments.model import Instrument, Score
    from reports.populations import Populations
    from reports.snapshot import Snapshot
    from scoring.rules import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """One scale of the report, and the waves that asked it, in the study's order."""

    instrument: Instrument
    score: Score
    waves: tuple[str, ...]

    @property
    def has_factor(self) -> bool:
        """Whether its items are enough to determine one factor."""
        return len(self.score.items) > 2


@dataclass(frozen=True, slots=True)
class EndShare:
    """People at one end of a score, and whether their number must be withheld."""

    n: int
    is_hidden: bool


@dataclass(frozen=True, slots=True, eq=False)
class ScaleReliability:
    """One scale at one wave, of one arm or of all arms together.

    Attributes
    ----------
    arm : str or None
        None for all arms together.
    result : Reliability
        In the units of the score; the checks' own is of the sum of the items.
    checks : Checks
    floor, ceiling : EndShare
        Of the people who answered every item, those with the lowest and the highest score.
    is_hidden : bool
        Whether too few people or schools are behind it, or it would give away such a figure.
    """

    scale: Scale
    wave: str
    arm: str | None
    result: Reliability
    checks: Checks
    floor: EndShare
    ceiling: EndShare
    is_hidden: bool

    @property
    def instrument(self) -> Instrument:
        """The questionnaire the scale belongs to."""
        return self.scale.instrument

    @property
    def score(self) -> Score:
        """The scoring rule."""
        return self.scale.score


@dataclass(frozen=True, slots=True, eq=False)
class ScaleInvariance:
    """Whether one scale measures alike across arms at a wave, or over time.

    Attributes
    ----------
    wave : str or None
        None for all waves of the scale, in people who answered at each of them.
    left_out : tuple of str
        Arms that are not compared, for being too few to show.
    result : Invariance or None
        None where nothing may be shown or there is nothing to compare.
    with_gaps : GapInvariance or None
        Over time, in everybody who answered at any wave; None across arms, where too few may be
        shown, and where everybody answered everything.
    """

    scale: Scale
    wave: str | None
    left_out: tuple[str, ...]
    result: Invariance | None
    with_gaps: GapInvariance | None = None


@dataclass(frozen=True, slots=True)
class ScaleStability:
    """How well one score agrees with itself from one wave to the next, in one arm or in all."""

    scale: Scale
    waves: tuple[str, str]
    arm: str | None
    result: RetestReliability
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class SchoolShare:
    """How alike the people of one school are in one score at one wave, over all arms.

    Attributes
    ----------
    n, n_schools : int
        People with a score, and their schools.
    result : AnovaIntraclassCorrelation or None
        None where it cannot be computed: one person in every school, or nothing varies.
    """

    scale: Scale
    wave: str
    n: int
    n_schools: int
    result: AnovaIntraclassCorrelation | None
    is_hidden: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Answered:
    """The answers of one scale at one wave: one row a person, index the submission."""

    rows: pd.DataFrame
    answers: pd.DataFrame
    keyed: KeyedAnswers

    @property
    def complete(self) -> Booleans:
        return np.asarray(self.keyed.is_answered.all(axis=1), dtype=np.bool_)


def scales_of(snapshot: Snapshot, populations: Populations) -> tuple[Scale, ...]:
    """Give the scales of two items or more, each set of items once: a rescaled score is left out.

    Parameters
    ----------
    snapshot : Snapshot
    populations : Populations
    """
    return tuple(
        Scale(instrument, score, waves_that_asked(instrument, populations, snapshot))
        for instrument in delivered_instruments(snapshot)
        for score in _distinct_scales(instrument)
    )


def reliabilities(
    snapshot: Snapshot, populations: Populations, scales: tuple[Scale, ...]
) -> tuple[ScaleReliability, ...]:
    """Check every scale at every wave: all arms together first, then each arm."""
    return tuple(
        each
        for scale in scales
        for wave in scale.waves
        for each in _by_arm(snapshot, populations, scale, wave)
    )


def invariances(
    snapshot: Snapshot, populations: Populations, scales: tuple[Scale, ...]
) -> tuple[ScaleInvariance, ...]:
    """Compare how every scale measures across arms at every wave, then over all its waves.

    Scales of two items are left out: they do not determine a factor.
    """
    return tuple(
        each
        for scale in scales
        if scale.has_factor
        for each in _invariances_of(snapshot, populations, scale)
    )


def stabilities(
    snapshot: Snapshot, populations: Populations, scales: tuple[Scale, ...]
) -> tuple[ScaleStability, ...]:
    """Compare every score with itself at the next wave: all arms together first, then each arm."""
    return tuple(
        each
        for scale in scales
        for waves in pairwise(scale.waves)
        for each in _stabilities_of(snapshot, populations, scale, waves)
    )


def school_shares(
    snapshot: Snapshot, populations: Populations, scales: tuple[Scale, ...]
) -> tuple[SchoolShare, ...]:
    """Give the intraclass correlation of schools for every score at every wave."""
    limits, confidence = Limits.of(snapshot.plan), snapshot.plan.confidence
    return tuple(
        _school_share(populations, scale, wave, limits, confidence)
        for scale in scales
        for wave in scale.waves
    )


def _distinct_scales(instrument: Instrument) -> tuple[Score, ...]:
    seen: dict[frozenset[str], Score] = {}
    for score in instrument.scores:
        seen.setdefault(frozenset(score.items), score)
    return tuple(score for score in seen.values() if len(score.items) > 1)


def _answered(snapshot: Snapshot, populations: Populations, scale: Scale, wave: str) -> _Answered:
    rows = populations.scores[populations.scores["wave"] == wave]
    answers = answers_to(scale.instrument, snapshot, rows.index)
    return _Answered(rows, answers, keyed_answers(answers, scale.score, scale.instrument))


def _hidden_arms(
    rows: pd.DataFrame, populations: Populations, limits: Limits
) -> tuple[Mapping[str, bool], bool]:
    """Say of each arm, and of all together, whether figures about these people are withheld."""
    each = [rows[rows["arm"] == arm] for arm in populations.arms]
    people = np.array([[len(part) for part in each]])
    schools = np.array([[part["school"].nunique() for part in each]])
    marks = withheld(people, schools, limits, rows_have_totals=True)[0]
    hidden = {arm: bool(mark) for arm, mark in zip(populations.arms, marks, strict=True)}
    return hidden, limits.too_few(len(rows), int(rows["school"].nunique()))


def _by_arm(
    snapshot: Snapshot, populations: Populations, scale: Scale, wave: str
) -> Iterator[ScaleReliability]:
    limits = Limits.of(snapshot.plan)
    found = _answered(snapshot, populations, scale, wave)
    complete = found.rows[found.complete]
    hidden, all_hidden = _hidden_arms(complete, populations, limits)
    floors = _at_the_end(complete, scale.score, scale.score.minimum, populations, limits)
    ceilings = _at_the_end(complete, scale.score, scale.score.maximum, populations, limits)
    arms = populations.arms if len(populations.arms) > 1 else ()
    for arm in (None, *arms):
        everybody = np.ones(len(found.rows), dtype=np.bool_)
        chosen = everybody if arm is None else (found.rows["arm"] == arm).to_numpy(np.bool_)
        keyed = found.keyed.rows(chosen)
        result = alpha(
            found.answers[chosen],
            scale.score,
            scale.instrument,
            confidence=snapshot.plan.confidence,
        )
        yield ScaleReliability(
            scale=scale,
            wave=wave,
            arm=arm,
            result=result,
            checks=check(keyed, seed=snapshot.plan.seed, confidence=snapshot.plan.confidence),
            floor=floors[arm],
            ceiling=ceilings[arm],
            is_hidden=all_hidden or (arm is not None and hidden[arm]),
        )


def _at_the_end(
    complete: pd.DataFrame, score: Score, end: float, populations: Populations, limits: Limits
) -> Mapping[str | None, EndShare]:
    """Count the people at one end by arm; where one arm alone is withheld, so is the total."""
    at_end = complete[np.isclose(complete[score.id].to_numpy(dtype=float), end)]
    shares: dict[str | None, EndShare] = {}
    for arm in populations.arms:
        n = int((at_end["arm"] == arm).sum())
        shares[arm] = EndShare(n, 0 < n < limits.people)
    is_alone = sum(share.is_hidden for share in shares.values()) == 1
    shares[None] = EndShare(len(at_end), 0 < len(at_end) < limits.people or is_alone)
    return shares


def _invariances_of(
    snapshot: Snapshot, populations: Populations, scale: Scale
) -> Iterator[ScaleInvariance]:
    limits = Limits.of(snapshot.plan)
    by_wave = {wave: _answered(snapshot, populations, scale, wave) for wave in scale.waves}
    if populations.is_allocated:
        for wave, found in by_wave.items():
            yield _across_arms(populations, scale, wave, found, limits)
    if len(by_wave) > 1:
        yield _over_time(scale, by_wave, limits)


def _across_arms(
    populations: Populations, scale: Scale, wave: str, found: _Answered, limits: Limits
) -> ScaleInvariance:
    complete = found.rows[found.complete]
    hidden, all_hidden = _hidden_arms(complete, populations, limits)
    shown = {
        arm: found.keyed.complete[(complete["arm"] == arm).to_numpy()]
        for arm in populations.arms
        if not (hidden[arm] or all_hidden)
    }
    left_out = tuple(arm for arm in populations.arms if arm not in shown)
    if len(shown) < 2:
        return ScaleInvariance(scale, wave, left_out, None)
    items = found.keyed.items
    model = one_factor(items, name=scale.score.id)
    return ScaleInvariance(scale, wave, left_out, invariance(shown, items, model))


def _over_time(scale: Scale, by_wave: Mapping[str, _Answered], limits: Limits) -> ScaleInvariance:
    complete = {
        wave: found.rows[found.complete].set_index("participant") for wave, found in by_wave.items()
    }
    first, *others = complete.values()
    people = first.index[np.logical_and.reduce([first.index.isin(other.index) for other in others])]
    with_gaps = _over_time_with_gaps(scale, by_wave, limits)
    if limits.too_few(len(people), int(first.loc[people, "school"].nunique())):
        return ScaleInvariance(scale, None, (), None, with_gaps)
    answers: dict[str, Floats] = {}
    for wave, found in by_wave.items():
        places = complete[wave].index.get_indexer(people)
        answers[wave] = found.keyed.complete[places]
    items = next(iter(by_wave.values())).keyed.items
    model = one_factor(items, name=scale.score.id)
    result = longitudinal_invariance(answers, items, model)
    return ScaleInvariance(scale, None, (), result, with_gaps)


def _over_time_with_gaps(
    scale: Scale, by_wave: Mapping[str, _Answered], limits: Limits
) -> GapInvariance | None:
    schools: dict[str, str] = {}
    for found in by_wave.values():
        some = np.flatnonzero(found.keyed.is_answered.any(axis=1))
        schools |= dict(
            zip(found.rows["participant"].iloc[some], found.rows["school"].iloc[some], strict=True)
        )
    if limits.too_few(len(schools), len(set(schools.values()))):
        return None
    people = sorted(schools)
    answers: dict[str, Floats] = {}
    for wave, found in by_wave.items():
        places = pd.Index(found.rows["participant"]).get_indexer(pd.Index(people))
        answers[wave] = np.where((places >= 0)[:, None], found.keyed.values[places], np.nan)
    if not any(np.isnan(values).any() for values in answers.values()):
        return None
    items = next(iter(by_wave.values())).keyed.items
    return longitudinal_invariance_with_gaps(answers, items, one_factor(items, name=scale.score.id))


def _stabilities_of(
    snapshot: Snapshot, populations: Populations, scale: Scale, waves: tuple[str, str]
) -> Iterator[ScaleStability]:
    scores, name = populations.scores, scale.score.id
    before, after = (
        scores[scores["wave"] == wave].dropna(subset=[name]).set_index("participant")
        for wave in waves
    )
    both = before[before.index.isin(after.index)]
    hidden, all_hidden = _hidden_arms(both, populations, Limits.of(snapshot.plan))
    arms = populations.arms if len(populations.arms) > 1 else ()
    for arm in (None, *arms):
        people = both.index if arm is None else both.index[both["arm"] == arm]
        result = icc_in_bulk(
            before.loc[people, name],
            after.loc[people, name],
            confidence=snapshot.plan.confidence,
        )
        is_hidden = all_hidden or (arm is not None and hidden[arm])
        yield ScaleStability(scale, waves, arm, result, is_hidden)


def _school_share(
    populations: Populations, scale: Scale, wave: str, limits: Limits, confidence: float
) -> SchoolShare:
    scores = populations.scores
    rows = scores[scores["wave"] == wave].dropna(subset=[scale.score.id])
    n_schools = int(rows["school"].nunique())
    try:
        result = icc_anova(
            rows[scale.score.id].to_numpy(dtype=float),
            rows["school"].to_numpy(),
            confidence=confidence,
        )
    except ReportsError:
        result = None
    return SchoolShare(
        scale, wave, len(rows), n_schools, result, limits.too_few(len(rows), n_schools)
    )
