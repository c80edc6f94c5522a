"""What no linter knows of this house: names, promises of the README, sources of definitions."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from instruments.catalogue import load_catalogue

ROOT = Path(__file__).parents[2]
PACKAGES = ("instruments", "scoring", "reports", "survey_app")
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core"}
HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "weasyprint", "pingouin", "sklearn")
README = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""
# An ignore that names its rule and stops there; words after it are its reason.
IGNORE = re.compile(r"#\s*(noqa(:\s*\w+(,\s*\w+)*)?|type:\s*ignore(\[[\w, -]+\])?)\s*$")
# A developer's own .env must not decide what a test sees.
NO_DOTENV = {"FLASK_SKIP_DOTENV": "1"}
SETTING = re.compile(r"SURVEY_[A-Z_]+")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "vendor" not in path.parts)


def test_no_file_has_a_name_that_says_nothing():
    named = [path for path in sources(*PACKAGES, "tests") if path.stem in NAMELESS]
    folders = [
        path
        for folder in (*PACKAGES, "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_dir() and path.name in NAMELESS
    ]
    assert named + folders == []


def test_every_module_says_what_it_is_for():
    silent = [
        path
        for path in sources(*PACKAGES)
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_nothing_is_left_to_do():
    left = [
        path
        for path in sources(*PACKAGES, "tests")
        if re.search(r"#\s*(TODO|FIXME|XXX|HACK)\b", path.read_text())
    ]
    assert left == []


def test_every_ignore_says_why():
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources(*PACKAGES)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if IGNORE.search(line)
    ]
    assert unexplained == []


def test_the_pages_load_nothing_that_analyses():
    program = (
        "import sys; from pathlib import Path; from survey_app import create_app;"
        "from survey_app.settings import Settings; import survey_app.web;"
        "create_app(Settings('demonstration', 'k' * 40, Path(sys.argv[1]),"
        " 'sqlite:///' + sys.argv[1] + '/s.sqlite', 'http://127.0.0.1:8000', 'a@b.example', None));"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "/tmp"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & set(HEAVY) == set()
    assert "flask" in loaded


def test_every_setting_is_described_in_the_readme():
    read = {
        name
        for path in (*sources("survey_app"), ROOT / "wsgi.py")
        for name in SETTING.findall(path.read_text())
    }
    assert len(read) >= 11
    assert sorted(name for name in read if name not in README) == []


def test_the_readme_describes_no_setting_that_is_not_read():
    read = {name for path in sources("survey_app") for name in SETTING.findall(path.read_text())}
    assert sorted(set(SETTING.findall(README)) - read) == []


def commands(app: Flask) -> Iterator[str]:
    for name, command in app.cli.commands.items():
        if isinstance(command, click.Group):
            yield from (f"{name} {below}" for below in command.commands)
        else:
            yield name


def test_every_command_is_described_in_the_readme(app: Flask):
    ours = set(commands(app)) - {"run", "shell", "routes"}
    assert len(ours) >= 12
    assert sorted(name for name in ours if f"`{name}" not in README) == []


def test_every_command_and_argument_says_what_it_does(app: Flask):
    runner = app.test_cli_runner()
    for name in commands(app):
        result = runner.invoke(args=[*name.split(), "--help"])
        assert result.exit_code == 0
        words = result.output.split("\n\n")[1].strip() if "\n\n" in result.output else ""
        assert len(words) > 10, name


@pytest.mark.parametrize("name", sorted(load_catalogue()))
def test_every_instrument_is_cited_licensed_and_worded_as_verified(name):
    instrument = load_catalogue()[name]
    assert len(instrument.citation) > 20
    assert instrument.licence.text
    assert instrument.licence.tier in ("A", "B", "C")
    assert instrument.wording.tag
    assert instrument.wording.source
    for score in instrument.scores:
        assert score.missing_rule_source, score.id
        if score.bands:
            assert score.bands_source, score.id


@pytest.mark.parametrize("name", sorted(load_catalogue()))
def test_every_instrument_is_held_to_a_reference_value(name):
    tests = (ROOT / "tests" / "reference").glob("test_*.py")
    assert [path.name for path in tests if f'"{name}"' in path.read_text()]


def started_without_settings(*program: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": "/usr/bin:/bin", "SURVEY_MODE": "production"}
    return subprocess.run(
        [sys.executable, *program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=surroundings | NO_DOTENV,
    )


def test_settings_that_cannot_be_used_are_told_without_a_traceback():
    done = started_without_settings("-m", "flask", "--app", "wsgi", "study", "list")
    assert done.returncode == 1
    assert "SURVEY_SECRET_KEY has 0 characters" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_that_need_no_record_need_no_settings():
    done = started_without_settings("-m", "flask", "--app", "wsgi", "instruments", "list")
    assert done.returncode == 0, done.stderr
    assert "gad7" in done.stdout


def test_gunicorn_is_told_not_to_start_again_with_settings_that_cannot_be_used():
    done = started_without_settings("-c", "import wsgi")
    assert done.returncode == 4
    assert "SURVEY_SECRET_KEY has 0 characters" in done.stderr
    assert "Traceback" not in done.stderr
