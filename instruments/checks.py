"""What a definition must be beyond its shape: whether its parts agree with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from math import isclose

from instruments.errors import Fault
from instruments.model import Instrument, Item, LinearTransform, LookupTransform, Score
from instruments.routing import Reference, routing_faults


def faults_of(instrument: Instrument, *, file: str) -> tuple[Fault, ...]:
    """Return everything in the definition that does not agree with the rest of it."""
    faults = [*_repeated_ids(instrument, file), *_item_faults(instrument, file)]
    for number, score in enumerate(instrument.scores):
        place = f"scores[{number}]"
        faults += _score_faults(instrument, score, place, file)
        faults += _band_faults(score, place, file)
    faults += routing_faults(_as_routed(instrument), file=file)
    return (*faults, *_comparison_faults(instrument, file))


def _as_routed(instrument: Instrument) -> list[Reference]:
    """An item whose choices are unknown has a fault of its own, and any value could be one."""
    return [
        Reference(
            item.id,
            frozenset(value for value, _ in _choices(instrument, item)) or frozenset(range(128)),
            () if item.asked_when is None else ((f"items[{number}].asked_when", item.asked_when),),
        )
        for number, item in enumerate(instrument.items)
    ]


def faults_between(instruments: Mapping[str, Instrument]) -> tuple[Fault, ...]:
    """Return the ids that several instruments share; the key of each is its file's name."""
    owners: dict[str, str] = {}
    faults = []
    for file, instrument in instruments.items():
        if file != f"{instrument.id}.toml":
            faults.append(Fault(file, "id", repr(instrument.id), "the name of the file"))
        for place, ids in (
            ("items", [item.id for item in instrument.items]),
            ("scores", [score.id for score in instrument.scores]),
        ):
            for number, name in enumerate(ids):
                owner = owners.setdefault(name, file)
                if owner != file:
                    faults.append(
                        Fault(
                            file,
                            f"{place}[{number}].id",
                            repr(name),
                            f"an id that {owner} does not use",
                        )
                    )
    return (*faults, *_shared_item_faults(instruments))


def one_of(names: Iterable[str]) -> str:
    """Return the wording of what was expected where a name was not known."""
    known = sorted(names)
    return f"one of {', '.join(known)}" if known else "nothing, as none is known"


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in the order of their first occurrence."""
    return [name for name, times in Counter(names).items() if times > 1]


def _repeated_ids(instrument: Instrument, file: str) -> Iterator[Fault]:
    for place, ids in (
        ("response_sets", [response_set.id for response_set in instrument.response_sets]),
        ("items", [item.id for item in instrument.items]),
        ("scores", [score.id for score in instrument.scores]),
    ):
        for name in repeated(ids):
            yield Fault(file, place, f"the id {name!r} more than once", "every id once")
    for number, response_set in enumerate(instrument.response_sets):
        place = f"response_sets[{number}].options"
        for value in repeated(str(option.value) for option in response_set.options):
            yield Fault(file, place, f"the value {value} more than once", "every value once")


def _item_faults(instrument: Instrument, file: str) -> Iterator[Fault]:
    known = {response_set.id for response_set in instrument.response_sets}
    for number, item in enumerate(instrument.items):
        if item.response_set not in known:
            yield Fault(
                file, f"items[{number}].response_set", repr(item.response_set), one_of(known)
            )
    in_a_score = {name for score in instrument.scores for name in score.items}
    for number, item in enumerate(instrument.items):
        if item.scored != (item.id in in_a_score):
            found = (
                "true, and no score has the item" if item.scored else "false, and a score has it"
            )
            yield Fault(file, f"items[{number}].scored", found, str(not item.scored).lower())


def _comparison_faults(instrument: Instrument, file: str) -> Iterator[Fault]:
    known = {score.id for score in instrument.scores}
    for table, names in (
        ("norms", [entry.score for entry in instrument.norms]),
        ("percentiles", [entry.score for entry in instrument.percentiles]),
        ("reliabilities", [entry.score for entry in instrument.reliabilities]),
    ):
        for number, name in enumerate(names):
            if name not in known:
                yield Fault(file, f"{table}[{number}].score", repr(name), one_of(known))


def _shared_item_faults(instruments: Mapping[str, Instrument]) -> Iterator[Fault]:
    """An item that is another's is asked in its words; one that is not installed is not looked at.

    The words of one of the two may be withheld.
    """
    owners = {item.id: (each, item) for each in instruments.values() for item in each.items}
    for file, instrument in instruments.items():
        for number, item in enumerate(instrument.items):
            if item.same_as is None or item.same_as not in owners:
                continue
            owner, original = owners[item.same_as]
            asked_alike = item.text == original.text or instrument.wording_is_withheld
            if not asked_alike or _choices(instrument, item) != _choices(owner, original):
                yield Fault(
                    file,
                    f"items[{number}].same_as",
                    f"{item.same_as!r}, which has other words or options",
                    "an item with the same words and options",
                )


def _choices(instrument: Instrument, item: Item) -> tuple[tuple[int, str], ...]:
    try:
        return tuple((option.value, option.label) for option in instrument.options(item))
    except KeyError:
        return ()


def _score_faults(instrument: Instrument, score: Score, place: str, file: str) -> Iterator[Fault]:
    item_ids = {item.id for item in instrument.items}
    for name in score.items:
        if name not in item_ids:
            yield Fault(file, f"{place}.items", repr(name), one_of(item_ids))
    for name in repeated(score.items):
        yield Fault(file, f"{place}.items", f"{name!r} more than once", "every item once")
    for name in score.reversed:
        if name not in score.items:
            yield Fault(file, f"{place}.reversed", repr(name), one_of(score.items))
    for name in repeated(score.reversed):
        yield Fault(file, f"{place}.reversed", f"{name!r} more than once", "every item once")
    if score.minimum_answered > len(score.items):
        yield Fault(
            file,
            f"{place}.minimum_answered",
            str(score.minimum_answered),
            f"at most the number of items, {len(score.items)}",
        )
    yield from _recoding_faults(instrument, score, place, file)
    yield from _lookup_faults(instrument, score, place, file)
    yield from _range_faults(instrument, score, place, file)


def _recoding_faults(
    instrument: Instrument, score: Score, place: str, file: str
) -> Iterator[Fault]:
    if not score.recoded:
        return
    where = f"{place}.recoded"
    for twice in repeated(str(entry.value) for entry in score.recoded):
        yield Fault(file, where, f"the value {twice} more than once", "every value once")
    if score.reversed:
        yield Fault(file, where, "items both recoded and reversed", "one of the two")
    listed = {entry.value for entry in score.recoded}
    values = _values_of_items(instrument, score)
    offered = {value for own in values or () for value in own}
    for value in sorted(offered - listed):
        yield Fault(file, where, f"nothing for the value {value}", "what every value counts as")
    for value in sorted(listed - offered if values is not None else ()):
        yield Fault(file, where, f"the value {value}", "a value that the items have")


def _lookup_faults(instrument: Instrument, score: Score, place: str, file: str) -> Iterator[Fault]:
    """A table has a row for each whole raw sum; a prorated sum is not whole, and has none."""
    table = score.transform
    if not isinstance(table, LookupTransform):
        return
    where = f"{place}.transform"
    if score.rule != "sum":
        yield Fault(file, where, f"a lookup of a {score.rule}", "a lookup of a sum")
    if score.minimum_answered != len(score.items):
        yield Fault(
            file,
            f"{place}.minimum_answered",
            str(score.minimum_answered),
            f"{len(score.items)}: a table of whole raw scores needs every item",
        )
    if any(after <= before for before, after in pairwise(table.values)):
        yield Fault(file, f"{where}.values", "values that do not rise", "rising values")
    raw = _raw_range(instrument, score)
    if raw is not None and (table.first, table.first + len(table.values) - 1) != raw:
        yield Fault(
            file,
            f"{where}.values",
            f"{len(table.values)} values from the raw score {table.first}",
            f"one for each raw score from {raw[0]:g} to {raw[1]:g}",
        )


def _range_faults(instrument: Instrument, score: Score, place: str, file: str) -> Iterator[Fault]:
    ends = _possible_range(instrument, score)
    if ends is None:
        return
    for key, found, expected in (
        ("minimum", score.minimum, ends[0]),
        ("maximum", score.maximum, ends[1]),
    ):
        if not isclose(found, expected):
            yield Fault(
                file,
                f"{place}.{key}",
                f"{found:g}",
                f"{expected:g}, which the response options make",
            )


def _possible_range(instrument: Instrument, score: Score) -> tuple[float, float] | None:
    """Return the least and the greatest score the options allow; None when that is unknowable."""
    raw = _raw_range(instrument, score)
    if raw is None:
        return None
    ends = list(raw)
    if isinstance(score.transform, LinearTransform):
        ends = [(end + score.transform.add) * score.transform.multiply for end in ends]
    elif isinstance(score.transform, LookupTransform):
        ends = [score.transform.values[0], score.transform.values[-1]]
    return min(ends), max(ends)


def _raw_range(instrument: Instrument, score: Score) -> tuple[float, float] | None:
    """Return the ends of the score before its transform."""
    values = _values_of_items(instrument, score)
    if values is None:
        return None
    if score.recoded:
        counts_as = {entry.value: entry.counts_as for entry in score.recoded}
        values = [[counts_as.get(value, value) for value in own] for own in values]
    ends = float(sum(map(min, values))), float(sum(map(max, values)))
    if score.rule == "mean":
        return ends[0] / len(values), ends[1] / len(values)
    return ends


def _values_of_items(instrument: Instrument, score: Score) -> list[list[int]] | None:
    sets = {entry.id: entry.options for entry in instrument.response_sets}
    items = {item.id: item for item in instrument.items}
    if any(name not in items or items[name].response_set not in sets for name in score.items):
        return None
    return [[option.value for option in sets[items[name].response_set]] for name in score.items]


def _band_faults(score: Score, place: str, file: str) -> Iterator[Fault]:
    if not score.bands:
        return
    where = f"{place}.bands"
    if score.bands_are is None or not score.bands_source:
        yield Fault(file, where, "bands without a source", "bands_are and bands_source beside them")
    for name in repeated(band.label for band in score.bands):
        yield Fault(file, where, f"the label {name!r} more than once", "every label once")
    for band in score.bands:
        if band.high < band.low:
            yield Fault(file, where, f"{band.low:g} to {band.high:g}", "the lower end first")
    yield from _tiling_faults(score, where, file)


def _tiling_faults(score: Score, where: str, file: str) -> Iterator[Fault]:
    """Sums are whole numbers, so the next band starts one higher; means meet at the edge."""
    between = 1.0 if score.rule == "sum" else 0.0
    first, last = score.bands[0], score.bands[-1]
    if first.low != score.minimum:
        yield Fault(
            file, where, f"bands from {first.low:g}", f"bands from the minimum, {score.minimum:g}"
        )
    if last.high != score.maximum:
        yield Fault(
            file, where, f"bands to {last.high:g}", f"bands to the maximum, {score.maximum:g}"
        )
    for before, after in pairwise(score.bands):
        expected = before.high + (0.0 if after.above_low else between)
        if after.low != expected:
            kind = "an overlap" if after.low < expected else "a gap"
            yield Fault(
                file,
                where,
                f"{kind} between {before.label!r}, to {before.high:g}, "
                f"and {after.label!r}, from {after.low:g}",
                f"{after.label!r} from {expected:g}",
            )
