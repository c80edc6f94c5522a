"""Texts that are saved as files."""

from __future__ import annotations

from typing import Final

from werkzeug.wrappers import Response

CERTIFICATE: Final = "{study}-certificate-of-randomisation.txt"


def text_file(text: str, name: str) -> Response:
    """Give a text as a file to keep, under this name."""
    answer = Response(text, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
