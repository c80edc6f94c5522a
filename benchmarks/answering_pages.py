"""What one page of five items costs: shown, and saved in its transaction with every answer changed.

One person, one connection, one request after the other; what is measured is processor time of the
web server and its database together, over many requests.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from benchmarks.measuring import print_line
from benchmarks.serving import Kind, Served, kinds_to_measure, serving, stage
from benchmarks.visiting import Answer, Browser, VisitError, filled_form

N_REQUESTS: Final = 500
N_WARM_UP: Final = 50
N_ITEMS: Final = 5


def cpu_ms(served: Served, request: Callable[[int], object]) -> float:
    """Processor milliseconds a request."""
    for number in range(N_WARM_UP):
        request(number)
    before = served.cpu_seconds()
    for number in range(N_REQUESTS):
        request(number)
    return (served.cpu_seconds() - before) * 1000 / N_REQUESTS


def page_of_questions(browser: Browser, token: str) -> Answer:
    """Go on from a link to the first page of questions."""
    rng = random.Random(0)  # noqa: S311
    answer = browser.get(f"/link/{token}")
    while 'type="radio"' not in answer.html:
        answer = browser.follow(browser.post(*filled_form(answer, rng)))
    return answer


def measure(kind: Kind) -> None:
    """Measure one database."""
    with (
        stage(kind, people=1, wave="five_items") as on,
        serving(on) as served,
        Browser(served.port, most_requests=3 * (N_WARM_UP + N_REQUESTS)) as browser,
    ):
        page = page_of_questions(browser, on.tokens[0])
        action, fields = filled_form(page, random.Random(0))  # noqa: S311
        asked = [name for name, _ in fields[-N_ITEMS:]]
        others = fields[:-N_ITEMS]

        def show(_number: int) -> None:
            if browser.get(page.path).status != 200:
                raise VisitError(f"{page.path} was not shown")

        def save(number: int) -> None:
            answers = [(name, str(number % 2 + 1)) for name in asked]
            if browser.post(action, others + answers).status != 303:
                raise VisitError(f"{page.path} was not saved")

        print_line(f"answering.{kind}.page_get_cpu_ms", cpu_ms(served, show), "ms", N_REQUESTS)
        print_line(f"answering.{kind}.page_post_cpu_ms", cpu_ms(served, save), "ms", N_REQUESTS)


def main() -> None:
    """Measure every database there is."""
    for kind in kinds_to_measure():
        measure(kind)


if __name__ == "__main__":
    main()
