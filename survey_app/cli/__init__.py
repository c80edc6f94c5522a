"""The command line: one file a noun."""

from __future__ import annotations

from flask import Flask

from survey_app.cli import (
    audit,
    backup,
    database,
    demo,
    doctor,
    exchange,
    instruments,
    keys,
    letters,
    outcomes,
    psychometrics,
    rehearse,
    report,
    responses,
    roster,
    score,
    service,
    sessions,
    staff,
    study,
    trial,
    wave,
)
from survey_app.settings import SettingsError

COMMANDS = (
    audit.group,
    backup.group,
    database.group,
    demo.group,
    doctor.command,
    instruments.group,
    keys.group,
    letters.group,
    outcomes.group,
    psychometrics.command,
    report.command,
    roster.group,
    sessions.group,
    score.command,
    service.group,
    staff.group,
    study.group,
    trial.group,
    wave.group,
)


def register(app: Flask) -> None:
    """Give an app its commands."""
    for command in exchange.COMMANDS:
        instruments.group.add_command(command)
    study.group.add_command(responses.command)
    study.group.add_command(rehearse.command)
    for command in COMMANDS:
        app.cli.add_command(command)


def commands_alone(error: SettingsError) -> Flask:
    """Give an app that serves nothing: its commands that need no record work without settings.

    The others say what is wrong with the settings.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["survey"] = error
    register(app)
    return app
