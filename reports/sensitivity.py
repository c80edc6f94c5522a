"""The plan's other methods for the same differences, and what supervision did where received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pandas as pd

from reports.disclosure import Limits
from reports.errors import ReportsError
from reports.estimates.adjusted_difference import covariate_columns
from reports.estimates.cluster_means import difference_of_cluster_means
from reports.estimates.complete_cases import Roles
from reports.estimates.complier_effect import ComplierEffect, complier_effect
from reports.estimates.mixed import fit_random_intercept
from reports.estimates.randomisation_test import RandomisationTest, randomisation_test
from reports.estimates.regression import Contrast
from reports.formatting import sentence

if TYPE_CHECKING:
    from reports.plan import Sensitivity
    from reports.populations import Populations
    from reports.snapshot import Snapshot

SINGULAR = "The mixed model put the variance between schools at 0, the lowest it can be."


@dataclass(frozen=True, slots=True)
class EstimateBeside:
    """One arm's difference from the reference by another method than the primary one.

    Attributes
    ----------
    result : Contrast or RandomisationTest or None
        None where the method gave nothing.
    note : str
        Why there is none, or what to keep in mind; "" for nothing.
    """

    method: Sensitivity
    arm: str
    result: Contrast | RandomisationTest | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EffectAmongCompliers:
    """What one arm's supervision did in schools that complied; None and a reason where unknown."""

    arm: str
    result: ComplierEffect | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Pair:
    """One arm and the reference: who is analysed in them, and the design that they are part of."""

    arm: str
    analysed: pd.DataFrame
    schools: pd.DataFrame
    roles: Roles
    confidence: float
    rng: np.random.Generator


def estimates_beside(
    snapshot: Snapshot,
    populations: Populations,
    outcome_id: str,
    analysed: pd.DataFrame,
    roles: Roles,
) -> tuple[EstimateBeside, ...]:
    """Give each arm's difference from the reference by each method of the plan's sensitivity list.

    With more than two arms each is compared with the reference alone.

    Parameters
    ----------
    snapshot : Snapshot
    populations : Populations
    outcome_id : str
        Names the stream of chance, so that no outcome's draws depend on the others.
    analysed : DataFrame, one row a person of the primary analysis
        arm is categorical, the reference first.
    roles : Roles
        The columns of the primary analysis.
    """
    plan = snapshot.plan
    found = []
    for arm in list(analysed[roles.arm].cat.categories)[1:]:
        pair = (arm, roles.reference)
        for method in plan.sensitivity:
            name = f"{method} {outcome_id} {arm}".encode()
            comparison = _Pair(
                arm=arm,
                analysed=analysed[analysed[roles.arm].isin(pair)],
                schools=populations.schools[populations.schools["arm"].isin(pair)],
                roles=roles,
                confidence=plan.confidence,
                rng=np.random.default_rng([plan.seed, crc32(name)]),
            )
            try:
                found.append(_METHODS[method](comparison))
            except ReportsError as error:
                found.append(EstimateBeside(method, arm, None, sentence(str(error))))
    return tuple(found)


def _mixed_model(pair: _Pair) -> EstimateBeside:
    covariates = covariate_columns(pair.analysed, pair.roles)
    in_arm = (pair.analysed[pair.roles.arm] == pair.arm).to_numpy(dtype=float)
    fit = fit_random_intercept(
        pair.analysed[pair.roles.outcome],
        np.column_stack([covariates.X, in_arm]),
        pair.analysed[pair.roles.cluster],
        terms=(*covariates.terms, pair.arm),
    )
    weights = np.append(np.zeros(len(covariates.terms)), 1.0)
    return EstimateBeside(
        "mixed_model",
        pair.arm,
        fit.contrast(weights, confidence=pair.confidence),
        SINGULAR if fit.is_singular else "",
    )


def _school_means(pair: _Pair) -> EstimateBeside:
    covariates = covariate_columns(pair.analysed, pair.roles)
    return EstimateBeside(
        "school_means",
        pair.arm,
        difference_of_cluster_means(
            pair.analysed[pair.roles.outcome],
            covariates.X,
            pair.analysed[pair.roles.cluster],
            terms=covariates.terms,
            in_arm=pair.analysed[pair.roles.arm] == pair.arm,
            confidence=pair.confidence,
        ),
    )


def _randomisation_test(pair: _Pair) -> EstimateBeside:
    covariates = covariate_columns(pair.analysed, pair.roles)
    schools = pair.schools
    result = randomisation_test(
        pair.analysed[pair.roles.outcome],
        covariates.X,
        list(pair.analysed[pair.roles.cluster]),
        terms=covariates.terms,
        treated=list(schools.index[schools["arm"] == pair.arm]),
        strata={name: list(rows.index) for name, rows in schools.groupby("authority")},
        rng=pair.rng,
    )
    return EstimateBeside("randomisation_test", pair.arm, result)


_METHODS: dict[Sensitivity, Callable[[_Pair], EstimateBeside]] = {
    "mixed_model": _mixed_model,
    "school_means": _school_means,
    "randomisation_test": _randomisation_test,
}


def effects_among_compliers(
    snapshot: Snapshot, populations: Populations, analysed: pd.DataFrame, roles: Roles
) -> tuple[EffectAmongCompliers, ...]:
    """Give what supervision did in schools that complied, for each arm that was offered it.

    Nothing while arms are masked. Who complied is decided by the plan's share of the sessions
    planned; a school without a session on record attended none.
    """
    study = snapshot.study
    if snapshot.masked or snapshot.sessions.empty or not study.sessions_planned:
        return ()
    attended = snapshot.supervision.groupby("school")["attended"].sum()
    intended = snapshot.plan.sessions_to_comply(study.sessions_planned)
    found = []
    for arm in list(analysed[roles.arm].cat.categories)[1:]:
        if arm not in study.supervised_arms or roles.reference in study.supervised_arms:
            continue
        rows = analysed[analysed[roles.arm].isin((arm, roles.reference))]
        complied = rows[roles.cluster].map(attended).fillna(0) >= intended
        by_school = populations.schools["arm"] == arm
        n_schools = int(by_school.sum())
        n_complied = int((attended.reindex(populations.schools.index[by_school]) >= intended).sum())
        least = Limits.of(snapshot.plan).schools
        # That nobody complied, or everybody, tells nothing of one school.
        if n_complied < least or 0 < n_schools - n_complied < least:
            reason = "Too few schools complied, or too few did not, for it to be shown."
            found.append(EffectAmongCompliers(arm, None, reason))
            continue
        covariates = covariate_columns(rows, roles)
        try:
            result = complier_effect(
                rows[roles.outcome],
                covariates.X,
                rows[roles.cluster],
                terms=covariates.terms,
                received=complied.to_numpy(dtype=float),
                offered=(rows[roles.arm] == arm).to_numpy(dtype=float),
                confidence=snapshot.plan.confidence,
            )
        except ReportsError as error:
            found.append(EffectAmongCompliers(arm, None, sentence(str(error))))
            continue
        found.append(EffectAmongCompliers(arm, result))
    return tuple(found)
