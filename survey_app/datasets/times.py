"""How long people took, from the moments at which their pages were saved.

The time of a whole questionnaire says little: people break off and come back days later. What is
saved together, a page or one answer of it, is timed by itself, from whatever was saved before it
or from the consent; a break makes it slow and never fast.
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.missing import NOT_ANSWERED, NOT_ASKED
from survey_app.database.models import ResponseEvent, Study, Submission


def seconds_per_item(
    session: Session, *, study: Study, started_at: pd.Series[pd.Timestamp]
) -> pd.Series[float]:
    """Give the median seconds that one choice took each submission; NaN where nothing says it.

    Answers saved together share their time equally. A choice is timed when it is first answered;
    one that was left open has no time.
    """
    statement = (
        select(
            ResponseEvent.submission_id,
            ResponseEvent.item,
            ResponseEvent.value,
            ResponseEvent.saved_at,
        )
        .join(Submission, Submission.id == ResponseEvent.submission_id)
        .where(Submission.study_id == study.id)
        .order_by(ResponseEvent.id)
    )
    events = pd.DataFrame(
        [tuple(row) for row in session.execute(statement)],
        columns=["submission", "item", "value", "at"],
    )
    events = events[events["submission"].isin(started_at.index)]
    events["at"] = pd.to_datetime(events["at"], utc=True)
    pages = _page_times(events, started_at)
    saved = events.groupby(["submission", "at"]).size().rename("saved")
    answers = events[events["value"].notna() & ~events["value"].isin([NOT_ANSWERED, NOT_ASKED])]
    first = answers.drop_duplicates(["submission", "item"])
    timed = first.join(pages, on=["submission", "at"]).join(saved, on=["submission", "at"])
    found: pd.Series[float] = (
        (timed["seconds"] / timed["saved"]).groupby(timed["submission"]).median()
    )
    return found.reindex(started_at.index).astype(float)


def _page_times(events: pd.DataFrame, started_at: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """Give the seconds before each moment of saving, by submission and moment."""
    starts = pd.DataFrame({"submission": started_at.index, "at": started_at.to_numpy()})
    starts["at"] = pd.to_datetime(starts["at"], utc=True)
    moments = (
        pd.concat([starts, events[["submission", "at"]]])
        .sort_values(["submission", "at"], kind="stable")
        .reset_index(drop=True)
    )
    gaps = moments.groupby("submission")["at"].diff().dt.total_seconds()
    # Several answers saved at one moment follow each other by nothing: the first gap is the page's.
    timed = moments.assign(seconds=gaps).dropna(subset=["seconds"])
    longest: pd.Series[float] = timed.groupby(["submission", "at"])["seconds"].max()
    return longest.rename("seconds")
