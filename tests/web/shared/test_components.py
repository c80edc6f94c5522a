"""The macros, by what they write."""

from __future__ import annotations

from html.parser import HTMLParser

import gallery
import pytest
from flask import Flask

NASTY = "<script>alert('x')</script>\" onload=\"y"


class Elements(HTMLParser):
    """Every element of a piece of markup with its attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def app() -> Flask:
    return gallery.make_gallery()


def elements(app: Flask, file: str, call: str, **values: object) -> Elements:
    name = call.split("(")[0]
    source = f'{{% from "shared/components/{file}.html" import {name} %}}{{{{ {call} }}}}'
    with app.test_request_context():
        parser = Elements()
        template = app.jinja_env.from_string(source)
        parser.feed(template.render(options=gallery.FREQUENCY, apart=gallery.APART, **values))
    return parser


@pytest.mark.parametrize("chosen", [2, "2"])
def test_the_chosen_answer_is_checked_whether_stored_or_posted(app: Flask, chosen: object) -> None:
    inputs = elements(app, "choices", "radios('q', 'Q', options, chosen)", chosen=chosen)
    checked = [i["value"] for i in inputs.all("input") if "checked" in i]
    assert checked == ["2"]


@pytest.mark.parametrize("chosen", [None, ""])
def test_nothing_is_checked_before_an_answer(app: Flask, chosen: object) -> None:
    inputs = elements(app, "choices", "radios('q', 'Q', options, chosen)", chosen=chosen)
    assert not [i for i in inputs.all("input") if "checked" in i]


def test_a_choice_can_be_taken_back_where_the_page_says_so(app: Flask) -> None:
    inputs = elements(app, "choices", "radios('q', 'Q', options, 1, clearable=true)").all("input")
    assert [i["id"] for i in inputs if i["value"] == ""] == ["q-clear"]
    assert [i["value"] for i in inputs if "checked" in i] == ["1"]


def test_zero_is_an_answer(app: Flask) -> None:
    inputs = elements(app, "choices", "radios('q', 'Q', options, 0)")
    assert [i["value"] for i in inputs.all("input") if "checked" in i] == ["0"]


def test_an_answer_apart_can_be_chosen_too(app: Flask) -> None:
    inputs = elements(app, "choices", "radios('q', 'Q', options, -8, apart=apart)")
    assert [i["value"] for i in inputs.all("input") if "checked" in i] == ["-8"]


def test_every_choice_has_its_own_label(app: Flask) -> None:
    found = elements(app, "choices", "radios('q', 'Q', options, apart=apart)")
    ids = [i["id"] for i in found.all("input")]
    assert ids[0] == "q"
    assert len(set(ids)) == len(ids) == 5
    assert [label["for"] for label in found.all("label")] == ids


def test_hint_and_error_describe_the_group(app: Flask) -> None:
    found = elements(app, "choices", "radios('q', 'Q', options, hint='H', error='E')")
    described = str(found.all("fieldset")[0]["aria-describedby"]).split()
    assert described == ["q-hint", "q-error"]
    assert set(described) <= {attributes.get("id") for _, attributes in found.found}


def test_the_limit_of_a_long_answer_describes_its_box(app: Flask) -> None:
    found = elements(app, "fields", "textarea('t', 'T', hint='H', error='E', max_length=4000)")
    box = found.all("textarea")[0]
    assert box["aria-describedby"] == "t-note t-hint t-error"
    assert "maxlength" not in box


@pytest.mark.parametrize(
    ("file", "call"),
    [
        ("choices", "radios(n, n, [{'value': n, 'label': n}], n, hint=n, error=n)"),
        ("choices", "checkboxes(n, n, [{'value': n, 'label': n, 'hint': n}], [n], n, n)"),
        ("choices", "checkbox(n, n, hint=n, error=n)"),
        ("fields", "text_input(n, n, n, n, n)"),
        ("fields", "textarea(n, n, n, n, n)"),
        ("fields", "select(n, n, [{'value': n, 'label': n}], n, n, n, empty=n)"),
        ("fields", "file_upload(n, n, n, n)"),
        ("fields", "date_input(n, n, n, n, n, n, n)"),
        ("errors", "error_summary([(n, n)], n)"),
        ("forms", "button(n, 'primary', n, n)"),
        ("summary_list", "summary_list([{'key': n, 'value': n, 'href': n, 'action': n}])"),
        ("notices", "notification_banner(n, title=n)"),
        ("notices", "panel(n, n)"),
        ("notices", "details(n, n)"),
        ("table", "table(n, [n], [[n, {'text': n, 'href': n}]], id=n)"),
        ("navigation", "back_link(n, n)"),
        ("navigation", "service_navigation([(n, n, true)], n)"),
        ("navigation", "breadcrumb_trail([(n, n), (n, '')])"),
    ],
)
def test_whatever_people_write_is_shown_as_text(app: Flask, file: str, call: str) -> None:
    found = elements(app, file, call, n=NASTY)
    assert not found.all("script")
    assert not [attributes for _, attributes in found.found if "onload" in attributes]


def test_a_box_gives_back_its_first_empty_line(app: Flask) -> None:
    source = '{% from "shared/components/fields.html" import textarea %}{{ textarea("t", "T", v) }}'
    markup = app.jinja_env.from_string(source).render(v="\nafter")
    assert ">\n\nafter</textarea>" in markup


def test_a_misspelt_name_in_a_template_is_an_error(app: Flask) -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ misspelt }}").render()


@pytest.mark.parametrize("path", ["/survey/items", "/staff/controls"])
def test_a_refused_form_says_so_at_the_start_of_the_title(app: Flask, path: str) -> None:
    client = app.test_client()
    assert "<title>Error: " in client.get(f"{path}/refused").text
    assert "<title>Error: " not in client.get(path).text


def test_signing_out_is_a_post_with_our_token(app: Flask) -> None:
    found = Elements()
    found.feed(app.test_client().get("/staff/tables").text)
    assert found.all("form")[0]["method"] == "post"
    assert "csrf_token" in [i.get("name") for i in found.all("input")]
