"""The instruments that ship, against the sources they were taken from."""

import re
from collections.abc import Mapping
from importlib.resources import files

import pytest

from instruments.catalogue import catalogue_of, load_catalogue
from instruments.missing import MISSING_CODES, NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument


@pytest.fixture
def catalogue() -> Mapping[str, Instrument]:
    return load_catalogue()


TIER_A = {
    "gad7", "gad2", "phq9", "phq8", "phq2", "phq4", "k6", "k10", "cbi", "hse_msit",
    "hse_job_stress", "ons4", "gse", "brs", "proqol5", "dsl_confidence", "dsl_confidence_short",
}  # fmt: skip
TIER_B = {
    "pss10", "pss4", "dass21", "core10", "who5", "elo_stress", "burnout_single_item", "wers2004",
    "wers2011", "warr1990",
}  # fmt: skip
WEAK = re.compile(r"recalled|not read|secondary|a copy|copies", re.IGNORECASE)
TIER_C = {"swemwbs", "wemwbs", "ghq12", "hads", "mbi_hss", "wsas", "stss", "uwes9"}


def test_ships_every_instrument_of_the_three_tiers(catalogue: Mapping[str, Instrument]) -> None:
    found = {
        tier: {each.id for each in catalogue.values() if each.licence.tier == tier}
        for tier in ("A", "B", "C")
    }
    assert found == {"A": TIER_A, "B": TIER_B, "C": TIER_C}


def test_words_are_withheld_of_all_tier_c_and_of_nothing_else(
    catalogue: Mapping[str, Instrument],
) -> None:
    withheld = {each.id for each in catalogue.values() if each.wording_is_withheld}
    assert withheld == TIER_C
    for name in withheld:
        texts = [item.text for item in catalogue[name].items]
        assert texts == [f"Item {n}" for n in range(1, len(texts) + 1)]


def test_every_shipped_sentence_is_a_whole_one_and_said_once(
    catalogue: Mapping[str, Instrument],
) -> None:
    for instrument in catalogue.values():
        texts = [item.text for item in instrument.items]
        assert len(set(texts)) == len(texts), instrument.id
        assert not any("..." in text or text != text.strip() for text in texts), instrument.id


def test_only_two_items_show_risk_and_no_other_instrument_asks_them(
    catalogue: Mapping[str, Instrument],
) -> None:
    risky = [item.id for each in catalogue.values() for item in each.risk_items]
    assert risky == ["core10_6", "phq9_9"]


def test_any_one_instrument_may_be_taken_away(catalogue: Mapping[str, Instrument]) -> None:
    folder = files("instruments").joinpath("definitions")
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir()}
    for name in catalogue:
        left = {file: text for file, text in texts.items() if file != f"{name}.toml"}
        assert set(catalogue_of(left)) == set(catalogue) - {name}


def test_the_catalogue_cannot_be_changed(catalogue: Mapping[str, Instrument]) -> None:
    with pytest.raises(TypeError):
        catalogue["gad7"] = catalogue["pss10"]  # type: ignore[index]


def test_an_instrument_may_be_taken_away() -> None:
    assert catalogue_of({}) == {}


def test_words_that_no_copy_was_found_of_say_so(catalogue: Mapping[str, Instrument]) -> None:
    recalled = {each.id for each in catalogue.values() if each.wording.tag == "unverified"}
    assert recalled == {"elo_stress", "warr1990", "wers2004", "wers2011"}
    for name in recalled:
        assert "recalled" in catalogue[name].wording.source.casefold(), name
        assert catalogue[name].licence.tier == "B"


def test_every_code_says_where_it_was_read(catalogue: Mapping[str, Instrument]) -> None:
    coded = {
        each.id
        for each in catalogue.values()
        if each.loinc
        or any(entry.loinc for entry in (*each.items, *each.scores))
        or any(option.loinc for kind in each.response_sets for option in kind.options)
    }
    assert coded == {each.id for each in catalogue.values() if each.loinc_source}
    assert {name for name in coded if not catalogue[name].loinc_verified} == {
        *("phq2", "phq4", "who5")
    }


def test_what_was_read_in_a_copy_or_recalled_is_never_called_verified(
    catalogue: Mapping[str, Instrument],
) -> None:
    for instrument in catalogue.values():
        said = [
            *(
                (each.source, each.verified)
                for each in (
                    *instrument.norms,
                    *instrument.percentiles,
                    *instrument.reliabilities,
                    *(cut for score in instrument.scores for cut in score.cut_points),
                    *(s.reliable_change for s in instrument.scores if s.reliable_change),
                )
            ),
            *((s.bands_source, s.bands_verified) for s in instrument.scores if s.bands),
            (instrument.loinc_source, instrument.loinc_verified),
        ]
        for source, verified in said:
            assert not verified or not WEAK.search(source), (instrument.id, source)


def test_codes_that_the_sources_conflict_on_are_left_out(
    catalogue: Mapping[str, Instrument],
) -> None:
    for name, total in (("gad2", "gad2_total"), ("phq4", "phq4_total"), ("phq4", "phq4_anxiety")):
        assert catalogue[name].score(total).loinc == ""


def test_every_instrument_says_where_it_is_from_and_what_may_be_done_with_it(
    catalogue: Mapping[str, Instrument],
) -> None:
    for instrument in catalogue.values():
        assert instrument.citation
        assert instrument.licence.text
        assert instrument.wording.source
        assert all(score.missing_rule_source for score in instrument.scores)


def test_missing_codes_are_three_facts_that_no_option_has(
    catalogue: Mapping[str, Instrument],
) -> None:
    assert {NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED} == {-9, -8, -7} == MISSING_CODES
    values = {
        option.value
        for instrument in catalogue.values()
        for response_set in instrument.response_sets
        for option in response_set.options
    }
    assert not values & MISSING_CODES


def test_gad7_has_the_published_bands_and_codes(catalogue: Mapping[str, Instrument]) -> None:
    gad7 = catalogue["gad7"]
    total = gad7.score("gad7_total")
    assert [(band.low, band.high) for band in total.bands] == [(0, 4), (5, 9), (10, 14), (15, 21)]
    assert total.bands_are == "published"
    assert total.reversed == ()
    assert total.direction == "higher_is_worse"
    assert (gad7.loinc, total.loinc) == ("69737-5", "70274-6")
    assert [item.loinc for item in gad7.items] == [
        "69725-0",
        "68509-9",
        "69733-4",
        "69734-2",
        "69735-9",
        "69689-8",
        "69736-7",
    ]
    options = gad7.options(gad7.item("gad7_4"))
    assert [(option.value, option.loinc) for option in options] == [
        (0, "LA6568-5"),
        (1, "LA6569-3"),
        (2, "LA6570-1"),
        (3, "LA6571-9"),
    ]


def test_gad7_says_that_its_missing_rule_is_ours(catalogue: Mapping[str, Instrument]) -> None:
    total = catalogue["gad7"].score("gad7_total")
    assert total.minimum_answered == 6
    assert total.missing_rule_is_ours


def test_pss10_reverses_the_four_items_of_efficacy(catalogue: Mapping[str, Instrument]) -> None:
    total = catalogue["pss10"].score("pss10_total")
    assert total.reversed == ("pss10_4", "pss10_5", "pss10_7", "pss10_8")
    assert (total.minimum, total.maximum) == (0, 40)


def test_pss10_calls_its_bands_a_convention_and_its_wording_a_copy(
    catalogue: Mapping[str, Instrument],
) -> None:
    pss10 = catalogue["pss10"]
    assert pss10.licence.tier == "B"
    assert pss10.score("pss10_total").bands_are == "convention"
    assert pss10.wording.tag == "secondary_copy"
    assert all(item.wording is None for item in pss10.items)


def test_dsl_confidence_is_new_and_not_validated(catalogue: Mapping[str, Instrument]) -> None:
    scale = catalogue["dsl_confidence"]
    assert scale.notice.startswith("New, not validated")
    for each in (scale, catalogue["dsl_confidence_short"]):
        # Below the items on every page that shows them, and in every format they go out in.
        assert each.licence.attribution.startswith("New, not validated")
    assert scale.version == "0.1"
    assert len(scale.items) == 12
    exploratory = [score for score in scale.scores if score.exploratory]
    assert [len(score.items) for score in exploratory] == [6, 2, 2, 2]
    assert sorted(item for score in exploratory for item in score.items) == sorted(
        item.id for item in scale.items
    )
    total = scale.score("dsl_confidence_total")
    assert (total.minimum_answered, total.minimum, total.maximum) == (9, 1, 5)


def test_no_heading_names_an_illness(catalogue: Mapping[str, Instrument]) -> None:
    for instrument in catalogue.values():
        assert not any(
            word in instrument.heading.lower() for word in ("anxi", "depress", "disorder")
        )


def test_asking_for_what_is_not_there_names_it(catalogue: Mapping[str, Instrument]) -> None:
    gad7 = catalogue["gad7"]
    with pytest.raises(KeyError, match="gad7_8"):
        gad7.item("gad7_8")
    with pytest.raises(KeyError, match="gad2_total"):
        gad7.score("gad2_total")
    with pytest.raises(KeyError, match="pss10_frequency"):
        gad7.options(catalogue["pss10"].items[0])
