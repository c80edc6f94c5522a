"""`letters`: people are invited to a wave, sent new links, and links are taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from survey_app.cli.door import BY, parts, reading, the_study, told, writing
from survey_app.database.models import Participant, Study
from survey_app.database.queries.outbox import letter_of_study
from survey_app.database.queries.schools import participant_by_email
from survey_app.mail.posted import PostedLetter, sheet_as_csv, sheet_as_html
from survey_app.operations.invitations import awaiting_reply, invite_wave
from survey_app.operations.letter_plans import foresee_letters, plan_as_csv
from survey_app.operations.link_requests import send_new_link, send_new_links
from survey_app.operations.pausing import pause_letters, resume_letters
from survey_app.operations.posted_letters import print_letters
from survey_app.operations.revocation import revoke_letter, revoke_links, revoke_study_links
from survey_app.operations.sending import allow_reminders, stop_reminders
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of

group = AppGroup("letters", help="Invite people to a wave, send new links, and take links back.")


@group.command("invite")
@click.argument("study")
@click.argument("wave")
@told
def invite(study: str, wave: str) -> None:
    """Invite everyone of STUDY who is not invited to WAVE yet."""
    with writing() as session:
        row = the_study(session, study)
        _expect_wave(row, wave)
        invited = invite_wave(
            session,
            study=row,
            wave=wave,
            key=parts().settings.secret_key,
            by=BY,
            at=parts().clock(),
            rng=parts().rng,
        )
    if not invited:
        click.echo("Everybody who can take part is invited already; nothing was sent.")
    else:
        people = "1 person" if invited == 1 else f"{invited} people"
        click.echo(f"{people} invited; the worker sends the letters.")


@group.command("revoke")
@click.argument("study")
@click.argument("email", required=False)
@click.option("--letter", type=int, help="Only the link of this letter, by its number.")
@click.option("--wave", help="Everybody's links to this wave.")
@click.option("--all", "everybody", is_flag=True, help="Every link of the study.")
@told
def revoke(
    study: str, email: str | None, letter: int | None, wave: str | None, everybody: bool
) -> None:
    """Make links and codes of STUDY dead: all of EMAIL, one letter's, a wave's, or all.

    Who has no link left is sent no reminder until they are sent a new link.
    """
    if sum((email is not None, letter is not None, wave is not None, everybody)) != 1:
        raise click.ClickException(
            "Say whose links are meant by one of: EMAIL, --letter, --wave, --all."
        )
    at = parts().clock()
    with writing() as session:
        row = the_study(session, study)
        if letter is not None:
            found = letter_of_study(session, row, letter)
            if found is None:
                raise click.ClickException(f"There is no letter {letter} of {study}.")
            revoke_letter(session, letter=found, by=BY, at=at)
            links = 1
        elif email is not None:
            links = revoke_links(session, participant=_person(session, row, email), by=BY, at=at)
        else:
            if wave is not None:
                _expect_wave(row, wave)
            links = revoke_study_links(session, study=row, wave=wave, by=BY, at=at)
    click.echo(f"Links that no longer work: {links}.")


@group.command("new-link")
@click.argument("study")
@click.argument("email", required=False)
@click.option("--wave", help="Everybody still to answer this wave who has no link left.")
@told
def new_link(study: str, email: str | None, wave: str | None) -> None:
    """Send EMAIL a new link to the open waves of STUDY not answered yet; or a whole wave.

    With --wave, to everybody still to answer whose links were all taken back.
    """
    if (email is None) == (wave is None):
        raise click.ClickException("Say who is meant by one of: EMAIL, --wave.")
    given: dict[str, Any] = {
        "key": parts().settings.secret_key,
        "by": BY,
        "at": parts().clock(),
    }
    with writing() as session:
        row = the_study(session, study)
        if wave is not None:
            _expect_wave(row, wave)
            letters = send_new_links(session, study=row, wave=wave, **given)
        else:
            letters = _new_link_to(session, row, email or "", **given)
    click.echo(f"Letters with a new link queued: {letters}; the worker sends them.")


def _new_link_to(session: Session, study: Study, email: str, *, at: datetime, **given: Any) -> int:
    people = [_person(session, study, email).id]
    waves = [each.id for each in definition_of(study).waves if state_of(each, at=at) == "open"]
    invitations = [
        invitation
        for wave in waves
        for invitation in awaiting_reply(
            session, study, wave, people=people, even_without_link=True
        )
    ]
    if not invitations:
        raise click.ClickException(f"{email} has no open questionnaire left to submit.")
    for invitation in invitations:
        send_new_link(session, study=study, invitation=invitation, at=at, **given)
    return len(invitations)


@group.command("print")
@click.argument("study")
@click.argument("wave")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--email", help="Only the letter of this person.")
@told
def print_for_post(study: str, wave: str, file: Path, email: str | None) -> None:
    """Write letters for the post to FILE (.pdf, or .csv for a mail merge), each with a short code.

    For everyone invited to WAVE who has not submitted. Keep FILE as safe as the answers themselves:
    each code opens one person's questionnaire.
    """
    writers: dict[str, Callable[..., bytes]] = {".pdf": _sheet_as_pdf, ".csv": sheet_as_csv}
    if file.suffix.lower() not in writers:
        raise click.ClickException(f"{file} is no .pdf or .csv file; expected one or the other.")
    with writing() as session:
        row = the_study(session, study)
        _expect_wave(row, wave)
        letters = print_letters(
            session,
            study=row,
            wave=wave,
            people=None if email is None else [_person(session, row, email).id],
            key=parts().settings.secret_key,
            by=BY,
            at=parts().clock(),
        )
        sheet = writers[file.suffix.lower()](
            letters, definition=definition_of(row), wave=wave, base_url=parts().settings.base_url
        )
        try:
            file.write_bytes(sheet)
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{len(letters)} letters are in {file}.")


@group.command("plan")
@click.argument("study")
@click.argument("wave")
@click.option("--csv", "as_table", is_flag=True, help="Every letter with its person, as CSV.")
@told
def plan(study: str, wave: str, as_table: bool) -> None:
    """Say who would get which letter on which day of WAVE if nobody answered; nothing is sent."""
    with reading() as session:
        row = the_study(session, study)
        _expect_wave(row, wave)
        letters = foresee_letters(session, study=row, wave=wave, at=parts().clock())
    if as_table:
        click.echo(plan_as_csv(letters), nl=False)
        return
    of_day = Counter((each.on, each.kind) for each in letters)
    for (on, kind), number in sorted(of_day.items()):
        click.echo(f"{on}  {kind:<10}  {number:>6}")
    click.echo(f"{len(letters)} letters are still to leave, if nobody answers.")


@group.command("stop-reminders")
@click.argument("study")
@click.argument("email")
@click.option("--again", is_flag=True, help="Send reminders again instead.")
@told
def stop(study: str, email: str, again: bool) -> None:
    """Remind EMAIL of STUDY no more; the link goes on working, and nobody is withdrawn."""
    change = allow_reminders if again else stop_reminders
    with writing() as session:
        someone = _person(session, the_study(session, study), email)
        is_new = change(session, participant=someone, by=BY, at=parts().clock())
    click.echo(
        ("Reminders go out again." if again else "No more reminders are sent.")
        if is_new
        else "That is so already."
    )


@group.command("pause")
@click.argument("study")
@told
def pause(study: str) -> None:
    """Keep every letter of STUDY in the outbox until `letters resume`."""
    with writing() as session:
        pause_letters(session, study=the_study(session, study), by=BY, at=parts().clock())
    click.echo("Letters are paused. One that is being sent at this moment still leaves.")


@group.command("resume")
@click.argument("study")
@told
def resume(study: str) -> None:
    """Let the letters of STUDY leave again."""
    with writing() as session:
        resume_letters(session, study=the_study(session, study), by=BY, at=parts().clock())
    click.echo("Letters leave again.")


def _sheet_as_pdf(letters: Sequence[PostedLetter], **about: Any) -> bytes:
    # Drawing a PDF takes libraries that no other command here needs.
    from reports.document import render_pdf

    return render_pdf(sheet_as_html(letters, **about))


def _expect_wave(study: Study, wave: str) -> None:
    waves = [each.id for each in definition_of(study).waves]
    if wave not in waves:
        raise click.ClickException(f"There is no wave {wave}; the waves are {', '.join(waves)}.")


def _person(session: Session, study: Study, email: str) -> Participant:
    participant = participant_by_email(session, study, email)
    if participant is None:
        raise click.ClickException(f"Nobody on the roster of {study.slug} has that address.")
    return participant
