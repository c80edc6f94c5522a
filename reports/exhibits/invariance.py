"""What a comparison of factor models means for the reader, in words."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING, Final

from reports.formatting import counted, listed, number, sentence
from reports.tables import Cell, Column, Count, NotAvailable, Number, Probability, Row, Words
from scoring.cfa.model import one_factor
from scoring.cfa.sample import fewest_people

if TYPE_CHECKING:
    from reports.disclosure import Limits
    from reports.scale_checks import ScaleInvariance
    from scoring.cfa.invariance import Invariance, InvarianceStep
    from scoring.cfa.levels import InvarianceLevel
    from scoring.cfa.waves_with_gaps import GapInvariance
    from scoring.findings import Finding

LARGEST_FALL_OF_CFI: Final = 0.010
LEAST_CFI: Final = 0.90

RULE: Final = (
    "Of a model of one factor, loadings, then intercepts, then residual variances are held "
    "equal; over time, in the people who answered at every wave. A step is taken to hold where "
    f"the robust CFI falls by no more than {LARGEST_FALL_OF_CFI:.3f} (Cheung and Rensvold 2002). "
    "Means are comparable once loadings and intercepts are equal. In few people a difference "
    "can pass unseen."
)

_HELD: Final = {"metric": "loadings", "scalar": "intercepts", "strict": "residual variances"}


LEVEL_TITLES: Final = {
    "configural": "Same items",
    "metric": "Loadings equal",
    "scalar": "and intercepts",
    "strict": "and residual variances",
}
_CHANGE: Final = "Change from the level before"
LEVEL_COLUMNS: Final = (
    *(Column(title) for title in ("People", "Chi²", "df", "CFI", "RMSEA", "SRMR")),
    *(Column(title, group=_CHANGE) for title in ("CFI", "RMSEA", "p")),
)


GAP_NOTE: Final = (
    "Full information: everybody counts with what they answered at any wave, which holds where "
    "whether an answer is missing depends at most on answers that are there. Chi² is scaled, p is "
    "of the scaled difference (Satorra and Bentler); CFI and RMSEA are not robust here."
)
NOT_ORDINAL: Final = (
    "Over time answers are taken as numbers: there is no model of ordered answers over time yet."
)


def gap_rows(found: GapInvariance, group: str) -> Iterator[Row]:
    """Give a row a level of invariance over time in everybody, people with gaps among them."""
    steps = {step.level: step for step in found.steps}
    for level in found.levels:
        indices, scaled, step = level.indices, level.scaled, steps.get(level.level)
        if indices is None or scaled is None:
            cells: tuple[Cell, ...] = (NotAvailable(),) * 8
        else:
            has_df = indices.df > 0
            cells = (
                Number(scaled.chi2, 1),
                Count(indices.df),
                Number(indices.cfi if has_df else nan, 3),
                Number(indices.rmsea if has_df else nan, 3),
                Number(indices.srmr, 3),
                *(
                    (Words("–"),) * 3
                    if step is None
                    else (
                        Number(step.cfi_change, 3),
                        Number(step.rmsea_change, 3),
                        Probability(step.p),
                    )
                ),
            )
        yield Row(LEVEL_TITLES[level.level], (Count(found.n), *cells), group)


def verdict(found: ScaleInvariance, limits: Limits) -> str:
    """Say how far a scale measures alike, or why that cannot be said."""
    result = found.result
    if result is None:
        return _nothing_to_compare(found, limits)
    said = [in_words(result)]
    if found.left_out:
        said.append(f"{listed(found.left_out)} left out: too few people to show.")
    return " ".join(said)


def level_cells(level: InvarianceLevel, step: InvarianceStep | None) -> tuple[Cell, ...]:
    """Give the columns of one level after the people: its fit, and what it costs."""
    indices, robust = level.indices, level.robust
    if indices is None or robust is None:
        return (NotAvailable(),) * 8
    has_df = indices.df > 0
    return (
        Number(robust.chi2 if has_df else nan, 1),
        Count(indices.df),
        Number(robust.cfi_robust if has_df else nan, 3),
        Number(robust.rmsea_robust if has_df else nan, 3),
        Number(indices.srmr, 3),
        *_change_cells(step),
    )


def _change_cells(step: InvarianceStep | None) -> tuple[Cell, ...]:
    if step is None:
        return (Words("–"),) * 3
    return (
        Number(step.cfi_robust_change, 3),
        Number(step.rmsea_robust_change, 3),
        Probability(step.p_scaled),
    )


def holds(step: InvarianceStep) -> bool:
    """Whether holding more equal costs no more fit than the rule allows."""
    return step.cfi_robust_change >= -LARGEST_FALL_OF_CFI


def first_reason(findings: tuple[Finding, ...]) -> str:
    """Give the first finding for which there are no numbers, "" where there is none."""
    found = next((each for each in findings if each.severity == "error"), None)
    return "" if found is None else found.message.removeprefix("Group ")


def too_few_for_a_model(n_people: int, n_items: int) -> bool:
    """Whether the model of one factor is refused for being about too few people."""
    return n_people < fewest_people(one_factor([str(item) for item in range(n_items)]).n_parameters)


def _nothing_to_compare(found: ScaleInvariance, limits: Limits) -> str:
    who = "the same people at every wave" if found.wave is None else listed(found.left_out)
    return (
        f"Not compared: too few in {who} to show "
        f"({counted(limits.people, 'person', 'people')} in {counted(limits.schools, 'school')} "
        "are the least)."
    )


def in_words(result: Invariance) -> str:
    """Say how far a model of one factor is the same in all groups or waves, or why not known."""
    reason = first_reason(result.findings)
    if reason:
        return f"Not known. {sentence(reason)}"
    configural = result.levels[0]
    if configural.robust is None:
        return f"Not known. {sentence(first_reason(configural.findings))}"
    held, broken = _held_and_broken(result)
    words = _held_in_words(result, held, broken)
    if configural.robust.cfi_robust < LEAST_CFI:
        words += (
            " One factor fits poorly even where nothing is held equal (CFI "
            f"{number(configural.robust.cfi_robust)}), so this says little."
        )
    return words


def _held_and_broken(result: Invariance) -> tuple[list[str], InvarianceStep | None]:
    held: list[str] = []
    for step in result.steps:
        if not holds(step):
            return held, step
        held.append(_HELD[step.level])
    return held, None


def _held_in_words(result: Invariance, held: list[str], broken: InvarianceStep | None) -> str:
    as_equal = f"{sentence(listed(held) + ' may be taken as equal')}" if held else ""
    comparable = "intercepts" in held
    if broken is not None:
        fall = number(-broken.cfi_robust_change, 3)
        as_equal += f" {_HELD[broken.level].capitalize()} differ (CFI falls by {fall})."
    elif len(held) < len(_HELD):
        level = result.levels[len(held) + 1]
        as_equal += f" Beyond that it is not known. {sentence(first_reason(level.findings))}"
    end = "Means are comparable." if comparable else "Differences of means are in doubt."
    return f"{as_equal.strip()} {end}"
