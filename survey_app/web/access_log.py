"""What the web server writes down of a request: never the secret in a link, nor a query.

A token opens one person's answers, so it is a password that happens to stand in an address.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # none are published

from survey_app.jobs.log_lines import JsonLines
from survey_app.web.logs import without_secrets

FORMAT = "%(t)s %(h)s %(m)s %(U)s %(H)s %(s)s %(B)s %(M)sms"

_KEPT = ("t", "h", "m", "U", "H", "s", "B", "M", "L", "T", "D", "p")
_PARTICIPANTS = re.compile(r"/+(link|answer|code|new-link|stop-reminders)\b", re.IGNORECASE)


class AccessLog(Logger):
    """gunicorn's logger, which sees less."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.addFilter(_hide_secrets)

    def atoms(
        self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: Any
    ) -> dict[str, Any]:
        """What a line of the access log can be made of: no query, referrer, browser or header."""
        everything = super().atoms(resp, req, environ, request_time)
        kept = {name: everything[name] for name in _KEPT}
        path = str(kept["U"] or "")
        kept["U"] = without_secrets(path)
        if _PARTICIPANTS.match(path):
            # Who answered from where is nobody's business, and would join answers to a school.
            kept["h"] = "-"
        kept["r"] = f"{kept['m']} {kept['U']} {kept['H']}"
        return kept


class JsonAccessLog(AccessLog):
    """The same, each line one JSON object."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(JsonLines())

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: Any) -> None:
        """Write what the text line says, by name."""
        if not self.access_log.handlers:
            return
        atoms = self.atoms(resp, req, environ, request_time)
        fields = {
            "client": atoms["h"],
            "method": atoms["m"],
            "path": atoms["U"],
            "status": int(atoms["s"]),
            "bytes": atoms["B"],
            "milliseconds": atoms["M"],
        }
        self.access_log.info("request", extra={"fields": fields})


def _hide_secrets(record: logging.LogRecord) -> bool:
    # gunicorn names the address of a request that fails outside the service.
    record.msg, record.args = without_secrets(record.getMessage()), ()
    return True
