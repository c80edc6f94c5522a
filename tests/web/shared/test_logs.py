from __future__ import annotations

import logging

import pytest
from flask import Flask
from trials import Trial


def test_a_request_that_fails_leaves_neither_its_link_nor_its_words_in_the_log(
    app: Flask, trial: Trial, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.invite()
    token = trial.token()

    def fail(*_: object) -> None:
        raise RuntimeError("the answer was: tired")

    monkeypatch.setattr("survey_app.web.participant.opening.visit_by_token", fail)
    with caplog.at_level(logging.DEBUG):
        answer = app.test_client().post(f"/link/{token}?from=letter")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "/link/***" in caplog.text
    assert "builtins.RuntimeError, raised at" in caplog.text
    for secret in (token, "from=letter", "tired"):
        assert secret not in caplog.text
        assert secret not in answer.text
