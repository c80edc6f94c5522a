"""The figures of one scale at one wave and arm, as groups of rows: people to factor models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from reports.exhibits.invariance import too_few_for_a_model
from reports.exhibits.outcomes import score_places
from reports.formatting import percentage
from reports.tables import (
    Cell,
    Count,
    Interval,
    Number,
    Probability,
    Share,
    Withheld,
    Words,
)
from scoring.factors import FEWEST_FOR_FACTORS
from scoring.ordinal.categories import FEWEST_PEOPLE as FEWEST_FOR_TABLES
from scoring.ordinal.categories import pairs_of
from scoring.reliability import FEWEST_PEOPLE

if TYPE_CHECKING:
    from reports.scale_checks import EndShare, ScaleReliability
    from scoring.findings import Finding

TOO_FEW: Final = "too few"
NO_NUMBER: Final = "none, see note"
_NO_GAPS: Final = "no gaps"


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Rows that a wave and arm has, or has not, together.

    Attributes
    ----------
    lines : tuple of str
        Headings of the rows.
    cells : callable
        The cells of one wave and arm, one a line; asked only where there is no reason against.
    reason : callable
        Why a wave and arm has none, in two words or three; "" where it has.
    findings : callable
        What the checks behind the rows noticed.
    fewest_items : int
        Scales of fewer do not have these rows.
    """

    title: str
    lines: tuple[str, ...]
    cells: Callable[[ScaleReliability], tuple[Cell, ...]]
    reason: Callable[[ScaleReliability], str]
    findings: Callable[[ScaleReliability], tuple[Finding, ...]]
    fewest_items: int = 3


def figure_groups(confidence: float) -> tuple[FigureGroup, ...]:
    """Give the groups in the order in which they are shown."""
    fit = ("Chi²", "df", "p", "CFI", "TLI", "RMSEA", "90% interval", "SRMR")
    return (
        FigureGroup(
            "People",
            ("Answered every item", "At the lowest score", "At the highest score"),
            _people,
            lambda _: "",
            lambda _: (),
            fewest_items=2,
        ),
        FigureGroup(
            "Consistency",
            (
                "Alpha",
                f"{percentage(confidence)} interval",
                "Alpha, standardised",
                "Mean r of items",
                "Lambda 1",
                "Lambda 2",
                "Lambda 4, best halves",
                "Lambda 4, worst halves",
                "Lambda 5",
                "Lambda 6",
                "Odd–even, Spearman–Brown",
                "SEM",
                "MDC",
            ),
            _consistency,
            lambda each: _why(each.result.alpha, each.result.n < FEWEST_PEOPLE),
            lambda each: each.result.findings,
            fewest_items=2,
        ),
        FigureGroup(
            "Omega",
            ("Total, of one factor",),
            lambda each: (Number(each.checks.omega.model_implied, 2),),
            lambda each: _why(each.checks.omega.model_implied, _few(each, each.result.n)),
            lambda each: each.checks.omega.findings,
        ),
        FigureGroup(
            "Omega with group factors (Schmid–Leiman)",
            ("Hierarchical", "Total"),
            lambda each: (
                Number(each.checks.hierarchical_omega.hierarchical, 2),
                Number(each.checks.hierarchical_omega.total, 2),
            ),
            lambda each: _why(
                each.checks.hierarchical_omega.total, each.result.n < FEWEST_FOR_FACTORS
            ),
            lambda each: each.checks.hierarchical_omega.findings,
        ),
        FigureGroup(
            "Ordered answers",
            (
                "Mean polychoric r",
                "Lowest to highest",
                "Ordinal alpha",
                "Categorical omega",
            ),
            _ordered,
            lambda each: _why(each.checks.ordinal_alpha.alpha, each.result.n < FEWEST_FOR_TABLES),
            lambda each: each.checks.ordinal_omega.findings,
        ),
        FigureGroup(
            "Dimensions",
            (
                "KMO",
                "Bartlett’s chi²",
                "df",
                "p",
                "Components above chance",
                "Loadings on one factor",
            ),
            _dimensions,
            lambda each: _why(each.checks.factorability.kmo, each.result.n < FEWEST_FOR_FACTORS),
            lambda each: (*each.checks.factorability.findings, *each.checks.factors.findings),
        ),
        FigureGroup(
            "One factor, robust maximum likelihood",
            fit,
            _robust,
            lambda each: _why(each.checks.one_factor.indices, _few(each, each.result.n)),
            lambda each: each.checks.one_factor.findings,
        ),
        FigureGroup(
            "One factor, whoever answered any item (full information)",
            ("People", "Chi²", "df", "p", "CFI, not robust", "RMSEA, not robust", "SRMR"),
            _full_information,
            _why_no_full_information,
            lambda each: each.checks.with_gaps.findings if each.checks.with_gaps else (),
        ),
        FigureGroup(
            "One factor, ordered answers (WLSMV)",
            fit,
            _ordinal_fit,
            lambda each: _why(
                each.checks.ordinal_omega.fit.indices, each.result.n < FEWEST_FOR_TABLES
            ),
            lambda each: each.checks.ordinal_omega.findings,
        ),
    )


def _people(each: ScaleReliability) -> tuple[Cell, ...]:
    return (Count(each.result.n), _end(each, each.floor), _end(each, each.ceiling))


def _end(each: ScaleReliability, share: EndShare) -> Cell:
    return Withheld() if share.is_hidden else Share(share.n, each.result.n)


def _consistency(each: ScaleReliability) -> tuple[Cell, ...]:
    found, places = each.result, score_places(each.score)
    several, halves = found.coefficients, each.checks.split_half
    if halves.odd_even is None or halves.best is None or halves.worst is None:
        of_halves = (float("nan"),) * 3
    else:
        of_halves = (
            halves.best.lambda4,
            halves.worst.lambda4,
            halves.odd_even.spearman_brown,
        )
    best, worst, odd_even = (Number(value, 2) for value in of_halves)
    return (
        Number(found.alpha, 2),
        Interval(found.low, found.high, 2),
        Number(several.standardised_alpha, 2),
        Number(several.average_r, 2),
        Number(several.lambda1, 2),
        Number(several.lambda2, 2),
        best,
        worst,
        Number(several.lambda5, 2),
        Number(several.lambda6, 2),
        odd_even,
        Number(found.sem, places),
        Number(found.mdc, places),
    )


def _ordered(each: ScaleReliability) -> tuple[Cell, ...]:
    omega = each.checks.ordinal_omega
    matrix = omega.fit.polychoric
    pairs = matrix.correlations[pairs_of(len(matrix.items))]
    return (
        Number(float(pairs.mean()), 2),
        Interval(float(pairs.min()), float(pairs.max()), 2),
        Number(each.checks.ordinal_alpha.alpha, 2),
        Words(NO_NUMBER) if np.isnan(omega.omega) else Number(omega.omega, 2),
    )


def _dimensions(each: ScaleReliability) -> tuple[Cell, ...]:
    shared, analysis = each.checks.factorability, each.checks.factors
    loadings: Cell = Words(NO_NUMBER)
    if analysis.factors is not None and analysis.n_factors == 1:
        of_one = analysis.factors.loadings[:, 0]
        loadings = Interval(float(of_one.min()), float(of_one.max()), 2)
    elif analysis.factors is not None:
        loadings = Words("below")
    return (
        Number(shared.kmo, 2),
        Number(shared.chi2, 1),
        Count(shared.df),
        Probability(shared.p),
        Count(each.checks.parallel.n_components or 0),
        loadings,
    )


def _robust(each: ScaleReliability) -> tuple[Cell, ...]:
    indices, robust = each.checks.one_factor.indices, each.checks.one_factor.robust
    if indices is None or robust is None or not indices.df:
        return _nothing_to_test(8)
    return (
        Number(robust.chi2, 1),
        Count(indices.df),
        Probability(robust.p),
        Number(robust.cfi_robust, 3),
        Number(robust.tli_robust, 3),
        Number(robust.rmsea_robust, 3),
        Interval(robust.rmsea_robust_low, robust.rmsea_robust_high, 3),
        Number(indices.srmr, 3),
    )


def _full_information(each: ScaleReliability) -> tuple[Cell, ...]:
    fit = each.checks.with_gaps
    if fit is None or fit.indices is None or fit.scaled is None:
        return _nothing_to_test(7)
    if not fit.indices.df:
        return (Count(fit.n), *_nothing_to_test(6))
    return (
        Count(fit.n),
        Number(fit.scaled.chi2, 1),
        Count(fit.indices.df),
        Probability(fit.scaled.p),
        Number(fit.indices.cfi, 3),
        Number(fit.indices.rmsea, 3),
        Number(fit.indices.srmr, 3),
    )


def _ordinal_fit(each: ScaleReliability) -> tuple[Cell, ...]:
    indices = each.checks.ordinal_omega.fit.indices
    if indices is None or not indices.df:
        return _nothing_to_test(8)
    return (
        Number(indices.scaled_chi2, 1),
        Count(indices.df),
        Probability(indices.p),
        Number(indices.scaled_cfi, 3),
        Number(indices.scaled_tli, 3),
        Number(indices.scaled_rmsea.value, 3),
        Interval(indices.scaled_rmsea.low, indices.scaled_rmsea.high, 3),
        Number(indices.srmr, 3),
    )


def _nothing_to_test(n_lines: int) -> tuple[Cell, ...]:
    """Three items and one factor: as many numbers as there are to fit."""
    return (Words("fits any answers"), *(Words("–"),) * (n_lines - 1))


def _few(each: ScaleReliability, n: int) -> bool:
    return too_few_for_a_model(n, len(each.score.items))


def _why(found: object, is_few: bool) -> str:
    if found is not None and not (isinstance(found, float) and np.isnan(found)):
        return ""
    return TOO_FEW if is_few else NO_NUMBER


def _why_no_full_information(each: ScaleReliability) -> str:
    fit = each.checks.with_gaps
    return _NO_GAPS if fit is None else _why(fit.indices, _few(each, fit.n))
