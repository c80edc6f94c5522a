"""A trial whose baseline is open and invited, and somebody who answers it."""

from __future__ import annotations

import pytest
from flask import Flask
from respondents import Respondent
from trials import Trial

from survey_app.web import waking


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
    """Dev the participant, with the link not opened yet."""
    return Respondent(app, invited)
