"""Measurements, one JSON line each: `python -m benchmarks GROUP`.

Each module of a group runs in a process of its own, so that none warms up another.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(groups: list[str]) -> int:
    """Run every module of these groups, or of all groups where none is named."""
    found = sorted(
        file.stem
        for file in Path(__file__).parent.glob("[a-z]*_*.py")
        if not groups or file.stem.split("_", 1)[0] in groups
    )
    if not found:
        print(f"There is no group {', '.join(groups)}.", file=sys.stderr)
        return 2
    commands = [[sys.executable, "-m", f"benchmarks.{name}"] for name in found]
    return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
