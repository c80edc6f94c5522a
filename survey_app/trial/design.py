"""A study as the rest of the service sees it: read from its file, checked, and able to be moved."""

# Annotations here are read by pydantic when the classes are made.
import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel

from instruments.catalogue import load_catalogue
from instruments.errors import DefinitionError, Fault
from instruments.model import Instrument
from instruments.questionnaire import Questionnaire, compile_questionnaire
from instruments.reader import read_toml_strictly
from survey_app.trial.partial_reading import read_what_is_sound
from survey_app.trial.study_checks import faults_between_tables
from survey_app.trial.study_file import Arm, StudyFile, Wave

TABLES_THAT_MOVE = (
    *("arms", "allocation", "waves", "school_holidays", "sessions", "authority_counts", "events"),
    "plan",
)

Named = TypeVar("Named", Arm, Wave)


class StudyDefinition(StudyFile):
    """A study that was read and found sound, with the text it was read from."""

    source: str
    file: str
    shifted_by_days: int = 0
    catalogue: Mapping[str, Instrument]
    """The instruments it was read with: those frozen for it, and for the rest the program's."""

    @property
    def slug(self) -> str:
        """The study's name in addresses and commands."""
        return self.study.slug

    @property
    def title(self) -> str:
        """The study's full title."""
        return self.study.title

    @property
    def sha256(self) -> str:
        """The seal of the source text; a shifted study keeps the seal of the file it came from."""
        return _sealed(self.source)

    @property
    def control_arm(self) -> Arm:
        """The arm that the others are compared with."""
        return next(arm for arm in self.arms if arm.control)

    def wave(self, wave_id: str) -> Wave:
        """The wave of this id; KeyError with the known ids where there is none."""
        return _named(self.waves, wave_id, "wave")

    def arm(self, arm_id: str) -> Arm:
        """The arm of this id; KeyError with the known ids where there is none."""
        return _named(self.arms, arm_id, "arm")

    def questionnaire(self, wave_id: str, arm: str | None) -> Questionnaire:
        """What a person is asked at a wave; the arm is None until the school is allocated."""
        wave = self.wave(wave_id)
        if arm is not None:
            self.arm(arm)
        return compile_questionnaire(
            wave.questionnaire,
            self.catalogue,
            arm=arm,
            prefer_not_to_say=wave.prefer_not_to_say,
        )

    def eligible(self, phase: str, mainstream: bool) -> bool:
        """Whether a school can be randomised: mainstream, and of a phase of this study."""
        return mainstream and phase in self.study.phases

    def shifted(self, days: int) -> "StudyDefinition":
        """The same study with every planned date moved; what is known of the trial stays put."""
        moved = {name: _moved(getattr(self, name), days) for name in TABLES_THAT_MOVE}
        return self.model_copy(update={**moved, "shifted_by_days": self.shifted_by_days + days})

    def with_wave_days(self, days: Mapping[str, tuple[date, date]]) -> "StudyDefinition":
        """The same study with these waves open from another day, and to another."""
        if not days:
            return self
        waves = tuple(
            wave.model_copy(update=dict(zip(("opens_on", "closes_on"), days[wave.id], strict=True)))
            if wave.id in days
            else wave
            for wave in self.waves
        )
        return self.model_copy(update={"waves": waves})


def read_study(
    text: str,
    file: str,
    shifted_by_days: int = 0,
    *,
    catalogue: Mapping[str, Instrument] | None = None,
) -> StudyDefinition:
    """The study that the text defines, moved by so many days; with the program's instruments.

    Raises DefinitionError with every fault: of form in each table, and of sense between all that
    can be read.
    """
    known = load_catalogue() if catalogue is None else catalogue
    try:
        study = read_toml_strictly(text, StudyFile, file=file)
    except DefinitionError as error:
        raise DefinitionError([*error.faults, *_faults_of_sense(text, file, known)]) from error
    faults = tuple(faults_between_tables(study, known, file))
    if faults:
        raise DefinitionError(faults)
    return _defined(study, text, file, known).shifted(shifted_by_days)


def read_accepted_study(
    text: str, file: str, shifted_by_days: int, *, catalogue: Mapping[str, Instrument]
) -> StudyDefinition:
    """A study that was checked when it was loaded; what is checked today does not bear on it."""
    study = read_toml_strictly(text, StudyFile, file=file)
    return _defined(study, text, file, catalogue).shifted(shifted_by_days)


def _defined(
    study: StudyFile, text: str, file: str, catalogue: Mapping[str, Instrument]
) -> StudyDefinition:
    return StudyDefinition.model_construct(
        **{name: getattr(study, name) for name in StudyFile.model_fields},
        source=text,
        file=file,
        catalogue=catalogue,
    )


@cache
def ready_made_sources() -> Mapping[str, str]:
    """The texts of the studies that ship with the service, by slug, which names the file."""
    folder = resources.files("survey_app") / "studies"
    texts = {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    return MappingProxyType(dict(sorted(texts.items())))


@cache
def load_ready_made() -> Mapping[str, StudyDefinition]:
    """The studies that ship with the service, by slug.

    Raises DefinitionError when any cannot be read, as where an instrument that it uses was taken
    away; `ready_made_sources` has the texts of the others.
    """
    return MappingProxyType(
        {slug: read_study(text, f"{slug}.toml") for slug, text in ready_made_sources().items()}
    )


@lru_cache(maxsize=128)
def _sealed(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


def _named(things: tuple[Named, ...], wanted: str, kind: str) -> Named:
    for thing in things:
        if thing.id == wanted:
            return thing
    known = ", ".join(thing.id for thing in things)
    raise KeyError(f"the study has no {kind} {wanted!r}; it has {known}")


def _moved(value: Any, days: int) -> Any:
    if isinstance(value, date):
        return value + timedelta(days=days)
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return value.model_copy(
            update={name: _moved(getattr(value, name), days) for name in fields}
        )
    if isinstance(value, tuple):
        return tuple(_moved(entry, days) for entry in value)
    return value


def _faults_of_sense(
    text: str, file: str, catalogue: Mapping[str, Instrument]
) -> tuple[Fault, ...]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ()
    partial = read_what_is_sound(StudyFile, data)
    return tuple(faults_between_tables(partial, catalogue, file))
