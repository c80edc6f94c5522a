"""`letters`: people are invited to a wave."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, the_study, told, writing
from survey_app.database.queries.schools import participant_by_email
from survey_app.operations.invitations import invite_wave, revoke_links
from survey_app.operations.studies import definition_of

group = AppGroup("letters", help="Invite people to a wave, and take links back.")


@group.command("invite")
@click.argument("study")
@click.argument("wave")
@told
def invite(study: str, wave: str) -> None:
    """Invite everyone of STUDY who is not invited to WAVE yet."""
    with writing() as session:
        row = the_study(session, study)
        waves = [each.id for each in definition_of(row).waves]
        if wave not in waves:
            raise click.ClickException(
                f"There is no wave {wave}; the waves are {', '.join(waves)}."
            )
        invited = invite_wave(
            session,
            study=row,
            wave=wave,
            key=parts().settings.secret_key,
            by=BY,
            at=parts().clock(),
            rng=parts().rng,
        )
    click.echo(f"{invited} people invited; the worker sends their letters.")


@group.command("revoke")
@click.argument("study")
@click.argument("email")
@told
def revoke(study: str, email: str) -> None:
    """Make every link that was sent to EMAIL for STUDY dead, and send that person no more."""
    with writing() as session:
        participant = participant_by_email(session, the_study(session, study), email)
        if participant is None:
            raise click.ClickException(f"Nobody on the roster of {study} has that address.")
        links = revoke_links(session, participant=participant, by=BY, at=parts().clock())
    click.echo(f"Links that no longer work: {links}.")
