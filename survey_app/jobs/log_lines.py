"""Lines of the log as JSON, one object a line; they say nothing that a text line would not say."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from survey_app.jobs.failures import without_words


class JsonLines(logging.Formatter):
    """Give a record as one line: when, how grave, from where, what, and the fields it carries."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_text:
            line["raised"] = record.exc_text
        elif record.exc_info and record.exc_info[1] is not None:
            line["raised"] = without_words(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)
