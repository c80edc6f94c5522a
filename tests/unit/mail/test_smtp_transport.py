"""Real conversations with an SMTP server on loopback: taken, refused, put off, cut off."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from databases import missing
from mail_servers import Post, free_port, only, reached_at, serving, silent_server, tls_context

from survey_app.mail.errors import LetterDelayed, LetterRefused, MailServerUnavailable
from survey_app.mail.transport import SmtpTransport

DEV = "dev@school.example"
EVE = "eve@school.example"


def letter(to: str = DEV, subject: str = "Your questionnaire") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The survey <survey@trial.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = datetime(2019, 9, 16, tzinfo=UTC)
    message["Message-ID"] = "<letter-1@survey.example>"
    message.set_content("Dear O’Neill,\n.\nA line that is one dot stands above.\n")
    return message


def test_a_letter_is_taken_as_it_was_written():
    post = Post()
    with serving(post) as server, SmtpTransport(server, greeting="survey.example") as transport:
        transport.send(letter())
    assert post.recipients == [DEV]
    assert post.greetings == ["survey.example"]
    assert post.received[0]["Message-ID"] == "<letter-1@survey.example>"
    assert post.received[0].get_content().splitlines() == letter().get_content().splitlines()


def test_one_connection_serves_many_letters():
    post = Post()
    with serving(post) as server, SmtpTransport(server) as transport:
        for _ in range(5):
            transport.send(letter())
    assert len(post.received) == 5
    assert post.connections == 1


def test_no_connection_is_made_before_there_is_a_letter():
    with SmtpTransport(reached_at(free_port())):
        pass


@pytest.mark.parametrize("code", ["550 5.1.1", "553 5.1.3", "501"])
def test_an_address_refused_for_good_is_said_without_repeating_it(code):
    post = Post(answers_to_address={EVE: [f"{code} <{EVE}> is unknown here"]})
    with serving(post) as server, SmtpTransport(server) as transport:
        with pytest.raises(LetterRefused, match=code) as refusal:
            transport.send(letter(EVE))
        assert EVE not in str(refusal.value)
        transport.send(letter())
    assert post.recipients == [DEV]
    assert post.connections == 1


def test_a_letter_refused_for_what_it_holds_is_refused():
    post = Post(answers_to_letters=["554 5.7.1 looks like spam"])
    with (
        serving(post) as server,
        SmtpTransport(server) as transport,
        pytest.raises(LetterRefused, match=r"554 5\.7\.1"),
    ):
        transport.send(letter())


@pytest.mark.parametrize("code", ["450 4.2.0", "451 4.7.1", "452 4.2.2"])
def test_an_address_put_off_keeps_nobody_waiting(code):
    post = Post(answers_to_address={EVE: [f"{code} try later, <{EVE}>"]})
    with serving(post) as server, SmtpTransport(server) as transport:
        with pytest.raises(LetterDelayed, match=code) as delay:
            transport.send(letter(EVE))
        assert EVE not in str(delay.value)
        transport.send(letter())
    assert post.recipients == [DEV]


def test_a_letter_put_off_after_it_was_handed_over_can_go_later():
    post = Post(answers_to_letters=["451 4.3.0 greylisted"])
    with serving(post) as server, SmtpTransport(server) as transport:
        with pytest.raises(LetterDelayed):
            transport.send(letter())
        transport.send(letter())
    assert len(post.received) == 1


def test_a_server_that_closes_is_unavailable():
    post = Post(answers_to_address={DEV: ["421 4.3.2 closing down"]})
    with (
        serving(post) as server,
        SmtpTransport(server) as transport,
        pytest.raises(MailServerUnavailable, match=r"421 4\.3\.2"),
    ):
        transport.send(letter())


@pytest.mark.parametrize("code", ["450", "550 5.7.1"])
def test_a_refused_sender_is_no_fault_of_the_letter(code):
    class Strict(Post):
        async def handle_MAIL(self, *_):
            return f"{code} not from you"

    with (
        serving(Strict()) as server,
        SmtpTransport(server) as transport,
        pytest.raises(MailServerUnavailable, match=code),
    ):
        transport.send(letter())


def test_a_port_where_nobody_listens_is_unavailable():
    with (
        SmtpTransport(reached_at(free_port())) as transport,
        pytest.raises(MailServerUnavailable, match="does not answer"),
    ):
        transport.send(letter())


def test_a_server_that_never_speaks_is_given_up_on():
    with (
        silent_server() as port,
        SmtpTransport(reached_at(port, timeout_seconds=0.2)) as transport,
        pytest.raises(MailServerUnavailable),
    ):
        transport.send(letter())


def test_a_server_that_hangs_over_a_letter_is_given_up_on():
    post = Post(hangs_after=0)
    with (
        serving(post) as server,
        SmtpTransport(replace(server, timeout_seconds=0.3)) as transport,
        pytest.raises(MailServerUnavailable, match="broke"),
    ):
        transport.send(letter())


def test_a_connection_that_was_lost_between_letters_is_made_again():
    post, port = Post(), free_port()
    with SmtpTransport(reached_at(port)) as transport:
        for _ in range(2):
            with serving(post, port=port):
                assert transport.ready()
                transport.send(letter())
                assert not transport.ready()
    assert len(post.received) == 2
    assert post.connections == 2


def test_an_address_beyond_ascii_needs_a_server_that_knows_such():
    with (
        serving(Post(), enable_SMTPUTF8=False) as server,
        SmtpTransport(server) as transport,
        pytest.raises(LetterRefused),
    ):
        transport.send(letter("josé@school.example"))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for 127.0.0.1 and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("no openssl: it makes the certificate of a test")
    assert openssl is not None
    folder: Path = tmp_path_factory.mktemp("tls")
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", paths[0], "-keyout", paths[1]),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def trusting(certificate: tuple[str, str]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


def test_starttls_is_used_and_the_user_signed_in_under_it(certificate):
    post = Post()
    options = {
        "tls_context": tls_context(*certificate),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": only("survey", "secret"),
    }
    with serving(post, **options) as server:
        encrypted = replace(server, encryption="starttls", user="survey", password="secret")
        with SmtpTransport(encrypted, trust=trusting(certificate)) as transport:
            transport.send(letter())
    assert post.recipients == [DEV]


def test_tls_from_the_first_byte_is_used(certificate):
    post, port = Post(), free_port()
    with (
        serving(post, port=port, ssl_context=tls_context(*certificate)),
        SmtpTransport(reached_at(port, encryption="tls"), trust=trusting(certificate)) as transport,
    ):
        transport.send(letter())
    assert post.recipients == [DEV]


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_letter(certificate):
    post = Post()
    with (
        serving(post, tls_context=tls_context(*certificate)) as server,
        SmtpTransport(replace(server, encryption="starttls")) as transport,
        pytest.raises(MailServerUnavailable, match="SSLCertVerificationError"),
    ):
        transport.send(letter())
    assert post.received == []


def test_a_server_without_starttls_gets_no_letter_in_the_clear():
    post = Post()
    with (
        serving(post) as server,
        SmtpTransport(replace(server, encryption="starttls")) as transport,
        pytest.raises(MailServerUnavailable),
    ):
        transport.send(letter())
    assert post.received == []


def test_a_wrong_password_parks_no_letter(certificate):
    options = {
        "tls_context": tls_context(*certificate),
        "auth_required": True,
        "authenticator": only("survey", "secret"),
    }
    with serving(Post(), **options) as server:
        wrong = replace(server, encryption="starttls", user="survey", password="wrong")
        with (
            SmtpTransport(wrong, trust=trusting(certificate)) as transport,
            pytest.raises(MailServerUnavailable, match="SMTPAuthenticationError"),
        ):
            transport.send(letter())
