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
from reports.exhibits.scale_figures import scale_figures
from reports.formatting import cell_text
from reports.populations import build_populations
from reports.scale_checks import ScaleInvariance, invariances, scales_of
from reports.snapshot import Snapshot
from reports.tables import Table
from scoring.cfa.invariance import invariance
from scoring.cfa.model import one_factor
from scoring.checks import check
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
    assert found.result.n == expected.n == found.checks.one_factor.n == found.checks.omega.n
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


def test_the_appendix_shows_levels_stability_and_schools(large: Evidence) -> None:
    arms, waves, gaps, stability, schools = tables(measurement_detail(large))
    assert [row.title for row in arms.rows[:4]] == [
        "Same items",
        "Loadings equal",
        "and intercepts",
        "and residual variances",
    ]
    assert cells(waves, "GAD-7: GAD-7 total", "Same items")[-3:] == ["–"] * 3
    whole, some = (
        int(cells(table, "GAD-7: GAD-7 total", "Same items")[0]) for table in (waves, gaps)
    )
    everybody = large.snapshot.submissions["participant"][large.populations.scores.index]
    assert whole < some <= everybody.nunique()
    group = "PSS-10: PSS-10 total, Baseline to Follow-up"
    assert 0.3 < float(cells(stability, group, "All arms")[1]) < 0.9
    people, n_schools, size = cells(schools, "GAD-7: GAD-7 total", "Baseline")[:3]
    assert float(size) == pytest.approx(int(people) / int(n_schools), abs=0.3)


def named(evidence: Evidence, title: str) -> Table:
    (found,) = [table for table in tables(scale_figures(evidence)) if table.title == title]
    return found


def test_a_scale_has_a_column_a_wave_and_arm_with_every_kind_of_figure(large: Evidence) -> None:
    table = named(large, "GAD-7: GAD-7 total")
    assert [(column.group, column.title) for column in table.columns] == [
        (wave, arm) for wave in ("Baseline", "Follow-up") for arm in ("All arms", "Arm A", "Arm B")
    ]
    found = one_scale(large, "gad7_total")["baseline", "Arm B"].checks
    fit, gaps, ordinal = found.one_factor, found.with_gaps, found.ordinal_omega.fit
    for group, title, expected in (
        ("Consistency", "Alpha", f"{found.reliability.alpha:.2f}"),
        ("Consistency", "Lambda 6", f"{found.reliability.coefficients.lambda6:.2f}"),
        ("Omega", "Total, of one factor", f"{found.omega.model_implied:.2f}"),
        (
            "Omega with group factors (Schmid–Leiman)",
            "Hierarchical",
            f"{found.hierarchical_omega.hierarchical:.2f}",
        ),
        ("Ordered answers", "Categorical omega", f"{found.ordinal_omega.omega:.2f}"),
        ("Dimensions", "KMO", f"{found.factorability.kmo:.2f}"),
        ("Dimensions", "Components above chance", f"{found.parallel.n_components}"),
        ("One factor, robust maximum likelihood", "CFI", f"{fit.robust.cfi_robust:.3f}"),
        (
            "One factor, whoever answered any item (full information)",
            "People",
            f"{gaps.n if gaps else 0}",
        ),
        ("One factor, ordered answers (WLSMV)", "SRMR", f"{ordinal.indices.srmr:.3f}"),
    ):
        assert cells(table, group, title)[2] == expected, title


def test_items_stand_by_wave_with_the_arms_side_by_side(large: Evidence) -> None:
    table = named(large, "PSS-10: PSS-10 total: items")
    fourth = one_scale(large, "pss10_total")["follow_up", "Arm A"].checks.items[3]
    assert cells(table, "Follow-up", "Item 4, reversed")[6:12] == [
        f"{fourth.n}",
        f"{fourth.mean:.2f}",
        f"{fourth.sd:.2f}",
        f"{fourth.skew:.2f}".replace("-", "−"),
        f"{fourth.item_rest:.2f}".replace("-", "−"),
        f"{fourth.alpha_if_dropped:.2f}".replace("-", "−"),
    ]


def test_loadings_stand_where_more_than_one_factor_stands_out_and_nowhere_else(
    large: Evidence,
) -> None:
    for score in {each.score.id: each for each in large.reliabilities}.values():
        several = [
            each
            for each in large.reliabilities
            if each.score.id == score.score.id and each.checks.factors.n_factors > 1
        ]
        found = [
            table
            for table in tables(scale_figures(large))
            if "loadings" in table.title and score.score.title in table.title
        ]
        assert len(found) == bool(several)
        for table in found:
            assert len(table.rows) == len(several) * len(score.score.items)
            assert sum("correlations of factors" in note for note in table.notes) == len(several)


def test_two_items_have_no_rows_of_factors_and_the_table_says_why(large: Evidence) -> None:
    table = next(each for each in tables(scale_figures(large)) if "Coping" in each.title)
    assert {row.group for row in table.rows} == {"People", "Consistency"}
    assert table.notes[0].startswith("Two items determine no factor")


def test_four_arms_stand_wave_by_wave_and_three_at_a_time(large: Evidence) -> None:
    arms = ("Arm A", "Arm B", "Arm C", "Arm D")
    several = tuple(
        replace(each, arm=arm)
        for each in large.reliabilities
        if each.arm is None and each.score.id == "gad7_total"
        for arm in (None, *arms)
    )
    by_wave = tables(scale_figures(replace(large, reliabilities=several)))
    assert [(table.title, len(table.columns)) for table in by_wave] == [
        ("GAD-7: GAD-7 total, Baseline", 5),
        ("GAD-7: GAD-7 total, Follow-up", 5),
        ("GAD-7: GAD-7 total: items, All arms, Arm A and Arm B", 18),
        ("GAD-7: GAD-7 total: items, Arm C and Arm D", 12),
    ]


def test_what_cannot_be_estimated_says_so_and_the_note_says_why(large: Evidence) -> None:
    (whole,) = [
        each
        for each in large.reliabilities
        if (each.score.id, each.wave, each.arm) == ("gad7_total", "baseline", None)
    ]
    keyed = whole.checks.keyed
    values = keyed.values.copy()
    values[:, 0] = 1.0
    constant = replace(
        whole,
        scale=replace(whole.scale, waves=("baseline",)),
        checks=check(replace(keyed, values=values), seed=1),
    )
    (figures, _) = tables(scale_figures(replace(large, reliabilities=(constant,))))
    assert cells(figures, "Dimensions", "Not estimated") == ["none, see note"]
    assert any(
        note.startswith("Baseline, all arms: item 1 of GAD-7: Everybody gave the same answer")
        for note in figures.notes
    )


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
    figures = tables(scale_figures(evidence))[0]
    group = "One factor, robust maximum likelihood"
    assert cells(figures, group, "Chi²")[1:3] == ["too few"] * 2
    assert cells(figures, group, "df")[1:3] == ["–"] * 2


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
    for table in tables(scale_figures(evidence)):
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if {column.title, column.group} & {"Arm A", "Arm B"}:
                    assert cell_text(cell) == "withheld"
    for table in (*tables(measurement(evidence)), *tables(measurement_detail(evidence))):
        for row in table.rows:
            if row.title in ("Arm A", "Arm B"):
                assert {cell_text(cell) for cell in row.cells} == {"withheld"}
    assert all(each.result is None for each in evidence.invariances if each.wave is not None)
