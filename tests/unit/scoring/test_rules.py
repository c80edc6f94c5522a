"""Every rule a definition may name has a handler."""

from typing import get_args

from instruments.model import LinearTransform, LookupTransform, Score
from scoring.rules import RULES, TRANSFORMS


def test_every_rule_of_the_model_has_a_handler() -> None:
    assert set(RULES) == set(get_args(Score.model_fields["rule"].annotation))


def test_every_transform_of_the_model_has_a_handler() -> None:
    kinds = {
        kind
        for model in (LinearTransform, LookupTransform)
        for kind in get_args(model.model_fields["kind"].annotation)
    }
    assert set(TRANSFORMS) == kinds
