"""The small trial with questions that are asked by the answers to earlier ones."""

from __future__ import annotations

from dataclasses import replace

from trials import BY, Trial

from survey_app.operations.studies import register_study
from survey_app.trial.design import StudyDefinition, read_study

GAD7 = 'kind = "instrument"\ninstrument = "gad7"\n'
WOULD_HELP = 'id = "would_help"\n'
IN_ROLE = 'asked_when = { all = [ { question = "still_in_role", at_least = 5 } ] }\n'
WITH_STRESS = 'asked_when = { all = [ { question = "most_stressful", answered = true } ] }\n'


def routed_definition(trial: Trial) -> StudyDefinition:
    """GAD-7 for those likely to stay, at baseline; what would help, for those who name a stress."""
    source = trial.definition.source.replace(GAD7, GAD7 + IN_ROLE, 1)
    source = source.replace(WOULD_HELP, WOULD_HELP + WITH_STRESS, 1)
    return read_study(source, file="routed.toml")


def route(trial: Trial) -> Trial:
    """Put the routed study on record in the place of the other, which nobody was invited to yet."""
    definition = routed_definition(trial)
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock())
    return replace(trial, definition=definition)
