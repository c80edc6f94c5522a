"""Reading a study file: what it gives, and every way in which it is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from instruments.errors import DefinitionError, Fault
from survey_app.trial.design import StudyDefinition, load_ready_made, read_study
from survey_app.trial.errors import LetterError
from survey_app.trial.study_file import LetterText

BOLTON = load_ready_made()["bolton-primary"]


def changed(*changes: tuple[str, str]) -> str:
    text = BOLTON.source
    for old, new in changes:
        assert old in text, f"the ready-made study has no {old!r}"
        text = text.replace(old, new, 1)
    return text


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as refused:
        read_study(text, "study.toml")
    return refused.value.faults


@pytest.fixture(scope="module")
def bolton() -> StudyDefinition:
    return BOLTON


SAFETY_PROTOCOL = """
[safety_protocol]
contact = "The duty psychologist of the study"
reached_by = "0161 496 0000"
hours = "Monday to Friday, 9 to 17"
answers_seen_within = "one working day"
"""
WITH_PHQ9 = (
    '''kind = "instrument"
instrument = "gad7"''',
    '''kind = "instrument"
instrument = "phq9"''',
)
"""At both waves the plan wants the GAD-7, so tests of the PHQ-9 look at its own faults only."""


def test_a_study_must_say_what_its_answers_are_for() -> None:
    faults = faults_of(changed(('use = "research"\n', "")))
    assert [(fault.where, fault.found) for fault in faults] == [("study.use", "nothing")]


@pytest.mark.parametrize("use", ["commercial", "clinical"])
def test_an_instrument_whose_licence_forbids_the_use_is_refused(use: str) -> None:
    faults = faults_of(changed(('use = "research"', f'use = "{use}"')))
    assert [fault.where for fault in faults] == [
        "waves[0].questionnaire[4].instrument",
        "waves[1].questionnaire[3].instrument",
    ]
    assert faults[0].found == f"'pss10', whose licence does not permit {use} use"
    assert faults[0].expected.endswith("study.use = research")


@pytest.mark.parametrize("name", ["back", "csrf_token", "saving"])
def test_a_question_must_not_be_called_what_its_page_calls_something_else(name: str) -> None:
    faults = faults_of(changed(('id = "years_in_role"', f'id = "{name}"')))
    (fault,) = (fault for fault in faults if "every page" in fault.found)
    assert (fault.where, fault.expected) == ("waves[0].questionnaire[0].id", "another id")


def test_an_item_that_shows_risk_is_refused_without_anybody_on_duty() -> None:
    found = [f for f in faults_of(changed(WITH_PHQ9)) if "phq9_9" in f.found]
    assert [fault.where for fault in found] == ["waves[0].questionnaire[3].instrument"]
    assert "[safety_protocol]" in found[0].expected


def test_an_item_that_shows_risk_is_asked_where_somebody_is_on_duty() -> None:
    text = changed(WITH_PHQ9) + SAFETY_PROTOCOL
    assert not [f for f in faults_of(text) if "phq9_9" in f.found]


def test_a_safety_protocol_names_who_and_when() -> None:
    incomplete = SAFETY_PROTOCOL.replace('hours = "Monday to Friday, 9 to 17"\n', "")
    faults = faults_of(BOLTON.source + incomplete)
    assert [fault.where for fault in faults] == ["safety_protocol.hours"]


def test_an_instrument_without_its_words_is_refused() -> None:
    found = faults_of(changed(('instrument = "gad7"', 'instrument = "swemwbs"')))
    (fault,) = [each for each in found if "whose words are not here" in each.found]
    assert fault.where == "waves[0].questionnaire[3].instrument"
    assert "instruments/wording/swemwbs.toml" in fault.expected


FAULTS = [
    # of form
    ('slug = "bolton-primary"', 'slug = "Bolton primary"', "study.slug", "Bolton primary"),
    ('phases = ["primary"]', 'phases = ["junior"]', "study.phases[0]", "junior"),
    ('phases = ["primary"]', "phases = []", "study.phases", ""),
    ("block_size = 4", 'block_size = "4"', "allocation.block_size", "'4'"),
    ("block_size = 4", "block_size = 4\nblocks = 3", "allocation.blocks", "unknown key"),
    ("opens_on = 2019-09-16", 'opens_on = "2019-09-16"', "waves[0].opens_on", "'2019-09-16'"),
    ('unit = "school"', 'unit = "person"', "allocation.unit", "'person'"),
    ('tag = "verified"', 'tag = "certain"', "facts[0].tag", "'certain'"),
    ("reminder_days = [5,", "reminder_days = [0,", "letters.reminder_days[0]", "0"),
    ("planned = 6", "planned = 0", "sessions.planned", "0"),
    ('every = "month"', 'every = "term"', "sessions.every", "'term'"),
    ("never_attending = 0.12", "never_attending = 12", "demonstration.never_attending", "12"),
    ('model = "one_to_one"', 'model = "pairs"', "arms[0].delivered[0].model", "'pairs'"),
    ('kind = "instrument"', 'kind = "scale"', "waves[0].questionnaire[2].kind", "'scale'"),
    ('version = "2019-09-01"\n', "", "notice.version", "nothing"),
    # of sense
    ("study-team@", "study-team", "study.contact_email", "safeguarding-study.example"),
    (
        'short_title = "the Bolton safeguarding lead supervision study"',
        'short_title = "the Bolton wellbeing study"',
        "study.short_title",
        "'wellbeing'",
    ),
    (
        'source = "Protocol front page, https://documents.pub/document/'
        'evaluation-of-supervision-of-dsls-in-primary-schools-supervision-contracts-signed.html"\n',
        "",
        "facts[0].source",
        "'verified'",
    ),
    ('key = "quotation"', 'key = "survey"', "consents", "'survey' 2 times"),
    ("required = true", "required = false", "consents", "no required consent"),
    ('label = "Supervision"', 'label = "Support as usual"', "arms", "label"),
    ("control = true", "control = false", "arms", "0 arms with control"),
    ("ratio = 1", "ratio = 0", "arms[0].ratio", "0"),
    ("ends_on = 2020-03-20", "ends_on = 2019-10-01", "arms[0].delivered[0].ends_on", "2019-10-01"),
    ("block_size = 4", "block_size = 3", "allocation.block_size", "3"),
    ("ratio = 1", "ratio = 2", "allocation.block_size", "4"),
    ("closes_on = 2020-07-17", "closes_on = 2020-04-20", "waves[1].closes_on", "2020-04-20"),
    ("closes_on = 2019-10-18", "closes_on = 2020-04-20", "waves[1].opens_on", "2020-04-20"),
    (
        'instrument = "gad7"',
        'instrument = "gad77"',
        "waves[0].questionnaire[3].instrument",
        "gad77",
    ),
    ('id = "years_in_role"', 'id = "still_in_role"', "waves[0].questionnaire", "still_in_role"),
    ('id = "years_in_role"', 'id = "gad7_1"', "waves[0].questionnaire[0].id", "gad7_1"),
    (
        '{ value = 9, label = "9" }',
        '{ value = 9, label = "nine" }',
        "waves[1].questionnaire[0]",
        "still_in_role",
    ),
    (
        'arms = ["usual_support"]',
        'arms = ["usual"]',
        "waves[1].questionnaire[7].arms",
        "'usual'",
    ),
    (
        'id = "would_help"',
        'arms = ["supervision"]\nid = "would_help"',
        "waves[0].questionnaire[6].arms",
        "supervision at a wave that opens on 2019-09-16",
    ),
    ("planned_on = 2019-10-14", "planned_on = 2019-09-16", "allocation.planned_on", "2019-09-16"),
    ("first_on = 2019-11-06", "first_on = 2019-10-14", "sessions.first_on", "2019-10-14"),
    ("[5, 10, 15]", "[10, 5, 15]", "letters.reminder_days", "[10, 5, 15]"),
    ("reminder_days = [5, 10, 15]", "reminder_days = [5, 30]", "letters.reminder_days", "30"),
    (
        "last_call_days_before_close = 3",
        "last_call_days_before_close = 18",
        "letters.reminder_days",
        "15, which is 2019-10-01 in wave 'baseline'",
    ),
    # A Saturday, which would be moved to the Monday of the last call.
    (
        "reminder_days = [5, 10, 15]\nlast_call_days_before_close = 3",
        "reminder_days = [26]\nlast_call_days_before_close = 4",
        "letters.reminder_days",
        "26, which is 2019-10-12 in wave 'baseline'",
    ),
    (
        "starts_on = 2019-10-28\nends_on = 2019-11-01",
        "starts_on = 2019-09-16\nends_on = 2019-10-18",
        "letters.last_call_days_before_close",
        "3, which is 2019-09-13 in Bolton",
    ),
    ("ends_on = 2020-05-29", "ends_on = 2020-05-22", "school_holidays[1].ends_on", "2020-05-22"),
    ("ends_on = 2020-05-29", "ends_on = 2021-05-29", "school_holidays[1].ends_on", "2021-05-29"),
    (
        'tag = "recalled, unverified"\n\n[sessions]',
        'tag = "verified"\n\n[sessions]',
        "school_holidays[1].source",
        "nothing beside the tag 'verified'",
    ),
    ("leave_until = 18:00:00", "leave_until = 08:00:00", "letters.leave_until", "08:00"),
    ("leave_from = 08:00:00", "leave_from = 8", "letters.leave_from", "8"),
    (
        "most_per_school_per_day = 4",
        "most_per_school_per_day = 0",
        "letters.most_per_school_per_day",
        "0",
    ),
    ("Dear {name},", "Dear {nam},", "letters.invitation", "{nam}"),
    ("Dear {name},", "Dear {name!r},", "letters.invitation", "{name!r}"),
    ("Dear {name},", "Dear {name:>9},", "letters.invitation", "{name:>9}"),
    ("Dear {name},", "Dear {},", "letters.invitation", "{}"),
    ("Dear {name},", "Dear {name,", "letters.invitation", "a brace without its pair"),
    (
        "Your questionnaire for {study}",
        "Your stress questionnaire",
        "letters.invitation.subject",
        "'stress'",
    ),
    ("Thank you for your answers", "On your Mental Health", "letters.thanks.subject", "'Mental'"),
    (
        'tag = "verified"\nsource = "That it cut the pilot short',
        'tag = "secondary copy"\n#',
        "events[0].source",
        "'secondary copy'",
    ),
    (
        '[[licences]]\ninstrument = "pss10"',
        '[[licences]]\ninstrument = "gad7"',
        "licences",
        "'pss10' (tier B)",
    ),
    (
        "[plan]",
        '[[licences]]\ninstrument = "pss10"\nlicence_accepted_by = "Ada"\n'
        "licence_accepted_on = 2019-09-01\n[plan]",
        "licences",
        "'pss10' 2 times",
    ),
    (
        "[plan]",
        '[[licences]]\ninstrument = "pss11"\nlicence_accepted_by = "Ada"\n'
        "licence_accepted_on = 2019-09-01\n[plan]",
        "licences[1].instrument",
        "'pss11'",
    ),
    ('score = "gad7_total"', 'score = "gad7_sum"', "plan.outcomes[0].score", "'gad7_sum'"),
    (
        'label = "Confidence in the safeguarding role (new scale, not validated)"',
        'label = "Confidence"',
        "plan.outcomes[2].label",
        "'Confidence'",
    ),
    ('wave = "follow_up"', 'wave = "midline"', "plan.outcomes[0].wave", "'midline'"),
    (
        'baseline_wave = "baseline"',
        'baseline_wave = "before"',
        "plan.outcomes[0].baseline_wave",
        "'before'",
    ),
    (
        'wave = "follow_up"\nbaseline_wave = "baseline"',
        'wave = "baseline"\nbaseline_wave = "follow_up"',
        "plan.outcomes[0].baseline_wave",
        "'follow_up'",
    ),
    (
        '[[waves.questionnaire]]\nkind = "instrument"\ninstrument = "gad7"\n',
        "",
        "plan.outcomes[0].baseline_wave",
        "'gad7' is not delivered",
    ),
    ("[0.9, 0.1]", "[0.9, 0.2]", "demonstration.dsls_per_school", "1.1"),
    (
        '["Bolton"]\ndsls',
        '["Bolton", "Bolton"]\ndsls',
        "demonstration.authorities",
        "more than once",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    FAULTS,
    ids=[f"{fault[2]}-{number}" for number, fault in enumerate(FAULTS)],
)
def test_refuses_a_bad_file_with_table_and_key_named(
    old: str, new: str, where: str, found: str
) -> None:
    faults = faults_of(changed((old, new)))
    assert any(fault.where == where and found in fault.found for fault in faults), faults
    assert {fault.file for fault in faults} == {"study.toml"}
    # One wrong key may show in what depends on it, and nowhere else.
    assert len(faults) <= 3


def test_refuses_text_that_is_not_toml() -> None:
    (fault,) = faults_of("[study\nslug = 1")
    assert fault.file == "study.toml"
    assert "syntax" in fault.found


def test_lists_faults_of_form_and_of_sense_together() -> None:
    text = changed(
        ("block_size = 4", 'block_size = "4"'),
        ('unit = "school"', 'unit = "school"\ncolour = "red"'),
        ("control = true", "control = false"),
        ("opens_on = 2020-04-20", "opens_on = 2019-10-01"),
        ('score = "gad7_total"', 'score = "gad7_sum"'),
        ("Dear {name},", "Dear {nam},"),
    )
    assert {fault.where for fault in faults_of(text)} == {
        "allocation.block_size",
        "allocation.colour",
        "arms",
        *(f"waves[1].questionnaire[{n}].arms" for n in (5, 6, 7)),
        "waves[1].opens_on",
        "plan.outcomes[0].score",
        "letters.invitation",
    }


def test_a_key_that_cannot_be_read_hides_no_fault_beside_it() -> None:
    text = changed(
        ("closes_on = 2019-10-18", "closes_on = 2019-09-01"),
        ('instrument = "gad7"', 'instrument = "gad77"'),
        ("block_size = 4", "block_size = 3"),
        ("minutes = 9", 'minutes = "nine"'),
        ('label = "Supervision"', 'label = "Supervision"\ncolour = "red"'),
    )
    assert {
        "waves[0].closes_on",
        "waves[0].minutes",
        "waves[0].questionnaire[3].instrument",
        "allocation.block_size",
        "arms[0].colour",
    } <= {fault.where for fault in faults_of(text)}


def test_a_missing_table_is_one_fault() -> None:
    head, tail = BOLTON.source.split("[sessions]")
    faults = faults_of(head + tail[tail.index("[[events]]") :])
    assert [(fault.where, fault.found) for fault in faults] == [("sessions", "nothing")]


def test_a_study_without_events_licences_or_a_demonstration_can_be_read() -> None:
    text = BOLTON.source
    text = text[: text.index("[demonstration]")]
    text = text.replace(text[text.index("[[events]]") : text.index("[[licences]]")], "")
    text = text.replace(text[text.index("[[licences]]") : text.index("[plan]")], "")
    pss10 = '[[waves.questionnaire]]\nkind = "instrument"\ninstrument = "pss10"\n'
    stress = text[
        text.index('[[plan.outcomes]]\nid = "stress"') : text.index(
            '[[plan.outcomes]]\nid = "confidence"'
        )
    ]
    study = read_study(text.replace(pss10, "").replace(stress, ""), "study.toml")
    assert (study.events, study.licences, study.demonstration) == ((), (), None)


def test_is_sealed_by_its_text_to_the_letter(bolton: StudyDefinition) -> None:
    again = read_study(bolton.source + "# a remark\n", bolton.file)
    assert again.waves == bolton.waves
    assert again.sha256 != bolton.sha256


def test_shifting_moves_every_planned_date_and_no_fact(bolton: StudyDefinition) -> None:
    by = timedelta(days=700)
    moved = bolton.shifted(700)
    assert [(w.opens_on - by, w.closes_on - by) for w in moved.waves] == [
        (w.opens_on, w.closes_on) for w in bolton.waves
    ]
    assert moved.arms[0].delivered[0].starts_on == bolton.arms[0].delivered[0].starts_on + by
    assert moved.arms[1].delivered[0].ends_on is None
    assert moved.allocation.planned_on == bolton.allocation.planned_on + by
    assert moved.sessions.first_on == bolton.sessions.first_on + by
    assert moved.events[0].on == date(2020, 3, 23) + by
    assert (moved.facts, moved.licences) == (bolton.facts, bolton.licences)
    assert (moved.sha256, moved.shifted_by_days) == (bolton.sha256, 700)


def test_shifts_add_up_and_can_be_read_again_from_the_record(bolton: StudyDefinition) -> None:
    moved = bolton.shifted(700).shifted(-7)
    assert moved == read_study(bolton.source, bolton.file, shifted_by_days=693)
    assert moved.shifted(-693) == bolton


def test_a_shift_moves_the_day_on_which_the_plan_was_fixed() -> None:
    study = load_ready_made()["bolton-primary"]
    assert study.plan.fixed_on == date(2019, 9, 2)
    assert study.shifted(7).plan.fixed_on == date(2019, 9, 9)


def test_asks_each_arm_its_own_questions_at_follow_up(bolton: StudyDefinition) -> None:
    asked = {
        arm: [q.id for q in bolton.questionnaire("follow_up", arm).questions() if q.kind == "text"]
        for arm in (None, "supervision", "usual_support")
    }
    assert asked == {
        None: ["what_changed"],
        "supervision": ["what_changed", "supervision_useful", "supervision_contacts"],
        "usual_support": ["what_changed", "other_support"],
    }


def test_an_unknown_wave_or_arm_is_named_with_those_there_are(bolton: StudyDefinition) -> None:
    with pytest.raises(KeyError, match="no wave 'midline'; it has baseline, follow_up"):
        bolton.wave("midline")
    with pytest.raises(KeyError, match="no arm 'waiting'; it has supervision, usual_support"):
        bolton.questionnaire("baseline", "waiting")


@pytest.mark.parametrize(
    ("phase", "mainstream", "eligible"),
    [("primary", True, True), ("primary", False, False), ("secondary", True, False)],
)
def test_only_mainstream_schools_of_its_phases_are_eligible(
    bolton: StudyDefinition, phase: str, mainstream: bool, eligible: bool
) -> None:
    assert bolton.eligible(phase, mainstream) is eligible


def test_the_control_arm_is_the_one_marked_so(bolton: StudyDefinition) -> None:
    assert bolton.control_arm.id == "usual_support"


def test_sessions_come_every_month_and_never_at_a_weekend(bolton: StudyDefinition) -> None:
    sessions = bolton.sessions.model_copy(update={"first_on": date(2023, 12, 31), "planned": 4})
    assert sessions.planned_dates() == (
        date(2024, 1, 1),
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 4, 1),
    )


def test_sessions_every_two_months_skip_a_month(bolton: StudyDefinition) -> None:
    update = {"every": "two months", "planned": 3}
    assert bolton.sessions.model_copy(update=update).planned_dates() == (
        date(2019, 11, 6),
        date(2020, 1, 6),
        date(2020, 3, 6),
    )


def test_a_delivered_model_counts_from_its_first_day_to_its_last() -> None:
    arm = load_ready_made()["greater-manchester-secondary"].arm("supervision")
    assert arm.models_on(date(2021, 1, 3)) == ()
    assert arm.models_on(date(2021, 1, 4)) == ("one_to_one",)
    assert arm.models_on(date(2021, 5, 4)) == ("one_to_one", "group")
    assert arm.models_on(date(2021, 12, 17)) == ("one_to_one", "group")
    assert arm.models_on(date(2021, 12, 18)) == ()


def test_a_letter_is_filled_with_what_it_asks_for(bolton: StudyDefinition) -> None:
    letter = bolton.letters.of("invitation").filled(
        name="Dev {school}",
        study=bolton.study.short_title,
        school="Beck Primary School",
        closes_on="Friday 18 October 2019",
        minutes=9,
    )
    assert letter.subject == (
        "Your questionnaire for the Bolton safeguarding lead supervision study"
    )
    assert letter.paragraphs[0] == "Dear Dev {school},"
    assert "Beck Primary School" in letter.paragraphs[1]
    assert "about 9 minutes" in letter.paragraphs[2]


def test_a_letter_does_not_reach_into_what_it_is_filled_with() -> None:
    letter = LetterText(subject="{name.__class__}", paragraphs=("Dear {name},",))
    with pytest.raises(LetterError, match=r"name\.__class__"):
        letter.filled(name="Dev", study="s", school="b", closes_on="c", minutes=9)


def test_routing_that_cannot_be_is_refused_with_every_fault_at_once() -> None:
    part = 'kind = "instrument"\ninstrument = "gad7"\n'
    rule = 'asked_when = { all = [ { question = "nobody", equals = 1 }, %s ] }\n'
    condition = '{ question = "still_in_role", equals = 11 }'
    later = '{ question = "would_help", answered = true }'
    faults = faults_of(changed((part, part + rule % f"{condition}, {later}")))
    where = "waves[0].questionnaire[3].asked_when.all"
    assert [(fault.where, fault.found) for fault in faults] == [
        (f"{where}[0].question", "'nobody'"),
        (f"{where}[1].equals", "11"),
        (f"{where}[2].question", "'would_help', which is asked later"),
    ]
