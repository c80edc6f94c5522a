"""The 48 people of the worked example against R 4.2.2.

Each value stands beside the R call that gave it. `data` is worked_example.csv with y0 and y1 the
digit sums of t0 and t1 and la a factor; packages lme4 1.1-31, clubSandwich 0.5.8, sandwich,
psych 2.2.9. `worked_example.R` makes most of them again, live, where R is there.
"""

from __future__ import annotations

import csv
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from reports.estimates.adjusted_difference import adjusted_difference
from reports.estimates.effect_size import cluster_effect_sizes, hedges_g
from reports.estimates.mixed import RandomInterceptFit, fit_random_intercept, icc, icc_anova
from reports.estimates.regression import ClusteredFit, Correction, fit_clustered, t_contrast

HERE = Path(__file__).parent

# Closed forms agree as far as the digits R printed or doubles reach.
CLOSED_FORM = 1e-8
# Values written down with ten figures, some of them of size 5 to 130.
PRINTED = 1e-7
# Values written down with six decimals.
SIX_DECIMALS = 5e-7
# lme4 stops its search when the deviance no longer changes, which leaves the variances, and all
# that hangs on them, with fewer digits than a root of the slope has.
LME4_FIXED = 1e-5
LME4_VARIANCE_SHARE = 1e-4
# The deviance is flat at its best point, so its value is known far better than the place.
LME4_LOG_LIKELIHOOD = 1e-7


class R(NamedTuple):
    """A figure and the call that printed it."""

    value: float
    call: str


def digit_sum(answers: pd.Series) -> NDArray[np.float64]:
    return np.array([sum(int(digit) for digit in each) for each in answers], dtype=np.float64)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    table = pd.read_csv(HERE / "worked_example.csv", dtype={"t0": str, "t1": str})
    return table.assign(y0=digit_sum(table["t0"]), y1=digit_sum(table["t1"]))


TERMS = ("intercept", "arm", "y0", "la 2", "la 3", "la 4")
ARM = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
BASELINE = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def design(people: pd.DataFrame) -> NDArray[np.float64]:
    strata = [people["la"] == each for each in (2, 3, 4)]
    return np.column_stack([np.ones(48), people["arm"], people["y0"], *strata]).astype(float)


def clustered(people: pd.DataFrame, kind: Correction) -> ClusteredFit:
    return fit_clustered(people["y1"], design(people), people["school"], terms=TERMS, kind=kind)


def mixed(people: pd.DataFrame, criterion: str = "REML") -> RandomInterceptFit:
    return fit_random_intercept(
        people["y1"],
        design(people),
        people["school"],
        terms=TERMS,
        criterion="REML" if criterion == "REML" else "ML",
    )


@pytest.mark.parametrize(
    ("wave", "arm", "mean", "sd"),
    [
        ("y0", 0, R(8.730769231, "mean(y0[arm == 0])"), R(5.087692540, "sd(y0[arm == 0])")),
        ("y0", 1, R(7.454545455, "mean(y0[arm == 1])"), R(4.469231027, "sd(y0[arm == 1])")),
        ("y0", None, R(8.145833333, "mean(y0)"), R(4.806863813, "sd(y0)")),
        ("y1", 0, R(7.423076923, "mean(y1[arm == 0])"), R(3.920949649, "sd(y1[arm == 0])")),
        ("y1", 1, R(5.772727273, "mean(y1[arm == 1])"), R(4.128089817, "sd(y1[arm == 1])")),
        ("y1", None, R(6.666666667, "mean(y1)"), R(4.059836142, "sd(y1)")),
    ],
)
def test_reads_the_scores_whose_means_and_deviations_r_gives(
    people: pd.DataFrame, wave: str, arm: int | None, mean: R, sd: R
) -> None:
    scores = people.loc[people["arm"] == arm, wave] if arm is not None else people[wave]
    assert scores.mean() == pytest.approx(mean.value, abs=CLOSED_FORM)
    assert scores.std(ddof=1) == pytest.approx(sd.value, abs=CLOSED_FORM)


def test_has_the_people_and_schools_of_the_example(people: pd.DataFrame) -> None:
    assert people.groupby("arm").size().to_dict() == {0: 26, 1: 22}
    assert people.groupby("arm")["school"].nunique().to_dict() == {0: 12, 1: 12}
    assert people["y0"].corr(people["y1"]) == pytest.approx(
        R(0.6567025708, "cor(y0, y1)").value, abs=CLOSED_FORM
    )


def test_gives_hedges_g_with_the_exact_factor(people: pd.DataFrame) -> None:
    treated, control = (people.loc[people["arm"] == arm, "y1"] for arm in (1, 0))
    found = hedges_g(treated, control)
    d = R(-0.4108578054, "(mean(y1[arm==1]) - mean(y1[arm==0])) / pooled sd")
    g = R(-0.4041162687, "d * gamma(46/2) / (sqrt(46/2) * gamma(45/2))")
    assert found.d == pytest.approx(d.value, abs=CLOSED_FORM)
    assert found.g == pytest.approx(g.value, abs=CLOSED_FORM)


def test_gives_the_limits_of_the_standardised_difference_by_the_noncentral_t(
    people: pd.DataFrame,
) -> None:
    treated, control = (people.loc[people["arm"] == arm, "y1"] for arm in (1, 0))
    found = hedges_g(treated, control)
    call = "s <- sqrt(1/22 + 1/26); s * uniroot(function(n) pt(d/s, 46, n) - {}, c(-9, 9))$root"
    low, high = R(-0.98258416, call.format(0.975)), R(0.16523094, call.format(0.025))
    # R's pt is good to about eight figures with a noncentrality.
    assert found.low == pytest.approx(low.value, abs=PRINTED)
    assert found.high == pytest.approx(high.value, abs=PRINTED)


def test_gives_the_least_squares_ancova(people: pd.DataFrame) -> None:
    fit = clustered(people, "CR0")
    call = "summary(lm(y1 ~ arm + y0 + la, data))"
    arm = fit.contrast(ARM)
    assert arm.estimate == pytest.approx(R(-0.9596350345, call).value, abs=CLOSED_FORM)
    assert fit.contrast(BASELINE).estimate == pytest.approx(
        R(0.5417729643, call).value, abs=CLOSED_FORM
    )
    unscaled = np.linalg.inv(design(people).T @ design(people))
    classical = np.sqrt(fit.residual_variance * unscaled[1, 1])
    assert classical == pytest.approx(R(0.9088610323, call).value, abs=CLOSED_FORM)
    assert fit.residual_df == 42
    p = t_contrast(estimate=arm.estimate, se=float(classical), df=42, confidence=0.95).p
    assert p == pytest.approx(R(0.2970655753, call).value, abs=CLOSED_FORM)


def test_gives_the_cluster_robust_error_on_residual_degrees_of_freedom(
    people: pd.DataFrame,
) -> None:
    arm = clustered(people, "CR1S").contrast(ARM, degrees_of_freedom="residual")
    call = "lmtest::coeftest(m, sandwich::vcovCL(m, cluster = ~school, type = 'HC1'), df = 42)"
    assert arm.se == pytest.approx(R(0.936485961, call).value, abs=CLOSED_FORM)
    assert arm.df == 42
    assert arm.statistic == pytest.approx(R(-1.02472, call).value, abs=5e-6)
    assert arm.p == pytest.approx(R(0.311362, call).value, abs=SIX_DECIMALS)


CLUBSANDWICH = "coef_test(lm(y1 ~ arm + y0 + la), vcovCR(., data$school, type = '{}'))"


@pytest.mark.parametrize(
    ("kind", "se", "df", "p"),
    [
        ("CR0", 0.866633124021168, 16.7241086413582, 0.283830898810736),
        ("CR1", 0.885272527913851, 16.7241086413582, 0.293745639724929),
        ("CR1S", 0.936485960639078, 16.7241086413582, 0.320090197956261),
        ("CR2", 1.01360442661053, 16.2095465838682, 0.357664785140846),
    ],
)
def test_gives_clubsandwich_errors_with_satterthwaite_degrees_of_freedom(
    people: pd.DataFrame, kind: Correction, se: float, df: float, p: float
) -> None:
    arm = clustered(people, kind).contrast(ARM)
    call = CLUBSANDWICH.format(kind)
    assert arm.se == pytest.approx(R(se, call).value, abs=CLOSED_FORM)
    assert arm.df == pytest.approx(R(df, call).value, abs=CLOSED_FORM)
    assert arm.p == pytest.approx(R(p, call).value, abs=CLOSED_FORM)


def test_gives_clubsandwich_errors_where_every_school_is_in_one_stratum(
    people: pd.DataFrame,
) -> None:
    call = "coef_test(lm(y1 ~ arm + y0), vcovCR(., data$school, type = 'CR2'))"
    result = adjusted_difference(
        people.assign(arm=people["arm"].map({0: "control", 1: "supervision"}), la="only"),
        outcome="y1",
        baseline="y0",
        arm="arm",
        reference="control",
        strata="la",
        cluster="school",
    )
    assert result.contrast is not None
    assert result.contrast.estimate == pytest.approx(
        R(-0.959649421877203, call).value, abs=CLOSED_FORM
    )
    assert result.contrast.se == pytest.approx(R(0.92870583357122, call).value, abs=CLOSED_FORM)
    assert result.contrast.df == pytest.approx(R(19.2343551824885, call).value, abs=CLOSED_FORM)
    assert result.contrast.p == pytest.approx(R(0.314272948261344, call).value, abs=CLOSED_FORM)
    assert [each for each in result.findings if each.severity != "note"] == []


def test_gives_the_same_primary_estimate_through_the_table_as_through_the_arrays(
    people: pd.DataFrame,
) -> None:
    result = adjusted_difference(
        people.assign(arm=people["arm"].map({0: "control", 1: "supervision"})),
        outcome="y1",
        baseline="y0",
        arm="arm",
        reference="control",
        strata="la",
        cluster="school",
    )
    arm = clustered(people, "CR2").contrast(ARM)
    assert result.contrast is not None
    assert result.contrast.estimate == pytest.approx(arm.estimate, abs=1e-12)
    assert result.contrast.se == pytest.approx(arm.se, abs=1e-12)
    assert result.contrast.df == pytest.approx(arm.df, abs=1e-10)
    assert (result.n, result.n_clusters) == (48, 24)


def test_gives_the_mixed_model_by_reml(people: pd.DataFrame) -> None:
    fit = mixed(people)
    call = "lmer(y1 ~ arm + y0 + la + (1 | school), data)"
    assert fit.coefficient("arm") == pytest.approx(R(-0.9470464205, call).value, abs=LME4_FIXED)
    assert fit.standard_error("arm") == pytest.approx(R(0.9179946717, call).value, abs=LME4_FIXED)
    assert fit.between_variance == pytest.approx(
        R(0.1556061024, f"VarCorr({call})").value, rel=LME4_VARIANCE_SHARE
    )
    assert fit.within_variance == pytest.approx(
        R(9.346978268, f"VarCorr({call})").value, rel=LME4_VARIANCE_SHARE
    )
    assert fit.log_likelihood == pytest.approx(
        R(-116.4433507, f"logLik({call})").value, abs=LME4_LOG_LIKELIHOOD
    )
    assert not fit.is_singular


def test_reports_the_boundary_fit_by_ml_and_does_not_crash(people: pd.DataFrame) -> None:
    fit = mixed(people, "ML")
    call = "lmer(y1 ~ arm + y0 + la + (1 | school), data, REML = FALSE)"
    assert fit.is_singular
    assert fit.between_variance == R(0.0, f"VarCorr({call})").value
    assert fit.log_likelihood == pytest.approx(
        R(-118.8844305, f"logLik({call})").value, abs=LME4_LOG_LIKELIHOOD
    )
    assert fit.coefficient("arm") == pytest.approx(-0.9596350345, abs=CLOSED_FORM)


def test_gives_the_likelihood_ratio_of_the_arm_by_ml(people: pd.DataFrame) -> None:
    without_arm = fit_random_intercept(
        people["y1"],
        np.delete(design(people), 1, axis=1),
        people["school"],
        terms=tuple(each for each in TERMS if each != "arm"),
        criterion="ML",
    )
    ratio = 2.0 * (mixed(people, "ML").log_likelihood - without_arm.log_likelihood)
    assert ratio == pytest.approx(R(1.2575, "anova(without, with)").value, abs=5e-5)
    assert stats.chi2.sf(ratio, 1) == pytest.approx(
        R(0.26212, "anova(without, with)").value, abs=5e-6
    )


@pytest.mark.parametrize(
    ("wave", "between", "within", "share"),
    [
        ("y1", 1.461772553, 15.06816299, 0.08843183623),
        ("y0", 8.652583989, 14.81331682, 0.3687301015),
    ],
)
def test_gives_the_unconditional_intraclass_correlations(
    people: pd.DataFrame, wave: str, between: float, within: float, share: float
) -> None:
    found = icc(people[wave], people["school"])
    call = f"VarCorr(lmer({wave} ~ 1 + (1 | school), data))"
    assert found.between_variance == pytest.approx(R(between, call).value, rel=LME4_VARIANCE_SHARE)
    assert found.within_variance == pytest.approx(R(within, call).value, rel=LME4_VARIANCE_SHARE)
    assert found.icc == pytest.approx(
        R(share, f"between / (between + within), {call}").value, abs=1e-7
    )


def test_gives_the_mean_of_the_null_model(people: pd.DataFrame) -> None:
    value = R(6.587540382, "fixef(lmer(y1 ~ 1 + (1 | school), data))")
    assert icc(people["y1"], people["school"]).mean == pytest.approx(value.value, abs=LME4_FIXED)


def test_gives_the_anova_intraclass_correlation(people: pd.DataFrame) -> None:
    found = icc_anova(people["y0"], people["school"])
    call = "anova(lm(y0 ~ factor(school), data)); n0 = (48 - sum(n^2) / 48) / 23"
    assert found.icc == pytest.approx(R(0.367458724, call).value, abs=CLOSED_FORM)
    assert found.n0 == pytest.approx(R(1.992753623, call).value, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("standardiser", "d", "low", "high"),
    [
        ("within_conditional", -0.3097673571, -0.8941191501, 0.2745844358),
        ("total_conditional", -0.3070951963, -0.8835129930, 0.2693226004),
        ("within_unconditional", -0.2439726325, -0.8713926290, 0.3834473641),
        ("total_unconditional", -0.2324213719, -0.8297215061, 0.3648787622),
    ],
)
def test_gives_the_four_effect_sizes_of_a_cluster_trial(
    people: pd.DataFrame, standardiser: str, d: float, low: float, high: float
) -> None:
    call = "Hedges (2007) from lmer's b and variances, as eefAnalytics::crtFREQ"
    model = mixed(people)
    sizes = {
        arm: people[people["arm"] == arm].groupby("school").size().to_numpy() for arm in (0, 1)
    }
    found = getattr(
        cluster_effect_sizes(
            model.coefficient("arm"),
            conditional=model,
            unconditional=icc(people["y1"], people["school"]),
            treated_sizes=sizes[1],
            reference_sizes=sizes[0],
        ),
        standardiser,
    )
    # lme4's own stopping error in b and the variances, divided by a deviation of 3 to 4.
    assert found.estimate == pytest.approx(R(d, call).value, abs=PRINTED)
    # The reference took 1.96 for the normal quantile, 0.00004 more than it is.
    assert found.estimate - 1.96 * found.se == pytest.approx(R(low, call).value, abs=PRINTED)
    assert found.estimate + 1.96 * found.se == pytest.approx(R(high, call).value, abs=PRINTED)
    assert found.low == pytest.approx(low, abs=2e-5)
    assert found.high == pytest.approx(high, abs=2e-5)


@cache
def run_r(rscript: object, script: str, path: Path) -> dict[str, Any]:
    answer = subprocess.run(
        [str(rscript), "--vanilla", str(HERE / script), str(path)], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    printed: dict[str, Any] = json.loads(answer.stdout)
    return printed


# jsonlite prints fifteen figures.
LIVE = CLOSED_FORM


@pytest.mark.r
def test_agrees_with_r_run_now_on_the_worked_example(
    people: pd.DataFrame, require_r: object
) -> None:
    printed = run_r(require_r, "worked_example.R", HERE / "worked_example.csv")
    without_strata = design(people)[:, :3]
    for kind in ("CR0", "CR1", "CR1S", "CR2"):
        strata_fit = clustered(people, kind)
        one_stratum = fit_clustered(
            people["y1"], without_strata, people["school"], terms=TERMS[:3], kind=kind
        )
        for name, found in (
            ("strata", strata_fit.contrast(ARM)),
            ("baseline_term", strata_fit.contrast(BASELINE)),
            ("one_stratum", one_stratum.contrast(ARM[:3])),
        ):
            expected = printed[name][kind]
            assert found.estimate == pytest.approx(expected["estimate"], abs=LIVE)
            assert found.se == pytest.approx(expected["se"], abs=LIVE)
            assert found.df == pytest.approx(expected["df"], abs=LIVE)
            assert found.p == pytest.approx(expected["p"], abs=LIVE)


@pytest.mark.r
def test_agrees_with_lme4_run_now_on_the_worked_example(
    people: pd.DataFrame, require_r: object
) -> None:
    printed = run_r(require_r, "worked_example.R", HERE / "worked_example.csv")
    for name, fit in (("reml", mixed(people)), ("ml", mixed(people, "ML"))):
        expected = printed[name]
        assert fit.coefficient("arm") == pytest.approx(expected["fixed"]["arm"], abs=LME4_FIXED)
        assert fit.standard_error("y0") == pytest.approx(expected["se"]["y0"], abs=LME4_FIXED)
        assert fit.between_variance == pytest.approx(expected["between"], rel=LME4_VARIANCE_SHARE)
        assert fit.within_variance == pytest.approx(expected["within"], rel=LME4_VARIANCE_SHARE)
        assert fit.log_likelihood == pytest.approx(
            expected["log_likelihood"], abs=LME4_LOG_LIKELIHOOD
        )
        assert fit.is_singular == expected["is_singular"]


@pytest.mark.r
def test_agrees_with_r_on_a_real_school_trial_randomised_in_pairs(
    tmp_path: Path, require_r: object
) -> None:
    path = tmp_path / "rows.csv"
    printed = run_r(require_r, "achievement_awards.R", path)
    with path.open() as file:
        n_rows = sum(1 for _ in csv.reader(file)) - 1
    rows = pd.read_csv(path)
    assert n_rows == printed["n"] > 1000
    result = adjusted_difference(
        rows.assign(treated=rows["treated"].map({0: "control", 1: "awards"})),
        outcome="Bagrut_status",
        baseline="lagscore",
        arm="treated",
        reference="control",
        strata="pair",
        cluster="school_id",
    )
    arm = result.contrast
    assert arm is not None
    assert result.n == printed["n"]
    assert result.n_clusters == printed["n_clusters"] >= 20
    assert arm.estimate == pytest.approx(printed["cr2"]["estimate"], abs=LIVE)
    assert arm.se == pytest.approx(printed["cr2"]["se"], abs=LIVE)
    assert arm.df == pytest.approx(printed["cr2"]["df"], abs=LIVE)
    assert arm.p == pytest.approx(printed["cr2"]["p"], abs=LIVE)


@pytest.mark.r
def test_agrees_with_lme4_on_a_real_school_trial(tmp_path: Path, require_r: object) -> None:
    path = tmp_path / "rows.csv"
    expected = run_r(require_r, "achievement_awards.R", path)["reml"]
    rows = pd.read_csv(path)
    lagscore = (rows["lagscore"] - rows["lagscore"].mean()) / rows["lagscore"].std()
    fit = fit_random_intercept(
        rows["Bagrut_status"],
        np.column_stack([np.ones(len(rows)), rows["treated"], lagscore]),
        rows["school_id"],
        terms=("intercept", "treated", "lagscore"),
    )
    assert fit.coefficient("treated") == pytest.approx(expected["estimate"], abs=LME4_FIXED)
    assert fit.standard_error("treated") == pytest.approx(expected["se"], abs=LME4_FIXED)
    assert fit.between_variance == pytest.approx(expected["between"], rel=LME4_VARIANCE_SHARE)
    assert fit.within_variance == pytest.approx(expected["within"], rel=LME4_VARIANCE_SHARE)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=LME4_LOG_LIKELIHOOD)
