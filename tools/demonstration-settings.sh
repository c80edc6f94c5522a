#!/bin/sh
# Writes .env for the demonstration, with a key of its own, unless there is one. Called by make.
set -eu
[ -e .env ] && exit 0
umask 077
key=$(.venv/bin/python -c "import secrets; print(secrets.token_urlsafe(48))")
cat > .env <<SETTINGS
SURVEY_MODE=demonstration
SURVEY_SECRET_KEY=$key
SETTINGS
echo "Wrote .env with the settings of the demonstration."
