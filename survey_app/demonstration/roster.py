"""An invented roster, written as the CSV file that a coordinator would load."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator

from survey_app.demonstration.chance import choices_from
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Demonstration

HEADINGS = (
    "URN",
    "LA (name)",
    "EstablishmentName",
    "PhaseOfEducation (name)",
    "TypeOfEstablishment (name)",
    "dsl_name",
    "dsl_email",
    "dsl_role",
)

# Beyond the numbers that the national register has given out, so that none is a real school's.
_FIRST_URN = 900001

_PLACES = (
    "Alderbank", "Ashmere", "Beechcroft", "Birchfold", "Brackenhey", "Briarwood", "Brookside End",
    "Cedar Fold", "Cloverhill", "Copperbeech", "Crofters Lane", "Dovestone", "Elmhurst Brow",
    "Fairmead", "Fernlea", "Foxholt", "Gorsefield", "Greenhalgh End", "Hawthorn Bank", "Hazelmere",
    "Heather Brow", "Hollybank", "Ivy Fold", "Juniper Hill", "Kestrel Bank", "Kingfisher Way",
    "Larkhill End", "Laurel Croft", "Linden Row", "Maplewood", "Meadowcroft", "Merlin Brow",
    "Millbeck", "Mossbank", "Nightingale Lane", "Oakenshaw", "Orchard Fold", "Otterbrook",
    "Poplar Row", "Primrose Bank", "Quarry Hey", "Redwing", "Rowanfield", "Rushmere", "Sedgebrook",
    "Silver Birch", "Sorrel Bank", "Sycamore End", "Thistlefold", "Thornlea", "Willowmere",
    "Woodlark", "Yarrow Hill", "Yewtree Lane",
)  # fmt: skip
_SIDES = (
    "Upper", "Lower", "North", "South", "East", "West", "Great", "Little", "Old", "New", "Over",
    "Nether", "Middle", "Far", "Near", "High", "Long", "Low", "Castle", "Abbey", "Market", "Canal",
    "Station", "Church", "Mill", "Bridge", "Park", "Forest", "Heath", "Moor",
)  # fmt: skip
_FEWEST_SIDES = 2
_KINDS = (
    ("Community Primary School", "Community school"),
    ("Primary School", "Academy converter"),
    ("Church of England Primary School", "Voluntary aided school"),
)
_SECONDARY_KINDS = (
    ("High School", "Community school"),
    ("Academy", "Academy converter"),
    ("School", "Foundation school"),
)
_SPECIAL = ("Special School", "Community special school")
_FIRST_NAMES = (
    "Aisha", "Alan", "Alison", "Amina", "Andrea", "Angela", "Anne", "Beth", "Carol", "Catherine",
    "Chloe", "Claire", "Daniel", "David", "Deborah", "Dev", "Diane", "Elaine", "Emma", "Farah",
    "Fiona", "Gareth", "Gillian", "Hannah", "Helen", "Imran", "Jane", "Janet", "Joanne", "John",
    "Judith", "Karen", "Kate", "Kirsty", "Laura", "Linda", "Louise", "Lucy", "Maria", "Mark",
    "Michael", "Naomi", "Nasreen", "Nicola", "Olivia", "Paul", "Peter", "Priya", "Rachel",
    "Rebecca", "Richard", "Ruth", "Samina", "Sarah", "Simon", "Sophie", "Stephen", "Susan",
    "Tracey", "Yusuf",
)  # fmt: skip
_LAST_NAMES = (
    "Ackerley", "Adeyemi", "Ahmed", "Barlow", "Begum", "Bibby", "Brennan", "Brooks", "Cheetham",
    "Chowdhury", "Clough", "Crompton", "Dunne", "Eccles", "Entwistle", "Farrow", "Fielding",
    "Gaskell", "Ghosh", "Grundy", "Hadfield", "Hargreaves", "Haslam", "Holt", "Hussain", "Iqbal",
    "Jolley", "Kershaw", "Khan", "Lomax", "Mather", "Mensah", "Morris", "Naylor", "Nuttall",
    "Okafor", "Ormerod", "Patel", "Pendlebury", "Quinn", "Ramsden", "Rigby", "Seddon", "Shah",
    "Sharples", "Singh", "Tatlock", "Taylor", "Unsworth", "Walsh", "Wardle", "Whittle", "Yates",
)  # fmt: skip


def roster_csv(definition: StudyDefinition, sizes: Demonstration) -> bytes:
    """Write the roster of a demonstration, the same each time."""
    rng = choices_from(sizes.seed, "roster")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows(_rows(definition, sizes, rng))
    return text.getvalue().encode()


def _rows(
    definition: StudyDefinition, sizes: Demonstration, rng: random.Random
) -> Iterator[tuple[str, ...]]:
    phase = definition.study.phases[0]
    kinds = _KINDS if phase == "primary" else _SECONDARY_KINDS
    people = _people(rng)
    names = _school_names(rng, kinds, sizes.schools)
    total = sizes.schools + sizes.schools_not_mainstream
    for number in range(total):
        mainstream = number < sizes.schools
        if mainstream:
            name, kind = names[number]
        else:
            name, kind = f"{_PLACES[-1 - number % len(_PLACES)]} {_SPECIAL[0]}", _SPECIAL[1]
        n_people = 1 + rng.choices(range(len(sizes.dsls_per_school)), sizes.dsls_per_school)[0]
        address = name.lower().replace(" ", "-")
        for nth in range(n_people):
            first, last = next(people)
            yield (
                str(_FIRST_URN + number),
                sizes.authorities[number % len(sizes.authorities)],
                name,
                phase.capitalize() if mainstream else "Not applicable",
                kind,
                f"{first} {last}",
                f"{first}.{last}@{address}.example".lower(),
                "DSL" if nth == 0 else "deputy",
            )


def _school_names(
    rng: random.Random, kinds: tuple[tuple[str, str], ...], n_schools: int
) -> list[tuple[str, str]]:
    n_sides = max(_FEWEST_SIDES, -(-n_schools // (len(_PLACES) * len(kinds))) - 1)
    places = [*_PLACES, *(f"{side} {place}" for side in _SIDES[:n_sides] for place in _PLACES)]
    every = [(f"{place} {suffix}", kind) for suffix, kind in kinds for place in places]
    return rng.sample(every[: max(n_schools, len(_PLACES) * len(kinds))], n_schools)


def _people(rng: random.Random) -> Iterator[tuple[str, str]]:
    every = [(first, last) for first in _FIRST_NAMES for last in _LAST_NAMES]
    rng.shuffle(every)
    while True:
        yield from every
