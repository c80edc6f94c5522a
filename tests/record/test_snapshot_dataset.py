"""A study's rows, copied for a report: masked tells no arm, and nothing missing is confused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from answering import answer, save, send, start
from looking import everything, rows
from routed import route
from sqlalchemy import update
from trials import BY, KEY, KEYS, Clock, Trial, load_trial, loaded_trial

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from reports.document import build_report, render_html
from reports.snapshot import Sharing, Snapshot
from scoring.scales import score
from survey_app.database.models import Comment, Participant, Randomisation, School, Submission
from survey_app.database.queries.comments import comment_counts
from survey_app.database.queries.people import person_by_code
from survey_app.database.queries.schools import school_by_urn
from survey_app.database.session import Database
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.merging import merge_people
from survey_app.operations.outbox import claim_letters, note_sent
from survey_app.operations.posted_letters import print_letters
from survey_app.operations.redaction import release_comment
from survey_app.operations.reporting import take_snapshot
from survey_app.operations.studies import register_study, unmask_study
from survey_app.operations.supervision import record_session
from survey_app.operations.turnover import leave_role, move_person, share_person, succeed
from survey_app.trial.design import read_study
from survey_app.trial.meetings import MeetingFacts

SEED = "zq-seed-of-this-trial"
REAL_ARMS = ("supervision", "usual_support", "Supervision", "Support as usual")
OF_ONE_ARM = ("supervision_useful", "supervision_contacts", "other_support")
FRAMES = (
    "schools",
    "participants",
    "invitations",
    "submissions",
    "answers",
    "comments",
    "codings",
    "sessions",
)


def snapshot_of(trial: Trial) -> Snapshot:
    with trial.database.reading() as session:
        study = trial.study(session)
        return take_snapshot(session, study=study, at=trial.clock())


def unmask(trial: Trial) -> None:
    with trial.database.writing() as session:
        unmask_study(session, study=trial.study(session), because="Done.", by=BY, at=trial.clock())


def tell(database: Database) -> None:
    """Both waves answered by everybody, schools randomised, one session held, comments coded."""
    load_trial(database)
    trial = loaded_trial(database, Clock(datetime(2019, 9, 1, tzinfo=UTC)))
    trial.invite()
    for person in range(1, 10):
        answer(trial, person)
    trial.clock.noon_on(trial.definition.allocation.planned_on)
    trial.randomise(SEED)
    trial.clock.move(hours=3)
    answer(trial, 10)
    trial.clock.noon_on(trial.definition.wave("follow_up").opens_on)
    trial.invite("follow_up")
    for person in range(1, 11):
        answer(trial, person, "follow_up", text="Some words of mine.")
    with trial.database.writing() as session:
        study = trial.study(session)
        parts = {"by": BY, "at": trial.clock()}
        for urn in ("100001", "100002"):
            school = school_by_urn(session, study, urn)
            assert school is not None
            record_session(
                session,
                school=school,
                facts=MeetingFacts(
                    "supervision", 1, date(2019, 9, 6), outcome="attended", model="one_to_one"
                ),
                **parts,
            )
        code = add_code(session, study=study, label="Workload", definition="Time.", **parts)
        redactor, coder = trial.staff_with("redactor"), trial.staff_with("researcher")
        for comment in session.query(Comment):
            release_comment(
                session, comment=comment, redacted="Words.", staff_id=redactor.id, **parts
            )
            code_comment(session, comment=comment, code_ids={code.id}, staff_id=coder.id, **parts)


@pytest.fixture
def told(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path, clock: Clock
) -> Iterator[Trial]:
    """The trial that `tell` tells, on the first day of its follow-up."""
    source = request.getfixturevalue(f"{database_kind}_source")
    with source.fresh(tmp_path, fill=tell) as url:
        database = Database(url, keys=KEYS)
        trial = loaded_trial(database, clock)
        clock.noon_on(trial.definition.wave("follow_up").opens_on)
        yield trial
        database.dispose()


def texts_of(snapshot: Snapshot) -> Iterator[str]:
    """Every word in a snapshot's frames and provenance, headings included."""
    for name in FRAMES:
        frame: pd.DataFrame = getattr(snapshot, name)
        yield from map(str, frame.columns)
        yield from map(str, frame.index)
        for column in frame.columns:
            yield from map(str, frame[column])
    for name, value in snapshot.provenance.items():
        yield from (name, value)
    yield from snapshot.study.arms
    yield from (snapshot.study.reference_arm, *snapshot.study.open_questions)


def test_masked_tells_no_arm_no_seed_and_no_question_of_one_arm(told: Trial):
    snapshot = snapshot_of(told)
    texts = set(texts_of(snapshot))
    assert snapshot.masked
    assert snapshot.study.arms == ("Arm A", "Arm B")
    assert not texts & {*REAL_ARMS, *OF_ONE_ARM, SEED, "one_to_one"}
    assert not [text for text in texts if SEED in text]
    assert snapshot.sessions.empty
    assert set(snapshot.comments["question"]) == {"what_changed"}
    assert snapshot.study.arm_specific_questions == frozenset()


def test_masked_the_two_letters_stand_for_the_two_arms_of_the_sealed_mask(told: Trial):
    mask = rows(told.database, Randomisation)[0].mask
    masked = snapshot_of(told).schools["arm"]
    unmask(told)
    unmasked = snapshot_of(told).schools["arm"]
    labels = {arm.id: arm.label for arm in told.definition.arms}
    for letter, arm in mask.items():
        assert unmasked[masked == f"Arm {letter}"].unique().tolist() == [labels[arm]]


def test_unmasked_has_arms_sessions_seed_and_every_question(told: Trial):
    unmask(told)
    snapshot = snapshot_of(told)
    assert not snapshot.masked
    assert snapshot.study.arms == ("Supervision", "Support as usual")
    assert snapshot.study.reference_arm == "Support as usual"
    assert snapshot.provenance["Seed of the randomisation"] == SEED
    assert len(snapshot.sessions) == 2
    assert snapshot.sessions["attended"].all()
    assert set(OF_ONE_ARM) <= set(snapshot.comments["question"])
    assert snapshot.study.arm_specific_questions == set(OF_ONE_ARM)


def test_no_name_address_or_word_of_anybody_is_in_a_snapshot(told: Trial):
    unmask(told)
    texts = " ".join(texts_of(snapshot_of(told)))
    for secret in ("Person 1", "@", "School 1", "Some words of mine", "100001", "Researcher"):
        assert secret not in texts


def test_a_school_not_eligible_is_there_with_its_reason_and_no_arm(told: Trial):
    schools = snapshot_of(told).schools
    assert schools["eligible"].tolist() == [True] * 8 + [False]
    assert schools["exclusion"].tolist() == [""] * 8 + ["Not a mainstream school"]
    assert schools["arm"].notna().tolist() == [True] * 8 + [False]
    assert set(schools["authority"]) == {"Bolton"}


def test_three_ways_of_having_no_answer_are_three_codes(trial: Trial):
    trial.invite()
    start(trial)
    save(trial, "gad7", values={"gad7_1": 2, "gad7_2": PREFER_NOT_TO_SAY})
    answers = snapshot_of(trial).answers.iloc[0]
    assert answers["gad7_1"] == 2
    assert answers["gad7_2"] == PREFER_NOT_TO_SAY
    assert answers["gad7_3"] == NOT_ANSWERED
    # A page never reached was asked all the same; what only another wave asks was not.
    assert answers["pss10_1"] == NOT_ANSWERED
    assert answers["years_in_role"] == NOT_ANSWERED
    assert set(map(str, snapshot_of(trial).answers.dtypes)) == {"int8"}


def test_what_a_wave_does_not_ask_is_not_asked(told: Trial):
    snapshot = snapshot_of(told)
    waves = snapshot.submissions["wave"]
    assert (snapshot.answers.loc[waves == "follow_up", "years_in_role"] == NOT_ASKED).all()
    assert (snapshot.answers.loc[waves == "baseline", "years_in_role"] == 1).all()
    assert snapshot.answers.index.equals(snapshot.submissions.index)


def test_a_consent_without_an_answer_counts_as_none(trial: Trial):
    trial.invite()
    start(trial, 1)
    start(trial, 2)
    save(trial, "gad7", person=2, values={"gad7_1": 0})
    start(trial, 3)
    save(trial, "in-your-own-words", person=3, texts={"would_help": "Time."})
    submissions = snapshot_of(trial).submissions
    assert submissions["participant"].tolist() == ["P00002", "P00003"]
    assert submissions["submitted_at"].isna().all()


def test_a_blank_visit_leaves_everybody_else_s_answers_alone(trial: Trial):
    trial.invite()
    start(trial, 2)
    save(trial, "gad7", person=2)
    assert snapshot_of(trial).answers.empty
    start(trial, 1)
    save(trial, "gad7", person=1, values={f"gad7_{n}": 2 for n in range(1, 8)})
    answers = snapshot_of(trial).answers
    assert len(answers) == 1
    assert set(answers.filter(like="gad7_").iloc[0]) == {2}


def test_answers_submitted_after_randomisation_are_flagged(told: Trial):
    submissions = snapshot_of(told).submissions
    baseline = submissions[submissions["wave"] == "baseline"].set_index("participant")
    assert baseline["after_allocation"].to_dict() == {f"P{n:05d}": n == 10 for n in range(1, 11)}


def test_a_page_is_timed_from_what_was_saved_before_it_and_a_break_is_no_haste(trial: Trial):
    trial.invite()
    start(trial, 1)
    trial.clock.move(seconds=14)
    save(trial, "gad7", values={f"gad7_{n}": 1 for n in range(1, 8)})
    trial.clock.move(hours=20)
    save(
        trial, "pss10", values={f"pss10_{n}": 1 for n in range(1, 11)} | {"pss10_10": NOT_ANSWERED}
    )
    # The first page again, corrected: it was timed when it was first saved.
    trial.clock.move(seconds=1)
    save(trial, "gad7", values={f"gad7_{n}": 2 for n in range(1, 8)})
    start(trial, 2)
    trial.clock.move(seconds=7)
    save(trial, "gad7", person=2, values={f"gad7_{n}": 1 for n in range(1, 7)})
    start(trial, 4)
    trial.clock.move(seconds=1)
    save(trial, "gad7", person=4)
    trial.clock.move(seconds=70)
    save(trial, "gad7", person=4, values={f"gad7_{n}": 1 for n in range(1, 8)})
    start(trial, 3)
    trial.clock.move(seconds=90)
    save(trial, "in-your-own-words", person=3, texts={"would_help": "Time."})
    seconds = snapshot_of(trial).submissions.set_index("participant")["seconds_per_item"]
    assert seconds["P00001"] == 20 * 3600 / 10
    assert seconds["P00002"] == 1.0
    assert seconds["P00004"] == 10.0
    assert pd.isna(seconds["P00003"])


def test_a_person_withdrawn_is_flagged_and_kept(told: Trial):
    with told.database.writing() as session:
        session.execute(
            update(Participant)
            .where(Participant.code == "P00002")
            .values(withdrawn_at=told.clock())
        )
    people = snapshot_of(told).participants
    assert people["withdrawn"].to_dict() == {f"P{n:05d}": n == 2 for n in range(1, 12)}


def test_stayers_joiners_and_leavers_are_told_apart_and_a_second_record_is_nobody(told: Trial):
    with told.database.writing() as session:
        study = told.study(session)
        given = {"by": BY, "at": told.clock()}
        one, six, seven, deputy = (
            person_by_code(session, study, code)
            for code in ("P00001", "P00006", "P00007", "P00009")
        )
        day = told.clock().date()
        leave_role(session, participant=one, because="left_school", on=day, **given)
        succeed(
            session,
            participant=one,
            name="Nia New",
            email="nia@school1.example",
            role="DSL",
            on=day,
            **given,
        )
        moved_to = school_by_urn(session, study, "100005")
        move_person(session, participant=six, to=moved_to, on=day, **given)
        merge_people(session, kept=seven, other=deputy, **given)
    snapshot = snapshot_of(told)
    found = snapshot.participants["turnover"].to_dict()
    assert found["P00001"] == "leaver"
    assert found["P00012"] == "joiner"
    assert found["P00003"] == "stayer"
    assert "P00009" not in found
    assert set(snapshot.invitations["participant"]) <= set(found)
    assert set(snapshot.submissions["participant"]) <= set(found)


def test_trusts_and_people_that_span_arms_are_counted_and_not_named(trial: Trial):
    with trial.database.writing() as session:
        for school in session.query(School):
            school.trust = "Beacon Trust"
        person = person_by_code(session, trial.study(session), "P00001")
        for urn in range(100002, 100009):
            share_person(
                session,
                participant=person,
                school=school_by_urn(session, trial.study(session), str(urn)),
                on=trial.clock().date(),
                by=BY,
                at=trial.clock(),
            )
    assert snapshot_of(trial).sharing == Sharing()
    trial.randomise()
    assert snapshot_of(trial).sharing == Sharing(trusts=1, people=1, schools=8)


def test_an_invitation_counts_as_sent_once_its_letter_left(trial: Trial):
    trial.invite()
    with trial.database.writing() as session:
        for letter_id in claim_letters(session, at=trial.clock(), limit=3):
            note_sent(session, letter_id=letter_id, by=BY, at=trial.clock())
    assert snapshot_of(trial).invitations["sent"].tolist() == [True] * 3 + [False] * 7


def test_a_letter_by_post_invites_as_one_by_email_does(trial: Trial):
    trial.invite()
    with trial.database.writing() as session:
        study = trial.study(session)
        given = {"key": KEY, "by": BY, "at": trial.clock()}
        print_letters(session, study=study, wave="baseline", people=[4], **given)
    assert snapshot_of(trial).invitations["sent"].tolist() == [False] * 3 + [True] + [False] * 6


def test_only_submitted_comments_count_and_their_words_are_counted(trial: Trial):
    trial.invite()
    answer(trial, 1, text="Four words of mine.")
    start(trial, 2)
    save(trial, "in-your-own-words", person=2, texts={"would_help": "Unfinished."})
    snapshot = snapshot_of(trial)
    assert snapshot.comments["words"].tolist() == [4, 4]
    assert not snapshot.comments["released"].any()
    assert set(snapshot.comments["question"]) == {"most_stressful", "would_help"}


def test_coders_are_pseudonyms(told: Trial):
    codings = snapshot_of(told).codings
    assert set(codings["coder"]) == {"Coder 1"}
    assert set(codings["code"]) == {"Workload"}
    assert len(codings) == 10


def test_a_study_that_nobody_has_entered_gives_a_report(trial: Trial):
    html = render_html(build_report(snapshot_of(trial)))
    assert trial.definition.title in html


def test_a_randomised_study_without_answers_gives_a_report_masked_and_unmasked(trial: Trial):
    trial.randomise()
    assert "Arm A" in render_html(build_report(snapshot_of(trial)))
    unmask(trial)
    assert "Support as usual" in render_html(build_report(snapshot_of(trial)))


def test_the_masked_report_s_tables_name_no_arm(told: Trial):
    report = build_report(snapshot_of(told))
    cells = str([numbered.exhibit for numbered in (*report.exhibits, *report.appendices)])
    assert "Arm A" in cells
    assert "usual_support" not in cells
    assert "Support as usual" not in cells
    assert SEED not in render_html(report)


def test_making_a_snapshot_writes_nothing(told: Trial):
    before = everything(told.database)
    snapshot_of(told)
    assert everything(told.database) == before


def test_a_moved_study_says_by_how_many_days(trial: Trial):
    provenance = snapshot_of(trial).provenance
    assert provenance["Study definition (SHA-256)"] == trial.definition.sha256
    assert "Dates moved, for the demonstration, by days" not in provenance
    assert len(rows(trial.database, Submission)) == 0


def test_what_routing_takes_away_is_not_asked_and_comes_back(trial: Trial):
    trial = route(trial)
    trial.invite()
    start(trial)
    save(trial, "about-you", values={"still_in_role": 9})
    save(trial, "gad7", values={f"gad7_{n}": 1 for n in range(1, 8)})
    save(trial, "in-your-own-words", texts={"most_stressful": "Thresholds."})
    save(trial, "in-your-own-words-2", texts={"would_help": "Time."})
    send(trial)
    start(trial, 2)
    save(trial, "about-you", person=2, values={"still_in_role": 9})
    save(trial, "gad7", person=2, values={f"gad7_{n}": 1 for n in range(1, 8)})
    save(trial, "in-your-own-words", person=2, texts={"most_stressful": "Thresholds."})
    save(trial, "in-your-own-words-2", person=2, texts={"would_help": "Time."})
    save(trial, "about-you", person=2, values={"still_in_role": PREFER_NOT_TO_SAY})
    save(trial, "in-your-own-words", person=2)
    send(trial, 2)
    snapshot = snapshot_of(trial)
    first, second = snapshot.answers.iloc[0], snapshot.answers.iloc[1]
    assert set(first.filter(like="gad7_")) == {1}
    assert set(second.filter(like="gad7_")) == {NOT_ASKED}
    assert second["still_in_role"] == PREFER_NOT_TO_SAY
    assert second["pss10_1"] == NOT_ANSWERED
    assert len(snapshot.comments) == 2
    with trial.database.reading() as session:
        assert comment_counts(session, trial.study(session)).submitted == 2
    scored = score(snapshot.answers, snapshot.instruments["gad7"])
    assert scored.reason["gad7_total"].tolist() == ["", "not asked"]


def test_masked_a_question_that_depends_on_one_arm_s_question_stays_behind(trial: Trial):
    source = trial.definition.source.replace(
        'id = "what_changed"\n',
        'id = "had_supervision"\ntext = "Did you go?"\narms = ["supervision"]\n'
        '[[waves.questionnaire]]\nkind = "open"\nid = "how_was_it"\ntext = "How was it?"\n'
        'asked_when = { all = [ { question = "had_supervision", answered = true } ] }\n'
        '[[waves.questionnaire]]\nkind = "open"\nid = "what_changed"\n',
    )
    definition = read_study(source, file="a.toml")
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock())
    assert not {"had_supervision", "how_was_it"} & set(snapshot_of(trial).study.open_questions)
    unmask(trial)
    assert "how_was_it" in snapshot_of(trial).study.arm_specific_questions
