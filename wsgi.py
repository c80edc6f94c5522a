"""The service as gunicorn and the flask command find it."""

from survey_app import create_app
from survey_app.settings import SettingsError

try:
    app = create_app()
except SettingsError as error:
    # What is wrong with the settings says it all; a traceback would bury it.
    raise SystemExit(str(error)) from None
