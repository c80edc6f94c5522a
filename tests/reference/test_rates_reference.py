"""Rates by arm, their ratio, and the adjusted difference in rates against R 4.2.2.

Each value is what `rates.R` printed for the table below, made again live where R is there:
clubSandwich 0.5.8 on a Poisson regression with an offset, and estimatr's lm_robust with CR2.
"""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from reports.errors import EstimationError, TableShapeError
from reports.estimates.adjusted_difference import adjusted_difference
from reports.estimates.rates import arm_rate, rate_ratio

HERE = Path(__file__).parent

# R's iterations stop when the deviance no longer changes, about half the digits of a double.
ITERATED = 1e-7
CLOSED_FORM = 1e-8

# Events, months and the rate before of 24 invented schools, control and supervision in turn.
SCHOOLS = (
    (5, 7, 1.0),
    (6, 9, 1.0),
    (24, 9, 4.0),
    (1, 5, 0.5),
    (18, 9, 1.5),
    (25, 9, 3.0),
    (9, 4, 2.0),
    (9, 8, 2.5),
    (9, 4, 3.5),
    (1, 4, 0.0),
    (35, 9, 3.0),
    (4, 7, 2.0),
    (8, 9, 1.0),
    (5, 6, 0.5),
    (1, 9, 0.0),
    (2, 8, 0.0),
    (24, 5, 3.0),
    (8, 5, 1.5),
    (3, 5, 1.5),
    (2, 7, 1.0),
    (3, 5, 1.0),
    (5, 4, 1.0),
    (11, 8, 0.5),
    (0, 4, 2.0),
)
FROM_R = {
    "log_ratio": -0.7030203214098818,
    "se": 0.3851062452202565,
    "rate": 1.8072289156626502,
    "se_of_log_rate": 0.23110445126431342,
    "difference": -0.6006912856353156,
    "difference_se": 0.320323881925986,
    "difference_df": 16.97626079524796,
    "difference_p": 0.07806486832246241,
}


@pytest.fixture
def table() -> pd.DataFrame:
    rows = pd.DataFrame(SCHOOLS, columns=["events", "exposure", "before"])
    rows["school"] = [f"S{number:02d}" for number in range(len(rows))]
    rows["arm"] = ["control", "supervision"] * (len(rows) // 2)
    return rows


def figures(table: pd.DataFrame) -> dict[str, float]:
    control = arm_rate(table, "control")
    ratio = rate_ratio(arm_rate(table, "supervision"), control)
    rates = table.assign(
        rate=table["events"] / table["exposure"],
        arm=pd.Categorical(table["arm"], categories=["control", "supervision"]),
    )
    contrast = adjusted_difference(
        rates,
        outcome="rate",
        baseline="before",
        arm="arm",
        reference="control",
        strata=None,
        cluster="school",
    ).contrast
    assert contrast is not None
    return {
        "log_ratio": math.log(ratio.ratio),
        "se": ratio.se_of_log,
        "rate": control.rate,
        "se_of_log_rate": math.sqrt(control.variance_of_log),
        "difference": contrast.estimate,
        "difference_se": contrast.se,
        "difference_df": contrast.df,
        "difference_p": contrast.p,
    }


def test_agrees_with_the_figures_r_printed(table: pd.DataFrame) -> None:
    assert figures(table) == pytest.approx(FROM_R, abs=ITERATED)


@pytest.mark.r
def test_agrees_with_r_run_now(table: pd.DataFrame, tmp_path: Path, require_r: object) -> None:
    path = tmp_path / "rates.csv"
    table.to_csv(path, index=False)
    answer = subprocess.run(
        [str(require_r), "--vanilla", str(HERE / "rates.R"), str(path)],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert figures(table) == pytest.approx(json.loads(answer.stdout), abs=ITERATED)


def test_welch_s_degrees_of_freedom_and_the_interval_follow_from_the_two_variances(
    table: pd.DataFrame,
) -> None:
    control, supervision = arm_rate(table, "control"), arm_rate(table, "supervision")
    ratio = rate_ratio(supervision, control)
    v, w = supervision.variance_of_log, control.variance_of_log
    assert ratio.df == pytest.approx((v + w) ** 2 / (v**2 / 11 + w**2 / 11), abs=CLOSED_FORM)
    assert math.sqrt(ratio.low * ratio.high) == pytest.approx(ratio.ratio, abs=CLOSED_FORM)
    inverse = rate_ratio(control, supervision)
    assert inverse.ratio == pytest.approx(1 / ratio.ratio, abs=CLOSED_FORM)
    assert inverse.p == pytest.approx(ratio.p, abs=CLOSED_FORM)


def test_schools_without_exposure_change_nothing(table: pd.DataFrame) -> None:
    empty = pd.DataFrame({"events": [0], "exposure": [0], "arm": ["control"], "school": ["S99"]})
    assert arm_rate(pd.concat([table, empty]), "control") == arm_rate(table, "control")


def test_without_events_there_is_a_rate_and_no_ratio(table: pd.DataFrame) -> None:
    none = arm_rate(table.assign(events=0), "control")
    assert (none.rate, none.n_clusters) == (0.0, 12)
    assert math.isnan(none.low)
    with pytest.raises(EstimationError, match="events in two clusters"):
        rate_ratio(arm_rate(table, "supervision"), none)


def test_a_count_that_is_missing_or_negative_is_refused(table: pd.DataFrame) -> None:
    for wrong in (-1, math.nan):
        with pytest.raises(TableShapeError, match="missing or negative"):
            arm_rate(table.assign(events=wrong), "control")
