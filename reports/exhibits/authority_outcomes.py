"""Exhibit: the outcomes that authorities hold of schools, as rates by arm."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from reports.errors import ReportsError
from reports.estimates.adjusted_difference import AdjustedDifference, adjusted_difference
from reports.estimates.rates import ArmRate, RateRatio, arm_rate, rate_ratio
from reports.exhibits.exhibit import Exhibit
from reports.formatting import count, counted, day, listed, percentage
from reports.tables import (
    Cell,
    Column,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Row,
    Table,
    Withheld,
)

if TYPE_CHECKING:
    from reports.estimates.regression import Contrast
    from reports.evidence import Evidence

ID = "authority-outcomes"
TITLE = "Outcomes held by the authorities"
PLACES = 3


@dataclass(frozen=True, slots=True)
class Rates:
    """One measure: what its rate is out of, and one row a school of an arm.

    Attributes
    ----------
    schools : DataFrame, one row a school, index the school
        arm, stratum, events and exposure since supervision began, rate (events / exposure),
        before (the rate until then, NaN without exposure), events_before, exposure_before.
    is_share : bool
        Whether it is a share of contacts; otherwise it is a rate per month of a school.
    """

    label: str
    schools: pd.DataFrame
    is_share: bool


def authority_outcomes(evidence: Evidence) -> Exhibit:
    """Give each measure's rate by arm, before and since, and the arms compared."""
    counts = evidence.snapshot.authority_counts
    if counts is None or counts.empty:
        return Exhibit(
            id=ID, title=TITLE, sentences=("No counts held by an authority are on record.",)
        )
    if not evidence.populations.is_allocated:
        return Exhibit(
            id=ID,
            title=TITLE,
            sentences=("Counts are shown by arm, once schools have been allocated to one.",),
        )
    measures = tuple(_measures(evidence, counts))
    return Exhibit(
        id=ID,
        title=TITLE,
        sentences=_sentences(evidence, counts),
        blocks=(_rate_table(evidence, measures), *_comparisons(evidence, measures)),
    )


def _sentences(evidence: Evidence, counts: pd.DataFrame) -> tuple[str, ...]:
    schools = evidence.populations.schools
    there = counts[counts["school"].isin(schools.index)]
    n_months = int(counts["month"].nunique())
    n_missing = len(schools) * n_months - len(there)
    since = min(counts.loc[~counts["before"], "month"], default=None)
    sentences = [
        f"Counts by school and month from {min(counts['month']):%B %Y} to "
        f"{max(counts['month']):%B %Y}: {there['school'].nunique()} of {len(schools)} schools have "
        f"some, and {count(n_missing)} of {counted(len(schools) * n_months, 'month', 'months')} of "
        "schools have none on record. A count that was not given is left out, and is not 0.",
        "Schools are in the arm they were allocated to. These comparisons stand beside the "
        "outcomes that the plan names, and are not corrected for several being made.",
    ]
    if since is not None:
        sentences.insert(1, f"“Before” is the months until {since:%B %Y}, “since” those from then.")
    sentences += [
        f"{event.title} ({day(event.on)}) falls in these months, in every arm."
        for event in evidence.snapshot.study.events
        if min(counts["month"]) <= event.on <= _end(max(counts["month"]))
    ]
    return tuple(sentences)


def _end(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _measures(evidence: Evidence, counts: pd.DataFrame) -> Iterator[Rates]:
    months = pd.Series(1.0, index=counts.index)
    for name, label in evidence.snapshot.study.authority_measures.items():
        yield Rates(label, _by_school(evidence, counts, counts[name], months), is_share=False)
        if name == "no_further_action":
            share = f"{label}, as a share of contacts"
            schools = _by_school(evidence, counts, counts[name], counts["contacts"])
            yield Rates(share, schools, is_share=True)


def _by_school(
    evidence: Evidence, counts: pd.DataFrame, events: pd.Series, exposure: pd.Series
) -> pd.DataFrame:
    known = events.notna() & exposure.notna()
    rows = pd.DataFrame(
        {
            "school": counts["school"],
            "before": counts["before"].astype(bool),
            "events": events,
            "exposure": exposure,
        }
    )[known].astype({"events": float, "exposure": float})
    sums = rows.groupby(["before", "school"])[["events", "exposure"]].sum()
    schools = evidence.populations.schools
    found = schools[["arm"]].assign(stratum=schools["authority"])
    for is_before, ending in ((False, ""), (True, "_before")):
        part = (
            sums.loc[is_before]
            if is_before in sums.index.get_level_values("before")
            else sums.iloc[:0].droplevel("before")
        )
        for name in ("events", "exposure"):
            found[f"{name}{ending}"] = part[name].reindex(found.index).fillna(0.0)
    found["rate"] = (found["events"] / found["exposure"]).where(found["exposure"] > 0)
    before = found["events_before"] / found["exposure_before"]
    found["before"] = before.where(found["exposure_before"] > 0)
    return found


def _rate_table(evidence: Evidence, measures: tuple[Rates, ...]) -> Table:
    confidence = percentage(evidence.snapshot.plan.confidence)
    return Table(
        title="Outcomes held by the authorities, by arm",
        row_title="Arm",
        columns=(
            Column("Schools"),
            Column("Out of"),
            Column("Count"),
            Column("Rate before"),
            Column("Rate since"),
            Column(f"{confidence} interval"),
        ),
        rows=tuple(
            Row(arm, _rate_cells(evidence, each, arm), group=each.label)
            for each in measures
            for arm in evidence.snapshot.study.arms
        ),
        notes=(
            "Rates are per school and month, and shares of contacts where that is said; “out of” "
            "counts months of schools, or contacts. Schools, “out of” and count are since "
            "supervision began. Intervals allow for schools that differ (CR2).",
        ),
    )


def _rate_cells(evidence: Evidence, measure: Rates, arm: str) -> tuple[Cell, ...]:
    rate = _rate(evidence, measure, arm)
    if _hidden(evidence, rate):
        return (Withheld(),) * 6
    if not rate.n_clusters:
        return (Count(0), *(NotAvailable(),) * 5)
    rows = measure.schools[measure.schools["arm"] == arm]
    n_before = float(rows["exposure_before"].sum())
    had = int((rows["exposure_before"] > 0).sum())
    events_before = float(rows["events_before"].sum())
    before: Cell = NotAvailable()
    if n_before:
        few = evidence.limits.too_few(int(events_before), had) or had < evidence.limits.schools
        before = Withheld() if few else Number(events_before / n_before, PLACES)
    return (
        Count(rate.n_clusters),
        Count(int(rate.exposure)),
        Count(int(rate.events)),
        before,
        Number(rate.rate, PLACES),
        Interval(rate.low, rate.high, PLACES) if math.isfinite(rate.low) else NotAvailable(),
    )


def _rate(evidence: Evidence, measure: Rates, arm: str) -> ArmRate:
    return arm_rate(measure.schools, arm, confidence=evidence.snapshot.plan.confidence)


def _hidden(evidence: Evidence, rate: ArmRate) -> bool:
    """A rate is about children, so few events are few people."""
    few_schools = 0 < rate.n_clusters < evidence.limits.schools
    return few_schools or evidence.limits.too_few(int(rate.events), rate.n_clusters)


def _comparisons(evidence: Evidence, measures: tuple[Rates, ...]) -> tuple[Table, ...]:
    study, confidence = evidence.snapshot.study, percentage(evidence.snapshot.plan.confidence)
    others = [arm for arm in study.arms if arm != study.reference_arm]
    rows: list[Row] = []
    reasons: dict[str, list[str]] = {}
    models: set[str] = set()
    for measure in measures:
        reference = _rate(evidence, measure, study.reference_arm)
        for arm in others:
            rate = _rate(evidence, measure, arm)
            name = measure.label if len(others) == 1 else f"{measure.label}, {arm}"
            if _hidden(evidence, rate) or _hidden(evidence, reference):
                rows.append(Row(name, (Withheld(),) * 6))
                continue
            ratio = _ratio(evidence, rate, reference)
            result = None if measure.is_share else _difference(evidence, measure, arm)
            contrast = result.contrast if result is not None else None
            if result is not None and contrast is not None:
                models.add(result.formula)
            elif ratio is None:
                reasons.setdefault("too few events or schools to compare", []).append(name)
            rows.append(Row(name, (*_ratio_cells(ratio), *_contrast_cells(contrast))))
    if not rows:
        return ()
    return (
        Table(
            title=f"{listed(others)} compared with {study.reference_arm}",
            row_title="Outcome",
            columns=(
                Column("Rate ratio"),
                Column(f"{confidence} interval"),
                Column("p of the ratio"),
                Column("Difference in rate"),
                Column(f"{confidence} interval "),
                Column("p of the difference"),
            ),
            rows=tuple(rows),
            notes=(
                "Rate ratio, not adjusted: Poisson regression on the arm with the months (or "
                "contacts) as offset, standard errors by school (CR2), Welch’s degrees of freedom.",
                "Difference: linear regression of each school’s rate since supervision began "
                f"({'; '.join(sorted(models))}), standard errors by school (CR2), Satterthwaite "
                "degrees of freedom."
                if models
                else "No difference in rate could be estimated.",
                *(f"{listed(names)}: {reason}." for reason, names in reasons.items()),
            ),
        ),
    )


def _ratio(evidence: Evidence, rate: ArmRate, reference: ArmRate) -> RateRatio | None:
    try:
        return rate_ratio(rate, reference, confidence=evidence.snapshot.plan.confidence)
    except ReportsError:
        return None


def _difference(evidence: Evidence, measure: Rates, arm: str) -> AdjustedDifference | None:
    plan, reference = evidence.snapshot.plan, evidence.snapshot.study.reference_arm
    rows = measure.schools[
        measure.schools["arm"].isin((reference, arm)) & measure.schools["rate"].notna()
    ]
    adjusts = "baseline" in plan.covariates and bool(rows["before"].notna().all()) and len(rows) > 0
    table = rows.reset_index(drop=True).assign(
        school=rows.index.to_numpy(),
        arm=pd.Categorical(rows["arm"], categories=[reference, arm]),
    )
    try:
        return adjusted_difference(
            table,
            outcome="rate",
            baseline="before" if adjusts else None,
            arm="arm",
            reference=reference,
            strata="stratum" if "strata" in plan.covariates else None,
            cluster="school",
            confidence=plan.confidence,
        )
    except ReportsError:
        return None


def _ratio_cells(ratio: RateRatio | None) -> tuple[Cell, ...]:
    if ratio is None:
        return (NotAvailable(),) * 3
    return (Number(ratio.ratio, 2), Interval(ratio.low, ratio.high, 2), Probability(ratio.p))


def _contrast_cells(contrast: Contrast | None) -> tuple[Cell, ...]:
    if contrast is None:
        return (NotAvailable(),) * 3
    return (
        Number(contrast.estimate, PLACES),
        Interval(contrast.low, contrast.high, PLACES),
        Probability(contrast.p),
    )
