from __future__ import annotations

from survey_app.roles import PERMISSIONS, ROLES
from survey_app.web.navigation import LANDING, PLACES, places_for


def test_every_role_lands_on_a_page_it_may_open() -> None:
    permission_of = {place.endpoint: place.permission for place in PLACES}
    for role in ROLES:
        assert permission_of[LANDING[role]] in PERMISSIONS[role]


def test_no_page_stands_in_two_places_of_the_menu() -> None:
    endpoints = [each for place in PLACES for each in (place.endpoint, *place.beneath)]
    assert len(endpoints) == len(set(endpoints))


def test_the_menu_holds_only_what_is_permitted() -> None:
    assert [place.label for place in places_for(PERMISSIONS["researcher"])] == [
        "Overview",
        "Dashboard",
        "Comments",
        "Codebook",
    ]
    assert places_for([]) == ()
