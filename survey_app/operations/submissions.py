"""Answering: consent starts a submission, pages are saved as they come, submitting ends it.

An answer that reached the service is never dropped: each saving is kept in the history, and a page
that cannot be saved is held for a person to look at.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from instruments.missing import NOT_ANSWERED
from instruments.questionnaire import Page, Questionnaire
from survey_app.database.models import (
    Comment,
    Consent,
    HeldPage,
    Invitation,
    PageWindow,
    Response,
    ResponseEvent,
    Study,
    Submission,
)
from survey_app.database.queries.invitations import answers_on_record, forget_answers
from survey_app.database.upsert import insert_or_update, insert_rows, insert_unless_there
from survey_app.operations.audit import record_event
from survey_app.operations.errors import (
    AlreadySubmittedError,
    ConsentNeededError,
    WaveNotOpenError,
)
from survey_app.operations.invitations import cancel_waiting_letters, queue_letter
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import (
    current_version_id,
    freeze_questionnaire,
    is_routed,
    questionnaire_of,
)
from survey_app.operations.waves import state_of
from survey_app.trial.design import StudyDefinition

BY_PARTICIPANT = "participant"
_RECEIPT_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_LENGTH = 8

Answer = TypeVar("Answer", int, str)


@dataclass(frozen=True, slots=True)
class PageAnswers:
    """What one posted page says: a code for each choice, the words of each open question."""

    values: Mapping[str, int]
    texts: Mapping[str, str]
    untouched: frozenset[str] = frozenset()
    """Questions whose answer could not be taken: what is on record of them stays."""


def questionnaire_for(*, study: Study, invitation: Invitation) -> Questionnaire:
    """Give the pages one invited person is shown; questions of one arm depend on the allocation."""
    allocation = invitation.participant.school.allocation
    arm = allocation.arm if allocation else None
    return questionnaire_of(study, wave=invitation.wave, arm=arm)


def start_submission(
    session: Session,
    *,
    study: Study,
    invitation: Invitation,
    consents: Mapping[str, bool],
    at: datetime,
) -> Submission:
    """Record the consents and open the submission; again is safe and keeps the newest ticks."""
    design = definition_of(study)
    _refuse_unless_open(design, invitation, at)
    missing = [c.key for c in design.consents if c.required and not consents.get(c.key, False)]
    if missing:
        raise ConsentNeededError(f"These consents are needed to take part: {', '.join(missing)}.")
    is_new = insert_unless_there(
        session,
        Submission,
        {
            "study_id": study.id,
            "invitation_id": invitation.id,
            "participant_id": invitation.participant_id,
            "wave": invitation.wave,
            "questionnaire_id": _version_asked(session, study, invitation.wave, at),
            "started_at": at,
        },
        key=("invitation_id",),
    )
    submission = session.scalars(
        select(Submission).where(Submission.invitation_id == invitation.id).with_for_update()
    ).one()
    if submission.submitted_at is not None:
        return submission
    before = {} if is_new else {c.key: c.given for c in submission.consents}
    now = {c.key: bool(consents.get(c.key, False)) for c in design.consents}
    if before == now:
        return submission
    insert_or_update(
        session,
        Consent,
        [
            {
                "submission_id": submission.id,
                "key": key,
                "given": given,
                "notice_version": design.notice.version,
                "notice_sha256": design.notice.sha256,
                "given_at": at,
            }
            for key, given in now.items()
        ],
        key=("submission_id", "key"),
    )
    record_event(
        session,
        "consents_changed" if before else "answering_started",
        by=BY_PARTICIPANT,
        at=at,
        subject=f"submission:{submission.id}",
        study_id=study.id,
    )
    return submission


def lock_answers(session: Session, *, submission: Submission) -> None:
    """Wait for whoever is saving the same answers, so that what they saved is read after it.

    What is compared with the answers on record must be read behind this lock, which is held until
    the transaction ends.
    """
    held = (session.get_transaction(), submission.id)
    if session.info.get(_HELD) != held:
        _lock(session, submission)
        forget_answers(session)
        session.info[_HELD] = held


def save_page(
    session: Session,
    *,
    study: Study,
    invitation: Invitation,
    submission: Submission,
    page: Page,
    answers: PageAnswers,
    at: datetime,
    is_draft: bool = False,
) -> int:
    """Save one page's answers and give how many are new; the same page twice changes nothing.

    A choice left open is saved as not answered, so that it is told apart from one never reached.
    A draft is what was answered of a page that is not sent yet: it counts as an answer, but not
    towards a finished page. The history has every saving; the trail has one line for a sent page.
    After submission a page is taken only where the wave allows it, and only sent whole. Raises
    AlreadySubmittedError or WaveNotOpenError, and writes nothing then.
    """
    design = definition_of(study)
    _refuse_unless_open(design, invitation, at)
    lock_answers(session, submission=submission)
    is_submitted = submission.submitted_at is not None
    if is_submitted and (is_draft or not design.wave(invitation.wave).changes_after_submission):
        raise AlreadySubmittedError("These answers were submitted and can no longer change.")
    taken = [question for question in page.questions if question.id not in answers.untouched]
    values = {q.id: answers.values.get(q.id, NOT_ANSWERED) for q in taken if q.kind == "choice"}
    texts = {q.id: normalise_text(answers.texts.get(q.id, "")) for q in taken if q.kind == "text"}
    if is_submitted:
        _refuse_released(session, submission, texts)
    has_texts = bool(texts or answers_on_record(submission).texts)
    n_changed = _save_values(session, submission, values, at, is_draft=is_draft) + _save_texts(
        session, submission, texts, at, is_draft=is_draft
    )
    if not is_submitted:
        _note_version(session, study, submission, at)
    forget_answers(session)
    if has_texts and is_routed(study, wave=invitation.wave):
        _note_comments_not_asked(
            session, questionnaire_for(study=study, invitation=invitation), submission
        )
    if n_changed and not is_draft:
        record_event(
            session,
            "submitted_page_changed" if is_submitted else "page_saved",
            by=BY_PARTICIPANT,
            at=at,
            subject=f"submission:{submission.id}",
            study_id=study.id,
            answers=n_changed,
        )
    return n_changed


def normalise_text(text: str) -> str:
    """Give a text as the record keeps it: composed characters, LF line ends, no NUL, trimmed.

    PostgreSQL refuses NUL and SQLite keeps it, so it is replaced here, visibly.
    """
    unified = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    )
    return unicodedata.normalize("NFC", unified).strip()


def take_turn(session: Session, *, submission: Submission, window: str, turn: int) -> bool:
    """Note a post of a window; False where a later one of it is on record. Call behind the lock."""
    where = (PageWindow.submission_id == submission.id) & (PageWindow.key == window)
    newest = session.scalar(select(PageWindow.turn).where(where))
    if newest is not None and newest >= turn:
        return False
    insert_or_update(
        session,
        PageWindow,
        [{"submission_id": submission.id, "key": window, "turn": turn}],
        key=("submission_id", "key"),
    )
    return True


def _save_values(
    session: Session,
    submission: Submission,
    values: Mapping[str, int],
    at: datetime,
    *,
    is_draft: bool,
) -> int:
    saved = answers_on_record(submission)
    before = {item: (value, item in saved.drafts) for item, value in saved.values.items()}
    new = _new(before, values, is_draft=is_draft)
    insert_or_update(
        session,
        Response,
        [
            {
                "submission_id": submission.id,
                "item": item,
                "value": value,
                "saved_at": at,
                "is_draft": draft,
            }
            for item, (value, draft) in new.items()
        ],
        key=("submission_id", "item"),
    )
    insert_rows(
        session,
        ResponseEvent,
        [
            {"submission_id": submission.id, "item": item, "value": value, "saved_at": at}
            for item, (value, _) in new.items()
            if item not in before or before[item][0] != value
        ],
    )
    return len(new)


def _save_texts(
    session: Session,
    submission: Submission,
    texts: Mapping[str, str],
    at: datetime,
    *,
    is_draft: bool,
) -> int:
    saved = answers_on_record(submission)
    before = {name: (body, name in saved.drafts) for name, body in saved.texts.items()}
    # A box left empty is kept too: a question that was seen and not answered is not one never seen.
    new = _new(before, texts, is_draft=is_draft)
    insert_or_update(
        session,
        Comment,
        [
            {
                "study_id": submission.study_id,
                "submission_id": submission.id,
                "question": question,
                "body": body,
                "n_words": len(body.split()),
                "saved_at": at,
                "is_draft": draft,
            }
            for question, (body, draft) in new.items()
        ],
        key=("submission_id", "question"),
    )
    insert_rows(
        session,
        ResponseEvent,
        [
            {"submission_id": submission.id, "item": question, "body": body, "saved_at": at}
            for question, (body, _) in new.items()
            if question not in before or before[question][0] != body
        ],
    )
    return len(new)


def _new(
    before: Mapping[str, tuple[Answer, bool]], answers: Mapping[str, Answer], *, is_draft: bool
) -> dict[str, tuple[Answer, bool]]:
    """What there is to write: each answer, and whether it stays a draft.

    A page once sent stays sent, and sending a page makes its drafts answers of a sent page.
    """
    drafts = {question: is_draft and before.get(question, (None, True))[1] for question in answers}
    return {
        question: (answer, drafts[question])
        for question, answer in answers.items()
        if before.get(question) != (answer, drafts[question])
    }


def _note_version(session: Session, study: Study, submission: Submission, at: datetime) -> None:
    """What is saved or sent answers the questionnaire as it is asked now."""
    version_id = _version_asked(session, study, submission.wave, at)
    if submission.questionnaire_id != version_id:
        submission.questionnaire_id = version_id
        session.flush()


def _version_asked(session: Session, study: Study, wave: str, at: datetime) -> int:
    """The number of the version of a questionnaire that is asked now, frozen if it was not yet."""
    return (
        current_version_id(session, study, wave)
        or freeze_questionnaire(session, study=study, wave=wave, by=BY_PARTICIPANT, at=at).id
    )


def _note_comments_not_asked(
    session: Session, questionnaire: Questionnaire, submission: Submission
) -> None:
    """Mark the comments whose question is asked no longer, and unmark those it is asked again."""
    if not questionnaire.is_routed:
        return
    comments = session.scalars(
        select(Comment)
        .where(Comment.submission_id == submission.id)
        .execution_options(populate_existing=True)
    ).all()
    saved = answers_on_record(submission)
    answers: dict[str, int | str] = {**saved.values, **saved.texts}
    asked = {question.id for question in questionnaire.asked(answers).questions()}
    for comment in comments:
        comment.not_asked = comment.question not in asked
    session.flush()


def submit(
    session: Session,
    *,
    study: Study,
    invitation: Invitation,
    submission: Submission,
    key: str,
    at: datetime,
    rng: random.Random,
) -> str:
    """End a submission and give its receipt; again, or twice at once, gives the same receipt.

    Answers closed, waiting letters stopped and the letter of thanks queued: all or nothing.
    """
    lock_answers(session, submission=submission)
    if submission.receipt is not None:
        return submission.receipt
    _refuse_unless_open(definition_of(study), invitation, at)
    _note_version(session, study, submission, at)
    drawn = "".join(rng.choices(_RECEIPT_LETTERS, k=_RECEIPT_LENGTH))
    submission.receipt = f"{drawn[:4]}-{drawn[4:]}"
    submission.submitted_at = at
    cancel_waiting_letters(session, invitation_id=invitation.id)
    queue_letter(session, invitation=invitation, kind="thanks", number=1, key=key, at=at)
    record_event(
        session,
        "answers_submitted",
        by=BY_PARTICIPANT,
        at=at,
        subject=f"submission:{submission.id}",
        study_id=study.id,
    )
    return submission.receipt


def send_receipt(session: Session, *, invitation: Invitation, key: str, at: datetime) -> bool:
    """Queue a copy of the receipt by email; False where one was queued before."""
    is_new = queue_letter(session, invitation=invitation, kind="receipt", number=1, key=key, at=at)
    if is_new:
        record_event(
            session,
            "receipt_copy_queued",
            by=BY_PARTICIPANT,
            at=at,
            subject=f"invitation:{invitation.id}",
            study_id=invitation.study_id,
        )
    return is_new


def hold_page(
    session: Session,
    *,
    invitation: Invitation,
    page: str,
    posted: Mapping[str, str],
    reason: str,
    at: datetime,
) -> None:
    """Keep a page that could not be saved, as it was posted; the same page twice is kept once."""
    kept = {
        name: value.replace("\x00", "\N{REPLACEMENT CHARACTER}") for name, value in posted.items()
    }
    newest = session.scalars(
        select(HeldPage)
        .where(HeldPage.invitation_id == invitation.id, HeldPage.page == page)
        .order_by(HeldPage.id.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.posted == kept:
        return
    session.add(
        HeldPage(
            study_id=invitation.study_id,
            invitation_id=invitation.id,
            page=page,
            reason=reason,
            posted=kept,
            held_at=at,
        )
    )
    record_event(
        session,
        "page_held",
        by=BY_PARTICIPANT,
        at=at,
        subject=f"invitation:{invitation.id}",
        study_id=invitation.study_id,
        reason=reason,
    )


def _refuse_unless_open(design: StudyDefinition, invitation: Invitation, at: datetime) -> None:
    state = state_of(design.wave(invitation.wave), at=at)
    if state == "not_open_yet":
        raise WaveNotOpenError("This questionnaire has not opened yet.")
    if state == "closed":
        raise WaveNotOpenError("This questionnaire has closed.")


def _lock(session: Session, submission: Submission) -> None:
    """Wait for whoever holds the submission, and read what of it others may have changed."""
    row = session.execute(_LOCKED, {"id": submission.id}).one()
    for name, value in row._mapping.items():
        set_committed_value(submission, name, value)


_HELD = "answers locked"
_LOCKED = (
    select(Submission.submitted_at, Submission.receipt, Submission.questionnaire_id)
    .where(Submission.id == bindparam("id"))
    .with_for_update()
)


def _refuse_released(session: Session, submission: Submission, texts: Mapping[str, str]) -> None:
    """Refuse other words for a comment that researchers read already, with names taken out."""
    comments = session.scalars(
        select(Comment)
        .where(Comment.submission_id == submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for comment in comments:
        if comment.released_at is not None and comment.body != texts.get(
            comment.question, comment.body
        ):
            raise AlreadySubmittedError("A comment that was released can no longer change.")
