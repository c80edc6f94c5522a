"""The scales by wave and arm: what is worked out, what is withheld, and what is said in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from invented_trial import keep_submissions, make_snapshot

from reports.disclosure import Limits
from reports.evidence import Evidence, gather
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.invariance import verdict
from reports.exhibits.measurement import measurement
from reports.exhibits.measurement_detail import measurement_detail
from reports.formatting import cell_text
from reports.populations import build_populations
from reports.scale_checks import ScaleInvariance, invariances, scales_of
from reports.snapshot import Snapshot
from reports.tables import Table
from scoring.cfa.invariance import invariance
from scoring.cfa.model import one_factor
from scoring.reliability import alpha


@pytest.fixture(scope="module")
def large_snapshot() -> Snapshot:
    return make_snapshot(deputies=4)


@pytest.fixture(scope="module")
def large(large_snapshot: Snapshot) -> Evidence:
    return gather(large_snapshot)


def tables(exhibit: Exhibit) -> list[Table]:
    return [block for block in exhibit.blocks if isinstance(block, Table)]


def cells(table: Table, group: str, title: str) -> list[str]:
    (found,) = [row for row in table.rows if (row.group, row.title) == (group, title)]
    return [cell_text(cell) for cell in found.cells]


def gad7_alike(snapshot: Snapshot) -> tuple[ScaleInvariance, ...]:
    populations = build_populations(snapshot)
    scales = scales_of(snapshot, populations)
    return invariances(snapshot, populations, scales[:1])


def one_scale(evidence: Evidence, score: str) -> dict[tuple[str, str | None], object]:
    return {
        (each.wave, each.arm): each for each in evidence.reliabilities if each.score.id == score
    }


def test_the_figures_of_an_arm_are_those_of_its_people_alone(large: Evidence) -> None:
    populations, snapshot = large.populations, large.snapshot
    rows = populations.scores
    of_arm = rows[(rows["wave"] == "baseline") & (rows["arm"] == "Arm B")]
    gad7 = snapshot.instruments["gad7"]
    items = [item.id for item in gad7.items]
    expected = alpha(snapshot.answers.loc[of_arm.index, items], gad7.scores[0], gad7)
    found = one_scale(large, "gad7_total")["baseline", "Arm B"]
    assert found.result.alpha == expected.alpha
    assert found.result.n == expected.n == found.fit.n == found.omega.n
    assert {arm for _, arm in one_scale(large, "gad7_total")} == {None, "Arm A", "Arm B"}


def test_invariance_across_arms_is_that_of_their_answers_at_the_wave(large: Evidence) -> None:
    (found,) = [
        each
        for each in large.invariances
        if (each.scale.score.id, each.wave) == ("gad7_total", "follow_up")
    ]
    rows = large.populations.scores
    items = [item.id for item in large.snapshot.instruments["gad7"].items]
    groups = {}
    for arm in ("Arm A", "Arm B"):
        chosen = rows.index[(rows["wave"] == "follow_up") & (rows["arm"] == arm)]
        answers = large.snapshot.answers.loc[chosen, items]
        groups[arm] = answers[(answers >= 0).all(axis=1)].to_numpy(dtype=float)
    expected = invariance(groups, items, one_factor(items))
    assert found.result is not None
    assert found.result.n == expected.n
    assert [level.indices for level in found.result.levels] == [
        level.indices for level in expected.levels
    ]


def test_over_time_only_people_of_every_wave_are_compared_each_with_themselves(
    large: Evidence,
) -> None:
    (found,) = [
        each
        for each in large.invariances
        if (each.scale.score.id, each.wave) == ("pss10_total", None)
    ]
    assert found.result is not None
    assert found.result.groups == ("baseline", "follow_up")
    stable = next(
        each
        for each in large.stabilities
        if (each.scale.score.id, each.arm) == ("pss10_total", None)
    )
    # A total stands for an item left out; a factor model needs every item.
    assert found.result.n[0] == found.result.n[1] <= stable.result.n
    at_baseline = one_scale(large, "pss10_total")["baseline", None].result.n
    assert found.result.n[0] < at_baseline


def test_the_order_of_the_submissions_changes_nothing_over_time(
    large_snapshot: Snapshot, large: Evidence
) -> None:
    order = np.random.default_rng(5).permutation(large_snapshot.submissions.index)
    other = gad7_alike(
        replace(
            large_snapshot,
            submissions=large_snapshot.submissions.loc[order],
            answers=large_snapshot.answers.loc[order],
        )
    )
    for one, two in zip(large.invariances, other, strict=False):
        assert one.result is not None
        assert two.result is not None
        for first, second in zip(one.result.levels, two.result.levels, strict=True):
            assert first.indices is not None
            assert second.indices is not None
            assert first.indices.chi2 == pytest.approx(second.indices.chi2, abs=1e-5)


def test_the_appendix_shows_fit_levels_stability_schools_and_items(large: Evidence) -> None:
    fit, arms, waves, stability, schools, items = tables(measurement_detail(large))
    gad7 = one_scale(large, "gad7_total")["baseline", "Arm A"].fit
    assert cells(fit, "GAD-7: GAD-7 total, Baseline", "Arm A")[4] == (
        f"{gad7.robust.cfi_robust:.3f}"
    )
    assert [row.title for row in arms.rows[:4]] == [
        "Same items",
        "Loadings equal",
        "and intercepts",
        "and residual variances",
    ]
    assert cells(waves, "GAD-7: GAD-7 total", "Same items")[-3:] == ["–"] * 3
    group = "PSS-10: PSS-10 total, Baseline to Follow-up"
    assert 0.3 < float(cells(stability, group, "All arms")[1]) < 0.9
    people, n_schools, size = cells(schools, "GAD-7: GAD-7 total", "Baseline")[:3]
    assert float(size) == pytest.approx(int(people) / int(n_schools), abs=0.3)
    assert cells(items, "PSS-10: PSS-10 total, Baseline", "Item 4 (reversed)")


def test_where_no_arm_may_be_compared_the_words_say_so_and_name_no_number(
    snapshot: Snapshot,
) -> None:
    kept = snapshot.submissions.index < snapshot.submissions.index[60]
    few = keep_submissions(
        snapshot,
        pd.Series(
            kept & ~snapshot.submissions["participant"].isin(snapshot.participants.index[14:90])
        ),
    )
    evidence = gather(few)
    (arms,) = [each for each in evidence.invariances if each.scale.score.id == "gad7_total"]
    assert arms.result is None
    assert "too few in Arm A and Arm B to show" in verdict(arms, evidence.limits)


def test_few_people_are_words_and_not_a_model(evidence: Evidence) -> None:
    said = {
        (each.scale.score.id, each.wave): verdict(each, evidence.limits)
        for each in evidence.invariances
    }
    assert said["gad7_total", "baseline"].startswith("Not known. Arm A: Only 3")
    assert said["gad7_total", None].startswith("Not known. Only ")
    notes = tables(measurement_detail(evidence))[0].notes
    assert any(note.startswith("No model is fitted to fewer than 40 people") for note in notes)


def test_an_item_that_shifts_in_one_arm_puts_the_means_in_doubt(large_snapshot: Snapshot) -> None:
    people = large_snapshot.submissions["participant"].map(large_snapshot.participants["school"])
    in_b = people.map(large_snapshot.schools["arm"]).eq("Arm B")
    answers = large_snapshot.answers.copy()
    shifted = answers.loc[in_b, "gad7_1"]
    answers.loc[in_b, "gad7_1"] = (
        shifted.where(shifted < 0, 3)
        .astype("int8")
        .where(np.arange(len(shifted)) % 3 == 0, shifted)
    )
    baseline, *_ = gad7_alike(replace(large_snapshot, answers=answers))
    said = verdict(baseline, Limits(10, 5))
    assert "differ (CFI falls by 0.0" in said
    assert said.endswith("Differences of means are in doubt.")


def test_scales_of_two_items_are_named_once_and_have_no_model(large: Evidence) -> None:
    alike = tables(measurement(large))[1]
    assert not any("Coping and support" in row.group for row in alike.rows)
    (note,) = [note for note in alike.notes if note.startswith("Two items")]
    assert "Coping and support" in note


def test_a_total_gives_way_where_one_arm_alone_is_withheld_at_the_floor(large: Evidence) -> None:
    for each in large.reliabilities:
        if each.arm is not None:
            continue
        arms = [
            other
            for other in large.reliabilities
            if (other.score.id, other.wave) == (each.score.id, each.wave) and other.arm is not None
        ]
        for whole, parts in (
            (each.floor, [arm.floor for arm in arms]),
            (each.ceiling, [arm.ceiling for arm in arms]),
        ):
            assert whole.n == sum(part.n for part in parts)
            if [part.is_hidden for part in parts].count(True) == 1:
                assert whole.is_hidden


def test_an_arm_in_few_schools_is_withheld_everywhere_with_the_arm_that_gives_it_away(
    snapshot: Snapshot,
) -> None:
    of_b = snapshot.schools.index[snapshot.schools["arm"] == "Arm B"]
    schools = snapshot.schools.assign(
        arm=snapshot.schools["arm"].where(~snapshot.schools.index.isin(of_b[4:]), "Arm A")
    )
    evidence = gather(replace(snapshot, schools=schools))
    for table in (*tables(measurement(evidence)), *tables(measurement_detail(evidence))):
        for row in table.rows:
            if row.title in ("Arm A", "Arm B"):
                assert {cell_text(cell) for cell in row.cells} == {"withheld"}
    assert all(each.result is None for each in evidence.invariances if each.wave is not None)
