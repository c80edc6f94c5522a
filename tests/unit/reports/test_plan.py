from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date

import pytest
from pydantic import ValidationError

from reports.plan import Outcome, Plan

TOML = """
fixed_on = 2020-01-10
confidence = 0.95
seed = 20200110
complier_share = 0.5

[[outcomes]]
id = "gad7"
label = "Anxiety"
instrument = "gad7"
score = "gad7_total"
wave = "follow_up"
baseline_wave = "baseline"
primary = true

[[outcomes]]
id = "confidence"
label = "Confidence"
instrument = "dsl_confidence"
score = "dsl_confidence_mean"
wave = "follow_up"
"""


def plan() -> Plan:
    return Plan.model_validate(tomllib.loads(TOML))


def test_reads_what_a_toml_file_holds() -> None:
    read = plan()
    assert read.fixed_on == date(2020, 1, 10)
    assert [each.id for each in read.outcomes] == ["gad7", "confidence"]
    assert read.covariates == ("baseline", "strata")
    assert read.effect_size == "total_unconditional"
    assert [each.id for each in read.primary_outcomes] == ["gad7"]


def test_finds_an_outcome_by_id_and_names_the_known_ones_otherwise() -> None:
    assert plan().outcome("confidence").score == "dsl_confidence_mean"
    with pytest.raises(KeyError, match="gad7, confidence"):
        plan().outcome("pss10")


def test_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        plan().seed = 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", "1"),
        ("confidence", 95),
        ("confidence", True),
        ("covariates", ["sex"]),
        ("covariates", ["strata", "strata"]),
        ("complier_share", 0),
        ("minimum_people", 2.5),
        ("estimator", "t_test"),
        ("outcomes", []),
        ("surprise", 1),
    ],
)
def test_refuses_a_value_that_is_not_exactly_what_is_meant(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        Plan.model_validate({**tomllib.loads(TOML), key: value})


def test_refuses_two_outcomes_with_one_id() -> None:
    data = tomllib.loads(TOML)
    data["outcomes"][1]["id"] = "gad7"
    with pytest.raises(ValidationError, match="repeated: gad7"):
        Plan.model_validate(data)


def test_refuses_an_outcome_adjusted_for_its_own_wave() -> None:
    with pytest.raises(ValidationError, match="earlier wave"):
        Outcome(
            id="gad7",
            label="Anxiety",
            instrument="gad7",
            score="gad7_total",
            wave="follow_up",
            baseline_wave="follow_up",
        )


def test_reads_as_sentences_that_name_method_effect_size_and_date() -> None:
    text = plan().as_text()
    assert "fixed on 2020-01-10" in text
    assert "Primary outcome: Anxiety (gad7_total) at the wave follow_up" in text
    assert "Secondary outcome: Confidence" in text
    assert "not adjusted for a baseline score" in text
    assert "CR2" in text
    assert "Satterthwaite" in text
    assert "total standard deviation of the model without covariates" in text
    assert "at least 50%" in text


def test_says_that_an_undated_plan_is_a_draft() -> None:
    assert "draft" in plan().model_copy(update={"fixed_on": None}).as_text()


def test_loads_without_pandas_so_that_the_web_may_read_plans() -> None:
    code = "import sys, reports.plan; print('pandas' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["False", "False"], answer.stderr


@pytest.mark.parametrize(
    ("share", "planned", "needed"), [(0.6, 6, 4), (0.6, 10, 6), (0.55, 20, 11), (1.0, 3, 3)]
)
def test_a_complier_attended_its_share_whatever_binary_fractions_say(
    share: float, planned: int, needed: int
) -> None:
    fixed = plan().model_copy(update={"complier_share": share})
    assert fixed.sessions_to_comply(planned) == needed
    assert fixed.complied(attended=needed, planned=planned)
    assert not fixed.complied(attended=needed - 1, planned=planned)
