"""How long the dashboard of a study of 5,000 participants takes: the page as a coordinator gets it.

The record is of two waves: everybody was invited to both, about half submitted, and the schools
stand in ten authorities and are randomised. The page is fetched from the web server whole, again
and again; what is printed is the median, and on stderr the slowest.
"""

from __future__ import annotations

import random
import re
import secrets
import statistics
import sys
import time
from datetime import timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from benchmarks.measuring import print_line
from benchmarks.serving import BY, Kind, Stage, kinds_to_measure, serving, stage
from benchmarks.visiting import Browser, VisitError
from survey_app.database.models import (
    Authority,
    Invitation,
    Participant,
    Response,
    School,
    Study,
    Submission,
)
from survey_app.operations.randomisation import allocate_clusters
from survey_app.operations.staff import add_staff, grant_role

N_PEOPLE: Final = 5000
N_AUTHORITIES: Final = 10
N_REQUESTS: Final = 15
N_ITEMS: Final = 30
ANSWERS: Final = 0.5
ROLE: Final = "coordinator"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def fill(on: Stage) -> str:
    """Put two waves of answers, arms and a coordinator on record; give the study's slug."""
    rng = random.Random(0)  # noqa: S311
    with on.database.writing() as session:
        study = session.scalars(select(Study)).one()
        at = session.scalars(select(Invitation.invited_at).limit(1)).one()
        _spread_over_authorities(session, study)
        session.flush()
        allocate_clusters(
            session,
            study=study,
            seed="benchmark",
            by=BY,
            at=at,
            cut_off_because="A benchmark.",
        )
        people = session.scalars(select(Participant.id).order_by(Participant.id)).all()
        session.execute(
            insert(Invitation),
            [
                {
                    "study_id": study.id,
                    "participant_id": person,
                    "wave": "five_items",
                    "reference": secrets.token_hex(6),
                    "invited_at": at,
                }
                for person in people
            ],
        )
        answering = [each for each in session.scalars(select(Invitation)) if rng.random() < ANSWERS]
        session.execute(
            insert(Submission),
            [
                {
                    "study_id": study.id,
                    "invitation_id": each.id,
                    "participant_id": each.participant_id,
                    "wave": each.wave,
                    "started_at": at,
                    "submitted_at": at + timedelta(minutes=8) if rng.random() < 0.95 else None,
                }
                for each in answering
            ],
        )
        session.execute(
            insert(Response),
            [
                {"submission_id": each, "item": f"item{n}", "value": 1, "saved_at": at}
                for each in session.scalars(select(Submission.id))
                for n in range(N_ITEMS)
            ],
        )
        password = secrets.token_urlsafe(16)
        staff = add_staff(
            session, name="Ada", email="ada@benchmark.example", password=password, by=BY, at=at
        )
        grant_role(session, staff=staff, study=study, role=ROLE, by=BY, at=at)
        return study.slug


def _spread_over_authorities(session: Session, study: Study) -> None:
    others = [Authority(study_id=study.id, name=f"Area {n}") for n in range(1, N_AUTHORITIES)]
    session.add_all(others)
    session.flush()
    for number, authority in enumerate(others, start=1):
        session.execute(
            update(School)
            .where(School.id % N_AUTHORITIES == number)
            .values(authority_id=authority.id)
        )


def measure(kind: Kind) -> None:
    """Measure one database."""
    with stage(kind, people=N_PEOPLE) as on:
        slug = fill(on)
        with serving(on) as served, Browser(served.port) as browser:
            _sign_in(browser)
            taken = []
            for _ in range(N_REQUESTS):
                began = time.perf_counter()
                answer = browser.get(f"/studies/{slug}/dashboard")
                taken.append(time.perf_counter() - began)
                if answer.status != 200 or "Response by arm" not in answer.html:
                    raise VisitError("the dashboard was not shown")
    name = "dashboard.5000" if kind == "sqlite" else f"dashboard.5000.{kind}"
    print_line(f"{name}.seconds", round(statistics.median(taken), 3), "s", N_PEOPLE)
    print(f"{kind}: the slowest of {N_REQUESTS} took {max(taken):.3f} s", file=sys.stderr)


def _sign_in(browser: Browser) -> None:
    """Sign in by the one click of the demonstration's start page."""
    token = _TOKEN.search(browser.get("/").html)
    if token is None:
        raise VisitError("the start page offers no sign-in")
    browser.follow(
        browser.post(f"/account/demonstration-sign-in/{ROLE}", [("csrf_token", token[1])])
    )


def main() -> None:
    """Measure every database there is."""
    for kind in kinds_to_measure():
        measure(kind)


if __name__ == "__main__":
    main()
