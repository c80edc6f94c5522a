"""Randomising the schools, once, and showing how anybody can repeat it."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.rollout import schools_by_arm
from survey_app.database.queries.schools import roster_counts
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.trail import staff_names
from survey_app.operations.errors import RandomisationError
from survey_app.operations.randomisation import allocate_clusters, verify_allocation
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import RandomisationForm
from survey_app.web.coordinator.presenters import arm_rows
from survey_app.web.coordinator.room import blueprint
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.people import actor_in_words, staff_ids_in
from survey_app.web.service import now, record, service

_SEED_BITS = 64


@blueprint.get("/studies/<string:study>/randomisation")
@requires("randomise")
def randomisation(study: str) -> str:
    """The form that randomises, or, once it is done, the result and how to check it."""
    if randomisation_of(record(), g.study) is not None:
        return _result_page(study)
    return _form_page(study, RandomisationForm(seed=_new_seed(study)))


@blueprint.post("/studies/<string:study>/randomisation")
@requires("randomise")
def randomise(study: str) -> Response | tuple[str, int]:
    """Randomise the schools from the seed that was confirmed."""
    form = RandomisationForm()
    if form.validate():
        try:
            allocate_clusters(
                record(),
                study=g.study,
                seed=(form.seed.data or "").strip(),
                by=actor(g.staff),
                at=now(),
            )
        except RandomisationError as error:
            form.refuse(str(error), "seed")
        else:
            flash("The schools are randomised.", "success")
            return redirect(url_for("coordinator.randomisation", study=study), 303)
    return _form_page(study, form), REFUSED


def _new_seed(study: str) -> str:
    return f"{study}-{service().rng.getrandbits(_SEED_BITS):016x}"


def _form_page(study: str, form: RandomisationForm) -> str:
    design = definition_of(g.study)
    return render_template(
        "coordinator/randomise.html",
        study=study,
        form=form,
        errors=form.faults,
        n_schools=roster_counts(record(), g.study).schools_eligible,
        block_size=design.allocation.block_size,
        arms=[f"{arm.label}: {arm.ratio}" for arm in design.arms],
        planned_on=day_in_words(design.allocation.planned_on),
    )


def _result_page(study: str) -> str:
    design = definition_of(g.study)
    done = randomisation_of(record(), g.study)
    assert done is not None  # noqa: S101  # the caller looked
    names = staff_names(record(), staff_ids_in([done.allocated_by]))
    columns, rows = arm_rows(design, schools_by_arm(record(), g.study))
    return render_template(
        "coordinator/randomised.html",
        study=study,
        facts=[
            {"key": "Randomised on", "value": moment_in_words(done.allocated_at)},
            {"key": "By", "value": actor_in_words(done.allocated_by, names)},
            {"key": "Seed", "value": done.seed},
            {"key": "Block size", "value": str(done.block_size)},
            {"key": "Seal of the roster (SHA-256)", "value": done.roster_sha256},
            {"key": "Seal of the allocation (SHA-256)", "value": done.allocation_sha256},
        ],
        columns=columns,
        rows=rows,
        numeric=range(1, len(columns)),
        differences=verify_allocation(record(), study=g.study),
    )
