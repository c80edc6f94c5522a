"""Routing: which questions are asked, by the answers to earlier ones, as data.

A question that is not asked is neither left open nor declined; an answer it was given before, by
somebody who then changed an earlier answer, does not count while it is not asked.
"""

# Annotations here are read by pydantic when the classes are made.
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from instruments.errors import Fault
from instruments.missing import MISSING_CODES
from instruments.reader import Definition, Name

Value = Annotated[int, Field(ge=0, le=127)]
Answers = Mapping[str, int | str]
"""The code or the words of each question, by its id; one that has none need not be there."""

_KINDS = ("equals", "one_of", "at_least", "at_most", "answered")


class Condition(Definition):
    """What one earlier question must have been answered; one of the five kinds is said.

    A question that was left open, declined or not asked meets no condition but
    `answered = false`.
    """

    question: Name
    equals: Value | None = None
    one_of: tuple[Value, ...] | None = None
    at_least: Value | None = None
    at_most: Value | None = None
    answered: bool | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        said = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(said) != 1:
            raise ValueError(
                f"one of {', '.join(_KINDS)} beside the question, not "
                f"{' and '.join(said) or 'none of them'}"
            )
        if self.one_of is not None and not self.one_of:
            raise ValueError("at least one value in one_of")
        return self

    @property
    def kind(self) -> str:
        """Which of the five it is."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    def accepts(self, value: int) -> bool:
        """Return whether the value of an option chosen meets the condition."""
        if self.equals is not None:
            return value == self.equals
        if self.one_of is not None:
            return value in self.one_of
        if self.at_least is not None:
            return value >= self.at_least
        if self.at_most is not None:
            return value <= self.at_most
        return bool(self.answered)

    def holds(self, answers: Answers) -> bool:
        """Return whether the answers meet the condition."""
        answer = answers.get(self.question, "")
        if answer == "" or answer in MISSING_CODES:
            return self.answered is False
        return self.accepts(answer) if isinstance(answer, int) else bool(self.answered)


class AskedWhen(Definition):
    """When a question is asked: all, at least one, or none of some conditions hold.

    Of those that are said, each must be true.
    """

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.conditions:
            raise ValueError("at least one condition in all, any or none")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition, those of `all` first."""
        return (*self.all, *self.any, *self.none)

    @property
    def questions(self) -> frozenset[str]:
        """The questions it depends on."""
        return frozenset(condition.question for condition in self.conditions)

    def verdict(self, answers: Answers, unknown: Collection[str] = ()) -> bool | None:
        """Return whether it is asked; None while that depends on a question in `unknown`."""

        def state(condition: Condition) -> bool | None:
            return None if condition.question in unknown else condition.holds(answers)

        return _all_of(
            (
                _all_of(state(each) for each in self.all),
                not self.any or _any_of(state(each) for each in self.any),
                _not(_any_of(state(each) for each in self.none)),
            )
        )


class Routed(Protocol):
    """A question as routing sees it; every rule it has must be met."""

    @property
    def id(self) -> str: ...

    @property
    def asked_when(self) -> tuple[AskedWhen, ...]: ...


def verdicts(
    questions: Iterable[Routed], answers: Answers, unknown: Collection[str] = ()
) -> dict[str, bool | None]:
    """Return whether each question is asked, by its id.

    An answer to a question that is not asked counts for nothing further on.

    Parameters
    ----------
    questions : iterable
        In the order asked.
    answers : Mapping
        What was answered so far.
    unknown : collection of str
        Questions that are taken as not answered yet, whatever `answers` says of them; what depends
        on one of them is None, "not decided yet".
    """
    asked: dict[str, bool | None] = {}
    counted: dict[str, int | str] = {}
    open_still = set(unknown)
    for question in questions:
        verdict = _all_of(rule.verdict(counted, open_still) for rule in question.asked_when)
        asked[question.id] = verdict
        if verdict is None:
            open_still.add(question.id)
        elif not verdict:
            # Nothing further on waits for the answer to a question that is not asked.
            open_still.discard(question.id)
        elif question.id in answers:
            counted[question.id] = answers[question.id]
    return asked


@dataclass(frozen=True, slots=True)
class Reference:
    """A question as its routing is checked.

    Attributes
    ----------
    values : frozenset of int or None
        The values of its options; None for a question answered in words.
    rules : tuple of (str, AskedWhen)
        Each rule with its place in the file.
    """

    id: str
    values: frozenset[int] | None
    rules: tuple[tuple[str, AskedWhen], ...] = ()


def routing_faults(questions: Sequence[Reference], *, file: str) -> tuple[Fault, ...]:
    """Return every condition that can never be met or asks of what is not known yet.

    Found are unknown questions, questions asked later or in a circle, and values that no option
    has. A rule that several questions share is looked at once, at the first of them.
    """
    known = {question.id: question for question in questions}
    place_of = {question.id: number for number, question in enumerate(questions)}
    faults: list[Fault] = []
    looked_at: set[str] = set()
    for number, question in enumerate(questions):
        for where, rule in question.rules:
            if where in looked_at:
                continue
            looked_at.add(where)
            for place, condition in _places(rule, where):
                earlier = known.get(condition.question)
                if earlier is None:
                    before = ", ".join(each.id for each in questions[:number])
                    faults.append(
                        Fault(
                            file,
                            f"{place}.question",
                            repr(condition.question),
                            f"one of {before}" if before else "no condition: nothing comes before",
                        )
                    )
                elif place_of[earlier.id] >= number:
                    faults.append(_too_late(question, earlier, known, f"{place}.question", file))
                else:
                    faults += _impossible(condition, earlier, place, file)
    return tuple(faults)


def _places(rule: AskedWhen, where: str) -> Iterator[tuple[str, Condition]]:
    for key, conditions in (("all", rule.all), ("any", rule.any), ("none", rule.none)):
        for number, condition in enumerate(conditions):
            yield f"{where}.{key}[{number}]", condition


def _too_late(
    question: Reference, later: Reference, known: Mapping[str, Reference], where: str, file: str
) -> Fault:
    way = _way(later.id, question.id, known)
    if way:
        circle = ", which depends on ".join(repr(each) for each in (*way[1:], later.id))
        found = (
            f"{later.id!r}, in a circle: it depends on {circle}"
            if len(way) > 1
            else (f"{later.id!r}, the question itself")
        )
    else:
        found = f"{later.id!r}, which is asked later"
    return Fault(file, where, found, f"a question asked before {question.id!r}")


def _way(start: str, end: str, known: Mapping[str, Reference]) -> tuple[str, ...]:
    """The shortest way from one question to another along what each depends on; () without one."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for _, rule in known[way[-1]].rules if way[-1] in known else ():
            for name in sorted(rule.questions - seen):
                seen.add(name)
                ways.append((*way, name))
    return ()


def _impossible(condition: Condition, earlier: Reference, place: str, file: str) -> Iterator[Fault]:
    if condition.answered is not None:
        return
    where = f"{place}.{condition.kind}"
    if earlier.values is None:
        found = f"a value for {earlier.id!r}, which is answered in words"
        yield Fault(file, where, found, "answered = true or answered = false")
        return
    options = f"what {earlier.id!r} can be answered: {', '.join(map(str, sorted(earlier.values)))}"
    named = condition.one_of or ((condition.equals,) if condition.equals is not None else ())
    for value in named:
        if value not in earlier.values:
            yield Fault(file, where, str(value), f"one of {options}")
    if not named and not any(condition.accepts(value) for value in earlier.values):
        bound = condition.at_least if condition.at_least is not None else condition.at_most
        yield Fault(file, where, str(bound), f"a value within {options}")


def _all_of(states: Iterable[bool | None]) -> bool | None:
    found = set(states)
    if False in found:
        return False
    return None if None in found else True


def _any_of(states: Iterable[bool | None]) -> bool | None:
    return _not(_all_of(_not(state) for state in states))


def _not(state: bool | None) -> bool | None:
    return None if state is None else not state
