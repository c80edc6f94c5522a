"""The files a page is dressed with, at addresses that change when the file does.

The few files there are stay in memory, compressed once: a school's line is often slow, and a
browser that has the address never asks again.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request

STATIC_DIRECTORY = Path(__file__).parent / "static"
ENDPOINT = "static_file"

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_KEEP_A_YEAR = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"


class UnknownAssetError(Exception):
    """A template named a file that is not among the static files."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is sent."""

    name: str
    media_type: str
    content: bytes
    compressed: bytes
    fingerprint: str

    @property
    def url(self) -> str:
        return f"/static/{self.fingerprint}/{self.name}"


def read_assets(directory: Path = STATIC_DIRECTORY) -> Mapping[str, Asset]:
    """Every file under the directory whose kind is served, by its name within it."""
    return {
        asset.name: asset
        for path in sorted(directory.rglob("*"))
        if path.suffix in _MEDIA_TYPES
        for asset in [_read_asset(path, path.relative_to(directory).as_posix())]
    }


def _read_asset(path: Path, name: str) -> Asset:
    content = path.read_bytes()
    return Asset(
        name=name,
        media_type=_MEDIA_TYPES[path.suffix],
        content=content,
        compressed=gzip.compress(content, compresslevel=9, mtime=0),
        fingerprint=hashlib.sha256(content).hexdigest()[:8],
    )


def register(app: Flask) -> None:
    """Serve the static files and give templates `asset_url`; the app has no static folder else."""
    assets = read_assets()

    def asset_url(name: str) -> str:
        try:
            return assets[name].url
        except KeyError:
            raise UnknownAssetError(
                f"no static file {name!r}; expected one of {', '.join(assets)}"
            ) from None

    def static_file(fingerprint: str, name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            abort(404)
        return _respond(asset, is_current=fingerprint == asset.fingerprint)

    app.add_url_rule("/static/<string:fingerprint>/<path:name>", ENDPOINT, static_file)
    app.jinja_env.globals["asset_url"] = asset_url


def _respond(asset: Asset, *, is_current: bool) -> Response:
    # An old address may arrive while a new version is being put in place: the file of now is
    # better than none, but must not be kept under the old name.
    accepts_gzip = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.compressed if accepts_gzip else asset.content)
    response.headers["Content-Type"] = asset.media_type
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _KEEP_A_YEAR if is_current else _ASK_EACH_TIME
    if accepts_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response
