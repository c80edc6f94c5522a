"""Guessing is slowed by the network it comes from, and a link that works always opens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from looking import everything, rows
from respondents import Respondent, title_of
from trials import Trial

from survey_app import create_app
from survey_app.database.models import WrongLink
from survey_app.database.queries.invitations import counts_by_wave
from survey_app.operations.wrong_links import MOST_OF_ONE_NETWORK
from survey_app.settings import Settings


def guess(client: FlaskClient, n: int, **where: str):
    return client.post(f"/link/{n:032d}", environ_base={"REMOTE_ADDR": "192.0.2.7"}, headers=where)


def test_past_the_limit_a_wrong_link_is_told_to_wait_and_a_right_one_opens(dev: Respondent) -> None:
    client = dev.client
    answers = [guess(client, n).status_code for n in range(MOST_OF_ONE_NETWORK + 1)]
    assert answers == [404] * MOST_OF_ONE_NETWORK + [429]
    slowed = guess(client, 99)
    assert title_of(slowed) == "Too many tries"
    assert slowed.headers["Retry-After"] == "600"
    before = everything(dev.trial.database)
    guess(client, 100)
    assert everything(dev.trial.database) == before
    same_school = {"REMOTE_ADDR": "192.0.2.7"}
    opened = client.post(f"/link/{dev.trial.token()}", environ_base=same_school)
    assert (opened.status_code, opened.location) == (303, dev.address("consent"))
    assert client.post(f"/link/{0:032d}").status_code == 404


def test_the_record_does_not_hold_where_a_guess_came_from(dev: Respondent) -> None:
    guess(dev.client, 1)
    (row,) = rows(dev.trial.database, WrongLink)
    assert len(row.network_hash) == 64
    assert "192.0.2.7" not in str(everything(dev.trial.database))


@pytest.mark.parametrize(
    ("trusted", "networks"),
    [(0, 1), (1, 1), (2, 3)],
    ids=["none: the connection says", "one: the last says", "two: the one before it says"],
)
def test_a_forwarded_address_counts_as_far_as_the_settings_trust_it(
    settings: Settings, trial: Trial, trusted: int, networks: int
) -> None:
    app = create_app(replace(settings, trusted_proxies=trusted), clock=trial.clock)
    client = app.test_client()
    for n in range(3):
        # The first is what a visitor wrote, the last what the proxy nearest to us saw.
        guess(client, n, **{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.5"})
    app.extensions["survey"].database.dispose()
    assert len({row.network_hash for row in rows(trial.database, WrongLink)}) == networks


def test_a_scanner_that_opens_and_presses_spends_nothing(app: Flask, dev: Respondent) -> None:
    link = f"/link/{dev.trial.token()}"
    for _ in range(3):
        scanner = app.test_client()
        assert scanner.head(link).status_code == scanner.get(link).status_code == 200
        scanner.post(link, follow_redirects=True)
        assert scanner.post(dev.address("consent")).status_code == 400
        scanner.post(dev.address("consent"), data={"consent_survey": "yes"})
        scanner.post(dev.address("not-me"))
    dev.begin()
    dev.save("gad7", {"gad7_1": "2"})
    assert dev.saved["gad7_1"] == 2


def test_a_consent_with_no_answer_counts_as_none(dev: Respondent) -> None:
    def started() -> int:
        with dev.trial.database.reading() as session:
            (counts,) = counts_by_wave(session, dev.trial.study(session))
            return counts.started

    dev.begin()
    dev.client.post(dev.address("about-you"), data={})
    assert started() == 0
    dev.save("gad7", {"gad7_1": "2"})
    assert started() == 1
