"""Every psychometric check of one scale, made in one go."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.cfa.fiml import MissingFit, fit_fiml
from scoring.cfa.model import Factor, FactorModel
from scoring.cfa.robust import RobustFit, fit_mlr
from scoring.factors import Factorability, FactorAnalysis, factor_analysis, factorability
from scoring.findings import Finding
from scoring.item_statistics import ItemStatistics, item_statistics
from scoring.keyed import KeyedAnswers
from scoring.omega import HierarchicalOmega, OneFactorOmega, hierarchical_omega, one_factor_omega
from scoring.ordinal.categorical_omega import CategoricalOmega, categorical_omega
from scoring.ordinal.latent_response import LatentResponseAlpha, latent_response_alpha
from scoring.parallel_analysis import REPLICATIONS, ParallelAnalysis, parallel_analysis
from scoring.quality import Quality, keying_alarms, quality
from scoring.reliability import Reliability, alpha_of
from scoring.split_half import SplitHalf, split_half


@dataclass(frozen=True, slots=True, eq=False)
class Checks:
    """What there is to know of a scale from one set of answers.

    Attributes
    ----------
    keyed : KeyedAnswers
        The answers.
    quality : Quality
    alarms : tuple of Finding
        Signs of answers coded or keyed otherwise than meant.
    reliability : Reliability
    items : tuple of ItemStatistics
    split_half : SplitHalf
    omega : OneFactorOmega
    hierarchical_omega : HierarchicalOmega
        With three group factors, or two where the items allow no more.
    one_factor : RobustFit
        A confirmatory model of one factor by robust maximum likelihood; without one of fewer than
        3 items its findings say so.
    with_gaps : MissingFit or None
        The same model of everybody who answered any item, by full-information maximum likelihood;
        None where nobody left an item out.
    ordinal_alpha : LatentResponseAlpha
    ordinal_omega : CategoricalOmega
        With the one-factor WLSMV model it rests on.
    factorability : Factorability
    parallel : ParallelAnalysis
    factors : FactorAnalysis
        Minres and oblimin, with as many factors as parallel analysis has components, at least 1.
    """

    keyed: KeyedAnswers
    quality: Quality
    alarms: tuple[Finding, ...]
    reliability: Reliability
    items: tuple[ItemStatistics, ...]
    split_half: SplitHalf
    omega: OneFactorOmega
    hierarchical_omega: HierarchicalOmega
    one_factor: RobustFit
    with_gaps: MissingFit | None
    ordinal_alpha: LatentResponseAlpha
    ordinal_omega: CategoricalOmega
    factorability: Factorability
    parallel: ParallelAnalysis
    factors: FactorAnalysis


def check(
    keyed: KeyedAnswers,
    *,
    seed: int,
    confidence: float = 0.95,
    replications: int = REPLICATIONS,
) -> Checks:
    """Return every check of a scale; whichever is not possible says so in its findings.

    Parameters
    ----------
    keyed : KeyedAnswers
        The scale's answers, of everybody or of one group.
    seed : int
        Of what is drawn: random data of the parallel analysis, halvings of long scales.
    confidence : float
        Of alpha's interval.
    replications : int
        Random data sets of the parallel analysis.

    Returns
    -------
    Checks
    """
    reliability = alpha_of(keyed, confidence=confidence)
    parallel = parallel_analysis(keyed, seed=seed, replications=replications)
    model = FactorModel((Factor(keyed.title, keyed.items),))
    return Checks(
        keyed=keyed,
        quality=quality(keyed),
        alarms=keying_alarms(keyed),
        reliability=reliability,
        items=item_statistics(keyed, reliability),
        split_half=split_half(keyed, seed=seed),
        omega=one_factor_omega(keyed),
        hierarchical_omega=hierarchical_omega(keyed, group_factors(len(keyed.items))),
        one_factor=fit_mlr(keyed.complete, keyed.items, model),
        with_gaps=_with_gaps(keyed, model),
        ordinal_alpha=latent_response_alpha(keyed),
        ordinal_omega=categorical_omega(keyed),
        factorability=factorability(keyed),
        parallel=parallel,
        factors=factor_analysis(keyed, max(parallel.n_components or 1, 1)),
    )


def _with_gaps(keyed: KeyedAnswers, model: FactorModel) -> MissingFit | None:
    answered = keyed.is_answered
    some_left_out = (answered.any(axis=1) & ~answered.all(axis=1)).any()
    return fit_fiml(keyed.values, keyed.items, model) if some_left_out else None


def group_factors(k: int) -> int:
    """Return how many group factors omega of k items is given: 3, or 2 with fewer than 6."""
    return 3 if k >= 6 else 2
