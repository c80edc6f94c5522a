"""The estimates that stand beside the primary one, against R 4.2.2.

R's figures are of `estimates_beside.R`, which has the calls: lmerTest 3.1-3, pbkrtest 0.5.2,
clubSandwich 0.5.8, estimatr 1.0.0, mice 3.15.0. The rows of the real trial are not shipped: R
writes them from the package, so that what rests on them runs only where R is.
"""

from __future__ import annotations

import json
import subprocess
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from reports.estimates.cluster_means import difference_of_cluster_means
from reports.estimates.complier_effect import complier_effect
from reports.estimates.joint_test import joint_test
from reports.estimates.mixed import fit_random_intercept
from reports.estimates.pooling import pool
from reports.estimates.randomisation_test import randomisation_test
from reports.estimates.regression import Contrast, fit_clustered

HERE = Path(__file__).parent
CLOSED_FORM = 1e-8
# lme4 stops its search when the deviance no longer changes, and lmerTest differentiates
# numerically.
LME4_FIXED = 1e-5
LMERTEST_DF_SHARE = 1e-4
PBKRTEST_DF_SHARE = 1e-5

EXAMPLE: dict[str, dict[str, float]] = {
    "satterthwaite": {
        "estimate": -0.947046420532949,
        "se": 0.917994671657708,
        "df": 17.6866443002258,
        "p": 0.316139327532112,
    },
    "kenward_roger": {
        "estimate": -0.947046420532949,
        "se": 0.929153116082506,
        "df": 16.8879275170598,
        "p": 0.322461127564023,
    },
    "joint": {
        "statistic": 1.011559351723,
        "numerator": 3,
        "denominator": 9.38298193550485,
        "p": 0.430080640954936,
    },
    "two_stages": {
        "estimate": -1.94173140096618,
        "se": 1.92260516739936,
        "df": 16.2095465838682,
        "p": 0.327359322944892,
        "first_stage_f": 32.9600724356834,
    },
    "means": {
        "estimate": -0.675013395684154,
        "se": 0.886469795725422,
        "df": 19,
        "p": 0.455729102453721,
    },
    "exact": {"coefficient": -0.959635034498039, "n": 160000, "p": 0.33785},
    "pooled": {
        "estimate": 0.39,
        "within": 0.022,
        "between": 0.00975,
        "total": 0.0337,
        "df": 8.05200471632073,
    },
}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    table = pd.read_csv(HERE / "worked_example.csv", dtype={"t0": str, "t1": str})
    totals = {
        f"y{wave}": table[f"t{wave}"].map(lambda each: float(sum(map(int, each))))
        for wave in (0, 1)
    }
    return table.assign(**totals)


def covariates(people: pd.DataFrame) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    strata = [people["la"] == each for each in (2, 3, 4)]
    columns = np.column_stack([np.ones(len(people)), people["y0"], *strata]).astype(float)
    return columns, ("intercept", "y0", "la 2", "la 3", "la 4")


def with_arm(people: pd.DataFrame) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    columns, terms = covariates(people)
    return np.column_stack([columns, people["arm"]]), (*terms, "arm")


def last(k: int) -> NDArray[np.float64]:
    return np.append(np.zeros(k - 1), 1.0)


def agrees(found: Contrast, expected: dict[str, float], **tolerance: float) -> None:
    for name in ("estimate", "se", "p"):
        assert getattr(found, name) == pytest.approx(
            expected[name], abs=tolerance.get("fixed", CLOSED_FORM)
        )
    share = tolerance.get("df", CLOSED_FORM)
    assert found.df == pytest.approx(expected["df"], rel=share)


def test_gives_kenward_and_rogers_error_and_degrees_of_freedom(people: pd.DataFrame) -> None:
    columns, terms = with_arm(people)
    fit = fit_random_intercept(people["y1"], columns, people["school"], terms=terms)
    arm = fit.contrast(last(len(terms)))
    agrees(arm, EXAMPLE["kenward_roger"], fixed=LME4_FIXED, df=PBKRTEST_DF_SHARE)


def test_gives_satterthwaites_degrees_of_freedom_of_the_mixed_model(people: pd.DataFrame) -> None:
    columns, terms = with_arm(people)
    fit = fit_random_intercept(people["y1"], columns, people["school"], terms=terms)
    arm = fit.contrast(last(len(terms)), degrees_of_freedom="satterthwaite")
    agrees(arm, EXAMPLE["satterthwaite"], fixed=LME4_FIXED, df=LMERTEST_DF_SHARE)


def test_gives_the_joint_test_of_the_strata(people: pd.DataFrame) -> None:
    columns, terms = with_arm(people)
    fit = fit_clustered(people["y1"], columns, people["school"], terms=terms, kind="CR2")
    found = joint_test(fit, np.eye(len(terms))[2:5])
    expected = EXAMPLE["joint"]
    assert found.statistic == pytest.approx(expected["statistic"], abs=CLOSED_FORM)
    assert found.numerator_df == expected["numerator"]
    assert found.denominator_df == pytest.approx(expected["denominator"], abs=CLOSED_FORM)
    assert found.p == pytest.approx(expected["p"], abs=CLOSED_FORM)


def test_gives_the_effect_among_compliers(people: pd.DataFrame) -> None:
    columns, terms = covariates(people)
    found = complier_effect(
        people["y1"],
        columns,
        people["school"],
        terms=terms,
        received=(people["sessions"] >= 5).astype(float),
        offered=people["arm"],
    )
    agrees(found.contrast, EXAMPLE["two_stages"])
    assert found.first_stage_f == pytest.approx(EXAMPLE["two_stages"]["first_stage_f"], rel=1e-9)


def test_gives_the_t_test_in_which_each_school_counts_once(people: pd.DataFrame) -> None:
    columns, terms = covariates(people)
    found = difference_of_cluster_means(
        people["y1"], columns, people["school"], terms=terms, in_arm=people["arm"] == 1
    )
    agrees(found, EXAMPLE["means"])


def of_example(people: pd.DataFrame, **choices: Any) -> Any:
    columns, terms = covariates(people)
    strata = {la: sorted(set(each)) for la, each in people.groupby("la")["school"]}
    return randomisation_test(
        people["y1"],
        columns,
        list(people["school"]),
        terms=terms,
        treated=sorted(set(people.loc[people["arm"] == 1, "school"])),
        strata=strata,
        rng=np.random.default_rng(1),
        **choices,
    )


def test_counts_every_allocation_of_the_design(people: pd.DataFrame) -> None:
    found = of_example(people)
    assert found.is_exact
    assert found.n_allocations == found.n_compared == EXAMPLE["exact"]["n"] == comb(6, 3) ** 4
    assert found.coefficient == pytest.approx(EXAMPLE["exact"]["coefficient"], abs=CLOSED_FORM)
    assert found.p == EXAMPLE["exact"]["p"]


def test_draws_allocations_when_there_are_too_many_to_count(people: pd.DataFrame) -> None:
    found = of_example(people, countable=1000, draws=20_000)
    assert not found.is_exact
    assert (found.n_allocations, found.n_compared) == (160_000, 20_000)
    assert found.low < EXAMPLE["exact"]["p"] < found.high
    assert found.high - found.low < 0.02


def test_pools_imputed_tables_as_mice_does() -> None:
    expected = EXAMPLE["pooled"]
    found = pool(
        [0.31, 0.45, 0.28, 0.52, 0.39], [0.021, 0.025, 0.019, 0.023, 0.022], complete_df=18
    )
    assert found.contrast.estimate == pytest.approx(expected["estimate"], abs=CLOSED_FORM)
    assert found.within_variance == pytest.approx(expected["within"], abs=CLOSED_FORM)
    assert found.between_variance == pytest.approx(expected["between"], abs=CLOSED_FORM)
    assert found.contrast.se**2 == pytest.approx(expected["total"], abs=CLOSED_FORM)
    assert found.contrast.df == pytest.approx(expected["df"], abs=CLOSED_FORM)


def printed(require_r: object, script: str, *arguments: Path) -> dict[str, Any]:
    answer = subprocess.run(
        [str(require_r), "--vanilla", str(HERE / script), *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.r
def test_agrees_with_r_run_now_on_the_example_and_on_a_real_school_trial(
    tmp_path: Path, require_r: object
) -> None:
    path = tmp_path / "rows.csv"
    printed(require_r, "achievement_awards.R", path)
    live = printed(require_r, "estimates_beside.R", HERE / "worked_example.csv", path)
    for name in ("joint", "two_stages", "means", "exact", "pooled"):
        assert live[name] == pytest.approx(EXAMPLE[name], abs=CLOSED_FORM)
    for name in ("satterthwaite", "kenward_roger"):
        assert live["mixed"][name] == pytest.approx(EXAMPLE[name], abs=LME4_FIXED)
    rows = pd.read_csv(path)
    y, schools = rows["Bagrut_status"], rows["school_id"]
    lagscore = rows["lagscore"]
    plain = np.column_stack([np.ones(len(rows)), lagscore])
    terms = ("intercept", "lagscore")
    scaled = (lagscore - lagscore.mean()) / lagscore.std()

    fit = fit_random_intercept(
        y,
        np.column_stack([np.ones(len(rows)), scaled, rows["treated"]]),
        schools,
        terms=(*terms, "treated"),
    )
    for name, df in (
        ("satterthwaite", LMERTEST_DF_SHARE),
        ("kenward_roger", PBKRTEST_DF_SHARE),
    ):
        arm = fit.contrast((0.0, 0.0, 1.0), degrees_of_freedom=name)  # type: ignore[arg-type]
        agrees(arm, live["mixed_awards"][name], fixed=LME4_FIXED, df=df)

    found = complier_effect(
        y,
        plain,
        schools,
        terms=terms,
        received=rows["treated"] * (schools % 4 != 0),
        offered=rows["treated"],
    )
    agrees(found.contrast, live["two_stages_awards"])
    assert found.first_stage_f == pytest.approx(
        live["two_stages_awards"]["first_stage_f"], rel=CLOSED_FORM
    )
    agrees(
        difference_of_cluster_means(y, plain, schools, terms=terms, in_arm=rows["treated"] == 1),
        live["means_awards"],
    )

    thirds = pd.Series(pd.factorize(schools, sort=True)[0] + 1) % 3
    pairs = sorted(set(rows["pair"]))[1:]
    design = np.column_stack(
        [plain, *(rows["pair"] == each for each in pairs), thirds == 1, thirds == 2]
    ).astype(float)
    names = (*terms, *(f"pair {each}" for each in pairs), "third 1", "third 2")
    clustered = fit_clustered(y, design, schools, terms=names, kind="CR2")
    joint = joint_test(clustered, np.eye(len(names))[-2:])
    expected = live["joint_awards"]
    assert joint.statistic == pytest.approx(expected["statistic"], abs=CLOSED_FORM)
    assert joint.denominator_df == pytest.approx(expected["denominator"], abs=CLOSED_FORM)
    assert joint.p == pytest.approx(expected["p"], abs=CLOSED_FORM)
