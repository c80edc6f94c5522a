"""From the parts a study names to the pages a participant sees."""

from collections.abc import Sequence

import pytest

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError
from instruments.missing import PREFER_NOT_TO_SAY
from instruments.model import ResponseOption
from instruments.questionnaire import (
    InstrumentPart,
    ItemPart,
    OpenPart,
    Part,
    Questionnaire,
    compile_questionnaire,
    questionnaire_faults,
)
from instruments.reader import Definition, read_toml_strictly

OPTIONS = (ResponseOption(value=1, label="Yes"), ResponseOption(value=2, label="No"))


def instrument(name: str) -> InstrumentPart:
    return InstrumentPart(kind="instrument", instrument=name)


def item(name: str, *arms: str) -> ItemPart:
    return ItemPart(kind="item", id=name, text="Is it?", hint="Guess.", options=OPTIONS, arms=arms)


def question(name: str, *arms: str) -> OpenPart:
    return OpenPart(kind="open", id=name, text="Why?", max_length=500, arms=arms)


def compiled(
    *parts: InstrumentPart | ItemPart | OpenPart, arm: str | None = None, may_decline: bool = False
) -> Questionnaire:
    return compile_questionnaire(parts, load_catalogue(), arm=arm, prefer_not_to_say=may_decline)


def keys(questionnaire: Questionnaire) -> Sequence[str]:
    return [page.key for page in questionnaire.pages]


def test_an_instrument_brings_its_stem_its_heading_and_its_items_in_order() -> None:
    (page,) = compiled(instrument("gad7")).pages
    assert page.key == "gad7"
    assert page.title == "The last 2 weeks"
    assert page.stem.startswith("Over the last 2 weeks")
    assert [each.id for each in page.questions] == [f"gad7_{n}" for n in range(1, 8)]
    assert {each.instrument for each in page.questions} == {"gad7"}
    assert [option.value for option in page.questions[0].options] == [0, 1, 2, 3]


def test_the_line_that_a_licence_asks_for_is_on_the_page() -> None:
    (page,) = compiled(instrument("pss10")).pages
    assert page.notice == load_catalogue()["pss10"].licence.attribution
    assert page.notice


def test_a_page_holds_ten_items_at_most_and_pages_are_of_equal_length() -> None:
    questionnaire = compiled(instrument("dsl_confidence"), instrument("pss10"))
    assert [len(page.questions) for page in questionnaire.pages] == [6, 6, 10]
    assert keys(questionnaire) == ["dsl-confidence", "dsl-confidence-2", "pss10"]
    assert [page.title for page in questionnaire.pages[:2]] == [
        "Confidence in your safeguarding role (part 1 of 2)",
        "Confidence in your safeguarding role (part 2 of 2)",
    ]
    assert questionnaire.pages[1].stem == questionnaire.pages[0].stem


def test_eleven_own_items_make_two_pages() -> None:
    questionnaire = compiled(*(item(f"own_{n}") for n in range(11)))
    assert [len(page.questions) for page in questionnaire.pages] == [5, 6]
    assert keys(questionnaire) == ["about-you", "about-you-2"]


def test_consecutive_questions_of_one_kind_share_a_page() -> None:
    questionnaire = compiled(
        item("role"), item("years"), instrument("gad7"), item("hours"), question("a"), question("b")
    )
    assert keys(questionnaire) == ["about-you", "gad7", "about-you-2", "in-your-own-words"]
    assert [len(page.questions) for page in questionnaire.pages] == [2, 7, 1, 2]


def test_every_page_has_its_own_key() -> None:
    pages = keys(compiled(*(part for n in range(3) for part in (item(f"i{n}"), question(f"o{n}")))))
    assert len(set(pages)) == len(pages) == 6


def test_an_open_question_takes_words_up_to_its_length() -> None:
    (page,) = compiled(question("why")).pages
    (asked,) = page.questions
    assert (asked.kind, asked.max_length, asked.options) == ("text", 500, ())
    assert asked.instrument is None


def test_an_own_item_brings_its_hint_and_its_options() -> None:
    asked = compiled(item("role")).question("role")
    assert (asked.kind, asked.hint, asked.options) == ("choice", "Guess.", OPTIONS)
    assert asked.max_length is None


def test_a_question_for_one_arm_is_asked_of_that_arm_alone() -> None:
    parts = (item("all"), item("some", "supervision"), question("what", "supervision"))
    assert [each.id for each in compiled(*parts, arm="supervision").questions()] == [
        "all",
        "some",
        "what",
    ]
    assert [each.id for each in compiled(*parts, arm="usual").questions()] == ["all"]
    assert [each.id for each in compiled(*parts, arm=None).questions()] == ["all"]


def test_a_page_keeps_its_key_when_another_arm_is_not_asked_an_earlier_one() -> None:
    parts = (question("a", "supervision"), instrument("gad7"), question("b"))
    assert keys(compiled(*parts, arm="usual")) == ["gad7", "in-your-own-words-2"]
    assert keys(compiled(*parts, arm="supervision"))[2] == "in-your-own-words-2"


def test_prefer_not_to_say_is_offered_beside_the_options_of_every_choice() -> None:
    questionnaire = compiled(instrument("gad7"), item("role"), question("why"), may_decline=True)
    for name in ("gad7_1", "role"):
        asked = questionnaire.question(name)
        assert asked.choices[:-1] == asked.options
        assert asked.choices[-1].value == PREFER_NOT_TO_SAY
        assert asked.choices[-1].label == "Prefer not to say"
        assert PREFER_NOT_TO_SAY not in [option.value for option in asked.options]
    assert questionnaire.question("why").choices == ()


def test_prefer_not_to_say_is_not_offered_where_the_study_does_not() -> None:
    asked = compiled(instrument("gad7")).question("gad7_1")
    assert asked.choices == asked.options


def test_finds_pages_and_questions_by_name_and_names_what_is_not_there() -> None:
    questionnaire = compiled(instrument("gad7"))
    assert questionnaire.page("gad7").questions[2] == questionnaire.question("gad7_3")
    with pytest.raises(KeyError, match="pss10"):
        questionnaire.page("pss10")
    with pytest.raises(KeyError, match="pss10_1"):
        questionnaire.question("pss10_1")


def test_nothing_asked_makes_no_pages() -> None:
    assert compiled().pages == ()


def test_refuses_an_unknown_instrument_and_a_question_asked_twice() -> None:
    with pytest.raises(DefinitionError) as caught:
        compiled(instrument("gad9"), item("role"), question("role"))
    first, second = caught.value.faults
    assert first.where == "questionnaire[0].instrument"
    assert first.expected == f"one of {', '.join(sorted(load_catalogue()))}"
    assert second.found == "the question 'role' more than once"


def test_refuses_an_instrument_asked_twice() -> None:
    with pytest.raises(DefinitionError, match="gad7_1"):
        compiled(instrument("gad7"), instrument("gad7"))


def test_refuses_two_options_of_one_value_and_names_their_place() -> None:
    same = ItemPart(kind="item", id="role", text="Is it?", options=(OPTIONS[0], OPTIONS[0]))
    (fault,) = questionnaire_faults([same], {}, file="bolton.toml", where="waves[1].questionnaire")
    assert str(fault) == (
        "bolton.toml, waves[1].questionnaire[0].options: found the value 1 more than once; "
        "expected each once"
    )


def test_says_so_when_no_instrument_is_known() -> None:
    (fault,) = questionnaire_faults([instrument("gad7")], {}, file="a.toml", where="parts")
    assert fault.expected == "nothing, as none is known"


class _Parts(Definition):
    parts: tuple[Part, ...]


def test_parts_are_read_from_toml_by_their_kind() -> None:
    text = """
    [[parts]]
    kind = "instrument"
    instrument = "gad7"
    [[parts]]
    kind = "item"
    id = "role"
    text = "Your role?"
    options = [{value = 1, label = "DSL"}, {value = 2, label = "Deputy"}]
    [[parts]]
    kind = "open"
    id = "why"
    text = "Why?"
    arms = ["usual"]
    """
    parts = read_toml_strictly(text, _Parts, file="a.toml").parts
    assert [type(part) for part in parts] == [InstrumentPart, ItemPart, OpenPart]
    assert parts[2] == OpenPart(kind="open", id="why", text="Why?", arms=("usual",))
