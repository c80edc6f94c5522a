from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from respondents import Respondent
from rooms import text_of_page
from trials import Trial

from instruments.catalogue import load_catalogue
from survey_app.roles import ROLES
from survey_app.web.catalogue import views

CATALOGUE = load_catalogue()
DELIVERABLE = [each.id for each in CATALOGUE.values() if not each.wording_is_withheld]
WITHHELD = [each.id for each in CATALOGUE.values() if each.wording_is_withheld]
PAGES = ["/instruments", "/instruments/gad7", "/instruments/gad7/preview"]
QUESTION = re.compile(r'<fieldset class="govuk-fieldset".*?</fieldset>', re.S)


class Tags(HTMLParser):
    """Every tag of the main part of a page, with its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup[markup.index("<main") : markup.index("</main>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def browser(sign_in_as) -> FlaskClient:
    return sign_in_as("researcher")


@pytest.mark.parametrize("role", [*ROLES, "eve"])
def test_every_member_of_staff_may_browse(sign_in_as, role: str) -> None:
    browser = sign_in_as(role)
    assert [browser.get(page).status_code for page in PAGES] == [200, 200, 200]
    assert 'href="/instruments"' in browser.get("/studies").text


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    for page in [*PAGES, "/instruments/gad7/dictionary"]:
        assert client.get(page).location == f"/account/sign-in?next={page}"


def test_the_list_has_every_instrument_with_its_licence_and_its_wording(browser) -> None:
    page = browser.get("/instruments").text
    for each in CATALOGUE.values():
        assert f'href="/instruments/{each.id}"' in page, each.id
    shown = text_of_page(page)
    assert (
        "GAD-7: Generalised Anxiety Disorder scale, seven items Tier A "
        "Public domain. 7 items. Words verified." in shown
    )
    assert "DSL confidence: Confidence in the safeguarding role Tier A Written for" in shown
    assert shown.count("New, not validated") == 2
    assert "Tier B Free, but not for commercial use. 1 item. Words read in a copy." in shown


@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_the_list_can_be_narrowed_to_one_tier(browser, tier: str) -> None:
    page = browser.get(f"/instruments?tier={tier}").text
    listed = set(re.findall(r'id="instrument-(\w+)"', page))
    assert listed == {each.id for each in CATALOGUE.values() if each.licence.tier == tier}
    assert f'<strong aria-current="true">Tier {tier} ({len(listed)})</strong>' in page


@pytest.mark.parametrize(
    "path",
    [
        "/instruments?tier=D",
        "/instruments/no_such",
        "/instruments/GAD7",
        "/instruments/gad7.toml",
        "/instruments/no_such/preview",
        "/instruments/no_such/dictionary",
        "/instruments/gad7/preview/0",
        "/instruments/gad7/preview/2",
        "/instruments/gad7/preview/one",
    ],
)
def test_what_is_not_there_is_not_found(browser, path: str) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_instrument_s_page_says_what_is_on_record(browser, name: str) -> None:
    instrument = CATALOGUE[name]
    shown = text_of_page(browser.get(f"/instruments/{name}").text)
    said = [
        instrument.citation,
        instrument.licence.text,
        instrument.wording.source,
        instrument.notice,
        instrument.loinc,
        instrument.stem,
        *(option.label for entry in instrument.response_sets for option in entry.options),
        *(item.text for item in instrument.items),
        *(item.loinc for item in instrument.items),
        *(score.missing_rule_source for score in instrument.scores),
        *(score.bands_source for score in instrument.scores),
        *(band.label for score in instrument.scores for band in score.bands),
        *(cut.source for score in instrument.scores for cut in score.cut_points),
        *(norm.population for norm in instrument.norms),
        *(entry.source for entry in (*instrument.percentiles, *instrument.reliabilities)),
    ]
    assert [words for words in said if " ".join(words.split()) not in shown] == []


def test_the_licence_says_what_it_permits_and_forbids(browser) -> None:
    shown = text_of_page(browser.get("/instruments/swemwbs").text)
    assert "Permits Research use and clinical use Forbids Commercial use and changing" in shown
    open_to_all = text_of_page(browser.get("/instruments/gad7").text)
    assert "Forbids Nothing" in open_to_all


def test_what_was_not_verified_is_marked(browser) -> None:
    shown = text_of_page(browser.get("/instruments/swemwbs").text)
    assert "At or under 19.5 At or under 19.5, low wellbeing Recalled, not read (not verified)" in (
        shown
    )


def test_risk_reversed_and_unscored_items_are_marked(browser) -> None:
    phq9 = text_of_page(browser.get("/instruments/phq9").text)
    assert phq9.count("Shows risk") == 1
    assert phq9.count("Not scored") == 1
    pss10 = text_of_page(browser.get("/instruments/pss10").text)
    assert pss10.count("Reversed") == 4


def test_a_preview_is_the_page_that_a_participant_gets(app: Flask, trial: Trial, browser) -> None:
    trial.invite()
    answered = Respondent(app, trial).begin().get("gad7").text
    preview = browser.get("/instruments/gad7/preview").text
    assert len(QUESTION.findall(preview)) == 7
    assert QUESTION.findall(preview) == QUESTION.findall(answered)
    for part in ("stem", "h1"):
        assert _part(preview, part) == _part(answered, part)


def _part(markup: str, part: str) -> str:
    pattern = r'<p [^>]*id="stem".*?</p>' if part == "stem" else r"<h1.*?</h1>"
    found = re.search(pattern, markup, re.S)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("name", DELIVERABLE)
def test_a_preview_shows_every_item_and_sends_nothing(browser, name: str) -> None:
    asked: list[str] = []
    for markup in _preview_pages(browser, name):
        tags = Tags(markup).found
        assert not [tag for tag, _ in tags if tag in ("form", "button")]
        asked += [str(a["name"]) for tag, a in tags if tag == "input" and a.get("type") == "radio"]
    assert list(dict.fromkeys(asked)) == [item.id for item in CATALOGUE[name].items]


def _preview_pages(browser: FlaskClient, name: str) -> Iterator[str]:
    path: str | None = f"/instruments/{name}/preview"
    while path:
        answer = browser.get(path)
        assert answer.status_code == 200
        yield answer.text
        onward = re.search(r'href="([^"]+)"[^>]*>Next page<', answer.text)
        path = onward[1] if onward else None


def test_a_preview_of_a_new_scale_says_that_it_is_not_validated(browser) -> None:
    for page in ("", "/preview", "/preview/2"):
        assert "New, not validated" in browser.get(f"/instruments/dsl_confidence{page}").text


@pytest.mark.parametrize("name", WITHHELD)
def test_withheld_words_have_no_preview_and_the_page_says_why(browser, name: str) -> None:
    page = browser.get(f"/instruments/{name}/preview")
    assert page.status_code == 200
    assert f"instruments/wording/{name}.toml" in page.text
    assert "radio" not in page.text


def test_the_data_dictionary_is_a_file_to_keep(browser) -> None:
    answer = browser.get("/instruments/gad7/dictionary")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=gad7-data-dictionary.csv"
    )
    rows = answer.text.splitlines()
    assert rows[0] == "variable,kind,label,values,missing,rule,wording,loinc"
    assert rows[1].startswith("gad7_1,item,")
    assert rows[-1].startswith("gad7_total,score,")


def test_words_from_a_definition_are_never_markup(browser, monkeypatch) -> None:
    gad7 = CATALOGUE["gad7"]
    first = gad7.items[0].model_copy(update={"text": "<b>Nervous</b>"})
    sly = gad7.model_copy(
        update={
            "notice": "<script>1</script>",
            "items": (first, *gad7.items[1:]),
            "licence": gad7.licence.model_copy(update={"url": "javascript:alert(1)"}),
        }
    )
    monkeypatch.setattr(views, "load_catalogue", lambda: {"gad7": sly})
    for page in PAGES:
        markup = browser.get(page).text
        assert "<script" not in markup
        assert "<b>" not in markup
        assert "javascript:" not in markup
