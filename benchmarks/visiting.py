"""A person with a browser, made of a socket: walks from the link in a letter to the receipt.

Light, because it runs on the machine it measures: one connection a visit, kept alive, a cookie jar,
and regular expressions for what a form holds. It fetches no style sheet and runs no script.
"""

from __future__ import annotations

import gzip
import random
import re
import socket
import time
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import urlencode, urlsplit

COMMENT: Final = (
    'The hardest part is waiting: "no further action" & then the same family again < 2 weeks later.'
    " A debrief with someone outside the school – over a café table – would help."
)
GOES_ON: Final = ("Start or continue", "Continue", "Save and continue", "Submit my answers")
DONE: Final = "Your answers are submitted"
MOST_REQUESTS: Final = 60
"""A visit that needs more goes in circles."""

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<(input|textarea)\b([^>]*)>")
_BUTTON = re.compile(r"<button\b[^>]*>(.*?)</button>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_RECEIPT = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\s]+)=([^;\r]*)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_GZIPPED = re.compile(rb"\r\ncontent-encoding: *gzip", re.IGNORECASE)


class VisitError(Exception):
    """The service answered something a person could not have gone on from."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to one request."""

    status: int
    location: str
    html: str
    path: str


@dataclass(frozen=True, slots=True)
class Visited:
    """How one whole visit went."""

    first_page_ms: float
    visit_ms: float
    n_requests: int
    receipt: str


class Browser:
    """One connection and one cookie jar."""

    def __init__(
        self, port: int, *, timeout: float = 60, most_requests: int = MOST_REQUESTS
    ) -> None:
        self._host, self._address, self._timeout = f"127.0.0.1:{port}", ("127.0.0.1", port), timeout
        self._connect()
        self.cookies: dict[str, str] = {}
        self.n_requests = 0
        self._most_requests = most_requests

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=self._timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._request("GET", path, b"")

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        """Send a form."""
        return self._request("POST", path, urlencode(fields).encode())

    def follow(self, answer: Answer) -> Answer:
        """Go wherever an answer leads, until it is a page."""
        while answer.location:
            answer = self.get(answer.location)
        return answer

    def _request(self, method: str, path: str, body: bytes) -> Answer:
        if self.n_requests >= self._most_requests:
            raise VisitError(f"{path}: this visit has no end")
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", "Accept-Encoding: gzip"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if method == "POST":
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body)}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        self.n_requests += 1
        return self._read_answer(path)

    def _read_answer(self, path: str) -> Answer:
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive(path)
        head = bytes(received[: end + 2])
        length = _LENGTH.search(head)
        if length is None:
            raise VisitError(f"{path}: an answer of unknown length")
        while len(received) < end + 4 + int(length[1]):
            received += self._receive(path)
        for name, value in _COOKIE.findall(head):
            self.cookies[name.decode()] = value.decode()
        body = bytes(received[end + 4 :])
        if _CLOSES.search(head):
            self._socket.close()
            self._connect()
        location = _LOCATION.search(head)
        return Answer(
            status=int(head[9:12]),
            location=urlsplit(location[1].decode()).path + _query(location[1]) if location else "",
            html=(gzip.decompress(body) if _GZIPPED.search(head) else body).decode(),
            path=path,
        )

    def _receive(self, path: str) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise VisitError(f"{path}: the connection was closed before the answer")
        return received


def _query(address: bytes) -> str:
    query = urlsplit(address.decode()).query
    return f"?{query}" if query else ""


def filled_form(answer: Answer, rng: random.Random) -> tuple[str, list[tuple[str, str]]]:
    """Fill in the form by which a page goes on: where it is sent, and what is in it.

    Every box is ticked, one option of each question is chosen at random, and every text area gets
    the same comment.
    """
    forms = (
        (attributes, inside)
        for attributes, inside in _FORM.findall(answer.html)
        if any(label.strip() in GOES_ON for label in _BUTTON.findall(inside))
    )
    attributes, inside = next(forms, ("", ""))
    if not inside:
        raise VisitError(f"{answer.path}: status {answer.status}, and no button that goes on")
    fields: list[tuple[str, str]] = []
    options: dict[str, list[str]] = {}
    for tag, raw in _FIELD.findall(inside):
        field = dict(_ATTRIBUTE.findall(raw))
        name = field.get("name", "")
        if tag == "textarea":
            fields.append((name, COMMENT))
        elif field.get("type") == "radio":
            options.setdefault(name, []).append(field["value"])
        elif field.get("type") in ("hidden", "checkbox"):
            fields.append((name, unescape(field.get("value", "on"))))
    fields += ((name, rng.choice(values)) for name, values in options.items())
    return dict(_ATTRIBUTE.findall(attributes)).get("action") or answer.path, fields


def visit(port: int, token: str, rng: random.Random) -> Visited:
    """Walk the whole way, following every redirect, and without a pause."""
    began = time.perf_counter()
    with Browser(port) as browser:
        answer = browser.get(f"/link/{token}")
        first_page = time.perf_counter()
        while DONE not in answer.html:
            action, fields = filled_form(answer, rng)
            answer = browser.follow(browser.post(action, fields))
        receipt = _RECEIPT.search(answer.html)
        if receipt is None:
            raise VisitError(f"{answer.path}: no receipt")
        return Visited(
            first_page_ms=(first_page - began) * 1000,
            visit_ms=(time.perf_counter() - began) * 1000,
            n_requests=browser.n_requests,
            receipt=receipt[0],
        )
