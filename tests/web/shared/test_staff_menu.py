"""The menu of a study marks the page it is on, also when a form was refused."""

from __future__ import annotations

import pytest
from flask import Flask
from rooms import STUDY

from survey_app.web.navigation import PLACES


def test_every_place_of_the_menu_is_a_page(app: Flask) -> None:
    named = {each for place in PLACES for each in (place.endpoint, *place.beneath)}
    assert named <= app.view_functions.keys()


@pytest.mark.parametrize(
    ("role", "path", "label"),
    [
        ("coordinator", "/schools/import", "Schools"),
        ("coordinator", "/randomisation", "Randomisation"),
        ("researcher", "/codebook", "Codebook"),
        ("data_manager", "/unmasking", "Release of arms"),
    ],
)
def test_a_refused_form_keeps_its_place_in_the_menu(
    sign_in_as, role: str, path: str, label: str
) -> None:
    browser = sign_in_as(role)
    for answer in (browser.get(f"{STUDY}{path}"), browser.post(f"{STUDY}{path}")):
        assert f'aria-current="page">{label}</a>' in answer.text
