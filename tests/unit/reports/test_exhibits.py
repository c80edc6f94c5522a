from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from invented_trial import (
    keep_submissions,
    make_snapshot,
    unmasked,
    with_baseline_only,
    without_allocation,
    without_comments,
    without_submissions,
)

from reports.evidence import Evidence, gather
from reports.exhibits.answers import answers
from reports.exhibits.compliance import compliance
from reports.exhibits.distribution import distribution
from reports.exhibits.effects import comparisons, detectable, effects
from reports.exhibits.flow import flow
from reports.exhibits.limitations import limitations
from reports.exhibits.measurement import measurement, measures
from reports.exhibits.outcomes import outcomes
from reports.exhibits.power import power
from reports.exhibits.response import response
from reports.exhibits.sensitivity import METHODS, sensitivity
from reports.exhibits.summary import headlines
from reports.exhibits.themes import themes
from reports.figures import FlowDiagram, MeansChart, draw_means
from reports.formatting import cell_text, percent
from reports.snapshot import ModelDelivered, Snapshot
from reports.tables import Number, Table


def tables(exhibit) -> list[Table]:
    return [block for block in exhibit.blocks if isinstance(block, Table)]


def row(table: Table, title: str, group: str = "") -> list[str]:
    return next(
        [cell_text(cell) for cell in each.cells]
        for each in table.rows
        if each.title == title and (not group or each.group == group)
    )


def plain(cells: list[str]) -> list[int]:
    return [int(text.replace(",", "")) for text in cells]


def test_the_flow_counts_schools_by_reason_and_people_by_step(
    evidence: Evidence, snapshot: Snapshot
) -> None:
    (table,) = tables(flow(evidence))
    assert row(table, "Schools assessed") == ["–", "–", "101"]
    assert row(table, "Excluded: Not a mainstream school") == ["–", "–", "5"]
    assert row(table, "Schools randomised") == ["47", "47", "94"]
    submitted = plain(row(table, "People who submitted", "Baseline"))
    assert submitted[0] + submitted[1] == submitted[2]
    done = snapshot.submissions[snapshot.submissions["submitted_at"].notna()]
    assert submitted[2] == done.loc[done["wave"] == "baseline", "participant"].nunique()


def test_the_flow_figure_says_what_its_table_says(evidence: Evidence) -> None:
    exhibit = flow(evidence)
    diagram = next(block for block in exhibit.blocks if isinstance(block, FlowDiagram))
    (table,) = tables(exhibit)
    for place, column in enumerate(diagram.columns):
        wave = next(box for box in column.boxes if box.title == "Follow-up")
        shown = {line.label: line.text for line in wave.lines}
        assert shown["Submitted"] == row(table, "People who submitted", "Follow-up")[place]
        assert shown["Analysed"] == row(table, "People analysed", "Follow-up")[place]


def test_a_few_people_who_withdrew_are_not_counted_out(evidence: Evidence) -> None:
    (table,) = tables(flow(evidence))
    assert row(table, "People who withdrew", "Baseline") == ["withheld"] * 3
    assert table.has_withheld
    assert any("then withdrew can be worked out" in note for note in table.notes)


def test_response_counts_the_paired_among_those_invited_at_both(evidence: Evidence) -> None:
    (table,) = tables(response(evidence))
    cells = row(table, "All arms", "Baseline and Follow-up (paired)")
    steps = evidence.populations.steps
    both = steps[steps["submitted"]].groupby("participant")["wave"].nunique().eq(2).sum()
    assert int(cells[3]) == both
    assert cells[4] == f"{100 * both / int(cells[1]):.0f}%"
    low, high = (int(text.rstrip("%")) for text in cells[5].split(" to "))
    assert low < int(cells[4].rstrip("%")) < high


def test_scores_by_arm_are_the_plain_mean_and_sd(evidence: Evidence) -> None:
    scores = evidence.populations.scores
    rows = scores[(scores["wave"] == "follow_up") & (scores["arm"] == "Arm B")]["pss10_total"]
    (table,) = tables(outcomes(evidence))
    cells = row(table, "Follow-up, Arm B", "Perceived stress (PSS-10): 0 to 40, higher is worse")
    assert cells[0] == str(rows.count())
    assert cells[2:4] == [f"{rows.mean():.1f}", f"{rows.std(ddof=1):.1f}"]


def test_a_share_at_the_floor_of_under_ten_people_is_withheld(evidence: Evidence) -> None:
    summary = next(each for each in evidence.summaries if each.score.id == "gad7_total")
    assert 0 < summary.n_floor < 10
    (table,) = tables(outcomes(evidence))
    assert cell_text(table.rows[0].cells[4]) == "withheld"


def test_an_arm_in_four_schools_shows_nothing_at_all(snapshot: Snapshot) -> None:
    kept = set(snapshot.schools.index[snapshot.schools["arm"] == "Arm B"][:4])
    people = snapshot.participants
    arm = people["school"].map(snapshot.schools["arm"])
    inside = set(people.index[(arm == "Arm A") | people["school"].isin(kept)])
    small = gather(keep_submissions(snapshot, snapshot.submissions["participant"].isin(inside)))
    (scores,) = tables(outcomes(small))
    assert row(scores, "Follow-up, Arm B") == ["withheld"] * 6
    (answered,) = tables(response(small))
    # With a total beside them both arms go, or one could be worked out from the other.
    assert row(answered, "Arm A", "Follow-up")[3:] == ["withheld"] * 3
    assert not comparisons(small)
    assert any("Too few people" in text for text in effects(small).sentences)
    chart = next(b for b in distribution(small).blocks if isinstance(b, MeansChart))
    assert all(
        math.isnan(point.mean)
        for panel in chart.panels
        for series in panel.series
        if series.arm == "Arm B"
        for point in series.points
    )


def test_the_adjusted_difference_is_arm_b_less_arm_a(evidence: Evidence) -> None:
    (table,) = tables(effects(evidence))
    first = comparisons(evidence)[0]
    assert first.arm == "Arm B"
    means = {each.arm: each.contrast.estimate for each in first.result.adjusted_means}
    assert first.contrast.estimate == pytest.approx(means["Arm B"] - means["Arm A"])
    assert row(table, "Difference")[0] == f"{first.contrast.estimate:.2f}".replace("-", "−")
    assert row(table, "People, Arm A")[0] == str(first.result.arms[0].n)
    assert any("CR2" in text and "Satterthwaite" in text for text in effects(evidence).sentences)
    assert any("total standard deviation" in note for note in table.notes)


def test_unmasked_differences_are_taken_from_the_control_arm(snapshot: Snapshot) -> None:
    masked = comparisons(gather(snapshot))[0]
    named = comparisons(gather(unmasked(snapshot)))[0]
    assert named.arm == "Supervision"
    assert named.contrast.estimate == pytest.approx(-masked.contrast.estimate)


def test_the_smallest_detectable_effect_is_that_of_the_people_analysed(
    evidence: Evidence,
) -> None:
    analysis = evidence.analyses[0]
    result = analysis.result
    assert result is not None
    assert result.icc is not None
    n, j = result.n / result.n_clusters, result.n_clusters
    icc = result.icc.icc
    expected = 2.8 * math.sqrt((icc + (1 - icc) / n) * (1 - analysis.r2) / (j / 4))
    assert detectable(analysis, adjusted=True) == pytest.approx(expected)
    (table,) = tables(power(evidence))
    assert cell_text(table.rows[0].cells[5]) == f"{expected:.2f}"


def test_reliability_is_by_wave_and_labels_our_scale_as_not_validated(
    evidence: Evidence,
) -> None:
    table = tables(measurement(evidence))[0]
    gad = row(table, "Baseline", "GAD-7: GAD-7 total")
    assert 0.5 < float(gad[1]) < 1
    own = [each for each in table.rows if "DSL confidence" in each.group]
    assert own
    assert all("new, not validated" in each.group for each in own)
    standing = [cell_text(each.cells[-1]) for each in measures(evidence).rows]
    assert "New, not validated." in standing


def test_a_score_that_rescales_another_has_no_reliability_of_its_own(evidence: Evidence) -> None:
    ids = {each.score.id for each in evidence.reliabilities}
    assert "dsl_confidence_total" in ids
    assert "dsl_confidence_percent" not in ids


def test_the_comment_rate_stands_before_the_codes(evidence: Evidence) -> None:
    rate, codes = tables(themes(evidence))
    assert "commented" in rate.title
    assert "Codes" in codes.title
    analysed, wrote, share, _ = row(rate, "All arms", "Baseline")
    assert share == f"{100 * int(wrote) / int(analysed):.0f}%"


def test_codes_by_arm_never_let_a_reader_work_out_a_withheld_arm(evidence: Evidence) -> None:
    _, codes = tables(themes(evidence))
    people = [[cell_text(each.cells[place]) for place in (0, 3, 6)] for each in codes.rows]
    assert any("withheld" in cells for cells in people)
    for a, b, total in people:
        if (a == "withheld") != (b == "withheld"):
            assert total == "withheld"
    for each in codes.rows:
        hidden = [cell_text(cell) == "withheld" for cell in each.cells]
        assert hidden[0::3] == hidden[1::3] == hidden[2::3]


def test_a_person_counts_once_for_a_code_however_many_coders_applied_it(
    snapshot: Snapshot,
) -> None:
    again = snapshot.codings.assign(coder="coder-2")
    doubled = replace(snapshot, codings=pd.concat([snapshot.codings, again], ignore_index=True))
    _, once = tables(themes(gather(snapshot)))
    _, twice = tables(themes(gather(doubled)))
    assert once.rows == twice.rows
    assert "2 coders" in " ".join(twice.notes)


def test_comments_that_are_not_released_carry_no_code(snapshot: Snapshot) -> None:
    hidden = replace(snapshot, comments=snapshot.comments.assign(released=False))
    exhibit = themes(gather(hidden))
    assert len(tables(exhibit)) == 1
    assert "No comment has been coded yet." in exhibit.sentences


def test_masked_a_question_asked_of_one_arm_is_nowhere(snapshot: Snapshot) -> None:
    moved = replace(snapshot, comments=snapshot.comments.assign(question="open_supervision"))
    masked = themes(gather(moved))
    assert not masked.blocks
    assert not any("What was supervision like?" in text for text in masked.sentences)
    named = themes(gather(unmasked(moved)))
    assert named.blocks
    assert any("What was supervision like?" in text for text in named.sentences)


def test_sessions_wait_for_unmasking(evidence: Evidence, snapshot: Snapshot) -> None:
    masked = compliance(evidence)
    assert not masked.blocks
    assert "after unmasking" in masked.sentences[0]
    named = unmasked(snapshot)
    table, effect = tables(compliance(gather(named)))
    cells = row(table, "Supervision")
    assert cells[1:4] == [
        str(len(named.sessions)),
        str(int(named.sessions["offered"].sum())),
        str(int(named.sessions["attended"].sum())),
    ]
    assert "comply" in effect.title


def test_a_session_not_on_record_was_planned_all_the_same(snapshot: Snapshot) -> None:
    named = unmasked(snapshot)
    attended = named.sessions[named.sessions["attended"]]
    whole = row(tables(compliance(gather(named)))[0], "Supervision")
    partial = row(tables(compliance(gather(replace(named, sessions=attended))))[0], "Supervision")
    assert (partial[0], partial[1], partial[3:]) == (whole[0], whole[1], whole[3:])


def test_a_headline_over_an_interval_with_nought_claims_nothing(evidence: Evidence) -> None:
    (headline,) = headlines(evidence)
    contrast = comparisons(evidence)[0].contrast
    assert contrast.low < 0 < contrast.high
    assert "do not tell the arms apart" in headline.line
    assert "does not show that there is no effect" in headline.sentences[1]
    assert not re.search(r"significant|effective|works|proves", " ".join(headline.sentences))


def test_a_headline_over_a_clear_interval_says_the_direction_and_the_range() -> None:
    strong = gather(make_snapshot(effect=1.5, follow_up=0.9))
    contrast = comparisons(strong)[0].contrast
    assert contrast.low > 0
    (headline,) = headlines(strong)
    assert headline.line == "Anxiety symptoms (GAD-7), follow-up: higher in Arm B than in Arm A"
    assert f"as small as {contrast.low:.2f}" in headline.sentences[1]


def test_a_headline_on_few_degrees_of_freedom_draws_no_conclusion(evidence: Evidence) -> None:
    analysis = evidence.analyses[0]
    assert analysis.result is not None
    (difference,) = analysis.result.differences
    assert difference.contrast is not None
    weak = replace(difference, contrast=replace(difference.contrast, df=2.5, low=0.1, high=3.0))
    changed = replace(analysis, result=replace(analysis.result, differences=(weak,)))
    (headline,) = headlines(replace(evidence, analyses=(changed, *evidence.analyses[1:])))
    assert "too few schools to judge" in headline.line


def test_limitations_name_low_pairing_the_lockdown_and_late_answers(evidence: Evidence) -> None:
    said = " ".join(limitations(evidence))
    assert "answered every wave" in said
    assert "after the schools were allocated" in said
    assert "First national lockdown" in said
    assert "new, not validated" in said


def test_a_gap_in_response_between_arms_is_a_limitation(
    evidence: Evidence, snapshot: Snapshot
) -> None:
    assert not any("differed between arms" in text for text in limitations(evidence))
    arm = snapshot.submissions["participant"].map(
        snapshot.participants["school"].map(snapshot.schools["arm"])
    )
    lost = (arm == "Arm B") & (np.arange(len(arm)) % 3 == 0)
    uneven = gather(keep_submissions(snapshot, ~lost))
    assert any("differed between arms" in text for text in limitations(uneven))


@pytest.mark.parametrize(
    "stage",
    [
        without_allocation,
        with_baseline_only,
        without_submissions,
        without_comments,
        lambda snapshot: without_allocation(without_submissions(snapshot)),
    ],
)
def test_every_exhibit_has_something_to_say_at_every_stage(snapshot: Snapshot, stage) -> None:
    early = gather(stage(snapshot))
    for make in (
        flow,
        response,
        outcomes,
        effects,
        distribution,
        measurement,
        themes,
        power,
        compliance,
    ):
        exhibit = make(early)
        assert exhibit.sentences or exhibit.blocks, exhibit.id
    assert headlines(early)
    assert limitations(early)


def test_before_follow_up_the_estimate_says_why_there_is_none(snapshot: Snapshot) -> None:
    early = gather(with_baseline_only(snapshot))
    assert headlines(early)[0].line.endswith("no estimate yet")
    assert any("Nobody has submitted" in text for text in effects(early).sentences)


def test_a_figure_drawn_twice_is_the_same_to_the_byte(evidence: Evidence) -> None:
    chart = next(b for b in distribution(evidence).blocks if isinstance(b, MeansChart))
    first = draw_means(chart)
    assert first == draw_means(chart)
    assert "<text" in first
    assert "dc:date" not in first


def test_a_table_refuses_a_row_of_the_wrong_width(evidence: Evidence) -> None:
    (table,) = tables(response(evidence))
    short = replace(table.rows[0], cells=table.rows[0].cells[:2])
    with pytest.raises(ValueError, match="found 2 cells; expected 6"):
        replace(table, rows=(short,))


def test_the_columns_of_one_arm_share_a_heading(evidence: Evidence) -> None:
    _, codes = tables(themes(evidence))
    assert codes.column_groups() == (("Arm A", 3), ("Arm B", 3), ("All arms", 3))
    (scores,) = tables(outcomes(evidence))
    assert scores.column_groups() == ()


def test_the_quality_of_the_answers_is_by_wave_and_never_by_arm(
    evidence: Evidence, snapshot: Snapshot
) -> None:
    exhibit = answers(evidence)
    whole, scales = tables(exhibit)
    assert [each.title for each in whole.rows] == ["Baseline", "Follow-up"]
    shown = [each.title for each in (*whole.rows, *scales.rows)] + [
        column.title for column in (*whole.columns, *scales.columns)
    ]
    assert not any(arm in text for arm in snapshot.study.arms for text in shown)
    done = snapshot.submissions.loc[evidence.populations.scores.index]
    seconds = done.loc[done["wave"] == "baseline", "seconds_per_item"]
    cells = row(whole, "Baseline")
    assert cells[0] == str(len(seconds))
    assert cells[3] == f"{seconds.median():.1f}"
    assert cells[4] == percent(int((seconds < 2).sum()), len(seconds))
    again = answers(gather(unmasked(snapshot)))
    assert tables(again) == [whole, scales]


def test_a_few_copies_are_said_to_be_there_and_not_counted_out(snapshot: Snapshot) -> None:
    twice = snapshot.answers.copy()
    done = snapshot.submissions["submitted_at"].notna()
    first, second = snapshot.submissions.index[done & (snapshot.submissions["wave"] == "baseline")][
        [0, 1]
    ]
    twice.loc[second] = twice.loc[first]
    whole, _ = tables(answers(gather(replace(snapshot, answers=twice))))
    assert row(whole, "Baseline")[5] == "1 to 9"
    assert row(whole, "Follow-up")[5].startswith("0")


def test_answers_shifted_by_one_are_an_alarm_below_the_table(snapshot: Snapshot) -> None:
    shifted = snapshot.answers.copy()
    items = [f"gad7_{n}" for n in range(1, 8)]
    answered = shifted[items] >= 0
    shifted[items] = shifted[items].where(~answered, (shifted[items] + 1).clip(upper=3))
    _, scales = tables(answers(gather(replace(snapshot, answers=shifted))))
    assert any("may be shifted up by one" in note for note in scales.notes)


def test_other_methods_stand_under_the_planned_one(evidence: Evidence) -> None:
    (table,) = tables(sensitivity(evidence))
    primary, *others = [row for row in table.rows if row.group == table.rows[0].group]
    (difference,) = evidence.analyses[0].differences
    assert difference.contrast is not None
    assert primary.cells[0] == Number(difference.contrast.estimate, 2)
    assert [row.title for row in others] == [METHODS[each] for each in METHODS]
    # The randomisation test judges the same coefficient as the planned analysis.
    assert cell_text(others[-1].cells[0]) == cell_text(primary.cells[0])
    assert any("allocations" in note for note in table.notes)


def test_a_plan_without_other_methods_says_so(snapshot: Snapshot) -> None:
    alone = replace(snapshot, plan=snapshot.plan.model_copy(update={"sensitivity": ()}))
    exhibit = sensitivity(gather(alone))
    assert not exhibit.blocks
    assert "the plan names none" in exhibit.sentences[0]


def test_the_effect_among_compliers_is_the_difference_over_the_share_that_complied(
    snapshot: Snapshot,
) -> None:
    analysis = gather(unmasked(snapshot)).analyses[0]
    (effect,) = analysis.compliers
    (difference,) = analysis.differences
    assert effect.result is not None
    assert effect.result.first_stage is not None
    assert difference.contrast is not None
    share = effect.result.first_stage.estimate
    assert 0.0 < share <= 1.0
    assert effect.result.contrast.estimate == pytest.approx(difference.contrast.estimate / share)


def test_other_parts_and_dated_models_stand_apart_from_sessions(snapshot: Snapshot) -> None:
    named = unmasked(snapshot)
    visits = pd.DataFrame(
        [
            {
                "school": school,
                "part": "visit",
                "planned_on": date(2019, 12, 2),
                "offered": True,
                "attended": place < 30,
                "model": "",
            }
            for place, school in enumerate(
                named.schools.index[named.schools["arm"] == "Supervision"]
            )
        ]
    )
    study = replace(
        named.study,
        parts_delivered=(("visit", "Visit to the front door", 1),),
        models_delivered=(
            ModelDelivered("Supervision", "one-to-one", date(2019, 11, 4), date(2020, 3, 20)),
            ModelDelivered("Supervision", "group", date(2020, 3, 21)),
        ),
    )
    with_visits = replace(
        named, study=study, sessions=pd.concat([named.sessions, visits], ignore_index=True)
    )
    before = tables(compliance(gather(named)))[0]
    found = {table.title: table for table in tables(compliance(gather(with_visits)))}
    assert found[before.title].rows == before.rows
    models = found["Models delivered under each arm"]
    assert [[cell_text(cell) for cell in each.cells] for each in models.rows] == [
        ["One-to-one", "4 November 2019", "20 March 2020"],
        ["Group", "21 March 2020", "No end is planned"],
    ]
    (parts,) = found["Other parts of the intervention"].rows
    assert [cell_text(cell) for cell in parts.cells] == ["47", "47", "30"]
