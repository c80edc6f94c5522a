"""Simulated answers: the same from the same seed, and like what they are simulated from."""

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from scoring.reliability import Reliability, alpha
from scoring.scales import score
from scoring.simulate import GRADED_ITEMS, GradedItem, graded_items, simulate_answers

CATALOGUE = load_catalogue()
MANY = 40_000


def simulated(name: str, people: int, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal(people)
    return simulate_answers(latent, CATALOGUE[name], graded_items(CATALOGUE[name]), rng=rng)


def reliability(name: str, score_id: str) -> Reliability:
    instrument = CATALOGUE[name]
    return alpha(simulated(name, MANY), instrument.score(score_id), instrument)


def test_every_instrument_that_ships_can_be_simulated() -> None:
    assert set(GRADED_ITEMS) <= set(CATALOGUE)
    for name, instrument in CATALOGUE.items():
        answers = simulated(name, 50)
        assert list(answers.columns) == [item.id for item in instrument.items]
        assert set(answers.dtypes) == {np.dtype(np.int8)}
        assert score(answers, instrument).values.notna().all(axis=None)


def test_the_same_seed_gives_the_same_answers() -> None:
    pd.testing.assert_frame_equal(simulated("gad7", 20), simulated("gad7", 20))
    assert not simulated("gad7", 20).equals(simulated("gad7", 20, seed=4))


def test_the_first_peoples_answers_do_not_depend_on_how_many_follow() -> None:
    gad7, latent = CATALOGUE["gad7"], np.linspace(-2, 2, 30)
    few, many = (
        simulate_answers(latent[:n], gad7, GRADED_ITEMS["gad7"], rng=np.random.default_rng(1))
        for n in (10, 30)
    )
    pd.testing.assert_frame_equal(few, many.iloc[:10])


# Bounds: four standard errors of a mean, an SD and an alpha of 40,000 people are under 0.09,
# 0.08 and 0.005; the targets themselves are given to two or three figures.


def test_simulated_gad7_has_the_mean_sd_and_alpha_it_was_made_for() -> None:
    result = reliability("gad7", "gad7_total")
    assert result.mean == pytest.approx(5.48, abs=0.1)
    assert result.sd == pytest.approx(4.27, abs=0.1)
    assert result.alpha == pytest.approx(0.855, abs=0.006)


def test_simulated_gad7_has_the_shares_of_bands_it_was_made_for() -> None:
    values = score(simulated("gad7", MANY), CATALOGUE["gad7"]).values["gad7_total"]
    assert (values >= 10).mean() == pytest.approx(0.177, abs=0.01)
    assert (values >= 8).mean() == pytest.approx(0.29, abs=0.01)


def test_simulated_pss10_is_as_stated() -> None:
    result = reliability("pss10", "pss10_total")
    assert result.mean == pytest.approx(16.7, abs=0.15)
    assert result.sd == pytest.approx(6.3, abs=0.15)
    assert result.alpha == pytest.approx(0.86, abs=0.01)
    assert (result.item_rest > 0.3).all()


def test_simulated_confidence_is_as_stated() -> None:
    result = reliability("dsl_confidence", "dsl_confidence_total")
    assert result.mean == pytest.approx(3.5, abs=0.05)
    assert result.sd == pytest.approx(0.6, abs=0.03)
    assert result.alpha == pytest.approx(0.87, abs=0.01)


def test_more_of_the_latent_value_is_more_of_the_score() -> None:
    for name, total in (
        ("gad7", "gad7_total"),
        ("pss10", "pss10_total"),
        ("dsl_confidence", "dsl_confidence_total"),
    ):
        rng = np.random.default_rng(8)
        answers = simulate_answers(
            np.repeat([-1.0, 1.0], 200), CATALOGUE[name], GRADED_ITEMS[name], rng=rng
        )
        values = score(answers, CATALOGUE[name]).values[total]
        assert values.iloc[200:].mean() > values.iloc[:200].mean()


def test_refuses_an_item_without_parameters_or_with_too_few_cuts() -> None:
    gad7, rng = CATALOGUE["gad7"], np.random.default_rng(1)
    without = {name: item for name, item in GRADED_ITEMS["gad7"].items() if name != "gad7_3"}
    with pytest.raises(ValueError, match="gad7_3 has no parameters; expected 3 cuts"):
        simulate_answers(np.zeros(2), gad7, without, rng=rng)
    short = {**without, "gad7_3": GradedItem(0.5, (0.0, 1.0))}
    with pytest.raises(ValueError, match="gad7_3 has 2 cuts; expected 3 cuts"):
        simulate_answers(np.zeros(2), gad7, short, rng=rng)


def test_refuses_impossible_parameters() -> None:
    with pytest.raises(ValueError, match=r"loading of 1\.2"):
        GradedItem(1.2, (0.0,))
    with pytest.raises(ValueError, match="expected rising ones"):
        GradedItem(0.5, (1.0, 0.0))
