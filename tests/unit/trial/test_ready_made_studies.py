"""The studies that ship: what each must have, whatever it is about."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise

import pytest

from instruments.catalogue import load_catalogue
from survey_app.operations.randomisation import method_of
from survey_app.trial.allocation import allocate
from survey_app.trial.allocation_records import ArmShare, SchoolForAllocation
from survey_app.trial.design import StudyDefinition, load_ready_made
from survey_app.trial.letter_kinds import LETTER_KINDS

STUDIES = tuple(load_ready_made().values())
each_study = pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)


def test_four_studies_ship_each_in_the_file_of_its_name() -> None:
    folder = resources.files("survey_app") / "studies"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    assert names == [f"{slug}.toml" for slug in sorted(load_ready_made())]
    assert names == [
        "bolton-primary.toml",
        "greater-manchester-secondary.toml",
        "primary-one-to-one.toml",
        "secondary-group.toml",
    ]


@pytest.mark.parametrize(
    ("slug", "schools", "authorities", "sessions", "phase"),
    [
        ("bolton-primary", 94, 1, 6, "primary"),
        ("greater-manchester-secondary", 160, 10, 12, "secondary"),
        ("primary-one-to-one", 900, 10, 10, "primary"),
        ("secondary-group", 250, 10, 10, "secondary"),
    ],
)
def test_has_the_size_of_its_trial(
    slug: str, schools: int, authorities: int, sessions: int, phase: str
) -> None:
    study = load_ready_made()[slug]
    assert study.demonstration is not None
    assert study.demonstration.schools == schools
    assert len(study.demonstration.authorities) == authorities
    assert study.sessions.planned == sessions
    assert study.study.phases == (phase,)


@each_study
def test_says_that_its_questionnaires_are_ours(study: StudyDefinition) -> None:
    assert "this project's own" in study.study.questionnaire_note
    assert "not published" in study.study.questionnaire_note


@each_study
def test_says_what_is_not_known_and_what_is_our_choice(study: StudyDefinition) -> None:
    tags = {fact.tag for fact in study.facts}
    assert {"verified", "recalled, unverified", "our choice"} <= tags


@each_study
def test_uses_the_three_instruments_at_both_waves_job_before_symptoms(
    study: StudyDefinition,
) -> None:
    assert [wave.id for wave in study.waves] == ["baseline", "follow_up"]
    for wave in study.waves:
        assert wave.instruments() == ("dsl_confidence", "gad7", "pss10")


@each_study
def test_asks_the_follow_up_s_questions_in_the_order_of_the_baseline(
    study: StudyDefinition,
) -> None:
    order = [
        [q.id for q in study.questionnaire(wave, None).questions() if q.kind == "choice"]
        for wave in ("baseline", "follow_up")
    ]
    assert order[1] == [name for name in order[0] if name in order[1]]
    assert set(order[0]) - set(order[1]) == {"years_in_role"}


@each_study
def test_takes_less_than_ten_minutes(study: StudyDefinition) -> None:
    for wave in study.waves:
        assert wave.minutes < 10
        for arm in study.arms:
            n_choices = sum(
                question.kind == "choice"
                for question in study.questionnaire(wave.id, arm.id).questions()
            )
            # Twelve seconds for a choice leaves three minutes for the person's own words.
            assert n_choices * 12 / 60 + 3 <= 10


@each_study
def test_lets_everybody_decline_every_choice(study: StudyDefinition) -> None:
    for wave in study.waves:
        for question in study.questionnaire(wave.id, None).questions():
            assert question.prefer_not_to_say is (question.kind == "choice")


@each_study
def test_requires_no_consent_but_that_to_answer(study: StudyDefinition) -> None:
    assert [consent.key for consent in study.consents if consent.required] == ["survey"]
    assert {consent.key for consent in study.consents} == {
        "survey",
        "quotation",
        "recontact",
        "archive",
    }


@each_study
def test_the_notice_says_what_ethics_ask_of_it(study: StudyDefinition) -> None:
    words = " ".join(study.notice.paragraphs).lower()
    for phrase in (
        "your choice",
        "employer and your local authority do not see",
        "risk of serious harm",
        "withdraw",
        "deleted",
    ):
        assert phrase in words


@each_study
def test_warns_above_and_beside_every_open_question(study: StudyDefinition) -> None:
    assert "do not name" in study.open_questions.warning
    assert "not a way to report a concern" in study.open_questions.warning
    for wave in study.waves:
        for arm in study.arms:
            for question in study.questionnaire(wave.id, arm.id).questions():
                if question.kind == "text":
                    assert "do not name" in question.hint


@each_study
def test_asks_the_control_arm_about_other_support_and_the_other_about_supervision(
    study: StudyDefinition,
) -> None:
    control = {q.id for q in study.questionnaire("follow_up", study.control_arm.id).questions()}
    supervised = {q.id for q in study.questionnaire("follow_up", "supervision").questions()}
    assert control - supervised == {"other_support"}
    assert supervised - control == {"supervision_useful", "supervision_contacts"}


@each_study
def test_letters_say_how_long_it_takes_and_when_it_closes(study: StudyDefinition) -> None:
    for kind in LETTER_KINDS:
        letter = study.letters.of(kind)
        assert letter.paragraphs[0] == "Dear {name},"
        if kind not in ("thanks", "receipt"):
            assert {"minutes", "closes_on"} <= set(letter.placeholders())


@each_study
def test_the_plan_has_one_primary_outcome_that_is_a_published_instrument(
    study: StudyDefinition,
) -> None:
    (primary,) = study.plan.primary_outcomes
    assert load_catalogue()[primary.instrument].licence.status != "own"
    assert study.plan.complier_share == 0.6


@each_study
def test_the_new_scale_is_labelled_so(study: StudyDefinition) -> None:
    assert "new scale, not validated" in study.plan.outcome("confidence").label


@each_study
def test_accepts_the_licence_of_pss10_in_plain_words(study: StudyDefinition) -> None:
    (licence,) = study.licences
    assert licence.instrument == "pss10"
    assert licence.licence_accepted_by == "Demonstration use; replace before a real study"


@each_study
def test_its_authorities_can_be_randomised_as_designed(study: StudyDefinition) -> None:
    assert study.demonstration is not None
    roster = [
        SchoolForAllocation(str(100_000 + n), study.demonstration.authorities[n % n_authorities])
        for n_authorities in [len(study.demonstration.authorities)]
        for n in range(study.demonstration.schools)
    ]
    drawn = allocate(
        roster,
        arms=[ArmShare(arm.id, arm.ratio) for arm in study.arms],
        method=method_of(study.allocation),
        seed=study.demonstration.seed,
    )
    for authority in study.demonstration.authorities:
        arms = [row.arm for row in drawn.rows if row.stratum == authority]
        assert abs(arms.count("supervision") - arms.count("usual_support")) <= 1


@each_study
def test_sessions_fall_between_the_allocation_and_the_end_of_the_follow_up(
    study: StudyDefinition,
) -> None:
    days = study.sessions.planned_dates()
    assert all(earlier < later for earlier, later in pairwise(days))
    assert study.allocation.planned_on < days[0]
    assert days[-1] < study.wave("follow_up").closes_on


def test_the_lockdown_stops_the_sessions_of_the_bolton_pilot() -> None:
    study = load_ready_made()["bolton-primary"]
    (lockdown,) = [event for event in study.events if event.stops_sessions]
    assert str(lockdown.on) == "2020-03-23"
    assert study.sessions.planned_dates()[-1] > lockdown.on


def test_the_greater_manchester_arm_has_two_dated_models() -> None:
    arm = load_ready_made()["greater-manchester-secondary"].arm("supervision")
    assert [(each.model, each.tag) for each in arm.delivered] == [
        ("one_to_one", "verified"),
        ("group", "our choice"),
    ]


@each_study
def test_addresses_are_reserved_for_examples(study: StudyDefinition) -> None:
    assert study.study.contact_email.endswith(".example")
    assert not re.search(r"@(?!safeguarding-study\.example)", study.source)
