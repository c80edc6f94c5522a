"""Counts held by authorities, as rates by arm: what is in them, and what must not be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from invented_trial import unmasked, without_allocation

from reports.document import build_report, render_html
from reports.estimates.adjusted_difference import adjusted_difference
from reports.estimates.rates import arm_rate, rate_ratio
from reports.evidence import gather
from reports.exhibits.authority_outcomes import authority_outcomes
from reports.formatting import cell_text, interval, number
from reports.snapshot import Snapshot
from reports.tables import Table

MEASURES = {
    "contacts": "Contacts",
    "no_further_action": "No further action",
    "conferences": "Conferences",
}
MONTHS = [date(2019, 10, 1), date(2019, 11, 1), date(2019, 12, 1), date(2020, 1, 1)]


@pytest.fixture(scope="module")
def counted(snapshot: Snapshot) -> Snapshot:
    """The invented trial with one month before supervision and three since, two with a gap."""
    rng = np.random.default_rng(5)
    rows = []
    for school in snapshot.schools.index[snapshot.schools["eligible"]]:
        level = rng.gamma(2, 1)
        for month in MONTHS:
            contacts = float(rng.poisson(level))
            ended = float(rng.binomial(int(contacts), 0.5))
            rows.append((school, month, month < MONTHS[1], contacts, ended, 0.0))
    counts = pd.DataFrame(rows, columns=["school", "month", "before", *MEASURES])
    counts.loc[1, ["contacts", "no_further_action"]] = np.nan
    counts = counts.drop(index=[2])
    return replace(
        snapshot,
        study=replace(snapshot.study, authority_measures=MEASURES),
        authority_counts=counts,
    )


def tables(snapshot: Snapshot) -> list[Table]:
    return [b for b in authority_outcomes(gather(snapshot)).blocks if isinstance(b, Table)]


def texts(table: Table, title: str, group: str = "") -> list[str]:
    (row,) = (r for r in table.rows if r.title == title and (not group or r.group == group))
    return [cell_text(cell) for cell in row.cells]


def test_rates_are_counts_over_months_of_schools_that_gave_one(counted: Snapshot) -> None:
    counts, schools = counted.authority_counts, counted.schools
    assert counts is not None
    since = counts[~counts["before"] & counts["contacts"].notna()]
    since = since[since["school"].map(schools["arm"]) == "Arm A"]
    total, months = since["contacts"].sum(), len(since)
    found = texts(tables(counted)[0], "Arm A", "Contacts")
    assert found[:3] == [str(since["school"].nunique()), str(months), str(int(total))]
    before = counts[counts["before"] & (counts["school"].map(schools["arm"]) == "Arm A")]
    assert found[3:5] == [number(before["contacts"].mean(), 3), number(total / months, 3)]


def test_no_further_action_is_a_share_of_contacts_too(counted: Snapshot) -> None:
    counts, schools = counted.authority_counts, counted.schools
    assert counts is not None
    since = counts[~counts["before"] & (counts["school"].map(schools["arm"]) == "Arm B")]
    share = since["no_further_action"].sum() / since["contacts"].sum()
    found = texts(tables(counted)[0], "Arm B", "No further action, as a share of contacts")
    assert found[4] == number(share, 3)
    compared = texts(tables(counted)[1], "No further action, as a share of contacts")
    assert compared[3:] == ["n/a"] * 3


def test_arms_are_compared_by_the_estimators_that_r_agrees_with(counted: Snapshot) -> None:
    counts = counted.authority_counts
    assert counts is not None
    known = counts[counts["contacts"].notna()]
    since = known[~known["before"]].groupby("school")["contacts"].agg(["sum", "count"])
    table = pd.DataFrame(
        {
            "events": since["sum"],
            "exposure": since["count"].astype(float),
            "rate": since["sum"] / since["count"],
            "before": known[known["before"]].set_index("school")["contacts"],
            "arm": counted.schools["arm"].reindex(since.index),
            "stratum": "Bolton",
            "school": since.index,
        }
    ).reset_index(drop=True)
    ratio = rate_ratio(arm_rate(table, "Arm B"), arm_rate(table, "Arm A"))
    result = adjusted_difference(
        table.assign(arm=pd.Categorical(table["arm"], categories=["Arm A", "Arm B"])),
        outcome="rate",
        baseline="before",
        arm="arm",
        reference="Arm A",
        strata="stratum",
        cluster="school",
    ).contrast
    assert result is not None
    found = texts(tables(counted)[1], "Contacts")
    assert found[:2] == [number(ratio.ratio, 2), interval(ratio.low, ratio.high, 2)]
    assert found[3:5] == [number(result.estimate, 3), interval(result.low, result.high, 3)]


def test_without_an_event_there_is_no_ratio_and_the_reason_is_said(counted: Snapshot) -> None:
    compared = tables(counted)[1]
    assert texts(compared, "Conferences")[:3] == ["n/a"] * 3


def test_few_events_or_few_schools_are_withheld(counted: Snapshot) -> None:
    counts = counted.authority_counts
    assert counts is not None
    rare = counts.assign(conferences=0.0)
    rare.loc[rare.index[~rare["before"]][:4], "conferences"] = 1.0
    found = tables(replace(counted, authority_counts=rare))
    shown = {texts(found[0], arm, "Conferences")[2] for arm in counted.study.arms}
    assert "withheld" in shown
    assert not shown & {"1", "2", "3", "4"}
    assert texts(found[1], "Conferences") == ["withheld"] * 6
    arms = counts["school"].map(counted.schools["arm"])
    two = counts.loc[arms == "Arm A", "school"].unique()[:2]
    few = counts[(arms == "Arm B") | counts["school"].isin(two)]
    found = tables(replace(counted, authority_counts=few))
    assert texts(found[0], "Arm A", "Contacts") == ["withheld"] * 6
    assert "withheld" not in texts(found[0], "Arm B", "Contacts")
    assert texts(found[1], "Contacts") == ["withheld"] * 6


def test_says_how_many_months_are_missing_and_which_events_fell_in_them(
    counted: Snapshot,
) -> None:
    words = " ".join(authority_outcomes(gather(counted)).sentences)
    assert "from October 2019 to January 2020: 94 of 94 schools have some" in words
    assert "1 of 376 months of schools have none on record" in words
    assert "until November 2019" in words
    assert "lockdown" not in words


def test_says_so_without_counts_and_before_allocation(
    snapshot: Snapshot, counted: Snapshot
) -> None:
    (words,) = authority_outcomes(gather(snapshot)).sentences
    assert words == "No counts held by an authority are on record."
    early = authority_outcomes(gather(without_allocation(counted)))
    assert early.blocks == ()
    assert "once schools have been allocated" in early.sentences[0]


def test_arms_keep_their_letters_until_they_are_released(counted: Snapshot) -> None:
    masked = render_html(build_report(counted))
    part = masked[masked.index('id="authority-outcomes"') :]
    assert "Arm B compared with Arm A" in part
    named = tables(unmasked(counted))
    assert named[1].title == "Supervision compared with Support as usual"
