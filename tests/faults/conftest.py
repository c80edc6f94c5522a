"""Somebody who has answered everything and not submitted yet, when something goes wrong."""

from __future__ import annotations

import pytest
from flask import Flask
from respondents import Respondent
from trials import Trial

from survey_app.web import waking

VALUES = {f"gad7_{n}": "2" for n in range(1, 8)}
WORDS = {"most_stressful": "Waiting to hear.", "would_help": "Somebody to ask."}


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that the worker was woken for."""
    calls: list[str] = []
    monkeypatch.setattr(waking, "wake", lambda _settings, task: calls.append(task))
    return calls


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


@pytest.fixture
def dev(app: Flask, invited: Trial) -> Respondent:
    """Dev, with two pages saved."""
    respondent = Respondent(app, invited).begin()
    assert respondent.save("gad7", VALUES).status_code == 303
    assert respondent.save("in-your-own-words", WORDS).status_code == 303
    return respondent
