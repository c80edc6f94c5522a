"""Whether ordered answers measure the same thing in several groups, category by category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import nan, sqrt
from typing import Final, Literal

import numpy as np
from scipy import linalg

from scoring.cfa.fit_indices import p_value
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import is_impossible, model_findings
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.asymptotic import joint_covariance
from scoring.ordinal.categories import (
    Categories,
    Codes,
    categorise,
    constant_items,
    of_the_model,
    pairs_of,
    tables_of,
    what_stands_in_the_way,
)
from scoring.ordinal.fit_indices import OrdinalFitIndices, grouped_fit_indices, scale_and_shift
from scoring.ordinal.group_structure import (
    GroupMatrices,
    GroupStructure,
    Shared,
    least_squares,
    structures_of,
)
from scoring.ordinal.polychoric import matrix_of
from scoring.rules import Floats

OrdinalLevelName = Literal["configural", "thresholds", "loadings", "intercepts"]
ORDINAL_LEVELS: Final[tuple[OrdinalLevelName, ...]] = (
    "configural",
    "thresholds",
    "loadings",
    "intercepts",
)
FEW_PEOPLE: Final = 200
"""In a group of fewer the weights are unsteady."""

_EQUAL: Final[Mapping[OrdinalLevelName, frozenset[Shared]]] = {
    "configural": frozenset(),
    "thresholds": frozenset({"thresholds"}),
    "loadings": frozenset({"thresholds", "loadings"}),
    "intercepts": frozenset({"thresholds", "loadings", "intercepts"}),
}
_START_LOADING: Final = 0.6
_START_COVARIANCE: Final = 0.1
_UNIDENTIFIED: Final = 1e-8
_FEWEST_CATEGORIES: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalLevel:
    """One level of invariance of ordered answers, fitted to all groups at once.

    Arrays are NaN where there are no numbers. Each factor points the way in which the sum of its
    loadings in the first group is positive.

    Attributes
    ----------
    level : "configural", "thresholds", "loadings" or "intercepts"
        Equal across groups: nothing but the pattern; thresholds; loadings too; intercepts of the
        latent responses too.
    indices : OrdinalFitIndices or None
        None where there are no numbers.
    loadings : array of float, shape (groups, items, factors)
        In the units of the first group's latent responses, whose variance is 1.
    latent_means, latent_means_se : array of float, shape (groups, factors)
        Differences from the first group in its standard deviations; 0 below the last level, where
        they cannot be compared.
    latent_variances : array of float, shape (groups, factors)
    findings : tuple of Finding
        Why there are no numbers, where there are none.
    """

    level: OrdinalLevelName
    indices: OrdinalFitIndices | None
    loadings: Floats
    latent_means: Floats
    latent_means_se: Floats
    latent_variances: Floats
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class OrdinalStep:
    """What a level costs in fit against the level before it.

    Attributes
    ----------
    level, against : "configural", "thresholds", "loadings" or "intercepts"
    chi2, p : float
        Scaled and shifted difference (Satorra), and its p; NaN where nothing is tested.
    df : int
        0 where items have three categories, which thresholds cannot be told apart by.
    cfi_change, rmsea_change : float
        Of the scaled indices: level less the one before.
    srmr_change : float
    """

    level: OrdinalLevelName
    against: OrdinalLevelName
    chi2: float
    df: int
    p: float
    cfi_change: float
    rmsea_change: float
    srmr_change: float


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalInvariance:
    """Levels of invariance of ordered answers across groups, from the loosest to the strictest.

    Attributes
    ----------
    model : FactorModel
    groups : tuple of str
        The first is the one latent means are measured from.
    n : tuple of int
        People of each group who answered every item.
    levels : tuple of OrdinalLevel
        Empty where no level can be fitted.
    steps : tuple of OrdinalStep
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    model: FactorModel
    groups: tuple[str, ...]
    n: tuple[int, ...]
    levels: tuple[OrdinalLevel, ...]
    steps: tuple[OrdinalStep, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Observed:
    """What is fitted: thresholds and correlations of each group, one after the other."""

    model: FactorModel
    names: tuple[str, ...]
    n: tuple[int, ...]
    item_of: Codes
    statistics: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    covariance: Floats
    """Of the statistics of all groups, block by block."""

    @property
    def stacked_weights(self) -> Floats:
        """Weights of all groups, each by its people."""
        return np.concatenate([n * own for n, own in zip(self.n, self.weights, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    structures: tuple[GroupStructure, ...]
    values: Floats
    slopes: Floats
    bread: Floats
    chi2: float

    @property
    def df(self) -> int:
        return int(self.slopes.shape[0] - self.slopes.shape[1])

    def matrices(self) -> list[GroupMatrices]:
        return [structure.matrices(self.values) for structure in self.structures]


def ordinal_invariance(
    groups: Mapping[str, KeyedAnswers],
    model: FactorModel,
    *,
    levels: Sequence[OrdinalLevelName] = ORDINAL_LEVELS,
) -> OrdinalInvariance:
    """Return how a factor model of ordered answers fits several groups, more and more held equal.

    Only people who answered every item are used. There are no numbers, and a finding says why,
    where there is one group, a group has fewer than 40 people or a constant item, an item has two
    categories (its threshold would not tell its intercept from its spread), or somebody in one
    group chose an answer that nobody in another did; and at a level, where no minimum is found or
    it is one that no people could have.

    Parameters
    ----------
    groups : mapping of str to KeyedAnswers
        The answers of each group, with all items of the model.
    model : FactorModel
    levels : sequence of levels
        Those to fit, from the loosest to the strictest.

    Returns
    -------
    OrdinalInvariance

    Raises
    ------
    ValueError
        When the model has an item that is not among the answers'.

    Notes
    -----
    Thresholds and polychoric correlations of each group, weighted by the inverse of their
    asymptotic variances, in the delta parameterisation and Wu and Estabrook's identification. The
    chi2 is scaled and shifted (`scoring.ordinal.wlsmv`); with groups it carries n - 1 of each, and
    RMSEA N less the groups. The difference of two levels is Satorra's, at the looser level.

    References
    ----------
    Wu H, Estabrook R (2016). Psychometrika 81, 1014-1045. Satorra A (2000), in Innovations in
    multivariate statistical analysis, 233-247. Conventions: semTools `measEq.syntax` with
    `ID.cat = "Wu.Estabrook.2016"`, and lavaan's `lavTestLRT`.
    """
    chosen = {name: of_the_model(keyed, model) for name, keyed in groups.items()}
    found = {name: categorise(keyed) for name, keyed in chosen.items()}
    n = tuple(one.n for one in found.values())
    findings = list(_group_findings(model, chosen, found))
    if is_impossible(findings):
        return OrdinalInvariance(model, tuple(groups), n, (), (), tuple(findings))
    observed, trouble = _observed(model, found)
    if observed is None:
        return OrdinalInvariance(model, tuple(groups), n, (), (), (*findings, *trouble))
    fitted = [_fit_level(observed, level) for level in levels]
    steps = tuple(_steps(observed, fitted))
    return OrdinalInvariance(
        model, tuple(groups), n, tuple(level for level, _ in fitted), steps, tuple(findings)
    )


def _group_findings(
    model: FactorModel, chosen: Mapping[str, KeyedAnswers], found: Mapping[str, Categories]
) -> Iterator[Finding]:
    subject = " ".join(model.names)
    yield from model_findings(model)
    if len(found) < 2:
        yield Finding(
            "error", subject, "There is one group of people; invariance compares at least two."
        )
    wrong = False
    for name, one in found.items():
        own = [*what_stands_in_the_way(chosen[name], one)]
        own += [] if is_impossible(own) else constant_items(one)
        wrong |= is_impossible(own)
        if not is_impossible(own) and one.n < FEW_PEOPLE:
            own.append(
                Finding(
                    "warning",
                    subject,
                    f"{one.n} people are few for ordered answers: below {FEW_PEOPLE} the chi2 and "
                    "what follows from it are only rough.",
                )
            )
        for finding in own:
            yield replace(finding, message=f"Group {name}: {finding.message}")
    if not wrong:
        yield from _category_findings(model, found)


def _category_findings(model: FactorModel, found: Mapping[str, Categories]) -> Iterator[Finding]:
    for place, item in enumerate(model.items):
        everywhere = sorted(set().union(*(one.values[place] for one in found.values())))
        for name, one in found.items():
            absent = sorted(set(everywhere) - set(one.values[place]))
            if absent:
                yield Finding(
                    "error",
                    item,
                    f"Nobody in group {name} answered {absent[0]:g}, which somebody in another "
                    "group did: thresholds can be compared only where every group uses every "
                    "answer.",
                )
        if len(everywhere) < _FEWEST_CATEGORIES:
            yield Finding(
                "error",
                item,
                "It has two answers: one threshold cannot tell the intercept of its latent "
                "response from its spread, so groups cannot be compared on it.",
            )


def _observed(
    model: FactorModel, found: Mapping[str, Categories]
) -> tuple[_Observed | None, tuple[Finding, ...]]:
    statistics, weights, blocks = [], [], []
    item_of = np.empty(0, dtype=np.intp)
    for name, one in found.items():
        tables = tables_of(one)
        correlations = matrix_of(one, tables, title=name, findings=[]).correlations
        pairs = correlations[pairs_of(len(model.items))]
        if (np.abs(pairs) >= 1).any():
            finding = Finding(
                "error",
                " ".join(model.names),
                f"Group {name}: Two items correlate perfectly, so no model with both is fitted.",
            )
            return None, (finding,)
        item_of, place = np.nonzero(one.shares_up_to < 1)
        covariance = joint_covariance(one, tables, pairs)
        statistics.append(np.concatenate([one.thresholds[item_of, place], pairs]))
        weights.append(1 / covariance.diagonal())
        blocks.append(covariance / one.n)
    observed = _Observed(
        model=model,
        names=tuple(found),
        n=tuple(one.n for one in found.values()),
        item_of=item_of,
        statistics=tuple(statistics),
        weights=tuple(weights),
        covariance=np.asarray(linalg.block_diag(*blocks), dtype=np.float64),
    )
    return observed, ()


def _fit_level(observed: _Observed, level: OrdinalLevelName) -> tuple[OrdinalLevel, _Fitted | None]:
    structures, n_parameters = structures_of(
        observed.model, observed.item_of, len(observed.names), _EQUAL[level]
    )
    weighed = [n * own for n, own in zip(observed.n, observed.weights, strict=True)]
    values, converged = least_squares(
        structures, observed.statistics, tuple(weighed), _start(observed, structures, n_parameters)
    )
    slopes = np.vstack([structure.slopes(values) for structure in structures])
    findings = tuple(
        _level_findings(observed, level, structures, values, slopes, converged=converged)
    )
    if findings:
        return _without_numbers(observed, level, findings), None
    weighted = observed.stacked_weights[:, None] * slopes
    bread = np.asarray(np.linalg.inv(slopes.T @ weighted), dtype=np.float64)
    chi2 = sum(
        (n - 1) * float(weight @ (found - structure.implied(values)) ** 2)
        for n, weight, found, structure in zip(
            observed.n, observed.weights, observed.statistics, structures, strict=True
        )
    )
    fitted = _Fitted(structures, values, slopes, bread, chi2)
    return _level(observed, level, fitted), fitted


def _start(
    observed: _Observed, structures: tuple[GroupStructure, ...], n_parameters: int
) -> Floats:
    """Begin with every item measuring its factor fairly well, by its main direction."""
    one, other = np.tril_indices(len(observed.model.names))
    values = np.zeros(n_parameters)
    for structure, statistics in zip(structures, observed.statistics, strict=True):
        begun = structure.fixed.copy()
        loading, factor, threshold, _, precision, _ = structure.elements()
        begun[loading] = _main_directions(structure, statistics[len(observed.item_of) :])
        begun[factor] = np.where(one == other, 1.0, _START_COVARIANCE)
        begun[threshold] = statistics[: len(observed.item_of)]
        begun[precision] = 1.0
        is_free = structure.parameters >= 0
        values[structure.parameters[is_free]] = begun[is_free]
    return values


def _main_directions(structure: GroupStructure, pairs: Floats) -> Floats:
    """Loadings of a usual size, with the signs of each factor's first principal component."""
    k = len(structure.model.items)
    correlations = np.eye(k)
    correlations[pairs_of(k)] = pairs
    correlations = correlations + np.triu(correlations, 1).T
    rows, columns = structure.loading_places
    begun = np.empty(len(rows))
    for factor in range(len(structure.model.names)):
        own = columns == factor
        _, vectors = np.linalg.eigh(correlations[np.ix_(rows[own], rows[own])])
        main = vectors[:, -1] * (1 if vectors[:, -1].sum() >= 0 else -1)
        begun[own] = np.where(main >= 0, _START_LOADING, -_START_LOADING)
    return begun


def _level_findings(
    observed: _Observed,
    level: OrdinalLevelName,
    structures: tuple[GroupStructure, ...],
    values: Floats,
    slopes: Floats,
    *,
    converged: bool,
) -> Iterator[Finding]:
    model, wrong = observed.model, False
    if not converged:
        yield Finding(
            "error",
            level,
            "The search for the best loadings did not come to an end: the model does not suit "
            "these groups at this level.",
        )
        return
    for name, structure in zip(observed.names, structures, strict=True):
        at = structure.matrices(values)
        for finding in _impossible(model, at):
            wrong = True
            yield replace(finding, message=f"Group {name}, {level} level: {finding.message}")
    weighted = np.sqrt(observed.stacked_weights)[:, None] * slopes
    sizes = np.linalg.svd(weighted / np.linalg.norm(weighted, axis=0), compute_uv=False)
    if not wrong and sizes[-1] < _UNIDENTIFIED * sizes[0]:
        yield Finding(
            "error",
            level,
            "Different loadings fit these groups equally well: the model asks more than they can "
            "settle.",
        )


def _impossible(model: FactorModel, at: GroupMatrices) -> Iterator[Finding]:
    explained = ((at.loadings @ at.factors) * at.loadings).sum(axis=1)
    for number in np.flatnonzero((explained * at.precisions**2 >= 1) | (at.precisions <= 0)):
        yield Finding(
            "error",
            model.items[number],
            "The residual variance of its latent response comes out at or below 0 (a Heywood "
            "case): the factor would explain more than all of the item, so the estimates are not "
            "usable. Too few people, too few items a factor or a wrong model are the usual "
            "reasons.",
        )
    if np.linalg.eigvalsh(at.factors)[0] <= 0:
        yield Finding(
            "error",
            " ".join(model.names),
            "The factors come out correlated at or beyond 1, which no people could have: these "
            "answers do not tell the factors apart.",
        )


def _level(observed: _Observed, level: OrdinalLevelName, fitted: _Fitted) -> OrdinalLevel:
    weights, slopes = observed.stacked_weights, fitted.slopes
    weighted = weights[:, None] * slopes
    left = np.diag(weights) - weighted @ fitted.bread @ weighted.T
    middle = weighted.T @ observed.covariance @ weighted
    errors = np.sqrt((fitted.bread @ middle @ fitted.bread).diagonal())
    matrices = fitted.matrices()
    sign = np.where(matrices[0].loadings.sum(axis=0) < 0, -1.0, 1.0)
    return OrdinalLevel(
        level=level,
        indices=_indices(observed, fitted, left @ observed.covariance),
        loadings=np.array([at.loadings * sign for at in matrices]),
        latent_means=np.array([at.means * sign for at in matrices]),
        latent_means_se=np.array([_mean_errors(each, errors) for each in fitted.structures]),
        latent_variances=np.array([at.factors.diagonal() for at in matrices]),
        findings=(),
    )


def _mean_errors(structure: GroupStructure, errors: Floats) -> Floats:
    numbers = structure.parameters[structure.elements()[-1]]
    found: Floats = np.where(numbers >= 0, errors[numbers], 0.0)
    return found


def _indices(observed: _Observed, fitted: _Fitted, spread: Floats) -> OrdinalFitIndices:
    n_thresholds, k = len(observed.item_of), len(observed.model.items)
    baseline_chi2, without_thresholds, srmr = 0.0, [], 0.0
    for n, weight, found, structure in zip(
        observed.n, observed.weights, observed.statistics, fitted.structures, strict=True
    ):
        pairs = slice(n_thresholds, None)
        baseline_chi2 += (n - 1) * float(weight[pairs] @ found[pairs] ** 2)
        without_thresholds.append(np.where(np.arange(len(found)) < n_thresholds, 0, n * weight))
        off = (found - structure.implied(fitted.values))[pairs]
        srmr += n / sum(observed.n) * sqrt(float(off @ off) / (k * (k + 1) / 2))
    return grouped_fit_indices(
        chi2=fitted.chi2,
        df=fitted.df,
        spread=spread,
        baseline_chi2=baseline_chi2,
        baseline_df=len(observed.n) * k * (k - 1) // 2,
        baseline_spread=np.concatenate(without_thresholds)[:, None] * observed.covariance,
        srmr=srmr,
        n=sum(observed.n),
        groups=len(observed.n),
        n_parameters=len(fitted.values),
    )


def _steps(
    observed: _Observed, levels: Sequence[tuple[OrdinalLevel, _Fitted | None]]
) -> Iterator[OrdinalStep]:
    for (looser, loose), (stricter, strict) in pairwise(levels):
        if loose is None or strict is None:
            continue
        if looser.indices is None or stricter.indices is None:
            continue
        df = strict.df - loose.df
        chi2 = _difference(observed, loose, strict) if df else nan
        yield OrdinalStep(
            level=stricter.level,
            against=looser.level,
            chi2=chi2,
            df=df,
            p=p_value(chi2, df),
            cfi_change=stricter.indices.scaled_cfi - looser.indices.scaled_cfi,
            rmsea_change=stricter.indices.scaled_rmsea.value - looser.indices.scaled_rmsea.value,
            srmr_change=stricter.indices.srmr - looser.indices.srmr,
        )


def _difference(observed: _Observed, loose: _Fitted, strict: _Fitted) -> float:
    """Satorra's difference of chi2, scaled and shifted, of a level within a looser one."""
    within = np.linalg.lstsq(loose.slopes, strict.slopes, rcond=None)[0]
    restrictions = linalg.null_space(within.T)
    through = loose.bread @ restrictions
    middle = through @ np.linalg.inv(restrictions.T @ through) @ through.T
    weighted = observed.stacked_weights[:, None] * loose.slopes
    spread = weighted @ middle @ weighted.T @ observed.covariance
    scale, shift = scale_and_shift(spread, strict.df - loose.df)
    return (strict.chi2 - loose.chi2) / scale + shift


def _without_numbers(
    observed: _Observed, level: OrdinalLevelName, findings: tuple[Finding, ...]
) -> OrdinalLevel:
    count, k, m = len(observed.names), len(observed.model.items), len(observed.model.names)
    by_factor = np.full((count, m), nan)
    return OrdinalLevel(
        level, None, np.full((count, k, m), nan), by_factor, by_factor, by_factor, findings
    )
