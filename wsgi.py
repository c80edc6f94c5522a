"""The service as gunicorn and the flask command find it."""

import sys
from pathlib import Path

import click
from dotenv import load_dotenv
from flask.helpers import get_load_dotenv

from survey_app import create_app
from survey_app.cli import commands_alone
from survey_app.settings import SettingsError

GUNICORN_GIVES_UP = 4

# The flask command reads it too, but only once the app is made, and gunicorn never.
if get_load_dotenv():
    load_dotenv(Path(__file__).with_name(".env"))

try:
    app = create_app()
except SettingsError as error:
    if click.get_current_context(silent=True) is None:
        # What is wrong with the settings says it all; a traceback would bury it. By this number
        # gunicorn knows that starting again would not help.
        sys.stderr.write(f"{error}\n")
        raise SystemExit(GUNICORN_GIVES_UP) from None
    app = commands_alone(error)
