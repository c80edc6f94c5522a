"""Who enters an analysis by arm, who does not and why, and whether arms can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from reports.errors import TableShapeError
from scoring.findings import Finding, Severity

# With two schools an arm the variance between schools rests on one difference.
MINIMUM_SCHOOLS = 3


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of the table plays which part.

    Attributes
    ----------
    outcome, arm, cluster : str
    baseline, strata : str or None
        None when the model is without them.
    reference : str
        The arm label that the others are compared with.
    """

    outcome: str
    baseline: str | None
    arm: str
    reference: str
    strata: str | None
    cluster: str

    @property
    def columns(self) -> tuple[str, ...]:
        """What a person must have, in the order in which reasons are counted."""
        roles = (self.cluster, self.strata, self.outcome, self.baseline)
        return tuple(each for each in roles if each is not None)

    @property
    def formula(self) -> str:
        """The model, as outcome ~ terms."""
        terms = [each for each in (self.arm, self.baseline, self.strata) if each is not None]
        return f"{self.outcome} ~ {' + '.join(terms)}"

    def finding(self, severity: Severity, message: str) -> Finding:
        """A finding about the outcome."""
        return Finding(severity=severity, subject=self.outcome, message=message)


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """Who of one arm is in the analysis, and why the others are not.

    Attributes
    ----------
    arm : str
    n, n_clusters : int
        People and schools with all that the model asks for.
    n_rows : int
        People in the table.
    without_school, without_stratum, without_outcome, without_baseline : int
        People left out; each is counted once, under the first reason that holds.
    """

    arm: str
    n: int
    n_clusters: int
    n_rows: int
    without_school: int
    without_stratum: int
    without_outcome: int
    without_baseline: int


def check_table(table: pd.DataFrame, roles: Roles) -> None:
    """Refuse a table without the columns, with text for scores, or with a school in two arms."""
    absent = [each for each in (roles.arm, *roles.columns) if each not in table.columns]
    if absent:
        raise TableShapeError(
            f"table: found columns {', '.join(map(str, table.columns))}; "
            f"expected {', '.join(absent)} among them"
        )
    for column in (roles.outcome, roles.baseline):
        if column is not None and not pd.api.types.is_numeric_dtype(table[column]):
            raise TableShapeError(
                f"table, {column}: found {table[column].dtype} values, expected numbers"
            )
    arms_of_cluster = table.dropna(subset=[roles.arm]).groupby(roles.cluster)[roles.arm].nunique()
    split = arms_of_cluster.index[arms_of_cluster > 1]
    if len(split):
        raise TableShapeError(
            f"table: found {roles.cluster} {', '.join(map(str, split))} in two arms; expected "
            "each in the one arm it was allocated to"
        )


def arm_labels(allocated: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """Return the labels in use, the reference first, the others as categorised or else by name."""
    column = allocated[roles.arm]
    present = set(column.unique())
    ordered = (
        [each for each in column.cat.categories if each in present]
        if isinstance(column.dtype, pd.CategoricalDtype)
        else sorted(present)
    )
    return (
        *(each for each in ordered if each == roles.reference),
        *(each for each in ordered if each != roles.reference),
    )


def count_arm(
    allocated: pd.DataFrame, complete: pd.DataFrame, label: str, roles: Roles
) -> ArmCounts:
    """Return who of one arm is complete, and the first thing each of the others lacks."""
    rows = allocated[allocated[roles.arm] == label]
    analysed = complete[complete[roles.arm] == label]
    left_out: dict[str, int] = {}
    remaining = rows
    for column in roles.columns:
        left_out[column] = int(remaining[column].isna().sum())
        remaining = remaining[remaining[column].notna()]
    return ArmCounts(
        arm=label,
        n=len(analysed),
        n_clusters=analysed[roles.cluster].nunique(),
        n_rows=len(rows),
        without_school=left_out[roles.cluster],
        without_stratum=left_out[roles.strata] if roles.strata is not None else 0,
        without_outcome=left_out[roles.outcome],
        without_baseline=left_out[roles.baseline] if roles.baseline is not None else 0,
    )


def findings_on_who_is_left_out(
    counts: tuple[ArmCounts, ...], n_without_arm: int, roles: Roles
) -> tuple[Finding, ...]:
    """Return a note on each arm that people are missing from."""
    found = []
    if n_without_arm:
        who = "1 person" if n_without_arm == 1 else f"{n_without_arm} people"
        found.append(roles.finding("note", f"{who} left out: not allocated to an arm."))
    for each in counts:
        reasons = {
            "without a school": each.without_school,
            "without a stratum": each.without_stratum,
            "without the outcome": each.without_outcome,
            "without the baseline score": each.without_baseline,
        }
        said = ", ".join(f"{number} {reason}" for reason, number in reasons.items() if number)
        if said:
            found.append(
                roles.finding("note", f"{each.arm}: of {each.n_rows} people left out: {said}.")
            )
    return tuple(found)


def arms_in_model(
    complete: pd.DataFrame, counts: tuple[ArmCounts, ...], roles: Roles
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the arms that can be compared, reference first, and what stands in the way."""
    messages = _absent_arms(counts, roles) or _empty_columns(counts, roles)
    if not messages:
        messages = _small_arms(counts) + _constant_outcome(complete, roles)
    obstacles = tuple(roles.finding("error", each) for each in messages)
    large_enough = tuple(each.arm for each in counts if each.n_clusters >= MINIMUM_SCHOOLS)
    varies = complete[roles.outcome].nunique() > 1
    if roles.reference not in large_enough or len(large_enough) < 2 or not varies:
        return (), obstacles
    return large_enough, obstacles


def _absent_arms(counts: tuple[ArmCounts, ...], roles: Roles) -> list[str]:
    labels = [each.arm for each in counts]
    if not labels:
        return ["No difference can be estimated: no one's school was allocated to an arm."]
    if roles.reference not in labels:
        return [
            f"No difference can be estimated: no one is in {roles.reference}, the arm that "
            "the others are compared with."
        ]
    if len(labels) == 1:
        return [
            f"No difference can be estimated: everyone is in one arm, {labels[0]}, and a "
            "difference needs two."
        ]
    return []


def _empty_columns(counts: tuple[ArmCounts, ...], roles: Roles) -> list[str]:
    """Columns that leave no one over, each with those who had the columns before it."""
    remaining = sum(each.n_rows for each in counts)
    reasons = (
        ("a school", sum(each.without_school for each in counts)),
        ("a stratum", sum(each.without_stratum for each in counts)),
        ("the outcome", sum(each.without_outcome for each in counts)),
        ("the baseline score", sum(each.without_baseline for each in counts)),
    )
    for name, without in reasons:
        if remaining and without == remaining:
            return [
                f"No difference can be estimated: {name} is missing for everyone who could "
                f"have been analysed ({remaining} people), and the model is {roles.formula}."
            ]
        remaining -= without
    return []


def _small_arms(counts: tuple[ArmCounts, ...]) -> list[str]:
    return [
        f"{each.arm} cannot be compared: it has {each.n_clusters} "
        f"{'school' if each.n_clusters == 1 else 'schools'} with complete answers, and its "
        f"uncertainty cannot be judged from fewer than {MINIMUM_SCHOOLS}."
        for each in counts
        if each.n_clusters < MINIMUM_SCHOOLS
    ]


def _constant_outcome(complete: pd.DataFrame, roles: Roles) -> list[str]:
    if len(complete) and complete[roles.outcome].nunique() == 1:
        value = complete[roles.outcome].iloc[0]
        return [
            f"No difference can be estimated: all {len(complete)} people analysed have the "
            f"same outcome, {value:g}."
        ]
    return []
