"""`staff`: the people who sign in."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, reading, the_study, told, writing
from survey_app.database.queries.staff import staff_by_email, staff_of_study
from survey_app.jobs.queue import wake
from survey_app.operations.second_factor import take_away_second_factor
from survey_app.operations.staff import add_staff, grant_role
from survey_app.operations.staff_access import end_access, invite_staff
from survey_app.roles import ROLES, Role, roles_in_words

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


@group.command("invite")
@click.argument("email")
@click.argument("name")
@click.argument("study")
@click.argument("roles", metavar="ROLE...", type=click.Choice(ROLES), nargs=-1, required=True)
@told
def invite(email: str, name: str, study: str, roles: tuple[Role, ...]) -> None:
    """Give a person roles in STUDY by a letter with a link to choose a password."""
    with writing() as session:
        staff = invite_staff(
            session,
            study=the_study(session, study),
            name=name,
            email=email,
            roles=roles,
            key=parts().settings.secret_key,
            by=BY,
            at=parts().clock(),
        )
    wake(parts().settings, "deliver_letters")
    click.echo(f"A letter to {staff.name} waits for the worker to send it.")


@group.command("list")
@click.argument("study")
@told
def list_staff(study: str) -> None:
    """Say who has which roles in STUDY."""
    with reading() as session:
        chosen = the_study(session, study)
        for staff in staff_of_study(session, chosen):
            roles = roles_in_words(each.role for each in staff.roles if each.study_id == chosen.id)
            waiting = " (has not set a password yet)" if staff.is_invited_only else ""
            click.echo(f"{staff.email}  {staff.name}: {roles}{waiting}")


@group.command("revoke")
@click.argument("email")
@click.argument("study")
@told
def revoke(email: str, study: str) -> None:
    """End a person's access to STUDY; without another study, the account is closed."""
    with writing() as session:
        staff = staff_by_email(session, email)
        if staff is None:
            raise click.ClickException(f"Nobody on staff has the address {email}.")
        is_closed = end_access(
            session, study=the_study(session, study), staff=staff, by=BY, at=parts().clock()
        )
    closed = "; the account is closed" if is_closed else ""
    click.echo(f"{staff.name} has no access to {study} any more{closed}.")


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
