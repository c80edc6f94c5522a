"""Counts that say which version they rest on, and questions not asked that are counted as such."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from invented_trial import make_snapshot, without_submissions

from instruments.missing import NOT_ASKED, PREFER_NOT_TO_SAY
from reports.document import EXHIBITS, build_report, render_html
from reports.evidence import gather
from reports.exhibits.answered_items import answered_items
from reports.exhibits.flow import flow
from reports.exhibits.limitations import limitations
from reports.formatting import cell_text
from reports.snapshot import Snapshot, VersionFacts
from reports.tables import Table

NOTE = "versions 1 and 2 of the questionnaire together"
VERSIONS = (
    VersionFacts("baseline", 1, "a" * 64, datetime(2019, 9, 16, 9, tzinfo=UTC)),
    VersionFacts(
        "baseline", 2, "b" * 64, datetime(2019, 9, 20, 9, tzinfo=UTC), "Asked for.", ("PSS-10",)
    ),
)


@pytest.fixture(scope="module")
def plain() -> Snapshot:
    return replace(make_snapshot(), versions=VERSIONS[:1])


@pytest.fixture(scope="module")
def amended(plain: Snapshot) -> Snapshot:
    """The first twenty baselines were submitted before PSS-10 was added."""
    submissions = plain.submissions.copy()
    done = submissions["submitted_at"].notna() & (submissions["wave"] == "baseline")
    early = submissions.index[done][:20]
    later = (submissions["wave"] == "baseline") & ~submissions.index.isin(early)
    submissions.loc[later, "version"] = 2
    answers = plain.answers.copy()
    items = [f"pss10_{n}" for n in range(1, 11)]
    answers.loc[early, items] = NOT_ASKED
    return replace(plain, submissions=submissions, answers=answers, versions=VERSIONS)


def tables(report) -> list[Table]:
    return [
        block
        for numbered in (*report.exhibits, *report.appendices)
        for block in numbered.exhibit.blocks
        if isinstance(block, Table) and numbered.exhibit.id != "compliance"
    ]


def test_one_version_needs_no_word(plain: Snapshot) -> None:
    assert not any(NOTE in " ".join(table.notes) for table in tables(build_report(plain)))


def test_every_table_says_which_versions_its_counts_rest_on(amended: Snapshot) -> None:
    report = build_report(amended)
    assert len(tables(report)) > len(EXHIBITS)
    assert all(NOTE in " ".join(table.notes) for table in tables(report))
    assert render_html(report).count(NOTE) == len(tables(report))


def test_the_flow_says_who_answered_which_and_what_was_added(amended: Snapshot) -> None:
    said = flow(gather(amended)).sentences[-1]
    submitted = amended.submissions
    late = (submitted["version"] == 2) & submitted["submitted_at"].notna()
    assert said == (
        "Baseline was asked in 2 versions: version 1, from 16 September 2019, submitted by 20 "
        "people; version 2, from 20 September 2019, adding PSS-10 (“Asked for”), submitted by "
        f"{late.sum()} people."
    )


def test_a_version_of_few_people_is_not_counted_out(amended: Snapshot) -> None:
    submissions = amended.submissions.copy()
    early = submissions.index[(submissions["version"] == 1) & (submissions["wave"] == "baseline")]
    submissions.loc[early[3:], "version"] = 2
    said = flow(gather(replace(amended, submissions=submissions))).sentences[-1]
    assert "submitted by fewer than 10 people" in said


def rows_of(snapshot: Snapshot, wave: str) -> dict[str, list[str]]:
    exhibit = answered_items(gather(snapshot))
    table = next(block for block in exhibit.blocks if block.title.endswith(wave))
    return {row.title: [cell_text(cell) for cell in row.cells] for row in table.rows}


def test_not_asked_left_open_and_declined_are_counted_apart(amended: Snapshot) -> None:
    answers = amended.answers.copy()
    analysed = gather(amended).populations.scores
    baseline = analysed.index[analysed["wave"] == "baseline"]
    asked = answers.loc[baseline].query("pss10_1 != @NOT_ASKED").index
    answers.loc[asked[:15], "pss10_1"] = PREFER_NOT_TO_SAY
    answers.loc[asked[15:], "pss10_1"] = 2
    words = amended.instruments["pss10"].item("pss10_1").text
    n_asked, answered, left_open, declined, not_asked = rows_of(
        replace(amended, answers=answers), "Baseline"
    )[words]
    assert n_asked == str(len(asked))
    assert not_asked == str(len(baseline) - len(asked))
    assert left_open == "0%"
    assert float(declined.rstrip("%")) + float(answered.rstrip("%")) == pytest.approx(100, abs=1)


def test_a_few_not_asked_cannot_be_worked_out(amended: Snapshot) -> None:
    answers = amended.answers.copy()
    analysed = gather(amended).populations.scores
    baseline = analysed.index[analysed["wave"] == "baseline"]
    answers.loc[baseline, "gad7_1"] = 1
    answers.loc[baseline[:4], "gad7_1"] = NOT_ASKED
    words = amended.instruments["gad7"].item("gad7_1").text
    cells = rows_of(replace(amended, answers=answers), "Baseline")[words]
    assert cells == ["withheld", "100%", "0%", "0%", "1 to 9"]


def test_nobody_has_answered_anything(plain: Snapshot) -> None:
    exhibit = answered_items(gather(without_submissions(plain)))
    assert exhibit.blocks == ()


def test_an_outcome_not_asked_is_no_outcome_left_unanswered(plain: Snapshot) -> None:
    answers = plain.answers.copy()
    follow_up = plain.submissions.index[plain.submissions["wave"] == "follow_up"]
    answers.loc[follow_up[:40], [f"gad7_{n}" for n in range(1, 8)]] = NOT_ASKED
    said = " ".join(limitations(gather(replace(plain, answers=answers))))
    assert "have no score for Anxiety symptoms" not in said
    assert "Anxiety symptoms (GAD-7) was not asked of" in said
    assert "was not asked of" not in " ".join(limitations(gather(plain)))
