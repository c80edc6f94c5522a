"""A mail server is signed in to with an access token, asked for anew with each connection."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from email.message import EmailMessage
from urllib.parse import parse_qs

import pytest
from aiosmtpd.smtp import AuthResult
from mail_servers import Post, serving
from other_services import answering

from survey_app.mail.access_tokens import access_token
from survey_app.mail.errors import MailServerUnavailable
from survey_app.mail.transport import SmtpTransport
from survey_app.mail_settings import OAuthClient

DEV = "dev@school.example"


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "survey@trial.example", DEV
    message.set_content("Dear Dev,")
    return message


class Microsoft(Post):
    """A server that lets in whoever shows the token it expects."""

    async def auth_XOAUTH2(self, server, args):
        if (
            b64decode(args[1]).decode()
            == "user=survey@trial.example\x01auth=Bearer the token\x01\x01"
        ):
            return AuthResult(success=True)
        # As Microsoft does: first a challenge that says why, then the refusal.
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)


def client(url: str) -> OAuthClient:
    return OAuthClient(f"{url}/tenant/oauth2/v2.0/token", "our id", "our secret")


def test_a_token_is_asked_for_as_the_service_itself():
    asked = []

    def answer(method, path, headers, body):
        asked.append((method, path, parse_qs(body.decode())))
        return 200, {"access_token": "the token", "expires_in": 3599}

    with answering(answer) as url:
        assert access_token(client(url)) == "the token"
    ((method, path, form),) = asked
    assert (method, path) == ("POST", "/tenant/oauth2/v2.0/token")
    assert form == {
        "grant_type": ["client_credentials"],
        "client_id": ["our id"],
        "client_secret": ["our secret"],
        "scope": ["https://outlook.office365.com/.default"],
    }


@pytest.mark.parametrize(
    "answer", [(401, {"error": "invalid_client our secret"}), (200, {}), (200, []), None], ids=str
)
def test_no_token_is_told_without_the_reply(answer):
    with (
        answering(lambda *_: answer) as url,
        pytest.raises(MailServerUnavailable, match="access token") as told,
    ):
        access_token(client(url))
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(("token", "lets_in"), [("the token", True), ("an old one", False)])
def test_a_letter_leaves_with_the_token_the_server_expects(token, lets_in):
    post = Microsoft()
    with (
        answering(lambda *_: (200, {"access_token": token})) as url,
        serving(post, auth_require_tls=False) as server,
    ):
        signed_in = replace(server, user="survey@trial.example", oauth=client(url))
        with SmtpTransport(signed_in) as transport:
            if lets_in:
                transport.send(letter())
            else:
                with pytest.raises(MailServerUnavailable, match="let us in") as told:
                    transport.send(letter())
                assert token not in str(told.value)
    assert post.recipients == ([DEV] if lets_in else [])
