"""`wave`: listed, opened early, kept open longer and closed early, and refused in words."""

from __future__ import annotations

from datetime import timedelta

from looking import events
from trials import SLUG

WHY = ("--because", "The board agreed.")


def test_lists_the_waves_with_what_is_frozen(done, trial):
    said = done("wave", "list", SLUG)
    assert "baseline  2019-09-16 to 2019-10-18  open  Before supervision" in said
    assert "version 1" not in said
    trial.invite()
    assert "version 1 of the questionnaire" in done("wave", "list", SLUG)


def test_closes_early_and_keeps_open_longer(done, trial):
    said = done("wave", "close", SLUG, "baseline", *WHY)
    assert "baseline is open from 2019-09-16 to the end of 2019-09-16." in said
    said = done("wave", "extend", SLUG, "baseline", "2019-10-25", *WHY)
    assert "to the end of 2019-10-25" in said
    done("wave", "close", SLUG, "baseline", "--on", "2019-09-30", *WHY)
    assert len(events(trial.database, "wave_closed_early")) == 2


def test_opens_early(done, trial, clock):
    trial.invite()
    trial.randomise()
    clock.noon_on(trial.definition.wave("baseline").closes_on + timedelta(days=3))
    assert "follow_up is open from 2019-10-21" in done("wave", "open", SLUG, "follow_up", *WHY)


def test_says_what_is_wrong(refused, trial):
    assert "--because" in refused("wave", "close", SLUG, "baseline")
    assert "it has baseline, follow_up" in refused("wave", "close", SLUG, "endline", *WHY)
    assert "opened on 2019-09-16" in refused("wave", "open", SLUG, "baseline", *WHY)
    assert "does not match the format" in refused("wave", "extend", SLUG, "baseline", "soon", *WHY)
