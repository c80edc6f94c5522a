"""Invented counts of the authority: rare events that differ by school, and fell in lockdown."""

from __future__ import annotations

import csv
import io
from datetime import date

from survey_app.demonstration.chance import numbers_from
from survey_app.trial.authority_months import MEASURES, month_of, period_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Demonstration

CONTACTS_A_MONTH = 1.6
SHARES = {
    "no_further_action": 0.55,
    "referrals": 0.3,
    "child_in_need_plans": 0.08,
    "initial_conferences": 0.04,
}
IN_LOCKDOWN = 0.35


def counts_csv(
    definition: StudyDefinition, sizes: Demonstration, *, urns: list[str], today: date
) -> bytes:
    """Give the counts of the months that are over, as an authority sends them; no arm differs."""
    stops = [event.on for event in definition.events if event.stops_sessions]
    months = [each for each in period_of(definition).months if each < month_of(today)]
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["urn", "month", *MEASURES])
    for urn in urns:
        rng = numbers_from(sizes.seed, f"counts {urn}")
        level = rng.gamma(2.0, CONTACTS_A_MONTH / 2.0)
        for month in months:
            closed = any(month > stop for stop in stops)
            contacts = int(rng.poisson(level * (IN_LOCKDOWN if closed else 1.0)))
            counts = [int(rng.binomial(contacts, share)) for share in SHARES.values()]
            writer.writerow([urn, f"{month:%Y-%m}", contacts, *counts])
    return sheet.getvalue().encode()
