"""Two trials that differ in one thing, the arm behind each letter, look the same from inside.

In both the same schools have the same letters and the same people give the same answers to what
everybody is asked. The arms behind the letters are exchanged, and with them the sessions, and who
is asked what only one arm is asked. Whatever a masked person could infer an arm from would make two
pages of theirs differ; so everything they can open is compared, byte for byte where it can be.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from answering import save, send, start, visit_of
from databases import SqliteSource
from endpoints import doors
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from trials import BY, KEY, KEYS, SLUG, Clock, Trial, load_trial, loaded_trial

from survey_app import create_app
from survey_app.database.models import Comment
from survey_app.database.queries.schools import school_by_urn
from survey_app.database.session import Database
from survey_app.jobs.reports import make_reports
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.randomisation import import_allocation
from survey_app.operations.redaction import release_comment
from survey_app.operations.report_requests import request_report
from survey_app.operations.staff import actor, open_session
from survey_app.operations.studies import register_study, unmask_study
from survey_app.operations.submissions import questionnaire_for
from survey_app.operations.supervision import record_session
from survey_app.settings import Settings
from survey_app.trial.design import read_study
from survey_app.trial.draws import sha256_of
from survey_app.trial.meetings import MeetingFacts

ARMS = ("zephyrine", "quillon")
LETTER_A = (100_001, 100_002, 100_005, 100_007)
"""Two of its schools have two people, so that what only one arm is asked is asked unequally."""
MARKS = re.compile(r"zephyrine|quillon|marquetry|palimpsest|gossamer", re.IGNORECASE)
WORDS = "Words that are everybody's."
# What reads as random to whoever has no key: addresses of comments, tokens of forms, seals.
NOISE = re.compile(r"(?<=comments/)[0-9a-f]{10}|(?<=csrf_token\" value=\")[^\"]+|[0-9a-f]{64}")
MASKED = ("evaluator", "researcher", "safeguarding_contact")


def marked_source(source: str) -> str:
    """The Bolton study with words in it that tell the arms and stand nowhere else."""
    own_item = (
        '[[waves.questionnaire]]\nkind = "item"\nid = "gossamer_item"\n'
        'text = "How gossamer was it?"\narms = ["supervision"]\n'
        'options = [ { value = 1, label = "Not" }, { value = 2, label = "Very" } ]\n\n'
        '[[waves.questionnaire]]\nkind = "open"\nid = "gossamer_why"\n'
        'text = "Why was it so gossamer?"\narms = ["supervision"]\n'
        'asked_when = { all = [ { question = "gossamer_item", answered = true } ] }\n\n'
    )
    first_of_one_arm = '[[waves.questionnaire]]\nkind = "open"\nid = "supervision_useful"'
    for old, new in (
        (first_of_one_arm, own_item + first_of_one_arm),
        ('label = "Supervision"', 'label = "Zephyrine days"'),
        ('label = "Support as usual"', 'label = "Quillon days"'),
        ('id = "supervision"\n', 'id = "zephyrine"\n'),
        ('id = "usual_support"\n', 'id = "quillon"\n'),
        ('arms = ["supervision"]', 'arms = ["zephyrine"]'),
        ('arms = ["usual_support"]', 'arms = ["quillon"]'),
        ("What was the most useful thing about supervision,", "What was the best marquetry,"),
        ("What supervision or support with safeguarding", "What palimpsest"),
    ):
        assert old in source, old
        source = source.replace(old, new)
    return source


def seed_whose_letter_a_is(arm: str) -> str:
    """The first seed that draws this arm as A, by step 5 of the rule."""

    def first(seed: str) -> str:
        return min(ARMS, key=lambda each: sha256_of(f"{seed}|mask|{each}"))

    return next(f"seed {n}" for n in range(99) if first(f"seed {n}") == arm)


def answer_in_own_time(trial: Trial, person: int, wave: str) -> None:
    """Answer everything asked, two seconds a question: whoever is asked more takes longer."""
    begun = trial.clock.at
    start(trial, person, wave)
    with trial.database.reading() as session:
        visit = visit_of(session, trial, person, wave)
        pages = questionnaire_for(study=visit.study, invitation=visit.invitation).pages
    chance = random.Random(f"{person} {wave}")
    told: dict[str, int] = {}
    for page in pages:
        for question in page.questions:
            own = random.Random(f"{person} {wave} {question.id}")
            if question.kind == "choice":
                told[question.id] = own.choice(question.options).value
        trial.clock.move(seconds=2 * len(page.questions))
        save(
            trial,
            page.key,
            person=person,
            wave=wave,
            values={q.id: told[q.id] for q in page.questions if q.kind == "choice"},
            texts={q.id: WORDS for q in page.questions if q.kind == "text"},
        )
    send(trial, person, wave)
    trial.clock.at = begun + timedelta(minutes=20 + chance.randrange(5))


def live_through(trial: Trial, arm_of_a: str) -> Trial:
    """A whole trial whose letter A is this arm, up to reports and codes."""
    other = next(arm for arm in ARMS if arm != arm_of_a)
    definition = read_study(marked_source(trial.definition.source), file="marked.toml")
    trial = replace(trial, definition=definition)
    with trial.database.writing() as session:
        register_study(session, definition=definition, by=BY, at=trial.clock())
    trial.invite()
    for person in range(1, 10):
        answer_in_own_time(trial, person, "baseline")
    lines = [f"{urn},{arm_of_a if urn in LETTER_A else other}" for urn in range(100_001, 100_009)]
    with trial.database.writing() as session:
        import_allocation(
            session,
            study=trial.study(session),
            data="\n".join(["urn,arm", *lines]).encode(),
            source="By lot",
            seed=seed_whose_letter_a_is(arm_of_a),
            by=BY,
            at=trial.clock(),
            cut_off_because="A test.",
        )
    trial.clock.move(hours=1)
    answer_in_own_time(trial, 10, "baseline")
    trial.clock.noon_on(definition.wave("follow_up").opens_on)
    trial.invite("follow_up")
    for person in range(1, 11):
        answer_in_own_time(trial, person, "follow_up")
    supervised = [line.split(",")[0] for line in lines if line.endswith("zephyrine")]
    with trial.database.writing() as session:
        study = trial.study(session)
        parts = {"by": BY, "at": trial.clock()}
        for urn in supervised:
            school = school_by_urn(session, study, urn)
            assert school is not None
            record_session(
                session,
                school=school,
                facts=MeetingFacts(
                    "supervision",
                    1,
                    date(2019, 11, 6),
                    outcome="missed" if urn == supervised[0] else "attended",
                    model="one_to_one",
                ),
                **parts,
            )
        code = add_code(session, study=study, label="Workload", definition="Time.", **parts)
        redactor, coder = trial.staff_with("redactor"), trial.staff_with("researcher")
        for comment in session.scalars(select(Comment).order_by(Comment.id)):
            release_comment(session, comment=comment, redacted=WORDS, staff_id=redactor.id, **parts)
            code_comment(session, comment=comment, code_ids={code.id}, staff_id=coder.id, **parts)
        request_report(
            session, study=study, by=actor(trial.staff_with("evaluator")), at=parts["at"]
        )
    trial.clock.move(hours=1)
    make_reports(trial.database, clock=trial.clock)
    return trial


@pytest.fixture(scope="module")
def worlds(
    sqlite_source: SqliteSource, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tuple[Flask, Trial], ...]]:
    """The two trials, each with its service."""
    with ExitStack() as stack:
        made = []
        for arm in ARMS:
            folder = tmp_path_factory.mktemp(arm)
            url = stack.enter_context(sqlite_source.fresh(folder, fill=load_trial))
            database = Database(url, keys=KEYS)
            stack.callback(database.dispose)
            trial = loaded_trial(database, Clock(datetime(2019, 9, 16, 11, tzinfo=UTC)))
            trial = live_through(trial, arm)
            app = create_app(settings_of(url, folder), clock=trial.clock, rng=random.Random(2))
            app.config.update(TESTING=False, WTF_CSRF_ENABLED=False)
            stack.callback(app.extensions["survey"].database.dispose)
            made.append((app, trial))
        yield tuple(made)


def settings_of(url: str, folder: Path) -> Settings:
    return Settings(
        mode="demonstration",
        secret_key=KEY,
        data_directory=folder / "var",
        database_url=url,
        base_url="http://127.0.0.1:8000",
        mail_from="Survey <survey@trial.example>",
        mail_server=None,
    )


def signed_in(app: Flask, trial: Trial, role: str) -> FlaskClient:
    token = f"session-of-{role}-{random.Random().random()}"
    with trial.database.writing() as session:
        open_session(session, staff=trial.staff_with(role), token=token, at=trial.clock())
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["staff_token"] = token
        cookie["seen_at"] = trial.clock().isoformat()
    return browser


def reached_by(app: Flask, trial: Trial, role: str) -> dict[str, list[str]]:
    """All that somebody of this role can open, with the headers, by the pattern of its address."""
    browser = signed_in(app, trial, role)
    paths = {path for _, method, path in doors(app) if method == "GET"}
    paths -= {"/mailbox", "/mailbox/1"}
    to_see, seen = sorted(paths), set()
    found: dict[str, list[str]] = {}
    while to_see:
        path = to_see.pop()
        seen.add(path)
        answer = browser.get(path)
        if answer.status_code in (403, 404):
            continue
        body = answer.get_data()
        if not answer.content_type.startswith("application/pdf"):
            text = body.decode()
            # Everything that is linked from a page of the study can be opened as well.
            links = re.findall(rf'href="(/studies/{SLUG}[^"#]*)', text)
            to_see += [each for each in dict.fromkeys(links) if each not in {*seen, *to_see}]
            headers = sorted(f"{k}: {v}" for k, v in answer.headers if k != "Set-Cookie")
            found.setdefault(NOISE.sub("…", path), []).append(
                NOISE.sub("…", "\n".join([*headers, text]))
            )
    return {path: sorted(map(order_withheld, pages)) for path, pages in found.items()}


def order_withheld(page: str) -> str:
    """A coder's comments stand in an order drawn by a key: it is compared without it."""
    page = re.sub(r"(Comment )\d+( of \d+)", r"\1n\2", page)
    if "comments/…" in page:
        page = re.sub(r"Content-Length: \d+\n", "", page)
        return "\n".join(sorted(re.split(r"\n|(?=<tr)|(?=<a )", page)))
    return page


@pytest.mark.parametrize("role", MASKED)
def test_nothing_a_masked_person_can_open_names_an_arm(worlds, role: str):
    for app, trial in worlds:
        pages = reached_by(app, trial, role)
        assert len(pages) > 5
        for path, texts in pages.items():
            for text in texts:
                assert not MARKS.search(text), (path, MARKS.search(text))


@pytest.mark.parametrize("role", MASKED)
def test_nothing_a_masked_person_can_open_depends_on_the_arms(worlds, role: str):
    one, two = (reached_by(app, trial, role) for app, trial in worlds)
    assert one.keys() == two.keys()
    for path in one:
        assert one[path] == two[path], path
    if role == "evaluator":
        (report,) = one[f"/studies/{SLUG}/reports/1"]
        assert "Arm A" in report
        assert "after unmasking" in report
    if role == "researcher":
        assert len(one[f"/studies/{SLUG}/comments/…"]) == 10 * len(everybody_writes(worlds))


def everybody_writes(worlds: Sequence[tuple[Flask, Trial]]) -> list[str]:
    """The open questions that everybody is asked, at either wave."""
    _, trial = worlds[0]
    return [
        question.id
        for wave in trial.definition.waves
        for question in trial.definition.questionnaire(wave.id, None).questions()
        if question.kind == "text"
    ]


def test_a_coordinator_who_was_not_told_can_infer_no_arm_either(worlds):
    one, two = (reached_by(app, trial, "coordinator") for app, trial in worlds)
    assert one.keys() == two.keys()
    for path in one:
        assert one[path] == two[path], path


def test_logs_and_addresses_tell_no_arm(worlds, caplog: pytest.LogCaptureFixture):
    for app, trial in worlds:
        caplog.clear()
        with caplog.at_level("DEBUG"):
            paths = [path for role in MASKED for path in reached_by(app, trial, role)]
        assert not MARKS.search("\n".join([*paths, caplog.text]))


def test_once_the_arms_are_released_the_same_pages_tell_them(worlds):
    """The comparison would find an arm if there were one: afterwards there is."""
    after = []
    for app, trial in worlds:
        with trial.database.writing() as session:
            unmask_study(
                session, study=trial.study(session), because="Done.", by=BY, at=trial.clock()
            )
        after.append(reached_by(app, trial, "evaluator"))
    certificate = f"/studies/{SLUG}/reports/certificate-of-randomisation"
    assert all("zephyrine" in pages[certificate][0] for pages in after)
    assert after[0][certificate] != after[1][certificate]
    assert "Zephyrine days" in after[0][f"/studies/{SLUG}/"][0]
