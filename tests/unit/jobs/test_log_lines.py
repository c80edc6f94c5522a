"""A line of JSON holds what happened and where, and never the words of an exception."""

from __future__ import annotations

import json
import logging
import sys

from survey_app.jobs.log_lines import JsonLines

WORDS = "Kayleigh-in-Year-4"


def test_a_fault_is_told_by_its_kind_and_place_and_on_one_line():
    try:
        raise ValueError(WORDS)
    except ValueError:
        raised = sys.exc_info()
    record = logging.LogRecord("survey_app", logging.ERROR, "", 1, "It %s", ("broke",), raised)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert WORDS not in line
    told = json.loads(line)
    assert (told["level"], told["message"]) == ("ERROR", "It broke")
    assert "builtins.ValueError" in told["raised"]
    assert "test_log_lines.py" in told["raised"]
