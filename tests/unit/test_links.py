"""The secret in a link: made from the letter and the key, never to be guessed or kept."""

from __future__ import annotations

import string

import pytest

from survey_app.links import TOKEN_LENGTH, looks_like_token, token_for_letter, token_hash

KEY = "a key for tests"


def test_the_same_letter_and_key_give_the_same_token():
    assert token_for_letter(7, key=KEY) == token_for_letter(7, key=KEY)


def test_a_token_is_what_anyone_with_the_key_can_make_again():
    # python: base64url(hmac_sha256(key, "link:7")[:24])
    assert token_for_letter(7, key=KEY) == "5h2DT5Ov2rfX5y927LnjATY_HWo3uIex"


def test_another_letter_or_another_key_gives_another_token():
    tokens = {token_for_letter(n, key=key) for n in range(1, 500) for key in (KEY, KEY + "!")}
    assert len(tokens) == 2 * 499


def test_a_token_can_stand_in_an_address_as_it_is():
    allowed = set(string.ascii_letters + string.digits + "-_")
    for n in range(1, 200):
        token = token_for_letter(n, key=KEY)
        assert len(token) == TOKEN_LENGTH
        assert set(token) <= allowed
        assert looks_like_token(token)


def test_the_record_s_hash_does_not_hold_the_token():
    token = token_for_letter(1, key=KEY)
    kept = token_hash(token)
    assert len(kept) == 64
    assert token not in kept
    assert kept != token_hash(token_for_letter(2, key=KEY))


@pytest.mark.parametrize("text", ["", "short", "x" * 31, "x" * 33, "é" * 32, "x" * 5000])
def test_rubbish_does_not_look_like_a_token(text):
    assert not looks_like_token(text)
