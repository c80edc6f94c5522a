"""What a log says of a failure: where, never what about."""

from __future__ import annotations

from survey_app.jobs.failures import without_words


def raised() -> Exception:
    try:
        try:
            int("dev@school.example")
        except ValueError as cause:
            raise KeyError("https://survey.example/link/secret") from cause
    except KeyError as error:
        return error
    raise AssertionError


def test_it_names_the_kinds_and_the_lines_of_a_failure_and_its_cause():
    told = without_words(raised())
    assert told.index("builtins.KeyError") < told.index("builtins.ValueError")
    assert "in raised" in told
    assert "test_failures.py:" in told


def test_it_keeps_the_words_to_itself():
    told = without_words(raised())
    assert "dev@school.example" not in told
    assert "secret" not in told
