"""What the estimates beside the primary one refuse, and what they do at their edges."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from reports.errors import EstimationError, TableShapeError
from reports.estimates.cluster_means import difference_of_cluster_means
from reports.estimates.complier_effect import complier_effect
from reports.estimates.joint_test import joint_test
from reports.estimates.mixed import fit_random_intercept
from reports.estimates.pooling import pool
from reports.estimates.randomisation_test import RandomisationTest, randomisation_test
from reports.estimates.regression import fit_clustered

RNG = np.random.default_rng(20)
SCHOOLS = np.repeat([f"S{n}" for n in range(8)], 3)
OFFERED = np.repeat([1.0, 0.0] * 4, 3)
STRATA = {"north": ["S0", "S1", "S2", "S3"], "south": ["S4", "S5", "S6", "S7"]}
TREATED = ["S0", "S2", "S4", "S6"]
BASELINE = RNG.normal(size=24)
Y = 0.4 * OFFERED + BASELINE + np.repeat(RNG.normal(size=8), 3) + RNG.normal(size=24)
COLUMNS = np.column_stack([np.ones(24), BASELINE])
TERMS = ("intercept", "baseline")


def allocations(y=Y, **choices) -> RandomisationTest:
    arguments = {
        "terms": TERMS,
        "treated": TREATED,
        "strata": STRATA,
        "rng": np.random.default_rng(1),
    } | choices
    return randomisation_test(y, COLUMNS, list(SCHOOLS), **arguments)


def test_counts_what_least_squares_gives_for_each_allocation_in_turn() -> None:
    coefficients = []
    for north in combinations(STRATA["north"], 2):
        for south in combinations(STRATA["south"], 2):
            arm = np.isin(SCHOOLS, [*north, *south]).astype(float)
            solution = np.linalg.lstsq(np.column_stack([COLUMNS, arm]), Y, rcond=None)[0]
            coefficients.append(abs(solution[2]))
    found = allocations()
    assert found.n_allocations == len(coefficients) == 36
    assert found.p == np.mean(np.array(coefficients) >= abs(found.coefficient) - 1e-12)


def test_does_not_depend_on_the_order_of_people_or_schools() -> None:
    order = np.random.default_rng(3).permutation(24)
    turned = randomisation_test(
        Y[order],
        COLUMNS[order],
        list(SCHOOLS[order]),
        terms=TERMS,
        treated=TREATED[::-1],
        strata={name: members[::-1] for name, members in reversed(STRATA.items())},
        rng=np.random.default_rng(1),
    )
    assert turned.p == allocations().p


def test_keeps_schools_in_which_nobody_answered_in_the_design() -> None:
    with_silent = {**STRATA, "north": [*STRATA["north"], "S8", "S9"]}
    found = allocations(strata=with_silent, treated=[*TREATED, "S8"])
    assert found.n_allocations == 20 * 6
    assert found.coefficient == pytest.approx(allocations().coefficient, abs=1e-12)


def test_counts_an_allocation_that_the_covariates_reproduce_as_far_from_nothing() -> None:
    in_north = np.isin(SCHOOLS, STRATA["north"]).astype(float)
    found = randomisation_test(
        Y,
        np.column_stack([np.ones(24), in_north]),
        list(SCHOOLS),
        terms=("intercept", "north"),
        treated=TREATED,
        strata={"all": [*STRATA["north"], *STRATA["south"]]},
        rng=np.random.default_rng(1),
    )
    assert found.n_allocations == 70
    assert found.p >= 2 / 70


def test_never_gives_a_p_of_nothing_when_it_draws() -> None:
    far = allocations(y=Y + 1000.0 * OFFERED, countable=1, draws=50)
    assert far.p >= 1 / 51
    assert (far.n_compared, far.is_exact) == (50, False)


def test_draws_the_same_allocations_from_the_same_seed() -> None:
    first, second = (
        allocations(countable=1, draws=300, rng=np.random.default_rng(7)) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("choices", "error", "says"),
    [
        ({"strata": {"north": STRATA["north"]}}, TableShapeError, "found no place for S4"),
        ({"strata": {**STRATA, "west": ["S0"]}}, TableShapeError, "found a school twice"),
        ({"treated": [*TREATED, "S99"]}, TableShapeError, "found no place for S99"),
        (
            {"strata": {each: [each] for each in np.unique(SCHOOLS)}},
            EstimationError,
            "this one allocation only",
        ),
    ],
)
def test_refuses_a_design_that_cannot_be_drawn_again(choices, error, says) -> None:
    with pytest.raises(error, match=says):
        allocations(**choices)


def test_has_no_satterthwaite_df_where_schools_do_not_differ() -> None:
    y = np.tile([1.0, 5.0, 3.0], 8) + 0.1 * BASELINE
    fit = fit_random_intercept(
        y, np.column_stack([COLUMNS, OFFERED]), SCHOOLS, terms=(*TERMS, "arm")
    )
    assert fit.is_singular
    with pytest.raises(EstimationError, match="estimated as 0"):
        fit.contrast((0.0, 0.0, 1.0), degrees_of_freedom="satterthwaite")
    assert 4.0 < fit.contrast((0.0, 0.0, 1.0)).df < 24.0


def test_tests_the_mixed_model_by_reml_only() -> None:
    fit = fit_random_intercept(Y, COLUMNS, SCHOOLS, terms=TERMS, criterion="ML")
    with pytest.raises(EstimationError, match="expected REML"):
        fit.contrast((0.0, 1.0))


def test_gives_the_square_of_the_t_test_for_one_contrast() -> None:
    columns = np.column_stack([COLUMNS, OFFERED])
    fit = fit_clustered(Y, columns, SCHOOLS, terms=(*TERMS, "arm"), kind="CR2")
    alone = fit.contrast((0.0, 0.0, 1.0))
    joint = joint_test(fit, [(0.0, 0.0, 1.0)])
    assert joint.statistic == pytest.approx(alone.statistic**2, rel=1e-10)
    assert joint.denominator_df == pytest.approx(alone.df, rel=1e-10)
    assert joint.p == pytest.approx(alone.p, rel=1e-8)


def test_refuses_contrasts_that_say_the_same_twice() -> None:
    fit = fit_clustered(
        Y, np.column_stack([COLUMNS, OFFERED]), SCHOOLS, terms=(*TERMS, "arm"), kind="CR2"
    )
    with pytest.raises(EstimationError, match="repeats"):
        joint_test(fit, [(0.0, 0.0, 1.0), (0.0, 0.0, 2.0)])


def test_gives_the_difference_itself_to_compliers_when_all_comply() -> None:
    found = complier_effect(Y, COLUMNS, SCHOOLS, terms=TERMS, received=OFFERED * 2, offered=OFFERED)
    plain = fit_clustered(
        Y, np.column_stack([COLUMNS, OFFERED]), SCHOOLS, terms=(*TERMS, "arm"), kind="CR2"
    ).contrast((0.0, 0.0, 1.0))
    assert found.contrast.estimate == pytest.approx(plain.estimate / 2.0, rel=1e-10)
    assert found.contrast.p == pytest.approx(plain.p, rel=1e-8)


def test_has_no_effect_among_compliers_where_the_offer_changed_nothing() -> None:
    with pytest.raises(EstimationError):
        complier_effect(Y, COLUMNS, SCHOOLS, terms=TERMS, received=np.zeros(24), offered=OFFERED)


def test_refuses_a_school_in_both_arms() -> None:
    arm = OFFERED.copy()
    arm[0] = 0.0
    with pytest.raises(TableShapeError, match="in both arms"):
        difference_of_cluster_means(Y, COLUMNS, SCHOOLS, terms=TERMS, in_arm=arm)


def test_refuses_an_arm_without_a_school() -> None:
    with pytest.raises(EstimationError, match="no school"):
        difference_of_cluster_means(Y, COLUMNS, SCHOOLS, terms=TERMS, in_arm=np.zeros(24))


def test_pools_tables_that_agree_on_the_degrees_of_freedom_of_the_data() -> None:
    found = pool([0.3, 0.3, 0.3], [0.04, 0.04, 0.04], complete_df=20)
    assert found.share_missing == 0.0
    assert found.contrast.df == pytest.approx(21 / 23 * 20)


@pytest.mark.parametrize(
    ("estimates", "variances", "df", "error"),
    [
        ([0.3], [0.04], 20, EstimationError),
        ([0.3, 0.4], [0.04, 0.0], 20, EstimationError),
        ([0.3, 0.4], [0.04, 0.05], 0, EstimationError),
        ([0.3, float("nan")], [0.04, 0.05], 20, TableShapeError),
        ([0.3, 0.4], [0.04], 20, TableShapeError),
    ],
)
def test_refuses_what_cannot_be_pooled(estimates, variances, df, error) -> None:
    with pytest.raises(error):
        pool(estimates, variances, complete_df=df)
