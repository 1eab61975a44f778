"""The transfer note says what is recorded and no more, and is kept as safely as its product."""

import json
from dataclasses import replace

import pytest

from pipeline import verify
from pipeline.corrections import retry
from pipeline.product.keeping import Profile
from pipeline.product.languages import bcp47, language_of
from pipeline.product.note import NOT_NAMED, Creator, NotedPage, Times, TransferNote, in_pdf, to_json
from pipeline.product.options import ProductOptions
from storage.ledger import alarms
from tests import office as desk
from tests.cli.test_contract import DOCUMENT, differences
from tests.office import blank, cover, page, save_pdf

PAGE = NotedPage(
    number=1,
    type="payslip",
    date="2014-03-12",
    source="ab" * 32,
    source_page=3,
    width_mm=210.0,
    height_mm=297.0,
    rotation=0,
    skew=0.1,
    language="deu",
    engine="tesseract 5.3.0",
    models=("deu", "eng"),
    confidence=91.2,
    profile="0.1.0-abc",
    kept=None,
    flags=("recognition_failed",),
    removed=("links",),
)
NOTE = TransferNote(
    document="36V6N256JCWN",
    creator=Creator("", ""),
    program="Aktenwerk 0.1.0",
    procedure="",
    statement="Stimmt <überein> & so weiter.",
    times=Times("2026-03-02T08:11:02.120Z", "2026-03-02T08:14:55.431Z"),
    expected_pages=None,
    left_out={"blank": 2, "separator": 0},
    alarms={"repaired": 1},
    pages=(PAGE, replace(PAGE, number=2, source_page=4, flags=(), removed=("links", "script"))),
)


def shape(note=NOTE):
    return json.loads(to_json(note, sha256="cd" * 32, size=5))


class TestNote:
    def test_anomalies_are_counted_by_code_with_the_pages_they_are_on(self):
        assert shape()["anomalies"] == [
            {"code": "blank", "count": 2, "pages": []},
            {"code": "recognition_failed", "count": 1, "pages": [1]},
            {"code": "removed_links", "count": 2, "pages": [1, 2]},
            {"code": "removed_script", "count": 1, "pages": [2]},
            {"code": "repaired", "count": 1, "pages": []},
        ]

    def test_who_is_not_named_is_not_made_up(self):
        assert shape()["creator"] == {"person": None, "organisation": None}
        assert shape()["environment"]["procedure"] is None
        told = in_pdf(NOTE)
        assert (told["creator"], told["organisation"], told["procedure"]) == (NOT_NAMED,) * 3
        assert shape()["quality"] == told["quality"] == "not_inspected"

    def test_the_pdf_says_nothing_that_is_not_of_its_pages_and_the_settings(self):
        other = replace(NOTE, document="other", times=Times("", ""), alarms={}, left_out={}, expected_pages=9)
        assert in_pdf(other) == in_pdf(NOTE)
        assert in_pdf(replace(NOTE, pages=(PAGE,)))["sources"] != in_pdf(NOTE)["sources"]

    def test_equal_notes_are_equal_bytes(self):
        assert to_json(NOTE, sha256="x", size=1) == to_json(replace(NOTE), sha256="x", size=1)

    def test_formats_md_shows_all_of_it(self):
        section = (
            DOCUMENT.read_text(encoding="utf-8").partition("### The transfer note")[2].partition("\n### ")[0]
        )
        example = json.loads(section.partition("```json\n")[2].partition("```")[0])
        nullable = {"creator.person", "creator.organisation", "environment.procedure", "expected_pages"}
        nullable |= {"pages.date", "pages.kept"}
        assert all(f"`{name}`" in section for name in nullable)
        assert differences(example, shape(), nullable) == []


class TestLanguage:
    @pytest.mark.parametrize(
        ("pages", "expected"),
        [
            (["deu", "eng", "deu"], "de"),
            (["eng", "deu+rus", "eng"], "en"),
            (["", "", "tur"], "tr"),
            (["kmr"], "kmr"),
            (["eng", "deu"], "en"),
            (["osd", ""], "de"),
            ([], "de"),
        ],
    )
    def test_that_of_most_pages_counts(self, pages, expected):
        assert language_of(pages) == expected

    def test_what_is_no_language_has_no_tag(self):
        assert [bcp47(name) for name in ("osd", "equ", "", "deu_frak", "script/Latin")] == [
            None, None, None, "de", None
        ]  # fmt: skip


def test_a_title_has_the_file_number_only_if_it_is_asked_for():
    assert ProductOptions().title_of("33/1") == "Digitalisierte Akte"
    assert ProductOptions(title="Akte {file_number}").title_of("33/1") == "Akte 33/1"
    assert ProductOptions(title="Akte {file_number}").title_of("") == "Akte"
    assert ProductOptions(title="{file_number}").title_of("") == "-"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One volume of two pages and a blank one, of which the inventory expects five."""
    folder = tmp_path_factory.mktemp("office")
    with desk.open_office(folder / "data") as opened:
        own = ProductOptions(Profile.COMPACT, "Akte {file_number}", "Erika Muster", "1.4", "Stimmt überein.")
        office = replace(opened, ctx=replace(opened.ctx, authority="Stadt", product=own))
        office.inventory("33/1;1;5")
        content = [cover(office, "33/1"), page("Eins"), blank(), page("Zwei")]
        office.take(save_pdf(folder / "scan.pdf", content))
        office.work()
        yield office


class TestKept:
    def note(self, office):
        return json.loads(office.ctx.objects.get_bytes(office.document("33/1").note_key))

    def path(self, office):
        return office.settings.objects_folder / office.document("33/1").note_key

    def test_it_tells_of_its_product_and_what_is_odd(self, office):
        document, note = office.document("33/1"), self.note(office)
        assert note["product"] == {"sha256": document.sha256, "bytes": document.size, "pages": 2}
        assert note["creator"] == {"person": "Erika Muster", "organisation": "Stadt"}
        assert note["expected_pages"] == 5
        codes = {one["code"]: one["count"] for one in note["anomalies"]}
        assert (codes["pages_differ"], codes["blank"]) == (1, 1)
        assert [(one["number"], one["source_page"]) for one in note["pages"]] == [(1, 2), (2, 4)]
        assert "" < note["times"]["received"] <= note["times"]["recognised"]
        assert note["environment"]["models"] == ["deu"]
        assert "33/1" not in json.dumps(note)

    def test_the_pdf_tells_it_too_and_has_its_title(self, office):
        with office.product("33/1") as pdf, pdf.open_metadata() as xmp:
            own = "{https://aktenwerk.invalid/ns/transfer-note/1#}"
            assert xmp[f"{own}creator"] == "Erika Muster"
            assert xmp[f"{own}statement"] == "Stimmt überein."
            assert xmp[f"{own}pages"] == "2"
            assert xmp["dc:title"] == "Akte 33/1"
            assert pdf.Root.Lang == "de"

    def test_a_damaged_note_is_found_and_made_anew_the_same(self, office):
        document, sound = office.document("33/1"), self.path(office).read_bytes()
        self.path(office).write_bytes(b"{}")
        assert not verify.verify(office.ctx.ledger, office.ctx.objects).ok
        with office.ctx.ledger.read() as tx:
            (alarm,) = [one for one in alarms.open_alarms(tx) if one.code == "object_damaged"]
        assert (alarm.subject, alarm.volume_id) == (f"note/{document.id}", document.volume_id)
        retry(office.ctx.ledger, [document.id])
        office.work()
        assert self.path(office).read_bytes() == sound
        assert office.document("33/1").sha256 == document.sha256
        assert office.alarms() == ["pages_differ"]
        assert verify.verify(office.ctx.ledger, office.ctx.objects).ok

    def test_another_note_s_key_in_the_table_is_noticed(self, office):
        document = office.document("33/1")
        change = "UPDATE documents SET note_key = ? WHERE id = ?"
        for key, ok in ((document.object_key, False), (document.note_key, True)):
            with office.ctx.ledger.write() as tx:
                tx.connection.exec_driver_sql(change, (key, document.id))
            assert verify.verify(office.ctx.ledger, office.ctx.objects).ok == ok
