"""What the pages of letters say: their kinds, how they fare, and one person's whole course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from survey_app.database.queries.outbox import Correspondence
from survey_app.database.queries.timeline import Happening, TimelineEntry
from survey_app.operations.audit import describe
from survey_app.operations.letter_plans import ForeseenLetter
from survey_app.operations.waves import state_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.letter_kinds import POSTED
from survey_app.web.dates import day_in_words, moment_in_words
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

_WITHOUT_LINK = frozenset({"thanks", "receipt"})


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter on its person's page, with what can be done about it."""

    id: int
    title: str
    text: str
    may_revoke: bool
    may_resend: bool
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
            (f"{state_in_words(state)} ({counts.get(state, 0):,})", href(state), current == state)
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
            state_in_words(letter.state),
            kind_in_words(letter.kind),
            moment_in_words(_moment_of(letter)),
            letter.last_error,
            letter.invitation.participant.school.name,
            titles.get(letter.invitation.wave, letter.invitation.wave),
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
        may_resend=letter.state == "refused" and (is_open or not carries),
        is_disowned=letter.disowned_at is not None,
    )


def _when(letter: Any) -> str:
    if letter.state == "waiting" and letter.not_before > letter.queued_at:
        return f"not before {moment_in_words(letter.not_before)}"
    return moment_in_words(letter.sent_at or letter.queued_at)


def _link(letter: Any, *, is_open: bool) -> str:
    what = "code" if letter.kind == POSTED else "link"
    if letter.revoked_at is not None:
        return f"Its {what} was taken back on {moment_in_words(letter.revoked_at)}."
    works = f"Its {what} works." if is_open else "The wave is not open."
    if letter.disowned_at is not None:
        when = moment_in_words(letter.disowned_at)
        return f"{works} Whoever opened it said on {when} that it was not for them."
    return works


def timeline_rows(
    happenings: Iterable[TimelineEntry],
    acts: Iterable[Any],
    names: Mapping[int, str],
    titles: Mapping[str, str],
) -> list[list[str]]:
    """Give all that happened with one person, oldest first: when, what, in which wave, by whom."""
    happened = [
        (each.at, _happening_in_words(each), titles.get(each.wave, each.wave), "")
        for each in happenings
    ]
    done = [
        (act.at, describe(act.action, act.detail), "", actor_in_words(act.by, names))
        for act in acts
    ]
    ordered = sorted([*happened, *done], key=lambda row: row[0])
    return [[moment_in_words(at), *words] for at, *words in ordered]


def _happening_in_words(entry: TimelineEntry) -> str:
    letter = kind_in_words(entry.letter_kind)
    words: Mapping[Happening, str] = {
        "queued": f"{letter}: printed" if entry.letter_kind == POSTED else f"{letter}: queued",
        "accepted": f"{letter}: taken by the mail server",
        "reminded": f"{letter}: taken by the mail server",
        "refused": f"{letter}: refused. {entry.detail}",
        "delivered": f"{letter}: delivered",
        "bounced": f"{letter}: came back ({entry.detail})",
        "started": "Agreed to take part",
        "saved": f"Answers saved: {entry.detail}",
        "submitted": "Answers submitted",
        "reminders_stopped": "Wants no more reminders",
        "withdrawn": "Withdrew",
    }
    return words[entry.what]


def wave_options(design: StudyDefinition, waves: Sequence[str]) -> list[dict[str, str]]:
    """Give these waves as choices, in the study's order."""
    return [{"value": wave.id, "label": wave.title} for wave in design.waves if wave.id in waves]


def plan_by_day(letters: Sequence[ForeseenLetter]) -> tuple[list[str], list[list[Any]]]:
    """Give the headings and rows of how many letters of each kind leave on each day."""
    kinds = [kind for kind in KINDS if any(letter.kind == kind for letter in letters)]
    counts = Counter((letter.on, letter.kind) for letter in letters)
    days = sorted({letter.on for letter in letters})
    rows: list[list[Any]] = [
        [
            f"{day:%A} {day_in_words(day)}",
            *(counts[day, kind] for kind in kinds),
            sum(counts[day, kind] for kind in kinds),
        ]
        for day in days
    ]
    if len(days) > 1:
        sums = [sum(counts[day, kind] for day in days) for kind in kinds]
        rows.append(["All", *sums, sum(sums)])
    return ["Day", *(kind_in_words(kind) for kind in kinds), "All"], rows


def plan_rows(
    letters: Iterable[ForeseenLetter], *, person_href: Callable[[str], str]
) -> list[list[Any]]:
    """Give each letter of a plan with its day and its person."""
    return [
        [
            day_in_words(letter.on),
            {"text": letter.name or letter.code, "href": person_href(letter.code)},
            _with_number(letter),
            letter.school,
            "In the outbox" if letter.is_queued else "",
        ]
        for letter in letters
    ]


def _with_number(letter: ForeseenLetter) -> str:
    words = kind_in_words(letter.kind)
    return f"{words} {letter.number}" if letter.kind == "reminder" else words
