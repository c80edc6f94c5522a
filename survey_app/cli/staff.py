"""`staff`: the people who sign in."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, the_study, told, writing
from survey_app.database.queries.staff import staff_by_email
from survey_app.operations.second_factor import take_away_second_factor
from survey_app.operations.staff import add_staff, grant_role
from survey_app.roles import ROLES, Role

group = AppGroup("staff", help="Add staff and give them roles.")


@group.command("add")
@click.argument("email")
@click.argument("name")
@click.password_option(help="At least 12 characters; asked for when it is not given.")
@told
def add(email: str, name: str, password: str) -> None:
    """Add a person who can sign in."""
    with writing() as session:
        add_staff(session, name=name, email=email, password=password, by=BY, at=parts().clock())
    click.echo(f"{name} can sign in, and has no role yet.")


@group.command("grant")
@click.argument("email")
@click.argument("study")
@click.argument("role", type=click.Choice(ROLES))
@told
def grant(email: str, study: str, role: Role) -> None:
    """Give a person a role in STUDY."""
    with writing() as session:
        staff = staff_by_email(session, email)
        if staff is None:
            raise click.ClickException(f"Nobody on staff has the address {email}.")
        grant_role(
            session,
            staff=staff,
            study=the_study(session, study),
            role=role,
            by=BY,
            at=parts().clock(),
        )
    click.echo(f"{staff.name} is now {role.replace('_', ' ')} of {study}.")


@group.command("reset-second-factor")
@click.argument("email")
@told
def reset_second_factor(email: str) -> None:
    """Let a person who lost phone and recovery codes set up anew; ends their sign-ins."""
    with writing() as session:
        staff = staff_by_email(session, email)
        if staff is None:
            raise click.ClickException(f"Nobody on staff has the address {email}.")
        take_away_second_factor(session, staff=staff, by=BY, at=parts().clock())
    click.echo(f"{staff.name} sets up a second factor at the next sign-in.")
