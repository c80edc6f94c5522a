"""An instrument: a published, versioned set of items with its scoring rules, as frozen data."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from instruments.reader import Definition, Name
from instruments.routing import AskedWhen

Text = Annotated[str, StringConstraints(min_length=1)]

WordingTag = Literal["verified", "secondary_copy", "unverified", "own", "withheld"]
"""Withheld: the words are the licence holder's to supply, and a number stands in their place."""

Use = Literal["research", "commercial", "clinical"]
USES: Final[tuple[Use, ...]] = ("research", "commercial", "clinical")


class ResponseOption(Definition):
    """One choice: the number stored and the words shown."""

    value: Annotated[int, Field(ge=0, le=127)]
    label: Text
    loinc: str = ""


class ResponseSet(Definition):
    """The choices that several items share."""

    id: Name
    options: Annotated[tuple[ResponseOption, ...], Field(min_length=2)]


class Item(Definition):
    """One thing asked; its id is unique in the whole catalogue."""

    id: Name
    text: Text
    response_set: Name
    loinc: str = ""
    risk: bool = False
    """An answer may ask for somebody's attention."""
    wording: WordingTag | None = None
    """How this item's wording was verified, where it differs from the instrument's tag."""
    scored: bool = True
    """False for an item that is shown and stored but belongs to no score."""
    same_as: Name | None = None
    """The item of a longer instrument that asks the same thing with the same options."""
    asked_when: AskedWhen | None = None
    """What earlier items of the instrument must have been answered; asked of everybody without."""


class Wording(Definition):
    """How the wording was verified: the weakest tag of all items, and where it was read."""

    tag: WordingTag
    source: Text
    checked_on: date | None = None


class Licence(Definition):
    """What may be done with the text of an instrument.

    Tier A is shipped with its text; tier B is shipped, and a study that uses it must say who
    accepted the licence; tier C is scoring rules only, the licence holder supplies the text.
    """

    tier: Literal["A", "B", "C"]
    status: Literal[
        "public_domain",
        "free_with_attribution",
        "free_noncommercial",
        "registration_required",
        "proprietary",
        "own",
    ]
    text: Text
    url: str = ""
    attribution: str = ""
    """The line shown to the person who answers, below the items."""
    permits_research: bool = True
    permits_commercial: bool
    permits_clinical: bool = True
    permits_modification: bool
    checked_on: date | None = None

    def permits(self, use: Use) -> bool:
        """Return whether the terms, as far as they are known, allow this use."""
        return {
            "research": self.permits_research,
            "commercial": self.permits_commercial,
            "clinical": self.permits_clinical,
        }[use]


class Band(Definition):
    """A published range of a score with its label; both ends belong to the range."""

    low: float
    high: float
    label: Text
    above_low: bool = False
    """The range begins just above `low`, which itself belongs to the band before."""


class CutPoint(Definition):
    """A score at or over `value` counts as a case, or at or under it where that is said."""

    value: float
    label: Text
    source: Text
    verified: bool
    case_when: Literal["at_or_over", "at_or_under"] = "at_or_over"


class ReliableChange(Definition):
    """A score that moved by `points` or more counts as changed."""

    points: Annotated[float, Field(gt=0)]
    source: Text
    verified: bool
    kind: Literal["reliable", "important"] = "reliable"
    """More than the error of measurement, or enough to matter to the person."""


class LinearTransform(Definition):
    """(score + add) × multiply."""

    kind: Literal["linear"]
    add: float
    multiply: float


class LookupTransform(Definition):
    """Each whole raw score has its value: `values[0]` is that of the raw score `first`."""

    kind: Literal["lookup"]
    first: int
    values: Annotated[tuple[float, ...], Field(min_length=2)]
    source: Text


Transform = Annotated[LinearTransform | LookupTransform, Field(discriminator="kind")]


class RecodedValue(Definition):
    """An answer that counts as another number in one score."""

    value: Annotated[int, Field(ge=0, le=127)]
    counts_as: Annotated[int, Field(ge=0, le=127)]


class Score(Definition):
    """One number made of several items, and every rule that makes it."""

    id: Name
    title: Text
    items: Annotated[tuple[Name, ...], Field(min_length=1)]
    rule: Literal["sum", "mean"]
    reversed: tuple[Name, ...] = ()
    recoded: tuple[RecodedValue, ...] = ()
    """What each answer counts as, where that is not the value stored; every value is listed."""
    minimum_answered: Annotated[int, Field(ge=1)]
    """With fewer answers there is no score; with all of them or some, the mean of the answered
    items stands for the missing ones."""
    missing_rule_source: Text
    missing_rule_is_ours: bool
    minimum: float
    maximum: float
    direction: Literal["higher_is_worse", "higher_is_better"]
    exploratory: bool = False
    transform: Transform | None = None
    bands: tuple[Band, ...] = ()
    bands_are: Literal["published", "convention"] | None = None
    bands_source: str = ""
    bands_verified: bool = False
    """Whether the bands were read in a source; false where they are recalled or in a copy."""
    cut_points: tuple[CutPoint, ...] = ()
    reliable_change: ReliableChange | None = None
    loinc: str = ""


class Norm(Definition):
    """The mean and SD of a score in a population somebody else measured."""

    score: Name
    population: Text
    mean: float
    sd: Annotated[float, Field(gt=0)] | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    source: Text
    verified: bool = False


class Percentile(Definition):
    """The value of a score below or at which a share of a population lies."""

    score: Name
    population: Text
    percentile: Annotated[float, Field(gt=0, lt=100)]
    value: float
    source: Text
    verified: bool


class PublishedReliability(Definition):
    """A reliability somebody else found; the kind is named wherever it is used."""

    score: Name
    kind: Literal["alpha", "test_retest"]
    value: Annotated[float, Field(gt=0, lt=1)]
    population: Text
    source: Text
    verified: bool


class Instrument(Definition):
    """A published, versioned set of items with its scoring rules."""

    id: Name
    version: Text
    title: Text
    short_title: Text
    heading: Text
    """What the person who answers sees above the items: plain, and naming no illness."""
    citation: Text
    licence: Licence
    wording: Wording
    recall_period: Text
    stem: str
    """What stands above the items; empty where each item is a whole question."""
    loinc: str = ""
    loinc_source: str = ""
    """Where the codes of the panel, the items, the answers and the scores were read."""
    loinc_verified: bool = False
    notice: str = ""
    """What every report that uses the instrument must say of it."""
    response_sets: Annotated[tuple[ResponseSet, ...], Field(min_length=1)]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    scores: Annotated[tuple[Score, ...], Field(min_length=1)]
    norms: tuple[Norm, ...] = ()
    percentiles: tuple[Percentile, ...] = ()
    reliabilities: tuple[PublishedReliability, ...] = ()

    @property
    def wording_is_withheld(self) -> bool:
        """Whether words are still to be supplied by the licence holder; it cannot be delivered."""
        return self.wording.tag == "withheld"

    @property
    def risk_items(self) -> tuple[Item, ...]:
        """The items an answer to which may ask for somebody's attention."""
        return tuple(item for item in self.items if item.risk)

    @property
    def scored_items(self) -> tuple[str, ...]:
        """The ids of the items that belong to a score, in the order asked."""
        return tuple(item.id for item in self.items if item.scored)

    def item(self, item_id: str) -> Item:
        """Return the item of that id; KeyError when there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def score(self, score_id: str) -> Score:
        """Return the score of that id; KeyError when there is none."""
        for score in self.scores:
            if score.id == score_id:
                return score
        raise KeyError(score_id)

    def options(self, item: Item) -> tuple[ResponseOption, ...]:
        """Return the choices of an item, in the order shown."""
        for response_set in self.response_sets:
            if response_set.id == item.response_set:
                return response_set.options
        raise KeyError(item.response_set)
