"""Tables as CSV that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from survey_app.csv_cells import harmless


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Give a table in UTF-8 with a mark that spreadsheets know it by; no cell can be a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
