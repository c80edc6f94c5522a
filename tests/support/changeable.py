"""The small trial, with answers that may be changed after submission."""

from __future__ import annotations

from dataclasses import replace

from trials import BY, Trial

from survey_app.operations.studies import register_study
from survey_app.trial.design import read_study

_PLAIN = "prefer_not_to_say = true\n"


def let_change(trial: Trial) -> Trial:
    """Put such a study on record in the place of the other, which nobody was invited to yet."""
    source = trial.definition.source.replace(_PLAIN, _PLAIN + "changes_after_submission = true\n")
    definition = read_study(source, file="changeable.toml")
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock())
    return replace(trial, definition=definition)
