"""The small trial with another way of allocating, and schools that come to it late."""

from __future__ import annotations

import re
from dataclasses import replace

from trials import BY, KEY, ROSTER, Trial

from survey_app.operations.enrolment import import_roster
from survey_app.operations.studies import register_study
from survey_app.trial.design import read_study
from survey_app.trial.roster import read_roster

MINIMISED = 'method = "minimisation"\nfactors = ["authority", "people"]\nprobability = 0.8\n'
BLOCKS = 'method = "permuted_blocks"\nblock_size = 4\n'


def allocating(trial: Trial, how: str, *, arms: str = "") -> Trial:
    """Put such a study on record in the place of the other, which is not in use yet."""
    source = re.sub(
        r"(\[allocation\]\n).*?(planned_on)", rf"\1{how}\2", trial.definition.source, flags=re.S
    )
    if arms:
        source = source.replace('id = "supervision"\nlabel = "Supervision"\nratio = 1', arms)
    definition = read_study(source, file="allocating.toml")
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock())
    return replace(trial, definition=definition)


def latecomer(number: int, authority: str = "Bolton") -> bytes:
    """The roster with one school more."""
    urn = 100_000 + number
    row = f"{authority},School {number},{urn},primary,yes,Person {number},"
    return ROSTER + f"{row}person{number}@school{number}.example,DSL\n".encode()


def comes_late(trial: Trial, number: int = 11, authority: str = "Bolton") -> None:
    """Have one more school come onto the roster."""
    with trial.database.writing() as session:
        roster = read_roster(latecomer(number, authority), phases=trial.definition.study.phases)
        import_roster(
            session, study=trial.study(session), rows=roster.rows, key=KEY, by=BY, at=trial.clock()
        )
