from __future__ import annotations

from dataclasses import replace

from survey_app.trial.design import load_ready_made
from survey_app.web.researcher.presenters import (
    CommentToCode,
    held_back_in_words,
    in_coding_order,
    n_questions_held_back,
    next_after,
    place_of,
    questions_to_code,
    reference_for,
)

BOLTON = load_ready_made()["bolton-primary"]
KEY = "a key for tests"


def comment(number: int, *, n_codes: int = 0) -> CommentToCode:
    return CommentToCode(number, reference_for(number, key=KEY), "Question?", "Words.", n_codes)


def test_only_questions_asked_of_everyone_are_coded_while_masked() -> None:
    masked = questions_to_code(BOLTON, is_unmasked=False)
    assert set(masked) == {"most_stressful", "would_help", "what_changed"}
    assert n_questions_held_back(BOLTON, is_unmasked=False) == 3


def test_every_open_question_is_coded_once_unmasked() -> None:
    unmasked = questions_to_code(BOLTON, is_unmasked=True)
    assert {"supervision_useful", "supervision_contacts", "other_support"} <= set(unmasked)
    assert n_questions_held_back(BOLTON, is_unmasked=True) == 0
    assert held_back_in_words(0) == ""


def test_references_depend_on_the_key_and_tell_no_order() -> None:
    references = [reference_for(n, key=KEY) for n in range(200)]
    assert len(set(references)) == 200
    assert references != sorted(references)
    assert reference_for(1, key=KEY) != reference_for(1, key="another key")


def test_the_order_is_that_of_the_references() -> None:
    comments = [comment(n) for n in range(20)]
    ordered = in_coding_order(comments)
    assert ordered == in_coding_order(reversed(comments))
    assert [each.id for each in ordered] != list(range(20))


def test_goes_on_to_the_next_not_coded_or_else_the_next() -> None:
    coded = [comment(1, n_codes=1), comment(2, n_codes=2), comment(3), comment(4, n_codes=1)]
    assert next_after(coded, 0) == coded[2]
    assert next_after(coded, 2) == coded[3]
    assert next_after(coded, 3) is None


def test_a_comment_is_found_by_its_reference_alone() -> None:
    comments = [comment(1), comment(2)]
    assert place_of(comments, comments[1].reference) == 1
    assert place_of(comments, "2") is None


def test_a_long_comment_is_cut_on_the_list() -> None:
    long = replace(comment(1), words="word\n" * 60)
    assert len(long.excerpt) <= 90
    assert long.excerpt.endswith("…")
    assert comment(1).excerpt == "Words."
