"""Who is asked what, of one person and of many at once, whatever the routing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from instruments.missing import MISSING_CODES
from instruments.model import ResponseOption
from instruments.questionnaire import ItemPart, OpenPart, Questionnaire, compile_questionnaire
from instruments.routing import AskedWhen, Condition
from survey_app.datasets.asked import asked_columns

OPTIONS = tuple(ResponseOption(value=n, label=str(n)) for n in range(4))
KINDS = ("equals", "one_of", "at_least", "at_most", "answered")


@st.composite
def conditions(draw: st.DrawFn, earlier: list[str]) -> Condition:
    name = draw(st.sampled_from(earlier))
    kind = "answered" if name.startswith("w") else draw(st.sampled_from(KINDS))
    value = draw(st.integers(0, 3))
    said = {"one_of": (value, 3), "answered": value > 1}.get(kind, value)
    return Condition.model_validate({"question": name, kind: said})


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    parts: list[ItemPart | OpenPart] = []
    for number in range(draw(st.integers(1, 8))):
        rule = None
        if parts and draw(st.booleans()):
            few = st.lists(conditions([part.id for part in parts]), max_size=2).map(tuple)
            lists = [draw(few) for _ in range(3)]
            if any(lists):
                rule = AskedWhen(all=lists[0], any=lists[1], none=lists[2])
        if draw(st.booleans()):
            parts.append(
                ItemPart(kind="item", id=f"c{number}", text="?", options=OPTIONS, asked_when=rule)
            )
        else:
            parts.append(OpenPart(kind="open", id=f"w{number}", text="?", asked_when=rule))
    return compile_questionnaire(parts, {}, arm=None, prefer_not_to_say=True)


@st.composite
def answered(draw: st.DrawFn) -> tuple[Questionnaire, list[dict[str, int | str]]]:
    questionnaire = draw(questionnaires())
    codes = st.sampled_from([*MISSING_CODES, 0, 1, 2, 3])
    one = st.fixed_dictionaries(
        {
            question.id: codes if question.kind == "choice" else st.sampled_from(["", "words"])
            for question in questionnaire.questions()
        }
    )
    return questionnaire, draw(st.lists(one, min_size=1, max_size=4))


@given(answered())
def test_many_at_once_are_asked_what_each_alone_is_asked(drawn) -> None:
    questionnaire, people = drawn
    questions = questionnaire.questions()
    columns = asked_columns(
        questionnaire,
        values={
            q.id: np.array([each[q.id] for each in people], dtype=np.int8)
            for q in questions
            if q.kind == "choice"
        },
        written={
            q.id: np.array([each[q.id] != "" for each in people])
            for q in questions
            if q.kind == "text"
        },
        n_rows=len(people),
    )
    for row, person in enumerate(people):
        alone = {question.id for question in questionnaire.asked(person).questions()}
        assert {name for name, asked in columns.items() if asked[row]} == alone


@given(answered())
def test_the_number_of_pages_said_on_the_way_is_never_wrong(drawn) -> None:
    questionnaire, people = drawn
    for person in people:
        truth = len(questionnaire.asked(person).pages)
        widths = []
        for page in questionnaire.asked(person).pages:
            said = questionnaire.n_pages(person, up_to=page.key)
            assert truth in said
            widths.append(len(said))
        assert widths == sorted(widths, reverse=True)


@given(questionnaires())
def test_no_page_has_a_question_with_one_it_depends_on(questionnaire) -> None:
    for page in questionnaire.pages:
        here = {question.id for question in page.questions}
        for question in page.questions:
            assert not any(rule.questions & here for rule in question.asked_when)
