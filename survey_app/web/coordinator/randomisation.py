"""Randomising the schools, once; adding late ones; and showing how anybody can repeat it."""

from __future__ import annotations

from collections import Counter

from flask import flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.allocation import (
    late_allocations,
    releases_of,
    schools_by_stratum,
    schools_waiting,
)
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.trail import staff_names
from survey_app.operations.errors import BaselineOutstandingError, RandomisationError
from survey_app.operations.randomisation import (
    IMPORTED,
    allocate_clusters,
    allocate_late_schools,
    baseline_of,
    certificate_of,
    import_allocation,
    new_seed,
    verify_allocation,
)
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.trial.allocation_records import balance_of
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.web.access import requires
from survey_app.web.coordinator.allocation_lines import (
    balance_rows,
    baseline_in_words,
    facts_of,
    late_rows,
    plan_in_words,
    stratum_rows,
)
from survey_app.web.coordinator.forms import (
    ActOfAllocationForm,
    AllocationImportForm,
    RandomisationForm,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_lines import fault_rows
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.downloads import CERTIFICATE, text_file
from survey_app.web.forms import REFUSED
from survey_app.web.people import actor_in_words, staff_ids_in
from survey_app.web.service import now, record, service


@blueprint.get("/studies/<string:study>/randomisation")
@requires("randomise")
def randomisation(study: str) -> str:
    """The form that randomises, or, once it is done, the result and how to check it."""
    if randomisation_of(record(), g.study) is not None:
        return _result_page(study, ActOfAllocationForm())
    return _form_page(study, RandomisationForm())


@blueprint.post("/studies/<string:study>/randomisation")
@requires("randomise")
def randomise(study: str) -> Response | tuple[str, int]:
    """Randomise the schools, from a seed that nobody sees or from one agreed beforehand."""
    form = RandomisationForm()
    if form.validate():
        try:
            allocate_clusters(
                record(),
                study=g.study,
                seed=(form.seed.data or "").strip() or new_seed(service().rng),
                by=actor(g.staff),
                at=now(),
                cut_off_because=form.cut_off_because.data or "",
            )
        except BaselineOutstandingError as error:
            form.refuse(str(error), "cut_off_because")
        except RandomisationError as error:
            form.refuse(str(error), "seed")
        else:
            flash(
                "The schools are randomised. Nobody sees the arms until they are released.",
                "success",
            )
            return redirect(url_for("coordinator.randomisation", study=study), 303)
    return _form_page(study, form), REFUSED


@blueprint.post("/studies/<string:study>/randomisation/late-schools")
@requires("randomise")
def randomise_late(study: str) -> Response | tuple[str, int]:
    """Give schools that came later the next places of the sequence."""
    if randomisation_of(record(), g.study) is None:
        return redirect(url_for("coordinator.randomisation", study=study), 303)
    form = ActOfAllocationForm()
    if form.validate():
        try:
            allocate_late_schools(
                record(),
                study=g.study,
                by=actor(g.staff),
                at=now(),
                cut_off_because=form.cut_off_because.data or "",
            )
        except BaselineOutstandingError as error:
            form.refuse(str(error), "cut_off_because")
        except RandomisationError as error:
            form.refuse(str(error), "confirmed")
        else:
            flash("The late schools have their arms.", "success")
            return redirect(url_for("coordinator.randomisation", study=study), 303)
    return _result_page(study, form), REFUSED


@blueprint.get("/studies/<string:study>/randomisation/import")
@requires("randomise")
def allocation_import(study: str) -> str:
    """The form to upload an allocation with that was made elsewhere."""
    return _import_page(study, AllocationImportForm(), ())


@blueprint.post("/studies/<string:study>/randomisation/import")
@requires("randomise")
def take_allocation(study: str) -> Response | tuple[str, int]:
    """Import the uploaded allocation, or say everything wrong with it and write nothing."""
    form = AllocationImportForm()
    if not form.validate():
        return _import_page(study, form, ()), REFUSED
    faults: tuple[RosterFault, ...] = ()
    try:
        import_allocation(
            record(),
            study=g.study,
            data=form.allocation.data.read(),
            source=form.source.data or "",
            seed=new_seed(service().rng),
            by=actor(g.staff),
            at=now(),
            cut_off_because=form.cut_off_because.data or "",
        )
    except RosterError as error:
        faults = error.faults
        n_faults = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        form.refuse(f"The allocation has {n_faults}; nothing was imported", "allocation")
    except BaselineOutstandingError as error:
        form.refuse(str(error), "cut_off_because")
    except RandomisationError as error:
        form.refuse(str(error), "allocation")
    else:
        flash("The allocation is imported, and marked so.", "success")
        return redirect(url_for("coordinator.randomisation", study=study), 303)
    return _import_page(study, form, faults), REFUSED


@blueprint.get("/studies/<string:study>/randomisation/certificate")
@requires("randomise")
def certificate(study: str) -> Response:
    """The certificate as a file, for anybody who is to check the allocation."""
    if "see_arms" not in g.permissions or randomisation_of(record(), g.study) is None:
        # The page says to whom, and when, it is given.
        return redirect(url_for("coordinator.randomisation", study=study), 303)
    return text_file(certificate_of(record(), study=g.study).text, CERTIFICATE.format(study=study))


def _form_page(study: str, form: RandomisationForm) -> str:
    design = definition_of(g.study)
    baseline = baseline_of(record(), study=g.study, at=now())
    return render_template(
        "coordinator/randomise.html",
        study=study,
        form=form,
        errors=form.faults,
        n_schools=len(schools_waiting(record(), g.study)),
        plan=plan_in_words(design),
        planned_on=day_in_words(design.allocation.planned_on),
        takes_late_schools=design.allocation.late_schools == "next place",
        baseline=baseline_in_words(baseline),
        is_outstanding=baseline.is_outstanding,
    )


def _import_page(study: str, form: AllocationImportForm, faults: tuple[RosterFault, ...]) -> str:
    design = definition_of(g.study)
    baseline = baseline_of(record(), study=g.study, at=now())
    return render_template(
        "coordinator/allocation_import.html",
        study=study,
        form=form,
        errors=form.faults,
        faults=fault_rows(faults),
        n_schools=len(schools_waiting(record(), g.study)),
        arms=[f"{arm.id}, or {arm.label}" for arm in design.arms],
        baseline=baseline_in_words(baseline),
        is_outstanding=baseline.is_outstanding,
    )


def _result_page(study: str, form: ActOfAllocationForm) -> str:
    design = definition_of(g.study)
    done = randomisation_of(record(), g.study)
    assert done is not None  # noqa: S101  # the caller looked
    acts = late_allocations(record(), g.study)
    releases = releases_of(record(), g.study)
    names = staff_names(
        record(),
        staff_ids_in([done.allocated_by, *(release.released_by for release, _ in releases)]),
    )
    shows_arms = "see_arms" in g.permissions
    found = certificate_of(record(), study=g.study)
    columns, rows = (
        balance_rows(design, balance_of(found.rows, found.first.method.factors, found.first.arms))
        if shows_arms
        else (["Stratum", "Schools"], stratum_rows(schools_by_stratum(record(), g.study)))
    )
    waiting = schools_waiting(record(), g.study)
    baseline = baseline_of(record(), study=g.study, at=now())
    return render_template(
        "coordinator/randomised.html",
        study=study,
        form=form,
        errors=form.faults,
        shows_arms=shows_arms,
        is_imported=done.method == IMPORTED,
        facts=facts_of(done, by=actor_in_words(done.allocated_by, names), shows_arms=shows_arms),
        columns=columns,
        rows=rows,
        numeric=range(2 if shows_arms else 1, len(columns)),
        late=late_rows(acts, Counter(row.act for row in found.rows)),
        releases=[
            [
                staff.name,
                moment_in_words(release.released_at),
                actor_in_words(release.released_by, names),
                release.because,
            ]
            for release, staff in releases
        ],
        waiting=[[school.name, school.urn, school.authority.name] for school in waiting],
        takes_late_schools=design.allocation.late_schools == "next place",
        baseline=baseline_in_words(baseline),
        is_outstanding=baseline.is_outstanding,
        differences=verify_allocation(record(), study=g.study),
    )
