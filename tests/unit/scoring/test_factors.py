"""Factors reproduce what they are factors of, or the answer says in words why there are none."""

import itertools
import warnings

import numpy as np
import pytest

from scoring.factors import factor_analysis, factorability, solve_factors
from scoring.from_factor_analyzer import extract
from scoring.keyed import KeyedAnswers
from scoring.omega import hierarchical_omega, one_factor_omega
from scoring.parallel_analysis import parallel_analysis, random_eigenvalues


def scale(values: np.ndarray) -> KeyedAnswers:
    k = values.shape[1]
    items = tuple(f"item{number}" for number in range(1, k + 1))
    return KeyedAnswers(items, values, np.full(k, -9.0), np.full(k, 9.0), "mood")


def two_factors(n: int = 300, k: int = 8, seed: int = 3) -> np.ndarray:
    """The second half of the items has the larger loadings; the factors correlate .5."""
    rng = np.random.default_rng(seed)
    first, unrelated, noise = (rng.standard_normal((n, width)) for width in (1, 1, k))
    second = 0.5 * first + np.sqrt(0.75) * unrelated
    half = k // 2
    return np.hstack([0.6 * first + 0.8 * noise[:, :half], 0.8 * second + 0.6 * noise[:, half:]])


@pytest.mark.parametrize("rotation", ["none", "oblimin", "promax"])
@pytest.mark.parametrize("method", ["minres", "ml"])
def test_rotation_leaves_what_the_factors_have_in_common_as_it_was(method, rotation) -> None:
    correlation = np.corrcoef(two_factors(), rowvar=False)
    found = solve_factors(correlation, 2, method=method, rotation=rotation)
    unrotated = extract(correlation, 2, method).loadings
    common = unrotated @ unrotated.T
    np.testing.assert_allclose(found.loadings @ found.phi @ found.loadings.T, common, atol=1e-10)
    np.testing.assert_allclose(found.structure, found.loadings @ found.phi, atol=1e-12)
    np.testing.assert_allclose(found.communalities, np.diag(common), atol=1e-10)
    np.testing.assert_allclose(found.uniquenesses, 1 - np.diag(common), atol=1e-10)
    assert found.variance.sum() == pytest.approx(np.trace(common))
    assert found.variance[0] >= found.variance[1]


def test_the_correlations_of_four_factors_stand_in_the_order_of_the_factors() -> None:
    rng = np.random.default_rng(8)
    phi = np.array([[1, 0.1, 0.2, 0.6], [0.1, 1, 0.4, 0], [0.2, 0.4, 1, 0.3], [0.6, 0, 0.3, 1]])
    latent = rng.standard_normal((4000, 4)) @ np.linalg.cholesky(phi).T
    loading = np.repeat([0.5, 0.8, 0.6, 0.7], 4)
    values = latent[:, np.repeat(range(4), 4)] * loading
    values += rng.standard_normal(values.shape) * np.sqrt(1 - loading**2)
    found = factor_analysis(scale(values), 4).factors
    assert found is not None
    made = np.argmax(np.abs(found.loadings), axis=0) // 4
    assert list(made) == [1, 3, 2, 0]
    np.testing.assert_allclose(found.phi, phi[np.ix_(made, made)], atol=0.07)


def test_one_factor_is_not_rotated_and_points_up() -> None:
    values = two_factors(k=6)
    found = factor_analysis(scale(-values), 1, rotation="promax")
    assert found.factors is not None
    assert (found.rotation, found.factors.phi.tolist()) == ("none", [[1.0]])
    assert (found.factors.loadings > 0).all()


def test_only_complete_rows_are_used() -> None:
    values = two_factors(200)
    with_gaps = values.copy()
    with_gaps[:50, 2] = np.nan
    gaps, complete = scale(with_gaps), scale(values[50:])
    assert factorability(gaps).kmo == factorability(complete).kmo
    found, expected = factor_analysis(gaps, 2), factor_analysis(complete, 2)
    assert (found.n, expected.n) == (150, 150)
    assert found.factors is not None
    assert expected.factors is not None
    np.testing.assert_array_equal(found.factors.loadings, expected.factors.loadings)


def constant(values: np.ndarray) -> np.ndarray:
    values[:, 4] = 2
    return values


def copied(values: np.ndarray) -> np.ndarray:
    values[:, 4] = values[:, 1]
    return values


def summed(values: np.ndarray) -> np.ndarray:
    values[:, 4] = values[:, 1] + values[:, 2]
    return values


@pytest.mark.parametrize(
    ("values", "subject", "message"),
    [
        (two_factors(30), "mood", "Only 30 people answered every item"),
        (two_factors(0), "mood", "Only 0 people"),
        (constant(two_factors()), "item5", "Everybody gave the same answer"),
        (copied(two_factors()), "mood", "singular"),
        (summed(two_factors()), "mood", "singular"),
        (two_factors()[:, :2], "mood", "Fewer than 3 items have no factors"),
        (two_factors(52, 60), "mood", "fewer than 61"),
    ],
    ids=["thirty", "nobody", "constant", "copy", "sum", "two items", "wide"],
)
def test_says_in_words_why_there_is_no_number(
    values: np.ndarray, subject: str, message: str
) -> None:
    keyed = scale(values)
    found = [
        factorability(keyed),
        factor_analysis(keyed, 1),
        parallel_analysis(keyed, seed=1),
        hierarchical_omega(keyed),
    ]
    for each in found:
        (finding,) = each.findings
        assert (finding.severity, finding.subject) == ("error", subject)
        assert message in finding.message
    assert np.isnan(found[0].kmo)
    assert np.isnan(found[0].chi2)
    assert found[1].factors is None
    assert (found[2].n_components, len(found[2].observed)) == (None, 0)
    assert np.isnan(found[3].hierarchical)


def test_refuses_more_factors_than_the_items_can_tell_apart() -> None:
    found = factor_analysis(scale(two_factors()[:, :4]), 2)
    assert found.factors is None
    assert "4 items cannot tell 2 factors apart" in found.findings[0].message
    assert factor_analysis(scale(two_factors()[:, :4]), 9).factors is None
    assert factor_analysis(scale(two_factors()[:, :3]), 1).factors is not None


def test_says_which_item_is_a_heywood_case() -> None:
    values = two_factors(60, 5, seed=12)
    values[:, 3] = values[:, 4] + 0.05 * np.random.default_rng(1).standard_normal(60)
    found = factor_analysis(scale(values), 2)
    assert any("Heywood" in finding.message for finding in found.findings)


def test_says_that_few_people_for_many_items_leave_loadings_unsure() -> None:
    (finding, *_) = factor_analysis(scale(two_factors(52, 12)), 2).findings
    assert "52 people for 12 items" in finding.message


def test_says_that_the_search_did_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def unfinished(*_: object, **__: object) -> None:
        warnings.warn("Failed to converge: too many steps", stacklevel=1)

    import factor_analyzer

    fit = factor_analyzer.FactorAnalyzer.fit

    def fit_and_warn(self: object, X: object) -> object:
        unfinished()
        return fit(self, X)

    monkeypatch.setattr(factor_analyzer.FactorAnalyzer, "fit", fit_and_warn)
    found = factor_analysis(scale(two_factors()), 2)
    assert "did not end" in found.findings[0].message


def test_a_warning_nobody_knows_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    import factor_analyzer

    def warn(self: object, X: object) -> None:
        warnings.warn("something new", stacklevel=1)

    monkeypatch.setattr(factor_analyzer.FactorAnalyzer, "fit", warn)
    with pytest.raises(UserWarning, match="something new"):
        factor_analysis(scale(two_factors()), 2)


def test_refuses_no_factors_at_all() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        factor_analysis(scale(two_factors()), 0)
    with pytest.raises(ValueError, match="at least 2"):
        hierarchical_omega(scale(two_factors()), 1)


def test_random_eigenvalues_are_those_of_random_data() -> None:
    rng = np.random.default_rng(5)
    drawn = random_eigenvalues(80, 6, replications=600, rng=rng)
    rows = rng.standard_normal((600, 80, 6))
    made = np.array([np.linalg.eigvalsh(np.corrcoef(each, rowvar=False))[::-1] for each in rows])
    np.testing.assert_allclose(drawn.mean(axis=0), made.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(
        np.quantile(drawn, 0.95, axis=0), np.quantile(made, 0.95, axis=0), atol=0.04
    )
    np.testing.assert_allclose(drawn.sum(axis=1), 6)


def test_parallel_analysis_is_repeatable_and_says_what_it_drew() -> None:
    keyed = scale(two_factors())
    first, again, other = (
        parallel_analysis(keyed, seed=seed, replications=50) for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first.random_high, again.random_high)
    assert not np.array_equal(first.random_high, other.random_high)
    assert (first.seed, first.replications, first.n, first.quantile) == (4, 50, 300, 0.95)
    assert first.n_components == first.n_components_by_mean == 2
    assert (np.diff(first.observed) <= 0).all()
    assert (first.random_high > first.random_mean).all()


def test_unrelated_items_have_no_component() -> None:
    rng = np.random.default_rng(2)
    found = parallel_analysis(scale(rng.standard_normal((400, 6))), seed=1)
    assert found.n_components == 0


def test_omega_of_one_factor_is_that_of_its_loadings() -> None:
    rng = np.random.default_rng(6)
    loading = np.array([0.5, 0.6, 0.7, 0.8])
    latent = rng.standard_normal((20000, 1))
    values = latent * loading + rng.standard_normal((20000, 4)) * np.sqrt(1 - loading**2)
    found = one_factor_omega(scale(values))
    expected = loading.sum() ** 2 / (loading.sum() ** 2 + (1 - loading**2).sum())
    assert found.model_implied == pytest.approx(expected, abs=0.01)
    assert found.observed_variance == pytest.approx(found.model_implied, abs=0.005)
    np.testing.assert_allclose(found.loadings, loading, atol=0.02)
    assert (found.n, found.findings) == (20000, ())


def test_omega_of_two_items_is_refused_in_words() -> None:
    found = one_factor_omega(scale(two_factors()[:, :2]))
    assert np.isnan(found.model_implied)
    assert "do not determine a factor" in found.findings[0].message


def test_omega_of_a_constant_item_is_refused_in_words() -> None:
    found = one_factor_omega(scale(constant(two_factors())))
    assert np.isnan(found.model_implied)
    assert np.isnan(found.observed_variance)
    assert any(finding.severity == "error" for finding in found.findings)


def test_two_group_factors_load_alike_on_the_general_one() -> None:
    found = hierarchical_omega(scale(two_factors(5000)), 2)
    assert found.higher[0] == found.higher[1]
    assert found.higher[0] ** 2 == pytest.approx(0.5, abs=0.05)
    assert 0 < found.hierarchical < found.total < 1
    assert "set equal" in found.findings[0].message


def test_says_which_item_runs_against_the_general_factor() -> None:
    values = two_factors(2000)
    values[:, 0] *= -1
    found = hierarchical_omega(scale(values), 2)
    against = [each.subject for each in found.findings if "general factor" in each.message]
    assert against == ["item1"]


def test_every_pair_of_rotations_finds_the_same_items_together() -> None:
    keyed = scale(two_factors(1000))
    groups = []
    for rotation in ("oblimin", "promax"):
        factors = factor_analysis(keyed, 2, rotation=rotation).factors
        assert factors is not None
        groups.append(np.abs(factors.loadings).argmax(axis=1).tolist())
    for one, other in itertools.pairwise(groups):
        assert one == other == [1] * 4 + [0] * 4
