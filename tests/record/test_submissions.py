"""Answering: consent, pages, submission; nothing dropped, nothing changed once it is final."""

from __future__ import annotations

import pytest
from answering import answer, save, send, start, visit_of
from letterboxes import outbox
from looking import events, everything, only, rows
from trials import Trial

from instruments.missing import NOT_ANSWERED, PREFER_NOT_TO_SAY
from survey_app.database.models import (
    Comment,
    Consent,
    HeldPage,
    PageWindow,
    Response,
    ResponseEvent,
    Submission,
)
from survey_app.operations.errors import (
    AlreadySubmittedError,
    ConsentNeededError,
    WaveNotOpenError,
)
from survey_app.operations.submissions import (
    hold_page,
    normalise_text,
    questionnaire_for,
    start_submission,
    take_turn,
)

ITEMS = [f"gad7_{n}" for n in range(1, 8)]
WORDS = "in-your-own-words"


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


@pytest.fixture
def started(invited: Trial) -> Trial:
    start(invited)
    return invited


def saved_values(trial: Trial) -> dict[str, int]:
    return {r.item: r.value for r in rows(trial.database, Response)}


def test_nothing_starts_without_the_consent_the_study_needs(invited: Trial):
    before = everything(invited.database)
    with pytest.raises(ConsentNeededError, match="survey"):
        start(invited, consents={"survey": False, "quotation": True})
    assert everything(invited.database) == before


def test_each_tick_is_kept_with_the_notice_it_was_given_to(invited: Trial):
    start(invited, consents={"survey": True, "quotation": True})
    given = {c.key: c.given for c in rows(invited.database, Consent)}
    assert given == {"survey": True, "quotation": True, "recontact": False, "archive": False}
    notice = invited.definition.notice
    for consent in rows(invited.database, Consent):
        assert (consent.notice_version, consent.notice_sha256) == (notice.version, notice.sha256)
        assert consent.given_at == invited.clock()
    submission = only(invited.database, Submission)
    assert submission.questionnaire_id == 1
    assert len(events(invited.database, "answering_started")) == 1


def test_consenting_again_the_same_way_changes_nothing(started: Trial):
    before = everything(started.database)
    started.clock.move(hours=1)
    start(started)
    assert everything(started.database) == before


def test_the_newest_ticks_count_and_the_change_is_on_the_trail(started: Trial):
    start(started, consents={"survey": True})
    assert {c.key for c in rows(started.database, Consent) if c.given} == {"survey"}
    assert len(events(started.database, "consents_changed")) == 1
    assert len(rows(started.database, Submission)) == 1


def test_after_submission_ticks_no_longer_change(started: Trial):
    send(started)
    before = everything(started.database)
    start(started, consents={"survey": True})
    assert everything(started.database) == before


@pytest.mark.parametrize(("days", "told"), [(-20, "not opened yet"), (60, "closed")])
def test_nothing_starts_outside_the_wave(invited: Trial, days, told):
    invited.clock.move(days=days)
    with invited.database.writing() as session:
        visit = visit_of(session, invited)
        parts = {"study": visit.study, "invitation": visit.invitation, "at": invited.clock()}
        with pytest.raises(WaveNotOpenError, match=told):
            start_submission(session, consents={"survey": True}, **parts)
    assert rows(invited.database, Submission) == []


def test_a_page_is_kept_and_what_was_left_open_is_told_apart(started: Trial):
    values = {"gad7_1": 3, "gad7_2": 0, "gad7_3": PREFER_NOT_TO_SAY}
    assert save(started, "gad7", values=values) == 7
    left_open = dict.fromkeys(ITEMS[3:], NOT_ANSWERED)
    assert saved_values(started) == {**values, **left_open}
    (event,) = events(started.database, "page_saved")
    assert event.detail == {"answers": 7}


def test_the_same_page_again_changes_nothing(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 1))
    save(started, WORDS, texts={"most_stressful": "Time."})
    before = everything(started.database)
    started.clock.move(minutes=1)
    assert save(started, "gad7", values=dict.fromkeys(ITEMS, 1)) == 0
    assert save(started, WORDS, texts={"most_stressful": " Time. "}) == 0
    assert everything(started.database) == before


def comment_on(trial: Trial, question: str) -> Comment:
    (found,) = (c for c in rows(trial.database, Comment) if c.question == question)
    return found


def history_of(trial: Trial, item: str) -> list[ResponseEvent]:
    return [event for event in rows(trial.database, ResponseEvent) if event.item == item]


def test_a_changed_answer_keeps_the_earlier_one_in_the_history(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 1))
    started.clock.move(minutes=1)
    assert save(started, "gad7", values={**dict.fromkeys(ITEMS, 1), "gad7_2": 3}) == 1
    started.clock.move(minutes=1)
    assert save(started, "gad7", values={**dict.fromkeys(ITEMS[:-1], 1), "gad7_2": 3}) == 1
    history = [
        (e.item, e.value) for e in rows(started.database, ResponseEvent) if e.item in ITEMS[1::5]
    ]
    assert history == [
        ("gad7_2", 1),
        ("gad7_7", 1),
        ("gad7_2", 3),
        ("gad7_7", NOT_ANSWERED),
    ]
    assert saved_values(started)["gad7_2"] == 3
    assert saved_values(started)["gad7_7"] == NOT_ANSWERED


def test_a_changed_comment_keeps_the_earlier_words_in_the_history(started: Trial):
    for words in ("First.", "Second.", ""):
        save(started, WORDS, texts={"most_stressful": words})
    assert [e.body for e in history_of(started, "most_stressful")] == ["First.", "Second.", ""]
    assert comment_on(started, "most_stressful").body == ""


def test_a_box_left_empty_is_told_apart_from_one_never_seen(started: Trial):
    assert save(started, WORDS, texts={"most_stressful": "Time."}) == 2
    assert comment_on(started, "would_help").body == ""
    assert save(started, WORDS, texts={"most_stressful": "Time."}) == 0


def test_pages_saved_apart_do_not_touch_each_other(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 2))
    save(started, "pss10", values={"pss10_1": 4})
    assert saved_values(started)["gad7_1"] == 2
    assert saved_values(started)["pss10_1"] == 4


def test_answers_to_questions_of_other_pages_are_left_alone(started: Trial):
    save(started, "gad7", values={"gad7_1": 1, "pss10_1": 4, "invented": 2})
    assert set(saved_values(started)) == set(ITEMS)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("tired 😫👩‍🏫", "tired 😫👩‍🏫"),
        ("שלום עליכם، مرحبا", "שלום עליכם، مرحبا"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}txt.exe", "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe"),
        ('=HYPERLINK("http://x.example")', '=HYPERLINK("http://x.example")'),
        ("+1", "+1"),
        ("-1+2", "-1+2"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE comment; --", "'; DROP TABLE comment; --"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("  around  ", "around"),
        ("x" * 100_000, "x" * 100_000),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_words_are_kept_as_they_were_written(started: Trial, written, kept):
    save(started, WORDS, texts={"most_stressful": written})
    assert comment_on(started, "most_stressful").body == kept
    assert [e.body for e in history_of(started, "most_stressful")] == [kept]
    assert normalise_text(kept) == kept


def test_what_is_saved_of_a_page_not_sent_yet_is_a_draft_until_it_is_sent(started: Trial):
    parts = {"values": {"gad7_1": 2}, "untouched": ITEMS[1:]}
    assert save(started, "gad7", is_draft=True, **parts) == 1
    assert saved_values(started) == {"gad7_1": 2}
    assert [r.is_draft for r in rows(started.database, Response)] == [True]
    assert save(started, WORDS, texts={"most_stressful": "Time."}, is_draft=True) == 2
    assert events(started.database, "page_saved") == []
    assert save(started, "gad7", values={"gad7_1": 2}) == 7
    assert save(started, WORDS, texts={"most_stressful": "Time."}) == 2
    assert not any(r.is_draft for r in rows(started.database, Response))
    assert not any(c.is_draft for c in rows(started.database, Comment))
    assert [e.value for e in history_of(started, "gad7_1")] == [2]
    assert [e.body for e in history_of(started, "most_stressful")] == ["Time."]
    assert save(started, "gad7", is_draft=True, values={"gad7_1": 3}, untouched=ITEMS[1:]) == 1
    assert not any(r.is_draft for r in rows(started.database, Response))


def test_of_the_posts_of_one_window_an_older_one_is_known_as_such(started: Trial):
    def take(window: str, turn: int) -> bool:
        with started.database.writing() as session:
            submission = session.get_one(Submission, 1)
            return take_turn(session, submission=submission, window=window, turn=turn)

    turns = [("a", 2), ("a", 1), ("a", 2), ("b", 1), ("a", 3)]
    assert [take(*each) for each in turns] == [True, False, False, True, True]
    assert {(w.key, w.turn) for w in rows(started.database, PageWindow)} == {("a", 3), ("b", 1)}


def test_submitting_ends_it_with_a_receipt_and_thanks(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 1))
    started.clock.move(minutes=9)
    receipt = send(started)
    submission = only(started.database, Submission)
    assert (submission.receipt, submission.submitted_at) == (receipt, started.clock())
    assert len(receipt) == 9
    assert set(receipt) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert [letter.kind for letter in outbox(started.database)].count("thanks") == 1
    assert len(events(started.database, "answers_submitted")) == 1


def test_submitting_twice_gives_the_same_receipt_and_changes_nothing(started: Trial):
    first = send(started)
    before = everything(started.database)
    started.clock.move(days=90)
    assert send(started) == first
    assert everything(started.database) == before


def test_saving_after_submission_is_refused_and_nothing_written(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 1))
    send(started)
    before = everything(started.database)
    with pytest.raises(AlreadySubmittedError):
        save(started, "gad7", values=dict.fromkeys(ITEMS, 3))
    assert everything(started.database) == before


def test_after_the_wave_closed_neither_saving_nor_submitting_works(started: Trial):
    save(started, "gad7", values=dict.fromkeys(ITEMS, 1))
    before = everything(started.database)
    started.clock.noon_on(started.definition.wave("baseline").closes_on)
    started.clock.move(days=1)
    with pytest.raises(WaveNotOpenError):
        save(started, "gad7", values=dict.fromkeys(ITEMS, 3))
    with pytest.raises(WaveNotOpenError):
        send(started)
    assert everything(started.database) == before


def test_the_last_evening_of_a_wave_is_one_in_england(started: Trial):
    started.clock.noon_on(started.definition.wave("baseline").closes_on)
    started.clock.move(hours=11, minutes=59)
    assert save(started, "gad7", values=dict.fromkeys(ITEMS, 1)) == 7
    started.clock.move(minutes=1)
    with pytest.raises(WaveNotOpenError):
        save(started, "gad7", values=dict.fromkeys(ITEMS, 3))


def test_questions_of_one_arm_are_asked_of_that_arm_only(invited: Trial):
    invited.randomise()
    invited.clock.noon_on(invited.definition.wave("follow_up").opens_on)
    invited.invite("follow_up")
    asked = {}
    with invited.database.reading() as session:
        for person in range(1, 9):
            visit = visit_of(session, invited, person, "follow_up")
            allocation = visit.invitation.participant.school.allocation
            assert allocation is not None
            questions = questionnaire_for(study=visit.study, invitation=visit.invitation)
            asked.setdefault(allocation.arm, set()).update(q.id for q in questions.questions())
    assert "supervision_useful" in asked["supervision"] - asked["usual_support"]
    assert "other_support" in asked["usual_support"] - asked["supervision"]


def test_ten_people_get_ten_receipts(invited: Trial):
    receipts = [answer(invited, person) for person in range(1, 11)]
    assert len(set(receipts)) == 10


def hold(trial: Trial, page: str = "gad7", **posted: str) -> None:
    with trial.database.writing() as session:
        hold_page(
            session,
            invitation=visit_of(session, trial).invitation,
            page=page,
            posted=posted,
            reason="The wave had closed.",
            at=trial.clock(),
        )


def test_a_page_that_could_not_be_saved_is_held_as_it_was_posted(invited: Trial):
    hold(invited, gad7_1="3", most_stressful="a\x00b 😫")
    held = only(invited.database, HeldPage)
    assert held.posted == {"gad7_1": "3", "most_stressful": "a\N{REPLACEMENT CHARACTER}b 😫"}
    assert (held.page, held.reason, held.held_at) == (
        "gad7",
        "The wave had closed.",
        invited.clock(),
    )
    assert len(events(invited.database, "page_held")) == 1


def test_the_same_page_is_held_once_and_another_version_again(invited: Trial):
    for value in ("3", "3", "2", "2", "3"):
        hold(invited, gad7_1=value)
    assert [h.posted["gad7_1"] for h in rows(invited.database, HeldPage)] == ["3", "2", "3"]
    hold(invited, "pss10", gad7_1="3")
    assert len(rows(invited.database, HeldPage)) == 4
