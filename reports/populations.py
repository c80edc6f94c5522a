"""Analysis sets: who was invited, who answered, and who is analysed for which outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from instruments.missing import NOT_ASKED
from scoring.scales import score

if TYPE_CHECKING:
    from instruments.model import Instrument
    from reports.plan import Outcome
    from reports.snapshot import Snapshot

NOT_ALLOCATED = "Not yet allocated"


@dataclass(frozen=True, slots=True, eq=False)
class Populations:
    """The analysis sets of one snapshot.

    Attributes
    ----------
    arms : tuple of str
        The columns of the report: the study's arms once any school is allocated, else one
        column "Not yet allocated"; both where only some eligible schools are allocated.
    schools : DataFrame, one row an eligible school
        authority (str), arm (one of `arms`).
    people : DataFrame, one row a participant of an eligible school
        school, authority, arm, role, withdrawn, turnover.
    steps : DataFrame, one row a participant of an eligible school and wave
        participant, wave, school, arm, turnover; invited, started, submitted, withdrawn,
        analysed (bool): submitted and not withdrawn is analysed.
    scores : DataFrame, one row an analysed submission, index submission
        participant, wave, school, authority, arm, then one float column a score of each
        instrument delivered; NaN where the scoring rule gives no score.
    """

    arms: tuple[str, ...]
    schools: pd.DataFrame
    people: pd.DataFrame
    steps: pd.DataFrame
    scores: pd.DataFrame

    @property
    def is_allocated(self) -> bool:
        """Whether any school has an arm yet."""
        return self.arms != (NOT_ALLOCATED,)

    def step(self, wave: str, arm: str | None = None) -> pd.DataFrame:
        """Give the rows of `steps` of one wave, of one arm or of all."""
        rows = self.steps[self.steps["wave"] == wave]
        return rows if arm is None else rows[rows["arm"] == arm]

    def paired(self, waves: tuple[str, ...], arm: str | None = None) -> pd.DataFrame:
        """Give the participants analysed at every one of these waves: index, school, arm."""
        people = self.people if arm is None else self.people[self.people["arm"] == arm]
        for wave in waves:
            rows = self.step(wave)
            people = people[people.index.isin(rows.loc[rows["analysed"], "participant"])]
        return people


def school_panel(populations: Populations, waves: tuple[str, ...]) -> pd.DataFrame:
    """Give the analysed people of the schools that had anyone analysed at every one of these waves.

    Whoever answered for a school at one wave need not be who did at another.

    Parameters
    ----------
    populations : Populations
        The analysis sets.
    waves : tuple of str
        Ids of waves.

    Returns
    -------
    DataFrame, one row a participant and wave
        The rows of `populations.steps` that are analysed, at these waves, in these schools.
    """
    analysed = populations.steps[populations.steps["analysed"]]
    for wave in waves:
        there = set(analysed.loc[analysed["wave"] == wave, "school"])
        analysed = analysed[analysed["school"].isin(there)]
    return analysed[analysed["wave"].isin(waves)]


def build_populations(snapshot: Snapshot) -> Populations:
    """Make the analysis sets of a snapshot.

    People are analysed in the arm their school was allocated to, whatever was delivered
    (intention to treat). People who withdrew are counted in the flow and never analysed. Of two
    submissions of one person at one wave the later counts.

    Parameters
    ----------
    snapshot : Snapshot
        The study's data.

    Returns
    -------
    Populations
        The sets, with ids as in the snapshot.
    """
    schools, arms = _eligible_schools(snapshot)
    people = snapshot.participants[snapshot.participants["school"].isin(schools.index)]
    people = people.assign(
        authority=people["school"].map(schools["authority"]),
        arm=people["school"].map(schools["arm"]),
    )[["school", "authority", "arm", "role", "withdrawn", "turnover"]]
    steps = _steps(snapshot, people)
    return Populations(
        arms=arms,
        schools=schools,
        people=people,
        steps=steps,
        scores=_scores(snapshot, people, steps),
    )


def delivered_instruments(snapshot: Snapshot) -> tuple[Instrument, ...]:
    """Give the instruments whose items are all among the answers, in the snapshot's order.

    While nobody has answered these are the instruments the plan names.
    """
    if snapshot.answers.empty:
        planned = {outcome.instrument for outcome in snapshot.plan.outcomes}
        return tuple(each for each in snapshot.instruments.values() if each.id in planned)
    columns = set(snapshot.answers.columns)
    return tuple(
        each
        for each in snapshot.instruments.values()
        if columns.issuperset(item.id for item in each.items)
    )


def answers_to(instrument: Instrument, snapshot: Snapshot, submissions: pd.Index) -> pd.DataFrame:
    """Give the answers to an instrument's items: one row a submission, one int8 column an item."""
    items = [item.id for item in instrument.items]
    if snapshot.answers.empty:
        return pd.DataFrame(NOT_ASKED, index=submissions[:0], columns=items, dtype="int8")
    return snapshot.answers.loc[submissions, items]


def waves_with_answers(populations: Populations, snapshot: Snapshot) -> tuple[str, ...]:
    """Give the ids of the waves at which anybody has submitted, in the study's order."""
    answered = set(populations.steps.loc[populations.steps["submitted"], "wave"])
    return tuple(wave.id for wave in snapshot.study.waves if wave.id in answered)


def waves_that_asked(
    instrument: Instrument, populations: Populations, snapshot: Snapshot
) -> tuple[str, ...]:
    """Give the ids of the waves at which an instrument was put to anybody who submitted."""
    scores = populations.scores
    answers = answers_to(instrument, snapshot, scores.index)
    asked = scores.loc[(answers != NOT_ASKED).any(axis=1).to_numpy(), "wave"]
    waves = set(asked)
    return tuple(wave.id for wave in snapshot.study.waves if wave.id in waves)


def outcome_table(populations: Populations, outcome: Outcome) -> pd.DataFrame:
    """Give what the estimate of one outcome is made from.

    Parameters
    ----------
    populations : Populations
        The analysis sets.
    outcome : Outcome
        The outcome of the plan; without a baseline wave there is no baseline column.

    Returns
    -------
    DataFrame, one row a participant analysed at the outcome's wave, index the participant
        outcome (float), baseline (float, NaN where none was given), arm, school, stratum.
    """
    scores = populations.scores
    table = _one_wave(scores, outcome.wave, outcome.score, "outcome")
    if outcome.baseline_wave is not None:
        baseline = _one_wave(scores, outcome.baseline_wave, outcome.score, "baseline")
        table = table.join(baseline, how="left")
    return table.join(populations.people[["arm", "school", "authority"]], how="left").rename(
        columns={"authority": "stratum"}
    )


def _one_wave(scores: pd.DataFrame, wave: str, score_id: str, name: str) -> pd.DataFrame:
    if score_id not in scores.columns:
        return pd.DataFrame({name: pd.Series(dtype=float)})
    rows = scores[scores["wave"] == wave]
    return rows.set_index("participant")[[score_id]].rename(columns={score_id: name})


def _eligible_schools(snapshot: Snapshot) -> tuple[pd.DataFrame, tuple[str, ...]]:
    eligible = snapshot.schools[snapshot.schools["eligible"].astype(bool)]
    allocated = eligible["arm"].notna()
    arms: tuple[str, ...] = snapshot.study.arms if bool(allocated.any()) else ()
    if not arms or not bool(allocated.all()):
        arms = (*arms, NOT_ALLOCATED)
    schools = pd.DataFrame(
        {
            "authority": eligible["authority"],
            "arm": eligible["arm"].astype(object).where(allocated, NOT_ALLOCATED),
        },
        index=eligible.index,
    )
    return schools, arms


def _steps(snapshot: Snapshot, people: pd.DataFrame) -> pd.DataFrame:
    submissions = snapshot.submissions
    started = _pairs(submissions)
    submitted = _pairs(submissions[submissions["submitted_at"].notna()])
    invited = _pairs(snapshot.invitations[snapshot.invitations["sent"].astype(bool)])
    waves = [wave.id for wave in snapshot.study.waves]
    steps = pd.DataFrame(
        [(person, wave) for wave in waves for person in people.index],
        columns=["participant", "wave"],
    )
    pairs = pd.MultiIndex.from_frame(steps)
    steps["school"] = steps["participant"].map(people["school"])
    steps["arm"] = steps["participant"].map(people["arm"])
    steps["turnover"] = steps["participant"].map(people["turnover"])
    # Whoever answered was invited, even where the letter is not on record.
    steps["started"] = pairs.isin(started)
    steps["submitted"] = pairs.isin(submitted)
    steps["invited"] = pairs.isin(invited) | steps["started"]
    steps["withdrawn"] = steps["participant"].map(people["withdrawn"]).astype(bool)
    steps["analysed"] = steps["submitted"] & ~steps["withdrawn"]
    return steps


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["participant", "wave"]].drop_duplicates())


def _scores(snapshot: Snapshot, people: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    analysed = pd.MultiIndex.from_frame(steps.loc[steps["analysed"], ["participant", "wave"]])
    submissions = snapshot.submissions[snapshot.submissions["submitted_at"].notna()]
    submissions = submissions.sort_values("submitted_at", kind="stable")
    submissions = submissions.drop_duplicates(["participant", "wave"], keep="last").sort_index()
    chosen = submissions[
        pd.MultiIndex.from_frame(submissions[["participant", "wave"]]).isin(analysed)
    ]
    chosen = chosen[chosen.index.isin(snapshot.answers.index)]
    rows = chosen[["participant", "wave"]].copy()
    for column in ("school", "authority", "arm"):
        rows[column] = rows["participant"].map(people[column])
    parts = [
        score(answers_to(instrument, snapshot, chosen.index), instrument).values
        for instrument in delivered_instruments(snapshot)
    ]
    return pd.concat([rows, *parts], axis=1)
