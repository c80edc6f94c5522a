"""Access tokens in place of passwords, as Microsoft 365 asks for (OAuth 2.0, XOAUTH2).

The service signs in as itself (the client credentials grant), so that nobody has to type anything.
"""

from __future__ import annotations

import json
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from survey_app.mail.errors import MailServerUnavailable
from survey_app.mail_settings import OAuthClient

_SECONDS = 30


def access_token(client: OAuthClient) -> str:
    """Ask for a token; MailServerUnavailable where none is given, without the reply's words."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": client.scope,
    }
    data = urlencode(form).encode()
    request = Request(client.token_url, data=data)  # noqa: S310  # a setting, checked to be https
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  # likewise
            token = json.load(answer)["access_token"]
    except HTTPError as error:
        error.close()
        raise MailServerUnavailable(f"No access token was given ({error.code}).") from None
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise MailServerUnavailable(
            f"No access token could be asked for ({type(error).__name__})."
        ) from None
    return str(token)


def xoauth2(user: str, token: str) -> str:
    """Give what a mail server is told in place of a password."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"
