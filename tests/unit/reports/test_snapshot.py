from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from invented_trial import unmasked

from reports.snapshot import Snapshot, SnapshotError


def test_refuses_a_masked_snapshot_with_sessions(snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotError, match="sessions show which arm was supervised"):
        replace(unmasked(snapshot), masked=True)


def test_names_every_column_that_is_missing(snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotError) as caught:
        replace(
            snapshot,
            schools=snapshot.schools.drop(columns="arm"),
            comments=snapshot.comments.drop(columns=["words"]),
        )
    assert len(caught.value.faults) == 2
    assert "schools: found no column 'arm'" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "column", "stranger"),
    [
        ("participants", "school", "S999"),
        ("invitations", "participant", "P9999"),
        ("submissions", "participant", "P9999"),
        ("schools", "arm", "Arm Z"),
    ],
)
def test_refuses_a_row_that_leads_nowhere(
    snapshot: Snapshot, table: str, column: str, stranger: str
) -> None:
    rows = getattr(snapshot, table).copy()
    rows.loc[rows.index[0], column] = stranger
    with pytest.raises(SnapshotError, match=f"{table}.{column}: found 1 that lead nowhere"):
        replace(snapshot, **{table: rows})


def test_importing_the_snapshot_loads_neither_pandas_nor_a_drawing_library() -> None:
    code = (
        "import sys, reports.snapshot; "
        "print([m for m in ('pandas', 'matplotlib', 'weasyprint') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_names_a_wave_by_its_title_or_else_by_its_id(snapshot: Snapshot) -> None:
    assert snapshot.study.wave_title("follow_up") == "Follow-up"
    assert snapshot.study.wave_title("twelve_months") == "twelve_months"
