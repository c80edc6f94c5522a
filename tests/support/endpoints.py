"""Every endpoint of the service, each with an address that leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from trials import SLUG
from werkzeug.routing import Rule

VALUES = {
    "study": SLUG,
    "wave": "baseline",
    "urn": "100001",
    "comment": "1",
    "report": "1",
    "rehearsal": "1",
    "reference": "abcdefghjkmn",
    "key": "gad7",
    "token": "x" * 32,
    "role": "coordinator",
    "fingerprint": "0",
    "name": "staff.css",
    "code": "P00001",
    "letter": "1",
    "instrument": "dsl_confidence",
    "page": "2",
    "member": "2",
}
ARGUMENT = re.compile(r"<(?:(?P<converter>[a-z]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")


def address(rule: Rule) -> str:
    return ARGUMENT.sub(lambda found: VALUES[found["name"]], rule.rule)


def doors(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every endpoint with each of its methods and an address that leads to it."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule.endpoint, method, address(rule)
