"""Whole visits over real sockets: from the link in a letter to the receipt, 1, 8 and 32 at a time.

Each person has a connection and a cookie jar of their own, follows every redirect, and never stops
to think: the link's page, consent, 4 pages with 27 items and 3 comments, check, submit, receipt.
The program that plays them runs on the same machine. After each run the record is counted: every
receipt that was shown must be there, with every answer.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from sqlalchemy import func, select

from benchmarks.measuring import print_line
from benchmarks.serving import (
    Kind,
    Served,
    Stage,
    busy_seconds,
    kinds_to_measure,
    serving,
    stage,
)
from benchmarks.visiting import Visited, visit
from survey_app.database.models import Comment, Response, Submission

PEOPLE_AT_ONCE: Final = {1: 100, 8: 400, 32: 400}
WARM_UP: Final = 32
N_ITEMS: Final = 27
N_COMMENTS: Final = 3
SEED: Final = 20260104


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how each visit went, how long they took together, and what that cost."""

    visits: list[Visited]
    seconds: float
    server_cpu_seconds: float
    generator_cpu_seconds: float
    others_cpu_seconds: float
    memory_mib: float


def run(served: Served, tokens: tuple[str, ...], *, at_once: int) -> Run:
    """Walk every link, so many at a time."""
    waiting = iter(enumerate(tokens))
    visits: list[Visited] = []
    faults: list[BaseException] = []
    turn = threading.Lock()

    def walk() -> None:
        while not faults:
            with turn:
                number, token = next(waiting, (0, ""))
            if not token:
                return
            try:
                visits.append(visit(served.port, token, random.Random(SEED + number)))  # noqa: S311
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=walk) for _ in range(at_once)]
    busy, server, own = busy_seconds(), served.cpu_seconds(), time.process_time()
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    own, busy = time.process_time() - own, busy_seconds() - busy
    server = served.cpu_seconds() - server
    if faults:
        sys.exit(f"a visit failed: {faults[0]!r}")
    return Run(visits, seconds, server, own, max(busy - own - server, 0), served.memory_mib())


def check_record(on: Stage, receipts: set[str]) -> None:
    """End the benchmark unless every receipt shown is on record with all that was answered."""
    with on.database.reading() as session:
        on_record = set(session.scalars(select(Submission.receipt)))
        n_responses = session.scalar(select(func.count()).select_from(Response))
        n_comments = session.scalar(select(func.count()).select_from(Comment))
    expected = (len(receipts) * N_ITEMS, len(receipts) * N_COMMENTS)
    if on_record != receipts or (n_responses, n_comments) != expected:
        sys.exit(
            f"{len(receipts)} receipts were shown and {len(on_record)} are on record, with "
            f"{n_responses} responses and {n_comments} comments; expected {expected}"
        )


def report(name: str, found: Run) -> None:
    """Print the lines of one run."""
    n = len(found.visits)
    lines = {
        "completions_per_s": (n / found.seconds, "1/s"),
        "cpu_ms_per_completion": (found.server_cpu_seconds * 1000 / n, "ms"),
        "requests_per_visit": (sum(each.n_requests for each in found.visits) / n, "requests"),
        "memory_mib": (found.memory_mib, "MiB"),
        "generator_cpu_ms_per_completion": (found.generator_cpu_seconds * 1000 / n, "ms"),
        "cpu_of_others": (found.others_cpu_seconds / found.seconds, "cores"),
    }
    for what, values in (
        ("first_page", [each.first_page_ms for each in found.visits]),
        ("visit", [each.visit_ms for each in found.visits]),
    ):
        cuts = quantiles(values, n=100)
        lines |= {f"{what}_p{p}_ms": (cuts[p - 1], "ms") for p in (50, 95, 99)}
    for line, (value, unit) in lines.items():
        print_line(f"{name}.{line}", round(value, 3), unit, n)


def measure(kind: Kind) -> None:
    """Measure one database at every number of people at a time."""
    with stage(kind, people=WARM_UP + sum(PEOPLE_AT_ONCE.values())) as on, serving(on) as served:
        warm_up = run(served, on.tokens[:WARM_UP], at_once=8)
        receipts = {each.receipt for each in warm_up.visits}
        begin = WARM_UP
        for at_once, n in PEOPLE_AT_ONCE.items():
            found = run(served, on.tokens[begin : begin + n], at_once=at_once)
            begin += n
            receipts |= {each.receipt for each in found.visits}
            check_record(on, receipts)
            report(f"answering.{kind}.{at_once}", found)


def main() -> None:
    """Measure every database there is."""
    for kind in kinds_to_measure():
        measure(kind)


if __name__ == "__main__":
    main()
