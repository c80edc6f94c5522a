"""What of a study in use may still change, and what may not: nobody's answers lose their meaning.

People may be asked more, in a wave that is running or in one to come. What somebody may have been
asked, agreed to or been allocated to stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from instruments.errors import Fault
from instruments.questionnaire import InstrumentPart, ItemPart, OpenPart
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave

Part = InstrumentPart | ItemPart | OpenPart


@dataclass(frozen=True, slots=True)
class Use:
    """How far a study is in use."""

    waves: frozenset[str]
    """The waves whose questionnaires are frozen."""
    is_randomised: bool
    is_unmasked: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fault before it is known which file it stands in."""

    where: str
    found: str
    expected: str


_IN_WORDS: Final = {
    "text": "other words",
    "options": "other options",
    "arms": "other arms",
    "asked_when": "another condition",
}

Rule = Callable[[StudyDefinition, StudyDefinition, Use], Iterator[Refusal]]


def amendment_faults(
    before: StudyDefinition, after: StudyDefinition, use: Use
) -> tuple[Fault, ...]:
    """Give everything in an amended study that its use no longer allows."""
    return tuple(
        Fault(after.file, refusal.where, refusal.found, refusal.expected)
        for rule in RULES
        for refusal in rule(before, after, use)
    )


def _is_the_same_study(
    before: StudyDefinition, after: StudyDefinition, _: Use
) -> Iterator[Refusal]:
    if before.shifted_by_days != after.shifted_by_days:
        found = f"dates moved by {after.shifted_by_days} days"
        yield Refusal("", found, f"dates moved by {before.shifted_by_days}, as on record")
    for key in ("use", "phases"):
        yield from _changed(f"study.{key}", getattr(before.study, key), getattr(after.study, key))


def _arms_stay(before: StudyDefinition, after: StudyDefinition, use: Use) -> Iterator[Refusal]:
    fixed = [[(arm.id, arm.control, arm.ratio) for arm in each.arms] for each in (before, after)]
    if fixed[0] != fixed[1]:
        yield Refusal(
            "arms", "other arms, another order, control or ratio", "the arms as on record"
        )
    if use.is_randomised:
        for key in type(before.allocation).model_fields:
            yield from _changed(
                f"allocation.{key}", getattr(before.allocation, key), getattr(after.allocation, key)
            )


def _what_was_agreed_to_stays(
    before: StudyDefinition, after: StudyDefinition, _: Use
) -> Iterator[Refusal]:
    if before.notice.version == after.notice.version and before.notice != after.notice:
        found = f"other words under the same version {after.notice.version!r}"
        yield Refusal("notice", found, "a new version for new words")
    now = {consent.key: consent for consent in after.consents}
    for consent in before.consents:
        if now.get(consent.key) != consent:
            state = "other words or another force" if consent.key in now else "nothing"
            yield Refusal("consents", f"{state} for {consent.key!r}", "the consent as on record")
    known = {consent.key for consent in before.consents}
    for number, consent in enumerate(after.consents):
        if consent.required and consent.key not in known:
            found = f"the new required consent {consent.key!r}, which nobody who started gave"
            yield Refusal(f"consents[{number}]", found, "a new consent that is not required")


def _waves_in_use_stay(
    before: StudyDefinition, after: StudyDefinition, use: Use
) -> Iterator[Refusal]:
    places = {wave.id: number for number, wave in enumerate(after.waves)}
    for wave in before.waves:
        if wave.id not in use.waves:
            continue
        if wave.id not in places:
            yield Refusal("waves", f"no wave {wave.id!r}, which is in use", "the wave as on record")
            continue
        where = f"waves[{places[wave.id]}]"
        now = after.wave(wave.id)
        for key in ("opens_on", "prefer_not_to_say"):
            yield from _changed(f"{where}.{key}", getattr(wave, key), getattr(now, key))
        yield from _parts_stay(wave, now, f"{where}.questionnaire")


def _parts_stay(before: Wave, after: Wave, where: str) -> Iterator[Refusal]:
    places = {_name(part): number for number, part in enumerate(after.questionnaire)}
    kept = []
    for part in before.questionnaire:
        name = _name(part)
        if name not in places:
            yield Refusal(where, f"no {name!r}, which people were asked", "all that was asked")
            continue
        kept.append(places[name])
        now = after.questionnaire[places[name]]
        for key in type(part).model_fields:
            if key == "max_length" and isinstance(part, OpenPart) and isinstance(now, OpenPart):
                if now.max_length < part.max_length:
                    found = f"{now.max_length}, fewer than {part.max_length}"
                    yield Refusal(f"{where}[{places[name]}].{key}", found, "as many or more")
            elif getattr(part, key) != getattr(now, key, None):
                yield Refusal(
                    f"{where}[{places[name]}].{key}",
                    f"{_IN_WORDS.get(key, f'another {key}')} for {name!r}, which people were asked",
                    "what is on record; a new question needs a new id",
                )
    if kept != sorted(kept):
        yield Refusal(where, "another order of what people were asked", "the order on record")


def _plan_stays_once_fixed(
    before: StudyDefinition, after: StudyDefinition, use: Use
) -> Iterator[Refusal]:
    if use.is_unmasked and before.plan != after.plan:
        yield Refusal("plan", "another plan after the arms were released", "the plan on record")
        return
    fixed_on = before.plan.fixed_on
    if fixed_on is not None and before.plan != after.plan and after.plan.fixed_on == fixed_on:
        yield Refusal(
            "plan.fixed_on",
            f"another plan under the same day, {fixed_on}",
            "the plan on record, or the day on which the new one was fixed",
        )


def _name(part: Part) -> str:
    return part.instrument if isinstance(part, InstrumentPart) else part.id


def _changed(where: str, before: object, after: object) -> Iterator[Refusal]:
    if before != after:
        yield Refusal(where, str(after), f"{before}, as on record")


RULES: tuple[Rule, ...] = (
    _is_the_same_study,
    _arms_stay,
    _what_was_agreed_to_stays,
    _waves_in_use_stay,
    _plan_stays_once_fixed,
)
