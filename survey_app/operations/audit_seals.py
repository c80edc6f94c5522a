"""The trail is sealed in batches, each hash over its events and the seal before.

Sealing is the worker's, in batches, because chaining within each request would make all writers
queue. Who alters, adds or takes away a sealed event breaks a hash; who cuts off the newest seals is
found out by a head that was noted elsewhere, such as in a report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import AuditEvent, AuditSeal, AuditSealedEvent

FIRST_PREVIOUS: Final = "0" * 64
MOST_EVENTS_IN_A_SEAL: Final = 5_000
LONGEST_UNSEALED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What looking through the whole trail found.

    Attributes
    ----------
    n_seals, n_sealed, n_unsealed : int
        Seals; events under them; events that came after the newest.
    head : str
        The newest seal's SHA-256: noted elsewhere, it shows whether seals were cut off.
    faults : tuple of str
        Every sign of tampering, in words; empty where there is none.
    """

    n_seals: int
    n_sealed: int
    n_unsealed: int
    head: str
    faults: tuple[str, ...]


def seal_events(session: Session, *, at: datetime) -> int:
    """Put the events that are under no seal yet under a new one; give how many they were."""
    events = session.scalars(_unsealed().order_by(AuditEvent.id).limit(MOST_EVENTS_IN_A_SEAL)).all()
    if not events:
        return 0
    previous = head_of_trail(session)
    seal = AuditSeal(
        sealed_at=at,
        n_events=len(events),
        previous_sha256=previous,
        sha256=_hash_over(previous, events),
    )
    session.add(seal)
    session.flush()
    session.add_all(AuditSealedEvent(event_id=event.id, seal_id=seal.id) for event in events)
    session.flush()
    return len(events)


def head_of_trail(session: Session) -> str:
    """Give the newest seal's hash; 64 zeros before the first."""
    newest = session.scalar(select(AuditSeal.sha256).order_by(AuditSeal.id.desc()).limit(1))
    return newest or FIRST_PREVIOUS


def check_trail(session: Session, *, at: datetime, expected_head: str = "") -> TrailCheck:
    """Compute every hash again and say what does not fit. Reads only.

    `expected_head` is a head noted earlier: it must be one of the seals still there.
    """
    seals = session.scalars(select(AuditSeal).order_by(AuditSeal.id)).all()
    faults: list[str] = []
    if seals and seals[0].previous_sha256 != FIRST_PREVIOUS:
        faults.append(f"Seal {seals[0].id} is the oldest, and there was one before it.")
    faults += (
        f"Seal {later.id} does not follow seal {earlier.id}."
        for earlier, later in pairwise(seals)
        if later.previous_sha256 != earlier.sha256
    )
    for seal in seals:
        faults += _faults_under(session, seal)
    if expected_head and expected_head not in {FIRST_PREVIOUS, *(seal.sha256 for seal in seals)}:
        faults.append(f"No seal has the hash {expected_head}: seals were cut off or made anew.")
    late = session.scalars(_unsealed().where(AuditEvent.at < at - LONGEST_UNSEALED)).all()
    if late:
        faults.append(
            f"{len(late)} events are older than an hour and under no seal, the first is event "
            f"{late[0].id}: they were added by hand, or no worker runs."
        )
    n_unsealed = session.scalar(select(func.count()).select_from(_unsealed().subquery())) or 0
    return TrailCheck(
        n_seals=len(seals),
        n_sealed=sum(seal.n_events for seal in seals),
        n_unsealed=n_unsealed,
        head=seals[-1].sha256 if seals else FIRST_PREVIOUS,
        faults=tuple(faults),
    )


def _unsealed() -> Select[AuditEvent]:
    return select(AuditEvent).where(~exists().where(AuditSealedEvent.event_id == AuditEvent.id))


def _faults_under(session: Session, seal: AuditSeal) -> list[str]:
    listed = session.scalars(
        select(AuditSealedEvent.event_id).where(AuditSealedEvent.seal_id == seal.id)
    ).all()
    events = session.scalars(
        select(AuditEvent)
        .join(AuditSealedEvent, AuditSealedEvent.event_id == AuditEvent.id)
        .where(AuditSealedEvent.seal_id == seal.id)
        .order_by(AuditEvent.id)
    ).all()
    gone = sorted(set(listed) - {event.id for event in events})
    faults = [f"Event {number}, under seal {seal.id}, is gone." for number in gone]
    if not faults and _hash_over(seal.previous_sha256, events) != seal.sha256:
        faults.append(
            f"The {len(events)} events under seal {seal.id} (events {events[0].id} to "
            f"{events[-1].id}) are not as they were sealed."
            if events
            else f"No event is left under seal {seal.id}."
        )
    session.expunge_all()
    return faults


def _hash_over(previous: str, events: Sequence[AuditEvent]) -> str:
    lines = (
        json.dumps(
            [
                event.id,
                event.at.isoformat(),
                event.by,
                event.action,
                event.study_id,
                event.subject,
                event.detail,
            ],
            ensure_ascii=True,
            separators=(",", ":"),
            sort_keys=True,
        )
        for event in events
    )
    return hashlib.sha256("\n".join([previous, *lines]).encode()).hexdigest()
