"""Exhibit: the supervision that was delivered, once arms may be named."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import score_places
from reports.formatting import day, listed, percentage, sentence
from reports.tables import (
    Cell,
    Column,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Row,
    Share,
    Table,
    Withheld,
    Words,
)

if TYPE_CHECKING:
    import pandas as pd

    from reports.evidence import Evidence, OutcomeAnalysis
    from reports.sensitivity import EffectAmongCompliers

TITLE = "Supervision delivered"


def compliance(evidence: Evidence) -> Exhibit:
    """Give sessions planned, offered and attended by arm, and the schools that complied."""
    if evidence.snapshot.masked:
        return Exhibit(
            id="supervision-delivered",
            title=TITLE,
            sentences=(
                "Sessions are shown after unmasking: who was offered supervision would show "
                "which arm is which.",
            ),
        )
    if evidence.snapshot.sessions.empty:
        return Exhibit(
            id="supervision-delivered",
            title=TITLE,
            sentences=("No supervision session is on record.",),
        )
    return Exhibit(
        id="supervision-delivered",
        title=TITLE,
        sentences=_sentences(evidence),
        blocks=(
            _table(evidence),
            *_effect_tables(evidence),
            *_models(evidence),
            *_other_parts(evidence),
        ),
    )


def _sentences(evidence: Evidence) -> tuple[str, ...]:
    share = percentage(evidence.snapshot.plan.complier_share)
    models = sorted({str(model) for model in evidence.snapshot.supervision["model"] if model})
    named = f" Delivered model: {listed([model.lower() for model in models])}." if models else ""
    return (
        "A school complied when it attended at least "
        f"{share} of the sessions planned for it.{named}",
    )


def _models(evidence: Evidence) -> tuple[Table, ...]:
    """The models with their days, so that a change of model is not read as a change of arm."""
    delivered = evidence.snapshot.study.models_delivered
    if not delivered:
        return ()
    return (
        Table(
            title="Models delivered under each arm",
            row_title="Arm",
            columns=(Column("Model", "words"), Column("From", "words"), Column("Until", "words")),
            rows=tuple(
                Row(
                    each.arm,
                    (
                        Words(sentence(each.model).rstrip(".")),
                        Words(day(each.starts_on)),
                        Words(day(each.ends_on) if each.ends_on else "No end is planned"),
                    ),
                )
                for each in delivered
            ),
        ),
    )


def _other_parts(evidence: Evidence) -> tuple[Table, ...]:
    study, schools = evidence.snapshot.study, evidence.populations.schools
    rows = []
    for part, label, planned in study.parts_delivered:
        held = evidence.snapshot.sessions[evidence.snapshot.sessions["part"] == part]
        attended = set(held.loc[held["attended"], "school"])
        offered = set(held.loc[held["offered"], "school"])
        for arm in study.supervised_arms:
            members = schools.index[schools["arm"] == arm]
            counts = [int(members.isin(each).sum()) for each in (offered, attended)]
            rows.append(
                Row(
                    f"{label} ({planned} planned a school), {arm}",
                    (
                        _enough(len(members), len(members), evidence),
                        *(_enough(n, len(members), evidence) for n in counts),
                    ),
                )
            )
    if not rows:
        return ()
    return (
        Table(
            title="Other parts of the intervention",
            row_title="Part",
            columns=(
                Column("Schools"),
                Column("Schools that were offered it"),
                Column("Schools that attended"),
            ),
            rows=tuple(rows),
        ),
    )


def _enough(n: int, whole: int, evidence: Evidence) -> Cell:
    """A count of schools, unless it or what is left of the whole is about too few."""
    few = evidence.limits.schools
    return Withheld() if 0 < n < few or 0 < whole - n < few else Count(n)


def _table(evidence: Evidence) -> Table:
    by_school = _by_school(evidence)
    arms = [arm for arm in evidence.populations.arms if (by_school["arm"] == arm).any()]
    return Table(
        title="Sessions and complying schools, by arm",
        row_title="Arm",
        columns=(
            Column("Schools"),
            Column("Planned"),
            Column("Offered"),
            Column("Attended"),
            Column("Attended per school, median"),
            Column("Schools that complied"),
            Column("Share"),
        ),
        rows=tuple(Row(arm, _cells(evidence, by_school, arm)) for arm in arms),
    )


def _effect_tables(evidence: Evidence) -> tuple[Table, ...]:
    """What supervision did in schools that complied, the allocation taken as instrument."""
    found = [(each, effect) for each in evidence.analyses for effect in each.compliers]
    if not found:
        return ()
    several = len({effect.arm for _, effect in found}) > 1
    confidence = percentage(evidence.snapshot.plan.confidence)
    reasons: dict[str, list[str]] = {}
    for analysis, effect in found:
        if effect.reason:
            reasons.setdefault(effect.reason, []).append(analysis.outcome.label)
    return (
        Table(
            title="Difference among schools that comply when they are offered supervision",
            row_title="Outcome",
            columns=(
                Column("Difference"),
                Column(f"{confidence} interval"),
                Column("Standard error"),
                Column("df"),
                Column("p"),
                Column("First-stage F"),
            ),
            rows=tuple(
                Row(
                    f"{analysis.outcome.label}, {effect.arm}"
                    if several
                    else analysis.outcome.label,
                    _effect_cells(analysis, effect),
                )
                for analysis, effect in found
            ),
            notes=(
                "Two-stage least squares with the allocation as instrument and the covariates of "
                "the primary analysis; standard errors clustered by school (CR2), Satterthwaite "
                "degrees of freedom. It is the effect in schools that comply because they are "
                "offered supervision, if no other school is supervised and the offer does nothing "
                "but through the sessions. First-stage F: the clustered (CR2) test of the offer.",
                *(f"{listed(labels)}: {reason}" for reason, labels in reasons.items()),
            ),
        ),
    )


def _effect_cells(analysis: OutcomeAnalysis, effect: EffectAmongCompliers) -> tuple[Cell, ...]:
    if effect.result is None:
        return (NotAvailable(),) * 6
    contrast, places = effect.result.contrast, score_places(analysis.score) + 1
    f = effect.result.first_stage_f
    return (
        Number(contrast.estimate, places),
        Interval(contrast.low, contrast.high, places),
        Number(contrast.se, places),
        Number(contrast.df, 1),
        Probability(contrast.p),
        Number(f, 1) if math.isfinite(f) else Words("all comply"),
    )


def _by_school(evidence: Evidence) -> pd.DataFrame:
    """Every school of a supervised arm, and of another arm where sessions are on record.

    A school without a session on record attended none of those planned for it.
    """
    study = evidence.snapshot.study
    counts = evidence.snapshot.supervision.groupby("school")[["offered", "attended"]].sum()
    by_school = evidence.populations.schools[["arm"]].join(counts)
    by_school["planned"] = by_school["arm"].isin(study.supervised_arms) * study.sessions_planned
    shown = by_school["arm"].notna() & (by_school["planned"] + by_school["offered"].fillna(0) > 0)
    return by_school[shown].fillna({"offered": 0, "attended": 0})


def _cells(evidence: Evidence, by_school: pd.DataFrame, arm: str) -> tuple[Cell, ...]:
    rows = by_school[by_school["arm"] == arm]
    if len(rows) < evidence.limits.schools:
        return (Withheld(),) * 7
    planned, plan = evidence.snapshot.study.sessions_planned, evidence.snapshot.plan
    complied = sum(plan.complied(attended=int(n), planned=planned) for n in rows["attended"])
    few = 0 < complied < evidence.limits.schools
    few_others = 0 < len(rows) - complied < evidence.limits.schools
    hidden = few or few_others
    return (
        Count(len(rows)),
        Count(int(rows["planned"].sum())),
        Count(int(rows["offered"].sum())),
        Count(int(rows["attended"].sum())),
        Number(float(rows["attended"].median()), 1),
        Withheld() if hidden else Count(complied),
        Withheld() if hidden else Share(complied, len(rows)),
    )
