"""What is typed to sign in."""

from __future__ import annotations

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo

from survey_app.web.forms import Filled, Form


class SignInForm(Form):
    """An email address and a password; neither is checked for its shape, only for being right."""

    email = StringField(validators=[Filled("Enter your email address")])
    password = PasswordField(validators=[Filled("Enter your password")])


class CodeForm(Form):
    """The six digits of the authenticator app, or a recovery code."""

    code = StringField(validators=[Filled("Enter the code")])


class PasswordForm(Form):
    """The password now, and the one to come, twice."""

    old = PasswordField(validators=[Filled("Enter your password as it is now")])
    new = PasswordField(validators=[Filled("Enter a new password")])
    again = PasswordField(
        validators=[EqualTo("new", message="The new password is not the same both times")]
    )


class FirstPasswordForm(Form):
    """A password, twice."""

    new = PasswordField(validators=[Filled("Enter a password")])
    again = PasswordField(
        validators=[EqualTo("new", message="The password is not the same both times")]
    )
