"""Invariance across groups against lavaan: stored figures of two waves, and three sets now.

Every stored figure was computed with R 4.2.2 and lavaan 0.6-14; the call stands beside it. The
live tests read their data from R's packages, in three shapes: three factors in two schools, two
factors in two unequal groups, and one factor, led by an item that runs against it, in five.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from lavaan_runs import by_place, run_lavaan, syntax

from scoring.cfa.invariance import Invariance, invariance
from scoring.cfa.levels import LEVELS
from scoring.cfa.model import FactorModel, factor_model, one_factor

ITERATIVE: Final = 1e-4
"""lavaan stops its own search at about 1e-6 in the parameters."""

CHI2: Final = 1e-3
"""n times what is left of that in the fit function."""

STANDARD_ERROR: Final = 1e-3
"""Relative: lavaan differentiates numerically for the observed information."""

GAD7: Final = tuple(f"q{number}" for number in range(1, 8))
EQUAL: Final = (
    None,
    ["loadings"],
    ["loadings", "intercepts"],
    ["loadings", "intercepts", "residuals"],
)


@pytest.fixture(scope="module")
def waves() -> Invariance:
    """Two waves of the worked example as if they were two groups of people."""
    path = Path(__file__).with_name("worked_example.csv")
    people = pd.read_csv(path, dtype={"t0": str, "t1": str})
    groups = {
        wave: np.array([[float(digit) for digit in text] for text in people[wave]])
        for wave in ("t0", "t1")
    }
    return invariance(groups, GAD7, one_factor(GAD7))


def test_fit_of_each_level_of_the_worked_example(waves: Invariance) -> None:
    # cfa("g =~ q1 + q2 + q3 + q4 + q5 + q6 + q7", data = both, group = "wave",
    #     estimator = "MLR", group.equal = …); fitMeasures(fit)
    expected = {
        # chi2, df, parameters, CFI, TLI, RMSEA, SRMR, log-likelihood, AIC, BIC, scale,
        # robust CFI, robust RMSEA
        "configural": (
            45.6397323003,
            28,
            42,
            0.9281556023,
            0.8922334034,
            0.1145635231,
            0.0608240237,
            -731.4118922749,
            1546.8237845498,
            1654.5264085914,
            0.9335371822,
            0.9206698836,
            0.1204551487,
        ),
        "metric": (
            53.7746456375,
            34,
            36,
            0.9194603704,
            0.9005098693,
            0.1100764152,
            0.0933076168,
            -735.4793489435,
            1542.9586978870,
            1635.2752327798,
            0.9478579456,
            0.9123434282,
            0.1149047866,
        ),
        "scalar": (
            59.6021807176,
            40,
            30,
            0.9201627982,
            0.9161709381,
            0.1010419177,
            0.0997068104,
            -738.3931164835,
            1536.7862329671,
            1613.7166787111,
            0.9607938580,
            0.9138772891,
            0.1050060177,
        ),
        "strict": (
            72.7453225341,
            47,
            23,
            0.8951425588,
            0.9062976058,
            0.1068266528,
            0.1047238997,
            -744.9646873918,
            1535.9293747836,
            1594.9093831874,
            0.9481626939,
            0.8853550570,
            0.1117670686,
        ),
    }
    assert [level.level for level in waves.levels] == list(expected)
    for level in waves.levels:
        fit, robust = level.indices, level.robust
        assert fit is not None
        assert robust is not None
        chi2, df, n_parameters, *others = expected[level.level]
        assert fit.chi2 == pytest.approx(chi2, abs=CHI2)
        assert (fit.df, fit.n_parameters, fit.n) == (df, n_parameters, 96)
        found = (fit.cfi, fit.tli, fit.rmsea, fit.srmr, fit.log_likelihood, fit.aic, fit.bic)
        found += (robust.scale, robust.cfi_robust, robust.rmsea_robust)
        assert found == pytest.approx(tuple(others), abs=ITERATIVE)


def test_latent_mean_of_the_second_wave(waves: Invariance) -> None:
    # parameterEstimates(fit) at the scalar level, estimator = "ML"
    scalar = waves.levels[2]
    assert scalar.latent_means.ravel() == pytest.approx([0, -0.2078392587], abs=ITERATIVE)
    assert scalar.latent_means_se.ravel() == pytest.approx([0, 0.1362367756], rel=STANDARD_ERROR)
    assert scalar.latent_variances.ravel() == pytest.approx(
        [0.4407684434, 0.3089485909], abs=ITERATIVE
    )
    assert scalar.intercepts[1] == pytest.approx(
        [1.1105830, 1.1846778, 1.1707563, 1.2038633, 1.1405853, 1.0854712, 1.2067877], abs=ITERATIVE
    )


@dataclass(frozen=True, slots=True)
class Case:
    """Groups, a model of them, and some figures of lavaan noted before."""

    data: str
    group: str
    model: FactorModel
    chi2: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    differences: tuple[float, ...] = ()


CASES: Final = (
    Case(
        "lavaan::HolzingerSwineford1939",
        "school",
        factor_model(
            {
                "visual": ["x1", "x2", "x3"],
                "textual": ["x4", "x5", "x6"],
                "speed": ["x7", "x8", "x9"],
            }
        ),
        (115.851344, 124.043544, 164.102831, 181.511345),
        (0.951624, 0.984492, 0.984135, 1.000456),
        (6.567202, 40.838391, 15.693865),
    ),
    Case(
        "psychTools::bfi",
        "gender",
        factor_model({f: [f"{f}{number}" for number in range(1, 6)] for f in "NE"}),
        (1093.313207, 1107.550905, 1264.567349, 1278.302802),
        (1.149651, 1.153713, 1.140524, 1.132333),
        (11.982227, 154.661669, 12.914915),
    ),
    Case("psychTools::bfi", "education", one_factor([f"A{number}" for number in range(1, 6)])),
)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, require_r: str
) -> list[tuple[pd.DataFrame, list[dict[str, Any]]]]:
    """Each case's rows, and what lavaan makes of each level, in one run of R."""
    folder = tmp_path_factory.mktemp("lavaan")
    jobs = []
    for number, case in enumerate(CASES):
        for equal in EQUAL:
            job = {"data": case.data, "model": syntax(case.model), "estimator": "MLR"}
            job |= {"group": case.group, "items": list(case.model.items), "save": f"{number}.csv"}
            jobs.append(job | ({"equal": equal, "nested": True} if equal else {}))
    printed = run_lavaan(folder, require_r, jobs)
    return [
        (pd.read_csv(folder / f"{number}.csv").dropna(), printed[4 * number : 4 * number + 4])
        for number in range(len(CASES))
    ]


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now(
    number: int, runs: list[tuple[pd.DataFrame, list[dict[str, Any]]]]
) -> None:
    case, (rows, printed) = CASES[number], runs[number]
    items = list(case.model.items)
    groups = {
        str(name): own[items].to_numpy(float) for name, own in rows.groupby(case.group, sort=False)
    }
    found = invariance(groups, items, case.model)
    assert [level.level for level in found.levels] == list(LEVELS)
    for level, lavaan in zip(found.levels, printed, strict=True):
        agrees_in_fit(level, lavaan["measures"])
        agrees_in_estimates(level, lavaan, case.model)
    for step, lavaan in zip(found.steps, printed[1:], strict=True):
        chi2, df, p = lavaan["difference"]
        assert step.chi2_scaled == pytest.approx(chi2, rel=1e-4, abs=CHI2)
        assert step.df == df
        assert step.p_scaled == pytest.approx(p, abs=ITERATIVE)
    for level, chi2, scale in zip(found.levels, case.chi2, case.scale, strict=False):
        assert level.indices.chi2 == pytest.approx(chi2, abs=CHI2)
        assert level.robust.scale == pytest.approx(scale, abs=ITERATIVE)
    for step, difference in zip(found.steps, case.differences, strict=False):
        assert step.chi2_scaled == pytest.approx(difference, abs=CHI2)


def agrees_in_fit(level: Any, measures: dict[str, float]) -> None:
    fit, robust = level.indices, level.robust
    assert (fit.df, fit.n, fit.n_parameters) == (
        measures["df"],
        measures["ntotal"],
        measures["npar"],
    )
    assert fit.chi2 == pytest.approx(measures["chisq"], rel=1e-6, abs=CHI2)
    for found, name in (
        (fit.p, "pvalue"),
        (fit.cfi, "cfi"),
        (fit.tli, "tli"),
        (fit.rmsea, "rmsea"),
        (fit.rmsea_low, "rmsea.ci.lower"),
        (fit.rmsea_high, "rmsea.ci.upper"),
        (fit.srmr, "srmr"),
        (fit.log_likelihood, "logl"),
        (fit.aic, "aic"),
        (fit.bic, "bic"),
        (robust.scale, "chisq.scaling.factor"),
        (robust.baseline_scale, "baseline.chisq.scaling.factor"),
        (robust.cfi_robust, "cfi.robust"),
        (robust.tli_robust, "tli.robust"),
        (robust.rmsea_robust, "rmsea.robust"),
        (robust.rmsea_robust_low, "rmsea.ci.lower.robust"),
        (robust.rmsea_robust_high, "rmsea.ci.upper.robust"),
    ):
        assert found == pytest.approx(measures[name], abs=ITERATIVE), (level.level, name)


def agrees_in_estimates(level: Any, lavaan: dict[str, Any], model: FactorModel) -> None:
    means = pd.DataFrame(lavaan["intercepts"])
    means = means[means["lhs"].isin(model.names)]
    for place in range(len(level.loadings)):
        assert level.loadings[place] == pytest.approx(
            by_place(lavaan["loadings"], model, "est", group=place + 1), rel=1e-3, abs=ITERATIVE
        )
        own = means[means["group"] == place + 1]
        assert level.latent_means[place] == pytest.approx(own["est"].to_numpy(), abs=ITERATIVE)
        assert level.latent_means_robust_se[place] == pytest.approx(
            own["se"].to_numpy(), rel=STANDARD_ERROR
        )
