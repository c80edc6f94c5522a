"""What is checked of a posted page; the form of a page is made once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Optional

from instruments.questionnaire import Page, Question
from survey_app.operations.submissions import PageAnswers, normalise_text
from survey_app.trial.design import StudyDefinition
from survey_app.web.participant.delivery import Delivery

NOT_OFFERED = _("Choose one of the answers offered")


class _OnlyChecked(FlaskForm.Meta.csrf_class):
    """The proof that a post came from our own page, checked. A page asks for its own to show."""

    def generate_csrf_token(self, _field: Field) -> str:
        return ""


class ParticipantForm(FlaskForm):
    """A form whose page is written out by hand, so that it is read and never shown."""

    class Meta(FlaskForm.Meta):
        csrf_class = _OnlyChecked

        def get_translations(self, _form: object) -> None:
            # Every message is our own; to look for WTForms' reads a catalogue at each request.
            return None


class EmptyForm(ParticipantForm):
    """Nothing but the proof that the post came from our own page."""


class WithdrawalForm(ParticipantForm):
    """One of the ways to stop, and a tick that says it is meant."""

    choice = StringField(validators=[AnyOf(("reminders", "withdraw", "erase"))])
    sure = BooleanField(validators=[InputRequired()])

    @property
    def is_forged(self) -> bool:
        """Whether the post did not carry the token of this browser's own page."""
        return "csrf_token" in self.errors


class PageForm(ParticipantForm):
    """The answers to one page: nothing is required, but a choice must be one that was offered.

    What it says of them is found once, after it is validated.
    """

    page: Page
    attributes: Mapping[str, str]
    """The attribute that holds each question's field; names of attributes are ours, since a study
    may well call a question "data" or "errors"."""

    @property
    def is_forged(self) -> bool:
        """Whether the post did not carry the token of this browser's own page."""
        return "csrf_token" in self.errors

    def _field(self, question: Question) -> Field:
        return self[self.attributes[question.id]]

    def fault_of(self, question: Question) -> str:
        """Give what is wrong with the answer to a question; empty where nothing is."""
        return str(next(iter(self._field(question).errors), ""))

    @cached_property
    def faults(self) -> dict[str, str]:
        """What is wrong, by question."""
        found = {question.id: self.fault_of(question) for question in self.page.questions}
        return {question: fault for question, fault in found.items() if fault}

    @property
    def typed(self) -> dict[str, str]:
        """What was posted, by question, as it came."""
        return {
            question.id: str(raw[0])
            for question in self.page.questions
            if (raw := self._field(question).raw_data)
        }

    @cached_property
    def answers(self) -> PageAnswers:
        """Everything that can be saved."""
        sound = [question for question in self.page.questions if not self.fault_of(question)]
        return PageAnswers(
            values={
                question.id: int(self._field(question).data)
                for question in sound
                if question.kind == "choice" and self._field(question).data
            },
            texts={
                question.id: self._field(question).data or ""
                for question in sound
                if question.kind == "text"
            },
            untouched=frozenset(self.faults),
        )


def page_form(delivery: Delivery, page: Page) -> PageForm:
    """Read the posted form of a page."""
    form = _page_form_class(delivery, tuple(question.id for question in page.questions))()
    form.page = page
    return form


@lru_cache(maxsize=512)
def _page_form_class(delivery: Delivery, ids: tuple[str, ...]) -> type[PageForm]:
    questions = [delivery.questionnaire.question(name) for name in ids]
    attributes = {question.id: f"answer_{n}" for n, question in enumerate(questions)}
    fields = {attributes[question.id]: _field_for(question) for question in questions}
    return type("OnePageForm", (PageForm,), {"attributes": attributes, **fields})


def _field_for(question: Question) -> Any:
    if question.kind == "choice":
        offered = [str(option.value) for option in question.choices]
        return StringField(
            name=question.id, validators=[Optional(), AnyOf(offered, message=NOT_OFFERED)]
        )
    return TextAreaField(
        name=question.id,
        filters=[lambda text: normalise_text(text or "")],
        validators=[_no_longer_than(question.max_length or 0)],
    )


def _no_longer_than(most: int) -> Callable[[Any, Field], None]:
    def check(_form: Any, field: Field) -> None:
        if len(field.data) > most:
            raise ValidationError(
                _(
                    "Your answer has %(n)s characters. Shorten it to %(most)s or fewer",
                    n=f"{len(field.data):,}",
                    most=f"{most:,}",
                )
            )

    return check


class ConsentForm(ParticipantForm):
    """The boxes of the consent page."""

    definition: StudyDefinition

    @property
    def is_forged(self) -> bool:
        """Whether the post did not carry the token of this browser's own page."""
        return "csrf_token" in self.errors

    @property
    def ticks(self) -> dict[str, bool]:
        """Whether each box is ticked, by consent."""
        return {each.key: self[consent_name(each.key)].data for each in self.definition.consents}


def consent_name(key: str) -> str:
    """Give the name that a consent's box is posted under."""
    return f"consent_{key}"


def consent_form(definition: StudyDefinition) -> ConsentForm:
    """Read the posted form of the consent page."""
    fields = {consent_name(each.key): BooleanField() for each in definition.consents}
    made = type("ConsentFormOfStudy", (ConsentForm,), {"definition": definition, **fields})
    form: ConsentForm = made()
    return form
