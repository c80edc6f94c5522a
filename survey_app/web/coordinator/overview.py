"""How a study stands, for everybody who has a role in it."""

from __future__ import annotations

from flask import g, render_template

from survey_app.database.queries.invitations import counts_by_version, counts_by_wave
from survey_app.database.queries.people import counts_by_standing, randomised_on_or
from survey_app.database.queries.schools import roster_counts
from survey_app.database.queries.studies import randomisation_of
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import changed_files
from survey_app.web.access import requires
from survey_app.web.coordinator.presenters import (
    delivered_rows,
    events_as_facts,
    moved_in_words,
    roster_rows,
    tagged_facts,
    turnover_rows,
    version_rows,
    wave_rows,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.to_do import steps_today
from survey_app.web.dates import day_in_words
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/")
@requires("see_study")
def overview(study: str) -> str:
    """The study's facts and dates, its roster, and the response so far."""
    design = definition_of(g.study)
    counts = counts_by_wave(record(), g.study)
    roster = roster_counts(record(), g.study)
    randomised = randomisation_of(record(), g.study)
    # What an arm is given is for those who work with the arms, until they are released to all.
    shows_arms = g.study.unmasked_at is not None or "randomise" in g.permissions
    return render_template(
        "coordinator/overview.html",
        study=study,
        title=design.title,
        summary=design.study.summary,
        questionnaire_note=design.study.questionnaire_note,
        facts=tagged_facts(design.facts),
        events=events_as_facts(design),
        moved=moved_in_words(design),
        waves=wave_rows(design, counts, at=now()),
        turnover=turnover_rows(
            design,
            counts_by_standing(
                record(),
                g.study,
                first_day=randomised_on_or(record(), g.study, otherwise=design.waves[0].closes_on),
            ),
        ),
        versions=version_rows(design, counts_by_version(record(), g.study)),
        changed_files=[str(each) for each in changed_files(g.study)],
        roster=roster_rows(roster),
        randomised_on=day_in_words(randomised.allocated_at.date()) if randomised else "",
        planned_on=day_in_words(design.allocation.planned_on),
        delivered=delivered_rows(design) if shows_arms else [],
        is_imported=randomised is not None and bool(randomised.source),
        is_masked=g.study.unmasked_at is None,
        steps=steps_today(),
    )
