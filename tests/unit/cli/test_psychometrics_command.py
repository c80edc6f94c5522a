"""`psychometrics`: what a CSV from any platform is told, written and refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.keyed import keyed_columns
from scoring.reliability import alpha_in_bulk

DOCUMENT = Path(__file__).parents[3] / "docs" / "psychometrics-json.md"


def answers(n: int = 120, k: int = 6) -> pd.DataFrame:
    """Answers 0 to 3; the third item runs the other way."""
    rng = np.random.default_rng(9)
    latent = rng.standard_normal((n, 1)) + rng.standard_normal((n, k))
    table = pd.DataFrame(np.clip(np.round(latent + 1.5), 0, 3).astype(int))
    table.columns = pd.Index([f"q{number}" for number in range(1, k + 1)])
    table["q3"] = 3 - table["q3"]
    table["arm"] = ["A", "B", "B"] * (n // 3)
    return table


def two_waves(n: int = 150) -> pd.DataFrame:
    """The same people twice, in another order the second time; one left an item out."""
    rng = np.random.default_rng(4)
    person = rng.standard_normal((n, 1))
    waves = []
    for wave in ("before", "after"):
        latent = person + 0.5 * rng.standard_normal((n, 1)) + rng.standard_normal((n, 6))
        table = pd.DataFrame(np.clip(np.round(latent + 1.5), 0, 3)).astype("Int64")
        table.columns = pd.Index([f"q{number}" for number in range(1, 7)])
        table["q3"] = 3 - table["q3"]
        table["wave"], table["person"] = wave, [f"p{number}" for number in range(n)]
        table["school"] = [f"s{number // 3}" for number in range(n)]
        waves.append(table.sample(frac=1, random_state=1) if wave == "after" else table)
    waves[0].loc[0, "q1"] = pd.NA
    return pd.concat(waves, ignore_index=True)


@pytest.fixture
def written(tmp_path):
    def write(table: pd.DataFrame, **more: object) -> Path:
        path = tmp_path / "answers.csv"
        table.to_csv(path, index=False, **more)
        return path

    return write


SCALE = ("--scale", "mood=q1,q2,-q3,q4,q5,q6")
QUICK = ("--replications", "20")


def test_writes_unrounded_figures_with_the_n_of_each(done, written, tmp_path):
    table = answers()
    table.loc[3, "q2"] = np.nan
    out = tmp_path / "out" / "checks.json"
    done("psychometrics", written(table), *SCALE, "--range", "0:3", *QUICK, "--json", out)
    found = json.loads(out.read_text())
    (scale,) = found["scales"]
    (everybody,) = scale["groups"]
    keyed = keyed_columns(table, ["q1", "q2", "-q3", "q4", "q5", "q6"], (0, 3))
    expected = alpha_in_bulk(keyed)
    assert everybody["alpha"]["alpha"] == pytest.approx(expected.alpha, abs=1e-14)
    assert everybody["alpha"]["n"] == 119
    assert [item["n"] for item in everybody["items"]] == [120, 119, 120, 120, 120, 120]
    assert {item["n_complete"] for item in everybody["items"]} == {119}
    assert (scale["reversed"], scale["is_range_given"]) == (["q3"], True)
    for key in ("split_half", "factorability", "parallel_analysis", "factors", "one_factor_model"):
        assert everybody[key]["n"] == 119
    assert everybody["factors"]["n_factors"] == everybody["parallel_analysis"]["n_components"] == 1
    assert found["settings"] == {"confidence": 0.95, "seed": 20190916, "replications": 20}


def test_repeats_every_check_by_group(done, written, tmp_path):
    table = answers()
    table.loc[0, "arm"] = ""
    out = tmp_path / "checks.json"
    said = done("psychometrics", written(table), *SCALE, "--group", "arm", *QUICK, "--json", out)
    found = json.loads(out.read_text())
    groups = found["scales"][0]["groups"]
    assert [group["group"] for group in groups] == [None, "A", "B"]
    assert [group["alpha"]["n"] for group in groups] == [120, 39, 80]
    assert (found["group_column"], found["n_without_group"]) == ("arm", 1)
    assert "mood, Everybody: n 120" in said
    assert "mood, A: n 39" in said
    assert groups[1]["factors"]["solution"] is None
    assert any("Only 39 people" in each["message"] for each in groups[1]["findings"])


def test_people_named_make_the_groups_waves(done, written, tmp_path):
    out = tmp_path / "checks.json"
    columns = (*SCALE, "--group", "wave", "--person", "person", "--school", "school")
    page = tmp_path / "checks.html"
    path = written(two_waves())
    done("psychometrics", path, *columns, *QUICK, "--json", out, "--html", page)
    (scale,) = json.loads(out.read_text())["scales"]
    comparison = scale["comparison"]
    assert comparison["are_waves"]
    assert (comparison["groups"], comparison["n"]) == (["before", "after"], [149, 149])
    assert [level["level"] for level in comparison["levels"]][-1] == "strict"
    (retest,) = comparison["retests"]
    assert retest["n"] == 149
    assert 0.3 < retest["consistency"]["icc"] < 0.95
    everybody = scale["groups"][0]
    assert everybody["full_information_model"]["n"] == 300
    assert everybody["full_information_model"]["n_complete"] == 299
    assert everybody["schools"]["n_schools"] == 50
    assert "Invariance of one factor across the waves" in page.read_text()


def test_groups_of_different_people_are_compared(done, written, tmp_path):
    out = tmp_path / "checks.json"
    table = two_waves()
    table.loc[:9, "wave"] = "few"
    page = tmp_path / "checks.html"
    columns = (*SCALE, "--group", "wave")
    done("psychometrics", written(table), *columns, *QUICK, "--json", out, "--html", page)
    comparison = json.loads(out.read_text())["scales"][0]["comparison"]
    assert not comparison["are_waves"]
    assert comparison["groups"] == ["after", "before"]
    assert len(comparison["levels"]) == len(comparison["ordinal"]["levels"]) == 4
    assert "Invariance of one factor of ordered answers" in page.read_text()
    assert any("Group few is not compared" in each["message"] for each in comparison["findings"])


def test_somebody_there_twice_at_a_wave_is_refused_with_the_rows(refused, written):
    table = two_waves(4)
    table.loc[2, "person"] = "p0"
    columns = (*SCALE, "--group", "wave", "--person", "person")
    said = refused("psychometrics", written(table), *columns)
    assert "person p0 twice at wave before: rows 2 and 4" in said
    assert "--person needs --group" in refused(
        "psychometrics", written(table), *SCALE, "--person", "person"
    )


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(each) for each in value))
    return set()


def test_every_key_is_documented_and_every_documented_key_is_written(done, written, tmp_path):
    out = tmp_path / "checks.json"
    found_keys = set()
    for more in (("--person", "person"), ()):
        path = written(two_waves())
        columns = (*SCALE, "--group", "wave", "--school", "school", *more)
        done("psychometrics", path, *columns, *QUICK, "--json", out)
        found = json.loads(out.read_text())
        provenance = set(found.pop("provenance"))
        found_keys |= keys_of(found)
    named_by_the_run = provenance | {"provenance"}
    words = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`]+)`", DOCUMENT.read_text()))))
    assert sorted(found_keys - words) == []
    values = {"psychometrics", "null", "false", "group", "wlsmv", "mlr", "json", "scale", "1"}
    values |= {"error", "warning", "note", "person", "school", "true", "fiml"}
    values |= {"configural", "metric", "scalar", "strict", "thresholds", "intercepts"}
    assert sorted(words - found_keys - named_by_the_run - values) == []


def test_writes_a_page_of_tables_with_a_figure(done, written, tmp_path):
    page = tmp_path / "checks.html"
    done("psychometrics", written(answers()), *SCALE, *QUICK, "--html", page)
    text = page.read_text()
    assert text.count("<table>") == 9
    assert "data:image/svg+xml;base64," in text
    assert "http" not in re.sub(r"base64,[^\"]+", "", text)
    assert "q3 (reversed)" in text
    numbers = [int(each) for each in re.findall(r"Table (\d+)\.", text)]
    assert numbers == list(range(1, 10))


def test_a_group_named_like_markup_is_text(done, written, tmp_path):
    table, page = answers(), tmp_path / "checks.html"
    table["arm"] = "<script>alert(1)</script>"
    done("psychometrics", written(table), *SCALE, "--group", "arm", *QUICK, "--html", page)
    assert "<script" not in page.read_text()


def test_says_that_items_are_reversed_within_what_was_found(done, written):
    assert "mood: items are reversed within 0:3" in done(
        "psychometrics", written(answers()), *SCALE, *QUICK
    )


@pytest.mark.parametrize("empty", ["", "NA", "NaN", "."])
def test_what_other_programs_write_for_no_answer_is_none(done, written, empty):
    table = answers().astype(object)
    table.loc[3, "q2"] = empty
    said = done("psychometrics", written(table), *SCALE, "--range", "0:3", *QUICK)
    assert "n 119" in said


def test_a_byte_order_mark_and_spaces_do_not_hide_a_column(done, written):
    table = answers().rename(columns={"q1": "q1 "})
    path = written(table, encoding="utf-8-sig")
    assert "n 120" in done("psychometrics", path, *SCALE, "--range", "0:3", *QUICK)


def test_a_range_may_be_of_one_scale(done, written, tmp_path):
    out = tmp_path / "checks.json"
    done(
        "psychometrics",
        written(answers()),
        *("--scale", "low=q1,q2,q4", "--scale", "high=q4,q5,q6"),
        *("--range", "high=-1:4", "--range", "0:3"),
        *QUICK,
        *("--json", out),
    )
    found = {scale["name"]: scale for scale in json.loads(out.read_text())["scales"]}
    assert (found["low"]["minimum"], found["low"]["maximum"]) == (0, 3)
    assert (found["high"]["minimum"], found["high"]["maximum"]) == (-1, 4)


def test_a_file_without_rows_or_answers_is_said_in_words(done, written):
    assert "Only 0 people" in done("psychometrics", written(answers().iloc[:0]), *SCALE, *QUICK)
    table = answers().astype(object)
    table.loc[:, "q1":"q6"] = ""
    assert "Only 0 people" in done("psychometrics", written(table), *SCALE, *QUICK)


def test_a_value_out_of_range_is_refused_with_row_and_column(refused, written):
    table = answers()
    table.loc[4, "q2"] = 7
    said = refused("psychometrics", written(table), *SCALE, "--range", "0:3")
    assert "row 6, column q2: 7" in said


def test_answers_shifted_by_one_are_refused_with_the_range_they_would_fit(refused, written):
    table = answers()
    table.loc[:, "q1":"q6"] += 1
    said = refused("psychometrics", written(table), *SCALE, "--range", "0:3")
    assert "All answers would fit 1:4" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scale", "mood=q1,q9"), "no column q9"),
        (("--scale", "mood"), "expected NAME=item1,item2,-item3"),
        (("--scale", "mood=q1,,q2"), "expected NAME=item1,item2,-item3"),
        ((*SCALE, *SCALE), "gives mood more than once"),
        ((*SCALE, "--range", "3:0"), "expected LOW:HIGH"),
        ((*SCALE, "--range", "calm=0:3"), "--range names calm"),
        ((*SCALE, "--group", "school"), "no column school"),
        ((), "Missing option '--scale'"),
    ],
)
def test_refuses_what_it_cannot_do_in_words(refused, written, arguments, message):
    assert message in refused("psychometrics", written(answers()), *arguments)


def test_refuses_a_file_it_cannot_read(refused, tmp_path):
    assert "cannot be read" in refused("psychometrics", tmp_path / "none.csv", *SCALE)
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "cannot be read as a CSV" in refused("psychometrics", tmp_path / "empty.csv", *SCALE)
    (tmp_path / "latin.csv").write_bytes(b"q1,na\xefve\n1,2\n")
    assert "cannot be read as a CSV" in refused("psychometrics", tmp_path / "latin.csv", *SCALE)


def test_a_european_spreadsheet_is_read_like_any_other(done, written):
    table = answers().astype({f"q{n}": float for n in range(1, 7)})
    path = written(table, sep=";", decimal=",")
    assert "n 120" in done("psychometrics", path, *SCALE, "--range", "0:3", *QUICK)


def test_a_column_that_is_there_twice_is_refused(refused, written):
    table = answers().rename(columns={"q2": "q1"})
    said = refused("psychometrics", written(table), "--scale", "mood=q1,q4,q5", *QUICK)
    assert "more than one column q1" in said


def test_says_where_it_could_not_write(refused, written, tmp_path):
    (tmp_path / "taken").write_text("")
    path = tmp_path / "taken" / "checks.json"
    assert "cannot be written" in refused(
        "psychometrics", written(answers()), *SCALE, *QUICK, "--json", path
    )
