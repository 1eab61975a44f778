"""The main job on the specimen batch, as the demo does it: what goes in as paper comes out as counted PDFs.

One run of the whole demo batch serves all tests of this file.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import pikepdf
import pypdfium2
import pytest
from rapidfuzz.distance import Levenshtein

from tests.cli.forked import Forked
from tests.command import Akten
from tests.specimens import Truth, build_batch, write_inventory
from tests.specimens.printed import PrintedSheets
from tests.specimens.truth import PageTruth

PAGE_ERROR_LIMIT = 0.02


@dataclass(frozen=True, eq=False)
class Job:
    """The batch's truth, and the command after its run with what it printed."""

    akten: Forked
    truth: Truth
    printed: dict[str, Any]

    @cache  # noqa: B019 - there is one job a session
    def document(self, *which: str) -> dict[str, Any]:
        """A document with its pages and words, by its id or its volume; nothing changes it any more."""
        return self.akten.json("show", *which)


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("job")
    akten = Akten(folder / "data")
    akten("inventory", "import", write_inventory(folder))
    truth = build_batch(folder, sheets=PrintedSheets(Forked(akten.data)))
    printed = akten.json("run", folder / "scans", code=1)  # one file has a password
    return Job(Forked(akten.data), truth, printed)


@pytest.fixture(scope="session")
def products(job: Job, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Path]:
    """The PDF of every volume, fetched."""
    folder = tmp_path_factory.mktemp("products")
    fetched = {}
    for volume in job.truth.volumes:
        target = folder / f"{len(fetched)}.pdf"
        job.akten("fetch", volume.file_number, "--volume", str(volume.volume), "-o", target)
        fetched[volume.file_number, volume.volume] = target
    return fetched


def content_of(truth: Truth, file_number: str | None, volume: int | None) -> list[PageTruth]:
    """The pages a volume's product consists of, in order."""
    return [
        page
        for page in truth.pages
        if page.kind == "content" and (page.file_number, page.volume) == (file_number, volume)
    ]


def volumes(truth: Truth) -> list[tuple[str, int]]:
    return [(volume.file_number, volume.volume) for volume in truth.volumes]


def stored_pages(job: Job, file_number: str, volume: int) -> list[dict[str, Any]]:
    """The pages of a volume's product as the command shows them, in order."""
    return [
        page
        for page in job.document(file_number, "--volume", str(volume))["pages"]
        if page["stage"] == "stored"
    ]


def pairs(job: Job, file_number: str, volume: int) -> Iterator[tuple[dict[str, Any], PageTruth]]:
    """Every page of a volume's product with the truth about it."""
    wanted = content_of(job.truth, file_number, volume)
    return zip(stored_pages(job, file_number, volume), wanted, strict=True)


def stack_id(job: Job) -> str:
    """The id of the source that is sorted by sheets: the beginning of its hash."""
    stack = job.akten.data.parent / "scans" / "stapel-0001.pdf"
    return hashlib.sha256(stack.read_bytes()).hexdigest()[:20]


def error_rate(truth: str, read: str) -> float:
    """Character error: edit distance over length, white space folded and dashes unified."""
    wanted, found = (" ".join(text.replace("–", "-").replace("—", "-").split()) for text in (truth, read))
    return Levenshtein.distance(wanted, found) / len(wanted)


class TestCounting:
    def test_every_case_file_is_counted(self, job):
        assert job.printed["goal"] == {"inventory": 6, "digitised": 6}
        assert job.akten.json("inventory", "missing") == []

    def test_every_page_is_where_it_belongs(self, job):
        expected = job.truth.expected()["pages"]
        counted = job.printed["pages"]
        assert counted["stored"] == expected["content"]
        assert counted["blank"] == expected["blank"]
        assert counted["separator"] == expected["cover"] + expected["separator"]
        assert counted["waiting"] == counted["working"] == counted["quarantined"] == 0
        assert counted["received"] == sum(expected.values())

    def test_the_file_with_a_password_is_in_quarantine_with_a_reason(self, job):
        (failure,) = job.printed["failures"]
        assert failure["source"] == "scans/scan0002.pdf"
        assert failure["reason"] == "The PDF is protected by a password."
        assert not failure["retryable"]

    def test_expected_and_actual_pages_agree(self, job):
        assert job.printed["alarms"] == []

    def test_all_stored_objects_are_as_recorded(self, job):
        found = job.akten.json("verify")
        assert found["ok"]
        assert found["pages"] == {"received": 43, "accounted": 43}
        assert found["objects"]["checked"] > len(job.truth.sources)

    def test_a_second_run_finds_everything_done(self, job):
        again = job.akten.json("run", job.akten.data.parent / "scans", code=1)
        assert again["batch"] == job.printed["batch"]
        assert again["pages"] == job.printed["pages"]
        assert again["seconds"] < job.printed["seconds"]


class TestFiling:
    def test_every_page_lies_in_its_volume_in_the_right_order(self, job):
        for file_number, volume in volumes(job.truth):
            wanted = content_of(job.truth, file_number, volume)
            found = stored_pages(job, file_number, volume)
            assert [page["number"] for page in found] == list(range(1, len(wanted) + 1))
            for page, truth in zip(found, wanted, strict=True):
                text = " ".join(word["text"] for word in page["words"])
                others = [one for one in job.truth.pages if one.lines and one is not truth]
                closest = min([truth, *others], key=lambda one: error_rate(" ".join(one.lines), text))
                assert closest is truth

    def test_every_separator_sheet_is_found_and_its_type_holds_for_what_follows(self, job):
        stack = next(source for source in job.truth.sources if source.path.endswith("stapel-0001.pdf"))
        separator, wanted = "", []
        for page in stack.pages:
            separator = {"separator": page.document_type, "cover": ""}.get(page.kind, separator) or ""
            if page.kind == "content":
                wanted.append(separator)
        filed = {(page.file_number, page.volume): None for page in stack.pages if page.kind == "content"}
        found = [page["type"] for volume in filed for page in stored_pages(job, *volume)]
        assert found == wanted

    def test_pages_without_separator_get_their_type_or_unknown_never_another(self, job):
        told = unknown = 0
        for file_number, volume in volumes(job.truth):
            for page, truth in pairs(job, file_number, volume):
                if truth.cued and page["source"] != stack_id(job):
                    assert page["type"] in (truth.document_type, "unknown")
                    told += page["type"] == truth.document_type
                    unknown += page["type"] == "unknown"
                    assert page["evidence"]
        assert told >= 15
        assert unknown <= 1

    def test_what_nobody_can_assign_is_kept_and_searchable(self, job):
        (page,) = content_of(job.truth, None, None)
        hits = job.akten.json("search", page.lines[-1].split()[0])["hits"]
        assert any(hit["file_number"] == "" for hit in hits)


class TestRecognition:
    def test_the_text_of_clean_pages_is_right_to_two_percent(self, job):
        checked = 0
        for file_number, volume in volumes(job.truth):
            for page, truth in pairs(job, file_number, volume):
                if truth.clean and truth.language == "deu":
                    text = " ".join(word["text"] for word in page["words"])
                    assert error_rate(" ".join(truth.lines), text) < PAGE_ERROR_LIMIT, page["id"]
                    checked += 1
        assert checked >= 10

    def test_pages_scanned_upside_down_or_sideways_stand_upright(self, job):
        turned = 0
        for file_number, volume in volumes(job.truth):
            for page, truth in pairs(job, file_number, volume):
                assert page["rotation"] == truth.rotation
                turned += truth.rotation != 0
        assert turned >= 2


class TestProduct:
    def test_every_pdf_opens_in_poppler_pdfium_and_qpdf(self, job, products):
        for (file_number, volume), path in products.items():
            pages = len(content_of(job.truth, file_number, volume))
            assert len(pypdfium2.PdfDocument(path)) == pages
            assert f"Pages:           {pages}" in run("pdfinfo", path)
            assert "No syntax or stream encoding errors" in run("qpdf", "--check", path)

    def test_both_readers_find_the_recognised_text_in_reading_order(self, job, products):
        for (file_number, volume), path in products.items():
            pdfium = pypdfium2.PdfDocument(path)
            poppler = run("pdftotext", path, "-").split("\f")
            truths = content_of(job.truth, file_number, volume)
            for number, truth in enumerate(truths):
                if truth.clean and truth.language == "deu":
                    wanted = " ".join(truth.lines)
                    assert (
                        error_rate(wanted, pdfium[number].get_textpage().get_text_range()) < PAGE_ERROR_LIMIT
                    )
                    assert error_rate(wanted, poppler[number]) < PAGE_ERROR_LIMIT

    def test_the_outline_follows_the_separator_sheets(self, job, products):
        stack = [source for source in job.truth.sources if source.path.endswith("stapel-0001.pdf")]
        separators = Counter(
            (page.file_number, page.volume) for page in stack[0].pages if page.kind == "separator"
        )
        assert separators
        for volume, count in separators.items():
            with pikepdf.open(products[volume]) as pdf, pdf.open_outline() as outline:
                assert len(outline.root) >= count

    def test_scanned_pages_are_kept_small_and_what_is_kept_is_recorded(self, job, products):
        """The delivered files have some 400 kB a page; black and white ones are not made smaller."""
        kept = [one for which in products for one in self.kept(job, *which)]
        assert {one["profile"] for one in kept} == {"compact"}
        ways = Counter(one["as"] for one in kept)
        assert ways["mixed"] > 0.7 * len(kept)
        mixed = [one for one in kept if one["as"] == "mixed"]
        assert median(one["bytes"] for one in mixed) < 60_000
        assert max(one["misdrawn_mm2"] for one in mixed) <= 4

    def test_products_are_pdf_a_unless_a_page_was_born_elsewhere(self, job, products):
        unproven = {which for which in products if any(one["departures"] for one in self.kept(job, *which))}
        assert len(unproven) == 1
        for which, path in products.items():
            with pikepdf.open(path) as pdf:
                claims = b"<pdfaid:part>2</pdfaid:part>" in pdf.Root.Metadata.read_bytes()
            assert claims == (which not in unproven)

    def kept(self, job, number, volume) -> list[dict[str, Any]]:
        pages = job.document(number, "--volume", str(volume))["pages"]
        return [page["kept"] for page in pages if page["kept"]]


class TestSearch:
    def test_a_word_leads_to_case_file_and_page_with_the_hit_marked(self, job):
        found = job.akten.json("search", "Verpflichtungserklärung")
        hit = found["hits"][0]
        assert hit["file_number"] in {volume.file_number for volume in job.truth.volumes}
        marked = [hit["snippet"][start:end] for start, end in hit["marks"]]
        assert any(word.startswith("Verpflichtungserkl") for word in marked)

    @pytest.mark.parametrize("spelling", ["Auslaenderbehoerde", "Ausländerbehörde", "auslanderbehorde"])
    def test_umlauts_may_be_spelled_as_people_do(self, job, spelling):
        assert job.akten.json("search", spelling)["total"] > 10

    def test_it_can_be_narrowed_to_a_case_file_or_a_type(self, job):
        first = job.truth.volumes[0].file_number
        hits = job.akten.json("search", "Musterstadt", "--file-number", first)["hits"]
        assert {hit["file_number"] for hit in hits} == {first}
        hits = job.akten.json("search", "Musterstadt", "--type", "payslip")["hits"]
        assert {hit["type"] for hit in hits} <= {"payslip"}

    def test_the_index_can_be_made_anew_from_what_is_stored(self, job):
        before = job.akten.json("search", "Musterstadt")
        job.akten("index", "rebuild")
        after = job.akten.json("search", "Musterstadt")
        assert after["total"] == before["total"]
        assert {hit["page_id"] for hit in after["hits"]} <= pages_of(job)


def pages_of(job: Job) -> set[str]:
    """The ids of all pages in products."""
    documents = [job.document(one["document"]) for one in job.akten.json("documents")]
    return {page["id"] for document in documents for page in document["pages"]}


def run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
