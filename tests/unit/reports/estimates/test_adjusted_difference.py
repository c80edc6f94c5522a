from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.errors import TableShapeError
from reports.estimates.adjusted_difference import AdjustedDifference, adjusted_difference


def people(
    seed: int = 1,
    *,
    arms: tuple[str, ...] = ("control", "supervision"),
    schools: int = 12,
    effect: float = -2.0,
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, schools)
    school = np.repeat(np.arange(schools), sizes)
    arm = np.array(arms)[school % len(arms)]
    baseline = rng.normal(8.0, 4.0, len(school))
    y = 3.0 + 0.5 * baseline + rng.normal(0, 1.5, schools)[school] + rng.normal(0, 3, len(school))
    return pd.DataFrame(
        {
            "y1": y + effect * (arm != "control"),
            "y0": baseline,
            "arm": arm,
            "la": np.array(["Bolton", "Bury", "Wigan"])[school // 4 % 3],
            "school": [f"S{each:03}" for each in school],
        }
    )


def analysed(table: pd.DataFrame, **changes: Any) -> AdjustedDifference:
    settings: dict[str, Any] = {
        "outcome": "y1",
        "baseline": "y0",
        "arm": "arm",
        "reference": "control",
        "strata": "la",
        "cluster": "school",
    }
    return adjusted_difference(table, **{**settings, **changes})


def messages(result: AdjustedDifference, severity: str) -> str:
    return "\n".join(each.message for each in result.findings if each.severity == severity)


def assert_nothing_was_estimated(result: AdjustedDifference) -> None:
    assert result.contrast is None
    assert result.effect_sizes is None
    assert all(each.contrast is None for each in result.differences)
    assert result.adjusted_means == ()
    assert result.icc is None
    assert (result.n, result.n_clusters) == (0, 0)


def test_names_the_model_and_the_method() -> None:
    result = analysed(people())
    assert result.formula == "y1 ~ arm + y0 + la"
    assert "CR2" in result.method
    assert "Satterthwaite" in result.method
    assert "school" in result.method
    assert analysed(people(), baseline=None, strata=None).formula == "y1 ~ arm"


def test_takes_the_difference_from_the_reference_arm() -> None:
    down, up = analysed(people()), analysed(people(), reference="supervision")
    assert down.contrast is not None
    assert up.contrast is not None
    assert (down.differences[0].arm, down.differences[0].reference) == ("supervision", "control")
    assert (up.differences[0].arm, up.differences[0].reference) == ("control", "supervision")
    assert down.contrast.estimate == pytest.approx(-up.contrast.estimate, rel=1e-10)
    assert down.contrast.p == pytest.approx(up.contrast.p, rel=1e-8)
    assert down.contrast.low == pytest.approx(-up.contrast.high, rel=1e-8)


def test_gives_adjusted_means_whose_difference_is_the_difference() -> None:
    result = analysed(people())
    control, supervision = result.adjusted_means
    assert (control.arm, supervision.arm) == ("control", "supervision")
    assert result.contrast is not None
    assert supervision.contrast.estimate - control.contrast.estimate == pytest.approx(
        result.contrast.estimate, rel=1e-10
    )
    for each in result.adjusted_means:
        assert each.contrast.low < each.contrast.estimate < each.contrast.high


def test_gives_plain_means_as_adjusted_means_where_there_are_no_covariates() -> None:
    table = people()
    result = analysed(table, baseline=None, strata=None)
    means = table.groupby("arm")["y1"].mean()
    for each in result.adjusted_means:
        assert each.contrast.estimate == pytest.approx(means[each.arm], rel=1e-10)


def test_compares_each_of_several_arms_with_the_reference() -> None:
    table = people(arms=("control", "one_to_one", "group"), schools=18)
    result = analysed(table)
    assert [each.arm for each in result.differences] == ["group", "one_to_one"]
    assert [each.arm for each in result.adjusted_means] == ["control", "group", "one_to_one"]
    assert result.contrast is None, "no single difference stands for several"
    for each in result.differences:
        assert each.contrast is not None
        assert each.effect_sizes is not None
        assert each.reference == "control"


def test_keeps_the_order_of_categories_for_several_arms() -> None:
    table = people(arms=("control", "one_to_one", "group"), schools=18)
    order = ["one_to_one", "unused", "control", "group"]
    table["arm"] = pd.Categorical(table["arm"], categories=order)
    table["la"] = pd.Categorical(table["la"], categories=["Leeds", "Bolton", "Bury", "Wigan"])
    result = analysed(table)
    assert [each.arm for each in result.arms] == ["control", "one_to_one", "group"]
    assert [each.arm for each in result.differences] == ["one_to_one", "group"]
    assert messages(result, "warning") == "", "a stratum no one is in is not a term"


def test_counts_who_is_left_out_by_arm_and_first_reason() -> None:
    table = people()
    control = table.index[table["arm"] == "control"]
    table.loc[control[0], ["y1", "y0"]] = np.nan
    table.loc[control[1], "y0"] = np.nan
    table.loc[control[2], "la"] = None
    table.loc[control[3], ["school", "y1"]] = None
    table.loc[table.index[table["arm"] == "supervision"][0], "arm"] = None
    result = analysed(table)
    counts = {each.arm: each for each in result.arms}
    assert counts["control"].without_outcome == 1
    assert counts["control"].without_baseline == 1
    assert counts["control"].without_stratum == 1
    assert counts["control"].without_school == 1
    assert counts["control"].n_rows == counts["control"].n + 4
    assert counts["supervision"].n_rows == counts["supervision"].n
    assert result.n_without_arm == 1
    assert result.n == len(table) - 5
    notes = messages(result, "note")
    assert "1 person left out: not allocated to an arm" in notes
    assert "1 without the outcome, 1 without the baseline score" in notes


def test_gives_the_same_as_the_complete_people_alone() -> None:
    table = people()
    gaps = table.copy()
    gaps.loc[[3, 8], "y0"] = np.nan
    with_gaps, alone = analysed(gaps), analysed(table.drop(index=[3, 8]))
    assert with_gaps.contrast == alone.contrast
    assert with_gaps.effect_sizes == alone.effect_sizes


def test_leaves_the_table_as_it_was() -> None:
    table = people()
    before = table.copy(deep=True)
    analysed(table)
    pd.testing.assert_frame_equal(table, before)


def test_says_that_one_arm_cannot_be_compared() -> None:
    result = analysed(people().query("arm == 'control'"))
    assert_nothing_was_estimated(result)
    assert "everyone is in one arm, control" in messages(result, "error")
    assert result.differences == ()


def test_says_that_no_one_is_in_the_reference_arm() -> None:
    result = analysed(people(), reference="waiting list")
    assert_nothing_was_estimated(result)
    assert "no one is in waiting list" in messages(result, "error")


def test_says_that_no_one_was_allocated() -> None:
    for table in (people().assign(arm=None), people().iloc[:0]):
        result = analysed(table)
        assert_nothing_was_estimated(result)
        assert "no one's school was allocated" in messages(result, "error")


@pytest.mark.parametrize(("kept", "said"), [(1, "1 school "), (2, "2 schools ")])
def test_says_that_an_arm_has_too_few_schools(kept: int, said: str) -> None:
    table = people()
    supervised = table.loc[table["arm"] == "supervision", "school"].unique()
    result = analysed(table[~table["school"].isin(supervised[kept:])])
    assert_nothing_was_estimated(result)
    error = messages(result, "error")
    assert f"supervision cannot be compared: it has {said}" in error
    assert "fewer than 3" in error
    assert result.differences[0].arm == "supervision"


def test_compares_the_other_arms_when_one_has_too_few_schools() -> None:
    table = people(arms=("control", "one_to_one", "group"), schools=18)
    few = table.loc[table["arm"] == "group", "school"].unique()[1:]
    table = table[~table["school"].isin(few)]
    result = analysed(table)
    found = {each.arm: each.contrast for each in result.differences}
    assert found["group"] is None
    assert found["one_to_one"] is not None
    assert "group cannot be compared" in messages(result, "error")
    assert [each.arm for each in result.adjusted_means] == ["control", "one_to_one"]
    assert result.n == int((table["arm"] != "group").sum())
    assert found["one_to_one"] == analysed(table[table["arm"] != "group"]).contrast


def test_says_that_the_outcome_does_not_vary() -> None:
    table = people().assign(y1=4.0)
    result = analysed(table)
    assert_nothing_was_estimated(result)
    assert f"all {len(table)} people analysed have the same outcome, 4" in messages(result, "error")


@pytest.mark.parametrize(("column", "said"), [("y0", "the baseline score"), ("y1", "the outcome")])
def test_says_that_a_score_is_missing_for_everyone(column: str, said: str) -> None:
    result = analysed(people().assign(**{column: np.nan}))
    assert_nothing_was_estimated(result)
    error = messages(result, "error")
    assert f"{said} is missing for everyone" in error
    assert "y1 ~ arm + y0 + la" in error
    assert error.count("\n") == 0, "one cause, one sentence"


def test_says_that_strata_and_arms_cannot_be_told_apart() -> None:
    table = people()
    table["la"] = table["arm"].map({"control": "Bolton", "supervision": "Bury"})
    result = analysed(table)
    assert result.contrast is None
    assert "do not tell arm supervision apart" in messages(result, "error")
    assert "Only one arm is left in 2 of 2 strata (Bolton, Bury)" in messages(result, "note")
    assert result.adjusted_means == ()


def test_leaves_out_a_constant_covariate_and_names_it() -> None:
    table = people()
    result = analysed(table.assign(y0=5.0))
    assert "y0 was left out of the model" in messages(result, "warning")
    plain = analysed(table, baseline=None)
    assert result.contrast is not None
    assert plain.contrast is not None
    assert result.contrast.estimate == pytest.approx(plain.contrast.estimate, rel=1e-10)
    assert result.contrast.df == pytest.approx(plain.contrast.df, rel=1e-10)


def test_notes_strata_in_which_only_one_arm_is_left() -> None:
    table = people()
    table = table[(table["la"] != "Wigan") | (table["arm"] == "control")]
    result = analysed(table)
    assert result.contrast is not None
    assert "Only one arm is left in 1 of 3 strata (Wigan)" in messages(result, "note")


def test_estimates_with_one_school_alone_in_its_stratum() -> None:
    table = people()
    table.loc[table["school"] == "S004", "la"] = "Leeds"
    result = analysed(table)
    assert result.contrast is not None
    assert np.isfinite(result.contrast.p)


def test_estimates_with_one_person_a_school_and_says_what_that_leaves_out() -> None:
    table = people(schools=40).drop_duplicates("school")
    result = analysed(table)
    assert result.contrast is not None
    sizes = result.effect_sizes
    assert sizes is not None
    assert (sizes.within_conditional, sizes.within_unconditional) == (None, None)
    # One person a school: the variance of everybody's scores, by its textbook formula.
    assert sizes.total_unconditional.estimate == pytest.approx(
        result.contrast.estimate / table["y1"].std(ddof=1)
    )
    assert result.icc is None
    assert "No school has two people" in messages(result, "note")


def test_warns_when_a_comparison_rests_on_few_degrees_of_freedom() -> None:
    result = analysed(people(3, schools=6), strata=None)
    assert result.contrast is not None
    assert result.contrast.df < 4
    assert "not to be relied on" in messages(result, "warning")


def test_notes_that_schools_do_not_differ() -> None:
    table = people(schools=20)
    rng = np.random.default_rng(9)
    table["y1"] = rng.permutation(table["y1"].to_numpy())
    table["y1"] -= table.groupby("school")["y1"].transform("mean")
    result = analysed(table)
    assert result.icc is not None
    assert result.icc.is_singular
    assert "variance between schools is estimated as 0" in messages(result, "note")


def test_says_that_too_few_people_are_left_for_the_model() -> None:
    table = people(schools=6).drop_duplicates("school")
    table["la"] = table["school"]
    result = analysed(table)
    assert result.contrast is None
    assert "6 people for 6 coefficients" in messages(result, "error")


def test_reads_whole_numbers_that_may_be_missing() -> None:
    table = people()
    table["y1"] = table["y1"].round()
    whole = table.assign(y1=table["y1"].astype("Int64"))
    whole.loc[2, "y1"] = pd.NA
    assert analysed(whole).contrast == analysed(table.drop(index=2)).contrast


def test_passes_the_confidence_on_to_every_interval() -> None:
    usual, wide = analysed(people()), analysed(people(), confidence=0.99)
    assert usual.contrast is not None
    assert wide.contrast is not None
    assert usual.effect_sizes is not None
    assert wide.effect_sizes is not None
    assert wide.contrast.low < usual.contrast.low
    assert wide.effect_sizes.total_unconditional.low < usual.effect_sizes.total_unconditional.low
    assert wide.adjusted_means[0].contrast.low < usual.adjusted_means[0].contrast.low
    assert wide.confidence == 0.99


def test_refuses_a_school_in_two_arms() -> None:
    table = people()
    table.loc[table.index[table["school"] == "S001"][0], "school"] = "S002"
    with pytest.raises(TableShapeError, match="school S002 in two arms"):
        analysed(table)


def test_refuses_a_table_without_the_columns() -> None:
    with pytest.raises(TableShapeError, match=r"found columns .*; expected gad7, sex among them"):
        analysed(people(), outcome="gad7", baseline="sex")


def test_refuses_text_where_a_score_should_be() -> None:
    with pytest.raises(TableShapeError, match=r"table, y0: found .* expected numbers"):
        analysed(people().assign(y0="5"))
