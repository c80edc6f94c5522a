"""Exhibit, as an appendix: question by question, who answered and why the others did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.missing import NOT_ASKED
from reports.exhibits.exhibit import Exhibit
from reports.tables import Cell, Column, Count, Row, Share, Table, Withheld, Words
from scoring.missing_answers import count_answers

if TYPE_CHECKING:
    import pandas as pd

    from reports.evidence import Evidence
    from reports.snapshot import Snapshot


def answered_items(evidence: Evidence) -> Exhibit:
    """Give each question with choices by wave: answered, left open, declined, not asked."""
    title = "Appendix: the questions one by one"
    tables = _tables(evidence)
    if not tables:
        return Exhibit(
            id="questions",
            title=title,
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to count.",),
        )
    return Exhibit(
        id="questions",
        title=title,
        sentences=(
            "People who submitted and did not withdraw, over all arms; shares are of the people "
            "asked. “Not asked” is neither “left open” nor “prefer not to say”: another answer, or "
            "an earlier version of the questionnaire, left the question out.",
        ),
        blocks=tables,
    )


def _tables(evidence: Evidence) -> tuple[Table, ...]:
    snapshot, scores = evidence.snapshot, evidence.populations.scores
    tables = []
    for wave in snapshot.study.waves:
        rows = scores.index[scores["wave"] == wave.id]
        answers = snapshot.answers.loc[snapshot.answers.index.isin(rows)]
        asked = answers.loc[:, (answers != NOT_ASKED).any(axis=0)]
        if asked.empty:
            continue
        schools = int(scores.loc[rows, "school"].nunique())
        is_hidden = evidence.limits.too_few(len(rows), schools)
        tables.append(_table(evidence, wave.title, asked, is_hidden=is_hidden))
    return tuple(tables)


def _table(evidence: Evidence, wave: str, answers: pd.DataFrame, *, is_hidden: bool) -> Table:
    counts = count_answers(answers)
    words = _wording(evidence.snapshot)
    rows = []
    for item in counts.index:
        text, group = words.get(str(item), (str(item), ""))
        cells: tuple[Cell, ...] = (Withheld(),) * 5
        if not is_hidden:
            answered, left_open, declined, not_asked = (int(n) for n in counts.loc[item])
            cells = _cells(answered, left_open, declined, not_asked, evidence.limits.people)
        rows.append(Row(text, cells, group))
    return Table(
        title=f"Answers to each question: {wave}",
        row_title="Question",
        columns=tuple(
            Column(title)
            for title in ("Asked", "Answered", "Left open", "Prefer not to say", "Not asked")
        ),
        rows=tuple(rows),
    )


def _cells(
    answered: int, left_open: int, declined: int, not_asked: int, fewest: int
) -> tuple[Cell, ...]:
    asked = answered + left_open + declined
    is_few = 0 < not_asked < fewest
    return (
        # The people who submitted are counted elsewhere: with them this would tell the few.
        Withheld() if is_few or 0 < asked < fewest else Count(asked),
        Share(answered, asked) if asked >= fewest else Withheld(),
        _few_or_share(left_open, asked, fewest),
        _few_or_share(declined, asked, fewest),
        Words(f"1 to {fewest - 1}") if is_few else Count(not_asked),
    )


def _few_or_share(n: int, asked: int, fewest: int) -> Cell:
    """A few people are not counted out, but that there are some is said."""
    return Words(f"1 to {fewest - 1}") if 0 < n < fewest else Share(n, asked)


def _wording(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """The words of each question with choices, and what it belongs to."""
    own = {name: (text, "The study’s own") for name, text in snapshot.study.own_items.items()}
    published = {
        item.id: (item.text, instrument.short_title)
        for instrument in snapshot.instruments.values()
        for item in instrument.items
    }
    return own | published
