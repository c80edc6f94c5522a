"""`wave`: when each wave of a study is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from survey_app.cli.door import BY, parts, reading, the_study, told, writing
from survey_app.database.models import Study
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import versions_in_use
from survey_app.operations.wave_changes import close_wave, extend_wave, open_wave
from survey_app.operations.waves import day_in_england, state_of

group = AppGroup("wave", help="Open a wave early, keep it open longer, or close it early.")

DAY = click.DateTime(["%Y-%m-%d"])
_because = click.option("--because", required=True, help="Why; it stays in the audit trail.")


@group.command("list")
@click.argument("study")
@told
def list_waves(study: str) -> None:
    """List the waves of STUDY with their days, and the frozen versions of their questionnaires."""
    with reading() as session:
        row = the_study(session, study)
        versions = versions_in_use(session, row)
        for wave in definition_of(row).waves:
            state = state_of(wave, at=parts().clock()).replace("_", " ")
            click.echo(f"{wave.id}  {wave.opens_on} to {wave.closes_on}  {state}  {wave.title}")
            for each in versions:
                if each.wave == wave.id:
                    click.echo(
                        f"  version {each.number} of the questionnaire ({each.sha256[:12]}), "
                        f"frozen on {each.frozen_at:%Y-%m-%d}"
                    )


@group.command("open")
@click.argument("study")
@click.argument("wave")
@_because
@told
def open_(study: str, wave: str, because: str) -> None:
    """Open WAVE of STUDY today, though it was to open later. Nobody is invited by that alone."""
    _move(
        study,
        wave,
        lambda session, row: open_wave(
            session, study=row, wave=wave, because=because, by=BY, at=parts().clock()
        ),
    )


@group.command("extend")
@click.argument("study")
@click.argument("wave")
@click.argument("day", type=DAY)
@_because
@told
def extend(study: str, wave: str, day: datetime, because: str) -> None:
    """Keep WAVE of STUDY open until the end of DAY, such as 2020-07-17."""
    _move(
        study,
        wave,
        lambda session, row: extend_wave(
            session,
            study=row,
            wave=wave,
            closes_on=day.date(),
            because=because,
            by=BY,
            at=parts().clock(),
        ),
    )


@group.command("close")
@click.argument("study")
@click.argument("wave")
@click.option("--on", "day", type=DAY, help="The last day; today unless said otherwise.")
@_because
@told
def close(study: str, wave: str, day: datetime | None, because: str) -> None:
    """Close WAVE of STUDY early, at the end of today or of another day before it is due."""
    closes_on = day.date() if day else day_in_england(parts().clock())
    _move(
        study,
        wave,
        lambda session, row: close_wave(
            session,
            study=row,
            wave=wave,
            closes_on=closes_on,
            because=because,
            by=BY,
            at=parts().clock(),
        ),
    )


def _move(study: str, wave: str, change: Callable[[Session, Study], None]) -> None:
    with writing() as session:
        row = the_study(session, study)
        known = [each.id for each in definition_of(row).waves]
        if wave not in known:
            raise click.ClickException(f"{study} has no wave {wave}; it has {', '.join(known)}.")
        change(session, row)
        moved = definition_of(row).wave(wave)
        click.echo(f"{wave} is open from {moved.opens_on} to the end of {moved.closes_on}.")
