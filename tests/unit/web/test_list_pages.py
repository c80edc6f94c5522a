from __future__ import annotations

import pytest

from survey_app.web.pages import Paging, paging


def page(wanted: int, *, n_rows: int, limit: int = 10) -> Paging:
    return paging(n_rows=n_rows, wanted=wanted, href=lambda n: f"?page={n}", limit=limit)


def numbers(given: Paging) -> list[int | None]:
    return [link.number if link else None for link in given.links]


def test_one_page_needs_no_links() -> None:
    for n_rows in (0, 1, 10):
        assert page(1, n_rows=n_rows).links == ()


def test_the_rows_of_a_page_follow_those_of_the_page_before() -> None:
    assert (page(3, n_rows=25).offset, page(3, n_rows=25).limit) == (20, 10)


@pytest.mark.parametrize(("wanted", "offset"), [(-1, 0), (0, 0), (4, 20), (99, 20)])
def test_a_page_out_of_range_gives_the_nearest(wanted: int, offset: int) -> None:
    assert page(wanted, n_rows=25).offset == offset


def test_pages_far_away_are_left_out() -> None:
    assert numbers(page(5, n_rows=95)) == [1, None, 4, 5, 6, None, 10]
    assert numbers(page(1, n_rows=95)) == [1, 2, None, 10]
    assert numbers(page(2, n_rows=25)) == [1, 2, 3]


def test_there_is_no_way_before_the_first_or_after_the_last() -> None:
    assert (page(1, n_rows=25).previous, page(1, n_rows=25).next) == ("", "?page=2")
    assert (page(3, n_rows=25).previous, page(3, n_rows=25).next) == ("?page=2", "")
