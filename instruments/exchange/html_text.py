"""The words of HTML: platforms that keep their questions as HTML have tags around them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "td", "th", "h1", "h2", "h3", "h4"})
_UNSEEN: Final = frozenset({"script", "style"})
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


def has_tags(text: str) -> bool:
    """Return whether the text holds tags that its words alone do not."""
    return _TAG.search(text) is not None


def words_of_html(text: str) -> str:
    """Return the words a browser would show, with single spaces between them."""
    reader = _Words()
    reader.feed(text)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the base class calls it so
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
