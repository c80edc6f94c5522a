"""Exhibit: who commented, and what their comments were coded as, by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.counts import ArmCounts, count_by_arm
from reports.exhibits.exhibit import Exhibit
from reports.formatting import counted
from reports.tables import Cell, Column, Row, Table

if TYPE_CHECKING:
    import pandas as pd

    from reports.evidence import Evidence


ALL = "All arms"


def themes(evidence: Evidence) -> Exhibit:
    """Give the comment rate by arm and wave, then the codes by arm with the schools behind each.

    Masked, only questions asked of everyone are counted.
    """
    comments = _countable_comments(evidence)
    if comments.empty:
        return Exhibit(
            id="comments",
            title="Comments by arm",
            sentences=("There are no comments yet.", *_scope(evidence)),
        )
    codes = _codes(evidence, comments)
    sentences = [
        "Who comments is a choice, so the share who commented comes first: the codes describe "
        "the people who wrote, not everybody in the arm.",
        *_scope(evidence),
    ]
    if codes.empty:
        sentences.append("No comment has been coded yet.")
    return Exhibit(
        id="comments",
        title="Comments by arm",
        sentences=tuple(sentences),
        blocks=(
            _rate_table(evidence, comments),
            *((_code_table(evidence, comments, codes),) if not codes.empty else ()),
        ),
    )


def _allowed_questions(evidence: Evidence) -> dict[str, str]:
    study = evidence.snapshot.study
    left_out = study.arm_specific_questions if evidence.snapshot.masked else frozenset()
    return {key: text for key, text in study.open_questions.items() if key not in left_out}


def _scope(evidence: Evidence) -> tuple[str, ...]:
    questions = list(_allowed_questions(evidence).values())
    if not questions:
        return ()
    asked = " ".join(f"“{text}”" for text in questions)
    scope = "asked of everyone" if evidence.snapshot.masked else "counted here"
    noun = "question" if len(questions) == 1 else "questions"
    return (f"Open {noun} {scope}: {asked}",)


def _countable_comments(evidence: Evidence) -> pd.DataFrame:
    """Give the comments of analysed people with their wave, arm and school."""
    comments = evidence.snapshot.comments
    comments = comments[comments["question"].isin(list(_allowed_questions(evidence)))]
    analysed = evidence.populations.scores[["participant", "wave", "arm", "school"]]
    joined = comments.join(analysed, on="submission", how="inner")
    return joined.rename_axis("comment")


def _codes(evidence: Evidence, comments: pd.DataFrame) -> pd.DataFrame:
    """Give one row a comment and code, whoever applied it, of released comments."""
    codings = evidence.snapshot.codings[["comment", "code"]].drop_duplicates()
    released = comments[comments["released"].astype(bool)]
    return codings.join(released, on="comment", how="inner")


def _rate_table(evidence: Evidence, comments: pd.DataFrame) -> Table:
    arms = evidence.populations.arms
    titles = (*arms, ALL) if len(arms) > 1 else arms
    rows = []
    for wave in evidence.snapshot.study.waves:
        steps = evidence.populations.step(wave.id)
        answered = count_by_arm(steps[steps["analysed"]], arms, evidence.limits)
        if not answered.people[-1]:
            continue
        wrote = count_by_arm(comments[comments["wave"] == wave.id], arms, evidence.limits)
        columns = (
            answered.people_cells(),
            wrote.people_cells(),
            wrote.share_cells(answered),
            wrote.school_cells(),
        )
        rows += [
            Row(title, tuple(column[place] for column in columns), wave.title)
            for place, title in enumerate(titles)
        ]
    return Table(
        title="People who commented, by arm and wave",
        row_title="Arm",
        columns=(
            Column("People analysed"),
            Column("People who commented"),
            Column("Share"),
            Column("Schools behind them"),
        ),
        rows=tuple(rows),
    )


def _code_table(evidence: Evidence, comments: pd.DataFrame, codes: pd.DataFrame) -> Table:
    arms = evidence.populations.arms
    released = comments[comments["released"].astype(bool)]
    rows = []
    for wave in evidence.snapshot.study.waves:
        here = codes[codes["wave"] == wave.id]
        if here.empty:
            continue
        base = _counts(evidence, released[released["wave"] == wave.id])
        rows.append(Row("Any comment open to coders", _by_arm(base, base), wave.title))
        for code in _ordered_codes(here):
            counts = _counts(evidence, here[here["code"] == code]).within(base)
            rows.append(Row(code, _by_arm(counts, base), wave.title))
    return Table(
        title="Codes by arm and wave",
        row_title="Code",
        columns=tuple(
            Column(what, group=title)
            for title in ((*arms, ALL) if len(arms) > 1 else arms)
            for what in ("People", "Share", "Schools")
        ),
        rows=tuple(rows),
        notes=(
            "A person counts once for a code however often it was applied. Shares are of the "
            "people with any comment open to coders; people can have several codes, so shares "
            "do not add up.",
            *_coding_notes(evidence, released, codes),
        ),
    )


def _counts(evidence: Evidence, rows: pd.DataFrame) -> ArmCounts:
    """Count by arm; the total gives way, because codes by arm are what is asked."""
    return count_by_arm(rows, evidence.populations.arms, evidence.limits, gives_way="total")


def _ordered_codes(codes: pd.DataFrame) -> list[str]:
    """Order codes by the people behind them in all arms, most first, then by name."""
    people = codes.groupby("code")["participant"].nunique()
    return sorted((str(code) for code in people.index), key=lambda code: (-int(people[code]), code))


def _by_arm(counts: ArmCounts, base: ArmCounts) -> tuple[Cell, ...]:
    columns = (counts.people_cells(), counts.share_cells(base), counts.school_cells())
    n_arms = len(counts.people) - 1
    shown = n_arms + 1 if n_arms > 1 else n_arms
    return tuple(column[place] for place in range(shown) for column in columns)


def _coding_notes(
    evidence: Evidence, released: pd.DataFrame, codes: pd.DataFrame
) -> tuple[str, ...]:
    codings = evidence.snapshot.codings
    coders = int(codings.loc[codings["comment"].isin(released.index), "coder"].nunique())
    uncoded = int((~released.index.isin(codes["comment"])).sum())
    parts = [f"Coded by {counted(coders, 'coder')}"]
    if uncoded:
        verb = "carries" if uncoded == 1 else "carry"
        parts.append(f"{counted(uncoded, 'comment')} open to coders {verb} no code")
    return (f"{'; '.join(parts)}.",)
