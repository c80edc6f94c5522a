"""What a letter says to one person: the study's words, filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from survey_app.mail.letters import LetterDraft
from survey_app.trial.letter_kinds import LETTER_KINDS
from survey_app.trial.study_file import StudyFile, Wave


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter is for."""

    name: str
    email: str
    school: str
    receipt: str = ""


def draft_letter(
    study: StudyFile,
    wave: Wave,
    kind: str,
    recipient: Recipient,
    *,
    letter_id: int,
    queued_at: datetime,
    link: str | None,
    stop_address: str | None,
) -> LetterDraft:
    """Fill a study's words for one person.

    The links are left out of letters that carry none, whatever is given.
    """
    about, of_kind = study.study, LETTER_KINDS[kind]
    words = study.letters.of(kind).filled(
        name=recipient.name,
        study=about.short_title,
        school=recipient.school,
        closes_on=_in_words(wave.closes_on),
        minutes=wave.minutes,
        receipt=recipient.receipt if kind == "receipt" else "",
    )
    return LetterDraft(
        letter_id=letter_id,
        queued_at=queued_at,
        to_name=recipient.name,
        to_address=recipient.email,
        subject=words.subject,
        paragraphs=words.paragraphs,
        link=link if of_kind.has_link else None,
        stop_address=stop_address if of_kind.is_reminder else None,
        study=about.short_title,
        contact_name=about.contact_name,
        contact_email=about.contact_email,
        controller=about.controller,
    )


def _in_words(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"
