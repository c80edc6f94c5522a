from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from invented_trial import (
    make_snapshot,
    unmasked,
    with_baseline_only,
    without_allocation,
    without_comments,
    without_submissions,
)

from reports.document import (
    APPENDICES,
    EXHIBITS,
    OutsideResourceError,
    Report,
    build_report,
    render_html,
    render_pdf,
    style_hash,
    stylesheet,
)
from reports.snapshot import Snapshot

ROOT = Path(__file__).parents[3]


class Page(HTMLParser):
    """What the tests ask of the page: its elements in order, with their attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


class Complaints(logging.Handler):
    """Whatever is logged while the PDF is made."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(scope="module")
def complaints() -> Iterator[Complaints]:
    heard = Complaints()
    logging.getLogger("weasyprint").addHandler(heard)
    yield heard
    logging.getLogger("weasyprint").removeHandler(heard)


@pytest.fixture(scope="module")
def pdf(html: str, complaints: Complaints) -> bytes:
    return render_pdf(html)


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) >= 10
    assert all(cell.get("scope") for cell in page.all("th"))


def test_tables_scroll_in_a_box_that_the_keyboard_reaches(page: Page) -> None:
    boxes = [a for a in page.all("div") if a.get("class") == "scroll"]
    assert len(boxes) >= len(page.all("table"))
    assert all(
        box.get("tabindex") == "0"
        and box.get("role") == "region"
        and (box.get("aria-labelledby") or box.get("aria-label"))
        for box in boxes
    )


def test_the_page_is_british_english_with_a_skip_link_to_its_main_part(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en-GB"
    skip = page.all("a")[0]
    assert skip["class"] == "skip"
    assert skip["href"] == f"#{page.all('main')[0]['id']}"


def test_every_reference_inside_the_page_leads_somewhere(page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for a in page.all("a") if a.get("href")]
    labels = [a["aria-labelledby"] for _, a in page.elements if a.get("aria-labelledby")]
    assert {str(target).lstrip("#") for target in targets} <= set(ids)
    assert set(labels) <= set(ids)


def test_nothing_is_fetched_and_no_style_stands_on_an_element(page: Page, html: str) -> None:
    assert all(str(a["src"]).startswith("data:") for a in page.all("img"))
    assert not page.all("script")
    assert not page.all("link")
    assert not any("style" in attributes for _, attributes in page.elements)
    assert "url(" not in html
    assert "@import" not in html


def test_every_figure_has_words_and_a_table_after_it(page: Page) -> None:
    images = page.all("img")
    assert images
    assert all(len(str(a.get("alt", ""))) > 40 for a in images)
    names = [name for name, _ in page.elements]
    assert "table" in names[names.index("img") :]


def test_exhibits_tables_and_figures_are_numbered_without_gaps(report: Report, html: str) -> None:
    numbered = [each.number for each in (*report.exhibits, *report.appendices)]
    assert numbered == list(range(1, len(EXHIBITS) + len(APPENDICES) + 1))
    for word in ("Table", "Figure"):
        numbers = [int(n) for n in re.findall(rf'class="number">{word} (\d+)\.', html)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_disclaimer_and_the_banner_stand_before_the_first_figure(html: str) -> None:
    brief = html.index('id="in-brief"')
    assert html.index("The questionnaire here is ours") < brief
    assert html.index("Masked: arms are shown as Arm A and Arm B until released.") < brief


def test_unmasking_is_said_and_the_sessions_appear(snapshot: Snapshot) -> None:
    html = render_html(build_report(unmasked(snapshot)))
    assert "Unmasked: arms are shown by their names." in html
    assert "Sessions and complying schools" in html
    assert "Arm A" not in html


def test_no_school_and_no_person_is_named(page: Page, snapshot: Snapshot) -> None:
    text = " ".join(page.text)
    assert not re.search(r"\bS\d{3}\b|\bP\d{4}\b", text)
    assert snapshot.schools.index[0] == "S001"


def test_what_the_study_says_is_text_and_never_markup(snapshot: Snapshot) -> None:
    study = replace(snapshot.study, summary="Half <script>alert(1)</script> & half")
    html = render_html(build_report(replace(snapshot, study=study)))
    assert "<script>" not in html
    assert "Half &lt;script&gt;" in html


def test_waves_are_named_by_title_in_the_plan(report: Report) -> None:
    plan = " ".join(report.plan)
    assert "“Follow-up”" in plan
    assert "follow_up" not in plan


def test_provenance_holds_every_hash_and_seed_given(report: Report, snapshot: Snapshot) -> None:
    found = dict(report.provenance)
    assert snapshot.provenance.items() <= found.items()
    assert len(found["Analysis plan, SHA-256"]) == 64
    assert found["Data copied"] == "20 July 2020, 09:30 UTC"


def test_the_same_data_give_the_same_page_in_another_process(html: str) -> None:
    code = (
        "import sys\n"
        "from invented_trial import make_snapshot\n"
        "from reports.document import build_report, render_html\n"
        "sys.stdout.buffer.write(render_html(build_report(make_snapshot())).encode())"
    )
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests/support")])
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONHASHSEED": "77"},
    )
    assert found.stdout == html.encode()


def test_other_data_give_another_page(html: str) -> None:
    assert render_html(build_report(make_snapshot(seed=8))) != html


def test_the_pdf_is_the_same_to_the_byte(html: str, pdf: bytes) -> None:
    assert render_pdf(html) == pdf


def test_the_pdf_is_tagged_in_british_english_and_dated_by_the_snapshot(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in document.Root
        assert str(document.Root.Lang) == "en-GB"
        assert "20200720" in str(document.docinfo["/CreationDate"])
        assert "20200720" in str(document.docinfo["/ModDate"])
        assert str(document.docinfo["/Title"]).endswith("report by arm")
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"


def test_the_pdf_keeps_table_headings_and_the_words_of_the_figure(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        tags = [item for item in document.objects if isinstance(item, pikepdf.Dictionary)]
        kinds = [str(item.get("/S")) for item in tags if "/S" in item]
        alts = [str(item["/Alt"]) for item in tags if "/Alt" in item]
    assert kinds.count("/Table") >= 10
    assert "/TH" in kinds
    assert "/H1" in kinds
    assert any(alt.startswith("Means with intervals") for alt in alts)


def test_the_pdf_is_made_without_a_word_of_complaint(pdf: bytes, complaints: Complaints) -> None:
    assert pdf.startswith(b"%PDF")
    assert complaints.messages == []


def test_a_page_that_would_fetch_something_makes_no_pdf(html: str) -> None:
    outside = html.replace("<main", '<img src="https://example.org/x.png" alt="x"><main', 1)
    with pytest.raises(OutsideResourceError, match=r"example\.org"):
        render_pdf(outside)


def test_the_style_hash_is_that_of_the_style_in_the_page(html: str) -> None:
    assert f"<style>{stylesheet()}</style>" in html
    assert re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", style_hash())


@pytest.mark.parametrize(
    "stage",
    [without_allocation, with_baseline_only, without_submissions, without_comments],
)
def test_there_is_a_whole_page_at_every_stage_of_a_trial(
    snapshot: Snapshot, stage: Callable[[Snapshot], Snapshot]
) -> None:
    page = Page(render_html(build_report(stage(snapshot))))
    text = " ".join(page.text)
    assert "nan" not in re.findall(r"[a-z]+", text.lower())
    assert "None" not in text
    assert len(page.all("h2")) >= 13


def test_before_randomisation_without_labels_the_banner_still_says_masked(
    snapshot: Snapshot,
) -> None:
    early = without_allocation(snapshot)
    early = replace(early, study=replace(early.study, arms=(), reference_arm=""))
    report = build_report(early)
    assert report.banner.startswith("Masked: once schools are randomised")
    assert "Not yet allocated" in render_html(report)
