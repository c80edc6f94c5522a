"""Exhibit: how complete and how plausible the answers are, wave by wave and over all arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.measurement import item_in_words, scale_in_words
from reports.formatting import number, percentage, sentence
from reports.tables import (
    Cell,
    Column,
    Count,
    NotAvailable,
    Number,
    Row,
    Share,
    Table,
    Withheld,
    Words,
)
from scoring.quality import FEWEST_ITEMS_IN_A_LINE, FEWEST_ITEMS_OF_A_COPY, MANY_AT_AN_END
from scoring.questionnaires import FASTEST_CREDIBLE

if TYPE_CHECKING:
    from reports.disclosure import Limits
    from reports.evidence import Evidence, ScaleQuality, WaveQuality


def answers(evidence: Evidence) -> Exhibit:
    """Give completion, speed, copies, straight lines, floor and ceiling of each wave, no arms."""
    if not evidence.wave_qualities:
        return Exhibit(
            id="answers",
            title="Quality of the answers",
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    return Exhibit(
        id="answers",
        title="Quality of the answers",
        sentences=(
            "Over all arms together, masked or not. What is noticed here is for a person to look "
            "at: nobody’s answers are left out of an analysis for it.",
        ),
        blocks=(_questionnaires(evidence), _scales(evidence)),
    )


def _questionnaires(evidence: Evidence) -> Table:
    fastest = number(FASTEST_CREDIBLE, 0)
    return Table(
        title="Whole questionnaires, by wave",
        row_title="Wave",
        columns=(
            Column("People who submitted"),
            Column("Answered every item"),
            Column("Items answered"),
            Column("Seconds an item"),
            Column(f"Under {fastest} seconds an item"),
            Column("Copies"),
        ),
        rows=tuple(_questionnaire_row(evidence, each) for each in evidence.wave_qualities),
        notes=(
            "Items: the questions with choices, as far as a person was asked them; “prefer not to "
            "say” is no answer here. Seconds an item: the median person’s, from the moments at "
            f"which answers were saved. Under {fastest} seconds an item can hardly be read (Huang "
            "and others 2012). Copies: people whose answers and gaps are just those of an earlier "
            f"person, with at least {FEWEST_ITEMS_OF_A_COPY} answers.",
        ),
    )


def _questionnaire_row(evidence: Evidence, each: WaveQuality) -> Row:
    title = evidence.snapshot.study.wave_title(each.wave)
    if each.is_hidden:
        return Row(title, (Withheld(),) * 6)
    found, limits = each.result, evidence.limits
    completion = found.completion
    times: tuple[Cell, ...] = (NotAvailable(), NotAvailable())
    if found.n_timed:
        fast = _share_of_people(int(found.is_fast.sum()), found.n_timed, limits)
        times = (Number(found.median_seconds, 1), fast)
    return Row(
        title,
        (
            Count(completion.n_rows),
            Share(completion.n_complete, completion.n_asked),
            Share(completion.n_items_answered, completion.n_items_asked),
            *times,
            _share_of_people(int(found.is_copy.sum()), completion.n_rows, limits),
        ),
    )


def _scales(evidence: Evidence) -> Table:
    at_an_end = percentage(MANY_AT_AN_END)
    return Table(
        title="Answers to each scale, by wave",
        row_title="Wave",
        columns=(
            Column("People asked"),
            Column("Answered every item"),
            Column("One answer throughout"),
            Column("Longest run of one answer"),
            Column("Lowest possible score"),
            Column("Highest possible score"),
        ),
        rows=tuple(_scale_row(evidence, each) for each in evidence.scale_qualities),
        notes=(
            "One answer throughout: before reversal, of the people who answered every item, on "
            f"scales of at least {FEWEST_ITEMS_IN_A_LINE} items; it may be meant where no item is "
            "turned against the others. Longest run: the median person’s, "
            "in the order asked. Lowest and highest: of the people who answered every item; over "
            f"{at_an_end} is called a floor or a ceiling effect (Terwee and others 2007).",
            *_alarms(evidence),
        ),
    )


def _scale_row(evidence: Evidence, each: ScaleQuality) -> Row:
    title = evidence.snapshot.study.wave_title(each.wave)
    group = scale_in_words(each.instrument, each.score)
    if each.is_hidden:
        return Row(title, (Withheld(),) * 6, group)
    found, limits = each.result, evidence.limits
    lines: Cell = NotAvailable()
    if len(each.score.items) >= FEWEST_ITEMS_IN_A_LINE:
        lines = _share_of_people(int(found.is_straight_line.sum()), found.n_complete, limits)
    return Row(
        title,
        (
            Count(found.completion.n_asked),
            Share(found.completion.n_complete, found.completion.n_asked),
            lines,
            Number(each.median_longest_run, 1),
            _share_of_people(each.n_floor, found.n_complete, limits),
            _share_of_people(each.n_ceiling, found.n_complete, limits),
        ),
        group,
    )


def _share_of_people(part: int, whole: int, limits: Limits) -> Cell:
    """A few people are not counted out, but that there are some is said."""
    if 0 < part < limits.people:
        return Words(f"1 to {limits.people - 1}")
    return Share(part, whole)


def _alarms(evidence: Evidence) -> tuple[str, ...]:
    """Give the signs of answers keyed otherwise than meant, each once."""
    found: dict[str, None] = {}
    for each in evidence.scale_qualities:
        if each.is_hidden:
            continue
        where = f"{each.score.title}, {evidence.snapshot.study.wave_title(each.wave)}"
        for alarm in each.alarms:
            about = item_in_words(each.instrument, alarm.subject)
            found[sentence(f"{where}: {about}{alarm.message}")] = None
    return tuple(found)
