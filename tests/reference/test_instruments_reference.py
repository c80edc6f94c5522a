"""Every instrument against a worked score: published, or added up by hand beside the call.

The rows are item answers in the order asked, as the values stored. The sums are written out, so
that a reader can check them without running anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED
from scoring.change import is_case
from scoring.scales import bands, score

CATALOGUE = load_catalogue()

ROUNDED_PERCENTAGES = 0.005
"""Published to two decimals."""


def answers(name: str, *rows: Sequence[int]) -> pd.DataFrame:
    columns = [item.id for item in CATALOGUE[name].items]
    return pd.DataFrame(np.array(rows, dtype=np.int8), columns=columns)


def scored(name: str, *rows: Sequence[int]) -> pd.DataFrame:
    return score(answers(name, *rows), CATALOGUE[name]).values


ELEVEN = [3, 1, 0, 2, 3, 1, 2, 0, 1, 3, 2]

HAND_COMPUTED = [
    # 1 + 2 + 3 + 0 + 1 + 2 + 3
    ("gad7", [1, 2, 3, 0, 1, 2, 3], {"gad7_total": 12}),
    # 2 + 3
    ("gad2", [2, 3], {"gad2_total": 5}),
    # 1 + 2 + 3 + 0 + 1 + 2 + 3 + 1 + 0; the difficulty item, 3, is not added
    ("phq9", [1, 2, 3, 0, 1, 2, 3, 1, 0, 3], {"phq9_total": 13}),
    # 1 + 2 + 3 + 0 + 1 + 2 + 3 + 1
    ("phq8", [1, 2, 3, 0, 1, 2, 3, 1], {"phq8_total": 13}),
    # 1 + 3
    ("phq2", [1, 3], {"phq2_total": 4}),
    # 1 + 2 and 3 + 1
    ("phq4", [1, 2, 3, 1], {"phq4_total": 7, "phq4_anxiety": 3, "phq4_depression": 4}),
    # 3 + 2 + 4 + (4-1) + (4-2) + 3 + (4-0) + (4-3) + 2 + 1
    ("pss10", [3, 2, 4, 1, 2, 3, 0, 3, 2, 1], {"pss10_total": 25}),
    # 2 + (4-1) + (4-2) + 1
    ("pss4", [2, 1, 2, 1], {"pss4_total": 8}),
    # D items 3 5 10 13 16 17 21: (0+3+3+0+1+2+1) x 2; A items 2 4 7 9 15 19 20:
    # (1+2+2+1+0+0+1) x 2; S items 1 6 8 11 12 14 18: (3+1+0+2+1+2+3) x 2
    (
        "dass21",
        [3, 1, 0, 2, 3, 1, 2, 0, 1, 3, 2, 1, 0, 2, 0, 1, 2, 3, 0, 1, 1],
        {"dass21_depression": 20, "dass21_anxiety": 14, "dass21_stress": 24},
    ),
    # 0 + 1 + 2 + 3 + 4 + 1
    ("k6", [0, 1, 2, 3, 4, 1], {"k6_total": 11}),
    # 0 + 1 + 2 + 3 + 4 + 1 + 0 + 2 + 3 + 4, and 10 more on answers from 1 to 5
    ("k10", [0, 1, 2, 3, 4, 1, 0, 2, 3, 4], {"k10_total": 20, "k10_total_from_10": 30}),
    # (100+75+50+25+0+50)/6; (100+75+50+(100-25)+0+50+75)/7; (0+25+50+75+100+50)/6
    (
        "cbi",
        [100, 75, 50, 25, 0, 50, 100, 75, 50, 25, 0, 50, 75, 0, 25, 50, 75, 100, 50],
        {"cbi_personal": 50, "cbi_work": 425 / 7, "cbi_client": 50},
    ),
    ("hse_job_stress", [4], {"hse_job_stress": 4}),
    # BO: (6-1)+(6-4) + 3+5 + (6-5)+(6-2) + 4+1+1 + (6-4); CS: 3+1+1+3+5+2+4+2+4+5 over items
    # 3 6 12 16 18 20 22 24 27 30; STS: 2+5+2+4+1+3+4+3+5+3 over 2 5 7 9 11 13 14 23 25 28
    (
        "proqol5",
        [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 1, 3, 4, 5, 3, 2, 5, 4, 2, 1, 4, 3, 2, 5, 1, 4, 3, 4, 5],
        {
            "proqol5_burnout": 28,
            "proqol5_compassion_satisfaction": 30,
            "proqol5_secondary_traumatic_stress": 32,
        },
    ),
    (
        "ons4",
        [7, 8, 6, 3],
        {
            "ons4_satisfaction_score": 7,
            "ons4_worthwhile_score": 8,
            "ons4_happy_score": 6,
            "ons4_anxious_score": 3,
        },
    ),
    # (3+4+2+5+3+4+4+3)/8 = 28/8, and (3.5 - 1) x 25
    (
        "dsl_confidence_short",
        [3, 4, 2, 5, 3, 4, 4, 3],
        {"dsl_confidence_short_total": 3.5, "dsl_confidence_short_percent": 62.5},
    ),
    # 5 + 4 + 3 + 0 + 2 = 14, x 4
    ("who5", [5, 4, 3, 0, 2], {"who5_raw": 14, "who5_percent": 56}),
    # 4 + 3 + 2 + 1 + 4 + 3 + 2 + 1 + 4 + 3
    ("gse", [4, 3, 2, 1, 4, 3, 2, 1, 4, 3], {"gse_total": 27}),
    # (5 + (6-2) + 4 + (6-1) + 3 + (6-4)) / 6 = 23 / 6
    ("brs", [5, 2, 4, 1, 3, 4], {"brs_mean": 23 / 6}),
    # 1 + (4-3) + (4-2) + 0 + 1 + 0 + 4 + 2 + 3 + 1
    ("core10", [1, 3, 2, 0, 1, 0, 4, 2, 3, 1], {"core10_total": 15}),
    ("elo_stress", [2], {"elo_stress": 2}),
    ("burnout_single_item", [3], {"burnout_single_item": 3}),
    # anxiety-contentment: ((7-2)+(7-3)+(7-1)+4+5+6)/6; the other: ((7-1)+(7-1)+(7-2)+5+4+3)/6
    (
        "warr1990",
        [2, 3, 1, 4, 5, 6, 1, 1, 2, 5, 4, 3],
        {"warr1990_anxiety_contentment": 5, "warr1990_depression_enthusiasm": 29 / 6},
    ),
    # tense 3 + worried 2 + uneasy 4; depressed 1 + gloomy 5 + miserable 1
    (
        "wers2011",
        [3, 1, 2, 5, 4, 1],
        {"wers2011_anxiety": 9, "wers2011_depression": 7},
    ),
    # 3 + 4 + 3 + 2 + 4 + 5 + 3 = 24, whose row of the table says 21.54
    ("swemwbs", [3, 4, 3, 2, 4, 5, 3], {"swemwbs_raw": 24, "swemwbs_metric": 21.54}),
    # 14 items of 3, two of them 5
    ("wemwbs", [3] * 12 + [5, 5], {"wemwbs_total": 46}),
    # 0+1+2+3+0+1+2+3+0+1+2+3; on 0-0-1-1: six answers of 2 or 3
    ("ghq12", [0, 1, 2, 3] * 3, {"ghq12_likert": 18, "ghq12_bimodal": 6}),
    # odd items 3+2+1+0+3+2+1; even items 0+1+2+3+0+1+2
    (
        "hads",
        [3, 0, 2, 1, 1, 2, 0, 3, 3, 0, 2, 1, 1, 2],
        {"hads_anxiety": 12, "hads_depression": 9},
    ),
    # items 1 2 3 6 8 13 14 16 20 are 6, the others 1: 9 x 6, 5 x 1, 8 x 1
    (
        "mbi_hss",
        [6 if n in (1, 2, 3, 6, 8, 13, 14, 16, 20) else 1 for n in range(1, 23)],
        {
            "mbi_hss_emotional_exhaustion": 54,
            "mbi_hss_depersonalisation": 5,
            "mbi_hss_personal_accomplishment": 8,
        },
    ),
    # 8 + 4 + 0 + 2 + 6
    ("wsas", [8, 4, 0, 2, 6], {"wsas_total": 20}),
    # items 2 3 6 10 13 are 5, 1 5 7 9 12 14 17 are 2, 4 8 11 15 16 are 3: 25, 14, 15, 54
    (
        "stss",
        [2, 5, 5, 3, 2, 5, 2, 3, 2, 5, 3, 2, 5, 2, 3, 3, 2],
        {"stss_intrusion": 25, "stss_avoidance": 14, "stss_arousal": 15, "stss_total": 54},
    ),
    # items 1 2 5: (6+5+4)/3; 3 4 7: (3+3+0)/3; 6 8 9: (1+2+0)/3; all: 24/9
    (
        "uwes9",
        [6, 5, 3, 3, 4, 1, 0, 2, 0],
        {"uwes9_vigour": 5, "uwes9_dedication": 2, "uwes9_absorption": 1, "uwes9_total": 24 / 9},
    ),
]


@pytest.mark.parametrize(
    ("name", "row", "expected"), HAND_COMPUTED, ids=[name for name, _, _ in HAND_COMPUTED]
)
def test_scores_add_up_as_by_hand(name, row, expected):
    found = scored(name, row).iloc[0]
    assert found[list(expected)].to_dict() == pytest.approx(expected, abs=1e-12)


def test_every_instrument_is_scored_here_or_beside():
    here = {name for name, _, _ in HAND_COMPUTED}
    assert set(CATALOGUE) - here == {"dsl_confidence", "hse_msit", "wers2004"}


MSIT_KEY = {
    # Health and Safety Executive; items of scales marked - are turned, 6 - x
    "hse_msit_demands": ((3, 6, 9, 12, 16, 18, 20, 22), "-"),
    "hse_msit_control": ((2, 10, 15, 19, 25, 30), "+"),
    "hse_msit_managerial_support": ((8, 23, 29, 33, 35), "+"),
    "hse_msit_peer_support": ((7, 24, 27, 31), "+"),
    "hse_msit_relationships": ((5, 14, 21, 34), "-"),
    "hse_msit_role": ((1, 4, 11, 13, 17), "+"),
    "hse_msit_change": ((26, 28, 32), "+"),
}


def test_a_high_score_of_the_hse_tool_is_a_good_one_on_all_seven_scales():
    instrument = CATALOGUE["hse_msit"]
    for name, (numbers, sign) in MSIT_KEY.items():
        rule = instrument.score(name)
        assert rule.items == tuple(f"hse_msit_{n}" for n in numbers)
        assert rule.reversed == (rule.items if sign == "-" else ())
        assert rule.direction == "higher_is_better"
    assert sorted(n for numbers, _ in MSIT_KEY.values() for n in numbers) == list(range(1, 36))
    turned = {n for numbers, sign in MSIT_KEY.values() if sign == "-" for n in numbers}
    best = [1 if n in turned else 5 for n in range(1, 36)]
    found = scored("hse_msit", best, [6 - x for x in best], list(range(1, 6)) * 7)
    assert found.iloc[0].tolist() == [5] * 7
    assert found.iloc[1].tolist() == [1] * 7
    # demands, items 3 6 9 12 16 18 20 22: 6 minus 3 1 4 2 1 3 5 2, (3+5+2+4+5+3+1+4) / 8
    assert found.loc[2, "hse_msit_demands"] == 27 / 8


# https://pmc.ncbi.nlm.nih.gov/articles/PMC6881898/table/T1: per cent always, often, sometimes,
# seldom, never (or to a very high … very low degree), 300 doctors
CBI_PERCENTAGES = {
    "cbi_personal": [
        (22.33, 37.33, 35.00, 4.67, 0.67),
        (17.33, 45.00, 29.67, 6.67, 1.33),
        (21.00, 26.33, 32.67, 16.00, 4.00),
        (6.00, 16.33, 39.67, 22.00, 16.00),
        (11.67, 28.00, 36.33, 16.67, 7.33),
        (5.33, 22.00, 35.67, 29.67, 7.33),
    ],
    "cbi_work": [
        (25.00, 31.33, 29.00, 10.67, 4.00),
        (18.33, 26.00, 30.33, 16.67, 8.67),
        (8.33, 16.67, 38.33, 23.33, 13.33),
        (8.00, 18.67, 22.67, 33.33, 17.33),
        (12.33, 26.00, 37.67, 17.33, 6.67),
        (10.33, 17.33, 34.67, 25.67, 12.00),
        (13.67, 18.67, 37.67, 22.00, 8.00),
    ],
}


def three_hundred_doctors(scale: str) -> pd.DataFrame:
    """People whose answers have the published percentages; the mean does not ask who is who."""
    cbi = CATALOGUE["cbi"]
    table = pd.DataFrame(
        np.full((300, len(cbi.items)), NOT_ANSWERED, dtype=np.int8),
        columns=[item.id for item in cbi.items],
    )
    for number, shares in enumerate(CBI_PERCENTAGES[scale], start=1):
        counts = np.rint(np.array(shares) * 3).astype(int)
        assert counts.sum() == 300
        table[f"{scale}_{number}"] = np.repeat([100, 75, 50, 25, 0], counts).astype(np.int8)
    return table


@pytest.mark.parametrize(("scale", "mean"), [("cbi_personal", 57.22), ("cbi_work", 54.44)])
def test_published_percentages_of_the_cbi_give_the_published_means(scale, mean):
    found = score(three_hundred_doctors(scale), CATALOGUE["cbi"]).values[scale]
    assert found.mean() == pytest.approx(mean, abs=ROUNDED_PERCENTAGES)


def test_the_cbi_mean_is_another_when_the_energy_item_is_not_turned():
    cbi = CATALOGUE["cbi"]
    assert cbi.score("cbi_work").reversed == ("cbi_work_4",)
    forgotten = cbi.model_copy(
        update={"scores": (cbi.score("cbi_work").model_copy(update={"reversed": ()}),)}
    )
    found = score(three_hundred_doctors("cbi_work"), forgotten).values["cbi_work"]
    # (65.67 + 57.17 + 45.83 + 41.67 + 55.00 + 47.08 + 52.00) / 7, the fourth being the energy item
    assert found.mean() == pytest.approx(364.42 / 7, abs=ROUNDED_PERCENTAGES)


@pytest.mark.parametrize(
    ("raw", "metric"),
    [(7, 7.00), (8, 9.51), (14, 15.32), (21, 19.25), (23, 20.73), (30, 27.03), (35, 35.00)],
)
def test_the_metric_score_of_the_swemwbs_is_the_tables(raw, metric):
    row = [1 + (raw - 7) // 7 + (n < (raw - 7) % 7) for n in range(7)]
    assert sum(row) == raw
    assert scored("swemwbs", row).loc[0, "swemwbs_metric"] == metric


def test_the_table_of_the_swemwbs_has_29_rising_rows_from_7_to_35():
    table = CATALOGUE["swemwbs"].score("swemwbs_metric").transform.values
    assert len(table) == 29
    assert (table[0], table[-1]) == (7.0, 35.0)
    assert (np.diff(table) > 0).all()


# 2.77 is 1.96 times the square root of 2; the standard error of measurement was printed as 1.03,
# the threshold as 2.87, each to two decimals
def test_the_change_threshold_of_the_swemwbs_is_its_error_of_measurement():
    points = CATALOGUE["swemwbs"].score("swemwbs_metric").reliable_change.points
    assert points == pytest.approx(2.77 * 1.03, abs=2.77 * 0.005 + 0.005)


def test_the_change_threshold_of_the_wemwbs_is_that_of_the_larger_error_of_measurement():
    points = CATALOGUE["wemwbs"].score("wemwbs_total").reliable_change.points
    assert points == pytest.approx(2.77 * 3.1)


def test_both_published_sets_of_dass_bands_agree_but_for_one_sum_of_anxiety():
    """Doubled, a sum of 5 on anxiety is 10, moderate; the halved table prints 4-5 as mild."""
    # https://pmc.ncbi.nlm.nih.gov/articles/PMC10560014/table/tbl1: lowest sums before doubling
    unmultiplied = {
        "dass21_depression": [0, 5, 7, 11, 14],
        "dass21_anxiety": [0, 4, 6, 8, 10],
        "dass21_stress": [0, 8, 10, 13, 17],
    }
    sums = np.arange(22)
    differ = []
    for name, lows in unmultiplied.items():
        doubled = bands(pd.Series(2.0 * sums), CATALOGUE["dass21"].score(name)).cat.codes
        halved = np.searchsorted(lows, sums, side="right") - 1
        differ += [(name, int(n)) for n in sums[doubled.to_numpy() != halved]]
    assert differ == [("dass21_anxiety", 5)]


def test_k10_on_0_to_40_and_on_10_to_50_differ_by_ten_and_the_bands_go_with_the_latter():
    rows = np.random.default_rng(5).integers(0, 5, (40, 10))
    found = scored("k10", *rows)
    assert (found["k10_total_from_10"] - found["k10_total"]).eq(10).all()
    k10 = CATALOGUE["k10"]
    assert k10.score("k10_total").bands == ()
    edges = pd.Series([10, 15, 16, 21, 22, 29, 30, 50.0])
    labels = bands(edges, k10.score("k10_total_from_10")).tolist()
    assert labels == ["Low"] * 2 + ["Moderate"] * 2 + ["High"] * 2 + ["Very high"] * 2


@pytest.mark.parametrize(
    ("word", "percentages", "mean", "sd"),
    [
        # all, most, some of the time, occasionally, never: per cent, WERS 2004
        ("tense", (4, 15, 42, 27, 12), 2.72, 0.99),
        ("calm", (3, 30, 29, 27, 11), 2.87, 1.06),
        ("worried", (2, 10, 35, 32, 21), 2.40, 0.99),
        ("uneasy", (2, 8, 28, 33, 29), 2.21, 1.01),
        ("content", (5, 33, 30, 22, 11), 2.99, 1.09),
    ],
)
def test_published_percentages_of_wers_2004_give_the_means_in_its_definition(
    word, percentages, mean, sd
):
    instrument = CATALOGUE["wers2004"]
    name = f"wers2004_{word}"
    people = np.repeat([5, 4, 3, 2, 1], percentages)
    table = answers("wers2004", *([value] * 6 for value in people))
    found = score(table, instrument).values[f"{name}_score"]
    assert (found.mean(), found.std(ddof=0)) == pytest.approx((mean, sd), abs=0.0051)
    (norm,) = [each for each in instrument.norms if each.score == f"{name}_score"]
    assert (norm.mean, norm.sd) == (mean, sd)


def test_relaxed_of_wers_2004_has_no_norm_as_its_published_row_is_a_misprint():
    assert "wers2004_relaxed_score" not in {n.score for n in CATALOGUE["wers2004"].norms}


@pytest.mark.parametrize(
    ("name", "rule", "lows", "highest"),
    [
        ("gad7", "gad7_total", [0, 5, 10, 15], 21),
        ("phq9", "phq9_total", [0, 5, 10, 15, 20], 27),
        ("phq4", "phq4_total", [0, 3, 6, 9], 12),
        ("phq8", "phq8_total", [0, 5, 10, 15, 20], 24),
        ("pss10", "pss10_total", [0, 14, 27], 40),
        ("k6", "k6_total", [0, 5, 13], 24),
        ("dass21", "dass21_depression", [0, 10, 14, 21, 28], 42),
        ("dass21", "dass21_anxiety", [0, 8, 10, 15, 20], 42),
        ("dass21", "dass21_stress", [0, 15, 19, 26, 34], 42),
        ("proqol5", "proqol5_burnout", [10, 23, 42], 50),
        ("proqol5", "proqol5_compassion_satisfaction", [10, 23, 42], 50),
        ("proqol5", "proqol5_secondary_traumatic_stress", [10, 23, 42], 50),
        ("hads", "hads_anxiety", [0, 8, 11], 21),
        ("wsas", "wsas_total", [0, 10, 21], 40),
        ("ons4", "ons4_satisfaction_score", [0, 5, 7, 9], 10),
        ("ons4", "ons4_anxious_score", [0, 2, 4, 6], 10),
    ],
)
def test_each_band_begins_at_its_published_cut(name, rule, lows, highest):
    found = CATALOGUE[name].score(rule)
    assert [band.low for band in found.bands] == lows
    whole = pd.Series(range(lows[0], highest + 1), dtype=float)
    codes = bands(whole, found).cat.codes
    assert codes.tolist() == (np.searchsorted(lows, whole, side="right") - 1).tolist()


@pytest.mark.parametrize(
    ("mean", "label"),
    [
        (1, "Low"),
        (2.99, "Low"),
        (2.9999, "Low"),
        (3, "Normal"),
        (4.3, "Normal"),
        (4.305, "High"),
        (4.31, "High"),
        (5, "High"),
    ],
)
def test_no_mean_of_the_brs_falls_between_two_bands(mean, label):
    assert bands(pd.Series([float(mean)]), CATALOGUE["brs"].score("brs_mean")).tolist() == [label]


def test_the_pss4_is_made_of_items_2_4_5_and_10_of_the_pss10():
    pss4 = CATALOGUE["pss4"]
    assert [item.same_as for item in pss4.items] == ["pss10_2", "pss10_4", "pss10_5", "pss10_10"]
    assert pss4.score("pss4_total").reversed == ("pss4_2", "pss4_3")
    texts = {item.id: item.text for item in CATALOGUE["pss10"].items}
    assert [item.text for item in pss4.items] == [texts[item.same_as] for item in pss4.items]


def test_item_1_of_the_dass21_is_stress_and_the_three_scales_share_no_item():
    dass = CATALOGUE["dass21"]
    keys = {
        # https://www.phnupdates.com/2022/10/how-to-process-dass-21-scale.html
        "dass21_stress": (1, 6, 8, 11, 12, 14, 18),
        "dass21_anxiety": (2, 4, 7, 9, 15, 19, 20),
        "dass21_depression": (3, 5, 10, 13, 16, 17, 21),
    }
    for name, numbers in keys.items():
        assert dass.score(name).items == tuple(f"dass21_{n}" for n in numbers)


def test_item_14_of_the_proqol_is_not_item_10_again():
    texts = {item.id: item.text for item in CATALOGUE["proqol5"].items}
    assert texts["proqol5_10"] == "I feel trapped by my job as a helper."
    assert texts["proqol5_14"] == (
        "I feel as though I am experiencing the trauma of someone I have helped."
    )


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        # Stamm (2010), as copies in public source code have it
        ("proqol5_compassion_satisfaction", (3, 6, 12, 16, 18, 20, 22, 24, 27, 30)),
        ("proqol5_burnout", (1, 4, 8, 10, 15, 17, 19, 21, 26, 29)),
        ("proqol5_secondary_traumatic_stress", (2, 5, 7, 9, 11, 13, 14, 23, 25, 28)),
    ],
)
def test_each_scale_of_the_proqol_has_its_ten_items(name, numbers):
    rule = CATALOGUE["proqol5"].score(name)
    assert rule.items == tuple(f"proqol5_{n}" for n in numbers)
    turned = {1, 4, 15, 17, 29} if name == "proqol5_burnout" else set()
    assert set(rule.reversed) == {f"proqol5_{n}" for n in turned}


@pytest.mark.parametrize(
    ("name", "rule", "value", "is_one"),
    [
        ("gad2", "gad2_total", 2, False),
        ("gad2", "gad2_total", 3, True),
        ("hse_job_stress", "hse_job_stress", 3, False),
        ("hse_job_stress", "hse_job_stress", 4, True),
        ("burnout_single_item", "burnout_single_item", 3, True),
        ("core10", "core10_total", 11, True),
        ("cbi", "cbi_work", 49.9, False),
        ("cbi", "cbi_work", 50, True),
        ("who5", "who5_percent", 52, False),
        ("who5", "who5_percent", 50, True),
        ("who5", "who5_raw", 12, True),
        ("who5", "who5_raw", 13, False),
    ],
)
def test_cases_are_counted_from_the_published_cut_on(name, rule, value, is_one):
    cut_point = CATALOGUE[name].score(rule).cut_points[0]
    assert is_case(pd.Series([float(value)]), cut_point).tolist() == [is_one]


def test_the_cbi_has_three_scores_and_no_total():
    scales = [set(rule.items) for rule in CATALOGUE["cbi"].scores]
    assert [len(items) for items in scales] == [6, 7, 6]
    assert len(set().union(*scales)) == 19


def test_ons4_has_four_scores_and_no_total():
    assert [len(rule.items) for rule in CATALOGUE["ons4"].scores] == [1, 1, 1, 1]


def test_no_wemwbs_table_is_applied_to_the_long_form():
    assert [rule.transform for rule in CATALOGUE["wemwbs"].scores] == [None]
