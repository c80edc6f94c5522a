"""What a study that still runs can expect to find: the smallest effect, at what is known so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.detectable import smallest_detectable_effect
from reports.disclosure import Limits
from reports.errors import ReportsError
from reports.estimates.mixed import icc_anova
from reports.populations import (
    Populations,
    build_populations,
    outcome_table,
    waves_with_answers,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from reports.plan import Outcome
    from reports.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class OutcomeOutlook:
    """The smallest effect on one outcome that the study can still detect.

    Attributes
    ----------
    label, wave : str
        The outcome's label, and the title of the wave it is measured at.
    reason : str
        Why nothing is known; "" where the figures are.
    known_from : str
        Title of the wave that response and intraclass correlation come from.
    response : float
        Share of the eligible people analysed there, 0 to 1.
    n_people, n_schools : float
        Expected in the analysis at that response, every person as likely to answer as another.
    icc, icc_low, icc_high : float
        Of schools, over all arms, with its 95 % interval; NaN where one person in every school
        makes it neither known nor needed.
    r2 : float
        Squared correlation with the baseline score; NaN where it is not known yet.
    smallest, smallest_adjusted, smallest_if_all : float
        In standard deviations, above 0: at that response without covariates; adjusted for the
        baseline score; and without covariates if everybody answers. NaN where unknown.
    """

    label: str
    wave: str
    reason: str = ""
    known_from: str = ""
    response: float = math.nan
    n_people: float = math.nan
    n_schools: float = math.nan
    icc: float = math.nan
    icc_low: float = math.nan
    icc_high: float = math.nan
    r2: float = math.nan
    smallest: float = math.nan
    smallest_adjusted: float = math.nan
    smallest_if_all: float = math.nan


def outlook(snapshot: Snapshot, *, ratios: Sequence[int]) -> tuple[OutcomeOutlook, ...]:
    """Give the smallest effect still detectable on each outcome of the plan.

    Response and intraclass correlation are taken from the outcome's own wave once enough people
    answered it for a figure to be shown, before that from the latest wave that has them. Both are
    over all arms together, so that nothing is learned about any arm.

    Parameters
    ----------
    snapshot : Snapshot
        The study's data.
    ratios : sequence of int
        By what numbers the schools are, or will be, spread over the arms.

    Returns
    -------
    tuple of OutcomeOutlook
        In the order of the plan.

    Notes
    -----
    With eligible schools of sizes nᵢ and response p, p Σnᵢ people and Σ(1 − (1 − p)^nᵢ) schools
    are expected; the rest is the formula of `smallest_detectable_effect`.
    """
    populations = build_populations(snapshot)
    people = populations.people[~populations.people["withdrawn"].astype(bool)]
    sizes = np.asarray(people.groupby("school").size(), dtype=np.float64)
    return tuple(
        _of_outcome(snapshot, populations, outcome, sizes, ratios)
        for outcome in snapshot.plan.outcomes
    )


def _of_outcome(
    snapshot: Snapshot,
    populations: Populations,
    outcome: Outcome,
    sizes: NDArray[np.float64],
    ratios: Sequence[int],
) -> OutcomeOutlook:
    title = snapshot.study.wave_title(outcome.wave)
    known = _wave_to_go_by(snapshot, populations, outcome)
    if known is None:
        limits = Limits.of(snapshot.plan)
        return OutcomeOutlook(
            outcome.label,
            title,
            reason=f"Too few have answered yet: it takes {limits.people} people in "
            f"{limits.schools} schools.",
        )
    rows = _scored(populations, outcome, known)
    steps = populations.step(known)
    invited = steps[steps["invited"]]
    response = float(invited["analysed"].sum()) / len(invited)
    icc, icc_low, icc_high = _icc(rows, outcome)
    r2 = _r2(snapshot, populations, outcome)
    n_people, n_schools = _expected(sizes, response)

    def smallest(people: float, schools: float, r2: float = 0.0) -> float:
        needs_icc = people > schools
        if (needs_icc and math.isnan(icc)) or math.isnan(r2):
            return math.nan
        return smallest_detectable_effect(
            n_schools=schools,
            people_per_school=people / schools,
            icc=icc if needs_icc else 0.0,
            r2=r2,
            ratios=ratios,
        )

    return OutcomeOutlook(
        label=outcome.label,
        wave=title,
        known_from=snapshot.study.wave_title(known),
        response=response,
        n_people=n_people,
        n_schools=n_schools,
        icc=icc,
        icc_low=icc_low,
        icc_high=icc_high,
        r2=r2,
        smallest=smallest(n_people, n_schools),
        smallest_adjusted=smallest(n_people, n_schools, r2),
        smallest_if_all=smallest(*_expected(sizes, 1.0)),
    )


def _wave_to_go_by(snapshot: Snapshot, populations: Populations, outcome: Outcome) -> str | None:
    limits = Limits.of(snapshot.plan)
    answered = waves_with_answers(populations, snapshot)
    own = tuple(wave for wave in answered if wave == outcome.wave)
    for wave in (*own, *reversed(answered)):
        rows = _scored(populations, outcome, wave)
        if len(rows) and not limits.too_few(len(rows), int(rows["school"].nunique())):
            return wave
    return None


def _scored(populations: Populations, outcome: Outcome, wave: str) -> pd.DataFrame:
    scores = populations.scores
    if outcome.score not in scores.columns:
        return scores.iloc[:0]
    return scores[scores["wave"] == wave].dropna(subset=[outcome.score])


def _icc(rows: pd.DataFrame, outcome: Outcome) -> tuple[float, float, float]:
    try:
        found = icc_anova(rows[outcome.score].to_numpy(dtype=float), rows["school"].to_numpy())
    except ReportsError:
        return math.nan, math.nan, math.nan
    return found.icc, found.low, found.high


def _r2(snapshot: Snapshot, populations: Populations, outcome: Outcome) -> float:
    if outcome.baseline_wave is None:
        return math.nan
    pairs = outcome_table(populations, outcome).dropna(subset=["outcome", "baseline"])
    if pairs.empty or Limits.of(snapshot.plan).too_few(len(pairs), pairs["school"].nunique()):
        return math.nan
    return float(pairs["outcome"].corr(pairs["baseline"]) ** 2)


def _expected(sizes: NDArray[np.float64], response: float) -> tuple[float, float]:
    return float(response * sizes.sum()), float(np.sum(1 - (1 - response) ** sizes))
