"""What is typed to sign in."""

from __future__ import annotations

from wtforms import PasswordField, StringField

from survey_app.web.forms import Filled, Form


class SignInForm(Form):
    """An email address and a password; neither is checked for its shape, only for being right."""

    email = StringField(validators=[Filled("Enter your email address")])
    password = PasswordField(validators=[Filled("Enter your password")])
