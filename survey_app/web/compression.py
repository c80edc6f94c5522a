"""Pages for participants leave compressed: a school's line is often slow.

Staff pages do not, since some of them repeat what stands in their address; see the decision on it.
"""

from __future__ import annotations

import struct
import zlib

from flask import Flask, Response, request

from survey_app.web.service import service
from survey_app.web.sessions import is_participant_path

_LEVEL = 5
_SMALLEST = 600
_MOST_PADDING = 100
# How a gzip file begins (RFC 1952): deflated, with a name, no date, no system.
_WITH_A_NAME = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"


def register(app: Flask) -> None:
    """Compress the pages of the participants' room for browsers that can read them so."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if (
        not is_participant_path(request.path)
        or response.mimetype != "text/html"
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if len(content) >= _SMALLEST and request.accept_encodings.quality("gzip") > 0:
        response.set_data(_compressed(content))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _compressed(content: bytes) -> bytes:
    # A file name of random length, so that lengths tell little about what was compressed.
    name = b"a" * service().rng.randrange(_MOST_PADDING)
    pressing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    pressed = pressing.compress(content) + pressing.flush()
    end = struct.pack("<LL", zlib.crc32(content), len(content) % 2**32)
    return b"".join((_WITH_A_NAME, name, b"\0", pressed, end))
