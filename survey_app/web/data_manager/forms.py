"""What the data manager's pages ask for: access, the release of the arms, a search."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from wtforms import BooleanField, DateField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from survey_app.database.queries.trail import TrailSearch
from survey_app.roles import ROLES, Role
from survey_app.trial.working_days import ENGLAND
from survey_app.web.forms import Filled, Form

LONGEST_REASON = 1000


class ErasureForm(Form):
    """A tick that says that it was asked for and is meant."""

    confirmed = BooleanField(
        validators=[
            InputRequired("Tick the box to say that this was asked for and cannot be undone")
        ]
    )


class UnmaskingForm(Form):
    """A reason, and a tick that says it is meant."""

    because = TextAreaField(
        validators=[
            Filled("Enter the reason: who decided, and on what grounds"),
            Length(
                max=LONGEST_REASON,
                message=f"The reason must be {LONGEST_REASON} characters or fewer",
            ),
        ]
    )
    confirmed = BooleanField(
        validators=[InputRequired("Tick the box to say that you know this cannot be undone")]
    )


def _roles() -> SelectMultipleField:
    return SelectMultipleField(
        choices=list(ROLES), validators=[InputRequired("Choose at least one role")]
    )


class RolesForm(Form):
    """Which roles somebody has in the study."""

    roles = _roles()

    @property
    def chosen(self) -> list[Role]:
        """The roles chosen, in the order in which the service lists them."""
        return [role for role in ROLES if role in (self.roles.data or ())]


class InvitationForm(RolesForm):
    """Whom to invite. Not `name`, which forms have for themselves."""

    person = StringField(validators=[Filled("Enter their name")])
    email = StringField(validators=[Filled("Enter their email address")])
    # Once more, so that its fault is told last, as it stands on the page.
    roles = _roles()


class ReleaseForm(Form):
    """Who is told the arms, and why."""

    person = StringField(validators=[Filled("Choose who is told")])
    told_because = TextAreaField(
        validators=[
            Filled("Enter the reason: what they need the arms for"),
            Length(
                max=LONGEST_REASON,
                message=f"The reason must be {LONGEST_REASON} characters or fewer",
            ),
        ]
    )


class TrailSearchForm(Form):
    """What to look for on the trail; it is asked by a GET, so it is not protected as a post is."""

    class Meta:
        csrf = False

    action = StringField()
    by = StringField()
    record = StringField()
    since = DateField(validators=[Optional()])
    until = DateField(validators=[Optional()])

    @property
    def search(self) -> TrailSearch:
        """What was asked for, days being days in England and both ends counted."""
        until = self.until.data
        return TrailSearch(
            action=self.action.data or "",
            by=self.by.data or "",
            subject=_subject(self.record.data or ""),
            since=_midnight(self.since.data) if self.since.data else None,
            before=_midnight(until + timedelta(days=1)) if until else None,
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ENGLAND)


def _subject(words: str) -> str:
    """Give "comment:12" for "Comment 12", as the trail has it."""
    kind, _, number = words.strip().lower().rpartition(" ")
    return f"{kind.strip().replace(' ', '_')}:{number}" if kind else number
