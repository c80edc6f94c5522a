"""Scoring against an independent calculation in R on 48 invented people.

Every expected figure was computed with R 4.2.2 and psych 2.2.9; the call stands beside it. The
data are in `worked_example.csv`: the seven GAD-7 answers at two waves, written as digits, so they
are read as text (a leading zero is an answer).
"""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from databases import missing

from instruments.catalogue import load_catalogue
from instruments.model import Instrument
from scoring.change import is_case, reliable_change
from scoring.reliability import alpha
from scoring.retest import icc_test_retest
from scoring.scales import bands, score
from scoring.simulate import GRADED_ITEMS, simulate_answers

GAD7 = load_catalogue()["gad7"]
TOTAL = GAD7.score("gad7_total")

CLOSED_FORM: Final = 1e-8
"""Alpha, correlations, means and ICCs are sums and ratios: only rounding parts two programs."""

QUANTILE: Final = 1e-6
"""Intervals go through a quantile of F, which the programs find by iteration."""

AS_PRINTED: Final = 6e-8
"""ICC limits were noted to seven decimals: half a unit of the last one, and a little."""

CONTROL, INTERVENTION = 0, 1

PACKAGE_MISSING: Final = 3


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    path = Path(__file__).with_name("worked_example.csv")
    return pd.read_csv(path, dtype={"t0": str, "t1": str}).set_index("id")


def answers(people: pd.DataFrame, wave: str) -> pd.DataFrame:
    digits = np.array([[int(digit) for digit in text] for text in people[wave]], dtype=np.int8)
    return pd.DataFrame(digits, columns=[item.id for item in GAD7.items], index=people.index)


def totals(people: pd.DataFrame, wave: str) -> pd.Series:
    return score(answers(people, wave), GAD7).values["gad7_total"]


@pytest.mark.parametrize(
    ("wave", "arm", "mean", "sd"),
    [
        # aggregate(y ~ arm, d, function(x) c(mean(x), sd(x)))
        ("t0", CONTROL, 8.730769231, 5.087692540),
        ("t0", INTERVENTION, 7.454545455, 4.469231027),
        ("t0", None, 8.145833333, 4.806863813),
        ("t1", CONTROL, 7.423076923, 3.920949649),
        ("t1", INTERVENTION, 5.772727273, 4.128089817),
        ("t1", None, 6.666666667, 4.059836142),
    ],
)
def test_means_and_sds_by_arm(
    people: pd.DataFrame, wave: str, arm: int | None, mean: float, sd: float
) -> None:
    values = totals(people, wave)
    chosen = values if arm is None else values[people["arm"] == arm]
    assert chosen.mean() == pytest.approx(mean, abs=CLOSED_FORM)
    assert chosen.std(ddof=1) == pytest.approx(sd, abs=CLOSED_FORM)


def test_correlation_of_the_waves(people: pd.DataFrame) -> None:
    # cor(y0, y1)
    found = totals(people, "t0").corr(totals(people, "t1"))
    assert found == pytest.approx(0.6567025708, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("wave", "expected"),
    # psych::alpha(items)$total$raw_alpha
    [("t0", 0.84936789), ("t1", 0.8458835341)],
)
def test_alpha(people: pd.DataFrame, wave: str, expected: float) -> None:
    found = alpha(answers(people, wave), TOTAL, GAD7)
    assert (found.n, found.k, found.findings) == (48, 7, ())
    assert found.alpha == pytest.approx(expected, abs=CLOSED_FORM)


def test_feldt_interval_of_alpha(people: pd.DataFrame) -> None:
    # 1 - (1 - a) * qf(c(.975, .025), n - 1, (n - 1) * (k - 1))
    found = alpha(answers(people, "t0"), TOTAL, GAD7)
    assert found.low == pytest.approx(0.7739245744, abs=QUANTILE)
    assert found.high == pytest.approx(0.9064086707, abs=QUANTILE)


def test_item_rest_correlations(people: pd.DataFrame) -> None:
    # psych::alpha(items)$item.stats$r.drop
    found = alpha(answers(people, "t0"), TOTAL, GAD7).item_rest
    assert found.tolist() == pytest.approx(
        [
            0.5681911452,
            0.6761698272,
            0.7409546959,
            0.6704714499,
            0.4969269930,
            0.5222739411,
            0.6014637122,
        ],
        abs=CLOSED_FORM,
    )


def test_alpha_if_an_item_is_dropped(people: pd.DataFrame) -> None:
    # psych::alpha(items)$alpha.drop$raw_alpha
    found = alpha(answers(people, "t0"), TOTAL, GAD7).alpha_if_dropped
    assert found.tolist() == pytest.approx(
        [
            0.8343078759,
            0.8194987775,
            0.8078376031,
            0.8190461175,
            0.8460174354,
            0.8411449986,
            0.8295360994,
        ],
        abs=CLOSED_FORM,
    )


def test_measurement_error(people: pd.DataFrame) -> None:
    # sd(y0) * sqrt(1 - alpha), and 1.96 * sqrt(2) times it
    found = alpha(answers(people, "t0"), TOTAL, GAD7)
    assert found.sem == pytest.approx(1.865608869, abs=CLOSED_FORM)
    assert found.mdc == pytest.approx(5.171203956, abs=CLOSED_FORM)


def test_test_retest_correlations_of_the_controls(people: pd.DataFrame) -> None:
    # psych::ICC(cbind(y0, y1)[arm == 0, ], lmer = FALSE): rows Single_random_raters (ICC(2,1),
    # called ICC(A,1) here) and Single_fixed_raters (ICC(3,1), called ICC(C,1))
    controls = people["arm"] == CONTROL
    found = icc_test_retest(totals(people, "t0")[controls], totals(people, "t1")[controls])
    assert found.n == 26
    assert found.absolute.value == pytest.approx(0.6850792731, abs=CLOSED_FORM)
    assert found.absolute.low == pytest.approx(0.4112440, abs=AS_PRINTED)
    assert found.absolute.high == pytest.approx(0.8454201, abs=AS_PRINTED)
    assert found.consistency.value == pytest.approx(0.7057200388, abs=CLOSED_FORM)
    assert found.consistency.low == pytest.approx(0.4442689, abs=AS_PRINTED)
    assert found.consistency.high == pytest.approx(0.8563980, abs=AS_PRINTED)


@pytest.mark.parametrize(
    ("arm", "counts"),
    # table(cut(y0, c(-1, 4, 9, 14, 21)), arm)
    [(CONTROL, [5, 12, 4, 5]), (INTERVENTION, [7, 8, 5, 2])],
)
def test_bands_at_the_first_wave(people: pd.DataFrame, arm: int, counts: list[int]) -> None:
    labels = bands(totals(people, "t0")[people["arm"] == arm], TOTAL)
    assert labels.value_counts(sort=False).to_dict() == dict(
        zip(["Minimal", "Mild", "Moderate", "Severe"], counts, strict=True)
    )


@pytest.mark.parametrize(
    ("wave", "arm", "cases"),
    # tapply(y >= 8, arm, sum)
    [
        ("t0", CONTROL, 13),
        ("t0", INTERVENTION, 10),
        ("t1", CONTROL, 14),
        ("t1", INTERVENTION, 9),
    ],
)
def test_caseness_at_eight(people: pd.DataFrame, wave: str, arm: int, cases: int) -> None:
    cut_point = next(cut for cut in TOTAL.cut_points if cut.value == 8)
    assert is_case(totals(people, wave), cut_point)[people["arm"] == arm].sum() == cases


@pytest.mark.parametrize(
    ("arm", "improved", "worsened"),
    # tapply(y1 - y0 <= -4, arm, sum); tapply(y1 - y0 >= 4, arm, sum)
    [(CONTROL, 8, 2), (INTERVENTION, 7, 2)],
)
def test_change_of_four_points(
    people: pd.DataFrame, arm: int, improved: int, worsened: int
) -> None:
    labels = reliable_change(totals(people, "t0"), totals(people, "t1"), TOTAL)
    counts = labels[people["arm"] == arm].value_counts()
    assert (counts["improved"], counts["worsened"]) == (improved, worsened)


@pytest.mark.r
def test_agrees_with_psych_run_now_on_a_scale_with_reversed_items(
    tmp_path: Path, require_r: str
) -> None:
    printed, pss10, waves = _in_r(tmp_path, require_r)
    found = alpha(waves[0], pss10.scores[0], pss10)
    totals_of = [score(wave, pss10).values["pss10_total"] for wave in waves]
    assert found.alpha == pytest.approx(printed["alpha"], abs=CLOSED_FORM)
    assert (found.low, found.high) == pytest.approx(tuple(printed["interval"]), abs=QUANTILE)
    assert found.item_rest.tolist() == pytest.approx(printed["item_rest"], abs=CLOSED_FORM)
    assert found.alpha_if_dropped.tolist() == pytest.approx(
        printed["alpha_if_dropped"], abs=CLOSED_FORM
    )
    assert found.sd == pytest.approx(printed["sd"], abs=CLOSED_FORM)
    retest = icc_test_retest(*totals_of)
    for icc, (point, low, high) in (
        (retest.absolute, printed["absolute"]),
        (retest.consistency, printed["consistency"]),
    ):
        assert icc.value == pytest.approx(point, abs=CLOSED_FORM)
        assert (icc.low, icc.high) == pytest.approx((low, high), abs=QUANTILE)


def _in_r(folder: Path, rscript: str) -> tuple[dict[str, Any], Instrument, list[pd.DataFrame]]:
    """Two waves of simulated PSS-10 answers, and what psych makes of them."""
    pss10, rng = load_catalogue()["pss10"], np.random.default_rng(77)
    latent = rng.standard_normal(150)
    waves = [
        simulate_answers(latent + shift, pss10, GRADED_ITEMS["pss10"], rng=rng)
        for shift in (0.0, 0.4)
    ]
    waves[0].to_csv(folder / "items.csv", index=False)
    scored = {str(n): score(wave, pss10).values["pss10_total"] for n, wave in enumerate(waves)}
    pd.DataFrame(scored).to_csv(folder / "totals.csv", index=False)
    ran = subprocess.run(
        [
            rscript,
            "--vanilla",
            str(Path(__file__).with_name("reliability.R")),
            "items.csv",
            "totals.csv",
            ",".join(pss10.scores[0].reversed),
            "4",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if ran.returncode == PACKAGE_MISSING:
        missing(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), pss10, waves
