"""The analysis plan: what will be estimated, fixed and dated before the data are unmasked."""

# Annotations here are read by pydantic when the classes are made.
import math
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Covariate = Literal["baseline", "strata"]
Estimator = Literal["ancova_cr2"]
Sensitivity = Literal["mixed_model", "school_means", "randomisation_test"]
EffectSize = Literal[
    "within_conditional", "total_conditional", "within_unconditional", "total_unconditional"
]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]

ESTIMATOR_SENTENCES: dict[Estimator, str] = {
    "ancova_cr2": (
        "a linear regression of the outcome on arm ({covariates}), with standard errors "
        "clustered by {cluster} (CR2, Bell-McCaffrey) and Satterthwaite degrees of freedom"
    ),
}

SENSITIVITY_SENTENCES: dict[Sensitivity, str] = {
    "mixed_model": (
        "a random-intercept model of people in schools by restricted maximum likelihood, with "
        "the standard error and degrees of freedom of Kenward and Roger"
    ),
    "school_means": "a t test of schools' mean residuals, in which each school counts once",
    "randomisation_test": (
        "a randomisation test over the allocations that the design allowed, with as many schools "
        "to each arm of a stratum as there were"
    ),
}

COVARIATE_SENTENCES: dict[Covariate, str] = {
    "baseline": "the same score at baseline",
    "strata": "the strata of the randomisation",
}

EFFECT_SIZE_SENTENCES: dict[EffectSize, str] = {
    "within_conditional": (
        "divided by the standard deviation within schools of the adjusted model (Hedges 2007)"
    ),
    "total_conditional": (
        "divided by the total standard deviation of the adjusted model (Hedges 2007)"
    ),
    "within_unconditional": (
        "divided by the standard deviation within schools of the model without covariates "
        "(Hedges 2007)"
    ),
    "total_unconditional": (
        "divided by the total standard deviation of the model without covariates (Hedges 2007)"
    ),
}


class _PlanPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Outcome(_PlanPart):
    """One score at one wave, with the wave whose score it is adjusted for."""

    id: Id
    label: str = Field(min_length=1, max_length=200)
    instrument: Id
    score: Id
    wave: Id
    baseline_wave: Id | None = None
    primary: bool = False

    @model_validator(mode="after")
    def _waves_differ(self) -> Self:
        if self.wave == self.baseline_wave:
            raise ValueError(
                f"outcome {self.id!r} is adjusted for its own wave {self.wave!r}: "
                "baseline_wave must be an earlier wave, or be left out"
            )
        return self


class Plan(_PlanPart):
    """The pre-specified analysis of one study."""

    # Lists are what TOML has for tuples; only the container is read leniently.
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1, strict=False)]
    covariates: Annotated[tuple[Covariate, ...], Field(strict=False)] = ("baseline", "strata")
    cluster: Literal["school"] = "school"
    estimator: Estimator = "ancova_cr2"
    sensitivity: Annotated[tuple[Sensitivity, ...], Field(strict=False)] = (
        "mixed_model",
        "school_means",
        "randomisation_test",
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0)
    effect_size: EffectSize = "total_unconditional"
    minimum_people: int = Field(default=10, ge=1)
    minimum_schools: int = Field(default=5, ge=1)
    seed: int = Field(default=1, ge=0, lt=2**63)
    complier_share: float = Field(default=0.5, gt=0.0, le=1.0)
    fixed_on: date | None = None

    @model_validator(mode="after")
    def _outcomes_are_distinct(self) -> Self:
        ids = [outcome.id for outcome in self.outcomes]
        repeated = sorted({each for each in ids if ids.count(each) > 1})
        if repeated:
            raise ValueError(f"outcome ids must differ; repeated: {', '.join(repeated)}")
        return self

    @model_validator(mode="after")
    def _choices_are_distinct(self) -> Self:
        for name, chosen in (("covariates", self.covariates), ("sensitivity", self.sensitivity)):
            if len(set(chosen)) != len(chosen):
                raise ValueError(f"{name} must differ; found {', '.join(chosen)}")
        return self

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome with this id; KeyError with the known ids if there is none."""
        for each in self.outcomes:
            if each.id == outcome_id:
                return each
        known = ", ".join(each.id for each in self.outcomes)
        raise KeyError(f"the plan has no outcome {outcome_id!r}; it has {known}")

    @property
    def primary_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes marked primary, in the order of the plan."""
        return tuple(each for each in self.outcomes if each.primary)

    def sessions_to_comply(self, planned: int) -> int:
        """Give how many of the sessions planned for it a cluster attends to be a complier.

        A share such as 0.55 of 20 sessions is 11, whatever a binary fraction makes of it.
        """
        return math.ceil(self.complier_share * planned - 1e-9)

    def complied(self, *, attended: int, planned: int) -> bool:
        """Whether a cluster that attended so many of the sessions planned for it is a complier."""
        return attended >= self.sessions_to_comply(planned)

    def as_text(self) -> str:
        """The plan as sentences a reader can hold the report against, one a line."""
        return "\n".join(self._sentences())

    def _sentences(self) -> tuple[str, ...]:
        return (
            self._fixed_sentence(),
            *(_outcome_sentence(each) for each in self.outcomes),
            self._estimator_sentence(),
            *self._sensitivity_sentences(),
            f"Every interval covers {100 * self.confidence:g}%.",
            f"The effect size is the adjusted difference "
            f"{EFFECT_SIZE_SENTENCES[self.effect_size]}.",
            f"A {self.cluster} is a complier when it attended at least "
            f"{100 * self.complier_share:g}% of the supervision sessions planned for it.",
            f"Figures about fewer than {self.minimum_people} people or "
            f"{self.minimum_schools} schools are not shown.",
            f"Whatever is drawn at random starts from seed {self.seed}.",
        )

    def _fixed_sentence(self) -> str:
        if self.fixed_on is None:
            return "This plan is a draft: no date is recorded on which it was fixed."
        return f"This plan was fixed on {self.fixed_on.isoformat()}."

    def _estimator_sentence(self) -> str:
        adjusted_for = " and ".join(COVARIATE_SENTENCES[each] for each in self.covariates)
        covariates = f"adjusted for {adjusted_for}" if adjusted_for else "without covariates"
        sentence = ESTIMATOR_SENTENCES[self.estimator].format(
            covariates=covariates, cluster=self.cluster
        )
        return f"Arms are compared by {sentence}."

    def _sensitivity_sentences(self) -> tuple[str, ...]:
        if not self.sensitivity:
            return ()
        methods = "; ".join(SENSITIVITY_SENTENCES[each] for each in self.sensitivity)
        return (f"To see whether the method matters, each difference is also judged by {methods}.",)


def _outcome_sentence(outcome: Outcome) -> str:
    rank = "Primary" if outcome.primary else "Secondary"
    baseline = (
        f", adjusted for the same score at the wave {outcome.baseline_wave}"
        if outcome.baseline_wave is not None
        else ", not adjusted for a baseline score"
    )
    return (
        f"{rank} outcome: {outcome.label} ({outcome.score}) at the wave {outcome.wave}{baseline}."
    )
