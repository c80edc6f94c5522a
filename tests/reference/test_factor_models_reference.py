"""Factor models against lavaan: stored figures of 48 invented people, and three sets now.

Every stored figure was computed with R 4.2.2 and lavaan 0.6-14; the call stands beside it. The
live tests read their data from R's packages, in three shapes: 301 people and 9 tests of ability,
2,436 people and 25 items of six answers, 75 countries and 11 measures in very unlike units.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from lavaan_runs import by_place, run_lavaan, syntax

from scoring.cfa.fit_indices import FitIndices
from scoring.cfa.ml import FactorFit, fit_ml
from scoring.cfa.model import FactorModel, factor_model, one_factor
from scoring.cfa.robust import RobustFit, fit_mlr

ITERATIVE: Final = 1e-4
"""lavaan stops its own search at about 1e-6 in the parameters."""

CHI2: Final = 1e-3
"""n times what is left of that in the fit function."""

STANDARD_ERROR: Final = 1e-3
"""Relative: lavaan differentiates numerically for the observed information."""

AS_PRINTED: Final = 6e-7
"""Figures noted to six or seven decimals: half a unit of the last one, and a little."""

GAD7: Final = tuple(f"q{number}" for number in range(1, 8))


def gad7_answers() -> np.ndarray:
    path = Path(__file__).with_name("worked_example.csv")
    people = pd.read_csv(path, dtype={"t0": str})
    return np.array([[float(digit) for digit in text] for text in people["t0"]])


@pytest.fixture(scope="module")
def ml() -> FactorFit:
    # cfa("g =~ q1 + q2 + q3 + q4 + q5 + q6 + q7", data = t0, std.lv = TRUE)
    return fit_ml(gad7_answers(), GAD7, one_factor(GAD7))


@pytest.fixture(scope="module")
def mlr() -> RobustFit:
    # cfa("g =~ q1 + q2 + q3 + q4 + q5 + q6 + q7", data = t0, std.lv = TRUE, estimator = "MLR")
    return fit_mlr(gad7_answers(), GAD7, one_factor(GAD7))


def test_loadings_of_the_worked_example(ml: FactorFit) -> None:
    # standardizedSolution(fit)
    assert ml.estimates.standardised_loadings[:, 0] == pytest.approx(
        [0.6464016, 0.7411599, 0.8562248, 0.7461180, 0.5075834, 0.4918863, 0.6762519],
        abs=AS_PRINTED,
    )
    assert ml.estimates.standardised_loadings_se[:, 0] == pytest.approx(
        [0.09489016, 0.07723934, 0.05572101, 0.07628457, 0.11719639, 0.11940432, 0.08949614],
        rel=STANDARD_ERROR,
    )


def test_estimates_in_the_items_own_units(ml: FactorFit) -> None:
    # parameterEstimates(fit)
    found = ml.estimates
    assert found.loadings[:, 0] == pytest.approx(
        [0.58992755, 0.64167714, 0.82422475, 0.71164241, 0.50714237, 0.46375472, 0.62245376],
        abs=ITERATIVE,
    )
    assert found.loadings_se[:, 0] == pytest.approx(
        [0.12387723, 0.11236953, 0.11717834, 0.12347699, 0.14271634, 0.13531460, 0.12329743],
        rel=STANDARD_ERROR,
    )
    assert found.residual_variances == pytest.approx(
        [0.48488480, 0.33781632, 0.24730305, 0.40328741, 0.74107056, 0.67382060, 0.45977330],
        abs=ITERATIVE,
    )
    assert found.residual_variances_se == pytest.approx(
        [0.10977086, 0.08304285, 0.08142509, 0.09977905, 0.15873675, 0.14375677, 0.10615377],
        rel=STANDARD_ERROR,
    )


def test_omega_total_from_the_raw_loadings(ml: FactorFit) -> None:
    # sum(l)^2 / (sum(l)^2 + sum(e)) of parameterEstimates(fit)
    common = ml.estimates.loadings.sum() ** 2
    omega = common / (common + ml.estimates.residual_variances.sum())
    assert omega == pytest.approx(0.8503019742, abs=ITERATIVE)


def test_fit_of_the_worked_example(ml: FactorFit) -> None:
    # fitMeasures(fit)
    found = ml.indices
    assert found is not None
    assert (found.df, found.baseline_df, found.n_parameters, found.n) == (14, 21, 14, 48)
    assert found.chi2 == pytest.approx(30.6125418369, abs=CHI2)
    assert found.baseline_chi2 == pytest.approx(151.7951982528, abs=CHI2)
    for value, expected in (
        (found.p, 0.0062784568),
        (found.cfi, 0.8729881367),
        (found.tli, 0.8094822051),
        (found.rmsea, 0.1572292734),
        (found.rmsea_low, 0.0803906985),
        (found.rmsea_high, 0.2333819528),
        (found.srmr, 0.0823270019),
        (found.log_likelihood, -393.9189200912),
        (found.aic, 815.8378401824),
        (found.bic, 842.0346543351),
    ):
        assert value == pytest.approx(expected, abs=ITERATIVE)


def test_robust_fit_of_the_worked_example(mlr: RobustFit) -> None:
    # fitMeasures(fit)
    found = mlr.robust
    assert found is not None
    assert found.chi2 == pytest.approx(33.6894317823, abs=CHI2)
    for value, expected in (
        (found.scale, 0.9086689866),
        (found.baseline_scale, 0.9519467914),
        (found.p, 0.0022891278),
        (found.cfi_scaled, 0.8577945546),
        (found.tli_scaled, 0.7866918318),
        (found.rmsea_scaled, 0.1711716965),
        (found.cfi_robust, 0.8642595583),
        (found.tli_robust, 0.7963893374),
        (found.rmsea_robust, 0.1631679314),
        (found.rmsea_robust_low, 0.0930210840),
        (found.rmsea_robust_high, 0.2344921567),
    ):
        assert value == pytest.approx(expected, abs=ITERATIVE)


def test_robust_standard_errors_of_the_worked_example(mlr: RobustFit) -> None:
    # parameterEstimates(fit); standardizedSolution(fit)
    assert mlr.estimates.loadings_se[:, 0] == pytest.approx(
        [0.11905228, 0.11193670, 0.11112772, 0.11487509, 0.13470814, 0.13676448, 0.11401575],
        rel=STANDARD_ERROR,
    )
    assert mlr.estimates.residual_variances_se == pytest.approx(
        [0.09892068, 0.08406472, 0.08495384, 0.09116790, 0.13562417, 0.13002777, 0.08902595],
        rel=STANDARD_ERROR,
    )
    assert mlr.estimates.standardised_loadings_se[:, 0] == pytest.approx(
        [0.09765852, 0.08243714, 0.06325834, 0.07588168, 0.11908802, 0.13092215, 0.08783729],
        rel=STANDARD_ERROR,
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A set of data, a model of it, and some figures of lavaan noted before."""

    data: str
    model: FactorModel
    chi2: float
    df: int
    cfi: float
    rmsea: float
    srmr: float
    scale: float | None = None


ABILITY: Final = factor_model(
    {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
)
PERSONALITY: Final = factor_model({f: [f"{f}{number}" for number in range(1, 6)] for f in "NECAO"})
DEMOCRACY: Final = factor_model(
    {
        "industry": ["x1", "x2", "x3"],
        "democracy60": ["y1", "y2", "y3", "y4"],
        "democracy65": ["y5", "y6", "y7", "y8"],
    }
)
CASES: Final = (
    # cfa(model, data, std.lv = TRUE), and estimator = "MLR" for the scale
    Case(
        "lavaan::HolzingerSwineford1939",
        ABILITY,
        85.305522,
        24,
        0.930560,
        0.092121,
        0.065205,
        0.979042,
    ),
    Case("psychTools::bfi", PERSONALITY, 4165.467436, 265, 0.782366, 0.077731, 0.075341, 1.153173),
    Case(
        "psychTools::bfi",
        one_factor([f"N{number}" for number in range(1, 6)]),
        360.931716,
        5,
        0.924505,
        0.162555,
        0.056242,
    ),
    Case("lavaan::PoliticalDemocracy", DEMOCRACY, 72.461789, 41, 0.953435, 0.101154, 0.054742),
)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, require_r: str
) -> list[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]:
    """Each case's complete rows, and what lavaan makes of them by ML and by MLR, in one run."""
    folder = tmp_path_factory.mktemp("lavaan")
    jobs = []
    for number, case in enumerate(CASES):
        common = {"data": case.data, "model": syntax(case.model), "items": list(case.model.items)}
        jobs += [{**common, "estimator": "ML", "save": f"{number}.csv"}]
        jobs += [{**common, "estimator": "MLR"}]
    printed = run_lavaan(folder, require_r, jobs)
    return [
        (pd.read_csv(folder / f"{number}.csv").dropna(), *printed[2 * number : 2 * number + 2])
        for number in range(len(CASES))
    ]


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now_by_maximum_likelihood(
    number: int, runs: list[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]
) -> None:
    case, (rows, printed, _) = CASES[number], runs[number]
    found = fit_ml(rows.to_numpy(float), list(rows.columns), case.model)
    assert found.indices is not None
    assert found.indices.chi2 == pytest.approx(case.chi2, rel=1e-6, abs=CHI2)
    assert (found.indices.cfi, found.indices.rmsea, found.indices.srmr) == pytest.approx(
        (case.cfi, case.rmsea, case.srmr), abs=ITERATIVE
    )
    assert found.indices.df == case.df
    agrees_in_fit(found.indices, printed["measures"])
    agrees_in_estimates(found, printed)


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now_by_robust_maximum_likelihood(
    number: int, runs: list[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]
) -> None:
    case, (rows, _, printed) = CASES[number], runs[number]
    found = fit_mlr(rows.to_numpy(float), list(rows.columns), case.model)
    assert found.indices is not None
    assert found.robust is not None
    if case.scale is not None:
        assert found.robust.scale == pytest.approx(case.scale, abs=ITERATIVE)
    agrees_in_fit(found.indices, printed["measures"])
    agrees_in_estimates(found, printed)
    measures = printed["measures"]
    assert found.robust.chi2 == pytest.approx(measures["chisq.scaled"], rel=1e-6, abs=CHI2)
    for name, expected in (
        ("scale", "chisq.scaling.factor"),
        ("baseline_scale", "baseline.chisq.scaling.factor"),
        ("p", "pvalue.scaled"),
        ("cfi_scaled", "cfi.scaled"),
        ("tli_scaled", "tli.scaled"),
        ("rmsea_scaled", "rmsea.scaled"),
        ("cfi_robust", "cfi.robust"),
        ("tli_robust", "tli.robust"),
        ("rmsea_robust", "rmsea.robust"),
        ("rmsea_robust_low", "rmsea.ci.lower.robust"),
        ("rmsea_robust_high", "rmsea.ci.upper.robust"),
    ):
        assert getattr(found.robust, name) == pytest.approx(measures[expected], abs=ITERATIVE), name


def agrees_in_fit(found: FitIndices, measures: dict[str, float]) -> None:
    assert (found.df, found.n_parameters, found.n) == (
        measures["df"],
        measures["npar"],
        measures["ntotal"],
    )
    for name, expected in (("chi2", "chisq"), ("baseline_chi2", "baseline.chisq")):
        assert getattr(found, name) == pytest.approx(measures[expected], rel=1e-6, abs=CHI2)
    for name, expected in (
        ("p", "pvalue"),
        ("cfi", "cfi"),
        ("tli", "tli"),
        ("rmsea", "rmsea"),
        ("rmsea_low", "rmsea.ci.lower"),
        ("rmsea_high", "rmsea.ci.upper"),
        ("srmr", "srmr"),
        ("log_likelihood", "logl"),
        ("aic", "aic"),
        ("bic", "bic"),
    ):
        assert getattr(found, name) == pytest.approx(measures[expected], abs=ITERATIVE), name


def agrees_in_estimates(found: FactorFit | RobustFit, printed: dict[str, Any]) -> None:
    model, ours = found.model, found.estimates
    raw, standardised = printed["loadings"], printed["standardised"]
    sign = np.sign(by_place(standardised, model, "est.std").sum(axis=0))
    assert ours.standardised_loadings == pytest.approx(
        by_place(standardised, model, "est.std") * sign, abs=ITERATIVE
    )
    assert ours.standardised_loadings_se == pytest.approx(
        by_place(standardised, model, "se"), rel=STANDARD_ERROR
    )
    assert ours.loadings == pytest.approx(by_place(raw, model, "est") * sign, rel=ITERATIVE)
    assert ours.loadings_se == pytest.approx(by_place(raw, model, "se"), rel=STANDARD_ERROR)
    names, items = list(model.names), list(model.items)
    table = printed["covariances"]
    compared = 0
    for first, second, value, error in zip(
        table["lhs"], table["rhs"], table["est"], table["se"], strict=True
    ):
        if first in items:
            place = items.index(first)
            assert ours.residual_variances[place] == pytest.approx(value, rel=ITERATIVE)
            assert ours.residual_variances_se[place] == pytest.approx(error, rel=STANDARD_ERROR)
        elif first != second:
            row, column = names.index(first), names.index(second)
            turned = value * sign[row] * sign[column]
            assert ours.factor_correlations[row, column] == pytest.approx(turned, abs=ITERATIVE)
            assert ours.factor_correlations_se[row, column] == pytest.approx(
                error, rel=STANDARD_ERROR
            )
        compared += 1
    assert compared == len(items) + len(names) * (len(names) + 1) // 2
