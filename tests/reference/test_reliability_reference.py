"""Reliability, item statistics, split halves, factors and omega against R.

Stored figures are those of R 4.2.2 with psych 2.2.9, lavaan 0.6-14 and semTools 0.5-6 on
`worked_example.csv`, the call beside each. The same calls are run live, by `psychometrics.R`, on
data sets that come with R's packages: `psychTools::bfi` (1 to 6, five and 25 items, gaps),
`psychTools::ability` (0 and 1, 16 items, gaps) and `lavaan::HolzingerSwineford1939` (continuous,
nine items).
"""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from databases import missing
from scipy.optimize import linear_sum_assignment

from scoring.consistency import consistency, correlations
from scoring.factors import Factors, factor_analysis, factorability
from scoring.item_statistics import item_statistics
from scoring.keyed import KeyedAnswers
from scoring.omega import hierarchical_omega, one_factor_omega
from scoring.parallel_analysis import parallel_analysis
from scoring.reliability import alpha_in_bulk, alpha_of
from scoring.split_half import split_half

CLOSED_FORM: Final = 1e-8
"""Sums, ratios and inverses: only rounding parts two programs."""

LOADING: Final = 1e-4
"""Minres is found by iteration, and psych stops at about 1e-5 of the uniquenesses."""

LOADING_OF_ABILITY: Final = 3e-4
"""There psych stops further off: its sum of squares lies 1e-9 above the least one, ours 2e-12."""

PHI: Final = 1e-3

OMEGA: Final = 1e-5
"""A sum over loadings that are found by iteration in both programs."""

OMEGA_OF_ABILITY: Final = 5e-5

PERCENTILE: Final = 0.02
"""Eigenvalues of random data, other ones in each program."""

SCALES: Final = {"agreeableness": 2, "neuroticism": 2, "holzinger": 3, "ability": 4}
"""The data sets taken as one scale, with the group factors of their omega."""

FACTORED: Final = {"bfi25": 5, "holzinger9": 3, "ability16": 4}

COMPONENTS: Final = {"bfi25": 5, "holzinger9": 3, "ability16": 2}
"""Leading eigenvalues above the random ones; those of bfi and Holzinger also in psych's
`fa.parallel(fa = "pc")`."""

PACKAGE_MISSING: Final = 3


def close(expected: Any, tolerance: float) -> Any:
    return pytest.approx(expected, abs=tolerance, rel=0)


def gad7(*waves: str) -> KeyedAnswers:
    people = pd.read_csv(
        Path(__file__).with_name("worked_example.csv"), dtype=dict.fromkeys(waves, str)
    )
    rows = [[float(digit) for digit in text] for wave in waves for text in people[wave]]
    items = tuple(f"V{number}" for number in range(1, 8))
    return KeyedAnswers(items, np.array(rows), np.zeros(7), np.full(7, 3.0), "gad7")


def test_standardised_alpha_average_correlation_and_lambdas() -> None:
    found = alpha_of(gad7("t0")).coefficients
    # psych::alpha(x)$total
    assert found.standardised_alpha == close(0.850549562082, CLOSED_FORM)
    assert found.average_r == close(0.448435906476, CLOSED_FORM)
    assert found.lambda6 == close(0.869222482151, CLOSED_FORM)
    # psych::splitHalf(cov(x), covar = TRUE, check.keys = FALSE)$lambda2
    assert found.lambda2 == close(0.854126379673, CLOSED_FORM)
    # C <- off <- cov(x); diag(off) <- 0; l1 <- 1 - sum(diag(C)) / sum(C)
    # l1 + 2 * sqrt(max(colSums(off^2))) / sum(C)
    assert found.lambda1 == close(0.728029619967, CLOSED_FORM)
    assert found.lambda5 == close(0.833434638075, CLOSED_FORM)


def test_statistics_of_each_item() -> None:
    keyed = gad7("t0")
    items = item_statistics(keyed, alpha_of(keyed))
    # psych::describe(x); colMeans(x == 0); colMeans(x == 3)
    assert [item.n for item in items] == [48] * 7
    assert items[0].mean == close(1.14583333333, CLOSED_FORM)
    assert items[2].sd == close(0.972813059240, CLOSED_FORM)
    assert [item.skew for item in items] == close(
        [
            0.354788310696,
            0.470002696385,
            0.358512888035,
            0.536359626566,
            0.316084074426,
            0.251569404248,
            0.296239114490,
        ],
        CLOSED_FORM,
    )
    assert items[3].floor_share == close(0.3125, CLOSED_FORM)
    assert items[3].ceiling_share == close(0.104166666667, CLOSED_FORM)


def test_split_halves() -> None:
    found = split_half(gad7("t0"))
    assert found.odd_even is not None
    assert found.best is not None
    assert found.worst is not None
    # r <- cor(rowSums(x[, c(1, 3, 5, 7)]), rowSums(x[, c(2, 4, 6)])); 2 * r / (1 + r)
    assert found.odd_even.r == close(0.753248867945, CLOSED_FORM)
    assert found.odd_even.spearman_brown == close(0.859260635175, CLOSED_FORM)
    # apply(combn(7, 3), 2, function(o) 4 * sum(C[o, -o]) / sum(C)), C <- cov(x)
    assert (found.n_splits, found.is_every_split) == (35, True)
    assert found.best.lambda4 == close(0.919600207186, CLOSED_FORM)
    assert found.worst.lambda4 == close(0.719627064669, CLOSED_FORM)
    assert found.mean_lambda4 == close(0.832033851390, CLOSED_FORM)
    assert (found.best.items, found.worst.items) == (("V3", "V4", "V6"), ("V2", "V5", "V6"))


def test_factorability_of_both_waves_together() -> None:
    found = factorability(gad7("t0", "t1"))
    # psych::KMO(cor(x)); psych::cortest.bartlett(cor(x), 96)
    assert found.n == 96
    assert found.kmo == close(0.837226436662, CLOSED_FORM)
    assert found.kmo_items[[0, 4]].tolist() == close([0.822476320052, 0.773999859225], CLOSED_FORM)
    assert found.chi2 == pytest.approx(250.174351125, rel=CLOSED_FORM)
    assert found.df == 21


def invented() -> KeyedAnswers:
    """240 people, nine items in three groups, from whole numbers that R draws alike.

    x <- 1; draw <- function() { x <<- (75 * x + 74) %% 65537; x / 65537 }
    x <- t(sapply(1:240, function(i) { g <- draw(); s <- c(draw(), draw(), draw())
      sapply(1:9, function(j) floor(5 * (3 * g + 3 * s[(j - 1) %/% 3 + 1] + 2 * draw()) / 8)) }))
    """
    state = 1

    def draw() -> float:
        nonlocal state
        state = (75 * state + 74) % 65537
        return state / 65537

    rows = []
    for _ in range(240):
        g, s = draw(), [draw(), draw(), draw()]
        rows.append([math.floor(5 * (3 * g + 3 * s[j // 3] + 2 * draw()) / 8) for j in range(9)])
    items = tuple(f"V{number}" for number in range(1, 10))
    return KeyedAnswers(items, np.array(rows, float), np.zeros(9), np.full(9, 4.0), "invented")


def test_three_factors_of_invented_answers() -> None:
    keyed = invented()
    assert keyed.values.sum(axis=0).tolist() == [493, 490, 478, 492, 502, 494, 489, 480, 485]
    found = factor_analysis(keyed, 3)
    assert found.factors is not None
    # psych::fa(cor(x), 3, n.obs = 240, rotate = "oblimin")
    assert found.factors.loadings[[0, 3, 6]].tolist() == [
        close([0.0380508280285, 0.82198440555262, 0.03459043785319], LOADING),
        close([0.0767055694940, -0.09125922092095, 0.85251053473808], LOADING),
        close([0.8509701781381, 0.05813078234415, -0.01564709508048], LOADING),
    ]
    assert found.factors.phi[np.tril_indices(3, -1)].tolist() == close(
        [0.560214978799, 0.529657182216, 0.449414739199], PHI
    )
    assert found.factors.communalities[:2].tolist() == close(
        [0.740297127769, 0.748789601996], LOADING
    )
    assert found.factors.variance.tolist() == close(
        [2.25859647998, 2.24361710694, 2.19136763413], LOADING
    )


def test_promax_and_maximum_likelihood_of_invented_answers() -> None:
    promax = factor_analysis(invented(), 3, rotation="promax").factors
    assert promax is not None
    # psych::fa(cor(x), 3, n.obs = 240, rotate = "promax")
    assert sorted(promax.phi[np.tril_indices(3, -1)]) == close(
        [0.455729215201, 0.527015286370, 0.557026356514], PHI
    )
    ml = factor_analysis(invented(), 3, method="ml", rotation="none").factors
    assert ml is not None
    # factanal(covmat = cor(x), n.obs = 240, factors = 3, rotation = "none")$uniquenesses
    assert ml.uniquenesses[:3].tolist() == close(
        [0.259653340238, 0.251141636803, 0.251810493679], LOADING
    )


def test_omega_by_schmid_leiman_of_invented_answers() -> None:
    found = hierarchical_omega(invented(), 3)
    # psych::omega(x, 3, plot = FALSE)
    assert found.hierarchical == close(0.723468925428, OMEGA)
    assert found.total == close(0.946965782912, OMEGA)


def test_omega_of_one_factor_of_both_waves_together() -> None:
    found = one_factor_omega(gad7("t0", "t1"))
    # fit <- lavaan::cfa("f =~ V1 + ... + V7", x, std.lv = TRUE); e <- lavInspect(fit, "est")
    # sum(e$lambda)^2 / (sum(e$lambda)^2 + sum(diag(e$theta))); semTools::compRelSEM(fit)
    assert found.model_implied == close(0.851400166974, OMEGA)
    assert found.observed_variance == close(0.849188320772, OMEGA)


@pytest.fixture(scope="module")
def in_r(tmp_path_factory: pytest.TempPathFactory, require_r: str) -> tuple[Path, dict[str, Any]]:
    """A folder with the data sets, and what R makes of them."""
    folder = tmp_path_factory.mktemp("psychometrics")
    script = str(Path(__file__).with_name("psychometrics.R"))
    ran = subprocess.run(
        [require_r, "--vanilla", script, str(folder)], capture_output=True, text=True
    )
    if ran.returncode == PACKAGE_MISSING:
        missing(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return folder, json.loads(ran.stdout)


@pytest.fixture
def answers(in_r: tuple[Path, dict[str, Any]]) -> Callable[[str], KeyedAnswers]:
    def read(name: str) -> KeyedAnswers:
        table = pd.read_csv(in_r[0] / f"{name}.csv").astype(np.float64)
        values = table.to_numpy()
        return KeyedAnswers(
            tuple(table.columns),
            values,
            np.nanmin(values, axis=0),
            np.nanmax(values, axis=0),
            name,
        )

    return read


@pytest.mark.r
@pytest.mark.parametrize("name", SCALES)
def test_alpha_and_its_table_agree_with_psych(
    name: str, answers: Callable[[str], KeyedAnswers], in_r: tuple[Path, dict[str, Any]]
) -> None:
    expected, keyed = in_r[1]["scales"][name], answers(name)
    for found in (alpha_of(keyed), alpha_in_bulk(keyed)):
        assert found.n == expected["n"]
        assert found.alpha == close(expected["alpha"], CLOSED_FORM)
        assert found.item_rest.tolist() == close(expected["item_rest"], CLOSED_FORM)
        assert found.alpha_if_dropped.tolist() == close(expected["alpha_if_dropped"], CLOSED_FORM)
        coefficients = found.coefficients
        assert coefficients.standardised_alpha == close(expected["standardised_alpha"], CLOSED_FORM)
        assert coefficients.average_r == close(expected["average_r"], CLOSED_FORM)
        assert coefficients.lambda2 == close(expected["lambda2"], CLOSED_FORM)
        assert coefficients.lambda6 == close(expected["g6"], CLOSED_FORM)
    standardised = consistency(correlations(np.cov(keyed.complete, rowvar=False)))
    assert [
        standardised.lambda1,
        standardised.lambda2,
        standardised.lambda5,
        standardised.lambda6,
    ] == close(expected["of_correlations"], CLOSED_FORM)


@pytest.mark.r
@pytest.mark.parametrize("name", SCALES)
def test_statistics_of_items_with_gaps_agree_with_psych(
    name: str, answers: Callable[[str], KeyedAnswers], in_r: tuple[Path, dict[str, Any]]
) -> None:
    expected, keyed = in_r[1]["scales"][name], answers(name)
    items = item_statistics(keyed, alpha_in_bulk(keyed))
    assert [item.n for item in items] == expected["item_n"]
    for figure in ("mean", "sd", "skew"):
        assert [getattr(item, figure) for item in items] == close(expected[figure], CLOSED_FORM)


@pytest.mark.r
@pytest.mark.parametrize("name", SCALES)
def test_split_halves_agree_with_r(
    name: str, answers: Callable[[str], KeyedAnswers], in_r: tuple[Path, dict[str, Any]]
) -> None:
    expected, found = in_r[1]["scales"][name], split_half(answers(name))
    assert found.odd_even is not None
    assert found.best is not None
    assert found.worst is not None
    assert found.odd_even.r == close(expected["odd_even"], CLOSED_FORM)
    assert found.odd_even.spearman_brown == close(expected["spearman_brown"], CLOSED_FORM)
    assert found.n_splits == expected["n_splits"]
    assert [found.best.lambda4, found.worst.lambda4, found.mean_lambda4] == close(
        [expected["best"], expected["worst"], expected["mean_split"]], CLOSED_FORM
    )


@pytest.mark.r
@pytest.mark.parametrize(("name", "n_factors"), SCALES.items())
def test_omega_agrees_with_psych_lavaan_and_semtools(
    name: str,
    n_factors: int,
    answers: Callable[[str], KeyedAnswers],
    in_r: tuple[Path, dict[str, Any]],
) -> None:
    expected, keyed = in_r[1]["scales"][name], answers(name)
    tolerance = OMEGA_OF_ABILITY if name == "ability" else OMEGA
    one, found = one_factor_omega(keyed), hierarchical_omega(keyed, n_factors)
    assert one.model_implied == close(expected["one_factor"]["implied"], OMEGA)
    assert one.observed_variance == close(expected["one_factor"]["observed"], OMEGA)
    assert found.hierarchical == close(expected["omega_h"], tolerance)
    assert found.total == close(expected["omega_t"], tolerance)
    assert found.general.tolist() == close(expected["general"], LOADING)


@pytest.mark.r
@pytest.mark.parametrize("name", FACTORED)
def test_kmo_bartlett_and_parallel_analysis_agree_with_r(
    name: str, answers: Callable[[str], KeyedAnswers], in_r: tuple[Path, dict[str, Any]]
) -> None:
    expected, keyed = in_r[1]["factors"][name], answers(name)
    found = factorability(keyed)
    assert (found.n, found.df) == (expected["n"], expected["bartlett_df"])
    assert found.kmo == close(expected["kmo"], CLOSED_FORM)
    assert found.kmo_items.tolist() == close(expected["kmo_items"], CLOSED_FORM)
    assert found.chi2 == pytest.approx(expected["bartlett"], rel=CLOSED_FORM)
    parallel = parallel_analysis(keyed, seed=1)
    assert parallel.observed.tolist() == close(expected["eigenvalues"], CLOSED_FORM)
    assert parallel.random_mean.tolist() == close(expected["random_mean"], PERCENTILE)
    assert parallel.random_high.tolist() == close(expected["random_high"], PERCENTILE)
    assert parallel.n_components == parallel.n_components_by_mean == COMPONENTS[name]


@pytest.mark.r
@pytest.mark.parametrize("rotation", ["oblimin", "promax"])
@pytest.mark.parametrize(("name", "n_factors"), FACTORED.items())
def test_oblique_factors_agree_with_psych(
    name: str,
    n_factors: int,
    rotation: Any,
    answers: Callable[[str], KeyedAnswers],
    in_r: tuple[Path, dict[str, Any]],
) -> None:
    expected = in_r[1]["factors"][name][rotation]
    found = factor_analysis(answers(name), n_factors, rotation=rotation).factors
    assert found is not None
    order, signs = aligned(found, np.array(expected["loadings"]))
    loadings = np.array(expected["loadings"])[:, order] * signs
    phi = np.array(expected["phi"])[np.ix_(order, order)] * np.outer(signs, signs)
    tolerance = LOADING_OF_ABILITY if name == "ability16" else LOADING
    np.testing.assert_allclose(found.loadings, loadings, atol=tolerance, rtol=0)
    np.testing.assert_allclose(found.phi, phi, atol=PHI, rtol=0)
    assert found.communalities.tolist() == close(expected["communality"], tolerance)
    assert found.variance.tolist() == close(
        np.array(expected["variance"])[order].tolist(), tolerance
    )


@pytest.mark.r
@pytest.mark.parametrize(("name", "n_factors"), FACTORED.items())
def test_maximum_likelihood_factors_agree_with_factanal(
    name: str,
    n_factors: int,
    answers: Callable[[str], KeyedAnswers],
    in_r: tuple[Path, dict[str, Any]],
) -> None:
    found = factor_analysis(answers(name), n_factors, method="ml", rotation="none").factors
    assert found is not None
    expected = in_r[1]["factors"][name]["ml_uniquenesses"]
    assert found.uniquenesses.tolist() == close(expected, LOADING)


def aligned(found: Factors, loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The other program's order of the factors, and the signs it gives them."""
    agreement = found.loadings.T @ loadings
    rows, order = linear_sum_assignment(-np.abs(agreement))
    return order, np.sign(agreement[rows, order])
