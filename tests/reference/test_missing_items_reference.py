"""Factor models with missing items against lavaan: stored figures, and three sets now.

Every stored figure was computed with R 4.2.2 and lavaan 0.6-14; the call stands beside it. The
live tests read their data from R's packages, in three shapes: abilities with a tenth of every item
taken out, 2,800 people with the gaps they left themselves, and 75 countries.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from lavaan_runs import by_place, run_lavaan, syntax

from scoring.cfa.fiml import MissingFit, fit_fiml
from scoring.cfa.ml import Estimates, fit_ml
from scoring.cfa.model import FactorModel, factor_model, one_factor

ITERATIVE: Final = 1e-4
"""lavaan stops its own search at about 1e-6 in the parameters."""

CHI2: Final = 1e-3
"""n times what is left of that in the fit function."""

STANDARD_ERROR: Final = 1e-3
"""Relative: lavaan differentiates numerically for the observed information."""

GAD7: Final = tuple(f"q{number}" for number in range(1, 8))


def gad7_answers() -> np.ndarray:
    path = Path(__file__).with_name("worked_example.csv")
    people = pd.read_csv(path, dtype={"t0": str})
    return np.array([[float(digit) for digit in text] for text in people["t0"]])


def gad7_with_gaps() -> np.ndarray:
    """The answers without those of person i to item j where 7 i + 11 j leaves 3 over 13."""
    rows = gad7_answers()
    person, item = np.indices(rows.shape) + 1
    rows[(7 * person + 11 * item) % 13 == 3] = np.nan
    return rows


CASES: Final = (
    (
        "lavaan::HolzingerSwineford1939",
        factor_model(
            {
                "visual": ["x1", "x2", "x3"],
                "textual": ["x4", "x5", "x6"],
                "speed": ["x7", "x8", "x9"],
            }
        ),
        1,
        # chi2, CFI, RMSEA, log-likelihood, scale
        (76.896317, 0.929370, 0.085570, -3386.122726, 0.920602),
    ),
    (
        "psychTools::bfi",
        factor_model({f: [f"{f}{number}" for number in range(1, 6)] for f in "NE"}),
        None,
        None,
    ),
    (
        "lavaan::PoliticalDemocracy",
        factor_model({"industry": ["x1", "x2", "x3"], "democracy": ["y1", "y2", "y3", "y4"]}),
        3,
        None,
    ),
)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, require_r: str
) -> list[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]:
    """Each case's rows, gaps and all, and what lavaan makes of them by ML and by MLR."""
    folder = tmp_path_factory.mktemp("lavaan")
    jobs = []
    for number, (data, model, gaps, _) in enumerate(CASES):
        for estimator in ("ML", "MLR"):
            job = {"data": data, "model": syntax(model), "estimator": estimator}
            job |= {"items": list(model.items), "missing": "fiml", "save": f"{number}.csv"}
            jobs.append(job | ({"gaps": gaps} if gaps else {}))
    printed = run_lavaan(folder, require_r, jobs)
    return [
        (pd.read_csv(folder / f"{number}.csv"), *printed[2 * number : 2 * number + 2])
        for number in range(len(CASES))
    ]


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now(
    number: int, runs: list[tuple[pd.DataFrame, dict[str, Any], dict[str, Any]]]
) -> None:
    (_, model, _, noted), (rows, plain, robust) = CASES[number], runs[number]
    assert rows.isna().any().all()
    found = fit_fiml(rows.to_numpy(float), list(rows.columns), model)
    agrees_in_fit(found, robust["measures"])
    agrees_in_loadings(found.estimates, plain, model)
    agrees_in_loadings(found.robust_estimates, robust, model)
    if noted is not None:
        assert found.n_complete == 118
        assert found.indices is not None
        assert found.scaled is not None
        fit = found.indices
        assert (fit.chi2, fit.cfi, fit.rmsea, fit.log_likelihood, found.scaled.scale) == (
            pytest.approx(noted, abs=ITERATIVE)
        )


def agrees_in_fit(found: MissingFit, measures: dict[str, float]) -> None:
    fit, scaled = found.indices, found.scaled
    assert fit is not None
    assert scaled is not None
    assert (fit.df, fit.n, fit.n_parameters) == (
        measures["df"],
        measures["ntotal"],
        measures["npar"],
    )
    for value, name in (
        (fit.chi2, "chisq"),
        (fit.baseline_chi2, "baseline.chisq"),
        (scaled.chi2, "chisq.scaled"),
    ):
        assert value == pytest.approx(measures[name], rel=1e-6, abs=CHI2), name
    for value, name in (
        (fit.cfi, "cfi"),
        (fit.tli, "tli"),
        (fit.rmsea, "rmsea"),
        (fit.rmsea_low, "rmsea.ci.lower"),
        (fit.rmsea_high, "rmsea.ci.upper"),
        (fit.srmr, "srmr"),
        (fit.log_likelihood, "logl"),
        (fit.aic, "aic"),
        (fit.bic, "bic"),
        (scaled.scale, "chisq.scaling.factor"),
        (scaled.p, "pvalue.scaled"),
    ):
        assert value == pytest.approx(measures[name], abs=ITERATIVE), name


def agrees_in_loadings(ours: Estimates, printed: dict[str, Any], model: FactorModel) -> None:
    sign = np.sign(by_place(printed["standardised"], model, "est.std").sum(axis=0))
    for value, table, column in (
        (ours.loadings * sign, "loadings", "est"),
        (ours.standardised_loadings * sign, "standardised", "est.std"),
    ):
        assert value == pytest.approx(by_place(printed[table], model, column), rel=ITERATIVE)
    for value, table in (
        (ours.loadings_se, "loadings"),
        (ours.standardised_loadings_se, "standardised"),
    ):
        assert value == pytest.approx(by_place(printed[table], model, "se"), rel=STANDARD_ERROR)


def test_without_gaps_the_loadings_and_the_chi2_are_those_of_maximum_likelihood() -> None:
    model = one_factor(GAD7)
    found, plain = fit_fiml(gad7_answers(), GAD7, model), fit_ml(gad7_answers(), GAD7, model)
    assert found.indices is not None
    assert plain.indices is not None
    assert found.indices.chi2 == pytest.approx(plain.indices.chi2, abs=1e-6)
    assert found.estimates.loadings == pytest.approx(plain.estimates.loadings, abs=1e-6)
    # cfa("g =~ q1 + … + q7", data = t0, std.lv = TRUE, estimator = "MLR")
    assert found.scaled is not None
    assert found.scaled.scale == pytest.approx(0.9086689866, abs=ITERATIVE)


def test_the_worked_example_with_gaps() -> None:
    # cfa("g =~ q1 + … + q7", data = gaps, std.lv = TRUE, missing = "fiml"), and
    # estimator = "MLR" for the scale and the robust errors
    found = fit_fiml(gad7_with_gaps(), GAD7, one_factor(GAD7))
    fit, scaled = found.indices, found.scaled
    assert fit is not None
    assert scaled is not None
    assert (found.n, found.n_complete, fit.df, fit.n_parameters) == (48, 22, 14, 21)
    assert fit.chi2 == pytest.approx(26.6498147707, abs=CHI2)
    assert fit.baseline_chi2 == pytest.approx(140.3587376504, abs=CHI2)
    assert scaled.chi2 == pytest.approx(28.5368480838, abs=CHI2)
    for value, expected in (
        (fit.cfi, 0.8940185275),
        (fit.tli, 0.8410277913),
        (fit.rmsea, 0.1372010537),
        (fit.srmr, 0.0817544825),
        (fit.log_likelihood, -360.3061704978),
        (fit.aic, 762.6123409957),
        (fit.bic, 801.9075622247),
        (scaled.scale, 0.9338738004),
    ):
        assert value == pytest.approx(expected, abs=ITERATIVE)
    assert found.estimates.standardised_loadings[:, 0] == pytest.approx(
        [0.6328017, 0.8054655, 0.8497127, 0.7230316, 0.5396782, 0.5119607, 0.6646379],
        abs=ITERATIVE,
    )
    assert found.estimates.loadings_se[:, 0] == pytest.approx(
        [0.1262538, 0.1112214, 0.1189109, 0.1356973, 0.1451365, 0.1346283, 0.1270119],
        rel=STANDARD_ERROR,
    )
    assert found.robust_estimates.loadings_se[:, 0] == pytest.approx(
        [0.1153913, 0.1048121, 0.1127923, 0.1241739, 0.1440589, 0.1366729, 0.1234451],
        rel=STANDARD_ERROR,
    )
