"""Whether a questionnaire measures the same in several groups of people, or at several waves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import nan

import numpy as np

from scoring.cfa.fit_indices import FitIndices, p_value
from scoring.cfa.groups import in_common_units
from scoring.cfa.levels import LEVELS, InvarianceLevel, Level, fit_level
from scoring.cfa.model import FactorModel
from scoring.cfa.robust import ScaledIndices
from scoring.cfa.sample import (
    Moments,
    columns_of,
    is_impossible,
    item_findings,
    model_findings,
    moments,
    people_findings,
)
from scoring.cfa.waves import parameters_over_time, side_by_side
from scoring.findings import Finding
from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class InvarianceStep:
    """What a level costs in fit against the level before it.

    Attributes
    ----------
    level, against : "configural", "metric", "scalar" or "strict"
    chi2, p : float
        Difference of the two chi2.
    df : int
    chi2_scaled, p_scaled : float
        Satorra and Bentler's scaled difference, for answers that are not normal; NaN where it
        cannot be computed.
    cfi_change, rmsea_change, srmr_change : float
        Level less the one before: CFI falls and RMSEA rises where invariance does not hold.
    cfi_robust_change, rmsea_robust_change : float
    findings : tuple of Finding
    """

    level: Level
    against: Level
    chi2: float
    df: int
    p: float
    chi2_scaled: float
    p_scaled: float
    cfi_change: float
    rmsea_change: float
    srmr_change: float
    cfi_robust_change: float
    rmsea_robust_change: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Invariance:
    """Levels of invariance across groups or waves, from the loosest to the strictest.

    Attributes
    ----------
    model : FactorModel
    groups : tuple of str
        Groups of people, or waves of the same people. The first is the one latent means are
        measured from.
    n : tuple of int
        People of each group; of waves the same number each time.
    levels : tuple of InvarianceLevel
        Empty where no level can be fitted.
    steps : tuple of InvarianceStep
        Of each level that has numbers against the one before it, if that has some.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    model: FactorModel
    groups: tuple[str, ...]
    n: tuple[int, ...]
    levels: tuple[InvarianceLevel, ...]
    steps: tuple[InvarianceStep, ...]
    findings: tuple[Finding, ...]


def invariance(
    groups: Mapping[str, Floats],
    items: Sequence[str],
    model: FactorModel,
    *,
    levels: Sequence[Level] = LEVELS,
) -> Invariance:
    """Return how a factor model fits several groups as more and more is held equal across them.

    There are no numbers, and a finding says why, where there is one group, a group has too few
    people (`scoring.cfa.sample` has the rule) or a constant or repeated item; and at a level, where
    no minimum is found or it has a negative variance.

    Parameters
    ----------
    groups : mapping of str to array of float, shape (people, columns)
        Complete rows of answers of each group, reversed items turned.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel
    levels : sequence of levels
        Those to fit, from the loosest to the strictest.

    Returns
    -------
    Invariance

    Raises
    ------
    ValueError
        When an answer is missing or the model has an item that is not among `items`.

    Notes
    -----
    F = sum of (n_g / N) [log|Sigma_g| + tr(Sigma_g^-1 (S_g + (m_g - mu_g)(m_g - mu_g)'))] and
    chi2 = N (F - F of the saturated model). The scaled difference of model 0, nested in model 1,
    is (T_0 - T_1) / c_d with c_d = (df_0 c_0 - df_1 c_1) / (df_0 - df_1), T without correction;
    where c_d is not positive there is none.

    References
    ----------
    Meredith W (1993). Psychometrika 58, 525-543. Satorra A, Bentler PM (2001). Psychometrika 66,
    507-514. Conventions: lavaan with `group.equal`.
    """
    found = {name: moments(columns_of(values, items, model)) for name, values in groups.items()}
    n = tuple(one.n for one in found.values())
    findings = tuple(_group_findings(model, found))
    if is_impossible(findings):
        return Invariance(model, tuple(found), n, (), (), findings)
    together = in_common_units(model, found)
    fitted = tuple(fit_level(together, level) for level in levels)
    return Invariance(model, tuple(found), n, fitted, tuple(steps_between(fitted)), findings)


def longitudinal_invariance(
    waves: Mapping[str, Floats],
    items: Sequence[str],
    model: FactorModel,
    *,
    levels: Sequence[Level] = LEVELS,
) -> Invariance:
    """Return how a factor model fits the same people at several waves, more and more held equal.

    One model has the items of every wave, with factors by wave that correlate freely and with the
    residuals of the same item correlated over time. Only people who answered every item at every
    wave are used, and a finding says how many that is. There are no numbers in the cases that
    `invariance` names, the rule on people being that of the whole model.

    Parameters
    ----------
    waves : mapping of str to array of float, shape (people, columns)
        Answers at each wave, reversed items turned, NaN where there is none. Row i is the same
        person in all of them.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel
        Of one wave.
    levels : sequence of levels
        Those to fit, from the loosest to the strictest.

    Returns
    -------
    Invariance

    Raises
    ------
    ValueError
        When the waves have different numbers of rows, or the model has an item that is not among
        `items`.

    Notes
    -----
    As `invariance`, equality being that of one item at different waves. CFI and TLI are against
    the model in which no items correlate, over time or within a wave.

    References
    ----------
    Widaman KF, Ferrer E, Conger RD (2010). Child Development Perspectives 4, 10-18. Conventions:
    `lavaan::cfa` of the items side by side.
    """
    chosen = {name: columns_of(values, items, model) for name, values in waves.items()}
    sizes = {len(values) for values in chosen.values()}
    if len(sizes) > 1:
        raise ValueError("the waves have different numbers of rows; expected the same people")
    complete = {}
    if chosen:
        every = ~np.isnan(np.hstack(list(chosen.values()))).any(axis=1)
        complete = {name: values[every] for name, values in chosen.items()}
    n = tuple(len(values) for values in complete.values())
    findings = tuple(_wave_findings(model, complete, max(sizes, default=0)))
    if is_impossible(findings):
        return Invariance(model, tuple(waves), n, (), (), findings)
    together = side_by_side(model, complete)
    item_trouble = tuple(item_findings(together.together, together.moments, " ".join(model.names)))
    if is_impossible(item_trouble):
        return Invariance(model, tuple(waves), n, (), (), (*findings, *item_trouble))
    fitted = tuple(fit_level(together, level) for level in levels)
    steps = tuple(steps_between(fitted))
    return Invariance(model, tuple(waves), n, fitted, steps, (*findings, *item_trouble))


def _wave_findings(
    model: FactorModel, complete: Mapping[str, Floats], n_rows: int
) -> Iterator[Finding]:
    subject = " ".join(model.names)
    if len(complete) < 2:
        yield Finding("error", subject, "There is one wave; invariance over time needs two.")
        return
    n = len(next(iter(complete.values())))
    if n < n_rows:
        yield Finding(
            "note",
            subject,
            f"{n} of the {n_rows} people answered every item at every wave; only they are used.",
        )
    yield from model_findings(model)
    n_parameters = parameters_over_time(model, len(complete))
    yield from people_findings(n_parameters, n, subject)


def _group_findings(model: FactorModel, found: Mapping[str, Moments]) -> Iterator[Finding]:
    subject = " ".join(model.names)
    if len(found) < 2:
        yield Finding(
            "error", subject, "There is one group of people; invariance compares at least two."
        )
    yield from model_findings(model)
    for name, one in found.items():
        of_group = list(people_findings(model.n_parameters, one.n, subject))
        if not is_impossible(of_group):
            of_group += item_findings(model, one, subject)
        for finding in of_group:
            yield replace(finding, message=f"Group {name}: {finding.message}")


def steps_between(levels: Sequence[InvarianceLevel]) -> Iterator[InvarianceStep]:
    """Return what each level costs against the one before it, where both have numbers."""
    for before, after in pairwise(levels):
        if before.indices is None or after.indices is None:
            continue
        if before.robust is None or after.robust is None:
            continue
        df = after.indices.df - before.indices.df
        chi2 = max(after.indices.chi2 - before.indices.chi2, 0.0)
        scale = (_trace(after.indices, after.robust) - _trace(before.indices, before.robust)) / df
        scaled = chi2 / scale if scale > 0 else nan
        yield InvarianceStep(
            level=after.level,
            against=before.level,
            chi2=chi2,
            df=df,
            p=p_value(chi2, df),
            chi2_scaled=scaled,
            p_scaled=p_value(scaled, df),
            cfi_change=after.indices.cfi - before.indices.cfi,
            rmsea_change=after.indices.rmsea - before.indices.rmsea,
            srmr_change=after.indices.srmr - before.indices.srmr,
            cfi_robust_change=after.robust.cfi_robust - before.robust.cfi_robust,
            rmsea_robust_change=after.robust.rmsea_robust - before.robust.rmsea_robust,
            findings=() if scale > 0 else (_no_scaled_difference(after.level),),
        )


def _trace(indices: FitIndices, robust: ScaledIndices) -> float:
    return indices.df * robust.scale if indices.df else 0.0


def _no_scaled_difference(level: Level) -> Finding:
    return Finding(
        "warning",
        level,
        "The scaled difference from the level before cannot be computed: its correction comes "
        "out at or below 0. The change in fit stands.",
    )
