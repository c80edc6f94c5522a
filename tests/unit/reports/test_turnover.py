from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from reports.evidence import Evidence, gather
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.flow import flow
from reports.exhibits.limitations import limitations
from reports.exhibits.response import response
from reports.formatting import cell_text
from reports.populations import school_panel
from reports.snapshot import Sharing, Snapshot
from reports.tables import Table


@pytest.fixture(scope="module")
def changing(snapshot: Snapshot) -> Snapshot:
    """The invented trial with every fifth person gone after the baseline, and a joiner for each."""
    people = snapshot.participants
    gone = people.index[::5]
    new = people.loc[gone].set_axis([f"N{n:04d}" for n in range(len(gone))])
    everybody = pd.concat(
        [
            people.assign(
                turnover=["leaver" if p in set(gone) else "stayer" for p in people.index]
            ),
            new.assign(turnover="joiner", withdrawn=False),
        ]
    )
    later = snapshot.submissions["wave"] == "follow_up"
    followers = dict(zip(gone, new.index, strict=True))
    submissions = snapshot.submissions.copy()
    submissions.loc[later, "participant"] = [
        followers.get(each, each) for each in submissions.loc[later, "participant"]
    ]
    invitations = snapshot.invitations.copy()
    at_end = invitations["wave"] == "follow_up"
    invitations.loc[at_end, "participant"] = [
        followers.get(each, each) for each in invitations.loc[at_end, "participant"]
    ]
    return replace(
        snapshot, participants=everybody, submissions=submissions, invitations=invitations
    )


@pytest.fixture(scope="module")
def changed(changing: Snapshot) -> Evidence:
    return gather(changing)


def tables(exhibit: Exhibit) -> dict[str, Table]:
    return {block.title: block for block in exhibit.blocks if isinstance(block, Table)}


def row(table: Table, title: str, group: str) -> list[str]:
    return next(
        [cell_text(cell) for cell in each.cells]
        for each in table.rows
        if each.title == title and each.group == group
    )


def test_nothing_is_said_of_turnover_while_everybody_stayed(evidence: Evidence) -> None:
    assert not any("stayed" in title for title in tables(flow(evidence)))
    assert not any("stayed" in title for title in tables(response(evidence)))


def test_stayers_joiners_and_leavers_are_told_apart_in_the_flow(changed: Evidence) -> None:
    table = tables(flow(changed))["Who stayed, joined and left"]
    people = changed.populations.people
    n_stayed = int((people["turnover"] == "stayer").sum())
    n_left = int((people["turnover"] == "leaver").sum())
    assert row(table, "Stayers invited", "Baseline")[-1] == str(n_stayed)
    assert row(table, "Leavers invited", "Baseline")[-1] == str(n_left)
    assert row(table, "Joiners invited", "Baseline") == ["0", "0", "0"]
    assert row(table, "Joiners invited", "Follow-up")[-1] == str(n_left)
    assert row(table, "Leavers invited", "Follow-up") == ["0", "0", "0"]


def test_each_kind_of_person_has_a_response_of_their_own(changed: Evidence) -> None:
    table = tables(response(changed))["Response of those who stayed, joined and left"]
    steps = changed.populations.step("follow_up")
    joined = steps[steps["turnover"] == "joiner"]
    invited, submitted, share, _ = row(table, "Joiners", "Follow-up")
    assert (int(invited), int(submitted)) == (
        int(joined["invited"].sum()),
        int((joined["invited"] & joined["submitted"]).sum()),
    )
    assert share.endswith("%")


def test_a_school_counts_as_a_panel_whoever_answered_for_it(changed: Evidence) -> None:
    waves = ("baseline", "follow_up")
    panel = set(school_panel(changed.populations, waves)["school"])
    paired = set(changed.populations.paired(waves)["school"])
    assert paired < panel
    table = tables(flow(changed))["Participant flow by arm"]
    shown = row(table, "Schools with anyone analysed at every wave", "Every wave")
    assert shown[-1] == str(len(panel))


@pytest.mark.parametrize(
    ("sharing", "said"),
    [
        (Sharing(), None),
        (Sharing(trusts=1), "1 trust has schools in more than one arm. What one arm"),
        (Sharing(people=3, schools=6), "Fewer than 10 people worked in, or moved between"),
        (
            Sharing(trusts=2, people=12, schools=20),
            "2 trusts have schools in more than one arm and 12 people worked in",
        ),
    ],
)
def test_what_spans_arms_is_a_limitation(
    snapshot: Snapshot, sharing: Sharing, said: str | None
) -> None:
    found = [
        text
        for text in limitations(gather(replace(snapshot, sharing=sharing)))
        if "contamination" in text
    ]
    assert [text[: len(said)] for text in found] == [said] if said else found == []
