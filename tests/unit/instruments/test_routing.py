"""Questions that are asked, or not, by the answers to earlier ones."""

from __future__ import annotations

from importlib.resources import files

import pytest

from instruments.catalogue import load_catalogue, load_instrument
from instruments.checks import faults_of
from instruments.dictionary import data_dictionary
from instruments.errors import DefinitionError
from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import ResponseOption
from instruments.questionnaire import (
    InstrumentPart,
    ItemPart,
    OpenPart,
    Part,
    Questionnaire,
    compile_questionnaire,
)
from instruments.reader import Definition, read_toml_strictly
from instruments.routing import Answers, AskedWhen, Condition

TENTHS = tuple(ResponseOption(value=n, label=str(n)) for n in range(11))


def when(**lists: list[dict[str, object]]) -> AskedWhen:
    return AskedWhen(
        **{
            key: tuple(Condition.model_validate(each) for each in conditions)
            for key, conditions in lists.items()
        }
    )


def all_of(**condition: object) -> AskedWhen:
    return when(all=[condition])


def item(name: str, asked_when: AskedWhen | None = None, *arms: str) -> ItemPart:
    return ItemPart(
        kind="item", id=name, text=f"{name}?", options=TENTHS, asked_when=asked_when, arms=arms
    )


def words(name: str, asked_when: AskedWhen | None = None) -> OpenPart:
    return OpenPart(kind="open", id=name, text=f"{name}?", asked_when=asked_when)


def gad7(asked_when: AskedWhen | None = None) -> InstrumentPart:
    return InstrumentPart(kind="instrument", instrument="gad7", asked_when=asked_when)


def compiled(*parts: Part, arm: str | None = None) -> Questionnaire:
    return compile_questionnaire(parts, load_catalogue(), arm=arm, prefer_not_to_say=True)


def asked_ids(questionnaire: Questionnaire, answers: Answers) -> list[str]:
    return [question.id for question in questionnaire.asked(answers).questions()]


def faults(*parts: Part) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        compiled(*parts)
    return [f"{each.where}: {each.found}; {each.expected}" for each in caught.value.faults]


@pytest.mark.parametrize(
    ("condition", "meets", "does_not"),
    [
        ({"equals": 3}, [3], [2, 4]),
        ({"one_of": (1, 3)}, [1, 3], [2]),
        ({"at_least": 3}, [3, 10], [2, 0]),
        ({"at_most": 3}, [0, 3], [4]),
        ({"answered": True}, [0, 10, "words"], [""]),
        ({"answered": False}, [""], [0, "words"]),
    ],
)
def test_a_condition_is_met_by_the_answers_it_names(condition, meets, does_not) -> None:
    tried = Condition.model_validate({"question": "q", **condition})
    assert all(tried.holds({"q": answer}) for answer in meets)
    assert not any(tried.holds({"q": answer}) for answer in does_not)


@pytest.mark.parametrize("answer", [NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED, "", None])
def test_what_is_not_there_meets_no_condition_but_not_answered(answer) -> None:
    answers = {} if answer is None else {"q": answer}
    kinds = ({"equals": 0}, {"one_of": (0, 1)}, {"at_least": 0}, {"at_most": 10})
    for kind in (*kinds, {"answered": True}):
        assert not Condition.model_validate({"question": "q", **kind}).holds(answers)
    assert Condition(question="q", answered=False).holds(answers)


def test_all_any_and_none_must_each_be_true() -> None:
    rule = when(
        all=[{"question": "a", "at_least": 5}],
        any=[{"question": "b", "equals": 1}, {"question": "c", "equals": 1}],
        none=[{"question": "d", "equals": 1}, {"question": "e", "equals": 1}],
    )
    met = {"a": 5, "c": 1}
    assert rule.verdict(met)
    assert not rule.verdict({**met, "a": 4})
    assert not rule.verdict({**met, "c": 0})
    assert not rule.verdict({**met, "e": 1})


def test_what_depends_on_an_unknown_answer_is_undecided_unless_the_rest_decides() -> None:
    rule = when(all=[{"question": "a", "equals": 1}, {"question": "b", "equals": 1}])
    assert rule.verdict({"a": 1}, unknown={"b"}) is None
    assert rule.verdict({"a": 2}, unknown={"b"}) is False
    either = when(any=[{"question": "a", "equals": 1}, {"question": "b", "equals": 1}])
    assert either.verdict({"a": 1}, unknown={"b"}) is True


def test_changing_an_earlier_answer_takes_a_question_away_and_brings_it_back() -> None:
    questionnaire = compiled(item("a"), gad7(all_of(question="a", at_least=5)), words("z"))
    assert len(asked_ids(questionnaire, {"a": 5})) == 9
    assert asked_ids(questionnaire, {"a": 4, "gad7_1": 3}) == ["a", "z"]
    assert "gad7_1" in asked_ids(questionnaire, {"a": 6, "gad7_1": 3})


def test_an_answer_kept_from_when_it_was_asked_decides_nothing_further_on() -> None:
    questionnaire = compiled(
        item("a"),
        item("b", all_of(question="a", equals=1)),
        item("c", all_of(question="b", equals=1)),
        item("d", all_of(question="b", answered=False)),
    )
    assert asked_ids(questionnaire, {"a": 1, "b": 1}) == ["a", "b", "c"]
    assert asked_ids(questionnaire, {"a": 0, "b": 1}) == ["a", "d"]


def test_no_question_shares_a_page_with_one_it_depends_on() -> None:
    rule = all_of(question="a", equals=1)
    pages = compiled(
        item("a"), item("b"), item("c", rule), item("d"), item("e", all_of(question="d", equals=1))
    ).pages
    assert [[q.id for q in page.questions] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page.key for page in pages] == ["about-you", "about-you-2", "about-you-3"]
    assert [page.title for page in pages] == [
        "About you and your role",
        "About you and your role, continued",
        "About you and your role, continued",
    ]


def test_the_number_of_pages_is_what_the_answers_before_a_page_leave_open() -> None:
    questionnaire = compiled(
        item("a"),
        gad7(all_of(question="a", at_least=5)),
        words("z", all_of(question="a", equals=9)),
    )
    assert questionnaire.n_pages({}, up_to="about-you") == range(1, 4)
    assert questionnaire.n_pages({"a": 9}, up_to="about-you") == range(1, 4)
    assert questionnaire.n_pages({"a": 9}, up_to="gad7") == range(3, 4)
    assert questionnaire.n_pages({"a": 6}, up_to="gad7") == range(2, 3)


def test_without_routing_there_is_one_number_of_pages() -> None:
    questionnaire = compiled(item("a"), gad7())
    assert questionnaire.n_pages({}, up_to="about-you") == range(2, 3)
    assert questionnaire.asked({}) is questionnaire


def test_every_condition_that_cannot_be_is_listed_with_its_place() -> None:
    rule = when(
        all=[
            {"question": "nobody", "equals": 1},
            {"question": "z", "answered": True},
            {"question": "a", "equals": 11},
            {"question": "a", "one_of": (3, 12)},
        ],
        any=[{"question": "a", "at_least": 11}],
        none=[{"question": "w", "equals": 1}],
    )
    can_be = f"what 'a' can be answered: {', '.join(map(str, range(11)))}"
    assert faults(item("a"), words("w"), gad7(rule), words("z")) == [
        "questionnaire[2].asked_when.all[0].question: 'nobody'; one of a, w",
        "questionnaire[2].asked_when.all[1].question: 'z', which is asked later; "
        "a question asked before 'gad7_1'",
        f"questionnaire[2].asked_when.all[2].equals: 11; one of {can_be}",
        f"questionnaire[2].asked_when.all[3].one_of: 12; one of {can_be}",
        f"questionnaire[2].asked_when.any[0].at_least: 11; a value within {can_be}",
        "questionnaire[2].asked_when.none[0].equals: a value for 'w', which is answered in words; "
        "answered = true or answered = false",
    ]


def test_a_circle_is_named_as_one() -> None:
    found = faults(
        item("a", all_of(question="c", equals=1)),
        item("b", all_of(question="a", equals=1)),
        item("c", all_of(question="b", equals=1)),
        item("d", all_of(question="d", equals=1)),
    )
    assert found == [
        "questionnaire[0].asked_when.all[0].question: 'c', in a circle: it depends on 'b', "
        "which depends on 'a', which depends on 'c'; a question asked before 'a'",
        "questionnaire[3].asked_when.all[0].question: 'd', the question itself; "
        "a question asked before 'd'",
    ]


class _Parts(Definition):
    parts: tuple[Part, ...]


def read_parts(asked_when: str) -> tuple[Part, ...]:
    text = f'[[parts]]\nkind = "open"\nid = "why"\ntext = "Why?"\nasked_when = {asked_when}\n'
    return read_toml_strictly(text, _Parts, file="a.toml").parts


def test_a_rule_is_read_from_toml() -> None:
    (part,) = read_parts('{ all = [ { question = "a", one_of = [1, 2] } ] }')
    assert part.asked_when == all_of(question="a", one_of=(1, 2))


@pytest.mark.parametrize(
    ("asked_when", "expected"),
    [
        ("{ }", "at least one condition in all, any or none"),
        ('{ all = [ { question = "a" } ] }', "beside the question, not none of them"),
        ('{ all = [ { question = "a", equals = 1, at_most = 2 } ] }', "not equals and at_most"),
        ('{ all = [ { question = "a", one_of = [] } ] }', "at least one value in one_of"),
        ('{ all = [ { question = "a", equals = -8 } ] }', "greater than or equal to 0"),
        ('"a > 5"', "valid dictionary or instance of AskedWhen"),
    ],
)
def test_a_rule_of_another_shape_is_refused(asked_when, expected) -> None:
    with pytest.raises(DefinitionError, match=expected):
        read_parts(asked_when)


def routed_gad7(rule: AskedWhen):
    gad = load_catalogue()["gad7"]
    items = (*gad.items[:2], gad.items[2].model_copy(update={"asked_when": rule}), *gad.items[3:])
    return gad.model_copy(update={"items": items})


def test_an_item_of_an_instrument_may_depend_on_an_earlier_one() -> None:
    routed = routed_gad7(all_of(question="gad7_1", at_least=1))
    assert faults_of(routed, file="gad7.toml") == ()
    questionnaire = compile_questionnaire(
        [gad7()], {"gad7": routed}, arm=None, prefer_not_to_say=False
    )
    assert [len(page.questions) for page in questionnaire.pages] == [2, 5]
    assert "gad7_3" not in asked_ids(questionnaire, {"gad7_1": 0})


def test_an_item_of_an_instrument_cannot_depend_on_a_later_one_or_another_s() -> None:
    for name in ("gad7_3", "gad7_7", "pss10_1"):
        (fault,) = faults_of(routed_gad7(all_of(question=name, at_least=1)), file="gad7.toml")
        assert fault.where == "items[2].asked_when.all[0].question"


def test_a_definition_file_with_routing_is_read() -> None:
    text = files("instruments").joinpath("definitions/gad7.toml").read_text(encoding="utf-8")
    old = 'id = "gad7_3"\n'
    assert old in text
    rule = 'asked_when = { none = [ { question = "gad7_1", equals = 0 } ] }\n'
    read = load_instrument(text.replace(old, old + rule, 1), "gad7.toml")
    assert read.item("gad7_3").asked_when == when(none=[{"question": "gad7_1", "equals": 0}])


def test_the_data_dictionary_says_when_an_item_is_asked() -> None:
    rule = when(
        all=[{"question": "gad7_1", "at_least": 2}, {"question": "gad7_2", "answered": True}],
        none=[{"question": "gad7_1", "one_of": (0, 1)}, {"question": "gad7_2", "at_most": 1}],
    )
    rows = {row.variable: row for row in data_dictionary(routed_gad7(rule))}
    assert rows["gad7_3"].rule.endswith(
        "; asked when gad7_1 is 2 or more and gad7_2 is answered, "
        "and unless gad7_1 is 0 or 1 or gad7_2 is 1 or less"
    )
    assert "asked" not in rows["gad7_1"].rule
