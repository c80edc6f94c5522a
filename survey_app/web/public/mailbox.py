"""The demonstration's mailbox: letters that would have been sent, for anybody to open."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, render_template, request, url_for

from survey_app.database.queries.letters import links_now
from survey_app.links import token_hash
from survey_app.mail.mailbox import Envelope, letter_by_key, letters_by_key, letters_page
from survey_app.web.access import public
from survey_app.web.dates import moment_in_words
from survey_app.web.navigation import staff_page
from survey_app.web.pages import paging
from survey_app.web.public.presenters import LinkState, state_of_link
from survey_app.web.service import now, record, service

_PAGE_SIZE = 25
_LONGEST_SEARCH = 100

demonstration = Blueprint("demonstration", __name__)
demonstration.context_processor(staff_page)


@demonstration.get("/mailbox")
@public
def mailbox() -> str:
    """The letters, newest first, or those that hold every word searched for."""
    search = request.args.get("search", "").strip()[:_LONGEST_SEARCH]
    found = letters_page(
        service().settings.mailbox_directory,
        search=search,
        number=request.args.get("page", 1, type=int),
        size=_PAGE_SIZE,
    )
    states = _states_of(found.envelopes)
    return render_template(
        "public/mailbox.html",
        search=search,
        n_found=found.n_found,
        letters=[
            {
                "subject": envelope.subject,
                "href": url_for("demonstration.letter", key=envelope.key),
                "to": envelope.to,
                "sent": moment_in_words(envelope.sent_at),
                "state": states.get(envelope.key),
            }
            for envelope in found.envelopes
        ],
        paging=paging(
            n_rows=found.n_found,
            wanted=found.number,
            limit=_PAGE_SIZE,
            href=lambda number: url_for(
                "demonstration.mailbox", page=number, search=search or None
            ),
        ),
    )


@demonstration.get("/mailbox/<string:key>")
@public
def letter(key: str) -> str:
    """One letter: its text, and the link in it."""
    found = letter_by_key(service().settings.mailbox_directory, key)
    if found is None:
        abort(404)
    return render_template(
        "public/letter.html",
        subject=found.envelope.subject,
        facts=[
            {"key": "To", "value": found.envelope.to},
            {"key": "From", "value": found.sender},
            {"key": "Sent", "value": moment_in_words(found.envelope.sent_at)},
        ],
        text=found.text,
        links=own_links(found.links, service().settings.base_url),
    )


def _states_of(envelopes: Iterable[Envelope]) -> dict[str, LinkState]:
    """Say what the link in each letter leads to, by the letter's key."""
    directory = service().settings.mailbox_directory
    letters = letters_by_key(directory, {envelope.key for envelope in envelopes})
    hashes = {
        key: token_hash(link.rpartition("/")[2])
        for key, letter in letters.items()
        for link in own_links(letter.links, service().settings.base_url)
    }
    known = links_now(record(), set(hashes.values()))
    return {
        key: state_of_link(known[digest], at=now())
        for key, digest in hashes.items()
        if digest in known
    }


def own_links(links: tuple[str, ...], base_url: str) -> list[str]:
    """Give the links to this service as paths, so that they open wherever it is looked at from."""
    ours = tuple(f"{base_url}/{page}/" for page in ("link", "account/set-password"))
    return [link.removeprefix(base_url) for link in links if link.startswith(ours)]
