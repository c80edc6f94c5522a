"""What a report is made from: one frozen copy of a study's data, with its facts and its plan.

This module imports neither pandas nor the instruments at run time, so that whoever only
fills or passes on a snapshot stays light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from reports.errors import ReportsError

if TYPE_CHECKING:
    import pandas as pd

    from instruments.model import Instrument
    from reports.plan import Plan

SCHOOL_COLUMNS = ("authority", "eligible", "exclusion", "arm")
PARTICIPANT_COLUMNS = ("school", "role", "withdrawn", "turnover")
TURNOVER = ("stayer", "joiner", "leaver")
INVITATION_COLUMNS = ("participant", "wave", "sent")
SUBMISSION_COLUMNS = (
    "participant",
    "wave",
    "started_at",
    "submitted_at",
    "after_allocation",
    "seconds_per_item",
    "version",
)
COMMENT_COLUMNS = ("submission", "question", "released", "words")
CODING_COLUMNS = ("comment", "code", "coder")
SUPERVISION = "supervision"
SESSION_COLUMNS = ("school", "part", "planned_on", "offered", "attended", "model")


class SnapshotError(ReportsError):
    """A snapshot that contradicts itself, so that no report may be made from it.

    Attributes
    ----------
    faults : tuple of str
        Every contradiction found, one sentence each.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence about the study, how far it was verified in words, and where it was read."""

    text: str
    tag: str
    source: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something outside the study that its results must be read with, dated and tagged."""

    title: str
    on: date
    tag: str
    source: str


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """One occasion of measurement."""

    id: str
    title: str
    opens_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class ModelDelivered:
    """What was delivered under the name of an arm, and between which days (both included)."""

    arm: str
    model: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One version of what a wave asks: its seal, since when and why, and what it added in words."""

    wave: str
    number: int
    sha256: str
    frozen_at: datetime
    because: str = ""
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sharing:
    """What spans arms: trusts with schools in several, people who work in or moved between them.

    Attributes
    ----------
    people, schools : int
        Whoever works at schools of several arms now, or moved between arms after the schools
        were randomised; and the schools they did so at.
    """

    trusts: int = 0
    people: int = 0
    schools: int = 0


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What the report says about the study that is not a number.

    Attributes
    ----------
    arms : tuple of str
        Labels in the order of the report's columns; masked, these are "Arm A", "Arm B".
    reference_arm : str
        The label every difference is taken from: the control arm when unmasked, the first
        label when masked. "" when the study has no arms to compare.
    open_questions : mapping of str to str
        Question id to its text, for every open question of the study.
    arm_specific_questions : frozenset of str
        Open questions asked of some arms only. They are left out of a masked report, because
        who answers them would show which arm is which.
    own_items : mapping of str to str
        Question id to its text, for every question of the study's own that offers choices.
    sessions_planned : int
        Supervision sessions that the study plans for each school of a supervised arm, whatever
        is on record; 0 when masked.
    supervised_arms : tuple of str
        Labels of the arms that are offered supervision; empty when masked.
    parts_delivered : tuple of (str, str, int)
        Id, label and number planned a school of each other part of the intervention; empty when
        masked.
    models_delivered : tuple of ModelDelivered
        The dated models of each supervised arm, kept apart from the arm; empty when masked.
    authority_measures : mapping of str to str
        The counts that authorities hold of schools: each column of them to its label.
    """

    slug: str
    title: str
    summary: str
    disclaimer: str
    facts: tuple[Fact, ...]
    events: tuple[Event, ...]
    waves: tuple[WaveFacts, ...]
    arms: tuple[str, ...]
    reference_arm: str
    open_questions: Mapping[str, str] = field(default_factory=dict)
    arm_specific_questions: frozenset[str] = frozenset()
    own_items: Mapping[str, str] = field(default_factory=dict)
    sessions_planned: int = 0
    supervised_arms: tuple[str, ...] = ()
    parts_delivered: tuple[tuple[str, str, int], ...] = ()
    models_delivered: tuple[ModelDelivered, ...] = ()
    authority_measures: Mapping[str, str] = field(default_factory=dict)

    def wave_title(self, wave: str) -> str:
        """Give the title of a wave, or its id where the study does not name it."""
        return next((facts.title for facts in self.waves if facts.id == wave), wave)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A study's data at one moment, with what is needed to report on them.

    Nothing in it names a person or a school: both carry codes made for this snapshot.

    Attributes
    ----------
    masked : bool
        True while arms are shown by letters.
    made_at : datetime
        When the data were copied; aware, UTC. Every date in the document comes from here.
    schools : DataFrame, one row a school, index the school's code ("S001")
        authority (str), eligible (bool), exclusion (str, "" where eligible), arm (label, or
        None where the school is not allocated).
    participants : DataFrame, one row a participant, index a code ("P0001")
        school, role, withdrawn (bool), turnover ("stayer": in the role when the schools were
        randomised, and still; "joiner": came later, or in the place of somebody; "leaver": has
        left the role since, whenever they came).
    invitations : DataFrame, one row a participant and wave
        participant, wave, sent (bool).
    submissions : DataFrame, one row a submission, index an integer
        participant, wave, started_at, submitted_at (NaT where not submitted),
        after_allocation (bool: submitted after the schools were allocated), seconds_per_item
        (float: the median time one choice took, NaN where it is not known), version (int: the
        number of the version of the wave's questionnaire that was answered).
    answers : DataFrame, one row a submission, same index as submissions
        One int8 column an item; codes of `instruments.missing` where there is no answer.
    comments : DataFrame, one row a comment, index the comment
        submission, question, released (bool: redacted and open to coders), words (int).
    codings : DataFrame, one row a coding
        comment, code (label), coder (pseudonym).
    sessions : DataFrame, one row a supervision session; empty when masked
        school, part ("supervision", or the id of another part of the intervention),
        planned_on, offered (bool), attended (bool), model.
    provenance : mapping of str to str
        Versions, hashes and seeds, printed on the last page in the order given.
    sharing : Sharing
        What arms have in common, by which one may have reached the other.
    versions : tuple of VersionFacts
        Every version of every wave's questionnaire that was in use, oldest first in each wave.
    authority_counts : DataFrame or None, one row a school and month
        school, month (its first day), before (bool: until supervision began), and one float
        column a measure of the study, NaN where the authority gave no count.
    """

    study: StudyFacts
    masked: bool
    made_at: datetime
    plan: Plan
    instruments: Mapping[str, Instrument]
    schools: pd.DataFrame
    participants: pd.DataFrame
    invitations: pd.DataFrame
    submissions: pd.DataFrame
    answers: pd.DataFrame
    comments: pd.DataFrame
    codings: pd.DataFrame
    sessions: pd.DataFrame
    provenance: Mapping[str, str]
    versions: tuple[VersionFacts, ...] = ()
    sharing: Sharing = Sharing()
    authority_counts: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        faults = (*self._missing_columns(), *self._unmasked_traces())
        if not faults:
            faults = self._broken_links()
        if faults:
            raise SnapshotError(faults)

    @property
    def supervision(self) -> pd.DataFrame:
        """The sessions of supervision, without other parts of the intervention."""
        return self.sessions[self.sessions["part"] == SUPERVISION]

    def _missing_columns(self) -> tuple[str, ...]:
        asked = {
            "schools": (self.schools, SCHOOL_COLUMNS),
            "participants": (self.participants, PARTICIPANT_COLUMNS),
            "invitations": (self.invitations, INVITATION_COLUMNS),
            "submissions": (self.submissions, SUBMISSION_COLUMNS),
            "comments": (self.comments, COMMENT_COLUMNS),
            "codings": (self.codings, CODING_COLUMNS),
            "sessions": (self.sessions, SESSION_COLUMNS),
        }
        return tuple(
            f"{name}: found no column {column!r}; expected {', '.join(columns)}"
            for name, (rows, columns) in asked.items()
            for column in columns
            if column not in rows.columns
        )

    def _unmasked_traces(self) -> tuple[str, ...]:
        if self.masked and len(self.sessions):
            return (
                f"sessions: found {len(self.sessions)} in a masked snapshot; expected none, "
                "because sessions show which arm was supervised",
            )
        return ()

    def _broken_links(self) -> tuple[str, ...]:
        links = (
            ("participants.school", self.participants["school"], self.schools.index),
            ("invitations.participant", self.invitations["participant"], self.participants.index),
            ("submissions.participant", self.submissions["participant"], self.participants.index),
            ("answers", self.answers.index.to_series(), self.submissions.index),
            ("comments.submission", self.comments["submission"], self.submissions.index),
            ("codings.comment", self.codings["comment"], self.comments.index),
            ("sessions.school", self.sessions["school"], self.schools.index),
            ("schools.arm", self.schools["arm"].dropna(), self.study.arms),
        )
        return tuple(
            f"{name}: found {len(strangers)} that lead nowhere; first: {strangers.iloc[0]!r}"
            for name, values, known in links
            if len(strangers := values[~values.isin(known)])
        )
