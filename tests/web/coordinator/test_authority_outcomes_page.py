from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, assert_open_only_to, text_of_page

PATH = f"{STUDY}/authority-outcomes"
GOOD = "urn,month,contacts,nfa\n100001,2019-10,3,1\n100001,2019-12,2,2\n"


def upload(browser: FlaskClient, text: str):
    return browser.post(f"{PATH}/import", data={"counts": (BytesIO(text.encode()), "bolton.csv")})


def test_is_open_to_coordinators_and_data_managers(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator", "data_manager"],
        pages=[PATH, f"{PATH}/import"],
        posts=[f"{PATH}/import"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_says_so_while_nothing_was_imported(sign_in_as) -> None:
    page = text_of_page(sign_in_as("data_manager").get(PATH).text)
    assert "No counts were imported yet." in page
    assert "8 schools have months without counts" in page
    assert "Bolton 8 0 0" in page


def test_an_import_is_counted_listed_and_its_gaps_told(sign_in_as) -> None:
    browser = sign_in_as("coordinator")
    answer = upload(browser, GOOD)
    assert (answer.status_code, answer.location) == (303, PATH)
    page = text_of_page(browser.get(PATH).text)
    assert "2 new, 0 that replace other counts, 0 as before" in page
    assert "100001 has no row for November 2019." in page
    assert "7 schools that can take part have no row in the file." in page
    assert "Bolton 8 1 0 1 0" in page
    assert "Coordinator bolton.csv" in page
    assert "School 1 100001 November 2019, January 2020 to" in page
    upload(browser, GOOD)
    assert "The file says nothing new" in text_of_page(browser.get(PATH).text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "999999,2019-10,1,0\n", "The file has 1 fault; nothing was imported"),
        (GOOD + "100002,2018-10,1,2\n", "The file has 2 faults; nothing was imported"),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(sign_in_as, text: str, told: str) -> None:
    browser = sign_in_as("coordinator")
    answer = upload(browser, text)
    assert answer.status_code == 422
    assert told in answer.text
    assert "No counts were imported yet." in browser.get(PATH).text
    assert browser.post(f"{PATH}/import", data={}).status_code == 422
