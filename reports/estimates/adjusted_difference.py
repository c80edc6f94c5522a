"""The primary estimate: each arm's adjusted difference from the reference arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.errors import EstimationError
from reports.estimates.complete_cases import (
    ArmCounts,
    Roles,
    arm_labels,
    arms_in_model,
    check_table,
    count_arm,
    findings_on_who_is_left_out,
)
from reports.estimates.effect_size import (
    ClusterEffectSizes,
    UnsplitVariance,
    Variances,
    cluster_effect_sizes,
)
from reports.estimates.mixed import (
    IntraclassCorrelation,
    fit_random_intercept,
    icc,
)
from reports.estimates.regression import ClusteredFit, Contrast, fit_clustered
from scoring.findings import Finding

# Below four degrees of freedom the Satterthwaite t test errs (Tipton 2015, Psychol. Methods
# 20:375; Pustejovsky & Tipton 2018).
MINIMUM_DF = 4.0
INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """One arm against the reference arm.

    Attributes
    ----------
    arm, reference : str
    contrast : Contrast or None
        arm less reference, in units of the outcome; None when it cannot be estimated.
    effect_sizes : ClusterEffectSizes or None
        The same difference in standard deviations, by four definitions.
    """

    arm: str
    reference: str
    contrast: Contrast | None
    effect_sizes: ClusterEffectSizes | None


@dataclass(frozen=True, slots=True)
class AdjustedMean:
    """The mean of one arm with every covariate at the mean of those analysed.

    Attributes
    ----------
    arm : str
    contrast : Contrast
        Its estimate, standard error and interval; p compares with 0 and means nothing here.
    """

    arm: str
    contrast: Contrast


@dataclass(frozen=True, slots=True)
class AdjustedDifference:
    """Everything the primary analysis of one outcome says, unrounded.

    Attributes
    ----------
    differences : tuple of ArmDifference
        One for each arm other than the reference, the order of the table's arms.
    adjusted_means : tuple of AdjustedMean
        One for each arm in the model, the reference first; empty when nothing was estimated.
    arms : tuple of ArmCounts
        One for each arm in the table, the reference first.
    n, n_clusters : int
        People and schools in the model; 0 when there is none.
    n_without_arm : int
        People in the table whose school was not allocated.
    icc : IntraclassCorrelation or None
        Of the outcome, without covariates.
    conditional_icc : float or None
        Of what is left of the outcome after arm and covariates.
    findings : tuple of Finding
        Why something was not estimated, and what to keep in mind.
    formula : str
        The model, as outcome ~ terms.
    method : str
        One sentence on the standard errors and the test.
    confidence : float
    """

    differences: tuple[ArmDifference, ...]
    adjusted_means: tuple[AdjustedMean, ...]
    arms: tuple[ArmCounts, ...]
    n: int
    n_clusters: int
    n_without_arm: int
    icc: IntraclassCorrelation | None
    conditional_icc: float | None
    findings: tuple[Finding, ...]
    formula: str
    method: str
    confidence: float

    @property
    def contrast(self) -> Contrast | None:
        """The difference of a trial of two arms; None when there is none or are several."""
        return self.differences[0].contrast if len(self.differences) == 1 else None

    @property
    def effect_sizes(self) -> ClusterEffectSizes | None:
        """The effect sizes of a trial of two arms; None when there are none or several."""
        return self.differences[0].effect_sizes if len(self.differences) == 1 else None


METHOD = (
    "Linear regression; standard errors clustered by {cluster} (CR2); t tests and intervals on "
    "Satterthwaite degrees of freedom."
)


@dataclass(frozen=True, slots=True)
class _Design:
    """The columns of the model, arms last so that a covariate never takes an arm's place.

    Attributes
    ----------
    X : ndarray of float, shape (N, k)
    terms : tuple of str, length k
    arm_columns : mapping from arm other than the reference to its column
    """

    X: NDArray[np.float64]
    terms: tuple[str, ...]
    arm_columns: Mapping[str, int]

    def difference(self, arm: str) -> NDArray[np.float64]:
        weights = np.zeros(len(self.terms))
        weights[self.arm_columns[arm]] = 1.0
        return weights

    def mean(self, arm: str) -> NDArray[np.float64]:
        weights = np.asarray(self.X.mean(axis=0), dtype=np.float64)
        weights[list(self.arm_columns.values())] = 0.0
        if arm in self.arm_columns:
            weights[self.arm_columns[arm]] = 1.0
        return weights


def adjusted_difference(
    table: pd.DataFrame,
    *,
    outcome: str,
    baseline: str | None,
    arm: str,
    reference: str,
    strata: str | None,
    cluster: str,
    confidence: float = 0.95,
) -> AdjustedDifference:
    """Return each arm's adjusted difference from the reference arm, positive when it is higher.

    Only people with outcome, baseline, stratum and school enter (complete cases); who was left
    out is counted by arm and reason. Nothing is imputed. What cannot be estimated is None and a
    finding says why; the model is never changed to make it estimable.

    Parameters
    ----------
    table : DataFrame, one row a participant
    outcome, baseline : str
        Columns of scores; baseline None for a model without it.
    arm : str
        Column of arm labels; missing where the school was not allocated.
    reference : str
        The arm label that differences are taken from.
    strata : str or None
        Column of the strata of the randomisation, entered as indicators.
    cluster : str
        Column of schools, the unit randomised.
    confidence : float
        Of every interval, between 0 and 1.

    Raises
    ------
    TableShapeError
        A column is not there, a score is not a number, or a school stands in two arms.

    Notes
    -----
    Standard errors are CR2 by school and every contrast has its own Satterthwaite degrees of
    freedom. The effect sizes divide the same adjusted difference by standard deviations from
    random-intercept models fitted by REML, with covariates (conditional) and without.

    References
    ----------
    Bell & McCaffrey (2002); Pustejovsky & Tipton (2018); Hedges (2007).
    """
    roles = Roles(outcome, baseline, arm, reference, strata, cluster)
    check_table(table, roles)
    allocated = table[table[arm].notna()]
    complete = allocated[allocated[list(roles.columns)].notna().all(axis=1)]
    labels = arm_labels(allocated, roles)
    counts = tuple(count_arm(allocated, complete, each, roles) for each in labels)
    findings = findings_on_who_is_left_out(counts, len(table) - len(allocated), roles)
    in_model, obstacles = arms_in_model(complete, counts, roles)
    estimates = _estimate(complete, in_model, roles, confidence) if in_model else _Estimates.none()
    return AdjustedDifference(
        differences=tuple(
            ArmDifference(
                arm=each,
                reference=reference,
                contrast=estimates.contrasts.get(each),
                effect_sizes=estimates.effect_sizes.get(each),
            )
            for each in labels
            if each != reference
        ),
        adjusted_means=estimates.adjusted_means,
        arms=counts,
        n=sum(each.n for each in counts if each.arm in in_model),
        n_clusters=sum(each.n_clusters for each in counts if each.arm in in_model),
        n_without_arm=len(table) - len(allocated),
        icc=estimates.icc,
        conditional_icc=estimates.conditional_icc,
        findings=(*obstacles, *estimates.findings, *findings),
        formula=roles.formula,
        method=METHOD.format(cluster=cluster),
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True)
class _Estimates:
    """What the models of one outcome gave."""

    contrasts: Mapping[str, Contrast]
    effect_sizes: Mapping[str, ClusterEffectSizes]
    adjusted_means: tuple[AdjustedMean, ...]
    icc: IntraclassCorrelation | None
    conditional_icc: float | None
    findings: tuple[Finding, ...]

    @classmethod
    def none(cls, *findings: Finding) -> _Estimates:
        return cls({}, {}, (), None, None, findings)


def _estimate(
    complete: pd.DataFrame, arms: tuple[str, ...], roles: Roles, confidence: float
) -> _Estimates:
    analysed = complete[complete[roles.arm].isin(arms)]
    design = _design(analysed, arms, roles)
    scores = analysed[roles.outcome].to_numpy(dtype=np.float64)
    clusters = analysed[roles.cluster].to_numpy()
    try:
        fit = fit_clustered(scores, design.X, clusters, terms=design.terms, kind="CR2")
    except EstimationError as error:
        return _Estimates.none(roles.finding("error", f"No difference can be estimated: {error}."))
    findings = [*_findings_on_terms(fit, design, roles), *_findings_on_strata(analysed, roles)]
    contrasts: dict[str, Contrast] = {}
    for each in arms[1:]:
        try:
            contrasts[each] = fit.contrast(design.difference(each), confidence=confidence)
        except EstimationError as error:
            findings.append(roles.finding("error", f"{each} cannot be compared: {error}."))
    findings.extend(_findings_on_df(contrasts, roles))
    means = _adjusted_means(fit, design, arms, confidence) if contrasts else ()
    models = _variance_models(scores, design, clusters, fit, roles)
    sizes = {
        each: analysed.loc[analysed[roles.arm] == each, roles.cluster].value_counts().to_numpy()
        for each in arms
    }
    return _Estimates(
        contrasts=contrasts,
        effect_sizes={
            each: cluster_effect_sizes(
                contrast.estimate,
                conditional=models.conditional,
                unconditional=models.unconditional,
                treated_sizes=sizes[each],
                reference_sizes=sizes[roles.reference],
                confidence=confidence,
            )
            for each, contrast in contrasts.items()
            if models.conditional is not None and models.unconditional is not None
        },
        adjusted_means=means,
        icc=models.icc,
        conditional_icc=models.conditional_icc,
        findings=(*findings, *models.findings),
    )


def _design(analysed: pd.DataFrame, arms: tuple[str, ...], roles: Roles) -> _Design:
    covariates = covariate_columns(analysed, roles)
    columns = [covariates.X]
    terms = list(covariates.terms)
    arm_columns = {}
    for each in arms[1:]:
        arm_columns[each] = len(terms)
        columns.append(_indicator(analysed[roles.arm] == each)[:, np.newaxis])
        terms.append(f"{roles.arm} {each}")
    return _Design(X=np.hstack(columns), terms=tuple(terms), arm_columns=arm_columns)


@dataclass(frozen=True, slots=True)
class Covariates:
    """Everything in the model but the arm: X of shape (N, k), and a name for each column."""

    X: NDArray[np.float64]
    terms: tuple[str, ...]


def covariate_columns(analysed: pd.DataFrame, roles: Roles) -> Covariates:
    """Return the intercept, the baseline score and the strata but the first, one row a person."""
    columns = [np.ones(len(analysed))]
    terms = [INTERCEPT]
    if roles.baseline is not None:
        columns.append(analysed[roles.baseline].to_numpy(dtype=np.float64))
        terms.append(roles.baseline)
    if roles.strata is not None:
        for level in sorted(analysed[roles.strata].unique(), key=str)[1:]:
            columns.append(_indicator(analysed[roles.strata] == level))
            terms.append(f"{roles.strata} {level}")
    return Covariates(X=np.column_stack(columns), terms=tuple(terms))


def _indicator(holds: pd.Series[bool]) -> NDArray[np.float64]:
    return np.asarray(holds, dtype=np.float64)


def _adjusted_means(
    fit: ClusteredFit, design: _Design, arms: tuple[str, ...], confidence: float
) -> tuple[AdjustedMean, ...]:
    means = []
    for each in arms:
        try:
            contrast = fit.contrast(design.mean(each), confidence=confidence)
        except EstimationError:
            # The arm's difference is not estimable either, and a finding has said so.
            continue
        means.append(AdjustedMean(arm=each, contrast=contrast))
    return tuple(means)


def _findings_on_terms(fit: ClusteredFit, design: _Design, roles: Roles) -> list[Finding]:
    arm_terms = {design.terms[each] for each in design.arm_columns.values()}
    return [
        roles.finding(
            "warning",
            f"{term} was left out of the model: it repeats what the other terms say"
            + (" (everyone has the same value)." if term == roles.baseline else "."),
        )
        for term in fit.dropped_terms
        if term not in arm_terms
    ]


def _findings_on_strata(analysed: pd.DataFrame, roles: Roles) -> list[Finding]:
    if roles.strata is None:
        return []
    arms_of_stratum = analysed.groupby(roles.strata, observed=True)[roles.arm].nunique()
    one_armed = [str(each) for each in arms_of_stratum.index[arms_of_stratum == 1]]
    if not one_armed:
        return []
    return [
        roles.finding(
            "note",
            f"Only one arm is left in {len(one_armed)} of {len(arms_of_stratum)} strata "
            f"({', '.join(one_armed)}); they add nothing to the comparison of arms.",
        )
    ]


def _findings_on_df(contrasts: Mapping[str, Contrast], roles: Roles) -> list[Finding]:
    return [
        roles.finding(
            "warning",
            f"The comparison of {each} rests on {contrast.df:.1f} degrees of freedom; below "
            f"{MINIMUM_DF:g} its p and interval are not to be relied on.",
        )
        for each, contrast in contrasts.items()
        if contrast.df < MINIMUM_DF
    ]


@dataclass(frozen=True, slots=True)
class _VarianceModels:
    """The variances that effect sizes are divided by; None where they could not be had."""

    conditional: Variances | None
    unconditional: Variances | None
    icc: IntraclassCorrelation | None
    conditional_icc: float | None
    findings: tuple[Finding, ...]


def _variance_models(
    scores: NDArray[np.float64],
    design: _Design,
    clusters: NDArray[np.object_],
    fit: ClusteredFit,
    roles: Roles,
) -> _VarianceModels:
    if len(np.unique(clusters.astype(str))) == len(clusters):
        return _one_person_a_school(scores, fit, roles)
    try:
        unconditional = icc(scores, clusters)
        conditional = fit_random_intercept(scores, design.X, clusters, terms=design.terms)
    except EstimationError as error:
        return _VarianceModels(
            None,
            None,
            None,
            None,
            (
                roles.finding(
                    "warning",
                    f"The intraclass correlation and effect sizes are not given: {error}.",
                ),
            ),
        )
    boundary = (
        roles.finding(
            "note",
            "The variance between schools is estimated as 0, the lowest it can be"
            f"{' once arm and covariates are taken into account' * adjusted}.",
        )
        for adjusted, is_singular in (
            (False, unconditional.is_singular),
            (True, conditional.is_singular and not unconditional.is_singular),
        )
        if is_singular
    )
    return _VarianceModels(
        conditional, unconditional, unconditional, conditional.icc, tuple(boundary)
    )


def _one_person_a_school(
    scores: NDArray[np.float64], fit: ClusteredFit, roles: Roles
) -> _VarianceModels:
    return _VarianceModels(
        conditional=UnsplitVariance(fit.residual_variance),
        unconditional=UnsplitVariance(float(np.var(scores, ddof=1))),
        icc=None,
        conditional_icc=None,
        findings=(
            roles.finding(
                "note",
                "No school has two people in this analysis, so that variation between schools "
                "cannot be told from variation between people: there is no intraclass "
                "correlation, and none is needed for an effect size on the total standard "
                "deviation.",
            ),
        ),
    )
