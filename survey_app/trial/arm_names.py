"""What the arms are called: letters until they are released, their own labels afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.questionnaire import Questionnaire
from survey_app.trial.design import StudyDefinition


@dataclass(frozen=True, slots=True)
class ArmNames:
    """How each arm is called, in the order shown, and which one differences are taken from."""

    labels: Mapping[str, str]
    reference: str
    masked: bool


def sizes_would_tell(definition: StudyDefinition) -> bool:
    """Whether how many schools an arm has says which one it is, whatever it is called."""
    return len({arm.ratio for arm in definition.arms}) > 1


def name_arms(
    definition: StudyDefinition, *, mask: Mapping[str, str], is_released: bool
) -> ArmNames:
    """Name the arms of a study; while they are masked, by the letters that were drawn for them.

    No arm has a letter before the schools are randomised.
    """
    if not is_released:
        labels = {arm: f"Arm {letter}" for letter, arm in sorted(mask.items())}
        return ArmNames(labels, next(iter(labels.values()), ""), masked=True)
    control = definition.control_arm
    ordered = sorted(definition.arms, key=lambda arm: arm.id == control.id)
    return ArmNames({arm.id: arm.label for arm in ordered}, control.label, masked=False)


def asked_of_some(asked: Questionnaire, everyone: Questionnaire) -> set[str]:
    """The questions of one arm, with those that depend on them: who has them tells the arm."""
    common = {question.id for question in everyone.questions()}
    found: set[str] = set()
    for question in asked.questions():
        depends_on = {name for rule in question.asked_when for name in rule.questions}
        if question.id not in common or depends_on & found:
            found.add(question.id)
    return found


def questions_that_tell(definition: StudyDefinition) -> set[str]:
    """The questions of a study whose answers tell the arm of who gave them."""
    return {
        name
        for wave in definition.waves
        for arm in definition.arms
        for name in asked_of_some(
            definition.questionnaire(wave.id, arm.id), definition.questionnaire(wave.id, None)
        )
    }
