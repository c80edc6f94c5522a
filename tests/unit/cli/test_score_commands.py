"""`score` and `instruments`: what they print, and what they say of the rest."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib.resources import files
from io import StringIO
from pathlib import Path

import pytest

GAD7 = [f"gad7_{n}" for n in range(1, 8)]


@pytest.fixture
def answers(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: str, headings: str = ",".join(["person", *GAD7])) -> Path:
        path = tmp_path / "answers.csv"
        path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_writes_the_score_the_band_and_why_there_is_none(run, answers, tmp_path):
    file = answers("Dev,1,2,3,0,1,2,3", "Ann,1,2,3,0,1,2,NA", "Bea,1,2,3,,,,")
    written = tmp_path / "out" / "scores.csv"
    result = run("score", "gad7", file, "-o", written, "--id", "person")
    assert result.exit_code == 0
    assert f"Written: {written}" in result.output
    dev, ann, bea = read(written.read_text())
    assert dev == {
        "person": "Dev",
        "gad7_total": "12",
        "gad7_total_answered": "7",
        "gad7_total_band": "Moderate",
        "gad7_total_reason": "",
    }
    assert (ann["gad7_total"], ann["gad7_total_answered"]) == ("10.5", "6")
    assert (bea["gad7_total"], bea["gad7_total_band"]) == ("", "")
    assert bea["gad7_total_reason"] == "too few answered"


def test_prints_the_scores_and_numbers_the_rows_as_a_spreadsheet_does(run, answers):
    rows = read(run("score", "gad7", answers("x,0,0,0,0,0,0,0", "y,3,3,3,3,3,3,3")).output)
    assert [(row["row"], row["gad7_total"]) for row in rows] == [("2", "0"), ("3", "21")]


def test_scores_are_not_rounded(run, answers):
    (row,) = read(run("score", "gad7", answers("x,1,1,1,1,1,0,")).output)
    assert float(row["gad7_total"]) == 5 * 7 / 6


def test_columns_of_other_names_are_given_in_the_items_order(run, answers):
    file = answers("3,1,2", headings="c,a,b")
    rows = read(run("score", "brs", file, "--columns", "a,b,c,a,b,c").output)
    # (1 + (6-2) + 3 + (6-1) + 2 + (6-3)) / 6
    assert float(rows[0]["brs_mean"]) == 3


def test_a_short_form_is_scored_from_the_long_ones_columns(run, answers):
    rows = read(run("score", "gad2", answers("x,2,3,0,0,0,0,0")).output)
    assert rows[0]["gad2_total"] == "5"


def test_names_that_a_spreadsheet_takes_for_a_formula_are_made_harmless(run, answers):
    file = answers("=1+1,0,0,0,0,0,0,0", "@a,0,0,0,0,0,0,0", "-7,0,0,0,0,0,0,0")
    rows = read(run("score", "gad7", file, "--id", "person").output)
    assert [row["person"] for row in rows] == ["'=1+1", "'@a", "-7"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,4,0,0,0,0,0,0", "row 2, column gad7_1: 4"),
        ("x,1.5,0,0,0,0,0,0", "row 2, column gad7_1: 1.5"),
        ("x,often,0,0,0,0,0,0", "row 2, column gad7_1: often"),
    ],
)
def test_refuses_an_answer_with_its_row_and_column(refused, answers, row, said):
    assert said in refused("score", "gad7", answers(row))


def test_refuses_every_wrong_answer_at_once_whatever_is_wrong_with_it(refused, answers):
    said = refused("score", "gad7", answers("x,4,0,0,0,0,0,0", "y,0,1.5,0,often,0,0,0"))
    assert "row 2, column gad7_1: 4; row 3, column gad7_2: 1.5; row 3, column gad7_4: often" in said
    assert "would fit" not in said


def test_says_what_is_not_there(refused, answers, tmp_path):
    file = answers("x,0,0", headings="person,gad7_1,gad7_2")
    assert "no column gad7_3, gad7_4" in refused("score", "gad7", file)
    assert "no column name" in refused("score", "gad2", file, "--id", "name")
    assert "There is no instrument gad9. There are brs," in refused("score", "gad9", file)
    assert "cannot be read" in refused("score", "gad7", tmp_path / "none.csv")
    assert "names 1 columns; gad2 has 2" in refused("score", "gad2", file, "--columns", "a")
    assert "no column q" in refused("score", "gad2", file, "--columns", "q,gad7_1")


def test_a_file_that_is_no_csv_is_refused(refused, tmp_path):
    file = tmp_path / "answers.csv"
    file.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as a CSV" in refused("score", "gad7", file)


def test_lists_every_instrument_with_its_tier_and_wording(run):
    lines = run("instruments", "list").output.splitlines()
    assert len(lines) == 35
    (swemwbs,) = [line for line in lines if line.startswith("swemwbs ")]
    assert " C  1 " in swemwbs
    assert "words to be supplied" in swemwbs


def test_shows_an_instrument_as_asked_with_its_licence(run):
    output = run("instruments", "show", "phq9").output
    assert "9. Thoughts that you would be better off dead" in output
    assert "in some way [shows risk]" in output
    assert "[not scored]" in output
    assert "Permits research, commercial, clinical use; may be changed." in output
    assert "Permits research use; may not be changed." in run("instruments", "show", "brs").output


def test_the_dictionary_is_a_csv_with_one_row_a_variable(run):
    rows = read(run("instruments", "dictionary", "pss4").output)
    variables = [row["variable"] for row in rows]
    assert variables == ["pss4_1", "pss4_2", "pss4_3", "pss4_4", "pss4_total"]
    assert "reversed: pss4_2, pss4_3" in rows[-1]["rule"]


def test_checks_a_definition_of_ones_own(run, refused, tmp_path):
    text = files("instruments").joinpath("definitions", "gse.toml").read_text("utf-8")
    own = tmp_path / "gse.toml"
    own.write_text(text, encoding="utf-8")
    assert "sound. GSE, version 1, 10 items, 1 score." in run("instruments", "check", own).output
    own.write_text(text.replace("maximum = 40", "maximum = 41"), encoding="utf-8")
    assert "gse.toml, scores[0].maximum: found 41; expected 40" in refused(
        "instruments", "check", own
    )
    other = tmp_path / "other.toml"
    other.write_text(text.replace('id = "gse"', 'id = "other"', 1), encoding="utf-8")
    clash = refused("instruments", "check", other)
    assert "other.toml, items[0].id: found 'gse_1'; expected an id that gse.toml" in clash
    other.write_text(text, encoding="utf-8")
    assert "other.toml, id: found 'gse'" in refused("instruments", "check", other)
    assert "cannot be read" in refused("instruments", "check", tmp_path / "none.toml")
    other.write_bytes(b"\xff")
    assert "not text in UTF-8" in refused("instruments", "check", other)


def test_a_definition_of_ones_own_is_scored_by(run, answers, tmp_path):
    text = files("instruments").joinpath("definitions", "gad2.toml").read_text("utf-8")
    own = tmp_path / "gad2.toml"
    own.write_text(text, encoding="utf-8")
    rows = read(run("score", own, answers("x,2,3,0,0,0,0,0")).output)
    assert rows[0]["gad2_total"] == "5"


def before_and_after(tmp_path: Path) -> tuple[Path, Path]:
    headings = ",".join(["person", *GAD7])
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text(
        f"{headings}\na,3,3,3,3,1,2,3\nb,1,0,0,1,0,1,0\nc,1,1,1,0,1,2,3\nz,1,1,1,0,1,2,3\n"
    )
    after.write_text(
        f"{headings}\nb,1,2,3,0,1,2,\na,1,2,3,0,1,2,3\nc,1,,,0,1,2,3\nf,1,1,1,1,1,1,1\n"
    )
    return before, after


def test_change_is_of_each_person_and_says_what_it_rests_on(run, tmp_path):
    before, after = before_and_after(tmp_path)
    result = run(
        *("score", "gad7", after, "--id", "person", "--before", before),
        *("--reliability", "gad7_total=test_retest:0.89"),
    )
    rows = {row["person"]: row for row in read(result.stdout)}
    assert list(rows) == ["b", "a", "c", "f"]
    assert (rows["a"]["gad7_total_before"], rows["a"]["gad7_total_change"]) == ("18", "-6")
    changed = [rows[name]["gad7_total_changed"] for name in "abcf"]
    assert changed == ["improved", "worsened", "", ""]
    # 18, 3, 9 and 9 have an SD of 6.1847; the error of a change is that times sqrt(2 x 0.11)
    assert float(rows["a"]["gad7_total_index"]) == pytest.approx(-2.06835, abs=1e-5)
    assert rows["a"]["gad7_total_index_changed"] == "improved"
    assert "a change of 4 points or more" in result.stderr
    assert "not verified" in result.stderr
    assert "a test-retest reliability of 0.89 and an SD before of 6.185 (n = 4)" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--before", "BEFORE"], "--before needs --id"),
        (["--reliability", "gad7_total=alpha:0.9"], "it needs --before"),
        (["--id", "person", "--before", "BEFORE", "--reliability", "x=alpha:0.9"], "no score x"),
        (["--id", "person", "--before", "BEFORE", "--reliability", "gad7_total=1"], "KIND:VALUE"),
    ],
)
def test_a_change_that_cannot_be_worked_out_is_refused(refused, tmp_path, options, said):
    before, after = before_and_after(tmp_path)
    given = [str(before) if each == "BEFORE" else each for each in options]
    assert said in refused("score", "gad7", after, *given)


def test_a_person_who_is_there_twice_has_no_change(refused, tmp_path):
    before, after = before_and_after(tmp_path)
    before.write_text(before.read_text() + "a,0,0,0,0,0,0,0\n")
    said = refused("score", "gad7", after, "--id", "person", "--before", before)
    assert "before.csv: person names a more than once" in said


def test_answers_that_are_all_one_too_high_are_refused_with_a_guess_at_why(refused, answers):
    said = refused("score", "gad7", answers("x,1,2,3,4,1,2,3", "y,1,1,1,1,1,1,"))
    assert "row 2, column gad7_4: 4" in said
    assert "Every answer would fit if it were 1 lower" in said
    assert "would fit" not in refused("score", "gad7", answers("x,0,2,3,4,1,2,3"))
