"""What the pages of randomisation say: the rule, the baseline, the balance, who was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from survey_app.operations.randomisation import Baseline
from survey_app.trial.allocation_records import BalanceCount
from survey_app.trial.design import StudyDefinition
from survey_app.trial.draws import SEPARATOR
from survey_app.web.dates import moment_in_words

FACTORS: Mapping[str, str] = {
    "authority": "Local authority",
    "phase": "Phase",
    "people": "People asked",
    "all": "All schools",
}
IMPORTED = "imported"


class Act(Protocol):
    """An act that gave schools their arms, as the record gives it."""

    @property
    def allocated_at(self) -> datetime: ...
    @property
    def allocated_by(self) -> str: ...
    @property
    def baseline(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def allocation_sha256(self) -> str: ...


class FirstAct(Act, Protocol):
    """The randomisation itself."""

    @property
    def method(self) -> str: ...
    @property
    def seed(self) -> str: ...
    @property
    def block_size(self) -> int: ...
    @property
    def factors(self) -> str: ...
    @property
    def probability(self) -> str: ...
    @property
    def roster_sha256(self) -> str: ...
    @property
    def program(self) -> str: ...


class LateAct(Act, Protocol):
    """An act for late schools."""

    @property
    def number(self) -> int: ...


def plan_in_words(design: StudyDefinition) -> str:
    """Say how the study's file wants schools put into arms."""
    table = design.allocation
    ratios = ", ".join(f"{arm.label}: {arm.ratio}" for arm in design.arms)
    if table.method == "minimisation":
        factors = _factors_in_words(table.factors)
        return (
            f"by minimisation over {factors}: the arm that mends the balance most is taken with a "
            f"probability of {table.probability:g} ({ratios})"
        )
    strata = "local authority" if table.strata == "authority" else "local authority and phase"
    return f"within each {strata}, in permuted blocks of {table.block_size} ({ratios})"


def baseline_in_words(baseline: Baseline) -> str:
    """Say who has answered the baseline and who has not."""
    standing = baseline.standing
    if not standing.outstanding_people:
        return f"Everybody has answered “{baseline.title}” ({standing.people:,} people)."
    schools = (
        "1 school"
        if standing.outstanding_schools == 1
        else f"{standing.outstanding_schools:,} schools"
    )
    closed = ", which has closed" if baseline.is_closed else ""
    return (
        f"“{baseline.title}”{closed}: {standing.outstanding_people:,} of {standing.people:,} "
        f"people have not answered, in {schools}."
    )


def facts_of(done: FirstAct, *, by: str, shows_arms: bool) -> list[dict[str, str]]:
    """Give what is on record of the randomisation; the seed only with the arms."""
    is_imported = done.method == IMPORTED
    facts = [
        ("Imported on" if is_imported else "Randomised on", moment_in_words(done.allocated_at)),
        ("By", by),
        ("How", _method_in_words(done)),
        ("Baseline", _sentence(done.baseline) or "Not recorded"),
        ("Program", done.program or "Not recorded"),
        ("Seal of the roster (SHA-256)", done.roster_sha256),
        ("Seal of the allocation (SHA-256)", done.allocation_sha256),
    ]
    if not is_imported:
        seed = done.seed if shows_arms else "Shown to those to whom the arms are released"
        facts.insert(3, ("Seed", seed))
    return [{"key": key, "value": value} for key, value in facts]


def _method_in_words(done: FirstAct) -> str:
    if done.method == IMPORTED:
        return f"Made elsewhere and imported: {done.source}"
    factors = _factors_in_words(done.factors.split(SEPARATOR))
    if done.method == "minimisation":
        return f"Minimisation over {factors}, with a probability of {done.probability}"
    return f"Permuted blocks of {done.block_size} within {factors}"


def _factors_in_words(factors: Iterable[str]) -> str:
    words = [FACTORS[factor].lower() for factor in factors]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def stratum_rows(strata: Mapping[str, int]) -> list[list[str | int]]:
    """Give how many schools of each stratum have an arm, which is not said, with the sum."""
    rows: list[list[str | int]] = [
        [stratum.replace(SEPARATOR, ", "), schools] for stratum, schools in strata.items()
    ]
    return [*rows, ["All", sum(strata.values())]] if len(rows) > 1 else rows


def balance_rows(
    design: StudyDefinition, counts: Sequence[BalanceCount]
) -> tuple[list[str], list[list[str | int]]]:
    """Give the headings and rows of schools by arm, at each level of each factor and in all."""
    arms = [arm.id for arm in design.arms]
    found: dict[tuple[str, str], dict[str, int]] = {}
    for each in counts:
        found.setdefault((each.factor, each.level), {})[each.arm] = each.schools
    rows: list[list[str | int]] = []
    for (factor, level), by_arm in found.items():
        numbers = [by_arm.get(arm, 0) for arm in arms]
        rows.append([FACTORS[factor], level or "–", *numbers, sum(numbers)])
    return ["Balanced over", "Level", *(arm.label for arm in design.arms), "All"], rows


def late_rows(acts: Iterable[LateAct], schools: Mapping[int, int]) -> list[list[str | int]]:
    """Give each act for late schools."""
    return [
        [
            act.number,
            moment_in_words(act.allocated_at),
            schools.get(act.number, 0),
            _sentence(act.baseline),
            act.allocation_sha256,
        ]
        for act in acts
    ]
