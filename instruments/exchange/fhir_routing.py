"""`enableWhen` of a FHIR Questionnaire, out and in: the same in R4 and R5.

Conditions of one item are joined by all or by any of them. A code is equal to another or it is not,
so a bound is written as the answers it accepts.

References
----------
https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen and
https://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from instruments.exchange.json_tables import Table
from instruments.exchange.logic import Comparison, Either, Every, Logic
from instruments.model import Instrument, Item, ResponseOption
from instruments.routing import AskedWhen, Condition

Coding = Callable[[Item, ResponseOption], dict[str, Any]]

EXISTS: Final = "exists"
_OPERATORS: Final = {
    **{"=": "=", "!=": "<>"},
    **{">": ">", "<": "<", ">=": ">=", "<=": "<="},
}


def enable_when(instrument: Instrument, rule: AskedWhen, coding: Coding) -> dict[str, Any]:
    """Return the keys `enableWhen` and `enableBehavior` of a rule; none where they cannot say it.

    Parameters
    ----------
    instrument : Instrument
        Whose items the rule is about.
    rule : AskedWhen
        When an item is asked.
    coding : callable
        How an answer is coded.
    """

    def met(condition: Condition) -> list[dict[str, Any]]:
        """What any of must hold."""
        if condition.answered is not None:
            return [_exists(condition.question, there=condition.answered)]
        return [_compared(condition.question, "=", code) for code in _codes(condition, True)]

    def unmet(condition: Condition) -> list[dict[str, Any]]:
        """What all of must hold."""
        if condition.answered is not None:
            return [_exists(condition.question, there=not condition.answered)]
        return [_compared(condition.question, "!=", code) for code in _codes(condition, True)]

    def met_by_all(condition: Condition) -> list[dict[str, Any]]:
        only = met(condition)
        if len(only) == 1:
            return only
        others = [_compared(condition.question, "!=", code) for code in _codes(condition, False)]
        return [_exists(condition.question, there=True), *others]

    def _codes(condition: Condition, accepted: bool) -> list[dict[str, Any]]:
        item = instrument.item(condition.question)
        return [
            coding(item, option)
            for option in instrument.options(item)
            if condition.accepts(option.value) == accepted
        ]

    any_of = [each for condition in rule.any for each in met(condition)]
    if not rule.none and len(rule.all) + bool(rule.any) == 1:
        any_of += [each for condition in rule.all for each in met(condition)]
        return _joined(any_of, "any")
    if len(any_of) > 1:
        return {}
    all_of = [each for condition in rule.all for each in met_by_all(condition)]
    return _joined(
        [*all_of, *any_of, *(each for condition in rule.none for each in unmet(condition))], "all"
    )


def enabled_when(entry: Table) -> tuple[Logic | None, str]:
    """Return what an item's `enableWhen` says, and its text; the first is None where it is unknown.

    Answers are the codes of the file.
    """
    conditions = entry.tables("enableWhen")
    behaviour = entry.text("enableBehavior")
    if not conditions:
        return None, ""
    found = [_read(condition) for condition in conditions]
    said = (" or " if behaviour == "any" else " and ").join(text for _, text in found)
    terms = tuple(each for each, _ in found if each is not None)
    if len(terms) < len(found) or (behaviour not in ("all", "any") and len(terms) > 1):
        return None, said
    if len(terms) == 1:
        return terms[0], said
    return (Either(terms) if behaviour == "any" else Every(terms)), said


def _joined(conditions: Iterable[dict[str, Any]], behaviour: str) -> dict[str, Any]:
    found = list(conditions)
    said: dict[str, Any] = {"enableWhen": found}
    return said | {"enableBehavior": behaviour} if len(found) > 1 else said


def _exists(question: str, *, there: bool) -> dict[str, Any]:
    return {"question": question, "operator": EXISTS, "answerBoolean": there}


def _compared(question: str, operator: str, code: dict[str, Any]) -> dict[str, Any]:
    return {"question": question, "operator": operator, "answerCoding": code}


def _read(condition: Table) -> tuple[Comparison | None, str]:
    question, operator = condition.text("question"), condition.text("operator")
    if operator == EXISTS:
        there = condition.data.get("answerBoolean")
        condition.looked_at.add("answerBoolean")
        text = f"{question} exists {there}"
        if not isinstance(there, bool):
            return None, text
        return Comparison(question, "<>" if there else "=", ""), text
    coded, whole = condition.table("answerCoding"), condition.number("answerInteger")
    answer = condition.text("answerString") if whole is None else f"{whole:g}"
    if coded is not None:
        answer = coded.text("code")
    text = f"{question} {operator} {answer}".strip()
    if not answer or operator not in _OPERATORS:
        return None, text
    return Comparison(question, _OPERATORS[operator], answer), text
