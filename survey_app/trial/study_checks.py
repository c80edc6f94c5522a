"""What makes sense between the tables of a study file: ids that exist, dates in order, fair words.

A check reads what it needs and stops where that is not there, so that what can be read of a file is
still checked where something else in it cannot be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from email_validator import EmailNotValidError, validate_email

from instruments.errors import Fault
from instruments.model import USES, Instrument
from instruments.questionnaire import InstrumentPart, ItemPart, OpenPart, questionnaire_faults
from survey_app.trial.letter_kinds import LETTER_KINDS
from survey_app.trial.letter_plan import letter_days
from survey_app.trial.study_file import (
    PLACEHOLDERS,
    RECEIPT_PLACEHOLDER,
    SchoolHoliday,
    StudyFile,
    Wave,
)
from survey_app.trial.working_days import authorities_with_own_holidays

HEALTH_WORDS = re.compile(
    r"stress|anxi|well-?\s?being|wellness|mental|health|depress|burn-?\s?out|worr|trauma|therap"
    r"|psych|suicid|self-?\s?harm|counsel|illness|sickness|symptom|mood|panic|fatigue|insomnia",
    re.IGNORECASE,
)
LONGEST_HOLIDAY_DAYS = 90
NOT_VALIDATED = "not validated"
# A question's answer is posted, and its box found, under its id, beside these.
NAMES_OF_PAGES = frozenset({"shown", "back", "then", "csrf_token", "main", "stem", "saving"})
TAGS_THAT_NEED_A_SOURCE = ("verified", "secondary copy")


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault before it is known which file it stands in."""

    where: str
    found: str
    expected: str


Catalogue = Mapping[str, Instrument]
Check = Callable[[StudyFile, Catalogue], Iterator[Problem]]


def faults_between_tables(study: StudyFile, catalogue: Catalogue, file: str) -> Iterator[Fault]:
    """Every fault of sense; of a study that was read in part, those in what could be read."""
    for check in CHECKS:
        for problem in _as_far_as_it_goes(check(study, catalogue)):
            yield Fault(file, problem.where, problem.found, problem.expected)


def _as_far_as_it_goes(problems: Iterator[Problem]) -> Iterator[Problem]:
    try:
        yield from problems
    except AttributeError:
        # The check came to a key that could not be read, which has a fault of its own.
        return


def _study_is_reachable(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    address = study.study.contact_email
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        yield Problem("study.contact_email", repr(address), f"an email address ({error})")


def _facts_have_sources(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    for number, fact in enumerate(study.facts):
        yield from _source_problem(f"facts[{number}]", fact.tag, fact.source)


def _events_have_sources(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    for number, event in enumerate(study.events):
        yield from _source_problem(f"events[{number}]", event.tag, event.source)


def _other_parts_hold_together(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    parts = study.sessions.other_parts
    yield from _repeated("sessions.other_parts", "id", (part.id for part in parts))
    for number, part in enumerate(parts):
        where = f"sessions.other_parts[{number}]"
        yield from _source_problem(where, part.tag, part.source)
        if part.id == "supervision":
            yield Problem(f"{where}.id", "'supervision'", "another id: sessions have this one")
        if part.first_on <= study.allocation.planned_on:
            expected = f"a day after the allocation planned on {study.allocation.planned_on}"
            yield Problem(f"{where}.first_on", str(part.first_on), expected)


def _authority_counts_are_in_order(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    table = study.authority_counts
    if table is None:
        return
    yield from _source_problem("authority_counts", table.tag, table.source)
    if table.last_month < table.first_month:
        expected = f"a day no earlier than {table.first_month}, the first month"
        yield Problem("authority_counts.last_month", str(table.last_month), expected)


def _consents_hold_together(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    yield from _repeated("consents", "key", (consent.key for consent in study.consents))
    if not any(consent.required for consent in study.consents):
        yield Problem("consents", "no required consent", "at least one with required = true")


def _arms_hold_together(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    yield from _repeated("arms", "id", (arm.id for arm in study.arms))
    yield from _repeated("arms", "label", (arm.label for arm in study.arms))
    if len(study.arms) < 2:
        yield Problem("arms", "one arm", "at least two")
    controls = [arm.id for arm in study.arms if arm.control]
    if len(controls) != 1:
        found = f"{len(controls)} arms with control = true"
        yield Problem("arms", found, "exactly one arm with control = true")
    for number, arm in enumerate(study.arms):
        if arm.ratio < 1:
            yield Problem(f"arms[{number}].ratio", str(arm.ratio), "1 or more")
        for place, each in enumerate(arm.delivered):
            where = f"arms[{number}].delivered[{place}]"
            yield from _source_problem(where, each.tag, each.source)
            if each.ends_on is not None and each.ends_on < each.starts_on:
                yield Problem(f"{where}.ends_on", str(each.ends_on), f"{each.starts_on} or later")


def _allocation_fits_the_arms(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    if any(arm.ratio < 1 for arm in study.arms):
        return
    total = sum(arm.ratio for arm in study.arms)
    if study.allocation.method == "permuted_blocks":
        yield from _blocks_problems(study, total)
    else:
        yield from _minimisation_problems(study, total)


def _blocks_problems(study: StudyFile, total: int) -> Iterator[Problem]:
    size = study.allocation.block_size
    if size is None or size < total or size % total:
        expected = f"a multiple of {total}, the sum of the arms' ratios"
        found = "nothing" if size is None else str(size)
        yield Problem("allocation.block_size", found, expected)
    if study.allocation.factors:
        found = ", ".join(study.allocation.factors)
        yield Problem("allocation.factors", found, "none: blocks are balanced within strata")


def _minimisation_problems(study: StudyFile, total: int) -> Iterator[Problem]:
    allocation = study.allocation
    if allocation.block_size is not None:
        found = str(allocation.block_size)
        yield Problem("allocation.block_size", found, "none: minimisation has no blocks")
    if not allocation.factors:
        yield Problem("allocation.factors", "none", "at least one of authority, phase, people")
    yield from _repeated("allocation", "factors", allocation.factors)
    if not 1 / total < allocation.probability <= 1:
        expected = f"more than 1/{total}, which is chance alone, and at most 1"
        yield Problem("allocation.probability", str(allocation.probability), expected)


def _waves_are_in_order(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    yield from _repeated("waves", "id", (wave.id for wave in study.waves))
    for number, wave in enumerate(study.waves):
        if wave.closes_on <= wave.opens_on:
            where = f"waves[{number}].closes_on"
            yield Problem(where, str(wave.closes_on), f"a day after {wave.opens_on}")
    for number, (earlier, later) in enumerate(pairwise(study.waves), start=1):
        if later.opens_on <= earlier.closes_on:
            expected = f"a day after {earlier.closes_on}, when wave {earlier.id!r} closes"
            yield Problem(f"waves[{number}].opens_on", str(later.opens_on), expected)


def _questionnaires_can_be_delivered(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    for number, wave in enumerate(study.waves):
        where = f"waves[{number}].questionnaire"
        for fault in questionnaire_faults(wave.questionnaire, catalogue, file="", where=where):
            yield Problem(fault.where, fault.found, fault.expected)
        for place, part in enumerate(wave.questionnaire):
            if isinstance(part, (ItemPart, OpenPart)) and part.id in _items_of(catalogue):
                found = f"{part.id!r}, which is an item of {_items_of(catalogue)[part.id]!r}"
                yield Problem(f"{where}[{place}].id", found, "an id of the study's own")
            if isinstance(part, (ItemPart, OpenPart)) and part.id in NAMES_OF_PAGES:
                found = f"{part.id!r}, which every page of questions has for itself"
                yield Problem(f"{where}[{place}].id", found, "another id")


def _questions_keep_their_meaning(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    first: dict[str, tuple[Wave, ItemPart | OpenPart]] = {}
    for number, wave in enumerate(study.waves):
        for place, part in enumerate(wave.questionnaire):
            if isinstance(part, InstrumentPart):
                continue
            earlier_wave, earlier = first.setdefault(part.id, (wave, part))
            if earlier_wave is not wave and _meaning(part) != _meaning(earlier):
                yield Problem(
                    f"waves[{number}].questionnaire[{place}]",
                    f"{part.id!r} asked in other words or with other options",
                    f"the same as at wave {earlier_wave.id!r}, or another id",
                )


def _arms_asked_exist(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    known = [arm.id for arm in study.arms]
    for number, wave in enumerate(study.waves):
        for place, part in enumerate(wave.questionnaire):
            if isinstance(part, InstrumentPart):
                continue
            where = f"waves[{number}].questionnaire[{place}].arms"
            for arm in part.arms:
                if arm not in known:
                    yield Problem(where, repr(arm), f"one of {', '.join(known)}")


def _arms_are_asked_after_allocation(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    planned_on = study.allocation.planned_on
    for number, wave in enumerate(study.waves):
        for place, part in enumerate(wave.questionnaire):
            if isinstance(part, InstrumentPart) or not part.arms or wave.opens_on > planned_on:
                continue
            yield Problem(
                f"waves[{number}].questionnaire[{place}].arms",
                f"{', '.join(part.arms)} at a wave that opens on {wave.opens_on}",
                f"a wave that opens after the allocation planned on {planned_on}",
            )


def _allocation_is_in_time(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    planned_on = study.allocation.planned_on
    baseline = study.waves[0]
    if planned_on <= baseline.opens_on:
        expected = f"a day after {baseline.opens_on}, when wave {baseline.id!r} opens"
        yield Problem("allocation.planned_on", str(planned_on), expected)
    if study.sessions.first_on <= planned_on:
        expected = f"a day after the allocation planned on {planned_on}"
        yield Problem("sessions.first_on", str(study.sessions.first_on), expected)


def _letters_fit_the_waves(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    days = study.letters.reminder_days
    if list(days) != sorted(set(days)):
        yield Problem(
            "letters.reminder_days", str(list(days)), "days in ascending order, each once"
        )
    if study.letters.leave_until <= study.letters.leave_from:
        found = f"{study.letters.leave_until:%H:%M}"
        expected = f"a time after {study.letters.leave_from:%H:%M}, when letters begin to leave"
        yield Problem("letters.leave_until", found, expected)
    if not all(_has_a_sensible_length(holiday) for holiday in study.school_holidays):
        # Days moved off a holiday that makes no sense would make none either.
        return
    for wave in study.waves:
        if wave.closes_on > wave.opens_on:
            for authority in authorities_with_own_holidays(study.school_holidays):
                yield from _day_problems(study, wave, authority)


def _day_problems(study: StudyFile, wave: Wave, authority: str | None) -> Iterator[Problem]:
    whose = f" in {authority}" if authority else ""
    days = letter_days(study, wave, authority)
    if days.last_call <= wave.opens_on:
        yield Problem(
            "letters.last_call_days_before_close",
            f"{study.letters.last_call_days_before_close}, which is {days.last_call}{whose}",
            f"a working day after wave {wave.id!r} opens on {wave.opens_on}",
        )
        return
    for day in study.letters.reminder_days[len(days.reminders) :]:
        yield Problem(
            "letters.reminder_days",
            f"{day}, which is {wave.opens_on + timedelta(days=day)} in wave {wave.id!r}{whose}",
            f"a day that comes before its last call on {days.last_call}, also when it is moved to "
            "the next working day",
        )


def _school_holidays_make_sense(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    for number, holiday in enumerate(study.school_holidays):
        where = f"school_holidays[{number}]"
        yield from _source_problem(where, holiday.tag, holiday.source)
        if not _has_a_sensible_length(holiday):
            expected = f"{holiday.starts_on} or a day at most {LONGEST_HOLIDAY_DAYS} days later"
            yield Problem(f"{where}.ends_on", str(holiday.ends_on), expected)


def _has_a_sensible_length(holiday: SchoolHoliday) -> bool:
    return 0 <= (holiday.ends_on - holiday.starts_on).days <= LONGEST_HOLIDAY_DAYS


def _letters_can_be_filled(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    for kind in LETTER_KINDS:
        where = f"letters.{kind}"
        known = [*PLACEHOLDERS, *([RECEIPT_PLACEHOLDER] if kind == "receipt" else [])]
        try:
            unknown = sorted(set(study.letters.of(kind).placeholders()) - set(known))
        except ValueError as error:
            yield Problem(where, f"a brace without its pair ({error})", "{name} and such, or {{ }}")
            continue
        for name in unknown:
            expected = f"one of {', '.join(known)}"
            yield Problem(where, f"the placeholder {{{name}}}", expected)


def _subjects_name_no_health_matter(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    subjects = {f"letters.{kind}.subject": study.letters.of(kind).subject for kind in LETTER_KINDS}
    for where, subject in subjects.items():
        yield from _health_word_problem(where, subject)


def _short_title_names_no_health_matter(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    yield from _health_word_problem("study.short_title", study.study.short_title)


def _licences_are_accepted(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    accepted = [licence.instrument for licence in study.licences]
    yield from _repeated("licences", "instrument", accepted)
    for number, name in enumerate(accepted):
        if name not in catalogue:
            where = f"licences[{number}].instrument"
            yield Problem(where, repr(name), f"one of {', '.join(catalogue)}")
    delivered = dict.fromkeys(name for wave in study.waves for name in wave.instruments())
    for name in delivered:
        if name in catalogue and catalogue[name].licence.tier != "A" and name not in accepted:
            yield Problem(
                "licences",
                f"no acceptance of the licence of {name!r} (tier {catalogue[name].licence.tier})",
                "an entry with instrument, licence_accepted_by and licence_accepted_on",
            )


def _licences_permit_the_use(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    use = study.study.use
    for where, instrument in _delivered(study, catalogue):
        if not instrument.licence.permits(use):
            allowed = [other for other in USES if instrument.licence.permits(other)]
            yield Problem(
                where,
                f"{instrument.id!r}, whose licence does not permit {use} use",
                f"an instrument whose licence does, or study.use = {' or '.join(allowed)}",
            )


def _risk_has_somebody_on_duty(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    if study.safety_protocol is not None:
        return
    for where, instrument in _delivered(study, catalogue):
        if instrument.risk_items:
            named = ", ".join(item.id for item in instrument.risk_items)
            yield Problem(
                where,
                f"{instrument.id!r}, whose {named} may show that somebody is at risk",
                "a table [safety_protocol] with contact, reached_by, hours and "
                "answers_seen_within, or an instrument without such an item",
            )


def _delivered(study: StudyFile, catalogue: Catalogue) -> Iterator[tuple[str, Instrument]]:
    """Every known instrument delivered, with the place that names it."""
    for number, wave in enumerate(study.waves):
        for place, part in enumerate(wave.questionnaire):
            if isinstance(part, InstrumentPart) and part.instrument in catalogue:
                where = f"waves[{number}].questionnaire[{place}].instrument"
                yield where, catalogue[part.instrument]


def _plan_can_be_carried_out(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    delivered = {wave.id: wave.instruments() for wave in study.waves}
    order = list(delivered)
    for number, outcome in enumerate(study.plan.outcomes):
        where = f"plan.outcomes[{number}]"
        instrument = catalogue.get(outcome.instrument)
        if instrument is None:
            expected = f"one of {', '.join(catalogue)}"
            yield Problem(f"{where}.instrument", repr(outcome.instrument), expected)
        elif outcome.score not in (scores := [score.id for score in instrument.scores]):
            yield Problem(f"{where}.score", repr(outcome.score), f"one of {', '.join(scores)}")
        for key, wave in (("wave", outcome.wave), ("baseline_wave", outcome.baseline_wave)):
            if wave is None:
                continue
            if wave not in delivered:
                yield Problem(f"{where}.{key}", repr(wave), f"one of {', '.join(order)}")
            elif outcome.instrument not in delivered[wave]:
                found = f"{wave!r}, where {outcome.instrument!r} is not delivered"
                yield Problem(f"{where}.{key}", found, "a wave that delivers the instrument")
        if (
            outcome.baseline_wave in delivered
            and outcome.wave in delivered
            and order.index(outcome.baseline_wave) > order.index(outcome.wave)
        ):
            expected = f"a wave before {outcome.wave!r}"
            yield Problem(f"{where}.baseline_wave", repr(outcome.baseline_wave), expected)


def _new_scales_are_named_as_such(study: StudyFile, catalogue: Catalogue) -> Iterator[Problem]:
    """The label stands in every table and figure of the report, and so must its warning."""
    for number, outcome in enumerate(study.plan.outcomes):
        instrument = catalogue.get(outcome.instrument)
        if instrument is None or instrument.wording.tag != "own":
            continue
        if NOT_VALIDATED not in outcome.label.casefold():
            where = f"plan.outcomes[{number}].label"
            expected = f"a label that says {NOT_VALIDATED!r}, as {instrument.id!r} is new"
            yield Problem(where, repr(outcome.label), expected)


def _demonstration_adds_up(study: StudyFile, _: Catalogue) -> Iterator[Problem]:
    demonstration = study.demonstration
    if demonstration is None:
        return
    total = sum(demonstration.dsls_per_school)
    if abs(total - 1) > 1e-9:
        found = f"shares that sum to {total:g}"
        yield Problem("demonstration.dsls_per_school", found, "shares that sum to 1")
    if len(set(demonstration.authorities)) != len(demonstration.authorities):
        yield Problem("demonstration.authorities", "a name more than once", "each name once")
    if len(demonstration.authorities) > demonstration.schools:
        found = f"{len(demonstration.authorities)} authorities for {demonstration.schools} schools"
        yield Problem("demonstration.authorities", found, "at least one school in each")


def _items_of(catalogue: Catalogue) -> dict[str, str]:
    return {item.id: each.id for each in catalogue.values() for item in each.items}


def _meaning(part: ItemPart | OpenPart) -> tuple[Hashable, ...]:
    options = part.options if isinstance(part, ItemPart) else ()
    return (part.kind, part.text, options)


def _source_problem(where: str, tag: str, source: str) -> Iterator[Problem]:
    if tag in TAGS_THAT_NEED_A_SOURCE and not source.strip():
        yield Problem(f"{where}.source", f"nothing beside the tag {tag!r}", "where it was read")


def _health_word_problem(where: str, text: str) -> Iterator[Problem]:
    found = HEALTH_WORDS.search(text)
    if found:
        expected = "words that tell nobody who sees a screen what is asked"
        yield Problem(where, f"the health word {found.group()!r} in {text!r}", expected)


def _repeated(table: str, key: str, values: Iterable[str]) -> Iterator[Problem]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Problem(table, f"the {key} {value!r} {times} times", f"each {key} once")


CHECKS: tuple[Check, ...] = (
    _study_is_reachable,
    _short_title_names_no_health_matter,
    _facts_have_sources,
    _consents_hold_together,
    _arms_hold_together,
    _allocation_fits_the_arms,
    _waves_are_in_order,
    _questionnaires_can_be_delivered,
    _questions_keep_their_meaning,
    _arms_asked_exist,
    _arms_are_asked_after_allocation,
    _allocation_is_in_time,
    _letters_can_be_filled,
    _subjects_name_no_health_matter,
    _school_holidays_make_sense,
    _letters_fit_the_waves,
    _events_have_sources,
    _other_parts_hold_together,
    _authority_counts_are_in_order,
    _licences_are_accepted,
    _licences_permit_the_use,
    _risk_has_somebody_on_duty,
    _plan_can_be_carried_out,
    _new_scales_are_named_as_such,
    _demonstration_adds_up,
)
