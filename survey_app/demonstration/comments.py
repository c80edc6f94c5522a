"""Invented comments, each about one theme, a few with something in them that must be redacted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

COMMENT_RATE = 0.45
IDENTIFIER_RATE = 0.03

CODEBOOK: Mapping[str, str] = {
    "Confidence": "Feeling surer, or less sure, of one's own judgement about thresholds and cases.",
    "Referral quality": "What is passed to social care, how, and how it is received.",
    "Reassurance and isolation": "Having, or lacking, somebody to share the weight of decisions.",
    "Workload and time": "Too little time for safeguarding beside teaching or leading a school.",
    "Fit of support": "Whether the support on offer suits the person, the school and the role.",
    "Covid": "The pandemic, closures, and what they did to the role.",
    "Reveals arm": "Wording that shows which arm the writer's school is in.",
    "No content": "Nothing that can be coded, such as “n/a”.",
}

_ENDINGS = (
    "",
    " I think others here feel the same.",
    " That is the honest answer on a busy Thursday.",
    " It varies a lot from week to week.",
    " I do not expect that to change soon.",
    " It would have helped to hear that years ago.",
)

_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "most_stressful": {
        "Workload and time": (
            "Fitting it round a teaching timetable. Calls come when I am in front of a class.",
            "There is never enough time to write things up properly before the next one arrives.",
            "The paperwork, which always ends up being done at home in the evening.",
        ),
        "Reassurance and isolation": (
            "Carrying it on my own. I go home and go over every decision again.",
            "Having nobody in school to talk a decision through with before I make it.",
            "Worrying at night about whether I should have rung someone.",
        ),
        "Confidence": (
            "Deciding whether something meets the threshold when all I have is a feeling.",
            "Not knowing if I have got the threshold right, because we are seldom told.",
        ),
        "Referral quality": (
            "Sending in a detailed referral and hearing nothing back for weeks.",
            "Being told no further action with no reason, and then having to face the parents.",
        ),
    },
    "would_help": {
        "Reassurance and isolation": (
            "A person outside school to ring who knows the work and will think with me.",
            "Meeting other leads who do this job, without an agenda.",
        ),
        "Workload and time": (
            "Protected time. Even one afternoon a week would make a difference.",
            "Somebody to share the load with, so that I am not the only one on call.",
        ),
        "Referral quality": (
            "Feedback on referrals, good or bad, so that we learn what is useful.",
            "One clear form and a named person at the front door.",
        ),
        "Confidence": ("More training on thresholds with real examples, worked through slowly.",),
    },
    "what_changed": {
        "Confidence": (
            "I trust my judgement more than I did and I second-guess myself less.",
            "I feel clearer about what meets the threshold and what needs early help.",
            "If anything I feel less sure, because I now see how much I did not know.",
        ),
        "Workload and time": (
            "More cases, the same hours. I am more tired than I was in September.",
            "We appointed a second deputy, and that has taken some of the pressure off.",
        ),
        "Covid": (
            "Everything changed in March. Keeping an eye on families by telephone is exhausting.",
            "Since the closure I worry about the children I cannot see.",
        ),
        "Reassurance and isolation": (
            "I feel less alone with it than I did at the start of the year.",
            "Not much has changed. I still take it home with me.",
        ),
        "Referral quality": (
            "My referrals are shorter and clearer, and they come back with questions less often.",
        ),
        "No content": ("n/a", "Nothing to add."),
    },
    "supervision_useful": {
        "Reassurance and isolation": (
            "Most useful: having time to think aloud with somebody who was not my head.",
        ),
        "Fit of support": (
            "The sessions were helpful, but finding cover for them was hard.",
            "Least useful was that we had to stop just as it was getting going.",
        ),
    },
    "supervision_contacts": {
        "Referral quality": (
            "Yes. I think harder about early help first, and I say more clearly what I am asking.",
            "Not really, I contact them about the same things as before.",
        ),
    },
    "other_support": {
        "Fit of support": (
            "The usual network meeting each term and an email list.",
            "None to speak of. My head asks how I am, which I do appreciate.",
        ),
    },
}

# What must not reach a coder: the words as written, and what a redactor puts in their place.
_IDENTIFIERS = (
    (" The hardest this term was {} in Year 4.", "Kayleigh", "[child A]"),
    (" Ring me on {} if you want to know more.", "01632 960 123", "[phone]"),
    (" {} at the front door has been wonderful.", "Mrs Bramwell", "[staff 1]"),
)


@dataclass(frozen=True, slots=True)
class InventedComment:
    """A comment as written, as a redactor would release it, and the theme it is about."""

    body: str
    redacted: str
    theme: str


def invent_comment(question: str, rng: random.Random) -> InventedComment | None:
    """Draw what one person writes under one open question; most leave it empty."""
    if question not in _WORDS or rng.random() >= COMMENT_RATE:
        return None
    by_theme = _WORDS[question]
    theme = rng.choice(list(by_theme))
    words = rng.choice(by_theme[theme])
    if theme != "No content":
        words += rng.choice(_ENDINGS)
    if theme == "No content" or rng.random() >= IDENTIFIER_RATE:
        return InventedComment(words, words, theme)
    sentence, name, token = rng.choice(_IDENTIFIERS)
    return InventedComment(words + sentence.format(name), words + sentence.format(token), theme)
