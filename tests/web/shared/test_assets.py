from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import gallery
import pytest
from flask.testing import FlaskClient

from survey_app.web.assets import STATIC_DIRECTORY, UnknownAssetError, read_assets


@pytest.fixture
def gallery_client() -> FlaskClient:
    return gallery.make_gallery().test_client()


def test_an_address_carries_the_fingerprint_of_the_files_content() -> None:
    asset = read_assets()["service.css"]
    content = (STATIC_DIRECTORY / "service.css").read_bytes()
    assert asset.url == f"/static/{hashlib.sha256(content).hexdigest()[:8]}/service.css"


def test_another_content_has_another_address(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p { color: red }")
    before = read_assets(tmp_path)["a.css"].url
    (tmp_path / "a.css").write_text("p { color: blue }")
    assert read_assets(tmp_path)["a.css"].url != before


def test_a_file_is_kept_for_a_year(gallery_client: FlaskClient) -> None:
    answer = gallery_client.get(read_assets()["service.css"].url)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_an_old_address_gives_the_file_of_now_without_keeping_it(
    gallery_client: FlaskClient,
) -> None:
    answer = gallery_client.get("/static/00000000/service.css")
    assert answer.data == (STATIC_DIRECTORY / "service.css").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_file_travels_compressed_to_a_browser_that_can_read_it(
    gallery_client: FlaskClient,
) -> None:
    url = read_assets()["service.css"].url
    packed = gallery_client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = gallery_client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/static/00000000/nothing.css",
        "/static/00000000/../assets.py",
        "/static/00000000/vendor/govuk-frontend/staff.scss",
        "/static/service.css",
    ],
)
def test_what_is_not_a_static_file_is_not_found(gallery_client: FlaskClient, path: str) -> None:
    assert gallery_client.get(path).status_code == 404


def test_a_template_that_names_a_missing_file_fails() -> None:
    app = gallery.make_gallery()
    with pytest.raises(UnknownAssetError, match=r"no static file 'missing\.css'"):
        app.jinja_env.from_string("{{ asset_url('missing.css') }}").render()


def test_a_participants_style_is_at_most_20_kb_on_the_wire() -> None:
    assets = read_assets()
    sent = ("vendor/govuk-frontend/participant.css", "service.css", "icon.svg")
    assert sum(len(assets[name].compressed) for name in sent) <= 20_000


@pytest.mark.parametrize("name", ["participant.css", "staff.css"])
def test_no_style_asks_for_another_file_or_the_fonts_of_the_government(name: str) -> None:
    style = read_assets()[f"vendor/govuk-frontend/{name}"].content
    assert b"url(" not in style
    assert b"@import" not in style
    assert b"GDS Transport" not in style


def test_the_vendored_style_carries_its_licence() -> None:
    folder = STATIC_DIRECTORY / "vendor" / "govuk-frontend"
    assert "MIT License" in (folder / "LICENSE.txt").read_text(encoding="utf-8")
    assert "6.6.0" in (folder / "README.md").read_text(encoding="utf-8")
    assert '--govuk-frontend-version: "6.6.0"' in (folder / "staff.css").read_text("utf-8")
