"""The codes of an answer that is not there: three different facts, never one null.

All fit in int8 and none is ever the value of a response option, so a table of answers stays a
table of small integers.
"""

from __future__ import annotations

from typing import Final

NOT_ANSWERED: Final = -9
PREFER_NOT_TO_SAY: Final = -8
NOT_ASKED: Final = -7

MISSING_CODES: Final = frozenset({NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED})
