"""What a log may say of a failure: its kind and the lines it went through, never its words.

The words of an exception may hold an address, a link or an answer.
"""

from __future__ import annotations

import traceback


def without_words(error: BaseException) -> str:
    """Give the kind of an exception and where it was raised, and of what caused it."""
    lines = []
    seen: BaseException | None = error
    while seen is not None:
        kind = type(seen)
        lines.append(f"{kind.__module__}.{kind.__qualname__}, raised at")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(lines)
