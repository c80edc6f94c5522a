"""How much a page costs on the wire: the first with all its files, a later one with what is new."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from respondents import Respondent
from werkzeug.test import TestResponse

KIB = 1024
FIRST_PAGE, MOST_REQUESTS, LATER_PAGE = 50 * KIB, 5, 10 * KIB
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
PAGES = ("about-you", "dsl-confidence", "dsl-confidence-2", "gad7", "pss10", "in-your-own-words")


class Browser:
    """What a browser fetches, each file that may be kept only once."""

    def __init__(self, dev: Respondent) -> None:
        self.dev = dev
        self.kept: set[str] = set()

    def fetch(self, path: str) -> tuple[int, int]:
        """Open a page; give how many requests it took and how many bytes came."""
        answer = self.dev.client.get(path, headers=GZIP)
        assert answer.status_code == 200
        sizes = [size_of(answer)]
        files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text_of(answer))) - self.kept
        for file in files:
            asset = self.dev.client.get(file, headers=GZIP)
            assert "immutable" in asset.headers["Cache-Control"]
            sizes.append(size_of(asset))
        self.kept |= files
        return len(sizes), sum(sizes)


def size_of(answer: TestResponse) -> int:
    return len(answer.data) + sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)


def text_of(answer: TestResponse) -> str:
    if answer.headers.get("Content-Encoding") == "gzip":
        return gzip.decompress(answer.data).decode()
    return answer.text


def test_no_page_is_heavy(dev: Respondent) -> None:
    browser = Browser(dev)
    requests, size = browser.fetch(f"/link/{dev.trial.token()}")
    assert requests <= MOST_REQUESTS
    assert size <= FIRST_PAGE
    dev.open_link()
    later = {"consent": browser.fetch(dev.address("consent"))[1]}
    dev.begin()
    # The first page with questions brings the script with it.
    later |= {page: browser.fetch(dev.address(page))[1] for page in PAGES}
    for page in PAGES:
        dev.save(page, {})
    later["check"] = browser.fetch(dev.address("check"))[1]
    dev.submit()
    later["receipt"] = browser.fetch(dev.address("receipt"))[1]
    assert {page: size for page, size in later.items() if size > LATER_PAGE} == {}


def test_a_page_is_the_same_compressed_or_not_and_says_that_it_may_be_either(
    dev: Respondent,
) -> None:
    link = f"/link/{dev.trial.token()}"
    packed = dev.client.get(link, headers=GZIP)
    plain = dev.client.get(link, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_the_length_of_a_compressed_page_is_not_always_the_same(dev: Respondent) -> None:
    dev.begin()
    answers = [dev.client.get(dev.address("consent"), headers=GZIP) for _ in range(8)]
    assert len({len(answer.data) for answer in answers}) > 1


@pytest.mark.parametrize("path", ["/", "/account/sign-in"])
def test_other_pages_are_left_as_they_are(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers=GZIP)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
