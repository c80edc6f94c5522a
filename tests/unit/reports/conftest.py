"""One invented trial for the tests of the document, made once: it is frozen."""

from __future__ import annotations

import pytest
from invented_trial import make_snapshot

from reports.document import Report, build_report
from reports.evidence import Evidence, gather
from reports.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return make_snapshot()


@pytest.fixture(scope="session")
def evidence(snapshot: Snapshot) -> Evidence:
    return gather(snapshot)


@pytest.fixture(scope="session")
def report(snapshot: Snapshot) -> Report:
    return build_report(snapshot)
