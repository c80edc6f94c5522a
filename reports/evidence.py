"""Everything the exhibits show, worked out once from a snapshot."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reports.disclosure import Limits
from reports.errors import ReportsError
from reports.estimates.adjusted_difference import (
    AdjustedDifference,
    ArmDifference,
    adjusted_difference,
)
from reports.estimates.complete_cases import Roles
from reports.estimates.regression import fit_clustered
from reports.formatting import counted, listed, sentence
from reports.populations import (
    Populations,
    answers_to,
    build_populations,
    delivered_instruments,
    outcome_table,
    waves_that_asked,
    waves_with_answers,
)
from reports.scale_checks import (
    ScaleInvariance,
    ScaleReliability,
    ScaleStability,
    SchoolShare,
    invariances,
    reliabilities,
    scales_of,
    school_shares,
    stabilities,
)
from reports.sensitivity import (
    EffectAmongCompliers,
    EstimateBeside,
    effects_among_compliers,
    estimates_beside,
)
from scoring.keyed import keyed_answers
from scoring.quality import Quality, keying_alarms, quality
from scoring.questionnaires import QuestionnaireQuality, questionnaire_quality

if TYPE_CHECKING:
    from instruments.model import Instrument, Score
    from reports.plan import Outcome
    from reports.snapshot import Snapshot
    from scoring.findings import Finding


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """One score of one arm at one wave.

    Attributes
    ----------
    label : str
        The outcome's label in the plan, or the score's title.
    n, n_schools : int
        People with a score, and their schools.
    mean, sd : float
        Unadjusted, in units of the score; NaN where there are too few to have one.
    low, high : float
        Interval of the mean that allows for people of one school being alike (CR2).
    n_floor, n_ceiling : int
        People at the lowest and at the highest possible score.
    is_hidden : bool
        Whether too few people or schools are behind it for anything to be shown.
    """

    score: Score
    label: str
    wave: str
    arm: str
    n: int
    n_schools: int
    mean: float
    sd: float
    low: float
    high: float
    n_floor: int
    n_ceiling: int
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class OutcomeAnalysis:
    """The comparison of the arms on one outcome.

    Attributes
    ----------
    result : AdjustedDifference or None
        None where nothing may be or could be estimated.
    reasons : tuple of str
        Why there is no estimate, or why an arm is not in it, as sentences.
    left_out : tuple of int
        One an arm of `arms`: people with the outcome and without the baseline score.
    arms : tuple of str
        The arms in the model, the reference first; empty without an estimate.
    score_sd : float
        SD of the outcome over the people in the model, in units of the score.
    r2 : float
        Square of the correlation of outcome and baseline (0 to 1); NaN without a baseline.
    beside : tuple of EstimateBeside
        The same differences by the other methods of the plan.
    compliers : tuple of EffectAmongCompliers
        What supervision did where it was received; empty while arms are masked.
    """

    outcome: Outcome
    score: Score
    result: AdjustedDifference | None
    reasons: tuple[str, ...]
    arms: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    score_sd: float = math.nan
    r2: float = math.nan
    beside: tuple[EstimateBeside, ...] = ()
    compliers: tuple[EffectAmongCompliers, ...] = ()

    @property
    def differences(self) -> tuple[ArmDifference, ...]:
        """The differences that were estimated."""
        found = self.result.differences if self.result is not None else ()
        return tuple(each for each in found if each.contrast is not None)


@dataclass(frozen=True, slots=True, eq=False)
class WaveQuality:
    """The quality of the whole questionnaires of one wave, over all arms."""

    wave: str
    result: QuestionnaireQuality
    is_hidden: bool


@dataclass(frozen=True, slots=True, eq=False)
class ScaleQuality:
    """The quality of the answers to one scale at one wave, over all arms.

    Attributes
    ----------
    result : Quality
    alarms : tuple of Finding
        Signs of answers keyed otherwise than meant.
    n_floor, n_ceiling : int
        Of the people who answered every item, those at the lowest and the highest score.
    median_longest_run : float
        Over the people who answered any item.
    """

    instrument: Instrument
    score: Score
    wave: str
    result: Quality
    alarms: tuple[Finding, ...]
    n_floor: int
    n_ceiling: int
    median_longest_run: float
    is_hidden: bool


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What every exhibit is a view of."""

    snapshot: Snapshot
    populations: Populations
    summaries: tuple[ScoreSummary, ...]
    analyses: tuple[OutcomeAnalysis, ...]
    reliabilities: tuple[ScaleReliability, ...]
    invariances: tuple[ScaleInvariance, ...]
    stabilities: tuple[ScaleStability, ...]
    school_shares: tuple[SchoolShare, ...]
    wave_qualities: tuple[WaveQuality, ...]
    scale_qualities: tuple[ScaleQuality, ...]

    @property
    def limits(self) -> Limits:
        """The smallest numbers that may be shown."""
        return Limits.of(self.snapshot.plan)


def gather(snapshot: Snapshot) -> Evidence:
    """Work out everything the exhibits show.

    Parameters
    ----------
    snapshot : Snapshot
        The study's data.

    Returns
    -------
    Evidence
        Unrounded. What may not be shown is marked, and must be asked for before it is shown.
    """
    populations = build_populations(snapshot)
    scales = scales_of(snapshot, populations)
    return Evidence(
        snapshot=snapshot,
        populations=populations,
        summaries=_summaries(snapshot, populations),
        analyses=tuple(
            _analysis(snapshot, populations, outcome) for outcome in snapshot.plan.outcomes
        ),
        reliabilities=reliabilities(snapshot, populations, scales),
        invariances=invariances(snapshot, populations, scales),
        stabilities=stabilities(snapshot, populations, scales),
        school_shares=school_shares(snapshot, populations, scales),
        wave_qualities=_wave_qualities(snapshot, populations),
        scale_qualities=tuple(
            _scale_quality(snapshot, populations, scale.instrument, scale.score, wave)
            for scale in scales
            for wave in scale.waves
        ),
    )


def score_of(snapshot: Snapshot, outcome: Outcome) -> Score:
    """Give the scoring rule of an outcome's score."""
    return snapshot.instruments[outcome.instrument].score(outcome.score)


def reported_scores(snapshot: Snapshot) -> tuple[tuple[Instrument, Score, str], ...]:
    """Give the scores described by arm with their labels: the plan's, then other totals.

    An instrument's total is the first score of its definition.
    """
    delivered = delivered_instruments(snapshot)
    ids = {instrument.id for instrument in delivered}
    chosen: dict[str, tuple[Instrument, Score, str]] = {}
    for outcome in snapshot.plan.outcomes:
        if outcome.instrument in ids:
            instrument = snapshot.instruments[outcome.instrument]
            chosen.setdefault(
                outcome.score, (instrument, score_of(snapshot, outcome), outcome.label)
            )
    for instrument in delivered:
        total = instrument.scores[0]
        chosen.setdefault(total.id, (instrument, total, total.title))
    return tuple(chosen.values())


def _summaries(snapshot: Snapshot, populations: Populations) -> tuple[ScoreSummary, ...]:
    limits = Limits.of(snapshot.plan)
    return tuple(
        _summary(populations, score, label, wave, arm, limits, snapshot.plan.confidence)
        for instrument, score, label in reported_scores(snapshot)
        for wave in waves_that_asked(instrument, populations, snapshot)
        for arm in populations.arms
    )


def _summary(
    populations: Populations,
    score: Score,
    label: str,
    wave: str,
    arm: str,
    limits: Limits,
    confidence: float,
) -> ScoreSummary:
    scores = populations.scores
    rows = scores[(scores["wave"] == wave) & (scores["arm"] == arm)].dropna(subset=[score.id])
    values = rows[score.id].to_numpy(dtype=float)
    n_schools = int(rows["school"].nunique())
    low, high = _interval_of_mean(rows, score.id, confidence)
    return ScoreSummary(
        score=score,
        label=label,
        wave=wave,
        arm=arm,
        n=len(values),
        n_schools=n_schools,
        mean=float(values.mean()) if len(values) else math.nan,
        sd=float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        low=low,
        high=high,
        n_floor=int(np.isclose(values, score.minimum).sum()),
        n_ceiling=int(np.isclose(values, score.maximum).sum()),
        is_hidden=limits.too_few(len(values), n_schools),
    )


def _interval_of_mean(rows: pd.DataFrame, score_id: str, confidence: float) -> tuple[float, float]:
    if len(rows) < 2:
        return math.nan, math.nan
    try:
        fit = fit_clustered(
            rows[score_id].to_numpy(dtype=float),
            np.ones((len(rows), 1)),
            rows["school"].to_numpy(),
            terms=("mean",),
            kind="CR2",
        )
        contrast = fit.contrast([1.0], confidence=confidence)
    except ReportsError:
        return math.nan, math.nan
    return contrast.low, contrast.high


def _analysis(snapshot: Snapshot, populations: Populations, outcome: Outcome) -> OutcomeAnalysis:
    score = score_of(snapshot, outcome)
    adjusts = "baseline" in snapshot.plan.covariates and outcome.baseline_wave is not None
    table = outcome_table(populations, outcome)
    used = ["outcome", "baseline"] if adjusts else ["outcome"]
    complete = table.dropna(subset=used)
    reason = _why_nothing_to_compare(snapshot, populations, outcome)
    if reason:
        return OutcomeAnalysis(outcome, score, None, (reason,))
    arms, reasons = _arms_large_enough(snapshot, complete)
    if not arms:
        return OutcomeAnalysis(outcome, score, None, reasons)
    # Only complete rows of the arms that may be shown go in: what is said of those left out
    # must pass the rule for small numbers, which the estimate does not know.
    complete = complete[complete["arm"].isin(arms)]
    analysed = complete.assign(arm=pd.Categorical(complete["arm"], categories=list(arms)))
    roles = Roles(
        outcome="outcome",
        baseline="baseline" if adjusts else None,
        arm="arm",
        reference=arms[0],
        strata="stratum" if "strata" in snapshot.plan.covariates else None,
        cluster="school",
    )
    try:
        result = adjusted_difference(analysed, **asdict(roles), confidence=snapshot.plan.confidence)
    except ReportsError as error:
        return OutcomeAnalysis(outcome, score, None, (*reasons, sentence(str(error))))
    if not any(each.contrast for each in result.differences):
        found = tuple(each.message for each in result.findings)
        return OutcomeAnalysis(outcome, score, None, (*reasons, *found))
    return OutcomeAnalysis(
        outcome=outcome,
        score=score,
        result=result,
        reasons=reasons,
        arms=arms,
        left_out=tuple(
            int(((table["arm"] == arm) & table["outcome"].notna()).sum())
            - int((complete["arm"] == arm).sum())
            for arm in arms
        ),
        score_sd=float(complete["outcome"].std(ddof=1)),
        r2=float(complete["outcome"].corr(complete["baseline"]) ** 2) if adjusts else math.nan,
        beside=estimates_beside(snapshot, populations, outcome.id, analysed, roles),
        compliers=effects_among_compliers(snapshot, populations, analysed, roles),
    )


def _why_nothing_to_compare(snapshot: Snapshot, populations: Populations, outcome: Outcome) -> str:
    if not populations.is_allocated:
        return "No school has been allocated to an arm yet."
    if outcome.wave not in waves_with_answers(populations, snapshot):
        title = snapshot.study.wave_title(outcome.wave)
        return f"Nobody has submitted at the wave “{title}” yet."
    return ""


def _arms_large_enough(
    snapshot: Snapshot, complete: pd.DataFrame
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the arms that may be compared, the reference first, and a sentence on the others."""
    limits, reference = Limits.of(snapshot.plan), snapshot.study.reference_arm
    arms = (reference, *(arm for arm in snapshot.study.arms if arm != reference))
    small = []
    for arm in arms:
        rows = complete[complete["arm"] == arm]
        if rows.empty or limits.too_few(len(rows), int(rows["school"].nunique())):
            small.append(arm)
    reasons: tuple[str, ...] = ()
    if small:
        reasons = (
            f"Too few people with the scores the model needs in {listed(small)}: an arm is "
            f"compared from {counted(limits.people, 'person', 'people')} in "
            f"{counted(limits.schools, 'school')} on.",
        )
    kept = tuple(arm for arm in arms if arm not in small)
    return (kept if reference in kept and len(kept) > 1 else ()), reasons


def _wave_qualities(snapshot: Snapshot, populations: Populations) -> tuple[WaveQuality, ...]:
    return tuple(
        _wave_quality(snapshot, populations, wave)
        for wave in waves_with_answers(populations, snapshot)
    )


def _wave_quality(snapshot: Snapshot, populations: Populations, wave: str) -> WaveQuality:
    rows = populations.scores[populations.scores["wave"] == wave]
    answers = snapshot.answers.loc[rows.index]
    seconds = snapshot.submissions.loc[rows.index, "seconds_per_item"]
    return WaveQuality(
        wave=wave,
        result=questionnaire_quality(answers, seconds, title=snapshot.study.wave_title(wave)),
        is_hidden=Limits.of(snapshot.plan).too_few(len(rows), int(rows["school"].nunique())),
    )


def _scale_quality(
    snapshot: Snapshot, populations: Populations, instrument: Instrument, score: Score, wave: str
) -> ScaleQuality:
    rows = populations.scores[populations.scores["wave"] == wave]
    keyed = keyed_answers(answers_to(instrument, snapshot, rows.index), score, instrument)
    found = quality(keyed)
    sums = keyed.complete.sum(axis=1)
    some = keyed.is_answered.any(axis=1)
    whole = pd.Series(keyed.is_answered.all(axis=1), index=rows.index)
    return ScaleQuality(
        instrument=instrument,
        score=score,
        wave=wave,
        result=found,
        alarms=keying_alarms(keyed),
        n_floor=int((sums == keyed.minimum.sum()).sum()),
        n_ceiling=int((sums == keyed.maximum.sum()).sum()),
        median_longest_run=float(np.median(found.longest_run[some])) if some.any() else math.nan,
        is_hidden=Limits.of(snapshot.plan).too_few(
            int(whole.sum()), int(rows.loc[whole, "school"].nunique())
        ),
    )
