"""The questionnaire delivered at one wave, compiled from its parts into pages."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil
from typing import Annotated, Final, Literal

from pydantic import Field

from instruments.checks import one_of, repeated
from instruments.errors import DefinitionError, Fault
from instruments.missing import PREFER_NOT_TO_SAY
from instruments.model import Instrument, ResponseOption, Text
from instruments.reader import Definition, Name
from instruments.routing import Answers, AskedWhen, Reference, routing_faults, verdicts

MOST_ITEMS_ON_A_PAGE: Final = 10

PREFER_NOT_TO_SAY_OPTION: Final = ResponseOption.model_construct(
    value=PREFER_NOT_TO_SAY, label="Prefer not to say", loinc=""
)

_PAGES_OF_OWN_QUESTIONS: Final = {
    "item": ("about-you", "About you and your role"),
    "open": ("in-your-own-words", "In your own words"),
}


class InstrumentPart(Definition):
    """All items of one instrument of the catalogue."""

    kind: Literal["instrument"]
    instrument: Name
    asked_when: AskedWhen | None = None
    """What earlier questions must have been answered; asked of everybody without."""


class ItemPart(Definition):
    """One single-choice item of the study's own."""

    kind: Literal["item"]
    id: Name
    text: Text
    hint: str = ""
    options: Annotated[tuple[ResponseOption, ...], Field(min_length=2)]
    arms: tuple[Name, ...] = ()
    """The arms that are asked; none named means everybody."""
    asked_when: AskedWhen | None = None
    """What earlier questions must have been answered; asked of everybody without."""


class OpenPart(Definition):
    """One question answered in the person's own words."""

    kind: Literal["open"]
    id: Name
    text: Text
    hint: str = ""
    max_length: Annotated[int, Field(ge=1)] = 4000
    arms: tuple[Name, ...] = ()
    """The arms that are asked; none named means everybody."""
    asked_when: AskedWhen | None = None
    """What earlier questions must have been answered; asked of everybody without."""


Part = Annotated[InstrumentPart | ItemPart | OpenPart, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked on a page.

    Attributes
    ----------
    options : tuple of ResponseOption
        The choices that are answers; empty for a question answered in words.
    max_length : int or None
        The most characters of an answer in words; None for a choice.
    instrument : str or None
        The id of the instrument the item belongs to.
    prefer_not_to_say : bool
        Whether "Prefer not to say" is offered beside the options.
    asked_when : tuple of AskedWhen
        What earlier questions must have been answered; it is asked when every rule is met.
    """

    id: str
    kind: Literal["choice", "text"]
    text: str
    hint: str
    options: tuple[ResponseOption, ...]
    max_length: int | None
    instrument: str | None
    prefer_not_to_say: bool
    asked_when: tuple[AskedWhen, ...] = ()

    def __hash__(self) -> int:
        # Equal questions have equal ids, and to hash every word of one takes long.
        return hash(self.id)

    @property
    def choices(self) -> tuple[ResponseOption, ...]:
        """Everything that can be chosen: the options, and prefer not to say where offered."""
        if self.prefer_not_to_say:
            return (*self.options, PREFER_NOT_TO_SAY_OPTION)
        return self.options


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown at once; `key` is its part of the address, the same for every arm."""

    key: str
    title: str
    stem: str
    notice: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The pages of one wave, in order, for one arm."""

    pages: tuple[Page, ...]

    def questions(self) -> tuple[Question, ...]:
        """Return every question, in the order asked."""
        return tuple(question for page in self.pages for question in page.questions)

    @property
    def is_routed(self) -> bool:
        """Whether what is asked depends on answers."""
        return any(question.asked_when for question in self.questions())

    def asked(self, answers: Answers) -> "Questionnaire":
        """Return the pages and questions that are asked of somebody who has answered so.

        Parameters
        ----------
        answers : Mapping
            The code or the words of each question answered so far, by its id.
        """
        if not self.is_routed:
            return self
        verdict = verdicts(self.questions(), answers)
        return self._keeping({name for name, is_asked in verdict.items() if is_asked})

    def n_pages(self, answers: Answers, *, up_to: str) -> range:
        """Return how many pages there are, as far as the answers before one page decide that.

        Parameters
        ----------
        answers : Mapping
            As for `asked`.
        up_to : str
            The key of a page; what is answered there and further on is taken as not known.

        Returns
        -------
        range
            From the fewest to the most pages there may be, both included.
        """
        if not self.is_routed:
            return range(len(self.pages), len(self.pages) + 1)
        keys = [page.key for page in self.pages]
        later = self.pages[keys.index(up_to) :]
        unknown = {question.id for page in later for question in page.questions}
        verdict = verdicts(self.questions(), answers, unknown)
        fewest = self._keeping({name for name, is_asked in verdict.items() if is_asked})
        most = self._keeping({n for n, is_asked in verdict.items() if is_asked is not False})
        return range(len(fewest.pages), len(most.pages) + 1)

    def _keeping(self, ids: Collection[str]) -> "Questionnaire":
        kept = (
            replace(page, questions=tuple(each for each in page.questions if each.id in ids))
            for page in self.pages
        )
        return Questionnaire(tuple(page for page in kept if page.questions))

    def page(self, key: str) -> Page:
        """Return the page of that key; KeyError when there is none."""
        for page in self.pages:
            if page.key == key:
                return page
        raise KeyError(key)

    def question(self, question_id: str) -> Question:
        """Return the question of that id; KeyError when there is none."""
        for question in self.questions():
            if question.id == question_id:
                return question
        raise KeyError(question_id)


def compile_questionnaire(
    parts: Sequence[InstrumentPart | ItemPart | OpenPart],
    catalogue: Mapping[str, Instrument],
    *,
    arm: str | None,
    prefer_not_to_say: bool,
) -> Questionnaire:
    """Return the pages that a participant of the arm is shown.

    Consecutive items of the study's own share a page, and so do consecutive open questions; an
    instrument has pages of its own, of nearly equal length. No question shares a page with one
    that it depends on. Pages are laid out before the arms are looked at, so a page has the same
    key whoever sees it; a page that asks an arm nothing is left out.

    Parameters
    ----------
    parts : sequence
        What is asked, in order.
    catalogue : Mapping
        The instruments known, by id.
    arm : str or None
        The participant's arm; None before allocation, when only what everybody is asked is asked.
    prefer_not_to_say : bool
        Whether every choice may also be answered with "Prefer not to say".

    Raises
    ------
    DefinitionError
        When a part names an unknown instrument or two questions have one id.
    """
    faults = questionnaire_faults(parts, catalogue, file="", where="questionnaire")
    if faults:
        raise DefinitionError(faults)
    pages: list[Page] = []
    taken: set[str] = set()
    for layout in _layouts(parts, catalogue):
        key = _unused_key(layout.key, taken)
        questions = tuple(
            _question(entry, prefer_not_to_say)
            for entry in layout.entries
            if not entry.arms or arm in entry.arms
        )
        if questions:
            pages.append(Page(key, layout.title, layout.stem, layout.notice, questions))
    return Questionnaire(tuple(pages))


def questionnaire_faults(
    parts: Iterable[InstrumentPart | ItemPart | OpenPart],
    catalogue: Mapping[str, Instrument],
    *,
    file: str,
    where: str,
) -> tuple[Fault, ...]:
    """Return the faults of a questionnaire's parts, each with its place below `where`.

    Found are unknown instruments, instruments whose words the licence holder has not supplied,
    ids of questions and values of options used more than once, and conditions that ask of what is
    not known by then or can never be met.
    """
    parts = tuple(parts)
    faults: list[Fault] = []
    ids: list[str] = []
    for number, part in enumerate(parts):
        place = f"{where}[{number}]"
        if not isinstance(part, InstrumentPart):
            ids.append(part.id)
        elif part.instrument in catalogue:
            ids += (item.id for item in catalogue[part.instrument].items)
            if catalogue[part.instrument].wording_is_withheld:
                faults.append(
                    Fault(
                        file,
                        f"{place}.instrument",
                        f"{part.instrument!r}, whose words are not here",
                        f"the licence holder's words in instruments/wording/{part.instrument}.toml",
                    )
                )
        else:
            faults.append(
                Fault(file, f"{place}.instrument", repr(part.instrument), one_of(catalogue))
            )
        if isinstance(part, ItemPart):
            faults += (
                Fault(file, f"{place}.options", f"the value {value} more than once", "each once")
                for value in repeated(str(option.value) for option in part.options)
            )
    faults += (
        Fault(file, where, f"the question {name!r} more than once", "every question once")
        for name in repeated(ids)
    )
    references = list(_references(parts, catalogue, where))
    return (*faults, *routing_faults(references, file=file))


def _references(
    parts: Iterable[InstrumentPart | ItemPart | OpenPart],
    catalogue: Mapping[str, Instrument],
    where: str,
) -> Iterator[Reference]:
    for number, part in enumerate(parts):
        rules = (
            () if part.asked_when is None else ((f"{where}[{number}].asked_when", part.asked_when),)
        )
        if isinstance(part, InstrumentPart):
            if part.instrument in catalogue:
                instrument = catalogue[part.instrument]
                for item in instrument.items:
                    values = frozenset(option.value for option in instrument.options(item))
                    yield Reference(item.id, values, rules)
        elif isinstance(part, ItemPart):
            yield Reference(part.id, frozenset(option.value for option in part.options), rules)
        else:
            yield Reference(part.id, None, rules)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A question before it is known who is asked."""

    id: str
    text: str
    hint: str = ""
    options: tuple[ResponseOption, ...] = ()
    max_length: int | None = None
    instrument: str | None = None
    arms: tuple[str, ...] = ()
    asked_when: tuple[AskedWhen, ...] = ()

    @property
    def depends_on(self) -> frozenset[str]:
        return frozenset[str]().union(*(rule.questions for rule in self.asked_when))


@dataclass(frozen=True, slots=True)
class _Layout:
    """A page before it is known who sees it."""

    key: str
    title: str
    stem: str
    notice: str
    entries: tuple[_Entry, ...]


def _layouts(
    parts: Sequence[InstrumentPart | ItemPart | OpenPart], catalogue: Mapping[str, Instrument]
) -> Iterator[_Layout]:
    for kind, run in groupby(parts, key=lambda part: part.kind):
        if kind == "instrument":
            for part in run:
                if isinstance(part, InstrumentPart):
                    yield from _instrument_layouts(catalogue[part.instrument], part.asked_when)
        else:
            entries = [_own_entry(part) for part in run if not isinstance(part, InstrumentPart)]
            key, title = _PAGES_OF_OWN_QUESTIONS[kind]
            yield from _in_turn(_Layout(key, title, "", "", tuple(entries)))


def _instrument_layouts(instrument: Instrument, asked_when: AskedWhen | None) -> Iterator[_Layout]:
    entries = tuple(
        _Entry(
            item.id,
            item.text,
            options=instrument.options(item),
            instrument=instrument.id,
            asked_when=_said(asked_when, item.asked_when),
        )
        for item in instrument.items
    )
    yield from _in_turn(
        _Layout(
            key=instrument.id.replace("_", "-"),
            title=instrument.heading,
            stem=instrument.stem,
            notice=instrument.licence.attribution,
            entries=entries,
        )
    )


def _own_entry(part: ItemPart | OpenPart) -> _Entry:
    options = part.options if isinstance(part, ItemPart) else ()
    max_length = part.max_length if isinstance(part, OpenPart) else None
    return _Entry(
        part.id,
        part.text,
        part.hint,
        options=options,
        max_length=max_length,
        arms=part.arms,
        asked_when=_said(part.asked_when),
    )


def _said(*rules: AskedWhen | None) -> tuple[AskedWhen, ...]:
    return tuple(rule for rule in rules if rule is not None)


def _in_turn(layout: _Layout) -> Iterator[_Layout]:
    """Yield layouts none of whose questions depends on another of the same one."""
    title, here = layout.title, list[_Entry]()
    for entry in layout.entries:
        if entry.depends_on.intersection(each.id for each in here):
            yield from _split(replace(layout, title=title, entries=tuple(here)))
            title, here = f"{layout.title}, continued", []
        here.append(entry)
    yield from _split(replace(layout, title=title, entries=tuple(here)))


def _split(layout: _Layout) -> Iterator[_Layout]:
    """Yield pages of nearly equal length, none too long; their titles tell them apart."""
    total = len(layout.entries)
    n_pages = ceil(total / MOST_ITEMS_ON_A_PAGE)
    for number in range(n_pages):
        first, end = total * number // n_pages, total * (number + 1) // n_pages
        part = f" (part {number + 1} of {n_pages})" if n_pages > 1 else ""
        yield _Layout(
            layout.key,
            layout.title + part,
            layout.stem,
            layout.notice,
            layout.entries[first:end],
        )


def _unused_key(key: str, taken: set[str]) -> str:
    unused, number = key, 1
    while unused in taken:
        number += 1
        unused = f"{key}-{number}"
    taken.add(unused)
    return unused


def _question(entry: _Entry, prefer_not_to_say: bool) -> Question:
    is_choice = entry.max_length is None
    return Question(
        id=entry.id,
        kind="choice" if is_choice else "text",
        text=entry.text,
        hint=entry.hint,
        options=entry.options,
        max_length=entry.max_length,
        instrument=entry.instrument,
        prefer_not_to_say=prefer_not_to_say and is_choice,
        asked_when=entry.asked_when,
    )
