"""A study's rows, copied into the frozen tables that a report is made from.

While the study is masked nothing that tells the arms apart leaves the record: arms are letters, and
the sessions, the questions asked of one arm only and the randomisation's seed stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import metadata

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Executable, exists, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from instruments.missing import NOT_ANSWERED, NOT_ASKED
from instruments.questionnaire import InstrumentPart, Questionnaire
from reports.snapshot import (
    Event,
    Fact,
    ModelDelivered,
    Sharing,
    Snapshot,
    StudyFacts,
    VersionFacts,
    WaveFacts,
)
from survey_app.database.models import (
    Allocation,
    Authority,
    Code,
    Coding,
    Comment,
    Invitation,
    LateAllocation,
    Letter,
    Membership,
    Participant,
    QuestionnaireVersion,
    Randomisation,
    Response,
    School,
    SchoolMonth,
    Study,
    Submission,
    SupervisionSession,
    WaveChange,
)
from survey_app.database.models.delivery import ATTENDED, OFFERED
from survey_app.database.queries.authority_counts import is_latest
from survey_app.database.queries.invitations import has_begun
from survey_app.database.queries.people import counts, randomised_on_or, standing_since
from survey_app.database.queries.waves import wave_changes
from survey_app.datasets.asked import asked_columns
from survey_app.datasets.times import seconds_per_item
from survey_app.trial import study_file
from survey_app.trial.arm_names import ArmNames, asked_of_some, name_arms, sizes_would_tell
from survey_app.trial.authority_months import MEASURES, period_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.letter_kinds import POSTED
from survey_app.version import VERSION

# Stands for the study as it is now, in the place of a version.
_NOW = 0
_MODELS = {"one_to_one": "one-to-one", "group": "group"}
_LIBRARIES = ("numpy", "pandas", "scipy", "pingouin", "matplotlib", "weasyprint")


@dataclass(frozen=True, slots=True)
class AskedAs:
    """One version of a wave's questionnaire, with the study as it was read then."""

    version: QuestionnaireVersion
    definition: StudyDefinition


def build_snapshot(
    session: Session,
    *,
    study: Study,
    definition: StudyDefinition,
    versions: Sequence[AskedAs],
    at: datetime,
) -> Snapshot:
    """Copy all that a report needs; masked until the study's arms are released. Reads only.

    Each submission counts by the version of the questionnaire that it answered; `definition` is the
    study as it is now.
    """
    randomisation = session.scalar(select(Randomisation).where(Randomisation.study_id == study.id))
    is_released = study.unmasked_at is not None
    tells = not is_released and sizes_would_tell(definition)
    arms = name_arms(
        definition,
        mask=randomisation.mask if randomisation and not tells else {},
        is_released=is_released,
    )
    schools = _schools(session, study, arms)
    submissions = _submissions(session, study, randomisation)
    questions = _Questions(definition, versions, arms)
    comments = _comments(session, study, submissions, questions)
    return Snapshot(
        study=_facts(definition, arms, questions),
        masked=arms.masked,
        made_at=at,
        plan=definition.plan,
        instruments={
            name: definition.catalogue[name]
            for wave in definition.waves
            for name in wave.instruments()
        },
        versions=_versions(definition, [each.version for each in versions], questions),
        schools=schools,
        participants=_participants(
            session,
            study,
            first_day=randomised_on_or(session, study, otherwise=definition.waves[0].closes_on),
        ),
        invitations=_invitations(session, study),
        submissions=submissions.drop(columns=["arm", "questionnaire"]),
        answers=_answers(session, study, submissions, questions),
        comments=comments,
        codings=_codings(session, study, comments),
        sessions=_sessions(session, study, arms),
        sharing=_sharing(session, study),
        authority_counts=_authority_counts(session, study, definition),
        provenance=_provenance(
            study,
            definition,
            randomisation,
            arms,
            [each.version for each in versions],
            wave_changes(session, study),
        ),
    )


class _Questions:
    """Which questions each version of each wave's questionnaire asks of whom.

    What is not frozen yet is asked as the study is now.
    """

    def __init__(
        self,
        definition: StudyDefinition,
        versions: Sequence[AskedAs],
        arms: ArmNames,
    ) -> None:
        self._asked: dict[tuple[int, str, str], Questionnaire] = {}
        texts: dict[str, str] = {}
        of_some: set[str] = set()
        choices: dict[str, None] = {}
        own_items: dict[str, str] = {}
        occasions = [(_NOW, wave.id, definition) for wave in definition.waves]
        occasions += [(each.version.id, each.version.wave, each.definition) for each in versions]
        for version, wave, as_it_was in occasions:
            everyone = self._asked[version, wave, ""] = as_it_was.questionnaire(wave, None)
            for arm in as_it_was.arms:
                asked = self._asked[version, wave, arm.id] = as_it_was.questionnaire(wave, arm.id)
                of_some |= asked_of_some(asked, everyone)
                texts |= {q.id: q.text for q in asked.questions() if q.kind == "text"}
                choices |= dict.fromkeys(q.id for q in asked.questions() if q.kind == "choice")
                own_items |= {
                    q.id: q.text
                    for q in asked.questions()
                    if q.kind == "choice" and q.instrument is None
                }
        hidden = of_some if arms.masked else set()
        self.of_some_arms = frozenset(of_some & texts.keys())
        self.texts = {name: text for name, text in texts.items() if name not in hidden}
        self.own_items = {name: text for name, text in own_items.items() if name not in hidden}
        self.all_choices = list(choices)
        self.choices = [name for name in choices if name not in hidden]

    def asked_at(self, version: int, wave: str, arm: str) -> Questionnaire:
        return self._asked[version, wave, arm]

    def added_by(self, version: QuestionnaireVersion, earlier: QuestionnaireVersion) -> set[str]:
        """The questions that a version asks of anybody and an earlier one did not."""
        now, before = (
            {
                question.id
                for (number, _, _), asked in self._asked.items()
                if number == each.id
                for question in asked.questions()
            }
            for each in (version, earlier)
        )
        return (now - before) & {*self.choices, *self.texts}


def _rows(session: Session, statement: Executable, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([tuple(row) for row in session.execute(statement)], columns=columns)


def _schools(session: Session, study: Study, arms: ArmNames) -> pd.DataFrame:
    statement = (
        select(School.code, Authority.name, School.exclusion, Allocation.arm)
        .join(Authority, Authority.id == School.authority_id)
        .outerjoin(Allocation, Allocation.school_id == School.id)
        .where(School.study_id == study.id, School.merged_into_id.is_(None))
        .order_by(School.code)
    )
    schools = _rows(session, statement, ["school", "authority", "exclusion", "arm"])
    schools["eligible"] = schools["exclusion"] == ""
    schools["arm"] = pd.Series(
        [arms.labels.get(arm) for arm in schools["arm"]], index=schools.index, dtype=object
    )
    return schools.set_index("school")[["authority", "eligible", "exclusion", "arm"]]


def _participants(session: Session, study: Study, *, first_day: date) -> pd.DataFrame:
    statement = (
        select(
            Participant.code,
            School.code,
            Participant.role,
            Participant.withdrawn_at,
            standing_since(first_day),
        )
        .join(School, School.id == Participant.school_id)
        .where(Participant.study_id == study.id, counts())
        .order_by(Participant.code)
    )
    people = _rows(session, statement, ["participant", "school", "role", "withdrawn", "turnover"])
    people["withdrawn"] = people["withdrawn"].notna()
    return people.set_index("participant")


def _sharing(session: Session, study: Study) -> Sharing:
    """Count what spans arms; which arms these are is no part of it."""
    arms_of_a_trust = (
        select(School.trust)
        .join(Allocation, Allocation.school_id == School.id)
        .where(School.study_id == study.id, School.trust != "")
        .group_by(School.trust)
        .having(func.count(Allocation.arm.distinct()) > 1)
        .subquery()
    )
    now_at = (
        select(Membership.participant_id, Membership.school_id, Allocation.arm)
        .join(Allocation, Allocation.school_id == Membership.school_id)
        .where(Membership.study_id == study.id, Membership.until_on.is_(None))
    )
    before, after = aliased(Participant), aliased(Participant)
    moved = [
        select(after.id, of.school_id, Allocation.arm)
        .join(before, before.id == after.came_from_id)
        .join(Allocation, Allocation.school_id == of.school_id)
        .where(after.study_id == study.id)
        for of in (before, after)
    ]
    places = _rows(session, union(now_at, *moved), ["person", "school", "arm"])
    n_arms = places.groupby("person")["arm"].transform("nunique")
    spanning = places[n_arms > 1]
    return Sharing(
        trusts=session.scalar(select(func.count()).select_from(arms_of_a_trust)) or 0,
        people=int(spanning["person"].nunique()),
        schools=int(spanning["school"].nunique()),
    )


def _invitations(session: Session, study: Study) -> pd.DataFrame:
    # Whoever had no email that arrived may have had a letter by post.
    sent = exists().where(
        Letter.invitation_id == Invitation.id,
        or_(
            (Letter.kind == "invitation") & (Letter.state == "sent"),
            (Letter.kind == POSTED) & (Letter.state == "printed"),
        ),
    )
    statement = (
        select(Participant.code, Invitation.wave, sent)
        .join(Participant, Participant.id == Invitation.participant_id)
        .where(Invitation.study_id == study.id, counts())
        .order_by(Invitation.id)
    )
    invitations = _rows(session, statement, ["participant", "wave", "sent"])
    return invitations.astype({"sent": bool})


def _submissions(
    session: Session, study: Study, randomisation: Randomisation | None
) -> pd.DataFrame:
    statement = (
        select(
            Submission.id,
            Participant.code,
            Submission.wave,
            Submission.started_at,
            Submission.submitted_at,
            Allocation.arm,
            func.coalesce(Submission.questionnaire_id, _NOW),
            func.coalesce(QuestionnaireVersion.number, 1),
            LateAllocation.allocated_at,
        )
        .join(Participant, Participant.id == Submission.participant_id)
        .outerjoin(QuestionnaireVersion, QuestionnaireVersion.id == Submission.questionnaire_id)
        .outerjoin(Allocation, Allocation.school_id == Participant.school_id)
        .outerjoin(
            LateAllocation,
            (LateAllocation.study_id == Allocation.study_id)
            & (LateAllocation.number == Allocation.act),
        )
        .where(Submission.study_id == study.id, has_begun(), counts())
        .order_by(Submission.id)
    )
    columns = ["submission", "participant", "wave", "started_at", "submitted_at", "arm"]
    columns += ["questionnaire", "version", "late_at"]
    submissions = _rows(session, statement, columns).set_index("submission")
    for column in ("started_at", "submitted_at", "late_at"):
        submissions[column] = pd.to_datetime(submissions[column], utc=True)
    if randomisation is not None:
        # A school that came late was allocated later than the others; one that waits, not yet.
        allocated_at = submissions["late_at"].fillna(randomisation.allocated_at)
        submissions["after_allocation"] = submissions["arm"].notna() & (
            submissions["submitted_at"] > allocated_at
        )
    else:
        submissions["after_allocation"] = False
    submissions = submissions.drop(columns="late_at")
    submissions["seconds_per_item"] = seconds_per_item(
        session, study=study, started_at=submissions["started_at"]
    )
    return submissions


def _answers(
    session: Session, study: Study, submissions: pd.DataFrame, questions: _Questions
) -> pd.DataFrame:
    columns = pd.Index(questions.all_choices)
    table = np.full((len(submissions), len(columns)), NOT_ASKED, dtype=np.int8)
    groups = _asked_alike(submissions, questions)
    for rows, questionnaire in groups:
        asked = [q.id for q in questionnaire.questions() if q.kind == "choice"]
        table[np.ix_(rows, columns.get_indexer(pd.Index(asked)))] = NOT_ANSWERED
    statement = (
        select(Response.submission_id, Response.item, Response.value)
        .join(Submission, Submission.id == Response.submission_id)
        .where(Submission.study_id == study.id)
    )
    given = _rows(session, statement, ["submission", "item", "value"])
    # A visit that counts as none has responses too: those of blank pages.
    given = given[given["item"].isin(columns) & given["submission"].isin(submissions.index)]
    table[
        submissions.index.get_indexer(pd.Index(given["submission"])),
        columns.get_indexer(pd.Index(given["item"])),
    ] = given["value"].to_numpy(dtype=np.int8)
    if any(questionnaire.is_routed for _, questionnaire in groups):
        _take_out_what_is_not_asked(table, columns, groups, _written(session, study, submissions))
    answers = pd.DataFrame(table, index=submissions.index, columns=columns)
    return answers[questions.choices]


def _asked_alike(
    submissions: pd.DataFrame, questions: _Questions
) -> list[tuple[npt.NDArray[np.intp], Questionnaire]]:
    """The places of the submissions that got one questionnaire, with it."""
    kinds = list(
        zip(
            submissions["questionnaire"],
            submissions["wave"],
            submissions["arm"].fillna(""),
            strict=True,
        )
    )
    return [
        (np.flatnonzero([kind == wanted for kind in kinds]), questions.asked_at(*wanted))
        for wanted in dict.fromkeys(kinds)
    ]


def _take_out_what_is_not_asked(
    table: npt.NDArray[np.int8],
    columns: pd.Index,
    groups: list[tuple[npt.NDArray[np.intp], Questionnaire]],
    written: pd.DataFrame,
) -> None:
    for rows, questionnaire in groups:
        asked = asked_columns(
            questionnaire,
            values={name: table[rows, place] for place, name in enumerate(columns)},
            written={name: written[name].to_numpy()[rows] for name in written.columns},
            n_rows=len(rows),
        )
        for place, name in enumerate(columns):
            if name in asked:
                table[rows[~asked[name]], place] = NOT_ASKED


def _written(session: Session, study: Study, submissions: pd.DataFrame) -> pd.DataFrame:
    """Which open questions were answered with words: one row a submission, one column each."""
    statement = select(Comment.submission_id, Comment.question).where(
        Comment.study_id == study.id, Comment.body != ""
    )
    written = _rows(session, statement, ["submission", "question"])
    return (
        pd.crosstab(written["submission"], written["question"])
        .reindex(submissions.index, fill_value=0)
        .astype(bool)
    )


def _comments(
    session: Session, study: Study, submissions: pd.DataFrame, questions: _Questions
) -> pd.DataFrame:
    statement = (
        select(
            Comment.id,
            Comment.submission_id,
            Comment.question,
            Comment.released_at,
            Comment.n_words,
        )
        .where(Comment.study_id == study.id, Comment.body != "", Comment.not_asked.is_(False))
        .order_by(Comment.id)
    )
    columns = ["comment", "submission", "question", "released", "words"]
    comments = _rows(session, statement, columns).set_index("comment")
    comments["released"] = comments["released"].notna()
    comments = comments.astype({"words": int})
    submitted = submissions.index[submissions["submitted_at"].notna()]
    return comments[
        comments["submission"].isin(submitted) & comments["question"].isin(list(questions.texts))
    ]


def _codings(session: Session, study: Study, comments: pd.DataFrame) -> pd.DataFrame:
    statement = (
        select(Coding.comment_id, Code.label, Coding.staff_id)
        .join(Code, Code.id == Coding.code_id)
        .where(Code.study_id == study.id)
        .order_by(Coding.comment_id, Code.position, Coding.staff_id)
    )
    codings = _rows(session, statement, ["comment", "code", "coder"])
    coders = {staff: f"Coder {n}" for n, staff in enumerate(sorted(set(codings["coder"])), 1)}
    codings["coder"] = pd.Series(
        [coders[staff] for staff in codings["coder"]], index=codings.index, dtype=object
    )
    return codings[codings["comment"].isin(comments.index)].reset_index(drop=True)


def _sessions(session: Session, study: Study, arms: ArmNames) -> pd.DataFrame:
    columns = ["school", "part", "planned_on", "offered", "attended", "model"]
    if arms.masked:
        return pd.DataFrame(columns=columns)
    meeting = SupervisionSession
    statement = (
        select(
            School.code,
            meeting.part,
            meeting.planned_on,
            meeting.outcome.in_(OFFERED),
            meeting.outcome == ATTENDED,
            meeting.model,
        )
        .join(School, School.id == meeting.school_id)
        .where(meeting.study_id == study.id)
        .order_by(School.code, meeting.part, meeting.number)
    )
    sessions = _rows(session, statement, columns).astype({"offered": bool, "attended": bool})
    sessions["model"] = pd.Series(
        [_models_in_words(models) for models in sessions["model"]],
        index=sessions.index,
        dtype=object,
    )
    return sessions


def _authority_counts(session: Session, study: Study, definition: StudyDefinition) -> pd.DataFrame:
    columns = [getattr(SchoolMonth, name) for name in MEASURES]
    statement = (
        select(School.code, SchoolMonth.month, *columns)
        .join(School, School.id == SchoolMonth.school_id)
        .where(SchoolMonth.study_id == study.id, is_latest(study.id))
        .order_by(School.code, SchoolMonth.month)
    )
    counts = _rows(session, statement, ["school", "month", *MEASURES])
    counts = counts.astype(dict.fromkeys(MEASURES, float))
    began = period_of(definition).supervised_from
    counts.insert(2, "before", [month < began for month in counts["month"]])
    return counts.astype({"before": bool})


def _models_in_words(models: str) -> str:
    return " and ".join(_MODELS[model] for model in models.split(" and ") if model in _MODELS)


def _facts(definition: StudyDefinition, arms: ArmNames, questions: _Questions) -> StudyFacts:
    return StudyFacts(
        slug=definition.slug,
        title=definition.title,
        summary=definition.study.summary,
        disclaimer=_disclaimer(definition),
        facts=tuple(Fact(f.text, f.tag, f.source) for f in definition.facts),
        events=tuple(
            Event(_event_title(definition, e), e.on, e.tag, e.source) for e in definition.events
        ),
        waves=tuple(WaveFacts(w.id, w.title, w.opens_on, w.closes_on) for w in definition.waves),
        arms=tuple(arms.labels.values()),
        reference_arm=arms.reference,
        open_questions=questions.texts,
        own_items=questions.own_items,
        arm_specific_questions=questions.of_some_arms & questions.texts.keys(),
        sessions_planned=0 if arms.masked else definition.sessions.planned,
        supervised_arms=() if arms.masked else _supervised(definition, arms),
        authority_measures=MEASURES,
        parts_delivered=()
        if arms.masked
        else tuple((part.id, part.label, part.planned) for part in definition.sessions.other_parts),
        models_delivered=() if arms.masked else _models_delivered(definition, arms),
    )


def _versions(
    definition: StudyDefinition, versions: Sequence[QuestionnaireVersion], questions: _Questions
) -> tuple[VersionFacts, ...]:
    """The versions of each questionnaire, in the order of the waves, with what each added."""
    facts = []
    for wave in definition.waves:
        of_wave = [version for version in versions if version.wave == wave.id]
        for earlier, version in zip([None, *of_wave], of_wave, strict=False):
            added = questions.added_by(version, earlier) if earlier else set()
            facts.append(
                VersionFacts(
                    wave=wave.id,
                    number=version.number,
                    sha256=version.sha256,
                    frozen_at=version.frozen_at,
                    because=version.because,
                    added=tuple(_named(added, wave, definition)),
                )
            )
    return tuple(facts)


def _named(added: set[str], wave: study_file.Wave, definition: StudyDefinition) -> Iterator[str]:
    for part in wave.questionnaire:
        if isinstance(part, InstrumentPart):
            instrument = definition.catalogue[part.instrument]
            if added.intersection(item.id for item in instrument.items):
                yield instrument.short_title
        elif part.id in added:
            yield f"“{part.text}”"


def _supervised(definition: StudyDefinition, arms: ArmNames) -> tuple[str, ...]:
    return tuple(
        arms.labels[arm.id]
        for arm in definition.arms
        if any(each.model != "usual_support" for each in arm.delivered)
    )


def _models_delivered(definition: StudyDefinition, arms: ArmNames) -> tuple[ModelDelivered, ...]:
    return tuple(
        ModelDelivered(arms.labels[arm.id], _MODELS[each.model], each.starts_on, each.ends_on)
        for arm in definition.arms
        for each in arm.delivered
        if each.model in _MODELS
    )


def _disclaimer(definition: StudyDefinition) -> str:
    note = definition.study.questionnaire_note.strip()
    if not definition.shifted_by_days:
        return note
    return (
        f"{note} This is a demonstration: every school, person and answer in it is invented, and "
        f"its dates are moved by {definition.shifted_by_days:,} days."
    )


def _event_title(definition: StudyDefinition, event: study_file.Event) -> str:
    if not definition.shifted_by_days:
        return event.title
    real = event.on - timedelta(days=definition.shifted_by_days)
    return f"{event.title}, in truth {real.day} {real:%B %Y}"


def _provenance(
    study: Study,
    definition: StudyDefinition,
    randomisation: Randomisation | None,
    arms: ArmNames,
    versions: Sequence[QuestionnaireVersion],
    changes: Sequence[WaveChange],
) -> dict[str, str]:
    facts = {"This program": VERSION, "Study definition (SHA-256)": study.definition_sha256}
    for version in versions:
        name = f"Questionnaire of {definition.wave(version.wave).title}, version {version.number}"
        facts[f"{name} (SHA-256)"] = version.sha256
    for number, change in enumerate(reversed(changes), start=1):
        # The reason is in somebody's own words, which may name what an arm was given.
        because = "" if arms.masked else f": {change.because}"
        facts[f"Days of {definition.wave(change.wave).title}, change {number}"] = (
            f"{change.opened_on} to {change.closed_on} became {change.opens_on} to "
            f"{change.closes_on}{because}"
        )
    for name, sha256 in sorted(study.instruments.items()):
        instrument = definition.catalogue[name]
        facts[f"{instrument.short_title}, version {instrument.version} (SHA-256)"] = sha256
    if definition.shifted_by_days:
        facts["Dates moved, for the demonstration, by days"] = str(definition.shifted_by_days)
    if randomisation is not None:
        facts["Roster at randomisation (SHA-256)"] = randomisation.roster_sha256
        if randomisation.source:
            facts["Allocation"] = f"Made elsewhere and imported: {randomisation.source}"
        if not arms.masked:
            # Whoever guessed at the seed could see by the seal that they were right.
            facts["Allocation, sealed (SHA-256)"] = randomisation.allocation_sha256
            facts["Seed of the randomisation"] = randomisation.seed
    facts["Seed of the analysis"] = str(definition.plan.seed)
    return facts | {library: metadata.version(library) for library in _LIBRARIES}
