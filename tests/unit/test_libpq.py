"""An address of PostgreSQL reaches libpq whole, whatever is in its password."""

from __future__ import annotations

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from survey_app.database.libpq import parameters_of
from survey_app.jobs.queue import make_queue
from survey_app.settings import Settings

PASSWORD = "a pass/word: 100%+ 'quoted'"
URL = (
    "postgresql+psycopg://survey:a%20pass%2Fword%3A%20100%25%2B%20%27quoted%27@db.example:6432/trial"
    "?sslmode=require&options=-csearch_path%3Dpublic"
)


def test_each_part_is_given_by_name():
    assert parameters_of(URL, options="-clock_timeout=1") == {
        "host": "db.example",
        "port": "6432",
        "user": "survey",
        "password": PASSWORD,
        "dbname": "trial",
        "sslmode": "require",
        "options": "-csearch_path=public -clock_timeout=1",
    }


def test_the_queue_is_reached_with_the_same_password(tmp_path: Path):
    settings = Settings("demonstration", "k" * 40, tmp_path, URL, "http://127.0.0.1", "a@b.c", None)
    assert conninfo_to_dict(make_queue(settings).storage.dsn)["password"] == PASSWORD
