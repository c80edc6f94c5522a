"""What the arms are called: letters until they are released, their own labels afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from survey_app.trial.design import StudyDefinition


@dataclass(frozen=True, slots=True)
class ArmNames:
    """How each arm is called, in the order shown, and which one differences are taken from."""

    labels: Mapping[str, str]
    reference: str
    masked: bool


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
