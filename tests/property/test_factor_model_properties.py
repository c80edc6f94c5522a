"""What holds of factor models whatever the people are."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.cfa.ml import fit_ml
from scoring.cfa.model import FactorModel, factor_model
from scoring.cfa.robust import fit_mlr

LOADINGS = np.array([0.8, 0.7, 0.6, 0.5, 0.75, 0.65, 0.55, 0.7])
ITEMS = tuple(f"q{number}" for number in range(1, 9))
MODEL = factor_model({"strain": ITEMS[:4], "rest": ITEMS[4:]})
CORRELATION = -0.4


def people(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky([[1, CORRELATION], [CORRELATION, 1]])
    factors = np.repeat(rng.standard_normal((n, 2)) @ root.T, 4, axis=1)
    return factors * LOADINGS + rng.standard_normal((n, 8)) * np.sqrt(1 - LOADINGS**2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulated_loadings_and_correlations_are_recovered(seed: int) -> None:
    found = fit_mlr(people(4000, seed), ITEMS, MODEL)
    error = found.estimates.standardised_loadings_se.max(axis=1)
    off = found.estimates.standardised_loadings.sum(axis=1) - LOADINGS
    assert np.abs(off / error).max() < 4
    assert found.estimates.factor_correlations[0, 1] == pytest.approx(CORRELATION, abs=0.08)
    assert found.robust is not None
    assert found.robust.scale == pytest.approx(1, abs=0.1)
    assert found.robust.p > 1e-3


def test_standard_errors_are_the_spread_of_the_estimates_over_studies() -> None:
    fits = [fit_ml(people(300, seed), ITEMS, MODEL).estimates for seed in range(200)]
    spread = np.std([fit.loadings.sum(axis=1) for fit in fits], axis=0)
    said = np.mean([fit.loadings_se.sum(axis=1) for fit in fits], axis=0)
    assert spread / said == pytest.approx(np.ones(8), abs=0.2)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), order=st.permutations(range(8)), rows=st.randoms())
def test_the_order_of_items_and_rows_does_not_matter(
    seed: int, order: list[int], rows: Random
) -> None:
    answers = people(250, seed)
    shuffled = list(range(250))
    rows.shuffle(shuffled)
    as_asked = fit_mlr(answers, ITEMS, MODEL)
    columns = [ITEMS[number] for number in order]
    mixed = FactorModel(
        tuple(
            type(factor)(factor.name, tuple(item for item in columns if item in factor.items))
            for factor in MODEL.factors
        )
    )
    turned = fit_mlr(answers[shuffled][:, order], columns, mixed)
    assert as_asked.indices is not None
    assert turned.indices is not None
    assert as_asked.robust is not None
    assert turned.robust is not None
    assert turned.indices.chi2 == pytest.approx(as_asked.indices.chi2, abs=1e-6)
    assert turned.indices.srmr == pytest.approx(as_asked.indices.srmr, abs=1e-8)
    assert turned.robust.scale == pytest.approx(as_asked.robust.scale, abs=1e-7)
    places = [mixed.items.index(item) for item in MODEL.items]
    for name in ("loadings", "loadings_se", "standardised_loadings"):
        assert getattr(turned.estimates, name)[places] == pytest.approx(
            getattr(as_asked.estimates, name), abs=1e-7
        )


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 1000),
    units=st.lists(st.floats(0.01, 100), min_size=8, max_size=8),
)
def test_units_of_the_items_change_nothing_but_the_units(seed: int, units: list[float]) -> None:
    answers = people(250, seed)
    plain, stretched = (
        fit_ml(answers * scale + shift, ITEMS, MODEL)
        for scale, shift in ((np.ones(8), 0.0), (np.array(units), 3.0))
    )
    assert plain.indices is not None
    assert stretched.indices is not None
    assert stretched.indices.chi2 == pytest.approx(plain.indices.chi2, abs=1e-6)
    assert stretched.estimates.standardised_loadings == pytest.approx(
        plain.estimates.standardised_loadings, abs=1e-7
    )
    assert stretched.estimates.loadings == pytest.approx(
        plain.estimates.loadings * np.array(units)[:, None], rel=1e-6
    )
