"""A licence holder's words: where they go, and every way in which their file is refused."""

from importlib.resources import files

import pytest

from instruments.catalogue import catalogue_of, load_catalogue
from instruments.errors import DefinitionError, Fault
from instruments.questionnaire import InstrumentPart, compile_questionnaire, questionnaire_faults
from instruments.supplied_wording import with_supplied_wording

CATALOGUE = load_catalogue()
SWEMWBS, UWES9 = CATALOGUE["swemwbs"], CATALOGUE["uwes9"]


def words(*changes: tuple[str, str], name: str = "swemwbs", items: int = 7) -> str:
    text = f"""
instrument = "{name}"
version = "1"
licence_holder = "Cleo's university"
licence_reference = "registration 17"
stem = "Invented words stand here."
""" + "".join(
        f'\n[[items]]\nid = "{name}_{n}"\ntext = "Invented words, number {n}"\n'
        for n in range(1, items + 1)
    )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults_of(text: str, name: str = "swemwbs") -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as caught:
        with_supplied_wording(CATALOGUE[name], text, file="wording/x.toml")
    return caught.value.faults


def test_words_take_the_place_of_the_numbers_and_the_rules_stay() -> None:
    worded = with_supplied_wording(SWEMWBS, words(), file="wording/swemwbs.toml")
    assert worded.stem == "Invented words stand here."
    assert [item.text for item in worded.items][-1] == "Invented words, number 7"
    assert worded.scores == SWEMWBS.scores
    assert not worded.wording_is_withheld
    assert worded.wording.tag == "unverified"
    assert worded.wording.source == "Supplied by Cleo's university under registration 17"


def test_an_instrument_cannot_be_delivered_before_its_words_are_there() -> None:
    part = InstrumentPart(kind="instrument", instrument="swemwbs")
    (fault,) = questionnaire_faults([part], CATALOGUE, file="study.toml", where="questionnaire")
    assert fault.where == "questionnaire[0].instrument"
    assert fault.found == "'swemwbs', whose words are not here"
    worded = {"swemwbs": with_supplied_wording(SWEMWBS, words(), file="x")}
    compiled = compile_questionnaire([part], worded, arm=None, prefer_not_to_say=False)
    assert compiled.question("swemwbs_1").text == "Invented words, number 1"


def test_the_catalogue_reads_the_words_beside_the_definition() -> None:
    definition = files("instruments").joinpath("definitions", "swemwbs.toml").read_text("utf-8")
    found = catalogue_of({"swemwbs.toml": definition}, {"swemwbs.toml": words()})
    assert found["swemwbs"].items[0].text == "Invented words, number 1"
    with pytest.raises(DefinitionError, match=r"wording/swemwbs\.toml, items: found no words for"):
        catalogue_of({"swemwbs.toml": definition}, {"swemwbs.toml": words(items=6)})


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    [
        ('instrument = "swemwbs"', 'instrument = "wemwbs"', "instrument", "'wemwbs'"),
        ('version = "1"', 'version = "2"', "version", "'2'"),
        ('id = "swemwbs_7"', 'id = "swemwbs_8"', "items[6].id", "'swemwbs_8'"),
        ('id = "swemwbs_7"', 'id = "swemwbs_6"', "items", "'swemwbs_6' more than once"),
        ('id = "swemwbs_7"', 'id = "swemwbs_6"', "items", "no words for swemwbs_7"),
        ('text = "Invented words, number 2"', 'text = ""', "items[1].text", "''"),
        ('licence_reference = "registration 17"', "", "licence_reference", "nothing"),
    ],
)
def test_finds_the_fault_and_names_its_place(old: str, new: str, where: str, found: str) -> None:
    assert (where, found) in [(fault.where, fault.found) for fault in faults_of(words((old, new)))]


def test_choices_that_are_bare_numbers_need_words_too() -> None:
    text = words(name="uwes9", items=9)
    (fault,) = faults_of(text, "uwes9")
    assert fault.where == "options"
    assert "uwes9_frequency 0" in fault.found
    labels = "".join(
        f'\n[[options]]\nresponse_set = "uwes9_frequency"\nvalue = {n}\nlabel = "Choice {n}"\n'
        for n in range(7)
    )
    worded = with_supplied_wording(UWES9, text + labels, file="x")
    assert [option.label for option in worded.options(worded.items[0])][-1] == "Choice 6"
    unknown = labels.replace("value = 6", "value = 9")
    assert "options[6]" in [fault.where for fault in faults_of(text + unknown, "uwes9")]


def test_refuses_words_for_an_instrument_that_ships_its_own() -> None:
    (fault,) = faults_of(words(name="gad7"), "gad7")
    assert fault.found == "'gad7', whose words are shipped"
