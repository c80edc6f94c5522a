"""The words that the national register of schools uses for phases, types and statuses.

The names are those of the register's download, as public services built on it list them. A type
that is not known here is refused and never guessed: whether a school is mainstream decides whether
it is randomised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from survey_app.trial.study_file import Phase

_PLURALS = re.compile(r"\b(school|unit|centre|institution)s\b")

PHASES: Final[Mapping[str, Phase]] = MappingProxyType(
    {
        "nursery": "nursery",
        "primary": "primary",
        "middle deemed primary": "primary",
        "secondary": "secondary",
        "middle deemed secondary": "secondary",
        "all through": "all-through",
        "16 plus": "16 plus",
        "not applicable": "not applicable",
    }
)

OPEN_STATUSES: Final = frozenset({"open", "open but proposed to close"})

# State-funded schools that are neither special nor alternative provision.
MAINSTREAM_TYPES: Final = frozenset(
    {
        "academy converter",
        "academy sponsor led",
        "city technology college",
        "community school",
        "foundation school",
        "free school",
        "studio school",
        "university technical college",
        "voluntary aided school",
        "voluntary controlled school",
    }
)

NOT_MAINSTREAM_TYPES: Final = frozenset(
    {
        "academy 16 19 converter",
        "academy 16 to 19 sponsor led",
        "academy 16 19 sponsor led",
        "academy alternative provision converter",
        "academy alternative provision sponsor led",
        "academy secure 16 to 19",
        "academy special converter",
        "academy special sponsor led",
        "british school overseas",
        "children s centre",
        "children s centre linked site",
        "community special school",
        "foundation special school",
        "free school 16 19",
        "free school 16 to 19",
        "free school alternative provision",
        "free school special",
        "further education",
        "higher education institution",
        "hospital school",
        "independent school special",
        "institution funded by other government department",
        "la nursery school",
        "local authority nursery school",
        "miscellaneous",
        "non maintained special school",
        "offshore school",
        "online provider",
        "other independent school",
        "other independent special school",
        "pupil referral unit",
        "secure unit",
        "service children s education",
        "sixth form centre",
        "special post 16 institution",
        "welsh establishment",
    }
)


def plain(text: str) -> str:
    """The words alone, in lower case and the singular: 'Free schools - 16-19' and such compare."""
    words = " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))
    return _PLURALS.sub(r"\1", words)
