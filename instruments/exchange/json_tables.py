"""JSON objects of an untrusted file, whose keys are asked for one by one.

What has another type than expected is a fault with its place, and what nobody asks for is listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from instruments.errors import DefinitionError
from instruments.exchange.drafts import Reading

_HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
"""JSON can write one half of a pair that stands for a character; nothing can store it."""


@dataclass(slots=True)
class Table:
    """One JSON object; remembers which of its keys were looked at."""

    data: Mapping[str, Any]
    where: str
    reading: Reading
    looked_at: set[str] = field(default_factory=set)

    def text(self, key: str) -> str:
        """Return the text of a key without the space around it; empty when there is none."""
        value = self._get(key)
        if value is None:
            return ""
        if isinstance(value, str) and not _HALF_A_CHARACTER.search(value):
            return value.strip()
        self.reading.fault(self.place(key), shown(value), "text")
        return ""

    def number(self, key: str) -> float | None:
        """Return the number of a key."""
        value = self._get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self.reading.fault(self.place(key), shown(value), "a number")
        return None

    def table(self, key: str) -> Table | None:
        """Return the object of a key."""
        value = self._get(key)
        if isinstance(value, Mapping):
            return Table(value, self.place(key), self.reading)
        if value is not None:
            self.reading.fault(self.place(key), shown(value), "an object")
        return None

    def tables(self, key: str) -> list[Table]:
        """Return the objects of a list; none when the key is not there."""
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.reading.fault(self.place(key), shown(value), "a list of objects")
            return []
        found = []
        for number, entry in enumerate(value):
            place = f"{self.place(key)}[{number}]"
            if isinstance(entry, Mapping):
                found.append(Table(entry, place, self.reading))
            else:
                self.reading.fault(place, shown(entry), "an object")
        return found

    def place(self, key: str) -> str:
        """Return the place of a key in the file."""
        return f"{self.where}.{key}".lstrip(".")

    def list_rest(self, item: str) -> None:
        """List every key that nobody looked at as lost."""
        for key in self.data:
            if key not in self.looked_at:
                self.reading.lost(self.place(key), item, "a definition has no place for it")

    def _get(self, key: str) -> Any:
        self.looked_at.add(key)
        return self.data.get(key)


def read_object(data: bytes, reading: Reading) -> Table:
    """Return the object that a JSON file holds; DefinitionError when it holds none."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reading.fault(f"byte {error.start}", "bytes that are not UTF-8", "a JSON document in UTF-8")
    except RecursionError:
        reading.fault("", "tables inside tables without end", "a JSON document of some depth")
    except json.JSONDecodeError as error:
        reading.fault(
            f"line {error.lineno}, column {error.colno}",
            f"a syntax error ({error.msg})",
            "a JSON document",
        )
    except ValueError as error:
        # A whole number of more digits than Python reads.
        reading.fault("", str(error), "a JSON document")
    else:
        if isinstance(found, Mapping):
            return Table(found, "", reading)
        reading.fault("", shown(found), "an object")
    raise DefinitionError(reading.faults)


def shown(value: object) -> str:
    """Return a value as a fault shows it."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
