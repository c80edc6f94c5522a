"""Letters for the post: a code each, the same when printed again, and dead once taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from answering import answer
from looking import events, everything, rows
from trials import BY, KEY, Trial

from survey_app.database.models import Letter, Participant
from survey_app.database.queries.invitations import visit_by_token
from survey_app.links import code_as_written, code_hash
from survey_app.mail.posted import PostedLetter, sheet_as_csv, sheet_as_html
from survey_app.operations.errors import OperationError, WaveNotOpenError
from survey_app.operations.outbox import claim_letters
from survey_app.operations.posted_letters import print_letters
from survey_app.operations.revocation import revoke_links


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def printed(trial: Trial, people: list[int] | None = None, key: str = KEY) -> list[PostedLetter]:
    with trial.database.writing() as session:
        return print_letters(
            session,
            study=trial.study(session),
            wave="baseline",
            people=people,
            key=key,
            by=BY,
            at=trial.clock(),
        )


def test_each_code_opens_the_questionnaire_of_whom_it_is_for(invited: Trial):
    letters = printed(invited)
    assert len(letters) == len({letter.code for letter in letters}) == 10
    with invited.database.reading() as session:
        for letter in letters:
            assert code_as_written(letter.code) == letter.code
            visit = visit_by_token(session, code_hash(letter.code, key=KEY))
            assert visit is not None
            assert visit.name == letter.name
    (event,) = events(invited.database, "letters_printed")
    assert event.detail == {"wave": "baseline", "letters": 10}


def test_the_record_holds_no_code_and_nothing_is_emailed(invited: Trial):
    letters = printed(invited)
    record = str(everything(invited.database))
    assert not any(letter.code in record for letter in letters)
    with invited.database.writing() as session:
        claimed = claim_letters(session, at=invited.clock() + timedelta(days=1), limit=100)
    assert len(claimed) == 10  # the emailed invitations alone


def test_they_are_for_those_who_have_not_submitted(invited: Trial):
    answer(invited, 1)
    assert "Person 1" not in {letter.name for letter in printed(invited)}
    with pytest.raises(OperationError, match="still to answer"):
        printed(invited, people=[1])


def test_printed_again_a_letter_has_the_same_code_until_it_is_taken_back(invited: Trial):
    (first,), (again,) = printed(invited, [1]), printed(invited, [1])
    assert first == again
    with invited.database.writing() as session:
        person = session.get_one(Participant, 1)
        revoke_links(session, participant=person, by=BY, at=invited.clock())
    assert "Person 1" not in {letter.name for letter in printed(invited)}
    (new,) = printed(invited, [1])
    assert new.code != first.code
    with invited.database.reading() as session:
        assert visit_by_token(session, code_hash(first.code, key=KEY)) is None
        assert visit_by_token(session, code_hash(new.code, key=KEY)) is not None


def test_under_another_key_no_code_is_printed_that_would_open_nothing(invited: Trial):
    printed(invited, [1])
    before = everything(invited.database)
    with pytest.raises(OperationError, match="SURVEY_SECRET_KEY"):
        printed(invited, key="another key that is long enough for it")
    assert everything(invited.database) == before


def test_a_closed_wave_has_no_letters(invited: Trial):
    invited.clock.move(days=60)
    with pytest.raises(WaveNotOpenError, match="closed"):
        printed(invited)
    assert {letter.kind for letter in rows(invited.database, Letter)} == {"invitation"}


def test_the_sheet_has_a_page_for_each_and_the_list_is_safe_in_a_spreadsheet(invited: Trial):
    letters = [
        PostedLetter("P1", "=HYPERLINK(1)", "School <b>", "Bolton", "AB12-CD34-EF56"),
        PostedLetter("P2", "Ada", "School 2", "Bolton", "0000-0000-0000"),
    ]
    about = {
        "definition": invited.definition,
        "wave": "baseline",
        "base_url": "https://survey.example.org",
    }
    page = sheet_as_html(letters, **about)
    assert page.count("<article>") == 2
    assert "School &lt;b&gt;" in page
    assert "Go to survey.example.org/code and type this code" in page
    assert "AB12-CD34-EF56" in page
    found = list(csv.DictReader(io.StringIO(sheet_as_csv(letters, **about).decode("utf-8-sig"))))
    assert [row["name"] for row in found] == ["'=HYPERLINK(1)", "Ada"]
    assert found[1]["code"] == "0000-0000-0000"
    assert found[1]["address"] == "survey.example.org/code"
