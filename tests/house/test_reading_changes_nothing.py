"""GET never writes: every address is opened as everybody, and every table compared."""

from __future__ import annotations

import pytest
from answering import answer, save, start
from endpoints import doors
from flask import Flask
from looking import everything
from trials import Trial

from survey_app.roles import ROLES


@pytest.fixture
def told(trial: Trial) -> Trial:
    trial.invite()
    answer(trial, 1, text="Some words.")
    start(trial, 2)
    save(trial, "gad7", person=2, values={"gad7_1": 1})
    trial.randomise()
    return trial


@pytest.mark.parametrize("role", [*ROLES, "eve", "nobody"])
def test_opening_every_address_writes_nothing(app: Flask, told: Trial, browser_of, role):
    browser = app.test_client() if role == "nobody" else browser_of(role)
    before = everything(told.database)
    for endpoint, method, path in doors(app):
        if method in ("GET", "HEAD"):
            answered = browser.open(path, method=method)
            assert answered.status_code < 500, (endpoint, method)
    assert everything(told.database) == before


@pytest.mark.parametrize("person", [1, 2, 3])
def test_a_participant_s_pages_write_nothing_when_opened(app: Flask, told: Trial, person):
    visitor = app.test_client()
    visitor.post(f"/link/{told.token(person)}")
    reference = told.reference(person)
    before = everything(told.database)
    for endpoint, method, path in doors(app):
        if method in ("GET", "HEAD"):
            own = path.replace("abcdefghjkmn", reference)
            assert visitor.open(own, method=method).status_code < 500, (endpoint, method)
    for page in ("about-you", "dsl-confidence", "gad7", "pss10", "in-your-own-words"):
        assert visitor.get(f"/answer/{reference}/{page}").status_code < 400
    assert everything(told.database) == before


def test_opening_a_link_looks_nothing_up_and_sets_no_cookie(app: Flask, told: Trial):
    before = everything(told.database)
    known = app.test_client().get(f"/link/{told.token(1)}")
    unknown = app.test_client().get(f"/link/{'x' * 32}")
    assert known.get_data() == unknown.get_data().replace(b"x" * 32, told.token(1).encode())
    assert "Set-Cookie" not in known.headers
    assert everything(told.database) == before
