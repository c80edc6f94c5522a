"""The outbox, one person's letters, letters for the post, and links taken back together."""

from __future__ import annotations

import csv
import io
import re

import pytest
from answering import answer, save, start
from flask.testing import FlaskClient
from looking import events, everything, rows
from rooms import STUDY, actor_of, assert_open_only_to, text_of_page
from trials import KEY, Trial

from survey_app.database.models import Letter
from survey_app.links import code_as_written
from survey_app.mail.mailbox import letter_by_key, letters_page
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.operations.disowning import disown_letter
from survey_app.operations.outbox import claim_letters, note_refused, note_sent
from survey_app.web import waking

PATH = f"{STUDY}/letters"
DEV = f"{STUDY}/people/P00001"
AS_SENT = f"{PATH}/preview/as-sent?person=P00001&letter=reminder&wave=baseline"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(waking, "wake", lambda _, task: calls.append(task))
    return calls


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


@pytest.fixture
def ada(sign_in_as, invited: Trial) -> FlaskClient:
    return sign_in_as("coordinator")


def shown(browser: FlaskClient, path: str) -> str:
    return text_of_page(browser.get(path).text)


def test_are_open_to_coordinators_only(client: FlaskClient, sign_in_as, invited: Trial) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[
            *(PATH, DEV, f"{PATH}/for-the-post", f"{PATH}/take-back", f"{PATH}/plan"),
            *(f"{PATH}/plan/table?wave=baseline", f"{PATH}/preview", AS_SENT),
        ],
        posts=[
            *(
                f"{PATH}/{act}"
                for act in (
                    "pause",
                    "resume",
                    "for-the-post",
                    "take-back",
                    "preview",
                    "new-links/baseline",
                )
            ),
            *(f"{PATH}/1/{act}" for act in ("take-back", "settle", "resend")),
            *(
                f"{DEV}/{act}"
                for act in (
                    "take-back",
                    "new-link/baseline",
                    "stop-reminders",
                    "allow-reminders",
                )
            ),
        ],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_the_outbox_says_how_each_letter_fares(ada: FlaskClient, invited: Trial) -> None:
    with invited.database.writing() as session:
        claim_letters(session, at=invited.clock(), limit=2)
        note_sent(session, letter_id=1, by="worker", at=invited.clock())
        because = "The mail server refused the letter (550 5.1.1)."
        note_refused(session, letter_id=2, because=because, by="worker", at=invited.clock())
    page = shown(ada, PATH)
    assert "All (10) Waiting (8) Sent (1) Refused (1)" in page
    refused = shown(ada, f"{PATH}?state=refused")
    assert f"Refused Invitation 16 September 2019 at 12:00 {because}" in refused
    assert "Sent 16" not in refused
    for none in ("nonsense", "cancelled"):
        assert "There is no such letter." in shown(ada, f"{PATH}?state={none}")


@pytest.mark.parametrize(
    "wanted", ["person1@school1.example", "p00001", " Person1@School1.Example "]
)
def test_a_person_is_found_by_address_or_code(ada: FlaskClient, wanted: str) -> None:
    answer_ = ada.get(PATH, query_string={"person": wanted})
    assert (answer_.status_code, answer_.location) == (303, DEV)


def test_somebody_not_on_the_roster_is_told(ada: FlaskClient) -> None:
    assert "Nobody on the roster has the address or code “<b>”." in shown(ada, f"{PATH}?person=<b>")
    assert ada.get(f"{STUDY}/people/P99999").status_code == 404
    assert ada.get(f"{STUDY}/people/person1@school1.example").status_code == 404


def test_paused_letters_stay_and_go_on(ada: FlaskClient, invited: Trial, woken) -> None:
    ada.post(f"{PATH}/pause").close()
    assert "Letters are paused since 16 September 2019 at 12:00" in shown(ada, PATH)
    with invited.database.writing() as session:
        assert claim_letters(session, at=invited.clock(), limit=100) == []
    ada.post(f"{PATH}/pause").close()
    assert "are paused already" in shown(ada, PATH)
    ada.post(f"{PATH}/resume").close()
    assert "Letters leave again." in shown(ada, PATH)
    assert woken == ["deliver_letters"]
    (paused,) = events(invited.database, "letters_paused")
    assert paused.by == actor_of(invited, "coordinator")


def test_a_person_s_page_has_the_whole_course_and_no_answer(
    ada: FlaskClient, invited: Trial
) -> None:
    assert "Not started." in shown(ada, DEV)
    start(invited, 1)
    assert "Not started." in shown(ada, DEV)
    save(invited, "gad7", values={"gad7_1": 2})
    assert "Started on 16 September 2019 at 12:00, not submitted." in shown(ada, DEV)
    answer(invited, 1, text="My own words.")
    page = shown(ada, DEV)
    assert "Submitted on 16 September 2019" in page
    course = page.split("What happened, oldest first")[1]
    told = [
        "Invitation: queued",
        "Agreed to take part",
        "Answers saved: ",
        "Answers submitted",
        "Thanks: queued",
    ]
    assert [words for words in told if words not in course] == []
    assert "My own words." not in page


def test_a_new_link_is_sent_also_after_all_were_taken_back(
    ada: FlaskClient, invited: Trial, woken
) -> None:
    ada.post(f"{DEV}/take-back").close()
    assert "Links and codes that no longer work: 1." in shown(ada, DEV)
    ada.post(f"{DEV}/take-back").close()
    assert "has no link that works" in shown(ada, DEV)
    ada.post(f"{DEV}/new-link/baseline").close()
    assert "A letter with a new link is on its way to Person 1." in shown(ada, DEV)
    assert woken == ["deliver_letters"]
    assert [each.kind for each in rows(invited.database, Letter)][-1] == "new_link"


@pytest.mark.parametrize("wave", ["follow_up", "never"])
def test_no_new_link_goes_to_a_wave_that_is_not_open(ada: FlaskClient, invited, wave) -> None:
    before = everything(invited.database)
    ada.post(f"{DEV}/new-link/{wave}").close()
    assert everything(invited.database) == before


def test_one_letter_is_taken_back_and_another_study_s_is_not(ada: FlaskClient, invited) -> None:
    ada.post(f"{PATH}/1/take-back").close()
    page = shown(ada, DEV)
    assert "The link of letter 1 no longer works." in page
    assert "Its link was taken back on 16 September 2019" in page
    assert ada.post(f"{PATH}/999/take-back").status_code == 404
    assert len(events(invited.database, "link_revoked")) == 1


def test_a_letter_that_came_to_somebody_else_is_shown_until_it_is_settled(
    ada: FlaskClient, invited: Trial
) -> None:
    with invited.database.writing() as session:
        disown_letter(session, letter_id=1, at=invited.clock())
    assert "1 letter came to somebody else" in shown(ada, f"{STUDY}/")
    assert "Person 1, School 1 , on 16 September 2019" in shown(ada, PATH)
    assert "said that it was not for them" in shown(ada, DEV)
    ada.post(f"{PATH}/1/settle").close()
    assert "came to somebody else" not in shown(ada, PATH)
    (event,) = events(invited.database, "letter_settled")
    assert event.by == actor_of(invited, "coordinator")


def test_letters_for_the_post_are_printed_and_audited_each_time(
    ada: FlaskClient, invited: Trial
) -> None:
    sheet = ada.post(f"{PATH}/for-the-post", data={"wave": "baseline"})
    assert sheet.status_code == 200
    assert sheet.text.count("<article>") == 10
    assert sheet.headers["Cache-Control"] == "no-store"
    assert "style-src 'unsafe-inline'" in sheet.headers["Content-Security-Policy"]
    listed = ada.post(
        f"{PATH}/for-the-post",
        data={"wave": "baseline", "person": "P00001", "as_list": "yes"},
    )
    (row,) = csv.DictReader(io.StringIO(listed.data.decode("utf-8-sig")))
    assert row["name"] == "Person 1"
    assert code_as_written(row["code"]) == row["code"]
    assert row["code"] in sheet.text
    assert [e.detail["letters"] for e in events(invited.database, "letters_printed")] == [10, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Choose a wave"),
        ({"wave": "follow_up"}, "Choose a wave"),
        ({"wave": "baseline", "person": "nobody"}, "Nobody on the roster has this address"),
    ],
)
def test_what_cannot_be_printed_is_told(ada: FlaskClient, invited: Trial, given, told) -> None:
    before = everything(invited.database)
    refused = ada.post(f"{PATH}/for-the-post", data=given)
    assert refused.status_code == 422
    assert told in text_of_page(refused.text)
    assert everything(invited.database) == before


@pytest.mark.parametrize(("scope", "action"), [("baseline", "wave"), ("all", "study")])
def test_links_are_taken_back_together(ada: FlaskClient, invited: Trial, scope, action) -> None:
    refused = ada.post(f"{PATH}/take-back", data={"scope": scope})
    assert "Tick the box" in text_of_page(refused.text)
    done = ada.post(f"{PATH}/take-back", data={"scope": scope, "confirmed": "yes"})
    assert done.location == PATH
    assert "no longer work: 10." in shown(ada, PATH)
    assert len(events(invited.database, f"{action}_links_revoked")) == 1
    again = ada.post(f"{PATH}/take-back", data={"scope": scope, "confirmed": "yes"})
    assert "no link that works" in text_of_page(again.text)


def test_no_page_of_letters_shows_a_link(ada: FlaskClient, invited: Trial) -> None:
    shown_as = f"{PATH}/preview?person=P00001&letter=invitation&wave=baseline"
    for path in (PATH, DEV, f"{PATH}/for-the-post", f"{PATH}/take-back", shown_as, AS_SENT):
        page = ada.get(path).text
        assert invited.token(1) not in page
        assert set(re.findall(r"/link/([\w-]+)", page)) <= {"here-stands-the-link"}
    assert KEY not in ada.get(PATH).text


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        ("invitation", ["Subject Your questionnaire for", "/link/here-stands-the-link"]),
        ("reminder", ["A reminder about", "List-Unsubscribe", "/link/here-stands-the-link"]),
        ("thanks", ["Thank you for your answers"]),
        ("receipt", ["Your receipt is XXXX-XXXX."]),
        ("new_link", ["Your new link", "/link/here-stands-the-link"]),
    ],
)
def test_a_letter_is_previewed_as_it_will_be_for_a_person(ada: FlaskClient, letter, told) -> None:
    page = shown(ada, f"{PATH}/preview?person=P00001&letter={letter}&wave=baseline")
    assert "To Person 1 <person1@school1.example>" in page
    assert "Dear Person 1," in page
    assert [words for words in told if words not in page] == []
    as_sent = ada.get(f"{PATH}/preview/as-sent?person=P00001&letter={letter}&wave=baseline")
    assert "Dear Person 1," in as_sent.text
    assert "default-src 'none'" in as_sent.headers["Content-Security-Policy"]


def test_a_posted_letter_is_previewed_without_a_code_that_works(ada: FlaskClient, invited) -> None:
    assert "See it as it is printed" in shown(ada, f"{PATH}/preview?person=P00001&letter=posted")
    sheet = ada.get(f"{PATH}/preview/as-sent?person=P00001&letter=posted&wave=baseline")
    assert "XXXX-XXXX-XXXX" in sheet.text
    assert not [each for each in rows(invited.database, Letter) if each.kind == "posted"]


def test_a_preview_of_nobody_or_nothing_is_told(ada: FlaskClient) -> None:
    assert "Nobody on the roster" in shown(ada, f"{PATH}/preview?person=nobody")
    for wrong in ("person=nobody", "person=P00001&letter=poem", "person=P00001&wave=never"):
        assert ada.get(f"{PATH}/preview/as-sent?{wrong}").status_code == 404
        assert (
            ada.post(f"{PATH}/preview", data=dict([wrong.split("&")[-1].split("=")])).status_code
            == 404
        )


def test_a_test_goes_to_whoever_asks_and_to_nobody_else(
    ada: FlaskClient, invited: Trial, settings
) -> None:
    before = rows(invited.database, Letter)
    form = {"person": "P00001", "letter": "reminder", "wave": "baseline"}
    ada.post(f"{PATH}/preview", data=form).close()
    (envelope,) = letters_page(settings.mailbox_directory).envelopes
    assert envelope.to == "Person 1 <coordinator@trial.example>"
    assert envelope.subject.startswith("Test: A reminder")
    found = letter_by_key(settings.mailbox_directory, envelope.key)
    assert found is not None
    assert found.links[0] == f"{settings.base_url}/link/here-stands-the-link"
    assert "A test was sent to coordinator@trial.example." in shown(ada, f"{PATH}/preview")
    assert len(rows(invited.database, Letter)) == len(before)
    (event,) = events(invited.database, "test_letter_sent")
    assert event.detail == {"kind": "reminder"}


def test_a_test_that_cannot_leave_is_told_and_not_on_the_trail(
    ada: FlaskClient, invited: Trial, settings
) -> None:
    settings.mailbox_directory.parent.mkdir(parents=True, exist_ok=True)
    settings.mailbox_directory.write_text("no folder")
    form = {"person": "P00001", "letter": "invitation", "wave": "baseline"}
    ada.post(f"{PATH}/preview", data=form).close()
    assert "The test was not sent." in shown(ada, f"{PATH}/preview")
    assert events(invited.database, "test_letter_sent") == []


def test_the_plan_of_a_wave_is_shown_by_day_and_taken_away(ada: FlaskClient, invited) -> None:
    page = shown(ada, f"{PATH}/plan")
    assert "Letters to come: Before supervision" in page
    assert "Monday 16 September 2019 10 0 0 10" in page
    assert "Person 1 Invitation School 1 In the outbox" in page
    table = ada.get(f"{PATH}/plan/table?wave=baseline")
    found = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert {row["letter"] for row in found} == {"invitation", "reminder", "last_call"}
    assert f"All {sum(r['letter'] == 'invitation' for r in found)}" in page
    assert ada.get(f"{PATH}/plan?wave=never").status_code == 404
    assert ada.get(f"{PATH}/plan/table").status_code == 404


def test_a_refused_letter_is_sent_again(ada: FlaskClient, invited: Trial, woken) -> None:
    with invited.database.writing() as session:
        claim_letters(session, at=invited.clock(), limit=1)
        note_refused(session, letter_id=1, because="No (550).", by="worker", at=invited.clock())
    assert "Invitation: refused. No (550)." in shown(ada, DEV)
    ada.post(f"{PATH}/1/resend").close()
    assert "Letter 1 is on its way again." in shown(ada, DEV)
    assert rows(invited.database, Letter)[0].state == "waiting"
    assert woken == ["deliver_letters"]
    ada.post(f"{PATH}/1/resend").close()
    assert "This letter has not left yet." in shown(ada, DEV)


def test_after_a_wave_s_links_were_taken_back_everybody_is_sent_a_new_one(
    ada: FlaskClient, invited: Trial, woken
) -> None:
    answer(invited, 2)
    assert "no link that works" not in shown(ada, PATH)
    ada.post(f"{PATH}/take-back", data={"scope": "baseline", "confirmed": "yes"}).close()
    assert "9 people who are still to answer have no link that works" in shown(ada, PATH)
    ada.post(f"{PATH}/new-links/baseline").close()
    assert "Letters with a new link on their way: 9." in shown(ada, PATH)
    assert woken == ["deliver_letters"]
    (event,) = events(invited.database, "new_links_queued")
    assert event.detail == {"wave": "baseline", "letters": 9}
    ada.post(f"{PATH}/new-links/baseline").close()
    assert "Everybody who is still to answer has a link that works." in shown(ada, PATH)
    ada.post(f"{PATH}/new-links/follow_up").close()
    assert "This wave is not open" in shown(ada, PATH)
    assert ada.post(f"{PATH}/new-links/never").status_code == 404
    opened = ada.application.test_client().post(f"/link/{invited.token(1)}")
    assert opened.status_code == 303


def test_reminders_are_stopped_for_who_asks_in_a_reply_and_begun_again(
    ada: FlaskClient, invited: Trial
) -> None:
    assert ada.post(f"{DEV}/stop-reminders").location.endswith("/people/P00001")
    page = shown(ada, DEV)
    assert "is sent no more reminders." in page
    assert "Not wanted since" in page
    assert events(invited.database, "reminders_stopped")[0].by == actor_of(invited, "coordinator")
    ada.post(f"{DEV}/allow-reminders")
    assert "Not wanted since" not in shown(ada, DEV)
    assert len(events(invited.database, "reminders_allowed")) == 1


def test_an_address_that_takes_no_letters_is_told(ada: FlaskClient, invited: Trial) -> None:
    with invited.database.writing() as session:
        record_delivery_report(
            session,
            letter_id=1,
            outcome="hard",
            status="5.1.1",
            source="report",
            by="worker",
            at=invited.clock(),
        )
    page = shown(ada, DEV)
    assert "Nothing more is sent until the roster has another address." in page
    assert "5.1.1" in page
