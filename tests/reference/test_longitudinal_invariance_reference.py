"""Invariance over time against lavaan run now, on three sets of people asked more than once.

The data come from R's packages: one factor at three waves (semTools), two factors at two waves in
more people, and one factor of four-point answers at two waves (psychTools). In R the items of all
waves stand side by side, with labels where they are equal and `~~` between an item's residuals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from lavaan_runs import run_lavaan

from scoring.cfa.invariance import longitudinal_invariance
from scoring.cfa.levels import LEVELS
from scoring.cfa.model import FactorModel, factor_model, one_factor
from scoring.cfa.waves_with_gaps import GapLevel, longitudinal_invariance_with_gaps

ITERATIVE: Final = 1e-4
"""lavaan stops its own search at about 1e-6 in the parameters."""

CHI2: Final = 1e-3
"""n times what is left of that in the fit function."""

STANDARD_ERROR: Final = 1e-3
"""Relative: lavaan differentiates numerically for the observed information."""


@dataclass(frozen=True, slots=True)
class Case:
    """A data set of R, long (with a person and a time) or wide (the wave in the item's name)."""

    data: str
    model: FactorModel
    waves: tuple[str, ...]
    person: tuple[str, ...] = ()


CASES: Final = (
    Case("semTools::exLong", one_factor(["y1", "y2", "y3"]), ("t1", "t2", "t3")),
    Case(
        "psychTools::sai",
        factor_model(
            {
                "strain": ["tense", "nervous", "jittery", "anxious"],
                "ease": ["calm", "secure", "relaxed", "rested"],
            }
        ),
        ("1", "2"),
        ("study", "id"),
    ),
    Case(
        "psychTools::msqR",
        one_factor(["active", "energetic", "vigorous", "lively", "sleepy"]),
        ("1", "2"),
        ("id",),
    ),
)


def columns(case: Case) -> list[str]:
    """The items of all waves, the first wave's first, named as in the wide table."""
    return [f"{item}{wave}" for wave in case.waves for item in case.model.items]


def lavaan_syntax(case: Case, level: str) -> str:
    """The model of all waves as lavaan writes it: a label where a parameter is equal."""
    return "\n".join(_lines(case, LEVELS.index(level)))


def _lines(case: Case, strictness: int) -> Iterator[str]:
    for number, wave in enumerate(case.waves):
        for factor in case.model.factors:
            marker, *others = factor.items
            terms = [f"l_{item}*{item}{wave}" if strictness else item + wave for item in others]
            yield f"{factor.name}{wave} =~ {' + '.join([f'1*{marker}{wave}', *terms])}"
            free = strictness >= 2 and number > 0
            yield f"{factor.name}{wave} ~ {'NA' if free else 0}*1"
        for item in case.model.items:
            yield f"{item}{wave} ~ {f'i_{item}*' if strictness >= 2 else ''}1"
            yield f"{item}{wave} ~~ {f'e_{item}*' if strictness >= 3 else ''}{item}{wave}"
    for first, second in combinations(case.waves, 2):
        for item in case.model.items:
            yield f"{item}{first} ~~ {item}{second}"


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, require_r: str
) -> list[tuple[pd.DataFrame, list[dict[str, Any]]]]:
    """Each case's rows side by side, and what lavaan makes of each level."""
    folder = tmp_path_factory.mktemp("lavaan")
    wanted = [
        {
            "data": case.data,
            "items": [*case.model.items, *case.person, "time"] if case.person else columns(case),
            "save": f"{number}.csv",
        }
        for number, case in enumerate(CASES)
    ]
    run_lavaan(folder, require_r, wanted)
    everybody = [wide(case, folder / f"{number}.csv") for number, case in enumerate(CASES)]
    whole = [table.dropna() for table in everybody]
    gaps = [with_gaps(table) for table in everybody]
    jobs = []
    for kind, tables in (("whole", whole), ("gaps", gaps)):
        for number, case in enumerate(CASES):
            tables[number].to_csv(folder / f"{kind}{number}.csv", index=False)
            for level in LEVELS:
                job = {"data": f"{kind}{number}.csv", "model": lavaan_syntax(case, level)}
                job |= {"estimator": "MLR", "free_scale": True, "nested": level != "configural"}
                jobs.append(job | ({"missing": "fiml"} if kind == "gaps" else {}))
    printed = run_lavaan(folder, require_r, jobs)
    return [
        (table, printed[4 * number : 4 * number + 4])
        for number, table in enumerate((*whole, *gaps))
    ]


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Everybody with the gaps they left; where nobody left any, without some answers of many."""
    if table.isna().any().any():
        return table
    person, item = np.indices(table.shape) + 1
    return table.mask((7 * person + 11 * item) % 13 == 3)


def wide(case: Case, path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path)
    if not case.person:
        return rows
    rows["time"] = rows["time"].astype(str)
    rows = rows[rows["time"].isin(case.waves)].drop_duplicates([*case.person, "time"])
    table = rows.pivot(index=list(case.person), columns="time", values=list(case.model.items))
    table.columns = [f"{item}{wave}" for item, wave in table.columns]
    return table[columns(case)].dropna(how="all")


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_lavaan_run_now(
    number: int, runs: list[tuple[pd.DataFrame, list[dict[str, Any]]]]
) -> None:
    case, (rows, printed) = CASES[number], runs[number]
    waves = {
        wave: rows[[f"{item}{wave}" for item in case.model.items]].to_numpy(float)
        for wave in case.waves
    }
    found = longitudinal_invariance(waves, case.model.items, case.model)
    assert (found.groups, found.n) == (case.waves, (len(rows),) * len(case.waves))
    assert [level.level for level in found.levels] == list(LEVELS)
    for level, lavaan in zip(found.levels, printed, strict=True):
        agrees(level, lavaan["measures"])
        means = pd.DataFrame(lavaan["intercepts"]).set_index("lhs")
        named = [f"{name}{wave}" for wave in case.waves for name in case.model.names]
        assert level.latent_means.ravel() == pytest.approx(
            means.loc[named, "est"].to_numpy(), abs=ITERATIVE
        )
        assert level.latent_means_robust_se.ravel() == pytest.approx(
            means.loc[named, "se"].to_numpy(), rel=STANDARD_ERROR
        )
        loadings = pd.DataFrame(lavaan["loadings"]).set_index("rhs")["est"]
        assert level.loadings.sum(axis=2).ravel() == pytest.approx(
            loadings[columns(case)].to_numpy(), rel=1e-3, abs=ITERATIVE
        )
    for step, lavaan in zip(found.steps, printed[1:], strict=True):
        chi2, df, p = lavaan["difference"]
        assert step.chi2_scaled == pytest.approx(chi2, rel=1e-4, abs=CHI2)
        assert step.df == df
        assert step.p_scaled == pytest.approx(p, abs=ITERATIVE)


@pytest.mark.r
@pytest.mark.parametrize("number", range(len(CASES)))
def test_people_who_missed_a_wave_count_as_in_lavaan(
    number: int, runs: list[tuple[pd.DataFrame, list[dict[str, Any]]]]
) -> None:
    # cfa(model, data, estimator = "MLR", missing = "fiml"), as written by `lavaan_syntax`
    case, (rows, printed) = CASES[number], runs[len(CASES) + number]
    waves = {
        wave: rows[[f"{item}{wave}" for item in case.model.items]].to_numpy(float)
        for wave in case.waves
    }
    found = longitudinal_invariance_with_gaps(waves, case.model.items, case.model)
    assert found.n_complete == len(rows.dropna()) < found.n == len(rows)
    assert [level.level for level in found.levels] == list(LEVELS)
    for level, lavaan in zip(found.levels, printed, strict=True):
        agrees_with_gaps(level, lavaan["measures"])
        means = pd.DataFrame(lavaan["intercepts"]).set_index("lhs")
        named = [f"{name}{wave}" for wave in case.waves for name in case.model.names]
        assert level.latent_means.ravel() == pytest.approx(
            means.loc[named, "est"].to_numpy(), abs=ITERATIVE
        )
        assert level.latent_means_se.ravel() == pytest.approx(
            means.loc[named, "se"].to_numpy(), rel=STANDARD_ERROR
        )
        loadings = pd.DataFrame(lavaan["loadings"]).set_index("rhs")["est"]
        assert level.loadings.sum(axis=2).ravel() == pytest.approx(
            loadings[columns(case)].to_numpy(), rel=1e-3, abs=ITERATIVE
        )
    for step, lavaan in zip(found.steps, printed[1:], strict=True):
        chi2, df, p = lavaan["difference"]
        assert step.chi2 == pytest.approx(chi2, rel=1e-4, abs=CHI2)
        assert step.df == df
        assert step.p == pytest.approx(p, abs=ITERATIVE)


def agrees_with_gaps(level: GapLevel, measures: dict[str, float]) -> None:
    fit, scaled = level.indices, level.scaled
    assert fit is not None
    assert scaled is not None
    assert (fit.df, fit.n, fit.n_parameters) == (
        measures["df"],
        measures["ntotal"],
        measures["npar"],
    )
    assert fit.chi2 == pytest.approx(measures["chisq"], rel=1e-6, abs=CHI2)
    assert scaled.chi2 == pytest.approx(measures["chisq.scaled"], rel=1e-4, abs=CHI2)
    for found, name in (
        (fit.p, "pvalue"),
        (scaled.p, "pvalue.scaled"),
        (scaled.scale, "chisq.scaling.factor"),
        (fit.cfi, "cfi"),
        (fit.tli, "tli"),
        (fit.rmsea, "rmsea"),
        (fit.rmsea_low, "rmsea.ci.lower"),
        (fit.rmsea_high, "rmsea.ci.upper"),
        (fit.srmr, "srmr"),
    ):
        assert found == pytest.approx(measures[name], abs=ITERATIVE), (level.level, name)
    for found, name in (
        (fit.log_likelihood, "logl"),
        (fit.aic, "aic"),
        (fit.bic, "bic"),
    ):
        assert found == pytest.approx(measures[name], abs=CHI2), (level.level, name)


def agrees(level: Any, measures: dict[str, float]) -> None:
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
