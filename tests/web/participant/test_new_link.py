from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from looking import everything, rows
from respondents import title_of, words_of
from trials import Trial

from survey_app.database.models import LinkRequest
from survey_app.operations.link_requests import MOST_OF_ONE_NETWORK

KNOWN, UNKNOWN = "person1@school1.example", "nobody@nowhere.example"


def test_the_link_s_pages_lead_to_it(client: FlaskClient, invited: Trial) -> None:
    for answer in (
        client.get(f"/link/{invited.token()}"),
        client.post(f"/link/{'x' * 32}"),
        client.get(f"/answer/{invited.reference()}/"),
    ):
        assert 'href="/new-link"' in answer.text


def test_known_and_unknown_addresses_get_the_same_bytes(app, invited: Trial, woken) -> None:
    answers = {}
    for address in (KNOWN, UNKNOWN):
        client = app.test_client()
        asked = client.post("/new-link", data={"email": address})
        after = client.get(asked.location)
        answers[address] = (asked.status_code, sorted(asked.headers), asked.data, after.data)
        assert title_of(after) == "Look at your email"
        assert "Set-Cookie" not in asked.headers
        asked.close()
    assert answers[KNOWN] == answers[UNKNOWN]
    assert woken == ["deliver_letters"] * 2
    assert len(rows(invited.database, LinkRequest)) == 2
    assert UNKNOWN not in str(everything(invited.database))


@pytest.mark.parametrize("typed", ["", "  ", "dev", "@school.example", "dev@school", "a@b." * 99])
def test_what_is_no_address_is_asked_for_again(client: FlaskClient, invited, typed, woken) -> None:
    answer = client.post("/new-link", data={"email": typed})
    assert answer.status_code == 400
    assert title_of(answer).startswith("Error: ") or "Error:" in answer.text
    assert "Enter an email address" in words_of(answer)
    assert woken == []
    assert rows(invited.database, LinkRequest) == []


def test_too_many_from_one_network_are_told_to_wait(client: FlaskClient, invited: Trial) -> None:
    for n in range(MOST_OF_ONE_NETWORK):
        assert client.post("/new-link", data={"email": f"{n}@x.example"}).status_code == 303
    for address in (KNOWN, UNKNOWN):
        answer = client.post("/new-link", data={"email": address})
        assert (answer.status_code, title_of(answer)) == (429, "Too many tries")
