"""The secrets that open a questionnaire: made from letter and key, never guessed or kept."""

from __future__ import annotations

import re
import string

import pytest

from survey_app.links import (
    TOKEN_LENGTH,
    address_hash,
    code_as_written,
    code_for_letter,
    code_hash,
    looks_like_token,
    network_hash,
    token_for_letter,
    token_hash,
)

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


CODE = code_for_letter(7, key=KEY)


def test_a_code_is_three_groups_of_four_and_of_its_letter_and_key_alone():
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", CODE)
    assert code_for_letter(7, key=KEY) == CODE
    others = {code_for_letter(n, key=KEY) for n in range(1000)}
    assert len(others) == 1000
    assert code_for_letter(7, key="another key of at least thirty-two letters") != CODE


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        f"  {CODE[:6]} {CODE[6:]}\t",
        CODE.replace("0", "O").replace("1", "I"),
        CODE.replace("0", "o").replace("1", "l"),
    ],
)
def test_a_code_is_taken_as_people_type_it(typed):
    assert code_as_written(typed) == CODE


def test_a_code_without_ambiguous_letters_reads_its_look_alikes():
    with_both = next(
        code
        for code in (code_for_letter(n, key=KEY) for n in range(1000))
        if "0" in code and "1" in code
    )
    assert code_as_written(with_both.replace("0", "O").replace("1", "L")) == with_both


def test_the_check_character_finds_every_single_slip():
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    code = CODE.replace("-", "")
    for place, right in enumerate(code):
        for wrong in set(letters) - {right}:
            assert code_as_written(code[:place] + wrong + code[place + 1 :]) is None
    for place in range(len(code) - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert swapped == code or code_as_written(swapped) is None


@pytest.mark.parametrize("typed", ["", "short", CODE + "0", "é" * 12, "\x00" * 12, "U" * 12])
def test_what_is_no_code_is_none(typed):
    assert code_as_written(typed) is None


def test_the_hash_of_a_code_needs_the_key():
    assert code_hash(CODE, key=KEY) != code_hash(CODE, key="x" * 32)
    assert CODE.replace("-", "").lower() not in code_hash(CODE, key=KEY)


def test_one_network_is_one_address_or_the_first_half_of_a_longer_one():
    def same(a: str, b: str) -> bool:
        return network_hash(a, key=KEY) == network_hash(b, key=KEY)

    assert same("192.0.2.7", "192.0.2.7")
    assert not same("192.0.2.7", "192.0.2.8")
    assert same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
    assert not same("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert same("", "")


def test_an_address_is_the_same_in_any_case():
    assert address_hash(" Dev@School.example ", key=KEY) == address_hash(
        "dev@school.example", key=KEY
    )
