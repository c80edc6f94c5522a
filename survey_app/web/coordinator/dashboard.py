"""How a study goes today: what waits, response by authority, phase and arm, and the flow."""

from __future__ import annotations

from flask import g, render_template

from reports.drift import RULE
from survey_app.database.queries.outlook import outlook_of
from survey_app.database.queries.progress import (
    n_schools_that_attended,
    paired_cells,
    school_cells,
    wave_cells,
)
from survey_app.database.queries.studies import randomisation_of
from survey_app.operations.studies import definition_of
from survey_app.trial.arm_names import ArmNames, name_arms, sizes_would_tell
from survey_app.web.access import requires
from survey_app.web.coordinator.flow_lines import FlowCounts, flow_of
from survey_app.web.coordinator.outlook_lines import (
    COLUMNS,
    NUMERIC,
    outlook_reasons,
    outlook_rows,
)
from survey_app.web.coordinator.response_lines import (
    arm_key,
    by_authority,
    by_phase,
    chart_by,
    drift_lines,
    occasions_of,
    overall_chart,
    waves_begun,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.to_do import steps_today
from survey_app.web.dates import moment_in_words
from survey_app.web.service import now, record

_NONE = ArmNames({}, "", masked=True)


@blueprint.get("/studies/<string:study>/dashboard")
@requires("see_study")
def dashboard(study: str) -> str:
    """Everything that changes from day to day, counted as the page is opened."""
    design = definition_of(g.study)
    randomisation = randomisation_of(record(), g.study)
    is_released = g.study.unmasked_at is not None
    arms = _NONE
    if randomisation is not None:
        arms = name_arms(design, mask=randomisation.mask, is_released=is_released)
    # How many schools an arm has would tell which one it is.
    tell_by_size = not is_released and sizes_would_tell(design)
    shown = _NONE if tell_by_size else arms
    cells = wave_cells(record(), g.study)
    begun = waves_begun(design, cells)
    paired = paired_cells(record(), g.study, waves=[wave.id for wave in begun]) if begun[1:] else []
    occasions = occasions_of(begun, cells, paired)
    charts = [
        overall_chart(occasions),
        chart_by(
            "response-by-authority",
            "Response by local authority",
            "Local authority",
            occasions,
            key=by_authority,
        ),
        chart_by("response-by-phase", "Response by phase", "Phase", occasions, key=by_phase),
    ]
    if shown.labels:
        charts.append(
            chart_by(
                "response-by-arm",
                "Response by arm",
                "Arm",
                occasions,
                key=arm_key(shown),
                order=list(shown.labels.values()),
            )
        )
    ahead = outlook_of(record(), g.study)
    return render_template(
        "coordinator/dashboard.html",
        study=study,
        counted_at=moment_in_words(now()),
        steps=steps_today(),
        charts=charts if begun else [],
        is_randomised=randomisation is not None,
        is_masked=not is_released,
        arms_wait=bool(arms.labels) and tell_by_size,
        drifts=drift_lines(begun, cells, arms) if arms.labels else [],
        rule=RULE,
        outlook_at=moment_in_words(ahead.worked_out_at) if ahead else "",
        outlook_columns=COLUMNS,
        outlook_numeric=NUMERIC,
        outlook=outlook_rows(ahead.figures) if ahead else [],
        outlook_reasons=outlook_reasons(ahead.figures) if ahead else [],
        flow=flow_of(
            FlowCounts(
                school_cells(record(), g.study),
                cells,
                paired,
                n_schools_that_attended(record(), g.study) if is_released else {},
            ),
            begun=begun,
            arms=shown,
            is_randomised=randomisation is not None,
        ),
    )
