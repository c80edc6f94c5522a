"""Whether a questionnaire measures the same at several waves, of people who missed some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, nan, pi

import numpy as np

from scoring.cfa.estimation import minimise
from scoring.cfa.fiml import ScaledTest, scaled_test
from scoring.cfa.fit_indices import Chi2, FitIndices, fit_indices, p_value, srmr
from scoring.cfa.levels import EQUAL, LEVELS, Level, level_findings
from scoring.cfa.likelihood import Likelihood
from scoring.cfa.model import FactorModel
from scoring.cfa.patterns import (
    AgainstSaturated,
    Patterns,
    Saturated,
    against_saturated,
    gap_findings,
    patterns_of,
    saturated_findings,
    saturated_of,
)
from scoring.cfa.sample import Moments, columns_of, is_impossible
from scoring.cfa.waves import Waves, parameters_over_time, waves_of, waves_together
from scoring.findings import Finding
from scoring.rules import Floats


@dataclass(frozen=True, slots=True, eq=False)
class GapLevel:
    """One level of invariance over time, fitted to everybody who answered anything.

    Each factor is measured in the units of its first item, whose loading is 1. Arrays are NaN
    where there are no numbers.

    Attributes
    ----------
    level : "configural", "metric", "scalar" or "strict"
    indices : FitIndices or None
        None where there are no numbers. SRMR counts the means.
    scaled : ScaledTest or None
        Yuan and Bentler's.
    loadings : array of float, shape (waves, items, factors)
    latent_means, latent_means_se : array of float, shape (waves, factors)
        Differences from the first wave, with robust errors; 0 below the scalar level.
    findings : tuple of Finding
        Why there are no numbers, where there are none.
    """

    level: Level
    indices: FitIndices | None
    scaled: ScaledTest | None
    loadings: Floats
    latent_means: Floats
    latent_means_se: Floats
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class GapStep:
    """What a level costs in fit against the level before it.

    Attributes
    ----------
    level, against : "configural", "metric", "scalar" or "strict"
    chi2, p : float
        Satorra and Bentler's scaled difference; NaN where its correction is not above 0.
    df : int
    cfi_change, rmsea_change, srmr_change : float
        Level less the one before.
    """

    level: Level
    against: Level
    chi2: float
    df: int
    p: float
    cfi_change: float
    rmsea_change: float
    srmr_change: float


@dataclass(frozen=True, slots=True, eq=False)
class GapInvariance:
    """Levels of invariance over time in everybody, from the loosest to the strictest.

    Attributes
    ----------
    model : FactorModel
        Of one wave.
    waves : tuple of str
    n, n_complete : int
        People who answered any item at any wave, and those who answered every one at every wave.
    levels : tuple of GapLevel
        Empty where no level can be fitted.
    steps : tuple of GapStep
    findings : tuple of Finding
    """

    model: FactorModel
    waves: tuple[str, ...]
    n: int
    n_complete: int
    levels: tuple[GapLevel, ...]
    steps: tuple[GapStep, ...]
    findings: tuple[Finding, ...]


def longitudinal_invariance_with_gaps(
    waves: Mapping[str, Floats],
    items: Sequence[str],
    model: FactorModel,
    *,
    levels: Sequence[Level] = LEVELS,
) -> GapInvariance:
    """Return how a factor model fits the same people at several waves, whoever missed some too.

    By full-information maximum likelihood: everybody counts with what they answered, which holds
    where whether an answer is missing depends at most on answers that are there. Where there are
    no numbers a finding says why: one wave, too few people, an item of fewer than 10 people or
    two items that fewer than 10 answered both of; and at a level, as in `longitudinal_invariance`.

    Parameters
    ----------
    waves : mapping of str to array of float, shape (people, columns)
        Answers of each wave, the same people in the same rows; NaN where there is none.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel
        Of one wave.
    levels : sequence of levels

    Returns
    -------
    GapInvariance

    Raises
    ------
    ValueError
        When the waves have different numbers of rows, or the model has an item that is not among
        `items`.

    Notes
    -----
    The models are those of `longitudinal_invariance`, the likelihood, the saturated model and the
    scale those of `scoring.cfa.fiml.fit_fiml`.

    References
    ----------
    Widaman KF, Ferrer E, Conger RD (2010). Child Development Perspectives 4, 10-18. Satorra A,
    Bentler PM (2001). Psychometrika 66, 507-514. Conventions: lavaan with `missing = "fiml"`.
    """
    chosen = {name: columns_of(values, items, model) for name, values in waves.items()}
    if len({len(values) for values in chosen.values()}) > 1:
        raise ValueError("the waves have different numbers of rows; expected the same people")
    subject = " ".join(model.names)
    if len(chosen) < 2:
        finding = Finding("error", subject, "There is one wave; invariance over time needs two.")
        return GapInvariance(model, tuple(waves), 0, 0, (), (), (finding,))
    side = np.hstack(list(chosen.values()))
    side = side[~np.isnan(side).all(axis=1)]
    n, n_complete = len(side), int((~np.isnan(side)).all(axis=1).sum())
    together = waves_together(model, tuple(waves))
    n_parameters = parameters_over_time(model, len(waves))
    findings = list(gap_findings(together, side, n_complete, n_parameters))
    if is_impossible(findings):
        return GapInvariance(model, tuple(waves), n, n_complete, (), (), tuple(findings))
    mean, spread = np.nanmean(side, axis=0), np.nanstd(side, axis=0)
    saturated = saturated_of(patterns_of(side, mean, spread))
    findings += saturated_findings(together, side, saturated)
    if saturated is None or is_impossible(findings):
        return GapInvariance(model, tuple(waves), n, n_complete, (), (), tuple(findings))
    fitted = tuple(_fit_levels(model, tuple(waves), side, _Best(saturated, mean, spread), levels))
    return GapInvariance(
        model, tuple(waves), n, n_complete, fitted, tuple(_steps(fitted)), tuple(findings)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Best:
    """The saturated model, and the units and zeros of the items it is in."""

    saturated: Saturated
    mean: Floats
    spread: Floats

    def moments(self, side: Floats) -> Moments:
        """In the items' own units."""
        within = np.sqrt(self.saturated.covariance.diagonal())
        return Moments(
            side,
            self.mean + self.saturated.mean * self.spread,
            within * self.spread,
            self.saturated.covariance / np.outer(within, within),
        )


def _fit_levels(
    model: FactorModel,
    names: tuple[str, ...],
    side: Floats,
    best: _Best,
    levels: Sequence[Level],
) -> Iterator[GapLevel]:
    together = waves_of(model, names, best.moments(side))
    centre = np.tile(together.centre, len(names))
    unit = np.tile(together.spread, len(names))
    patterns = patterns_of(side, centre, unit)
    ratio = best.spread / unit
    saturated = Saturated(
        (best.mean + best.saturated.mean * best.spread - centre) / unit,
        best.saturated.covariance * np.outer(ratio, ratio),
    )
    against = against_saturated(patterns, saturated)
    for level in levels:
        yield _fit_level(together, level, patterns, saturated, against)


def _fit_level(
    waves: Waves,
    level: Level,
    patterns: Patterns,
    saturated: Saturated,
    against: AgainstSaturated,
) -> GapLevel:
    structures, n_parameters = waves.structures(EQUAL[level])
    likelihood = Likelihood(structures, (patterns.samples,), n_parameters)
    solution = minimise(likelihood, waves.start(structures, n_parameters))
    findings = tuple(level_findings(waves, level, likelihood, solution))
    if findings:
        return _no_level(waves, level, findings)
    values, n, k = solution.values, patterns.n, len(patterns.mean)
    reached, _ = likelihood.value_and_gradient(values)
    df = k * (k + 1) // 2 + k - n_parameters
    chi2 = Chi2(
        model=max(n * (reached - against.fit_function), 0.0) if df else 0.0,
        df=df,
        baseline=against.baseline,
        baseline_df=k * (k - 1) // 2,
        n=n,
    )
    inverse = np.linalg.inv(likelihood.observed_information(values))
    products = likelihood.score_products(values, (patterns.rows,))
    errors = np.sqrt((inverse @ products @ inverse).diagonal() / n)
    (at,) = matrices = [structure.matrices(values) for structure in structures]
    in_own_units = float(patterns.answered @ (log(2 * pi) + 2 * np.log(patterns.spread)))
    parts = waves.parts(matrices)
    unit = waves.spread[[waves.model.items.index(each.items[0]) for each in waves.model.factors]]
    return GapLevel(
        level=level,
        indices=fit_indices(
            chi2,
            srmr=srmr(saturated.covariance, at.covariance, off=saturated.mean - at.mean),
            log_likelihood=-(n * reached + in_own_units) / 2,
            n_parameters=n_parameters,
        ),
        scaled=scaled_test(chi2, against.trace - float((products * inverse).sum())),
        loadings=np.array([one.loadings * np.outer(waves.spread, 1 / unit) for one in parts]),
        latent_means=np.array([one.means for one in parts]) * unit,
        latent_means_se=np.array(
            [one.means for one in waves.parts([each.matrices(errors) for each in structures])]
        )
        * unit,
        findings=(),
    )


def _steps(levels: Sequence[GapLevel]) -> Iterator[GapStep]:
    for before, after in pairwise(levels):
        if before.indices is None or after.indices is None:
            continue
        if before.scaled is None or after.scaled is None:
            continue
        df = after.indices.df - before.indices.df
        scale = (
            after.indices.df * after.scaled.scale
            - (before.indices.df * before.scaled.scale if before.indices.df else 0.0)
        ) / df
        chi2 = max(after.indices.chi2 - before.indices.chi2, 0.0) / scale if scale > 0 else nan
        yield GapStep(
            level=after.level,
            against=before.level,
            chi2=chi2,
            df=df,
            p=p_value(chi2, df),
            cfi_change=after.indices.cfi - before.indices.cfi,
            rmsea_change=after.indices.rmsea - before.indices.rmsea,
            srmr_change=after.indices.srmr - before.indices.srmr,
        )


def _no_level(waves: Waves, level: Level, findings: tuple[Finding, ...]) -> GapLevel:
    count, k, m = len(waves.names), len(waves.model.items), len(waves.model.names)
    by_factor = np.full((count, m), nan)
    return GapLevel(level, None, None, np.full((count, k, m), nan), by_factor, by_factor, findings)
