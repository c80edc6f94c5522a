"""Definitions as files of other platforms, and back, at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    def invoke(*arguments: object) -> Result:
        result = app.test_cli_runner().invoke(
            args=["instruments", *(str(each) for each in arguments)]
        )
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return invoke


@pytest.mark.parametrize("kind", ["fhir-r4", "fhir-r5", "redcap", "xlsform"])
def test_an_instrument_goes_out_and_comes_back_and_what_is_lost_is_told(run, tmp_path, kind):
    out, back = tmp_path / "made" / "gad7", tmp_path / "gad7.toml"
    written = run("export", "gad7", "--format", kind, "-o", out)
    assert written.exit_code == 0, written.output
    assert f"Written: {out}" in written.output
    assert "  scores of gad7_total: " in written.output
    read = run("import", out, "--format", kind, "-o", back)
    assert read.exit_code == 0, read.output
    assert "Not in the definition" not in read.output
    assert "Still to be added, as gad7 does not say it:" in read.output
    assert 'id = "gad7_7"' in back.read_text(encoding="utf-8")


def test_an_unknown_instrument_is_told_with_those_there_are(run, tmp_path):
    result = run("export", "gad77", "--format", "redcap", "-o", tmp_path / "x")
    assert result.exit_code == 1
    assert "There is no instrument gad77. There are " in result.output
    assert "gad7," in result.output


def test_a_definition_that_is_there_is_never_written_over(run, tmp_path):
    out, back = tmp_path / "gad7.csv", tmp_path / "gad7.toml"
    run("export", "gad7", "--format", "redcap", "-o", out)
    back.write_text("mine", encoding="utf-8")
    result = run("import", out, "--format", "redcap", "-o", back)
    assert result.exit_code == 1
    assert "is there already" in result.output
    assert back.read_text(encoding="utf-8") == "mine"


def test_a_bad_file_is_told_with_every_fault_and_writes_nothing(run, tmp_path: Path):
    bad, out = tmp_path / "bad.json", tmp_path / "bad.toml"
    bad.write_text(
        json.dumps({"resourceType": "Questionnaire", "item": [{"type": "group"}]}), encoding="utf-8"
    )
    result = run("import", bad, "--format", "fhir-r5", "-o", out)
    assert result.exit_code == 1
    assert "bad.json, status: found ''" in result.output
    assert "bad.json, item[0].linkId: found nothing" in result.output
    assert not out.exists()


def test_a_file_that_is_not_there_is_told(run, tmp_path):
    result = run("import", tmp_path / "none", "--format", "redcap", "-o", tmp_path / "x")
    assert result.exit_code == 1
    assert "cannot be read" in result.output


def test_a_definition_of_ones_own_goes_out_too(run, tmp_path):
    source = files("instruments").joinpath("definitions/gad7.toml")
    own = tmp_path / "gad7.toml"
    own.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "gad7.csv"
    result = run("export", own, "--format", "redcap", "-o", out)
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"Variable / Field Name,")
