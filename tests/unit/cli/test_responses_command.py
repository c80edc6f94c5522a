"""`study responses`: a study's answers as FHIR, with people as codes and no arm in them."""

from __future__ import annotations

import json

import pytest
from answering import answer, save, start
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.R4B.bundle import Bundle as BundleR4
from trials import SLUG

from instruments.missing import PREFER_NOT_TO_SAY

PUBLISHED = {"fhir-r4": BundleR4, "fhir-r5": BundleR5}


@pytest.fixture
def answered(trial):
    trial.invite()
    answer(trial, 1, text="Words of mine.")
    start(trial, 2)
    save(trial, "gad7", person=2, values={"gad7_1": 3, "gad7_2": PREFER_NOT_TO_SAY})
    return trial


@pytest.mark.parametrize("kind", PUBLISHED)
def test_each_submission_has_a_response_for_each_instrument(done, answered, kind, tmp_path):
    path = tmp_path / "out" / "answers.json"
    said = done("study", "responses", SLUG, "--format", kind, "-o", path)
    text = path.read_text()
    PUBLISHED[kind].model_validate_json(text)
    found = [entry["resource"] for entry in json.loads(text)["entry"]]
    assert f"{len(found)} responses" in said
    statuses = {(each["questionnaire"].split(":")[-1], each["status"]) for each in found}
    assert statuses == {
        (version, status)
        for version in ("dsl_confidence|0.1", "gad7|1", "pss10|1.1")
        for status in ("completed", "in-progress")
    }
    begun = next(
        each for each in found if "gad7|" in each["questionnaire"] and each["status"] != "completed"
    )
    first, second, third, *_ = begun["item"][0]["item"]
    assert first["answer"][0]["valueCoding"]["code"] == "LA6571-9"
    assert second["extension"][0]["valueCode"] == "asked-declined"
    assert third["extension"][0]["valueCode"] == "unknown"
    assert "Words of mine" not in text
    assert not any(arm.label in text for arm in answered.definition.arms)


def test_a_study_that_nobody_answered_has_an_empty_bundle(done, trial, tmp_path):
    path = tmp_path / "answers.json"
    assert "0 responses" in done("study", "responses", SLUG, "--format", "fhir-r5", "-o", path)
    assert json.loads(path.read_text())["entry"] == []


def test_a_study_that_is_not_there_is_refused(refused, trial, tmp_path):
    path = tmp_path / "answers.json"
    assert "There is no study" in refused(
        "study", "responses", "nowhere", "--format", "fhir-r4", "-o", path
    )
    assert not path.exists()
