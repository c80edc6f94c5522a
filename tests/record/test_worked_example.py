"""The worked example's 48 people go the whole way: roster, letters, answers, snapshot, figures.

What is fixed by hand is the arm of each school, because the example says which it was. Everything
else goes through the operations of the service, and comes out as R 4.2.2 has it. `data` is
worked_example.csv with y0 and y1 the digit sums of t0 and t1, la a factor; lme4 1.1-31,
sandwich, psych 2.2.9. The same figures, and how far each can be trusted, stand in
tests/reference/test_worked_example_estimates.py.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from trials import BY, KEY, KEYS, Clock

from instruments.catalogue import load_catalogue
from reports.document import build_report, render_html
from reports.estimates.adjusted_difference import adjusted_difference
from reports.estimates.mixed import icc
from reports.estimates.regression import fit_clustered
from reports.evidence import gather
from reports.populations import build_populations, outcome_table
from reports.snapshot import Snapshot
from scoring.reliability import alpha
from scoring.scales import score
from survey_app.database.models import Allocation, Invitation, Participant, Randomisation, School
from survey_app.database.models import Study as StudyRow
from survey_app.database.session import Database
from survey_app.operations.enrolment import import_roster
from survey_app.operations.invitations import invite_wave
from survey_app.operations.reporting import take_snapshot
from survey_app.operations.studies import register_study, unmask_study
from survey_app.operations.submissions import (
    PageAnswers,
    questionnaire_for,
    save_page,
    start_submission,
    submit,
)
from survey_app.trial.design import StudyDefinition, load_ready_made, read_study
from survey_app.trial.roster import read_roster

FILE = Path(__file__).parents[1] / "reference" / "worked_example.csv"
ITEMS = [f"gad7_{n}" for n in range(1, 8)]
ARMS = {"1": "supervision", "0": "usual_support"}
WAVES = {"baseline": "t0", "follow_up": "t1"}
AUTHORITIES = {"1": "Bolton", "2": "Bury", "3": "Oldham", "4": "Rochdale"}

# Closed forms agree as far as the digits R printed or doubles reach.
CLOSED_FORM = 1e-8
# Values written down with six decimals.
SIX_DECIMALS = 5e-7
# lme4 stops its search when the deviance no longer changes.
LME4_ICC = 1e-7


def people() -> list[dict[str, str]]:
    with FILE.open() as file:
        return list(csv.DictReader(file))


def study() -> StudyDefinition:
    """The Bolton study under another name; its plan's primary outcome is GAD-7 at follow-up."""
    source = load_ready_made()["bolton-primary"].source
    return read_study(
        source.replace('slug = "bolton-primary"', 'slug = "worked-example"'), "worked-example.toml"
    )


def roster_file() -> bytes:
    """A school a row of the example's `school`, a person a row of its `id`."""
    lines = ["authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role"]
    for person in people():
        number, urn = person["id"], 100100 + int(person["school"])
        lines.append(
            f"{AUTHORITIES[person['la']]},School {person['school']},{urn},primary,yes,"
            f"Person {number},person{number}@school{person['school']}.example,DSL"
        )
    return "\n".join(lines).encode()


class WorkedExample:
    """The example on record, told day by day."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.definition = study()
        self.clock = Clock(datetime(2019, 9, 1, 12, tzinfo=UTC))
        self.rng = random.Random(48)

    def tell(self) -> None:
        self.enrol()
        self.answer("baseline")
        self.allocate_as_the_example_says()
        self.answer("follow_up")

    def enrol(self) -> None:
        with self.database.writing() as session:
            row = register_study(session, definition=self.definition, by=BY, at=self.clock())
            roster = read_roster(roster_file(), phases=self.definition.study.phases)
            summary = import_roster(
                session, study=row, rows=roster.rows, key=KEY, by=BY, at=self.clock()
            )
        assert (summary.schools_added, summary.people_added) == (24, 48)

    def answer(self, wave: str) -> None:
        """Everybody is invited, answers GAD-7 as the example has it, and submits."""
        self.clock.noon_on(self.definition.wave(wave).opens_on)
        with self.database.writing() as session:
            row = self.study_row(session)
            parts = {"key": KEY, "by": BY, "at": self.clock(), "rng": self.rng}
            assert invite_wave(session, study=row, wave=wave, **parts) == 48
        self.clock.move(hours=1)
        for number, person in enumerate(people(), 1):
            self.answer_one(wave, f"P{number:05d}", person[WAVES[wave]])

    def answer_one(self, wave: str, code: str, digits: str) -> None:
        with self.database.writing() as session:
            row = self.study_row(session)
            invitation = session.scalars(
                select(Invitation)
                .join(Participant)
                .where(Participant.code == code, Invitation.wave == wave)
            ).one()
            parts = {"study": row, "invitation": invitation, "at": self.clock()}
            consents = {consent.key: True for consent in self.definition.consents}
            submission = start_submission(session, consents=consents, **parts)
            page = questionnaire_for(study=row, invitation=invitation).page("gad7")
            values = dict(zip(ITEMS, map(int, digits), strict=True))
            save_page(
                session,
                submission=submission,
                page=page,
                answers=PageAnswers(values, {}),
                **parts,
            )
            submit(session, submission=submission, key=KEY, rng=self.rng, **parts)

    def allocate_as_the_example_says(self) -> None:
        self.clock.noon_on(self.definition.allocation.planned_on)
        arm_of = {100100 + int(p["school"]): ARMS[p["arm"]] for p in people()}
        with self.database.writing() as session:
            row = self.study_row(session)
            session.add(
                Randomisation(
                    study_id=row.id,
                    seed="fixed by the example",
                    block_size=4,
                    arms=[["supervision", 1], ["usual_support", 1]],
                    mask={"A": "supervision", "B": "usual_support"},
                    roster_sha256="0" * 64,
                    allocation_sha256="0" * 64,
                    allocated_at=self.clock(),
                    allocated_by=BY,
                )
            )
            session.add_all(
                Allocation(
                    study_id=row.id,
                    school_id=school.id,
                    stratum=school.authority.name,
                    block=1,
                    position=1,
                    arm=arm_of[int(school.urn)],
                )
                for school in session.scalars(select(School))
            )

    def study_row(self, session) -> StudyRow:
        return session.scalars(select(StudyRow)).one()

    def snapshot(self) -> Snapshot:
        with self.database.reading() as session:
            row = self.study_row(session)
            return take_snapshot(session, study=row, at=self.clock())

    def unmask(self) -> None:
        with self.database.writing() as session:
            row = self.study_row(session)
            unmask_study(session, study=row, because="The example.", by=BY, at=self.clock())


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def example(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkedExample]:
    source = request.getfixturevalue(f"{request.param}_source")
    with source.fresh(tmp_path_factory.mktemp("worked_example")) as url:
        database = Database(url, keys=KEYS)
        told = WorkedExample(database)
        told.tell()
        told.unmask()
        yield told
        database.dispose()


@pytest.fixture(scope="module")
def snapshot(example: WorkedExample) -> Snapshot:
    return example.snapshot()


@pytest.fixture(scope="module")
def table(snapshot: Snapshot) -> pd.DataFrame:
    """Each person's GAD-7 at follow-up and baseline, with arm, school and authority."""
    (primary,) = (outcome for outcome in snapshot.plan.outcomes if outcome.primary)
    assert (primary.score, primary.wave, primary.baseline_wave) == (
        "gad7_total",
        "follow_up",
        "baseline",
    )
    return outcome_table(build_populations(snapshot), primary)


def answers(snapshot: Snapshot, wave: str) -> pd.DataFrame:
    rows = snapshot.submissions.index[snapshot.submissions["wave"] == wave]
    return snapshot.answers.loc[rows]


def test_every_answer_of_the_file_comes_back(snapshot: Snapshot):
    for wave, column in WAVES.items():
        found = answers(snapshot, wave)[ITEMS].astype(str).agg("".join, axis=1)
        assert found.tolist() == [person[column] for person in people()]


def test_every_person_is_in_the_school_authority_and_arm_of_the_file(table: pd.DataFrame):
    labels = {"1": "Supervision", "0": "Support as usual"}
    assert table["arm"].tolist() == [labels[person["arm"]] for person in people()]
    assert table["stratum"].tolist() == [AUTHORITIES[person["la"]] for person in people()]
    assert table.groupby("arm")["school"].nunique().to_dict() == dict.fromkeys(labels.values(), 12)


def test_scores_are_the_sums_of_the_digits(snapshot: Snapshot, table: pd.DataFrame):
    gad7 = load_catalogue()["gad7"]
    for wave, column in WAVES.items():
        totals = score(answers(snapshot, wave), gad7).values["gad7_total"]
        assert totals.tolist() == [sum(map(int, person[column])) for person in people()]
    # tapply(y0, arm, mean), tapply(y0, arm, sd)
    by_arm = table.groupby("arm")["baseline"].agg(["mean", "std"])
    assert by_arm.loc["Support as usual"].tolist() == pytest.approx(
        [8.730769231, 5.087692540], abs=CLOSED_FORM
    )
    assert by_arm.loc["Supervision"].tolist() == pytest.approx(
        [7.454545455, 4.469231027], abs=CLOSED_FORM
    )


def test_the_ancova_gives_its_coefficient_and_cluster_robust_error(table: pd.DataFrame):
    # m <- lm(y1 ~ arm + y0 + la, data)
    # lmtest::coeftest(m, sandwich::vcovCL(m, cluster = ~school, type = "HC1"), df = 42)
    strata = [table["stratum"] == name for name in ("Bury", "Oldham", "Rochdale")]
    supervised = table["arm"] == "Supervision"
    X = np.column_stack([np.ones(48), supervised, table["baseline"], *strata]).astype(float)
    terms = ("intercept", "arm", "y0", "Bury", "Oldham", "Rochdale")
    fit = fit_clustered(table["outcome"], X, table["school"], terms=terms, kind="CR1S")
    arm = fit.contrast([0, 1, 0, 0, 0, 0], degrees_of_freedom="residual")
    assert arm.estimate == pytest.approx(-0.9596350345, abs=CLOSED_FORM)
    assert arm.se == pytest.approx(0.936485961, abs=CLOSED_FORM)
    assert arm.statistic == pytest.approx(-1.02472, abs=5e-6)
    assert arm.df == 42
    assert arm.p == pytest.approx(0.311362, abs=SIX_DECIMALS)
    baseline = fit.contrast([0, 0, 1, 0, 0, 0])
    assert baseline.estimate == pytest.approx(0.5417729643, abs=CLOSED_FORM)


def test_the_service_s_own_estimate_is_the_same_ancova(table: pd.DataFrame):
    # clubSandwich::coef_test(m, vcovCR(m, data$school, type = "CR2"))
    result = adjusted_difference(
        table,
        outcome="outcome",
        baseline="baseline",
        arm="arm",
        reference="Support as usual",
        strata="stratum",
        cluster="school",
    )
    assert (result.n, result.n_clusters) == (48, 24)
    assert result.contrast is not None
    assert result.contrast.estimate == pytest.approx(-0.9596350345, abs=CLOSED_FORM)
    assert result.contrast.se == pytest.approx(1.01360442661053, abs=CLOSED_FORM)
    assert result.contrast.df == pytest.approx(16.2095465838682, abs=CLOSED_FORM)
    assert result.contrast.p == pytest.approx(0.357664785140846, abs=CLOSED_FORM)


def test_alpha_of_the_baseline_is_psych_s(snapshot: Snapshot):
    # psych::alpha(items)$total$raw_alpha
    gad7 = load_catalogue()["gad7"]
    found = alpha(answers(snapshot, "baseline"), gad7.score("gad7_total"), gad7)
    assert found.n == 48
    assert found.alpha == pytest.approx(0.84936789, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("column", "expected"), [("outcome", 0.08843183623), ("baseline", 0.3687301015)]
)
def test_the_intraclass_correlation_is_lme4_s(table: pd.DataFrame, column, expected):
    # VarCorr(lmer(y ~ 1 + (1 | school), data)), by REML
    assert icc(table[column], table["school"]).icc == pytest.approx(expected, abs=LME4_ICC)


def test_the_report_s_evidence_holds_these_figures(snapshot: Snapshot):
    evidence = gather(snapshot)
    analysis = next(each for each in evidence.analyses if each.outcome.primary)
    assert analysis.result is not None
    assert analysis.result.contrast is not None
    assert analysis.result.contrast.estimate == pytest.approx(-0.9596350345, abs=CLOSED_FORM)
    assert analysis.result.icc is not None
    assert analysis.result.icc.icc == pytest.approx(0.08843183623, abs=LME4_ICC)
    reliability = next(
        each
        for each in evidence.reliabilities
        if (each.score.id, each.wave, each.arm) == ("gad7_total", "baseline", None)
    )
    assert reliability.result.alpha == pytest.approx(0.84936789, abs=CLOSED_FORM)


def test_the_report_prints_them(snapshot: Snapshot):
    html = render_html(build_report(snapshot))
    words = " ".join(html.replace("\N{MINUS SIGN}", "-").split())
    assert "-0.96" in words
    assert "0.85" in words


def test_under_the_mask_the_difference_has_the_same_size(tmp_path, sqlite_source):
    with sqlite_source.fresh(tmp_path) as url:
        database = Database(url, keys=KEYS)
        told = WorkedExample(database)
        told.tell()
        masked = told.snapshot()
        database.dispose()
    analysis = next(each for each in gather(masked).analyses if each.outcome.primary)
    assert masked.masked
    assert masked.study.reference_arm == "Arm A"
    assert analysis.result is not None
    # Arm A is supervision here, so Arm B less Arm A has the other sign.
    assert analysis.result.contrast is not None
    assert analysis.result.contrast.estimate == pytest.approx(0.9596350345, abs=CLOSED_FORM)
