"""What the pages of letters say: their kinds, how they fare, and one person's whole course."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from survey_app.database.queries.outbox import Correspondence
from survey_app.operations.audit import WORDING, describe
from survey_app.operations.waves import state_of
from survey_app.trial.design import StudyDefinition
from survey_app.web.dates import moment_in_words
from survey_app.web.people import actor_in_words

KINDS: Mapping[str, str] = {
    "invitation": "Invitation",
    "reminder": "Reminder",
    "last_call": "Last call",
    "thanks": "Thanks",
    "receipt": "Copy of the receipt",
    "new_link": "New link",
    "posted": "Letter for the post",
}
STATES: Mapping[str, str] = {
    "waiting": "Waiting",
    "sending": "Being sent",
    "sent": "Sent",
    "refused": "Refused",
    "cancelled": "Not needed any more",
    "printed": "Printed for the post",
}

# Their making is on the trail itself.
_TOLD_WHEN_QUEUED = frozenset({"new_link", "posted", "receipt"})
_WITHOUT_LINK = frozenset({"thanks", "receipt"})


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter on its person's page, with what can be done about it."""

    id: int
    title: str
    text: str
    may_revoke: bool
    is_disowned: bool


@dataclass(frozen=True, slots=True)
class WaveLine:
    """One wave on a person's page: where they stand, their letters, and what can be done."""

    id: str
    title: str
    standing: str
    letters: list[LetterLine]
    may_write: bool


def kind_in_words(kind: str) -> str:
    """Name a kind of letter."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def state_in_words(state: str) -> str:
    """Name the state of a letter."""
    return STATES.get(state, state.replace("_", " ").capitalize())


def state_links(
    counts: Mapping[str, int], *, current: str, href: Callable[[str], str]
) -> list[tuple[str, str, bool]]:
    """Give each state there are letters in, with their number, as (words, address, is it this)."""
    known = [*STATES, *sorted(set(counts) - set(STATES))]
    return [
        (f"All ({sum(counts.values()):,})", href(""), current == ""),
        *(
            (f"{state_in_words(state)} ({counts[state]:,})", href(state), current == state)
            for state in known
            if counts.get(state) or state == current
        ),
    ]


def queue_rows(
    letters: Iterable[Any], titles: Mapping[str, str], *, person_href: Callable[[str], str]
) -> list[list[Any]]:
    """Give each letter as whom it is to, what it is, how it fares and since when."""
    return [
        [
            {
                "text": name_of(letter.invitation.participant),
                "href": person_href(letter.invitation.participant.code),
            },
            letter.invitation.participant.school.name,
            kind_in_words(letter.kind),
            titles.get(letter.invitation.wave, letter.invitation.wave),
            state_in_words(letter.state),
            moment_in_words(_moment_of(letter)),
            letter.last_error,
        ]
        for letter in letters
    ]


def name_of(person: Any) -> str:
    """Give a person's name, or their code where no name is on record any more."""
    return str(person.contact.name if person.contact else person.code)


def _moment_of(letter: Any) -> datetime:
    moment: datetime = letter.sent_at or (
        letter.not_before if letter.state == "waiting" else letter.queued_at
    )
    return moment


def disowned_rows(
    letters: Iterable[Any], *, person_href: Callable[[str], str]
) -> list[dict[str, str]]:
    """Say of each letter that came to somebody else whose it was, and lead to them."""
    return [
        {
            "text": f"{name_of(letter.invitation.participant)}, "
            f"{letter.invitation.participant.school.name}",
            "on": moment_in_words(letter.disowned_at),
            "href": person_href(letter.invitation.participant.code),
        }
        for letter in letters
    ]


def wave_lines(design: StudyDefinition, found: Correspondence, *, at: datetime) -> list[WaveLine]:
    """Give each wave a person was invited to, in the study's order."""
    invitations = {each.wave: each for each in found.invitations}
    submissions = {each.wave: each for each in found.submissions}
    lines = []
    for wave in design.waves:
        if wave.id not in invitations:
            continue
        is_open = state_of(wave, at=at) == "open"
        submission = submissions.get(wave.id)
        submitted_at = submission.submitted_at if submission else None
        if submitted_at is not None:
            standing = f"Submitted on {moment_in_words(submitted_at)}."
        elif submission is not None and submission.id in found.begun:
            standing = f"Started on {moment_in_words(submission.started_at)}, not submitted."
        else:
            standing = "Not started."
        lines.append(
            WaveLine(
                id=wave.id,
                title=wave.title,
                standing=standing,
                letters=[
                    _letter_line(letter, is_open=is_open)
                    for letter in found.letters
                    if letter.invitation_id == invitations[wave.id].id
                ],
                may_write=submitted_at is None and is_open,
            )
        )
    return lines


def _letter_line(letter: Any, *, is_open: bool) -> LetterLine:
    sentences = [f"{state_in_words(letter.state)}, {_when(letter)}."]
    if letter.last_error:
        sentences.append(letter.last_error)
    carries = letter.kind not in _WITHOUT_LINK
    if carries:
        sentences.append(_link(letter, is_open=is_open))
    return LetterLine(
        id=letter.id,
        title=f"{kind_in_words(letter.kind)} (letter {letter.id})",
        text=" ".join(sentences),
        may_revoke=carries and letter.revoked_at is None and is_open,
        is_disowned=letter.disowned_at is not None,
    )


def _when(letter: Any) -> str:
    if letter.state == "waiting" and letter.not_before > letter.queued_at:
        return f"not before {moment_in_words(letter.not_before)}"
    return moment_in_words(letter.sent_at or letter.queued_at)


def _link(letter: Any, *, is_open: bool) -> str:
    what = "code" if letter.kind == "posted" else "link"
    if letter.revoked_at is not None:
        return f"Its {what} was taken back on {moment_in_words(letter.revoked_at)}."
    works = f"Its {what} works." if is_open else "The wave is not open."
    if letter.disowned_at is not None:
        when = moment_in_words(letter.disowned_at)
        return f"{works} Whoever opened it said on {when} that it was not for them."
    return works


def timeline_rows(found: Correspondence, names: Mapping[int, str]) -> list[list[str]]:
    """Give all that happened with one person, oldest first: when, what, and by whom."""
    queued = [
        (letter.queued_at, 0, f"Letter queued: {kind_in_words(letter.kind).lower()}", "")
        for letter in found.letters
        if letter.kind not in _TOLD_WHEN_QUEUED
    ]
    done = [
        (event.at, event.id, _what(event), actor_in_words(event.by, names))
        for event in found.events
    ]
    return [[moment_in_words(at), what, who] for at, _, what, who in sorted([*queued, *done])]


def _what(event: Any) -> str:
    if event.action not in WORDING:
        return str(event.action).replace("_", " ").capitalize()
    detail = dict(event.detail)
    if "kind" in detail:
        detail["kind"] = kind_in_words(detail["kind"]).lower()
    return describe(event.action, detail)


def wave_options(design: StudyDefinition, waves: Sequence[str]) -> list[dict[str, str]]:
    """Give these waves as choices, in the study's order."""
    return [{"value": wave.id, "label": wave.title} for wave in design.waves if wave.id in waves]
