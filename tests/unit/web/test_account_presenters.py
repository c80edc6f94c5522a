from __future__ import annotations

import pytest
from werkzeug.routing import Map, Rule

from survey_app.roles import roles_in_words
from survey_app.web.account.destinations import safe_destination
from survey_app.web.account.presenters import study_card

PAGES = Map(
    [
        Rule("/studies", endpoint="studies"),
        Rule("/studies/<string:study>/", endpoint="overview"),
        Rule("/account/sign-out", endpoint="out", methods=["POST"]),
        Rule("/link/<string:token>", endpoint="link"),
    ]
)


@pytest.mark.parametrize("path", ["/studies", "/studies/bolton-primary/"])
def test_a_page_of_the_service_is_a_destination(path: str) -> None:
    assert safe_destination(path, PAGES) == path


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "studies",
        "https://evil.example/studies",
        "//evil.example/studies",
        "/\\evil.example",
        "/studies?next=//evil.example",
        "/studies\r\nX: y",
        "/elsewhere",
        "/account/sign-out",
        "/link/abc",
    ],
)
def test_anything_else_is_not(wanted: str) -> None:
    assert safe_destination(wanted, PAGES) == ""


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ([], ""),
        (["evaluator"], "Evaluator"),
        (["evaluator", "coordinator"], "Coordinator and evaluator"),
        (
            ["data_manager", "redactor", "coordinator"],
            "Coordinator, redactor and data manager",
        ),
    ],
)
def test_roles_are_given_in_words(roles: list[str], words: str) -> None:
    assert roles_in_words(roles) == words


def test_a_card_offers_what_all_the_roles_together_may_open() -> None:
    card = study_card("s", "S", ["redactor", "researcher"])
    assert [place.label for place in card.places] == [
        "Overview",
        "Dashboard",
        "Redaction",
        "Comments",
        "Codebook",
    ]
