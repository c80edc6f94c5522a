"""The shape of a study file, table by table: its arms, waves, letters, sessions and plan."""

# Annotations here are read by pydantic when the classes are made.
import hashlib
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, time, timedelta
from string import Formatter
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from instruments.model import Use
from instruments.questionnaire import InstrumentPart, Part
from instruments.reader import Definition
from reports.plan import Plan
from survey_app.trial.errors import LetterError

Phase = Literal["nursery", "primary", "secondary", "all-through", "16 plus", "not applicable"]
Tag = Literal["verified", "secondary copy", "recalled, unverified", "our choice"]
Factor = Literal["authority", "phase", "people"]
DeliveredModel = Literal["one_to_one", "group", "usual_support"]
PLACEHOLDERS = ("name", "study", "school", "closes_on", "minutes")
RECEIPT_PLACEHOLDER = "receipt"
"""What the copy of a receipt, and no other letter, can say."""
MONTHS_BETWEEN = {"month": 1, "two months": 2}

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=4000)]
ShortText = Annotated[str, StringConstraints(pattern=r"\S", max_length=200)]
TimeOfDay = Annotated[time, Field(strict=True)]
Share = Annotated[float, Field(ge=0, le=1)]


class StudyTable(Definition):
    """What the study is called and who answers for it."""

    slug: Slug
    title: ShortText
    short_title: ShortText
    """What letters call the study; it may stand in a subject line, so it names no health matter."""
    summary: Text
    use: Use
    """What the answers are for; an instrument whose licence forbids it is refused."""
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    questionnaire_note: Text
    languages: Annotated[tuple[Literal["en", "cy"], ...], Field(min_length=1)] = ("en",)
    """The languages a participant may choose for the service's own words on the pages."""
    contact_name: ShortText
    contact_email: ShortText
    controller: ShortText


class Fact(Definition):
    """One statement about the trial, how sure it is, and where it was read."""

    text: Text
    tag: Tag
    source: str = ""


class Notice(Definition):
    """What a person is told before consenting; the version is stored with each consent."""

    version: ShortText
    paragraphs: Annotated[tuple[Text, ...], Field(min_length=1)]

    @property
    def sha256(self) -> str:
        """The seal of the words that were shown."""
        words = "\n\n".join((self.version, *self.paragraphs))
        return hashlib.sha256(words.encode("utf-8")).hexdigest()


class Consent(Definition):
    """One box to tick; taking part needs the required ones and no other."""

    key: Id
    text: Text
    required: bool = False


class OpenQuestions(Definition):
    """What stands above every question answered in the person's own words."""

    warning: Text


class Signposting(Definition):
    """Where to find support: shown to everyone at the end, whatever they answered."""

    paragraphs: Annotated[tuple[Text, ...], Field(min_length=1)]


class Delivered(Definition):
    """What an arm was given, and between which days (both included)."""

    model: DeliveredModel
    starts_on: date
    ends_on: date | None = None
    tag: Tag
    source: str = ""


class Arm(Definition):
    """What a school may be allocated to; the model delivered under its name can change in time."""

    id: Id
    label: ShortText
    control: bool = False
    ratio: int = 1
    delivered: Annotated[tuple[Delivered, ...], Field(min_length=1)]

    def models_on(self, day: date) -> tuple[DeliveredModel, ...]:
        """The models delivered on this day, in the order of the study."""
        return tuple(
            each.model
            for each in self.delivered
            if each.starts_on <= day and (each.ends_on is None or day <= each.ends_on)
        )


class AllocationTable(Definition):
    """How schools are randomised, and when that is planned."""

    unit: Literal["school"] = "school"
    strata: Literal["authority", "authority and phase"] = "authority"
    """What permuted blocks are balanced within."""
    method: Literal["permuted_blocks", "minimisation"] = "permuted_blocks"
    block_size: int | None = None
    """Of permuted blocks."""
    factors: tuple[Factor, ...] = ()
    """What minimisation balances over: the authority, the phase, one person or several."""
    probability: float = 0.8
    """How probably minimisation takes the arm that mends the balance most."""
    late_schools: Literal["next place", "refused"] = "next place"
    """Whether a school that comes after the randomisation takes the next place of the sequence."""
    planned_on: date


class Wave(Definition):
    """An occasion of measurement, from its opening day to its closing day (both included)."""

    id: Id
    title: ShortText
    opens_on: date
    closes_on: date
    minutes: Annotated[int, Field(ge=1, le=60)]
    """What letters say it takes."""
    prefer_not_to_say: bool = True
    changes_after_submission: bool = False
    """Whether submitted answers may still be changed by who gave them, until the wave closes."""
    questionnaire: Annotated[tuple[Part, ...], Field(min_length=1)]

    def instruments(self) -> tuple[str, ...]:
        """The ids of the instruments delivered at this wave, in order."""
        return tuple(
            part.instrument for part in self.questionnaire if isinstance(part, InstrumentPart)
        )


class LetterText(Definition):
    """The words of one letter; `{name}` and the other placeholders are filled at each sending."""

    subject: ShortText
    paragraphs: Annotated[tuple[Text, ...], Field(min_length=1)]

    def filled(
        self, *, name: str, study: str, school: str, closes_on: str, minutes: int, receipt: str = ""
    ) -> "LetterText":
        """The same letter to one person; `closes_on` is the day in words."""
        values = dict(
            zip(PLACEHOLDERS, (name, study, school, closes_on, str(minutes)), strict=True)
        )
        if receipt:
            values[RECEIPT_PLACEHOLDER] = receipt
        unknown = set(self.placeholders()) - values.keys()
        if unknown:
            raise LetterError(
                f"A letter asks for {{{min(unknown)}}}; expected only {', '.join(values)}."
            )
        return LetterText(
            subject=self.subject.format_map(values),
            paragraphs=tuple(each.format_map(values) for each in self.paragraphs),
        )

    def placeholders(self) -> Iterator[str]:
        """What stands between braces, as written; ValueError where a brace is without its pair."""
        for text in (self.subject, *self.paragraphs):
            for _, name, form, conversion in Formatter().parse(text):
                if name is not None:
                    yield (
                        name
                        + (f"!{conversion}" if conversion else "")
                        + (f":{form}" if form else "")
                    )


NEW_LINK = LetterText(
    subject="Your new link to the questionnaire for {study}",
    paragraphs=(
        "Dear {name},",
        "Here is a new link to your questionnaire for {study}, as you or the study team asked. If "
        "you have begun, it takes you back to where you were.",
        "It takes about {minutes} minutes and closes on {closes_on}. The link is for you alone, so "
        "please do not pass this letter on. Taking part is your choice.",
        "If you did not ask for it, there is nothing you need to do.",
    ),
)

POSTED = LetterText(
    subject="Your questionnaire for {study}",
    paragraphs=(
        "Dear {name},",
        "You are invited to answer a questionnaire for {study}, because you lead or help to lead "
        "safeguarding at {school}. Your answers have not reached us yet.",
        "It takes about {minutes} minutes. You can stop, and go on later on any device with the "
        "same code. It closes on {closes_on}.",
        "The code is for you alone, so please do not pass this letter on. Your school and your "
        "local authority do not see your answers. Taking part is your choice.",
    ),
)


RECEIPT = LetterText(
    subject="Your receipt for {study}",
    paragraphs=(
        "Dear {name},",
        "Your answers to the questionnaire for {study} have reached us. Your receipt is {receipt}.",
        "Keep it if you would like to ask about your answers later. This letter is sent because "
        "you asked for a copy, and it holds none of your answers.",
    ),
)


class Letters(Definition):
    """The words of the letters, and the days and hours in which they go."""

    reminder_days: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=50)] = ()
    """Days after the wave opens; one on which schools are not at work goes on the next they are."""
    last_call_days_before_close: Annotated[int, Field(ge=1)]
    """One on which schools are not at work goes on the last before it that they are."""
    leave_from: TimeOfDay = time(8)
    leave_until: TimeOfDay = time(18)
    most_per_school_per_day: Annotated[int, Field(ge=1)] | None = None
    """How many of a school's people are asked for answers in one day; the rest wait a day."""
    invitation: LetterText
    reminder: LetterText
    last_call: LetterText
    thanks: LetterText
    receipt: LetterText = RECEIPT
    new_link: LetterText = NEW_LINK
    posted: LetterText = POSTED

    def of(self, kind: str) -> LetterText:
        """The letter of this kind."""
        words: LetterText = getattr(self, kind)
        return words


class SchoolHoliday(Definition):
    """Days, both included, on which schools are away, so that nobody is written to."""

    name: ShortText
    starts_on: date
    ends_on: date
    authorities: tuple[ShortText, ...] = ()
    """Whose schools; where none is named, everybody's."""
    tag: Tag
    source: str = ""

    def closes(self, day: date, authority: str | None) -> bool:
        """Whether schools of an authority are away on a day."""
        if not self.starts_on <= day <= self.ends_on:
            return False
        names = {name.casefold() for name in self.authorities}
        return not names or (authority or "").casefold() in names


class OtherPart(Definition):
    """Something else that an intervention arm is given, such as a visit; it is no part of dose."""

    id: Id
    label: ShortText
    planned: Annotated[int, Field(ge=1, le=20)] = 1
    every: Literal["month", "two months"] = "month"
    first_on: date
    tag: Tag
    source: str = ""

    def planned_dates(self) -> tuple[date, ...]:
        """The day of each, moved off a weekend as those of sessions are."""
        return _planned_dates(self.first_on, self.every, self.planned)


class Sessions(Definition):
    """The supervision that each school of an intervention arm is offered."""

    planned: Annotated[int, Field(ge=1, le=100)]
    every: Literal["month", "two months"] = "month"
    first_on: date
    other_parts: tuple[OtherPart, ...] = ()

    def planned_dates(self) -> tuple[date, ...]:
        """The day of each session; one that would fall at a weekend is on the Monday after."""
        return _planned_dates(self.first_on, self.every, self.planned)


class AuthorityCounts(Definition):
    """The months, by any day in each, for which authorities give the counts that they hold."""

    first_month: date
    last_month: date
    tag: Tag
    source: str = ""


class Event(Definition):
    """Something from outside that bears on the trial, shown beside its results."""

    title: ShortText
    on: date
    stops_sessions: bool = False
    tag: Tag
    source: str = ""


class LicenceAcceptance(Definition):
    """Who accepted the terms of an instrument that is shipped on conditions, and when."""

    instrument: Id
    licence_accepted_by: ShortText
    licence_accepted_on: date


class SafetyProtocol(Definition):
    """Who looks at an answer that shows risk, and when; needed before such an item is asked."""

    contact: ShortText
    """The person or team on duty."""
    reached_by: ShortText
    """Telephone number or address at which they are reached."""
    hours: ShortText
    """When somebody is there."""
    answers_seen_within: ShortText
    """How soon an answer is looked at."""


class Demonstration(Definition):
    """The sizes and shares of the invented roster, sessions and answers of a demonstration."""

    seed: ShortText
    schools: Annotated[int, Field(ge=2, le=5000)]
    """Eligible schools; those not mainstream come on top."""
    schools_not_mainstream: Annotated[int, Field(ge=0, le=500)] = 0
    authorities: Annotated[tuple[ShortText, ...], Field(min_length=1)]
    dsls_per_school: Annotated[tuple[Share, ...], Field(min_length=1)]
    """The share of schools with one DSL or deputy, with two, and so on; they sum to 1."""
    never_attending: Share
    """The share of intervention schools that attend no session."""
    attendance: Share
    """The chance that a school which attends at all attends any one session."""


class StudyFile(Definition):
    """A study file as a whole."""

    study: StudyTable
    facts: Annotated[tuple[Fact, ...], Field(min_length=1)]
    notice: Notice
    consents: Annotated[tuple[Consent, ...], Field(min_length=1)]
    open_questions: OpenQuestions
    signposting: Signposting
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    allocation: AllocationTable
    waves: Annotated[tuple[Wave, ...], Field(min_length=1)]
    letters: Letters
    school_holidays: tuple[SchoolHoliday, ...] = ()
    sessions: Sessions
    authority_counts: AuthorityCounts | None = None
    events: tuple[Event, ...] = ()
    licences: tuple[LicenceAcceptance, ...] = ()
    safety_protocol: SafetyProtocol | None = None
    plan: Plan
    demonstration: Demonstration | None = None


def _planned_dates(first_on: date, every: str, n: int) -> tuple[date, ...]:
    step = MONTHS_BETWEEN[every]
    return tuple(_on_a_weekday(_months_after(first_on, step * place)) for place in range(n))


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _on_a_weekday(day: date) -> date:
    days_over = day.weekday() - 5
    return day + timedelta(days=2 - days_over) if days_over >= 0 else day
