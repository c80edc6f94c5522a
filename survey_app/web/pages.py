"""Long lists in pages: which rows, and the links to the other pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_ALWAYS_SHOWN = 1


@dataclass(frozen=True, slots=True)
class PageLink:
    """The link to one page of a list."""

    number: int
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list; `links` holds None where pages are left out, and is empty for one page.

    Attributes
    ----------
    offset, limit : int
        The rows to ask the record for.
    """

    offset: int
    limit: int
    links: tuple[PageLink | None, ...]
    previous: str
    next: str


def paging(*, n_rows: int, wanted: int, href: Callable[[int], str], limit: int = 50) -> Paging:
    """Give the wanted page, or the nearest there is."""
    last = max(1, -(-n_rows // limit))
    current = min(max(wanted, 1), last)
    shown = [n for n in range(1, last + 1) if abs(n - current) <= _ALWAYS_SHOWN or n in (1, last)]
    links: list[PageLink | None] = []
    for n in shown:
        previous = links[-1] if links else None
        if previous is not None and n > previous.number + 1:
            links.append(None)
        links.append(PageLink(n, href(n), n == current))
    return Paging(
        offset=(current - 1) * limit,
        limit=limit,
        links=tuple(links) if last > 1 else (),
        previous=href(current - 1) if current > 1 else "",
        next=href(current + 1) if current < last else "",
    )
