"""Psychometric checks of a table of answers, as data: what the JSON file and the page say."""

from __future__ import annotations

from dataclasses import dataclass

from reports.estimates.mixed import AnovaIntraclassCorrelation
from scoring.checks import Checks
from scoring.comparisons import Comparison
from scoring.findings import Finding, Severity

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, eq=False)
class GroupChecks:
    """The checks of one scale over everybody, or over the people of one group.

    Attributes
    ----------
    group : str or None
        The value of the grouping column; None for everybody.
    checks : Checks
    schools : AnovaIntraclassCorrelation or None
        Of the sum of the items, in people who answered every one; None where no column names a
        school, or it cannot be computed.
    """

    group: str | None
    checks: Checks
    schools: AnovaIntraclassCorrelation | None = None

    @property
    def label(self) -> str:
        """How the reader is told who this is about."""
        return "Everybody" if self.group is None else self.group


@dataclass(frozen=True, slots=True, eq=False)
class ScaleChecks:
    """One scale.

    Attributes
    ----------
    name : str
    low, high : int
        The lowest and the highest answer its items allow.
    is_range_given : bool
        False where they were taken from the answers found.
    groups : tuple of GroupChecks
        Everybody first, then the groups in order.
    comparison : Comparison or None
        Of the groups, or of the waves where people are named; None without two of them.
    """

    name: str
    low: int
    high: int
    is_range_given: bool
    groups: tuple[GroupChecks, ...]
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Psychometrics:
    """All scales of one table of answers.

    Attributes
    ----------
    source : str
        The name of the file.
    n_rows : int
        Rows in it.
    group_column : str or None
    person_column : str or None
        Where it is given, the groups are waves of the same people.
    school_column : str or None
    n_without_group : int
        Rows whose cell in that column is empty; they count among everybody only.
    confidence : float
        Of alpha's interval.
    seed, replications : int
        Of the parallel analysis; the seed is that of drawn halvings too.
    scales : tuple of ScaleChecks
    provenance : tuple of (str, str)
        What made it: name and value, in order.
    """

    source: str
    n_rows: int
    group_column: str | None
    n_without_group: int
    confidence: float
    seed: int
    replications: int
    scales: tuple[ScaleChecks, ...]
    provenance: tuple[tuple[str, str], ...]
    person_column: str | None = None
    school_column: str | None = None


def findings_of(checks: Checks) -> tuple[Finding, ...]:
    """Return everything the checks noticed, each thing once: errors, then warnings, then notes."""
    every = (
        *checks.quality.findings,
        *checks.alarms,
        *checks.reliability.findings,
        *checks.split_half.findings,
        *checks.omega.findings,
        *checks.hierarchical_omega.findings,
        *checks.one_factor.findings,
        *(checks.with_gaps.findings if checks.with_gaps is not None else ()),
        *checks.ordinal_alpha.findings,
        *checks.ordinal_omega.findings,
        *checks.factorability.findings,
        *checks.parallel.findings,
        *checks.factors.findings,
    )
    once = dict.fromkeys(every)
    return tuple(sorted(once, key=lambda finding: _SEVERITIES.index(finding.severity)))


def findings_between(comparison: Comparison) -> tuple[Finding, ...]:
    """Return everything that comparing groups or waves noticed, each thing once, errors first."""
    ordinal, gaps = comparison.ordinal, comparison.with_gaps
    every = (
        *(gaps.findings if gaps is not None else ()),
        *(each for level in (gaps.levels if gaps else ()) for each in level.findings),
        *(ordinal.findings if ordinal is not None else ()),
        *(each for level in (ordinal.levels if ordinal else ()) for each in level.findings),
        *comparison.invariance.findings,
        *(finding for level in comparison.invariance.levels for finding in level.findings),
        *(finding for step in comparison.invariance.steps for finding in step.findings),
        *(finding for retest in comparison.retests for finding in retest.result.findings),
    )
    return tuple(sorted(dict.fromkeys(every), key=lambda each: _SEVERITIES.index(each.severity)))
