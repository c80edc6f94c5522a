"""What the data themselves say against relying on the report, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from instruments.missing import NOT_ASKED
from reports.exhibits.counts import count_by_arm
from reports.exhibits.measurement import NOT_VALIDATED
from reports.formatting import counted, day, listed, percent
from reports.populations import answers_to, delivered_instruments

if TYPE_CHECKING:
    from reports.evidence import Evidence

# Our choices of what is worth a sentence.
LOW_RESPONSE = 0.5
RESPONSE_GAP = 0.1
MANY_LATE = 0.05
MANY_WITHOUT_SCORE = 0.05


def limitations(evidence: Evidence) -> tuple[str, ...]:
    """Give the limitations that these data show, most general first; never empty."""
    found = [text for rule in RULES for text in rule(evidence)]
    return tuple(found) or ("The checks of this report found nothing to caution against.",)


def _waves_still_open(evidence: Evidence) -> Iterator[str]:
    made_on = evidence.snapshot.made_at.date()
    for wave in evidence.snapshot.study.waves:
        if wave.opens_on <= made_on <= wave.closes_on:
            yield (
                f"{wave.title} was still open when these data were copied (it closes on "
                f"{day(wave.closes_on)}): its figures will change."
            )
        elif wave.opens_on > made_on:
            yield f"{wave.title} had not opened when these data were copied."


def _low_paired_response(evidence: Evidence) -> Iterator[str]:
    waves = tuple(wave.id for wave in evidence.snapshot.study.waves)
    if len(waves) < 2:
        return
    people = evidence.populations.people
    paired = evidence.populations.paired(waves)
    hidden = evidence.limits.too_few(len(paired), int(paired["school"].nunique()))
    if len(people) and len(paired) < LOW_RESPONSE * len(people):
        share = "Few" if hidden else percent(len(paired), len(people))
        yield (
            f"{share} of the people on the roster answered every wave. Those who did may differ "
            "from those who did not, and the adjusted differences rest on them."
        )


def _response_differs(evidence: Evidence) -> Iterator[str]:
    arms = evidence.populations.arms
    for wave in evidence.snapshot.study.waves:
        rows = evidence.populations.step(wave.id)
        asked = count_by_arm(rows[rows["invited"]], arms, evidence.limits)
        came = count_by_arm(rows[rows["submitted"]], arms, evidence.limits)
        if any(came.hidden) or any(asked.hidden) or not all(asked.people) or not came.people[-1]:
            continue
        shares = {arm: came.people[place] / asked.people[place] for place, arm in enumerate(arms)}
        if max(shares.values()) - min(shares.values()) >= RESPONSE_GAP:
            said = listed(
                [
                    f"{percent(came.people[place], asked.people[place])} in {arm}"
                    for place, arm in enumerate(arms)
                ]
            )
            yield (
                f"Response at the wave “{wave.title}” differed between arms: {said}. Arms that "
                "answer differently can differ in who answered."
            )


def _answers_after_allocation(evidence: Evidence) -> Iterator[str]:
    submissions = evidence.snapshot.submissions
    baselines = {
        outcome.baseline_wave
        for outcome in evidence.snapshot.plan.outcomes
        if outcome.baseline_wave is not None
    }
    for wave in evidence.snapshot.study.waves:
        rows = submissions[(submissions["wave"] == wave.id) & submissions["submitted_at"].notna()]
        late = int(rows["after_allocation"].astype(bool).sum())
        if wave.id not in baselines or late == 0:
            continue
        n = counted(late, "person", "people")
        if late < evidence.limits.people:
            n = f"Fewer than {counted(evidence.limits.people, 'person', 'people')}"
        weight = "" if late <= MANY_LATE * len(rows) else " That is more than one answer in twenty."
        yield (
            f"{n} answered the wave “{wave.title}” after the schools were allocated, when they "
            f"could have known their arm.{weight}"
        )


def _spans_arms(evidence: Evidence) -> Iterator[str]:
    sharing = evidence.snapshot.sharing
    found = []
    if sharing.trusts:
        have = "has" if sharing.trusts == 1 else "have"
        found.append(f"{counted(sharing.trusts, 'trust')} {have} schools in more than one arm")
    if sharing.people:
        n = counted(sharing.people, "person", "people")
        if evidence.limits.too_few(sharing.people, sharing.schools):
            n = f"fewer than {counted(evidence.limits.people, 'person', 'people')}"
        found.append(f"{n} worked in, or moved between, schools of more than one arm")
    if found:
        said = listed(found)
        yield (
            f"{said[:1].upper()}{said[1:]}. What one arm was given may have reached the other "
            "(contamination), which makes a difference between them look smaller than it is."
        )


def _scores_missing(evidence: Evidence) -> Iterator[str]:
    scores = evidence.populations.scores
    seen: set[str] = set()
    for analysis in evidence.analyses:
        name = analysis.score.id
        if name not in scores.columns or scores.empty or name in seen:
            continue
        seen.add(name)
        instrument = evidence.snapshot.instruments[analysis.outcome.instrument]
        given = answers_to(instrument, evidence.snapshot, scores.index)[list(analysis.score.items)]
        asked = scores[(given != NOT_ASKED).any(axis=1).to_numpy()]
        missing = int(asked[name].isna().sum())
        if missing >= evidence.limits.people and missing > MANY_WITHOUT_SCORE * len(asked):
            yield (
                f"{percent(missing, len(asked))} of the questionnaires that asked it have no score "
                f"for {analysis.outcome.label}: too few of its items were answered."
            )


def _outcomes_not_asked(evidence: Evidence) -> Iterator[str]:
    """An outcome that routing, or an earlier version, left out of some questionnaires of a wave."""
    scores = evidence.populations.scores
    for analysis in evidence.analyses:
        if analysis.score.id not in scores.columns:
            continue
        instrument = evidence.snapshot.instruments[analysis.outcome.instrument]
        here = scores[scores["wave"] == analysis.outcome.wave]
        given = answers_to(instrument, evidence.snapshot, here.index)[list(analysis.score.items)]
        n = int((given == NOT_ASKED).all(axis=1).sum())
        if 0 < n < len(here):
            few = evidence.limits.people
            people = counted(n, "person", "people") if n >= few else f"fewer than {few} people"
            yield (
                f"{analysis.outcome.label} was not asked of {people} who submitted "
                f"{evidence.snapshot.study.wave_title(analysis.outcome.wave)}: they are not in its "
                "estimate, and whether that was by chance is not known."
            )


def _complete_cases(evidence: Evidence) -> Iterator[str]:
    if any(each.result is not None for each in evidence.analyses):
        yield (
            "The adjusted differences use people with every score the model needs. Nothing is "
            "filled in for missing answers, so they hold if answering depends only on the arm, "
            "the baseline score and the strata."
        )


def _boundary(evidence: Evidence) -> Iterator[str]:
    single = [
        each.outcome.label
        for each in evidence.analyses
        if each.result is not None and each.result.icc is not None and each.result.icc.is_singular
    ]
    if single:
        yield (
            f"How alike people of one school are could not be estimated well ({listed(single)}): "
            "most schools have one person in the analysis. The intervals do not depend on it; "
            "the smallest effect detectable does."
        )


def _not_validated(evidence: Evidence) -> Iterator[str]:
    own = [
        each.short_title
        for each in delivered_instruments(evidence.snapshot)
        if each.wording.tag == "own"
    ]
    if own:
        yield (f"{listed(own)}: {NOT_VALIDATED}. What a difference on it means is not established.")


def _several_outcomes(evidence: Evidence) -> Iterator[str]:
    n = len([each for each in evidence.analyses if each.result is not None])
    if n > 1:
        yield (
            f"{n} outcomes are compared without correction: the more comparisons, the likelier "
            "that one interval leaves out 0 by chance."
        )


def _events(evidence: Evidence) -> Iterator[str]:
    waves = evidence.snapshot.study.waves
    for event in evidence.snapshot.study.events:
        after = [wave for wave in waves if wave.closes_on < event.on]
        before = [wave for wave in waves if wave.opens_on > event.on]
        if after and before:
            yield (
                f"{event.title} ({day(event.on)}) fell between the waves “{after[-1].title}” and "
                f"“{before[0].title}”: a change between them may be its doing in every arm."
            )


# A new check is one function and one line here.
RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _waves_still_open,
    _low_paired_response,
    _response_differs,
    _answers_after_allocation,
    _spans_arms,
    _scores_missing,
    _outcomes_not_asked,
    _complete_cases,
    _boundary,
    _not_validated,
    _several_outcomes,
    _events,
)
