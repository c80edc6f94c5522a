"""What a web process loads to wake the worker, and what the worker loads before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "numpy", "scipy", "pingouin", "matplotlib", "weasyprint", "sklearn")


def loaded_by(module: str) -> set[str]:
    code = f"import {module}, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["survey_app.jobs.queue", "survey_app.mail.mailbox"])
def test_what_pages_need_of_jobs_and_mail_loads_no_statistics(module):
    assert not loaded_by(module) & {*HEAVY, "flask"}


def test_the_worker_loads_statistics_only_with_its_first_report():
    assert not loaded_by("survey_app.jobs.worker") & {*HEAVY, "flask"}
