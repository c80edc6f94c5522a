"""A small invented trial for the tests of the document: 94 schools, two waves, two arms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED
from reports.plan import Outcome, Plan
from reports.snapshot import Event, Fact, Snapshot, StudyFacts, WaveFacts

ARMS = ("Arm A", "Arm B")
CODES = ("Confidence", "Time and workload", "Reassurance", "Supervisor fit")
WAVES = (
    WaveFacts("baseline", "Baseline", date(2019, 9, 16), date(2019, 10, 18)),
    WaveFacts("follow_up", "Follow-up", date(2020, 6, 15), date(2020, 7, 10)),
)
PLAN = Plan(
    outcomes=(
        Outcome(
            id="anxiety",
            label="Anxiety symptoms (GAD-7)",
            instrument="gad7",
            score="gad7_total",
            wave="follow_up",
            baseline_wave="baseline",
            primary=True,
        ),
        Outcome(
            id="stress",
            label="Perceived stress (PSS-10)",
            instrument="pss10",
            score="pss10_total",
            wave="follow_up",
            baseline_wave="baseline",
        ),
        Outcome(
            id="confidence",
            label="Confidence in the safeguarding role",
            instrument="dsl_confidence",
            score="dsl_confidence_total",
            wave="follow_up",
            baseline_wave="baseline",
        ),
    ),
    fixed_on=date(2019, 9, 1),
    seed=20190901,
)
STUDY = StudyFacts(
    slug="bolton-primary-pilot",
    title="Supervision of Designated Safeguarding Leads in Bolton primary schools",
    summary=(
        "A cluster randomised pilot: 94 primary schools of one authority, half of them offered "
        "monthly individual supervision for six months, half supported as usual."
    ),
    disclaimer=(
        "The trial’s own questionnaire is not published. The questionnaire here is ours, and "
        "every answer in this report is simulated: no figure says anything about real people."
    ),
    facts=(
        Fact("94 eligible primary schools were randomised.", "verified", "WWCSC project page"),
        Fact("The strata of the randomisation are not known.", "recalled, unverified", ""),
    ),
    events=(
        Event(
            "First national lockdown: schools closed to most pupils",
            date(2020, 3, 23),
            "verified",
            "WWCSC blog on the Bolton pilot",
        ),
    ),
    waves=WAVES,
    arms=ARMS,
    reference_arm="Arm A",
    open_questions={
        "open_work": "What, if anything, has made your safeguarding work easier or harder?",
        "open_supervision": "What was supervision like?",
    },
    arm_specific_questions=frozenset({"open_supervision"}),
)


DELIVERED = ("gad7", "pss10", "dsl_confidence")


def make_snapshot(
    *, seed: int = 7, effect: float = 0.0, follow_up: float = 0.6, deputies: int = 0
) -> Snapshot:
    """Make the invented trial; `effect` is in latent standard deviations of every scale.

    Every school has so many deputies beside those of the trial itself.
    """
    rng = np.random.default_rng(seed)
    schools = _schools(rng)
    participants = _participants(rng, schools, deputies)
    arm_b = participants["school"].map(schools["arm"]).eq("Arm B").to_numpy()
    latent = _latent(rng, participants, arm_b, effect)
    submissions = _submissions(rng, participants, follow_up)
    comments = _comments(rng, submissions)
    return Snapshot(
        study=STUDY,
        masked=True,
        made_at=datetime(2020, 7, 20, 9, 30, tzinfo=UTC),
        plan=PLAN,
        instruments={name: load_catalogue()[name] for name in DELIVERED},
        schools=schools,
        participants=participants,
        invitations=_invitations(participants),
        submissions=submissions,
        answers=_answers(rng, participants, submissions, latent),
        comments=comments,
        codings=_codings(rng, comments),
        sessions=_no_sessions(),
        provenance={
            "Code version": "0.1.0",
            "Study definition, SHA-256": "3f" * 32,
            "Roster, SHA-256": "a7" * 32,
            "Allocation seed": "bolton-2019",
        },
    )


def without_allocation(snapshot: Snapshot) -> Snapshot:
    """The same trial before any school is allocated."""
    return replace(snapshot, schools=snapshot.schools.assign(arm=None))


def with_baseline_only(snapshot: Snapshot) -> Snapshot:
    """The same trial while only the first wave has been answered."""
    return keep_submissions(snapshot, snapshot.submissions["wave"] == "baseline")


def without_submissions(snapshot: Snapshot) -> Snapshot:
    """The same trial before anybody has answered."""
    return keep_submissions(snapshot, snapshot.submissions["wave"] == "none")


def without_comments(snapshot: Snapshot) -> Snapshot:
    """The same trial where nobody wrote a comment."""
    return replace(snapshot, comments=snapshot.comments.iloc[:0], codings=snapshot.codings.iloc[:0])


def keep_submissions(snapshot: Snapshot, kept: pd.Series) -> Snapshot:
    """The same trial with only these submissions, and what hangs on them."""
    submissions = snapshot.submissions[kept]
    comments = snapshot.comments[snapshot.comments["submission"].isin(submissions.index)]
    return replace(
        snapshot,
        submissions=submissions,
        answers=snapshot.answers.loc[submissions.index],
        comments=comments,
        codings=snapshot.codings[snapshot.codings["comment"].isin(comments.index)],
    )


def unmasked(snapshot: Snapshot, *, seed: int = 11) -> Snapshot:
    """The same trial with its arms named and the sessions of the supervised arm."""
    rng = np.random.default_rng(seed)
    names = {"Arm A": "Supervision", "Arm B": "Support as usual"}
    schools = snapshot.schools.assign(arm=snapshot.schools["arm"].map(names))
    rows: list[dict[str, Any]] = [
        {
            "school": school,
            "part": "supervision",
            "planned_on": date(2019, 11, 4) + timedelta(days=30 * month),
            "offered": month < 5,
            "attended": bool(month < 5 and rng.random() < 0.6),
            "model": "One-to-one",
        }
        for school in schools.index[schools["arm"] == "Supervision"]
        for month in range(6)
    ]
    return replace(
        snapshot,
        masked=False,
        schools=schools,
        sessions=pd.DataFrame(rows),
        study=replace(
            snapshot.study,
            arms=("Supervision", "Support as usual"),
            reference_arm="Support as usual",
            sessions_planned=6,
            supervised_arms=("Supervision",),
        ),
    )


def _schools(rng: np.random.Generator) -> pd.DataFrame:
    arms = rng.permutation(np.repeat(ARMS, 47)).tolist()
    eligible = pd.DataFrame(
        {"authority": "Bolton", "eligible": True, "exclusion": "", "arm": arms},
        index=[f"S{n:03d}" for n in range(1, 95)],
    )
    excluded = pd.DataFrame(
        {
            "authority": "Bolton",
            "eligible": False,
            "exclusion": ["Not a mainstream school"] * 5 + ["Declined to take part"] * 2,
            "arm": None,
        },
        index=[f"S{n:03d}" for n in range(95, 102)],
    )
    schools = pd.concat([eligible.astype({"arm": object}), excluded.astype({"arm": object})])
    schools.index.name = "school"
    return schools


def _participants(rng: np.random.Generator, schools: pd.DataFrame, deputies: int) -> pd.DataFrame:
    rows: list[tuple[str, str]] = []
    for school in schools.index[schools["eligible"]]:
        rows.append((school, "DSL"))
        rows += [(school, "Deputy DSL")] * deputies
        if rng.random() < 0.3:
            rows.append((school, "Deputy DSL"))
    participants = pd.DataFrame(rows, columns=["school", "role"])
    participants["turnover"] = "stayer"
    participants["withdrawn"] = rng.random(len(rows)) < 0.03
    participants.index = pd.Index([f"P{n:04d}" for n in range(1, len(rows) + 1)])
    return participants


def _invitations(participants: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [(person, wave.id, True) for wave in WAVES for person in participants.index],
        columns=["participant", "wave", "sent"],
    )


def _latent(
    rng: np.random.Generator, participants: pd.DataFrame, arm_b: np.ndarray, effect: float
) -> dict[str, np.ndarray]:
    schools = participants["school"].astype("category").cat.codes.to_numpy()
    between = rng.normal(0, np.sqrt(0.05), schools.max() + 1)[schools]
    person = rng.normal(0, np.sqrt(0.6), len(participants))
    return {
        "baseline": between + person + rng.normal(0, np.sqrt(0.35), len(participants)),
        "follow_up": between
        + person
        + rng.normal(0, np.sqrt(0.35), len(participants))
        + effect * arm_b,
    }


def _submissions(
    rng: np.random.Generator, participants: pd.DataFrame, follow_up: float
) -> pd.DataFrame:
    rows = []
    for wave, chance in (("baseline", 0.7), ("follow_up", follow_up)):
        opens = next(each.opens_on for each in WAVES if each.id == wave)
        for person in participants.index:
            if rng.random() > chance:
                continue
            started = datetime(opens.year, opens.month, opens.day, 8, tzinfo=UTC) + timedelta(
                minutes=int(rng.integers(0, 20_000))
            )
            done = rng.random() > 0.05
            late = wave == "follow_up" or rng.random() < 0.05
            submitted = started + timedelta(minutes=9) if done else pd.NaT
            rows.append((person, wave, started, submitted, late and done))
    submissions = pd.DataFrame(
        rows, columns=["participant", "wave", "started_at", "submitted_at", "after_allocation"]
    )
    submissions["seconds_per_item"] = 1.0 + (np.arange(len(rows)) % 5)
    submissions["submitted_at"] = pd.to_datetime(submissions["submitted_at"], utc=True)
    submissions["version"] = 1
    submissions.index = pd.RangeIndex(1, len(rows) + 1)
    return submissions


def _answers(
    rng: np.random.Generator,
    participants: pd.DataFrame,
    submissions: pd.DataFrame,
    latent: dict[str, np.ndarray],
) -> pd.DataFrame:
    place = {person: n for n, person in enumerate(participants.index)}
    level = np.array(
        [
            latent[wave][place[person]]
            for person, wave in zip(submissions["participant"], submissions["wave"], strict=True)
        ]
    )
    columns: dict[str, np.ndarray] = {}
    for instrument in load_catalogue().values():
        total = instrument.scores[0]
        better = 1 if total.direction == "higher_is_worse" else -1
        for item in instrument.items:
            values = [option.value for option in instrument.options(item)]
            sign = -better if item.id in total.reversed else better
            drawn = 0.75 * sign * level + rng.normal(0, 0.65, len(level))
            centre = -0.5 if instrument.id == "gad7" else 0.0
            steps = np.clip(
                np.round((drawn + centre) * 0.9 + (len(values) - 1) / 2), 0, len(values) - 1
            )
            coded = np.array(sorted(values))[steps.astype(int)]
            columns[item.id] = np.where(rng.random(len(level)) < 0.01, NOT_ANSWERED, coded)
    return pd.DataFrame(columns, index=submissions.index).astype("int8")


def _comments(rng: np.random.Generator, submissions: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (submission, "open_work", bool(rng.random() < 0.9), int(rng.integers(4, 80)))
        for submission in submissions.index[submissions["submitted_at"].notna()]
        if rng.random() < 0.55
    ]
    comments = pd.DataFrame(rows, columns=["submission", "question", "released", "words"])
    comments.index = pd.RangeIndex(1, len(rows) + 1)
    return comments


def _codings(rng: np.random.Generator, comments: pd.DataFrame) -> pd.DataFrame:
    chances = (0.6, 0.45, 0.25, 0.06)
    rows = [
        (comment, code, "coder-1")
        for comment in comments.index[comments["released"]]
        for code, chance in zip(CODES, chances, strict=True)
        if rng.random() < chance
    ]
    return pd.DataFrame(rows, columns=["comment", "code", "coder"])


def _no_sessions() -> pd.DataFrame:
    return pd.DataFrame(columns=["school", "part", "planned_on", "offered", "attended", "model"])
