"""`letters`: new links, links taken back, letters for the post, and the pause."""

from __future__ import annotations

from pathlib import Path

import pytest
from looking import events, everything, rows
from trials import SLUG, Trial

from survey_app.database.models import Letter, Participant
from survey_app.operations.outbox import claim_letters

DEV = "person1@school1.example"


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


@pytest.mark.parametrize(
    ("which", "links"),
    [([DEV], 1), (["--letter", "3"], 1), (["--wave", "baseline"], 10), (["--all"], 10)],
)
def test_links_are_taken_back_alone_or_together(done, invited: Trial, which, links):
    said = done("letters", "revoke", SLUG, *which)
    assert said == f"Links that no longer work: {links}.\n"
    revoked = [each for each in rows(invited.database, Letter) if each.revoked_at]
    assert len(revoked) == links


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ([], "one of: EMAIL, --letter, --wave, --all"),
        ([DEV, "--all"], "one of: EMAIL"),
        (["--letter", "99"], "no letter 99"),
        (["--wave", "never"], "the waves are baseline"),
        (["nobody@x.example"], "Nobody on the roster"),
    ],
)
def test_links_nobody_has_are_told(refused, invited: Trial, which, told):
    before = everything(invited.database)
    assert told in refused("letters", "revoke", SLUG, *which)
    assert everything(invited.database) == before


def test_reminders_to_a_person_are_stopped_and_begun_again(done, refused, invited: Trial):
    assert done("letters", "stop-reminders", SLUG, DEV) == "No more reminders are sent.\n"
    assert done("letters", "stop-reminders", SLUG, DEV) == "That is so already.\n"
    assert rows(invited.database, Participant)[0].reminders_stopped_at is not None
    assert done("letters", "stop-reminders", SLUG, DEV, "--again") == "Reminders go out again.\n"
    assert rows(invited.database, Participant)[0].reminders_stopped_at is None
    assert "Nobody on the roster" in refused("letters", "stop-reminders", SLUG, "x@x.example")


def test_a_person_is_sent_a_new_link_even_after_all_were_taken_back(done, refused, invited: Trial):
    done("letters", "revoke", SLUG, DEV)
    done("letters", "new-link", SLUG, DEV)
    assert [each.kind for each in rows(invited.database, Letter)][-1] == "new_link"
    (event,) = events(invited.database, "new_link_queued")
    assert event.by == "command"
    done("letters", "revoke", SLUG, "--wave", "baseline")
    assert "queued: 10;" in done("letters", "new-link", SLUG, "--wave", "baseline")
    assert "has a link that works" in refused("letters", "new-link", SLUG, "--wave", "baseline")
    assert "one of: EMAIL, --wave" in refused("letters", "new-link", SLUG)
    invited.clock.move(days=60)
    assert "no open questionnaire" in refused("letters", "new-link", SLUG, DEV)


def test_letters_for_the_post_are_a_pdf_or_a_list(done, refused, invited: Trial, tmp_path: Path):
    pdf, listed = tmp_path / "letters.pdf", tmp_path / "letters.csv"
    assert "10 letters are in" in done("letters", "print", SLUG, "baseline", pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    done("letters", "print", SLUG, "baseline", listed, "--email", DEV)
    assert listed.read_text(encoding="utf-8-sig").splitlines()[1].split(",")[1] == "Person 1"
    before = everything(invited.database)
    for wrong in (tmp_path / "letters.doc", tmp_path / "no-folder" / "letters.csv"):
        assert str(wrong) in refused("letters", "print", SLUG, "baseline", wrong)
    assert everything(invited.database) == before


def test_paused_letters_stay_and_leave_again(done, refused, invited: Trial):
    done("letters", "pause", SLUG)
    assert "paused already" in refused("letters", "pause", SLUG)
    with invited.database.writing() as session:
        assert claim_letters(session, at=invited.clock(), limit=100) == []
    done("letters", "resume", SLUG)
    assert "are not paused" in refused("letters", "resume", SLUG)
    with invited.database.writing() as session:
        assert len(claim_letters(session, at=invited.clock(), limit=100)) == 10


def test_the_letters_of_a_wave_are_foreseen_and_nothing_is_written(done, refused, trial: Trial):
    before = everything(trial.database)
    said = done("letters", "plan", SLUG, "baseline")
    assert "2019-09-16  invitation      10\n" in said
    n_letters = sum(int(line.split()[-1]) for line in said.splitlines()[:-1])
    assert f"{n_letters} letters are still to leave" in said
    table = done("letters", "plan", SLUG, "baseline", "--csv").splitlines()
    assert len(table) == n_letters + 1
    assert "2019-09-16,invitation,1,P00001,Person 1,School 1,Bolton,no" in table
    assert "the waves are baseline" in refused("letters", "plan", SLUG, "never")
    assert everything(trial.database) == before
