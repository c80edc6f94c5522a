"""Questionnaires and their responses against the published structure, and files that are wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from fhir.resources.questionnaire import Questionnaire as QuestionnaireR5
from fhir.resources.questionnaireresponse import QuestionnaireResponse as ResponseR5
from fhir.resources.R4B.questionnaire import Questionnaire as QuestionnaireR4
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as ResponseR4

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.exchange import fhir
from instruments.exchange.fhir_responses import AnswerError, questionnaire_response
from instruments.exchange.losses import Loss
from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY

CATALOGUE = load_catalogue()
GAD7 = CATALOGUE["gad7"]
PUBLISHED = {"R4": (QuestionnaireR4, ResponseR4), "R5": (QuestionnaireR5, ResponseR5)}
READ = {"R4": fhir.read_r4, "R5": fhir.read_r5}
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANSWERS = {
    **{f"gad7_{number}": 1 for number in range(1, 5)},
    "gad7_5": NOT_ANSWERED,
    "gad7_6": PREFER_NOT_TO_SAY,
    "gad7_7": NOT_ASKED,
}


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_instrument_has_the_published_structure(name, release) -> None:
    resource = fhir.questionnaire(CATALOGUE[name], release=release)
    PUBLISHED[release][0].model_validate_json(fhir.as_json(resource))


# What the published structure asks for beyond its fields, which fhir.resources does not look at:
# the codes of https://hl7.org/fhir/R4/valueset-item-type.html and of the same page of R5, and the
# rules que-0 to que-13 of https://hl7.org/fhir/R4/questionnaire.html that hold of what is written.
COMMON_TYPES = {
    *("group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time"),
    *("string", "text", "url", "attachment", "reference", "quantity"),
}
TYPES = {
    "R4": {*COMMON_TYPES, "choice", "open-choice"},
    "R5": {*COMMON_TYPES, "question", "coding"},
}
CHOICES = {"R4": {"choice", "open-choice"}, "R5": {"coding"}}


def broken_rules(resource, release):
    found = []
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_]{1,254}", resource["name"]):
        found.append("que-0: a name that a program could use")
    if resource["status"] not in {"draft", "active", "retired", "unknown"}:
        found.append("status: a PublicationStatus")
    if not re.match(r"[a-z][a-z0-9+.-]*:", resource["url"]):
        found.append("url: an absolute address")
    links = []
    waiting = list(resource["item"])
    while waiting:
        item = waiting.pop()
        links.append(item["linkId"])
        kind = item["type"]
        waiting += item.get("item", [])
        rules = {
            "type: of this release": kind in TYPES[release],
            "que-1: a group has items": kind != "group" or bool(item.get("item")),
            "que-1: a display has none": kind != "display" or "item" not in item,
            "que-3: a display has no code": kind != "display" or "code" not in item,
            "que-4: options or a value set": not {"answerOption", "answerValueSet"} <= set(item),
            "que-5: options only of a choice": kind in CHOICES[release]
            or "answerOption" not in item,
            "answerConstraint is of R5": release == "R5" or "answerConstraint" not in item,
            "que-15: a text": bool(item["text"].strip()),
        }
        found += [f"{item['linkId']}: {rule}" for rule, holds in rules.items() if not holds]
        for option in item.get("answerOption", []):
            values = [key for key in option if key.startswith("value")]
            if values != ["valueCoding"] or not option["valueCoding"]["system"].startswith(
                ("http://", "urn:")
            ):
                found.append(f"{item['linkId']}: one coded value with its system")
    if len(links) != len(set(links)):
        found.append("que-2: every linkId once")
    return found


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_every_instrument_keeps_the_published_rules(release) -> None:
    for instrument in CATALOGUE.values():
        assert broken_rules(fhir.questionnaire(instrument, release=release), release) == []


def test_a_questionnaire_of_the_other_release_breaks_the_rules() -> None:
    for written, read in (("R4", "R5"), ("R5", "R4")):
        broken = broken_rules(fhir.questionnaire(GAD7, release=written), read)
        assert any("type: of this release" in rule for rule in broken)
        assert any("que-5" in rule for rule in broken)


def test_a_choice_is_named_and_numbered_as_its_release_does() -> None:
    for release, kind, number in (
        ("R4", "choice", fhir.ORDINAL_VALUE),
        ("R5", "coding", fhir.ITEM_WEIGHT),
    ):
        group = fhir.questionnaire(GAD7, release=release)["item"][0]
        first = group["item"][1]
        assert first["type"] == kind
        assert first["code"] == [{"system": fhir.LOINC, "code": "69725-0"}]
        assert first["answerOption"][3] == {
            "extension": [{"url": number, "valueDecimal": 3}],
            "valueCoding": {
                "system": fhir.LOINC,
                "code": "LA6571-9",
                "display": "Nearly every day",
            },
        }


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_three_facts_stay_three_in_a_response(release) -> None:
    response = questionnaire_response(
        GAD7, ANSWERS, release=release, authored_at=AT, identifier="R0001"
    )
    PUBLISHED[release][1].model_validate_json(fhir.as_json(response))
    items = {item["linkId"]: item for item in response["item"][0]["item"]}
    assert items["gad7_1"]["answer"][0]["valueCoding"]["code"] == "LA6569-3"
    assert "gad7_7" not in items
    reasons = {
        link: item["extension"][0]["valueCode"]
        for link, item in items.items()
        if "answer" not in item
    }
    assert reasons == {"gad7_5": "unknown", "gad7_6": "asked-declined"}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_response_to_nothing_asked_has_no_items(release) -> None:
    response = questionnaire_response(
        GAD7,
        dict.fromkeys(ANSWERS, NOT_ASKED),
        release=release,
        authored_at=AT,
        identifier="R0001",
        is_complete=False,
    )
    PUBLISHED[release][1].model_validate_json(fhir.as_json(response))
    assert "item" not in response
    assert response["status"] == "in-progress"


def test_a_response_points_at_the_version_that_was_answered() -> None:
    response = questionnaire_response(
        GAD7, ANSWERS, release="R5", authored_at=AT, identifier="R0001"
    )
    resource = fhir.questionnaire(GAD7, release="R5")
    assert response["questionnaire"] == f"{resource['url']}|{resource['version']}"


def test_answers_that_cannot_be_are_refused_together() -> None:
    wrong = {**ANSWERS, "gad7_1": 4, "phq9_1": 0}
    del wrong["gad7_2"]
    with pytest.raises(AnswerError) as caught:
        questionnaire_response(
            GAD7, wrong, release="R4", authored_at=AT.replace(tzinfo=None), identifier="R1"
        )
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "phq9_1",
        "gad7_1",
        "gad7_2",
        "authored_at",
    ]


def foreign(**changes: object) -> dict[str, object]:
    """A Questionnaire as another program writes it."""
    option = [
        {"valueCoding": {"code": "LA1", "system": fhir.LOINC, "display": "No"}, "extension": [
            {"url": fhir.ORDINAL_VALUE, "valueDecimal": 0.0}
        ]},
        {"valueCoding": {"code": "LA2", "system": fhir.LOINC, "display": "Yes", "extension": [
            {"url": fhir.ORDINAL_VALUE, "valueDecimal": 1}
        ]}},
    ]  # fmt: skip
    return {
        "resourceType": "Questionnaire",
        "name": "CalmScale",
        "status": "draft",
        "publisher": "Somebody",
        "item": [
            {
                "linkId": "1",
                "type": "group",
                "text": "Last week I felt",
                "item": [
                    {
                        "linkId": "1.1",
                        "type": "choice",
                        "text": "calm",
                        "required": True,
                        "answerOption": option,
                    },
                    {"linkId": "1.2", "type": "text", "text": "Why?", "maxLength": 100},
                    {"linkId": "1.3", "type": "choice", "text": "tense", "answerOption": option},
                ],
            }
        ],
        **changes,
    }


def read(resource: object, release: str = "R4"):
    return READ[release](json.dumps(resource).encode(), "calm.json")


def faults(resource: object, release: str = "R4") -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read(resource, release)
    return [str(fault) for fault in caught.value.faults]


def test_another_programs_questionnaire_is_read_and_what_is_left_is_listed() -> None:
    imported = read(foreign())
    draft = imported.draft
    assert (draft.id, draft.stem, draft.heading) == ("calmscale", "Last week I felt", "")
    assert [(item.id, item.text) for item in draft.items] == [("q_1_1", "calm"), ("q_1_3", "tense")]
    assert len(draft.response_sets) == 1
    assert [(o.value, o.label, o.loinc) for o in draft.response_sets[0].options] == [
        (0, "No", "LA1"),
        (1, "Yes", "LA2"),
    ]
    assert {(loss.field, loss.item) for loss in imported.losses} == {
        ("id", "CalmScale"),
        ("items.id", "1.1"),
        ("items.id", "1.3"),
        ("item[0].item[0].required", "1.1"),
        ("item", "1.2"),
        ("publisher", ""),
    }


def test_choices_without_numbers_are_not_numbered_by_guess() -> None:
    resource = foreign()
    resource["item"].append(
        {
            "linkId": "2",
            "type": "choice",
            "text": "Which?",
            "answerOption": [{"valueString": "red"}, {"valueString": "blue"}],
        }
    )
    imported = read(resource)
    assert [item.id for item in imported.draft.items] == ["q_1_1", "q_1_3"]
    assert Loss(
        "items", "2", "its choices 'red', 'blue' are not whole numbers from 0 to 127"
    ) in imported.losses  # fmt: skip


def test_choices_of_a_contained_value_set_are_read() -> None:
    concepts = [
        {"code": str(n), "display": label} for n, label in enumerate(("Low", "Middle", "High"))
    ]
    contained = {
        "resourceType": "ValueSet",
        "id": "level",
        "status": "active",
        "compose": {"include": [{"system": "urn:level", "concept": concepts}]},
    }
    item = {"linkId": "a", "type": "choice", "text": "How?", "answerValueSet": "#level"}
    draft = read(foreign(contained=[contained], item=[item])).draft
    assert [option.label for option in draft.response_sets[0].options] == ["Low", "Middle", "High"]


def test_every_fault_is_told_with_its_place() -> None:
    resource = foreign(status="ready")
    group = resource["item"][0]
    group["item"][0]["linkId"] = 7
    group["item"][1]["type"] = "coding"
    group["item"][2]["answerOption"] = [{"valueCoding": {"code": ["x"]}}, "none", {}]
    group["item"].append({"linkId": "1", "type": "display", "text": "x"})
    told = faults(resource)
    for part in (
        "calm.json, status: found 'ready'; expected one of active,",
        "item[0].item[0].linkId: found 7; expected text",
        "item[0].item[0].linkId: found nothing; expected a linkId",
        "item[0].item[1].type: found 'coding'; expected a type of R4",
        'item[0].item[2].answerOption[0].valueCoding.code: found ["x"]; expected text',
        'item[0].item[2].answerOption[1]: found "none"; expected an object',
        "item[0].item[2].answerOption[2]: found no coding, number or text",
        "item[0].item[3].linkId: found '1' a second time",
    ):
        assert any(part in line for line in told), (part, told)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"{", "line 1, column 2"),
        (b"\xff", "byte 0"),
        (b"[]", "found []"),
        (b"[" * 100_000, "without end"),
        (b"1" * 5000, "found"),
        (b'{"resourceType": "Patient"}', "resourceType"),
    ],
)
def test_what_is_no_questionnaire_is_refused(data, place) -> None:
    with pytest.raises(DefinitionError, match=place.replace("[", r"\[")):
        fhir.read_r5(data, "calm.json")


def test_half_a_character_is_refused() -> None:
    resource = foreign()
    resource["item"][0]["item"][0]["text"] = "\ud83d"
    assert any("item[0].item[0].text" in line for line in faults(resource))


def test_a_release_is_not_read_as_the_other() -> None:
    assert any("expected a type of R5" in line for line in faults(foreign(), release="R5"))


def test_a_file_of_which_no_question_can_be_taken_says_why_of_each() -> None:
    item = {
        "linkId": "q1",
        "type": "choice",
        "text": "How are you?",
        "answerValueSet": "http://loinc.org/vs/LL358-3",
    }
    with pytest.raises(DefinitionError) as caught:
        fhir.read_r4(json.dumps(foreign(item=[item])).encode(), "f.json")
    assert [fault.where for fault in caught.value.faults] == ["", "q1"]
    assert "not in the file but at http://loinc.org/vs/LL358-3" in str(caught.value)
