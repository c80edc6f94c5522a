"""What comes back is known by its return address, believed by its seal, and read for its status."""

from __future__ import annotations

import pytest
from returned_letters import returned

from survey_app.mail.bounces import is_for_good, read_bounce, return_path_of

KEY = "a key for tests, and for nothing else at all"
ADDRESS = "bounces@survey.example.org"
PATH = return_path_of(12, address=ADDRESS, key=KEY)


def test_a_return_address_fits_where_addresses_are_short_and_lose_their_case():
    mailbox, _, domain = return_path_of(10**14, address=ADDRESS, key=KEY).partition("@")
    assert len(mailbox) <= 64
    assert domain == "survey.example.org"
    bounce = read_bounce(returned(PATH.upper()), key=KEY)
    assert bounce is not None
    assert bounce.letter_id == 12


def test_a_failure_names_its_letter_and_says_whether_it_is_for_good():
    bounce = read_bounce(returned(PATH, status="5.1.1"), key=KEY)
    assert bounce is not None
    assert (bounce.letter_id, bounce.outcome, bounce.status) == (12, "hard", "5.1.1")


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_return_address_is_found_where_servers_write_it(header):
    assert read_bounce(returned(PATH, header=header), key=KEY) is not None


def test_the_same_message_has_the_same_source_and_another_another():
    first, again = (read_bounce(returned(PATH), key=KEY) for _ in range(2))
    other = read_bounce(returned(PATH, status="5.2.1"), key=KEY)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.source == again.source != other.source


@pytest.mark.parametrize(
    "path",
    [
        ADDRESS,
        return_path_of(12, address=ADDRESS, key="another key"),
        PATH.replace("12-", "13-"),
        "bounces+12-aaaaaaaaaaaaaaaa@survey.example.org",
        "bounces+@survey.example.org",
    ],
    ids=["no tag", "another key", "another letter", "no seal", "an empty tag"],
)
def test_a_report_to_an_address_that_is_not_ours_is_not_believed(path):
    assert read_bounce(returned(path), key=KEY) is None


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_notice_of_anything_but_failure_is_no_bounce(action):
    assert read_bounce(returned(PATH, action=action), key=KEY) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"To: " + PATH.encode() + b"\n\nI am away until Monday.",
        b"To: " + PATH.encode() + b"\nContent-Type: message/delivery-status\n\nnothing",
        b"To: " + PATH.encode() + b"\nContent-Type: multipart/report\n\nno parts at all",
        b"",
        b"\x00\xff\xfe" * 40,
    ],
    ids=["away", "not a status", "no parts", "empty", "noise"],
)
def test_what_is_no_report_is_left_alone(raw):
    assert read_bounce(raw, key=KEY) is None


def test_a_failure_without_a_number_is_for_good():
    bounce = read_bounce(returned(PATH, status="", diagnostic="no such thing"), key=KEY)
    assert bounce is not None
    assert bounce.outcome == "hard"


def test_nothing_of_a_report_is_kept_but_its_status():
    bounce = read_bounce(
        returned(PATH, diagnostic="smtp; 550 5.1.1 <dev@school.example> unknown"), key=KEY
    )
    assert "school.example" not in str(bounce)


@pytest.mark.parametrize(
    ("status", "for_good"),
    [
        ("5.1.1", True),  # no such mailbox
        ("5.1.10", True),  # Exchange: the recipient was not found
        ("5.2.1", True),  # the mailbox is switched off
        ("5.4.1", True),  # Exchange: no such address in this domain
        ("5.4.4", True),  # no such domain
        ("5.0.0", True),
        ("550", True),
        ("550 5.1.1", True),
        ("5.2.2", False),  # the mailbox is full
        ("5.7.1", False),  # taken for spam
        ("550 5.7.1", False),
        ("5.1.8", False),  # the sender's address is the bad one
        ("5.3.4", False),  # too big
        ("4.2.2", False),
        ("4.4.7", False),  # given up after days
        ("554", False),
        ("552", False),
    ],
)
def test_only_what_is_the_address_s_own_fault_is_for_good(status, for_good):
    assert is_for_good(status) is for_good
