"""Psychometric checks as JSON: unrounded, null where there is no number, n beside each.

The keys are documented in docs/psychometrics-json.md. A key is never renamed or given another
meaning under the same version; new keys may be added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reports.psychometrics import findings_between, findings_of

if TYPE_CHECKING:
    from reports.psychometrics import GroupChecks, Psychometrics, ScaleChecks
    from scoring.cfa.fit_indices import FitIndices
    from scoring.cfa.invariance import InvarianceStep
    from scoring.cfa.levels import InvarianceLevel
    from scoring.cfa.robust import ScaledIndices
    from scoring.cfa.waves_with_gaps import GapInvariance
    from scoring.checks import Checks
    from scoring.comparisons import Comparison, Retest
    from scoring.findings import Finding
    from scoring.ordinal.fit_indices import OrdinalFitIndices
    from scoring.ordinal.invariance import OrdinalInvariance
    from scoring.retest import Icc
    from scoring.rules import Floats
    from scoring.split_half import Half

FORMAT: Final = "psychometrics"
VERSION: Final = 1

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def as_json(found: Psychometrics) -> dict[str, Json]:
    """Return the checks as what `json.dumps` takes with `allow_nan=False`.

    Parameters
    ----------
    found : Psychometrics

    Returns
    -------
    dict
        Its keys are in the order of docs/psychometrics-json.md.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": found.source,
        "n_rows": found.n_rows,
        "group_column": found.group_column,
        "n_without_group": found.n_without_group,
        "person_column": found.person_column,
        "school_column": found.school_column,
        "settings": {
            "confidence": found.confidence,
            "seed": found.seed,
            "replications": found.replications,
        },
        "scales": [_scale(scale) for scale in found.scales],
        "provenance": dict(found.provenance),
    }


def _scale(scale: ScaleChecks) -> Json:
    keyed = scale.groups[0].checks.keyed
    return {
        "name": scale.name,
        "minimum": scale.low,
        "maximum": scale.high,
        "is_range_given": scale.is_range_given,
        "items": list(keyed.items),
        "reversed": list(keyed.reversed),
        "groups": [_group(group) for group in scale.groups],
        "comparison": None if scale.comparison is None else _comparison(scale.comparison),
    }


def _group(group: GroupChecks) -> Json:
    checks = group.checks
    return {
        "group": group.group,
        "quality": _quality(checks),
        "alpha": _alpha(checks),
        "items": _items(checks),
        "split_half": _split_half(checks),
        "omega": _omega(checks),
        "ordinal": _ordinal(checks),
        "factorability": _factorability(checks),
        "parallel_analysis": _parallel(checks),
        "factors": _factors(checks),
        "one_factor_model": _one_factor(checks),
        "full_information_model": _with_gaps(checks),
        "schools": _schools(group),
        "findings": [_finding(finding) for finding in findings_of(checks)],
    }


def _quality(checks: Checks) -> Json:
    quality, completion = checks.quality, checks.quality.completion
    return {
        "n_rows": completion.n_rows,
        "n_asked": completion.n_asked,
        "n_complete": completion.n_complete,
        "n_partial": completion.n_partial,
        "n_empty": completion.n_empty,
        "share_answered": _number(completion.share),
        "n_straight_lines": int(quality.is_straight_line.sum()),
        "n_copies": int(quality.is_copy.sum()),
        "longest_run": int(quality.longest_run.max(initial=0)),
        "floor_share": _number(quality.floor_share),
        "ceiling_share": _number(quality.ceiling_share),
    }


def _alpha(checks: Checks) -> Json:
    found, more = checks.reliability, checks.reliability.coefficients
    return {
        "n": found.n,
        "k": found.k,
        "alpha": _number(found.alpha),
        "low": _number(found.low),
        "high": _number(found.high),
        "standardised_alpha": _number(more.standardised_alpha),
        "average_r": _number(more.average_r),
        "lambda1": _number(more.lambda1),
        "lambda2": _number(more.lambda2),
        "lambda5": _number(more.lambda5),
        "lambda6": _number(more.lambda6),
        "mean": _number(found.mean),
        "sd": _number(found.sd),
        "sem": _number(found.sem),
        "mdc": _number(found.mdc),
    }


def _items(checks: Checks) -> Json:
    return [
        {
            "item": item.item,
            "is_reversed": item.is_reversed,
            "n": item.n,
            "mean": _number(item.mean),
            "sd": _number(item.sd),
            "skew": _number(item.skew),
            "floor_share": _number(item.floor_share),
            "ceiling_share": _number(item.ceiling_share),
            "n_complete": checks.reliability.n,
            "item_rest": _number(item.item_rest),
            "alpha_if_dropped": _number(item.alpha_if_dropped),
        }
        for item in checks.items
    ]


def _split_half(checks: Checks) -> Json:
    found = checks.split_half
    return {
        "n": found.n,
        "odd_even": _half(found.odd_even),
        "best": _half(found.best),
        "worst": _half(found.worst),
        "mean_lambda4": _number(found.mean_lambda4),
        "n_splits": found.n_splits,
        "is_every_split": found.is_every_split,
        "seed": found.seed,
    }


def _half(half: Half | None) -> Json:
    if half is None:
        return None
    return {
        "items": list(half.items),
        "r": _number(half.r),
        "spearman_brown": _number(half.spearman_brown),
        "lambda4": _number(half.lambda4),
    }


def _omega(checks: Checks) -> Json:
    one, hierarchical = checks.omega, checks.hierarchical_omega
    return {
        "one_factor": {
            "n": one.n,
            "model_implied": _number(one.model_implied),
            "observed_variance": _number(one.observed_variance),
            "standardised_loadings": _numbers(one.loadings),
        },
        "schmid_leiman": {
            "n": hierarchical.n,
            "n_group_factors": hierarchical.n_factors,
            "hierarchical": _number(hierarchical.hierarchical),
            "total": _number(hierarchical.total),
            "general_loadings": _numbers(hierarchical.general),
        },
    }


def _ordinal(checks: Checks) -> Json:
    alpha, omega = checks.ordinal_alpha, checks.ordinal_omega
    indices = omega.fit.indices
    return {
        "alpha": {"n": alpha.n, "latent_response": _number(alpha.alpha)},
        "omega": {
            "n": omega.n,
            "categorical": _number(omega.omega),
            "latent_response": _number(omega.latent_response_omega),
        },
        "one_factor_model": None
        if indices is None
        else {
            "n": indices.n,
            "estimator": "wlsmv",
            **_ordinal_fit(indices),
            "standardised_loadings": _numbers(omega.fit.estimates.loadings[:, 0]),
        },
    }


def _ordinal_fit(indices: OrdinalFitIndices) -> dict[str, Json]:
    return {
        "chi2": _number(indices.chi2),
        "df": indices.df,
        "scaled_chi2": _number(indices.scaled_chi2),
        "p": _number(indices.p),
        "cfi": _number(indices.cfi),
        "scaled_cfi": _number(indices.scaled_cfi),
        "tli": _number(indices.tli),
        "scaled_tli": _number(indices.scaled_tli),
        "rmsea": _number(indices.rmsea.value),
        "rmsea_low": _number(indices.rmsea.low),
        "rmsea_high": _number(indices.rmsea.high),
        "scaled_rmsea": _number(indices.scaled_rmsea.value),
        "srmr": _number(indices.srmr),
    }


def _factorability(checks: Checks) -> Json:
    found = checks.factorability
    return {
        "n": found.n,
        "kmo": _number(found.kmo),
        "kmo_items": _numbers(found.kmo_items),
        "bartlett_chi2": _number(found.chi2),
        "bartlett_df": found.df,
        "bartlett_p": _number(found.p),
    }


def _parallel(checks: Checks) -> Json:
    found = checks.parallel
    return {
        "n": found.n,
        "replications": found.replications,
        "seed": found.seed,
        "quantile": found.quantile,
        "eigenvalues": _numbers(found.observed),
        "random_mean": _numbers(found.random_mean),
        "random_quantile": _numbers(found.random_high),
        "n_components": found.n_components,
        "n_components_by_mean": found.n_components_by_mean,
    }


def _factors(checks: Checks) -> Json:
    found, factors = checks.factors, checks.factors.factors
    return {
        "n": found.n,
        "n_factors": found.n_factors,
        "method": found.method,
        "rotation": found.rotation,
        "solution": None
        if factors is None
        else {
            "loadings": [_numbers(row) for row in factors.loadings],
            "factor_correlations": [_numbers(row) for row in factors.phi],
            "communalities": _numbers(factors.communalities),
            "variance": _numbers(factors.variance),
            "residual_rms": _number(factors.residual_rms),
            "has_converged": factors.has_converged,
        },
    }


def _one_factor(checks: Checks) -> Json:
    fit = checks.one_factor
    indices, robust = fit.indices, fit.robust
    if indices is None:
        return None
    return {
        "n": fit.n,
        "estimator": "mlr",
        **_fit(indices),
        "robust": _robust(robust),
        "standardised_loadings": _numbers(fit.estimates.standardised_loadings[:, 0]),
    }


def _with_gaps(checks: Checks) -> Json:
    fit = checks.with_gaps
    if fit is None or fit.indices is None or fit.scaled is None:
        return None
    return {
        "n": fit.n,
        "n_complete": fit.n_complete,
        "estimator": "fiml",
        **_fit(fit.indices),
        "scale": _number(fit.scaled.scale),
        "scaled_chi2": _number(fit.scaled.chi2),
        "scaled_p": _number(fit.scaled.p),
        "standardised_loadings": _numbers(fit.estimates.standardised_loadings[:, 0]),
    }


def _fit(indices: FitIndices) -> dict[str, Json]:
    return {
        "chi2": _number(indices.chi2),
        "df": indices.df,
        "p": _number(indices.p),
        "cfi": _number(indices.cfi),
        "tli": _number(indices.tli),
        "rmsea": _number(indices.rmsea),
        "rmsea_low": _number(indices.rmsea_low),
        "rmsea_high": _number(indices.rmsea_high),
        "srmr": _number(indices.srmr),
        "aic": _number(indices.aic),
        "bic": _number(indices.bic),
    }


def _robust(robust: ScaledIndices | None) -> Json:
    if robust is None:
        return None
    return {
        "scale": _number(robust.scale),
        "chi2": _number(robust.chi2),
        "p": _number(robust.p),
        "cfi": _number(robust.cfi_robust),
        "tli": _number(robust.tli_robust),
        "rmsea": _number(robust.rmsea_robust),
        "rmsea_low": _number(robust.rmsea_robust_low),
        "rmsea_high": _number(robust.rmsea_robust_high),
    }


def _schools(group: GroupChecks) -> Json:
    found = group.schools
    if found is None:
        return None
    return {
        "n": found.n,
        "n_schools": found.n_clusters,
        "n0": _number(found.n0),
        "icc1": _number(found.icc),
        "low": _number(found.low),
        "high": _number(found.high),
        "icc2": _number(found.reliability_of_means),
    }


def _comparison(found: Comparison) -> Json:
    invariance = found.invariance
    return {
        "are_waves": found.are_waves,
        "groups": list(invariance.groups),
        "n": list(invariance.n),
        "levels": [_level(level) for level in invariance.levels],
        "steps": [_step(step) for step in invariance.steps],
        "ordinal": None if found.ordinal is None else _ordinal_invariance(found.ordinal),
        "with_gaps": None if found.with_gaps is None else _gap_invariance(found.with_gaps),
        "retests": [_retest(retest) for retest in found.retests],
        "findings": [_finding(finding) for finding in findings_between(found)],
    }


def _level(level: InvarianceLevel) -> Json:
    return {
        "level": level.level,
        "fit": None if level.indices is None else _fit(level.indices),
        "robust": _robust(level.robust),
        "latent_means": _numbers(level.latent_means[:, 0]),
        "latent_means_se": _numbers(level.latent_means_robust_se[:, 0]),
    }


def _step(step: InvarianceStep) -> Json:
    return {
        "level": step.level,
        "against": step.against,
        "chi2": _number(step.chi2),
        "df": step.df,
        "p": _number(step.p),
        "scaled_chi2": _number(step.chi2_scaled),
        "scaled_p": _number(step.p_scaled),
        "cfi_change": _number(step.cfi_change),
        "rmsea_change": _number(step.rmsea_change),
        "srmr_change": _number(step.srmr_change),
        "robust_cfi_change": _number(step.cfi_robust_change),
        "robust_rmsea_change": _number(step.rmsea_robust_change),
    }


def _gap_invariance(found: GapInvariance) -> Json:
    return {
        "n": found.n,
        "n_complete": found.n_complete,
        "levels": [
            {
                "level": level.level,
                "fit": None if level.indices is None else _fit(level.indices),
                "scaled": None
                if level.scaled is None
                else {
                    "scale": _number(level.scaled.scale),
                    "chi2": _number(level.scaled.chi2),
                    "p": _number(level.scaled.p),
                },
                "latent_means": _numbers(level.latent_means[:, 0]),
                "latent_means_se": _numbers(level.latent_means_se[:, 0]),
            }
            for level in found.levels
        ],
        "steps": [
            {
                "level": step.level,
                "against": step.against,
                "scaled_chi2": _number(step.chi2),
                "df": step.df,
                "scaled_p": _number(step.p),
                "cfi_change": _number(step.cfi_change),
                "rmsea_change": _number(step.rmsea_change),
                "srmr_change": _number(step.srmr_change),
            }
            for step in found.steps
        ],
    }


def _ordinal_invariance(found: OrdinalInvariance) -> Json:
    return {
        "n": list(found.n),
        "levels": [
            {
                "level": level.level,
                "fit": None if level.indices is None else _ordinal_fit(level.indices),
                "latent_means": _numbers(level.latent_means[:, 0]),
                "latent_means_se": _numbers(level.latent_means_se[:, 0]),
            }
            for level in found.levels
        ],
        "steps": [
            {
                "level": step.level,
                "against": step.against,
                "df": step.df,
                "scaled_chi2": _number(step.chi2),
                "scaled_p": _number(step.p),
                "scaled_cfi_change": _number(step.cfi_change),
                "scaled_rmsea_change": _number(step.rmsea_change),
                "srmr_change": _number(step.srmr_change),
            }
            for step in found.steps
        ],
    }


def _retest(retest: Retest) -> Json:
    return {
        "before": retest.before,
        "after": retest.after,
        "n": retest.result.n,
        "absolute": _icc(retest.result.absolute),
        "consistency": _icc(retest.result.consistency),
    }


def _icc(icc: Icc) -> Json:
    return {"icc": _number(icc.value), "low": _number(icc.low), "high": _number(icc.high)}


def _finding(finding: Finding) -> Json:
    return {
        "severity": finding.severity,
        "subject": finding.subject,
        "message": finding.message,
    }


def _number(value: float) -> Json:
    return float(value) if math.isfinite(value) else None


def _numbers(values: Floats | Sequence[float]) -> Json:
    return [_number(value) for value in values]
