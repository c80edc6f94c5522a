"""The demonstration's mailbox: written whole, listed newest first, searched, read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from survey_app.mail.errors import MailServerUnavailable
from survey_app.mail.letters import LetterDraft, compose
from survey_app.mail.mailbox import letter_by_key, letters_page
from survey_app.mail.transport import MailboxTransport

BASE = "http://127.0.0.1:8000"
START = datetime(2019, 9, 16, 9, tzinfo=UTC)
DRAFT = LetterDraft(
    letter_id=1,
    queued_at=START,
    to_name="Dev",
    to_address="dev@school.example",
    subject="Your questionnaire",
    paragraphs=("Dear Dev,",),
    link=f"{BASE}/link/{'t' * 32}",
    stop_address=None,
    study="the study",
    contact_name="Ada",
    contact_email="ada@trial.example",
    controller="University of Example",
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "var" / "mailbox"


def put(directory: Path, n: int, **changes: str) -> None:
    draft = replace(DRAFT, letter_id=n, to_address=f"person{n}@school.example", **changes)
    message = compose(draft, mail_from="s@t.example", base_url=BASE, at=START + timedelta(hours=n))
    with MailboxTransport(directory) as transport:
        transport.send(message)


def test_a_mailbox_that_nobody_wrote_to_is_empty(directory):
    page = letters_page(directory)
    assert (page.envelopes, page.n_found, page.n_pages) == ((), 0, 1)
    assert letter_by_key(directory, "0" * 16) is None
    assert not directory.exists()


def test_letters_are_listed_newest_first_by_their_own_date(directory):
    for n in (2, 3, 1):
        put(directory, n)
    listed = letters_page(directory).envelopes
    assert [each.to for each in listed] == [f"Dev <person{n}@school.example>" for n in (3, 2, 1)]
    assert listed[0].sent_at == START + timedelta(hours=3)


def test_pages_hold_every_letter_once(directory):
    for n in range(7):
        put(directory, n)
    pages = [letters_page(directory, number=n, size=3) for n in (1, 2, 3)]
    assert [len(page.envelopes) for page in pages] == [3, 3, 1]
    assert len({each.key for page in pages for each in page.envelopes}) == 7
    assert {page.n_pages for page in pages} == {3}


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-4, 1), (99, 3)])
def test_a_page_number_outside_gives_the_nearest_page(directory, asked, given):
    for n in range(7):
        put(directory, n)
    assert letters_page(directory, number=asked, size=3).number == given


@pytest.mark.parametrize(
    ("search", "found"),
    [("PERSON2", 1), ("reminder", 1), ("school.example", 3), ("reminder person1", 0), ("  ", 3)],
)
def test_search_looks_at_addresses_and_subjects(directory, search, found):
    put(directory, 1)
    put(directory, 2)
    put(directory, 3, subject="A reminder")
    assert letters_page(directory, search=search).n_found == found


def test_a_letter_is_read_with_both_bodies_and_its_link(directory):
    put(directory, 1)
    listed = letters_page(directory).envelopes[0]
    letter = letter_by_key(directory, listed.key)
    assert letter is not None
    assert letter.envelope == listed
    assert letter.links == (DRAFT.link,)
    assert "Dear Dev," in letter.text
    assert letter.html.startswith("<!DOCTYPE html>")
    assert letter.sender == "s@t.example"
    assert letter.reply_to == "Ada <ada@trial.example>"


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "0" * 16])
def test_an_unknown_key_gives_nothing(directory, key):
    put(directory, 1)
    assert letter_by_key(directory, key) is None


def test_keys_can_stand_in_an_address(directory):
    put(directory, 1)
    assert letters_page(directory).envelopes[0].key.isalnum()


def test_a_mailbox_that_cannot_be_written_puts_letters_off(directory):
    directory.parent.mkdir()
    directory.write_text("a file stands in the way")
    with pytest.raises(MailServerUnavailable):
        put(directory, 1)
