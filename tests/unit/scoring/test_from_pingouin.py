"""Scoring is imported without waiting for pingouin."""

import subprocess
import sys


def test_importing_reliability_does_not_import_pingouin() -> None:
    code = "import sys, scoring.reliability, scoring.retest; print('pingouin' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
