"""Links are taken back alone or together, and what was answered stays."""

from __future__ import annotations

import pytest
from answering import answer
from looking import events, rows
from trials import BY, KEY, Trial

from survey_app.database.models import Letter, Response
from survey_app.database.queries.invitations import visit_by_token
from survey_app.database.queries.outbox import letter_of_study
from survey_app.links import token_hash
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import awaiting_reply
from survey_app.operations.link_requests import send_new_link
from survey_app.operations.revocation import revoke_letter, revoke_study_links


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def opens(trial: Trial, token: str) -> bool:
    with trial.database.reading() as session:
        return visit_by_token(session, token_hash(token)) is not None


def another_link(trial: Trial) -> None:
    with trial.database.writing() as session:
        study = trial.study(session)
        (invitation,) = awaiting_reply(session, study, "baseline", people=[1])
        send_new_link(session, study=study, invitation=invitation, key=KEY, by=BY, at=trial.clock())


def test_one_letter_s_link_dies_alone(invited: Trial):
    first = invited.token(1)
    another_link(invited)
    second = invited.token(1)
    with invited.database.writing() as session:
        letter = letter_of_study(session, invited.study(session), 1)
        assert letter is not None
        revoke_letter(session, letter=letter, by=BY, at=invited.clock())
    assert [opens(invited, token) for token in (first, second)] == [False, True]
    assert [letter.state for letter in rows(invited.database, Letter)[:2]] == [
        "cancelled",
        "waiting",
    ]
    (event,) = events(invited.database, "link_revoked")
    assert (event.subject, event.detail) == ("letter:1", {"kind": "invitation"})
    with invited.database.writing() as session:
        letter = letter_of_study(session, invited.study(session), 1)
        assert letter is not None
        with pytest.raises(OperationError, match="taken back already"):
            revoke_letter(session, letter=letter, by=BY, at=invited.clock())


def test_a_wave_s_links_die_together_and_another_wave_s_live(invited: Trial):
    answer(invited, 2)
    invited.clock.noon_on(invited.definition.wave("follow_up").opens_on)
    invited.invite("follow_up")
    with invited.database.writing() as session:
        revoked = revoke_study_links(
            session, study=invited.study(session), wave="baseline", by=BY, at=invited.clock()
        )
    assert revoked == 10  # the letter of thanks that was sent too has no link
    assert not opens(invited, invited.token(1))
    assert opens(invited, invited.token(1, "follow_up"))
    assert rows(invited.database, Response) != []
    (event,) = events(invited.database, "wave_links_revoked")
    assert event.detail == {"wave": "baseline", "links": 10}


def test_all_of_a_study_s_links_die_together_and_once(invited: Trial):
    with invited.database.writing() as session:
        study = invited.study(session)
        assert revoke_study_links(session, study=study, by=BY, at=invited.clock()) == 10
        with pytest.raises(OperationError, match="no link that works"):
            revoke_study_links(session, study=study, by=BY, at=invited.clock())
    assert not any(opens(invited, invited.token(person)) for person in range(1, 11))


def test_a_new_link_after_all_were_taken_back_is_the_coordinator_s_to_send(invited: Trial):
    with invited.database.writing() as session:
        study = invited.study(session)
        revoke_study_links(session, study=study, by=BY, at=invited.clock())
        assert awaiting_reply(session, study, "baseline", people=[1]) == []
        (meant,) = awaiting_reply(session, study, "baseline", people=[1], even_without_link=True)
        send_new_link(session, study=study, invitation=meant, key=KEY, by=BY, at=invited.clock())
        assert len(awaiting_reply(session, study, "baseline")) == 1
    assert opens(invited, invited.token(1))
