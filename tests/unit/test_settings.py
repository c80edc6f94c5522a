"""The surroundings are read once, and everything wrong with them is told together."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_app.mail_settings import Bounces, ImapMailbox, NotifyService, OAuthClient
from survey_app.settings import MailServer, Settings, SettingsError

KEY = "k" * 32
PRODUCTION = {
    "SURVEY_MODE": "production",
    "SURVEY_SECRET_KEY": KEY,
    "SURVEY_BASE_URL": "https://survey.example.org",
    "SURVEY_MAIL_FROM": "survey@example.org",
    "SURVEY_SMTP_HOST": "smtp.example.org",
    "SURVEY_STAFF_KEYS": "A" * 43 + "=",
    "SURVEY_CONTACTS_KEYS": "B" * 42 + "A=",
    "SURVEY_COMMENTS_KEYS": "C" * 42 + "A=",
}
DEMONSTRATION = {"SURVEY_MODE": "demonstration", "SURVEY_SECRET_KEY": KEY}

BOUNCES = {"SURVEY_BOUNCE_ADDRESS": "bounces@survey.example"}


def read(surroundings: dict[str, str] | None = None, **changes: str) -> Settings:
    return Settings.from_environment({**(surroundings or DEMONSTRATION), **changes})


def faults(surroundings: dict[str, str] | None = None, **changes: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read(surroundings, **changes)
    return refused.value.faults


def test_a_demonstration_needs_only_its_key():
    settings = read()
    assert settings.is_demonstration
    assert settings.is_sqlite
    assert not settings.is_secure
    assert settings.mail_server is None
    assert settings.data_directory == Path("var").absolute()
    assert settings.database_url == f"sqlite:///{Path('var').absolute() / 'survey.sqlite'}"
    assert settings.mailbox_directory == Path("var").absolute() / "mailbox"
    assert settings.base_url == "http://127.0.0.1:8000"


def test_production_is_https_and_sends_letters():
    settings = read(PRODUCTION)
    assert not settings.is_demonstration
    assert settings.is_secure
    assert settings.mail_server == MailServer("smtp.example.org", 587, "starttls", "", "")


def test_without_a_mode_it_is_production():
    assert not Settings.from_environment(
        {**PRODUCTION, "SURVEY_MODE": "production"}
    ).is_demonstration
    unsaid = {name: value for name, value in PRODUCTION.items() if name != "SURVEY_MODE"}
    assert Settings.from_environment(unsaid).mode == "production"


def test_every_fault_is_told_at_once():
    told = faults(
        {
            "SURVEY_MODE": "production",
            "SURVEY_SECRET_KEY": "short",
            "SURVEY_DATABASE_URL": "mysql://root:secret@db/survey",
            "SURVEY_BASE_URL": "survey.example.org",
            "SURVEY_SMTP_ENCRYPTION": "ssl",
            "SURVEY_SMTP_HOST": "smtp.example.org",
            "SURVEY_SMTP_PORT": "99999",
        }
    )
    assert [fault.split()[0] for fault in told] == [
        "SURVEY_SECRET_KEY",
        "SURVEY_DATABASE_URL",
        "SURVEY_BASE_URL",
        "SURVEY_MAIL_FROM",
        "SURVEY_SMTP_ENCRYPTION",
        "SURVEY_SMTP_PORT",
        "SURVEY_STAFF_KEYS",
        "SURVEY_CONTACTS_KEYS",
        "SURVEY_COMMENTS_KEYS",
    ]


def test_a_fault_tells_no_secret():
    told = " ".join(
        faults(SURVEY_SECRET_KEY="hush-hush", SURVEY_DATABASE_URL="mysql://root:hidden@db/x")
    )
    assert "hush-hush" not in told
    assert "hidden" not in told


def test_a_key_is_long_enough_or_refused():
    assert read(SURVEY_SECRET_KEY="k" * 32).secret_key
    assert "31 characters" in faults(SURVEY_SECRET_KEY="k" * 31)[0]
    assert "0 characters" in faults({"SURVEY_MODE": "demonstration"})[0]


@pytest.mark.parametrize("mode", ["", "test", "Production"])
def test_an_unknown_mode_is_refused(mode):
    assert "expected demonstration or production" in faults(SURVEY_MODE=mode)[0]


@pytest.mark.parametrize(
    "address",
    [
        "survey.example.org",
        "ftp://survey.example.org",
        "https://",
        "https://survey.example.org/app",
        "https://survey.example.org?x=1",
        "https://survey.example.org#top",
        "https://[::1",
        "https://survey.example.org:port",
        "",
    ],
)
def test_an_address_people_cannot_type_is_refused(address):
    assert "SURVEY_BASE_URL" in faults(SURVEY_BASE_URL=address)[0]


def test_a_stroke_at_the_end_of_the_address_is_let_go():
    assert read(SURVEY_BASE_URL="https://survey.example.org/").base_url == (
        "https://survey.example.org"
    )


def test_production_over_plain_http_is_refused():
    assert (
        "needs an https address"
        in faults(PRODUCTION, SURVEY_BASE_URL="http://survey.example.org")[0]
    )


def test_production_without_a_mail_server_or_sender_is_refused():
    needed = ("SURVEY_SMTP_HOST", "SURVEY_MAIL_FROM")
    without = {name: value for name, value in PRODUCTION.items() if name not in needed}
    assert [fault.split()[0] for fault in faults(without)] == [
        "SURVEY_MAIL_FROM",
        "SURVEY_SMTP_HOST",
    ]


@pytest.mark.parametrize("port", ["0", "65536", "-1", "smtp", "", "25.0"])
def test_a_port_that_is_none_is_told_as_such(port):
    told = faults(PRODUCTION, SURVEY_SMTP_PORT=port)
    assert told == (f"SURVEY_SMTP_PORT is {port!r}; expected a number from 1 to 65535",)


def test_a_whole_mail_server_is_read():
    settings = read(
        PRODUCTION,
        SURVEY_SMTP_PORT="465",
        SURVEY_SMTP_ENCRYPTION="tls",
        SURVEY_SMTP_USER="postman",
        SURVEY_SMTP_PASSWORD="letters",
    )
    assert settings.mail_server == MailServer("smtp.example.org", 465, "tls", "postman", "letters")


@pytest.mark.parametrize("address", ["postgres://x/y", "postgresql://x/y", "survey.sqlite", ""])
def test_a_database_of_another_kind_is_refused(address):
    assert "SURVEY_DATABASE_URL must start with" in faults(SURVEY_DATABASE_URL=address)[0]


def test_postgresql_is_taken():
    address = "postgresql+psycopg://survey@db/survey"
    settings = read(SURVEY_DATABASE_URL=address)
    assert settings.database_url == address
    assert not settings.is_sqlite


def test_no_proxy_is_trusted_unless_the_settings_say_so():
    assert read().trusted_proxies == 0
    assert read(SURVEY_TRUSTED_PROXIES="2").trusted_proxies == 2


@pytest.mark.parametrize("said", ["", "-1", "6", "yes", "1.0"])
def test_a_number_of_proxies_that_cannot_be_is_refused(said):
    (fault,) = faults(SURVEY_TRUSTED_PROXIES=said)
    assert fault.startswith(f"SURVEY_TRUSTED_PROXIES is {said!r}")


def test_keys_are_a_list_and_one_that_is_none_is_told_by_its_place():
    assert read(SURVEY_STAFF_KEYS=f"{'A' * 43}=, {'B' * 43}=").staff_keys == (
        "A" * 43 + "=",
        "B" * 43 + "=",
    )
    (fault,) = faults(SURVEY_STAFF_KEYS=f"{'A' * 43}=,short")
    assert "key 2 of 2" in fault
    assert "SURVEY_STAFF_KEYS is not set" in " ".join(
        faults({**PRODUCTION, "SURVEY_STAFF_KEYS": ""})
    )


@pytest.mark.parametrize("name", ["SURVEY_CONTACTS_KEYS", "SURVEY_COMMENTS_KEYS"])
def test_production_needs_keys_for_contacts_and_for_comments(name):
    (fault,) = faults({**PRODUCTION, name: ""})
    assert fault.startswith(f"{name} is not set")


def test_each_purpose_has_keys_of_its_own():
    shared = PRODUCTION["SURVEY_STAFF_KEYS"]
    (fault,) = faults(PRODUCTION, SURVEY_COMMENTS_KEYS=f"{'D' * 42}A=,{shared}")
    assert "have a key in common" in fault
    assert len({keys[0] for keys in read().encryption_keys.values()}) == 3


def test_a_demonstration_makes_a_key_of_its_secret():
    assert read().encryption_keys == read().encryption_keys
    assert read().encryption_keys != read(SURVEY_SECRET_KEY="m" * 32).encryption_keys


OAUTH = {
    "SURVEY_OAUTH_TOKEN_URL": "https://login.example/token",
    "SURVEY_OAUTH_CLIENT_ID": "our id",
    "SURVEY_OAUTH_CLIENT_SECRET": "our secret",
}


def test_an_access_token_is_used_in_place_of_a_password():
    settings = read(PRODUCTION, SURVEY_SMTP_USER="survey@example.org", **OAUTH)
    assert settings.mail_server is not None
    assert settings.mail_server.oauth == OAuthClient(
        "https://login.example/token", "our id", "our secret"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"SURVEY_OAUTH_CLIENT_ID": "our id"}, "SURVEY_OAUTH_TOKEN_URL is not set"),
        ({**OAUTH, "SURVEY_SMTP_USER": ""}, "SURVEY_SMTP_USER is not set"),
        (
            {**OAUTH, "SURVEY_SMTP_USER": "a", "SURVEY_SMTP_ENCRYPTION": "none"},
            "an access token needs",
        ),
        (
            {**OAUTH, "SURVEY_SMTP_USER": "a", "SURVEY_OAUTH_TOKEN_URL": "http://login.example/"},
            "expected an https address",
        ),
        ({"SURVEY_MAIL_CONNECTIONS": "0"}, "from 1 to 16"),
        ({"SURVEY_NOTIFY_API_KEY": "key"}, "both set"),
        ({"SURVEY_NOTIFY_API_KEY": "key"}, "SURVEY_NOTIFY_TEMPLATE_ID is not set"),
        (
            {"SURVEY_NOTIFY_API_KEY": "key", "SURVEY_NOTIFY_CALLBACK_TOKEN": "short"},
            "has 5 characters",
        ),
        ({"SURVEY_BOUNCE_MAILBOX": "/var/mail/bounces"}, "SURVEY_BOUNCE_ADDRESS is not set"),
        ({"SURVEY_BOUNCE_ADDRESS": "bounces"}, "expected an email address"),
        ({**BOUNCES, "SURVEY_BOUNCE_MAILBOX": "imap://b@mail.example"}, "is not encrypted"),
        ({**BOUNCES, "SURVEY_BOUNCE_MAILBOX": "imaps://mail.example"}, "no such address"),
        ({**BOUNCES, "SURVEY_BOUNCE_MAILBOX": "pop3://b@mail.example"}, "no such address"),
        ({**BOUNCES, "SURVEY_BOUNCE_MAILBOX": "imaps://b:secret@mail.example"}, "no such address"),
        ({**BOUNCES, "SURVEY_BOUNCE_MAILBOX": "imaps://b@mail.example:x"}, "expected imaps"),
    ],
)
def test_letters_settings_that_cannot_work_are_told(changes, told):
    found = faults(PRODUCTION, **changes)
    assert any(told in fault for fault in found), found
    assert "secret" not in str(found).replace("CLIENT_SECRET", "")


def test_production_may_send_by_notify_instead():
    by_notify = {k: v for k, v in PRODUCTION.items() if k != "SURVEY_SMTP_HOST"}
    settings = read(
        by_notify,
        SURVEY_NOTIFY_API_KEY="key",
        SURVEY_NOTIFY_TEMPLATE_ID="template",
        SURVEY_NOTIFY_CALLBACK_TOKEN="t" * 20,
    )
    assert settings.notify == NotifyService("key", "template", "t" * 20)
    assert "t" * 20 not in repr(settings.notify)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("/var/mail/bounces", Path("/var/mail/bounces")),
        (
            "imaps://b%40trial.example@mail.example/Bounces",
            ImapMailbox("mail.example", 993, True, "b@trial.example", "p", "Bounces"),
        ),
        (
            "imap://b@127.0.0.1:1143",
            ImapMailbox("127.0.0.1", 1143, False, "b", "p", "INBOX"),
        ),
    ],
)
def test_bounces_are_read_from_a_file_or_a_server(text, mailbox):
    settings = read(SURVEY_BOUNCE_MAILBOX=text, SURVEY_BOUNCE_PASSWORD="p", **BOUNCES)
    assert settings.bounces == Bounces("bounces@survey.example", mailbox)
