"""Letters: what they say, to whom, and what they leave out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from html.parser import HTMLParser

import pytest

from survey_app.mail.errors import LetterRefused
from survey_app.mail.letters import LetterDraft, compose, link_of, message_id
from survey_app.trial.design import load_ready_made
from survey_app.trial.letter_kinds import LETTER_KINDS

BASE = "https://survey.example.org"
AT = datetime(2019, 9, 16, 9, 30, tzinfo=UTC)
LINK = link_of("t" * 32, base_url=BASE)
DRAFT = LetterDraft(
    letter_id=7,
    queued_at=datetime(2019, 9, 16, 9, 0, tzinfo=UTC),
    to_name="Dev O’Neill",
    to_address="dev@school.example",
    subject="Your questionnaire for the Bolton study",
    paragraphs=("Dear Dev O’Neill,", "You lead safeguarding at St Mary’s & St John’s <Infants>."),
    link=LINK,
    stop_address=None,
    study="the Bolton study",
    contact_name="Ada Coordinator",
    contact_email="ada@trial.example",
    controller="University of Example",
)


def written(draft: LetterDraft = DRAFT, at: datetime = AT) -> EmailMessage:
    return compose(draft, mail_from="The survey <survey@trial.example>", base_url=BASE, at=at)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    content: str = part.get_content()
    return content


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_headers_say_who_writes_to_whom_and_when():
    message = written()
    assert message["From"] == "The survey <survey@trial.example>"
    assert message["To"] == "Dev O’Neill <dev@school.example>"
    assert message["Reply-To"] == "Ada Coordinator <ada@trial.example>"
    assert message["Subject"] == "Your questionnaire for the Bolton study"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in message


def test_text_comes_first_and_html_says_the_same():
    message = written()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    for paragraph in DRAFT.paragraphs:
        assert paragraph in body(message, "plain")
    page = body(message, "html")
    assert "St Mary’s &amp; St John’s &lt;Infants&gt;" in page
    for signed in (DRAFT.contact_name, DRAFT.study, DRAFT.controller, DRAFT.contact_email):
        assert signed in body(message, "plain")
        assert signed in page


def test_the_link_stands_whole_on_a_line_of_the_text():
    assert LINK in body(written(), "plain").splitlines()


def test_html_has_one_link_and_nothing_that_is_fetched():
    page = body(written(), "html")
    tags = Tags(page).found
    assert [attributes["href"] for tag, attributes in tags if tag == "a"] == [LINK]
    assert not {tag for tag, _ in tags} & {"img", "link", "script", "iframe", "object", "video"}
    assert not any("src" in attributes for _, attributes in tags)
    assert "url(" not in page
    assert set(re.findall(r"https?://[^\s<>\"]+", page)) == {LINK}


def test_html_names_its_language_and_leaves_colours_to_the_reader():
    page = body(written(), "html")
    assert '<html lang="en-GB">' in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert not re.search(r"(?<!-)color\s*:\s*#|background", page)


def test_thanks_carry_no_link():
    message = written(replace(DRAFT, link=None))
    for kind in ("plain", "html"):
        assert "http" not in body(message, kind)
        assert "Open your questionnaire" not in body(message, kind)


def test_message_id_is_the_same_at_every_sending_and_another_for_another_letter():
    later = datetime(2019, 9, 17, 9, 30, tzinfo=UTC)
    first, again = written(), written(at=later)
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@survey.example.org>")
    assert first["Date"] != again["Date"]
    other = message_id(8, queued_at=DRAFT.queued_at, base_url=BASE)
    assert first["Message-ID"] != other


def test_a_letter_of_a_record_begun_anew_is_not_taken_for_the_old_one():
    old = message_id(7, queued_at=DRAFT.queued_at, base_url=BASE)
    assert old != message_id(7, queued_at=AT, base_url=BASE)


@pytest.mark.parametrize(
    ("base_url", "domain"),
    [("http://127.0.0.1:8000", "127.0.0.1"), ("http://[::1]:8000", "[IPv6:::1]")],
)
def test_message_id_has_a_domain_also_without_a_name(base_url, domain):
    assert message_id(7, queued_at=AT, base_url=base_url).endswith(f"@{domain}>")


def test_a_name_cannot_start_a_header_of_its_own():
    message = written(
        replace(DRAFT, to_name="Dev\r\nBcc: eve@evil.example", subject="A\nBcc: eve@evil.example")
    )
    assert message["Bcc"] is None
    received = BytesParser(_class=EmailMessage, policy=default).parsebytes(
        message.as_bytes(policy=SMTP)
    )
    assert received["Bcc"] is None
    assert received["Subject"] == "A Bcc: eve@evil.example"


@pytest.mark.parametrize("address", ["", "dev", "dev@", "dev@a b", "dev@x.example, eve@x.example"])
def test_an_address_that_cannot_be_written_is_refused_without_being_repeated(address):
    with pytest.raises(LetterRefused) as refusal:
        written(replace(DRAFT, to_address=address))
    assert "dev" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_letter_arrives_as_it_was_written():
    received = BytesParser(_class=EmailMessage, policy=default).parsebytes(
        written().as_bytes(policy=SMTP)
    )
    assert "Dear Dev O’Neill," in body(received, "plain")
    assert LINK in body(received, "plain")
    assert LINK in body(received, "html")


def test_no_line_is_longer_than_mail_servers_take():
    long = replace(DRAFT, paragraphs=("A very long paragraph. " * 150,))
    assert max(map(len, written(long).as_bytes(policy=SMTP).splitlines())) <= 998


@pytest.mark.parametrize("slug", sorted(load_ready_made()))
@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_letters_of_ready_made_studies_name_no_health_matter_and_no_score(slug, kind):
    study = load_ready_made()[slug]
    words = study.letters.of(kind).filled(
        name="Dev",
        study=study.study.short_title,
        school="St Mary’s",
        closes_on="Friday 18 October 2019",
        minutes=15,
        receipt="ABCD-EFGH",
    )
    message = written(
        replace(
            DRAFT,
            subject=words.subject,
            paragraphs=words.paragraphs,
            study=study.study.short_title,
            controller=study.study.controller,
            contact_name=study.study.contact_name,
        )
    )
    said = f"{message['Subject']} {body(message, 'plain')} {body(message, 'html')}".casefold()
    for word in (
        *("anxi", "stress", "depress", "burnout", "wellbeing", "well-being", "health", "mood"),
        *("gad", "pss", "score", "symptom"),
    ):
        assert word not in said, word
