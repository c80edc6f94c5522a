"""A study's answers as one FHIR Bundle: a QuestionnaireResponse a submission and instrument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import pandas as pd

from instruments.exchange.fhir import OURS, Release
from instruments.exchange.fhir_responses import questionnaire_response
from instruments.missing import NOT_ASKED
from instruments.model import Instrument
from reports.populations import delivered_instruments
from reports.snapshot import Snapshot

_NAMES: Final = uuid5(NAMESPACE_URL, f"{OURS}:response")


def responses_bundle(snapshot: Snapshot, *, release: Release) -> dict[str, Any]:
    """Give every submission's answers to each instrument it was asked, ready to be written as JSON.

    Submissions not yet sent in are there as in progress. People are codes; nothing tells an arm,
    a school or a wave's words. The same snapshot gives the same bundle.
    """
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": snapshot.made_at.isoformat(timespec="seconds"),
        "entry": [
            {"fullUrl": f"urn:uuid:{uuid5(_NAMES, identifier)}", "resource": resource}
            for identifier, resource in _responses(snapshot, release)
        ],
    }


def _responses(snapshot: Snapshot, release: Release) -> Iterator[tuple[str, dict[str, Any]]]:
    for instrument in delivered_instruments(snapshot):
        answers = snapshot.answers[[item.id for item in instrument.items]]
        asked = answers[(answers != NOT_ASKED).any(axis=1)]
        for submission, values in zip(asked.index, asked.to_dict("records"), strict=True):
            about = snapshot.submissions.loc[submission]
            identifier = _identifier(snapshot, instrument, about)
            is_complete = bool(pd.notna(about["submitted_at"]))
            yield (
                identifier,
                questionnaire_response(
                    instrument,
                    {str(item): int(value) for item, value in values.items()},
                    release=release,
                    authored_at=about["submitted_at" if is_complete else "started_at"],
                    identifier=identifier,
                    is_complete=is_complete,
                ),
            )


def _identifier(snapshot: Snapshot, instrument: Instrument, about: pd.Series[Any]) -> str:
    return f"{snapshot.study.slug}:{about['participant']}:{about['wave']}:{instrument.id}"
