"""Which version of a wave's questionnaire the figures rest on, where there is more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.formatting import counted, day, listed, sentence

if TYPE_CHECKING:
    from reports.evidence import Evidence
    from reports.snapshot import VersionFacts


def version_sentences(evidence: Evidence) -> tuple[str, ...]:
    """Give, of each wave asked in several versions, who answered which and what each added."""
    return tuple(_whole(evidence, wave, versions) for wave, versions in _in_play(evidence).items())


def version_notes(evidence: Evidence) -> tuple[str, ...]:
    """Give the same in a few words, for the foot of every table that counts answers."""
    return tuple(
        f"{evidence.snapshot.study.wave_title(wave)}: versions "
        f"{listed([str(each.number) for each in versions])} of the questionnaire together; what a "
        "later version added was not asked of those who had answered an earlier one."
        for wave, versions in _in_play(evidence).items()
    )


def _in_play(evidence: Evidence) -> dict[str, tuple[VersionFacts, ...]]:
    """The versions of each wave that anybody submitted, where they are several."""
    submissions = evidence.snapshot.submissions
    submitted = submissions[submissions["submitted_at"].notna()]
    found: dict[str, tuple[VersionFacts, ...]] = {}
    for wave in evidence.snapshot.study.waves:
        numbers = set(submitted.loc[submitted["wave"] == wave.id, "version"])
        versions = tuple(
            each
            for each in evidence.snapshot.versions
            if each.wave == wave.id and each.number in numbers
        )
        if len(versions) > 1:
            found[wave.id] = versions
    return found


def _whole(evidence: Evidence, wave: str, versions: tuple[VersionFacts, ...]) -> str:
    title = evidence.snapshot.study.wave_title(wave)
    parts = [_one(evidence, each) for each in versions]
    return f"{title} was asked in {len(versions)} versions: {'; '.join(parts)}."


def _one(evidence: Evidence, version: VersionFacts) -> str:
    submissions = evidence.snapshot.submissions
    here = (submissions["wave"] == version.wave) & (submissions["version"] == version.number)
    n = int((here & submissions["submitted_at"].notna()).sum())
    few = evidence.limits.people
    people = counted(n, "person", "people") if n >= few else f"fewer than {few} people"
    added = f", adding {listed(list(version.added))}" if version.added else ""
    because = sentence(version.because).rstrip(".")
    why = f" (“{because}”)" if because else ""
    return (
        f"version {version.number}, from {day(version.frozen_at.date())}{added}{why}, submitted "
        f"by {people}"
    )
