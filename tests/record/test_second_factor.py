"""The second factor: codes used once, guesses counted, recovery codes, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest
from at_once import at_once
from cryptography.fernet import Fernet
from looking import events, everything, rows
from sqlalchemy import text
from trials import KEYS, PASSWORD, Trial

from survey_app.database.encryption import KeyMissingError
from survey_app.database.models import StaffSession
from survey_app.database.queries.staff import half_done_by_hash, session_by_hash, staff_by_email
from survey_app.database.session import Database
from survey_app.operations.second_factor import (
    confirm_secret,
    draw_recovery_codes,
    pass_second_factor,
    propose_secret,
    take_away_second_factor,
)
from survey_app.operations.staff import session_hash, sign_in

ADA = "coordinator@trial.example"
KEY = Fernet.generate_key().decode()


def with_keys(trial: Trial, *keys: str) -> Trial:
    address = trial.database.engine.url.render_as_string(hide_password=False)
    return replace(trial, database=Database(address, keys={**KEYS, "staff": keys}))


@pytest.fixture
def keyed(trial: Trial):
    keyed = with_keys(trial, KEY)
    yield keyed
    keyed.database.dispose()


def half_enter(trial: Trial, token: str = "half") -> None:
    with trial.database.writing() as session:
        opened = sign_in(
            session,
            email=ADA,
            password=PASSWORD,
            token=token,
            network_hash="here",
            key=KEY,
            at=trial.clock(),
            needs_second_factor=True,
        )
        propose_secret(session, staff=opened.staff)


def waiting(session, trial: Trial, token: str):
    since = trial.clock().replace(hour=0)
    opened = half_done_by_hash(session, session_hash(token), since=since)
    assert opened is not None
    return opened


def code_now(trial: Trial) -> str:
    with trial.database.reading() as session:
        ada = staff_by_email(session, ADA)
        assert ada is not None
        assert ada.totp_secret is not None
        return pyotp.TOTP(ada.totp_secret).at(trial.clock())


def enter(trial: Trial, code: str, token: str = "whole", half: str = "half") -> bool:
    with trial.database.writing() as session:
        return pass_second_factor(
            session,
            opened=waiting(session, trial, half),
            code=code,
            token=token,
            at=trial.clock(),
        )


def is_in(trial: Trial, token: str) -> bool:
    with trial.database.reading() as session:
        return session_by_hash(session, session_hash(token)) is not None


@pytest.fixture
def set_up(keyed: Trial) -> tuple[Trial, list[str]]:
    """Ada has a second factor; her recovery codes."""
    half_enter(keyed)
    code = code_now(keyed)
    with keyed.database.writing() as session:
        codes = confirm_secret(
            session,
            opened=waiting(session, keyed, "half"),
            code=code,
            token="first",
            at=keyed.clock(),
        )
    assert codes is not None
    keyed.clock.move(minutes=1)
    return keyed, codes


def test_a_password_alone_opens_nothing(keyed: Trial):
    half_enter(keyed)
    assert not is_in(keyed, "half")
    assert events(keyed.database, "signed_in") == []


def test_the_first_code_sets_it_up_and_signs_in_under_a_new_token(set_up):
    trial, codes = set_up
    assert is_in(trial, "first")
    assert not is_in(trial, "half")
    assert len(set(codes)) == 10
    assert len(events(trial.database, "second_factor_set_up")) == 1


def test_a_wrong_first_code_sets_nothing_up(keyed: Trial):
    half_enter(keyed)
    wrong = f"{(int(code_now(keyed)) + 1) % 1_000_000:06}"
    with keyed.database.writing() as session:
        opened = waiting(session, keyed, "half")
        parts = {"opened": opened, "token": "t", "at": keyed.clock()}
        assert confirm_secret(session, code=wrong, **parts) is None
    assert not is_in(keyed, "t")


def test_a_code_is_taken_once_with_spaces_and_within_one_step(set_up):
    trial, _ = set_up
    half_enter(trial)
    code = code_now(trial)
    trial.clock.move(seconds=29)
    assert enter(trial, f"{code[:3]} {code[3:]}")
    assert is_in(trial, "whole")
    half_enter(trial, "again")
    assert not enter(trial, code, half="again")


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "0" * 200])
def test_what_is_no_code_is_refused(set_up, code):
    trial, _ = set_up
    half_enter(trial)
    assert not enter(trial, code)


def test_an_old_code_is_refused(set_up):
    trial, _ = set_up
    half_enter(trial)
    code = code_now(trial)
    trial.clock.move(minutes=2)
    assert not enter(trial, code)


def test_one_code_used_twice_at_once_opens_one_sign_in(set_up):
    trial, _ = set_up
    half_enter(trial, "one")
    half_enter(trial, "two")
    code = code_now(trial)

    def act(half: str):
        def enter_keyed(at: Trial) -> bool:
            keyed = with_keys(at, KEY)
            try:
                return enter(keyed, code, token=f"whole {half}", half=half)
            finally:
                keyed.database.dispose()

        return enter_keyed

    assert sorted(at_once(trial, act("one"), act("two"))) == [False, True]


def test_five_wrong_codes_end_the_sign_in_and_ten_stop_all_guessing(set_up):
    trial, codes = set_up
    for half in ("one", "two"):
        half_enter(trial, half)
        for _ in range(5):
            assert not enter(trial, "no", half=half)
        ended = [s for s in rows(trial.database, StaffSession) if s.ended_at is not None]
        assert session_hash(half) in {s.token_hash for s in ended}
    half_enter(trial, "three")
    assert not enter(trial, code_now(trial), half="three")
    trial.clock.move(minutes=16)
    half_enter(trial, "four")
    assert enter(trial, codes[0], half="four")


def test_a_recovery_code_works_once_however_it_is_typed(set_up):
    trial, codes = set_up
    half_enter(trial)
    assert enter(trial, f" {codes[0].upper().replace('-', ' ')} ")
    half_enter(trial, "again")
    assert not enter(trial, codes[0], half="again")
    assert len(events(trial.database, "recovery_code_used")) == 1


def test_new_recovery_codes_make_the_old_ones_worthless(set_up):
    trial, codes = set_up
    with trial.database.writing() as session:
        ada = staff_by_email(session, ADA)
        assert ada is not None
        new = draw_recovery_codes(session, staff=ada, at=trial.clock())
    half_enter(trial)
    assert not enter(trial, codes[0])
    assert enter(trial, new[0])


def test_taken_away_it_ends_every_sign_in_and_is_set_up_anew(set_up):
    trial, _ = set_up
    with trial.database.writing() as session:
        ada = staff_by_email(session, ADA)
        assert ada is not None
        take_away_second_factor(session, staff=ada, by="test", at=trial.clock())
    assert not is_in(trial, "first")
    half_enter(trial, "anew")
    with trial.database.reading() as session:
        assert waiting(session, trial, "anew").staff.totp_confirmed_at is None


def test_the_record_keeps_no_secret_and_no_recovery_code_in_the_clear(set_up):
    trial, codes = set_up
    with trial.database.reading() as session:
        ada = staff_by_email(session, ADA)
        assert ada is not None
        secret = ada.totp_secret
        kept = session.scalar(text(f"SELECT totp_secret FROM staff WHERE id = {ada.id}"))
    assert secret not in str(kept)
    assert not [code for code in codes if code in str(everything(trial.database))]


def test_keys_can_be_changed_and_without_one_nothing_is_read(set_up):
    trial, _ = set_up
    newer = with_keys(trial, Fernet.generate_key().decode(), KEY)
    half_enter(newer)
    assert enter(newer, code_now(newer))
    newer.database.dispose()
    for keys in ((), (Fernet.generate_key().decode(),)):
        keyless = with_keys(trial, *keys)
        with pytest.raises(KeyMissingError, match="staff"):
            code_now(keyless)
        keyless.database.dispose()
