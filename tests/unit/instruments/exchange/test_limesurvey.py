"""LimeSurvey structures of old and new versions, and structures that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import pytest

from instruments.errors import DefinitionError
from instruments.exchange import limesurvey
from instruments.routing import AskedWhen, Condition

Rows = Sequence[Mapping[str, object]]

QUESTIONS: Rows = [
    {"qid": 2, "gid": 1, "type": "F", "title": "calm", "question_order": 2, "mandatory": "Y"},
    {"qid": 1, "gid": 1, "type": "X", "title": "intro", "question_order": 1},
    {"qid": 3, "gid": 1, "type": "5", "title": "sure", "question_order": 3, "relevance": "calm==1"},
    {"qid": 4, "gid": 1, "type": "T", "title": "why", "question_order": 4, "relevance": "1"},
]
WORDS = {
    1: "<p>Last week I&nbsp;felt</p>",
    2: "",
    3: "How sure are you?",
    4: "Why?",
    11: "tense",
    10: "calm &amp; <b>well</b>",
}
SUBQUESTIONS: Rows = [
    {"qid": 11, "parent_qid": 2, "title": "SQ002", "question_order": 2},
    {"qid": 10, "parent_qid": 2, "title": "SQ001", "question_order": 1},
]
ANSWERS: Rows = [
    {"aid": 6, "qid": 2, "code": "1", "sortorder": 2, "assessment_value": 3, "scale_id": 0},
    {"aid": 5, "qid": 2, "code": "0", "sortorder": 1, "assessment_value": 0, "scale_id": 0},
]
LABELS = {5: "No", 6: "Yes"}


def table(name: str, rows: Rows) -> str:
    lines = "".join(
        "<row>" + "".join(f"<{key}>{escape(str(v))}</{key}>" for key, v in row.items()) + "</row>"
        for row in rows
    )
    return f"<{name}><rows>{lines}</rows></{name}>"


def lss(**changes: Rows) -> bytes:
    """A structure of version 4 or later, whose words are in tables of their own."""
    words = [
        {"qid": qid, "question": text, "language": language}
        for qid, text in WORDS.items()
        for language, text in (("en", text), ("cy", f"Cymraeg {text}"))
    ]
    tables: dict[str, Rows] = {
        "answers": ANSWERS,
        "answer_l10ns": [{"aid": a, "answer": t, "language": "en"} for a, t in LABELS.items()],
        "groups": [{"gid": 1, "group_order": 1}],
        "group_l10ns": [{"gid": 1, "group_name": "Feelings", "language": "en"}],
        "questions": QUESTIONS,
        "subquestions": SUBQUESTIONS,
        "question_l10ns": words,
        "question_attributes": [
            {"qid": 2, "attribute": "random_order", "value": "1"},
            {"qid": 2, "attribute": "hidden", "value": "0"},
        ],
        "surveys": [{"sid": 7, "language": "en"}],
        "surveys_languagesettings": [
            {"surveyls_language": "en", "surveyls_title": "Calm scale", "surveyls_endtext": "Bye"}
        ],
        **changes,
    }
    body = "".join(table(name, rows) for name, rows in tables.items())
    return (
        "<?xml version='1.0' encoding='UTF-8'?><document>"
        "<LimeSurveyDocType>Survey</LimeSurveyDocType>"
        f"<languages><language>en</language><language>cy</language></languages>{body}</document>"
    ).encode()


def old_lss() -> bytes:
    """A structure of version 3 or earlier, with the words beside the rows."""
    spoken = {"language": "en"}
    return lss(
        questions=[{**row, "question": WORDS[row["qid"]], **spoken} for row in QUESTIONS],
        subquestions=[{**row, "question": WORDS[row["qid"]], **spoken} for row in SUBQUESTIONS],
        answers=[{**row, "answer": LABELS[row["aid"]], **spoken} for row in ANSWERS],
        groups=[{"gid": 1, "group_order": 1, "group_name": "Feelings", **spoken}],
        question_l10ns=[],
        answer_l10ns=[],
        group_l10ns=[],
    )


HEADINGS = (
    *("class", "type/scale", "name", "relevance", "text", "language"),
    *("mandatory", "random_order"),
)
TSV = "\n".join(
    "\t".join(row)
    for row in (
        HEADINGS,
        ("S", "", "admin", "", "Somebody"),
        ("SL", "", "surveyls_title", "", "Calm scale", "en"),
        ("SL", "", "surveyls_endtext", "", "Bye", "en"),
        ("G", "", "Feelings", "1", "", "en"),
        ("Q", "X", "intro", "1", WORDS[1], "en"),
        ("Q", "F", "calm", "1", "", "en", "Y", "1"),
        ("SQ", "0", "SQ001", "1", WORDS[10], "en"),
        ("SQ", "0", "SQ002", "1", WORDS[11], "en"),
        ("A", "0", "0", "0", "No", "en"),
        ("A", "0", "1", "3", "Yes", "en"),
        ("Q", "5", "sure", "calm==1", WORDS[3], "en"),
        ("Q", "T", "why", "1", WORDS[4], "en"),
        ("G", "", "Teimladau", "1", "", "cy"),
    )
).encode("utf-8-sig")  # fmt: skip


def faults(data: bytes) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        limesurvey.read(data, "calm.lss")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("data", [lss(), old_lss(), TSV], ids=["new", "old", "tabs"])
def test_lists_and_arrays_become_items_in_the_order_shown(data) -> None:
    draft = limesurvey.read(data, "calm.lss").draft
    assert (draft.id, draft.title, draft.heading) == ("calm_scale", "Calm scale", "Feelings")
    assert draft.stem == "Last week I felt"
    assert [(item.id, item.text) for item in draft.items] == [
        ("calm_sq001", "calm & well"),
        ("calm_sq002", "tense"),
        ("sure", "How sure are you?"),
    ]
    first, second = draft.response_sets
    assert [(option.value, option.label) for option in first.options] == [(0, "No"), (1, "Yes")]
    assert [option.value for option in second.options] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("data", [lss(), old_lss(), TSV], ids=["new", "old", "tabs"])
def test_what_a_definition_cannot_hold_is_listed(data) -> None:
    losses = {(loss.field, loss.item) for loss in limesurvey.read(data, "calm.lss").losses}
    study = {("settings", "")} if data is TSV else {("surveys", "")}
    assert losses == study | {
        ("surveyls_endtext", ""),
        ("language", "cy"),
        ("id", "Calm scale"),
        ("items.id", "calm_SQ001"),
        ("items.id", "calm_SQ002"),
        ("formatting", "intro"),
        ("formatting", "calm_SQ001"),
        ("mandatory", "calm"),
        ("random_order", "calm"),
        ("assessment value", "calm 1"),
        ("relevance", "sure"),
        ("type", "why"),
    }


def test_the_second_scale_of_a_question_is_listed() -> None:
    answers = [*ANSWERS, {"aid": 9, "qid": 2, "code": "0", "sortorder": 3, "scale_id": 1}]
    losses = limesurvey.read(lss(answers=answers), "calm.lss").losses
    assert ("scale", "calm 0") in {(loss.field, loss.item) for loss in losses}


def test_branching_of_old_versions_is_listed() -> None:
    data = lss(conditions=[{"cid": 1, "qid": 3}])
    assert "conditions" in {loss.field for loss in limesurvey.read(data, "calm.lss").losses}


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "row 1: found no column 'class'"),
        (b"<document>", "cannot be read safely"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "cannot be read safely"),
        (b"<document/>", "LimeSurveyDocType: found None"),
        (b"\xff\xfe", "not UTF-8"),
        (lss(questions=[]), "no question whose choices are whole numbers"),
        (lss(questions=[{"qid": 1, "gid": 1}]), "questions, qid 1, title: found nothing"),
        (b"class\ttype/scale\tname\ttext\nSQ\t0\tx\ty\n", "row 2: found class SQ before any"),
        (b"class\ttype/scale\tname\ttext\nQ\tL\t\ty\n", "row 2: found a question without name"),
    ],
)
def test_what_is_no_structure_is_refused(data, part) -> None:
    assert any(part in line for line in faults(data)), faults(data)


def test_relevance_becomes_the_condition_of_an_item() -> None:
    relevance = '((calm_SQ001.NAOK == "1" or calm_SQ002.NAOK == "1"))'
    questions = [*QUESTIONS[:2], {**QUESTIONS[2], "relevance": relevance}, QUESTIONS[3]]
    imported = limesurvey.read(lss(questions=questions), "calm.lss")
    sure = next(item for item in imported.draft.items if item.id == "sure")
    assert sure.asked_when == AskedWhen(
        any=(
            Condition(question="calm_sq001", equals=1),
            Condition(question="calm_sq002", equals=1),
        )
    )
    assert "relevance" not in {loss.field for loss in imported.losses}
