"""Conditions as other platforms write them: comparisons joined by "and" and "or", in a string.

A rule of ours becomes such a logic and is printed in a platform's words; a string of a platform is
parsed into one, and becomes a rule where a rule can say it. The strings are only read, never run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from instruments.routing import AskedWhen, Condition

EQUAL: Final = "="
UNEQUAL: Final = "<>"
_BOUNDS: Final = frozenset({">=", "<=", ">", "<"})
OPPOSITE: Final = {"=": "<>", "<>": "=", ">=": "<", "<": ">=", "<=": ">", ">": "<="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer to a question compared with a value; "" is no answer."""

    question: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of several must be true."""

    terms: tuple[Logic, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several must be true."""

    terms: tuple[Logic, ...]


Logic = Comparison | Every | Either
Values = Callable[[str, str], int | None]
"""The number that a question's answer has here, by the question and the platform's code."""


def logic_of(rule: AskedWhen) -> Logic:
    """Return a rule of ours as comparisons."""
    terms = [_positive(each) for each in rule.all]
    if rule.any:
        terms.append(_either([_positive(each) for each in rule.any]))
    terms += [_opposite(_positive(each)) for each in rule.none]
    return _every(terms)


def rule_of(logic: Logic, values: Values) -> AskedWhen | None:
    """Return what a logic says as a rule of ours; None where a rule cannot say it.

    Parameters
    ----------
    logic : Logic
        What was parsed.
    values : callable
        What an answer of a question is stored as here; None for one that is not an option.
    """
    wanted: dict[str, list[Condition]] = {"all": [], "any": [], "none": []}
    for term in _merged(_terms(logic, Every), UNEQUAL):
        condition = _condition(term, values)
        if condition is not None:
            wanted["all"].append(condition)
            continue
        refused = _condition(_opposite(term), values)
        if refused is not None:
            wanted["none"].append(refused)
            continue
        few = [_condition(each, values) for each in _merged(_terms(term, Either), EQUAL)]
        if wanted["any"] or len(few) < 2 or None in few:
            return None
        wanted["any"] = [each for each in few if each is not None]
    return AskedWhen(**{key: tuple(found) for key, found in wanted.items() if found})


def renamed(logic: Logic, names: Mapping[str, str]) -> Logic | None:
    """Return the same by the names that questions have here; None where one is not known."""
    if isinstance(logic, Comparison):
        name = names.get(logic.question)
        return None if name is None else replace(logic, question=name)
    terms = [renamed(term, names) for term in logic.terms]
    known = tuple(term for term in terms if term is not None)
    return type(logic)(known) if len(known) == len(terms) else None


def written(
    logic: Logic, *, field: Callable[[str], str], unequal: str, is_inside: bool = False
) -> str:
    """Return a logic as text.

    Parameters
    ----------
    logic : Logic
        What is to be written.
    field : callable
        How the platform names the answer to a question.
    unequal : str
        How it writes that two values differ.
    is_inside : bool
        Whether it stands beside other terms, so that it needs parentheses.
    """
    if isinstance(logic, Comparison):
        operator = unequal if logic.operator == UNEQUAL else logic.operator
        return f"{field(logic.question)} {operator} '{logic.value}'"
    joint = " and " if isinstance(logic, Every) else " or "
    text = joint.join(
        written(term, field=field, unequal=unequal, is_inside=True) for term in logic.terms
    )
    return f"({text})" if is_inside else text


def parsed(text: str) -> Logic | None:
    """Return what a condition of REDCap, XLSForm or LimeSurvey says; None where it is not known.

    Known are comparisons of one answer with one value, `selected`, `is_empty`, "not", "and", "or"
    and parentheses.
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    reader = _Reader(tokens)
    logic = reader.either()
    return logic if reader.is_at_end else None


def _positive(condition: Condition) -> Logic:
    name = condition.question
    answered = Comparison(name, UNEQUAL, "")
    if condition.answered is not None:
        return answered if condition.answered else Comparison(name, EQUAL, "")
    if condition.at_least is not None:
        # To some platforms no answer is the number 0.
        return Every((answered, Comparison(name, ">=", str(condition.at_least))))
    if condition.at_most is not None:
        return Every((answered, Comparison(name, "<=", str(condition.at_most))))
    accepted = condition.one_of or (condition.equals,)
    return _either([Comparison(name, EQUAL, str(value)) for value in accepted])


def _opposite(logic: Logic) -> Logic:
    if isinstance(logic, Comparison):
        return Comparison(logic.question, OPPOSITE[logic.operator], logic.value)
    terms = tuple(_opposite(term) for term in logic.terms)
    return Either(terms) if isinstance(logic, Every) else Every(terms)


def _guarded(logic: Logic) -> Logic:
    """The same, with every bound said to be met by an answer alone: so its opposite is not."""
    if isinstance(logic, Comparison):
        if logic.operator not in _BOUNDS:
            return logic
        return Every((Comparison(logic.question, UNEQUAL, ""), logic))
    return type(logic)(tuple(_guarded(term) for term in logic.terms))


def _every(terms: Sequence[Logic]) -> Logic:
    return terms[0] if len(terms) == 1 else Every(tuple(terms))


def _either(terms: Sequence[Logic]) -> Logic:
    return terms[0] if len(terms) == 1 else Either(tuple(terms))


def _terms(logic: Logic, kind: type[Every] | type[Either]) -> list[Logic]:
    """The terms that a logic of this kind joins, however they were put in parentheses."""
    if isinstance(logic, kind):
        return [each for term in logic.terms for each in _terms(term, kind)]
    return [logic]


def _merged(terms: Sequence[Logic], operator: str) -> Iterator[Logic]:
    """Join the values that are named of one question; a bound is met by an answer alone."""
    kind: type[Every] | type[Either] = Every if operator == UNEQUAL else Either
    bounded = {
        each.question for each in terms if isinstance(each, Comparison) and each.operator in _BOUNDS
    }
    left = [
        each
        for each in dict.fromkeys(terms)
        if not (_is_answered(each) and operator == UNEQUAL and _question(each) in bounded)
    ]
    while left:
        first = left.pop(0)
        same = [each for each in left if _names_a_value(first, each, operator)]
        left = [each for each in left if each not in same]
        yield kind((first, *same)) if same else first


def _is_answered(logic: Logic) -> bool:
    return logic == Comparison(_question(logic), UNEQUAL, "")


def _question(logic: Logic) -> str:
    return logic.question if isinstance(logic, Comparison) else ""


def _names_a_value(first: Logic, other: Logic, operator: str) -> bool:
    if not isinstance(first, Comparison) or not isinstance(other, Comparison):
        return False
    is_of_one = first.question == other.question
    named = first.operator == other.operator == operator and first.value and other.value
    return bool(is_of_one and named)


def _condition(logic: Logic, values: Values) -> Condition | None:
    """The one condition that a logic is; None where it is none, or several."""
    if isinstance(logic, Comparison):
        return _single(logic, values)
    terms = _terms(logic, type(logic))
    if not all(isinstance(each, Comparison) for each in terms):
        return None
    comparisons = [each for each in terms if isinstance(each, Comparison)]
    question = comparisons[0].question
    if {each.question for each in comparisons} != {question}:
        return None
    if isinstance(logic, Every):
        bound = [each for each in comparisons if each != Comparison(question, UNEQUAL, "")]
        is_bounded = len(bound) == 1 and len(comparisons) == 2
        return _bound(bound[0]) if is_bounded else None
    if any(each.operator != EQUAL or not each.value for each in comparisons):
        return None
    found = [values(question, each.value) for each in comparisons]
    accepted = tuple(each for each in found if each is not None)
    if len(accepted) < len(found):
        return None
    return Condition(question=question, one_of=accepted)


def _single(comparison: Comparison, values: Values) -> Condition | None:
    name = comparison.question
    if comparison.value == "":
        is_known = comparison.operator in (EQUAL, UNEQUAL)
        return (
            Condition(question=name, answered=comparison.operator == UNEQUAL) if is_known else None
        )
    if comparison.operator == EQUAL:
        value = values(name, comparison.value)
        return None if value is None else Condition(question=name, equals=value)
    return _bound(comparison)


def _bound(comparison: Comparison) -> Condition | None:
    if not re.fullmatch(r"[0-9]{1,3}", comparison.value, re.ASCII):
        return None
    name, number = comparison.question, int(comparison.value)
    least = {">=": number, ">": number + 1}.get(comparison.operator)
    most = {"<=": number, "<": number - 1}.get(comparison.operator)
    if least is not None and least <= 127:
        return Condition(question=name, at_least=least)
    if most is not None and 0 <= most <= 127:
        return Condition(question=name, at_most=most)
    return None


_TOKEN: Final = re.compile(
    r"""\s*(?:
      \[(?P<bracket>[A-Za-z0-9_]+)\]
    | \$\{(?P<brace>[A-Za-z0-9_.-]+)\}
    | '(?P<single>[^']*)' | "(?P<double>[^"]*)"
    | (?P<number>[0-9]+(?:\.0+)?)(?![\w.])
    | (?P<word>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z]+)?)
    | (?P<sign><>|!=|==|>=|<=|&&|\|\||[=<>!(),])
    )""",
    re.VERBOSE,
)
_SIGNS: Final = {
    **{"=": "=", "==": "=", "eq": "=", "<>": "<>", "!=": "<>", "ne": "<>"},
    **{">=": ">=", "ge": ">=", "<=": "<=", "le": "<=", ">": ">", "gt": ">", "<": "<", "lt": "<"},
}
_AND: Final = frozenset({"and", "&&"})
_OR: Final = frozenset({"or", "||"})
_EMPTY: Final = frozenset({"is_empty", "empty"})
_LONGEST: Final = 10_000
_DEEPEST: Final = 50


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """The marks of a text as (kind, text); None where there is one that is not known."""
    if len(text) > _LONGEST:
        return None
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        kind = match.lastgroup or ""
        value = match[kind]
        if kind in ("bracket", "brace"):
            found.append(("field", value))
        elif kind in ("single", "double"):
            found.append(("value", value.strip()))
        elif kind == "number":
            found.append(("value", value.partition(".")[0]))
        elif kind == "word" and value.lower() in {*_AND, *_OR, *_SIGNS, *_EMPTY, "not", "selected"}:
            found.append(("sign", value.lower()))
        elif kind == "word":
            # LimeSurvey names a question with what is wanted of it after a point.
            found.append(("field", value.partition(".")[0]))
        else:
            found.append(("sign", value))
        place = match.end()
    return found


class _Reader:
    """Marks read one after the other; None stands for what is not known."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._tokens)

    def either(self) -> Logic | None:
        return self._joined(self._every, _OR, Either)

    def _every(self) -> Logic | None:
        return self._joined(self._term, _AND, Every)

    def _joined(
        self,
        read: Callable[[], Logic | None],
        joints: frozenset[str],
        kind: type[Every] | type[Either],
    ) -> Logic | None:
        terms = [read()]
        while self._takes(*joints):
            terms.append(read())
        known = tuple(each for each in terms if each is not None)
        if len(known) < len(terms):
            return None
        return known[0] if len(known) == 1 else kind(known)

    def _term(self) -> Logic | None:
        self._depth += 1
        try:
            return self._one() if self._depth <= _DEEPEST else None
        finally:
            self._depth -= 1

    def _one(self) -> Logic | None:
        if self._takes("not", "!"):
            inner = self._term()
            return None if inner is None else _opposite(_guarded(inner))
        if self._takes("("):
            inner = self.either()
            return inner if self._takes(")") else None
        if self._takes("selected"):
            return self._call(EQUAL)
        if self._takes(*_EMPTY):
            field = self._field() if self._takes("(") else None
            return Comparison(field, EQUAL, "") if field and self._takes(")") else None
        return self._comparison()

    def _call(self, operator: str) -> Logic | None:
        field = self._field() if self._takes("(") else None
        value = self._value() if self._takes(",") else None
        if field is None or value is None or not self._takes(")"):
            return None
        return Comparison(field, operator, value)

    def _comparison(self) -> Logic | None:
        field = self._field()
        kind, sign = self._next()
        value = self._value()
        if field is None or value is None or kind != "sign" or sign not in _SIGNS:
            return None
        return Comparison(field, _SIGNS[sign], value)

    def _field(self) -> str | None:
        kind, text = self._next()
        return text if kind == "field" else None

    def _value(self) -> str | None:
        kind, text = self._next()
        return text if kind == "value" else None

    def _next(self) -> tuple[str, str]:
        if self.is_at_end:
            return "", ""
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, *signs: str) -> bool:
        is_there = not self.is_at_end and self._tokens[self._place] in {("sign", s) for s in signs}
        self._place += is_there
        return is_there
