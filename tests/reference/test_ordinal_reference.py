"""Ordered answers against R: polychoric correlations, WLSMV, categorical omega, ordinal alpha.

Stored figures were computed with R 4.2.2, lavaan 0.6-14, semTools 0.5-6 and psych 2.2.9; the call
stands beside each. Their data are the worked example's seven GAD-7 answers of 48 people, called
i1 to i7 (`x`), and tables written here. The tests marked `r` compare with R run now on data of its
packages. `one` is

    cfa("f =~ i1+i2+i3+i4+i5+i6+i7", x, ordered = TRUE, estimator = "WLSMV", std.lv = TRUE)

and `two` the same with "a =~ i1+i2+i3+i4; b =~ i5+i6+i7".
"""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from databases import missing
from lavaan_runs import by_place, syntax
from ordered_answers import first_wave, keyed, spread_out

from scoring.cfa.model import FactorModel, factor_model, one_factor
from scoring.ordinal.categorical_omega import categorical_omega
from scoring.ordinal.latent_response import latent_response_alpha
from scoring.ordinal.polychoric import polychoric_matrix
from scoring.ordinal.wlsmv import OrdinalFit, OrdinalFitIndices, fit_wlsmv

CORRELATION: Final = 1e-5
"""lavaan's search for a correlation stops at about 1e-8."""

BY_PSYCH: Final = 1e-4
"""psych's search stops at about 1e-4."""

ESTIMATE: Final = 1e-4
INDEX: Final = 1e-4
CHI2: Final = 1e-4
"""Relative. lavaan's search for loadings stops at about 1e-6, and chi2 follows."""

SE: Final = 1e-3
"""Relative."""

PACKAGE_MISSING: Final = 3

ITEMS = tuple(f"i{number}" for number in range(1, 8))
TWO = factor_model({"a": ITEMS[:4], "b": ITEMS[4:]})


@pytest.fixture(scope="module")
def one() -> OrdinalFit:
    return fit_wlsmv(first_wave(), one_factor(ITEMS))


@pytest.fixture(scope="module")
def two() -> OrdinalFit:
    return fit_wlsmv(first_wave(), TWO)


def assert_indices(found: OrdinalFitIndices | None, measures: dict[str, float]) -> None:
    """Compare with `fitMeasures`, by its names."""
    assert found is not None
    assert (found.df, found.baseline_df) == (measures["df"], measures["baseline.df"])
    if "npar" in measures:
        assert found.n_parameters == measures["npar"]
    for value, name in (
        (found.chi2, "chisq"),
        (found.scaled_chi2, "chisq.scaled"),
        (found.scale, "chisq.scaling.factor"),
        (found.baseline_chi2, "baseline.chisq"),
        (found.scaled_baseline_chi2, "baseline.chisq.scaled"),
    ):
        assert value == pytest.approx(measures[name], rel=CHI2), name
    for value, name in (
        (found.p, "pvalue.scaled"),
        (found.cfi, "cfi"),
        (found.scaled_cfi, "cfi.scaled"),
        (found.tli, "tli"),
        (found.scaled_tli, "tli.scaled"),
        (found.rmsea.value, "rmsea"),
        (found.rmsea.low, "rmsea.ci.lower"),
        (found.rmsea.high, "rmsea.ci.upper"),
        (found.scaled_rmsea.value, "rmsea.scaled"),
        (found.scaled_rmsea.low, "rmsea.ci.lower.scaled"),
        (found.scaled_rmsea.high, "rmsea.ci.upper.scaled"),
        (found.srmr, "srmr"),
    ):
        assert value == pytest.approx(measures[name], abs=INDEX), name


def test_polychoric_correlations() -> None:
    # r <- lavCor(x, ordered = names(x)); r[lower.tri(r)]
    # psych::polychoric(x, correct = 0)$rho differs by at most 4e-5
    found = polychoric_matrix(first_wave())
    assert found.correlations[np.triu_indices(7, 1)] == pytest.approx(
        np.array(
            [
                0.5511223615035,
                0.6477319562855,
                0.4422771926887,
                0.2368876302968,
                0.4006349840390,
                0.5801237829201,
                0.7338485603693,
                0.6073404654888,
                0.4139600797185,
                0.5608168727478,
                0.4278742503509,
                0.7026379891650,
                0.4666740114120,
                0.3494595972637,
                0.6662705529619,
                0.4806108884156,
                0.3870608023518,
                0.6690187568334,
                0.6125087307710,
                0.3011850367697,
                0.3408600142252,
            ]
        ),
        abs=CORRELATION,
    )


def test_thresholds(one: OrdinalFit) -> None:
    # lavInspect(one, "est")$tau, and parameterEstimates(one)$se of the first and the fourth item
    found = one.estimates
    assert np.concatenate(found.thresholds) == pytest.approx(
        np.array(
            [
                [-0.6102946101863, 0.4307272992955, 1.3829941271006],
                [-0.7415940438615, 0.5485222826981, 1.3829941271006],
                [-0.6744897501961, 0.3740954101977, 1.1503493803760],
                [-0.4887764111147, 0.5485222826981, 1.2581615610631],
                [-0.5485222826981, 0.3186393639644, 1.1503493803760],
                [-0.5485222826981, 0.3186393639644, 1.3829941271006],
                [-0.6102946101863, 0.3740954101977, 1.3829941271006],
            ]
        ).ravel(),
        abs=1e-12,
    )
    for item, errors in (
        (0, [0.1957419999862, 0.1891129236223, 0.2629588025840]),
        (3, [0.1909762494221, 0.1931691586749, 0.2464658073675]),
    ):
        assert found.thresholds_se[item] == pytest.approx(np.array(errors), rel=1e-6)


@pytest.mark.parametrize(
    ("table", "expected"),
    # psych::polychoric(x, correct = 0)$rho[1, 2]. lavaan 0.6-14's lavCor(x, ordered = ...) has
    # .99533, .99434 and .99900 where one person stands off the path of the others: its floor on
    # the probability of a cell hides how unlikely that person is.
    [
        ([[60, 2, 0], [3, 70, 4], [1, 2, 58]], 0.9708649567),
        ([[180, 0, 0, 0], [0, 12, 2, 0], [0, 1, 3, 1], [1, 0, 0, 0]], 0.9313902623),
        ([[300, 0, 0, 0], [0, 30, 0, 0], [0, 0, 10, 0], [1, 0, 0, 4]], 0.9758136587),
        (
            [
                [0, 1, 2, 5, 180],
                [0, 0, 3, 40, 60],
                [0, 4, 30, 20, 5],
                [3, 10, 6, 1, 0],
                [4, 2, 0, 0, 1],
            ],
            -0.8936382213,
        ),
    ],
)
def test_one_odd_person_in_a_thin_table_counts_in_full(
    table: list[list[int]], expected: float
) -> None:
    found = polychoric_matrix(spread_out(table)).correlations[0, 1]
    assert found == pytest.approx(expected, abs=BY_PSYCH)


def test_loadings_of_one_factor(one: OrdinalFit) -> None:
    # parameterEstimates(one)[1:7, c("est", "se")]
    assert one.estimates.loadings[:, 0] == pytest.approx(
        np.array(
            [
                0.6711125764212,
                0.7796482715977,
                0.9022772625701,
                0.7817037490268,
                0.5797931162990,
                0.6167490043404,
                0.7140950075694,
            ]
        ),
        abs=ESTIMATE,
    )
    assert one.estimates.loadings_se[:, 0] == pytest.approx(
        np.array(
            [
                0.09368729319671,
                0.09594124738234,
                0.05798372860909,
                0.07885923950307,
                0.11057730738687,
                0.12614311513444,
                0.08753061736398,
            ]
        ),
        rel=SE,
    )


def test_fit_of_one_factor(one: OrdinalFit) -> None:
    # fitMeasures(one); lavInspect(one, "test")$scaled.shifted$shift.parameter
    measures = {
        "npar": 28,
        "chisq": 13.32759001372,
        "df": 14,
        "chisq.scaled": 21.65300119182,
        "pvalue.scaled": 0.08603103864889,
        "chisq.scaling.factor": 0.7074834020427,
        "baseline.chisq": 426.539327402,
        "baseline.df": 21,
        "baseline.chisq.scaled": 282.9695801642,
        "cfi": 1,
        "cfi.scaled": 0.9707866799381,
        "tli": 1.00248709536,
        "tli.scaled": 0.9561800199071,
        "rmsea": 0,
        "rmsea.ci.lower": 0,
        "rmsea.ci.upper": 0.1351698110891,
        "rmsea.scaled": 0.1078457273119,
        "rmsea.ci.lower.scaled": 0,
        "rmsea.ci.upper.scaled": 0.1924171908016,
        "srmr": 0.08953655422451,
    }
    assert_indices(one.indices, measures)
    assert one.indices is not None
    assert one.indices.shift == pytest.approx(2.814976193304, rel=CHI2)


def test_loadings_of_two_factors(two: OrdinalFit) -> None:
    # parameterEstimates(two)
    estimates = two.estimates
    assert estimates.loadings.sum(axis=1) == pytest.approx(
        np.array(
            [
                0.6758544083587,
                0.7863988460054,
                0.9081823858011,
                0.7859407908123,
                0.6135365980346,
                0.6472557215338,
                0.7584926494215,
            ]
        ),
        abs=ESTIMATE,
    )
    assert estimates.loadings_se.sum(axis=1) == pytest.approx(
        np.array(
            [
                0.09405195339977,
                0.09667748852492,
                0.05824929361266,
                0.07928098418706,
                0.11552242855946,
                0.12941508771380,
                0.12269589330801,
            ]
        ),
        rel=SE,
    )
    assert estimates.factor_correlations[0, 1] == pytest.approx(0.9074229388881, abs=ESTIMATE)
    assert estimates.factor_correlations_se[0, 1] == pytest.approx(0.09727929890137, rel=SE)


def test_fit_of_two_factors(two: OrdinalFit) -> None:
    # fitMeasures(two)
    measures = {
        "npar": 29,
        "chisq": 12.74581014771,
        "df": 13,
        "chisq.scaled": 20.74264732572,
        "pvalue.scaled": 0.07817719366108,
        "chisq.scaling.factor": 0.70706876351,
        "baseline.chisq": 426.539327402,
        "baseline.df": 21,
        "baseline.chisq.scaled": 282.9695801642,
        "cfi": 1,
        "cfi.scaled": 0.9704444793901,
        "tli": 1.001012514321,
        "tli.scaled": 0.952256466707,
        "rmsea": 0,
        "rmsea.ci.lower": 0,
        "rmsea.ci.upper": 0.1422469111812,
        "rmsea.scaled": 0.1125703804269,
        "rmsea.ci.lower.scaled": 0,
        "rmsea.ci.upper.scaled": 0.1992890661423,
        "srmr": 0.08917727903655,
    }
    assert_indices(two.indices, measures)


def test_categorical_omega() -> None:
    # semTools::compRelSEM(one, ord.scale = TRUE), and FALSE
    found = categorical_omega(first_wave())
    assert found.omega == pytest.approx(0.8732625150289, abs=CORRELATION)
    assert found.latent_response_omega == pytest.approx(0.9040422534583, abs=CORRELATION)


def test_alpha_of_the_latent_responses() -> None:
    # a <- psych::alpha(r); a$total$std.alpha; a$alpha.drop$std.alpha
    found = latent_response_alpha(first_wave())
    assert found.alpha == pytest.approx(0.8766346312533, abs=CORRELATION)
    assert found.alpha_if_dropped == pytest.approx(
        np.array(
            [
                0.8641830706524,
                0.8499396801572,
                0.8404416041967,
                0.8501443589480,
                0.8747108898373,
                0.8705578517115,
                0.8601712851562,
            ]
        ),
        abs=CORRELATION,
    )


BFI = factor_model({factor: [f"{factor}{number}" for number in range(1, 6)] for factor in "ACENO"})
NEUROTICISM = one_factor([f"N{number}" for number in range(1, 6)], name="N")
ANXIETY = one_factor(
    ["calm", "secure", "tense", "at.ease", "upset", "nervous", "jittery"], name="anxiety"
)
ABILITY = factor_model(
    {
        "letters": ["letter.7", "letter.33", "letter.34", "letter.58"],
        "rotation": ["rotate.3", "rotate.4", "rotate.6", "rotate.8"],
    }
)


@pytest.mark.r
@pytest.mark.parametrize(
    ("data", "model", "psych"),
    [
        pytest.param("psychTools::bfi", NEUROTICISM, True, id="one factor, six answers"),
        pytest.param("psychTools::bfi", BFI, False, id="five factors, 25 items"),
        pytest.param("psychTools::sai", ANXIETY, True, id="four answers, items not turned"),
        pytest.param("psychTools::ability", ABILITY, True, id="two answers, two factors"),
    ],
)
def test_agrees_with_lavaan_semtools_and_psych_run_now(
    data: str, model: FactorModel, psych: bool, tmp_path: Path, require_r: str
) -> None:
    expected = _in_r(tmp_path, require_r, data=data, model=model, psych=psych)
    values = pd.read_csv(tmp_path / "complete.csv").to_numpy(dtype=np.float64)
    limits = int(values.min()), int(values.max())
    answers = keyed(values, limits=limits, items=model.items)
    found = fit_wlsmv(answers, model)

    correlations = np.array(expected["correlations"])
    assert found.polychoric.correlations == pytest.approx(correlations, abs=CORRELATION)
    if psych:
        by_psych = np.array(expected["psych"])
        assert found.polychoric.correlations == pytest.approx(by_psych, abs=BY_PSYCH)
    assert_indices(found.indices, expected["measures"])
    assert found.indices is not None
    assert found.indices.shift == pytest.approx(expected["shift"], rel=CHI2)

    estimates = found.estimates
    theirs = by_place(expected["loadings"], model, "est")
    sign = np.where(theirs.sum(axis=0) < 0, -1, 1)
    assert estimates.loadings == pytest.approx(theirs * sign, abs=ESTIMATE)
    assert estimates.loadings_se == pytest.approx(
        by_place(expected["loadings"], model, "se"), rel=SE
    )
    first, second = np.triu_indices(len(model.names), 1)
    for mine, theirs_ in (
        (estimates.factor_correlations * np.outer(sign, sign), "est"),
        (estimates.factor_correlations_se, "se"),
    ):
        listed = np.array(expected["factors"][theirs_] if len(first) else [])
        assert mine[first, second] == pytest.approx(listed, rel=SE, abs=ESTIMATE)
    for mine_, theirs_ in (("thresholds", "est"), ("thresholds_se", "se")):
        assert np.concatenate(getattr(estimates, mine_)) == pytest.approx(
            np.array(expected["thresholds"][theirs_]), abs=1e-6
        )
    if len(model.names) == 1:
        omega = categorical_omega(answers)
        assert omega.omega == pytest.approx(expected["omega"][model.names[0]], abs=CORRELATION)
        assert omega.latent_response_omega == pytest.approx(
            expected["latent_omega"][model.names[0]], abs=CORRELATION
        )
        alpha = latent_response_alpha(answers).alpha
        assert alpha == pytest.approx(expected["alpha"], abs=CORRELATION)


def _in_r(
    folder: Path, rscript: str, *, data: str, model: FactorModel, psych: bool
) -> dict[str, Any]:
    """What R makes of the complete rows of a data set, which it leaves in complete.csv."""
    job = {
        "data": data,
        "items": list(model.items),
        "model": syntax(model),
        "psych": psych,
        "save": "complete.csv",
    }
    (folder / "jobs.json").write_text(json.dumps([job]))
    script = Path(__file__).with_name("ordinal.R")
    ran = subprocess.run(
        [rscript, "--vanilla", str(script), "jobs.json"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if ran.returncode == PACKAGE_MISSING:
        missing(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)[0]
