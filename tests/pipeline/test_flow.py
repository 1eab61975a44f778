"""The steps of pipeline/flow.py on real parts: twice, late, on bad input, and when pages come later."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw
from sqlalchemy import select

from errors import NotFound, PageUnreadable, ReaderKilled, RecognitionFailed, StoreUnavailable
from ocr.records import Box, Word
from ocr.tesseract import Tesseract
from ocr.tesserocr_engine import Tesserocr
from pipeline import flow, witness
from pipeline.alarms import settle
from pipeline.context import MAX_ATTEMPTS, Context
from pipeline.corrections import assign, retry, retry_all, retry_for
from pipeline.intake.inventory import import_inventory
from pipeline.scans.source import Limits
from pipeline.sheets.codes import encode_cover, new_sheet_id, printed_id
from pipeline.verify import verify
from reports import shapes
from storage.ledger import alarms, counts, documents, inventory, recorded, sources, work
from storage.ledger import pages as ledger_pages
from storage.ledger.tables import events
from storage.ledger.work import Task
from tests import office as desk
from tests.office import Office, OwnSheets, blank, coded, cover, page, save, save_pdf, save_tiff, separator
from tests.specimens import build_batch, fonts, write_inventory


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture
def office(tmp_path: Path, request: pytest.FixtureRequest):
    """Whatever a test did: in the end the tables are what the events say, unless it forged them."""
    with desk.open_office(tmp_path / "data") as opened:
        opened.inventory("33/1;1;", "33/2;1;", "33/3;1;")
        yield opened
        if "forgery" not in request.fixturenames:
            with opened.ctx.ledger.read() as tx:
                assert witness.compare(tx).problems == ()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return tmp_path / "scans"


class TestTwice:
    def test_no_step_does_again_what_is_done(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), blank()])
        office.take(scans)
        done = []
        for step in ("split", "recognise", "file", "assemble"):
            for task in office.up_to(step):
                assert office.attempt(task) is None
                done.append(task)
                before = office.state()
                assert desk.STEPS[step](office.ctx, task.id) == []
                assert office.state() == before
        assert len(done) == 5
        assert office.content("33/1") == ["33_1.pdf:1"]

    def test_each_tells_what_can_be_done_next(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        (split,) = office.tasks()
        first, second = flow.split_source(office.ctx, split.id)
        assert flow.recognise_page(office.ctx, first.id) == []
        (file,) = flow.recognise_page(office.ctx, second.id)
        (assemble,) = flow.file_stack(office.ctx, file.id)
        assert assemble == Task("assemble", office.volume("33/1").id)
        assert flow.assemble_document(office.ctx, assemble.id) == []

    def test_ids_of_nothing_are_nothing_to_do(self, office):
        assert [step(office.ctx, "unknown") for step in desk.STEPS.values()] == [[], [], [], []]

    def test_a_volume_in_many_files_is_made_once_after_the_last(self, office, scans):
        for number in (1, 2, 3):
            save_pdf(scans / "33_1" / f"{number}.pdf", [page(f"Seite {number}")])
        office.take(scans)
        filed = office.up_to("file")
        offered = [flow.file_stack(office.ctx, task.id) for task in filed]
        assert [len(tasks) for tasks in offered] == [0, 0, 1]
        office.work()
        assert office.content("33/1") == ["1.pdf:1", "2.pdf:1", "3.pdf:1"]


class TestLate:
    """A worker sleeps in the middle of a step, its lease runs out, another does its work; it wakes up."""

    @pytest.fixture
    def overtaken(self, office) -> Callable[..., Context]:
        """A context whose worker is overtaken the first time it does ``what``; then it goes on, or fails."""

        def overtaken(part: str, what: str, error: Exception | None = None) -> Context:
            def sleep() -> None:
                with office.ctx.ledger.write() as tx:
                    assert work.expire(tx, "host/1/sleeper") == 1
                office.work()

            meddled = _Overtaken(getattr(office.ctx, part), what, sleep, error)
            return dataclasses.replace(office.ctx, owner="host/1/sleeper", **{part: meddled})

        return overtaken

    @pytest.mark.parametrize("error", [None, PageUnreadable(detail="late"), RuntimeError("late")])
    @pytest.mark.parametrize(
        "place", [("split", "cache", "path"), ("recognise", "engine", "read"), ("assemble", "objects", "put")]
    )
    def test_it_changes_nothing_any_more(self, office, scans, overtaken, place, error):
        step, part, what = place
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        (task,) = office.up_to(step)
        sleeper = overtaken(part, what, error)
        office.attempt(task, sleeper)
        assert office.content("33/1") == ["33_1.pdf:1"]
        assert office.tasks() == []
        assert (office.goal()[1], office.failures(), office.alarms()) == (1, [], [])
        assert verify(office.ctx.ledger, office.ctx.objects).ok

    def test_a_document_that_grew_meanwhile_is_made_again(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        (task,) = office.up_to("assemble")

        def more() -> None:
            office.take(save_pdf(scans / "more" / "33_1_Bd1.pdf", [page("Zwei")]))
            office.up_to("assemble")

        sleeper = dataclasses.replace(office.ctx, objects=_Overtaken(office.ctx.objects, "put", more))
        assert flow.assemble_document(sleeper, task.id) == [task]
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1", "33_1_Bd1.pdf:1"]


class _Overtaken:
    """A part that, the first time it is asked for ``what``, lets something else happen before it answers."""

    def __init__(self, part, what: str, meanwhile: Callable[[], None], error: Exception | None = None):
        self._part, self._what, self._meanwhile, self._error = part, what, meanwhile, error

    def __getattr__(self, name):
        found = getattr(self._part, name)
        if name != self._what or self._meanwhile is None:
            return found
        meanwhile, self._meanwhile = self._meanwhile, None

        def asked(*arguments, **options):
            meanwhile()
            if self._error is not None:
                raise self._error
            return found(*arguments, **options)

        return asked


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory):
    """The small specimen batch with every sort of unusable file among it."""
    folder = tmp_path_factory.mktemp("faults")
    with desk.open_office(folder / "data") as office:
        import_inventory(office.ctx.ledger, write_inventory(folder, size="small"))
        truth = build_batch(folder, size="small", sheets=OwnSheets(office.ctx.ledger, folder), faults="all")
        intake = office.take(folder / "scans")
        office.work()
        yield office, truth, intake


class TestQuarantine:
    def test_every_unusable_file_is_there_with_its_reason(self, batch):
        office, truth, _ = batch
        wanted = {Path(source.path).name: source.fault for source in truth.sources if source.fault}
        assert len(wanted) == 6
        assert {name: reason for name, _, reason in office.failures()} == wanted

    def test_the_rest_is_finished_and_counted(self, batch):
        office, truth, _ = batch
        wanted = truth.expected()
        assert office.pages().stored == wanted["pages"]["content"]
        assert office.pages().quarantined == 0
        assert office.goal() == (2, 2)
        assert office.alarms() == []

    def test_the_copy_is_said_to_be_one(self, batch):
        _, truth, intake = batch
        (copy,) = [source for source in truth.sources if source.duplicate_of]
        assert [set(pair) for pair in intake.duplicates] == [{copy.path, copy.duplicate_of}]

    def test_all_originals_are_kept_also_those_in_quarantine(self, batch):
        office, truth, _ = batch
        found = verify(office.ctx.ledger, office.ctx.objects)
        assert found.ok
        kept = [item.kind for some in recorded.after(office.ctx.ledger, None) for item in some]
        assert kept.count("original") == len(truth.sources) - 1

    def test_all_can_be_tried_again_and_end_where_they_were(self, batch):
        office, _, _ = batch
        before = office.failures()
        assert retry_all(office.ctx.ledger) == len(before)
        assert office.failures() == []
        office.work()
        assert office.failures() == before


class TestPoisonPage:
    def test_one_that_cannot_be_read_is_left_out_and_the_document_finished(self, office, scans):
        path = save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei"), page("Drei")])
        cut_image(path, 2)
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1", "33_1.pdf:3"]
        assert office.failures() == [("33_1.pdf", 2, "page_unreadable")]
        assert office.goal() == (3, 0)
        assert [hit.page for hit in office.search("Drei")] == [2]

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_one_that_was_read_and_cannot_be_bound_goes_alone(self, office, scans, number):
        """A small JBIG2 image on it cannot be recoded, which shows only when the whole PDF is written."""
        path = save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei"), page("Drei")])
        add_broken_jbig2(path, number)
        office.take(scans)
        office.work()
        assert office.content("33/1") == [f"33_1.pdf:{one}" for one in (1, 2, 3) if one != number]
        assert office.failures() == [("33_1.pdf", number, "page_unreadable")]
        assert b"JBIG2" not in office.ctx.objects.get_bytes(office.document("33/1").object_key)

    def test_it_is_no_riddle_when_its_stack_is_filed_again(self, office, scans):
        """It was read, so everybody knows that it was no cover sheet: those after it stay where they are."""
        path = save_pdf(
            scans / "stack.pdf", [cover(office, "33/1"), page("Eins"), page("Zwei"), page("Drei")]
        )
        add_broken_jbig2(path, 3)
        office.take(scans)
        office.work()
        retry(office.ctx.ledger, [source_id(office, "stack.pdf")])
        office.work()
        assert office.content("33/1") == ["stack.pdf:2", "stack.pdf:4"]
        assert "thread_lost" not in office.alarms()

    def test_a_file_of_nothing_else_leaves_an_empty_volume_that_does_not_count(self, office, scans):
        cut_image(save_pdf(scans / "33_1.pdf", [page("Eins")]), 1)
        office.inventory("33/1;1;1")
        office.take(scans)
        office.work()
        assert office.document("33/1").state == "empty"
        assert office.alarms() == ["pages_differ"]
        assert office.goal() == (3, 0)

    @pytest.mark.parametrize("kind", [Tesseract, Tesserocr])
    def test_one_that_an_engine_has_to_be_stopped_on_is_kept_as_image_with_an_alarm(
        self, office, scans, kind
    ):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        short = dataclasses.replace(office.ctx.ocr, time_limit=0.01)
        office.work(dataclasses.replace(office.ctx, engine=kind(), ocr=short))
        assert office.content("33/1") == ["33_1.pdf:1"]
        assert office.alarms() == ["unread"]


class TestReadAgain:
    """A page that was kept as image, or whose language nobody could read, once that may be better."""

    @pytest.fixture
    def unread(self, office, scans):
        """Of two pages the second broke the engine; both are in the product."""
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        *_, second = office.up_to("recognise")
        error = RecognitionFailed(detail="it crashed")
        office.attempt(second, dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine, error)))
        office.work()
        assert (office.alarms(), office.search("Zwei")) == (["unread"], [])
        return second.id

    def test_it_is_found_in_a_product_that_takes_the_old_ones_place(self, office, unread):
        old = office.document("33/1")
        assert retry_for(office.ctx.ledger, "unread") == 1
        assert office.tasks() == [Task("recognise", unread)]  # the other page is not read again
        assert (office.document("33/1").sha256, office.goal()[1]) == (old.sha256, 0)
        assert office.pages() == counts.PageCounts(2, 1, 0, 1, 0, 0, 0)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1", "33_1.pdf:2"]
        new = office.document("33/1")
        assert (new.id, new.revision > old.revision, new.sha256 != old.sha256) == (old.id, True, True)
        assert [hit.page for hit in office.search("Zwei")] == [2]
        assert (office.alarms(), office.goal()[1]) == ([], 1)
        assert events_of(office, unread)[-3:] == ["page.retried", "page.recognised", "alarm.cleared"]

    def test_the_old_product_stays_until_it_is_read(self, office, unread):
        document = office.document("33/1")
        retry(office.ctx.ledger, [unread])
        assert flow.assemble_document(office.ctx, document.id) == []
        assert office.document("33/1").object_key == document.object_key
        with office.ctx.ledger.read() as tx:
            assert witness.compare(tx).problems == ()

    def test_one_that_fails_again_is_kept_as_image_as_before(self, office, unread):
        retry(office.ctx.ledger, [office.document("33/1").id])
        error = RecognitionFailed(detail="it crashed")
        office.work(dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine, error)))
        assert office.content("33/1") == ["33_1.pdf:1", "33_1.pdf:2"]
        assert office.alarms() == ["unread"]

    def test_one_that_can_no_longer_be_opened_leaves_the_product(self, office, unread, monkeypatch):
        retry(office.ctx.ledger, [source_id(office, "33_1.pdf")])
        monkeypatch.setattr(flow, "open_page", _unreadable)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1"]
        assert (office.alarms(), office.failures()) == ([], [("33_1.pdf", 2, "page_unreadable")])

    def test_a_missing_model_is_an_alarm_a_document_which_ends_when_it_was_read_with_it(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        office.work(dataclasses.replace(office.ctx, engine=_French(installed=False)))
        with office.ctx.ledger.read() as tx:
            (alarm,) = shapes.open_alarms(tx)
        document = office.document("33/1").id
        assert (alarm["code"], alarm["subject"]) == ("language_missing", f"{document}/fra")
        assert "33_1.pdf, page 1" in alarm["reason"]
        assert "apt-get install tesseract-ocr-fra; " in alarm["hint"]
        assert f"akten retry {document}" in alarm["hint"]
        assert retry_for(office.ctx.ledger, "language_missing") == 2
        office.work(dataclasses.replace(office.ctx, engine=_French(installed=True)))
        assert office.alarms() == []
        assert len(office.search("dossier")) == 2

    def test_a_code_that_nothing_has_puts_nothing_back(self, office, unread):
        assert retry_for(office.ctx.ledger, "gave_up") == retry_for(office.ctx.ledger, "pages_differ") == 0
        assert office.tasks() == []


def _unreadable(*_args):
    raise PageUnreadable(detail="it has gone")


class TestPeopleDecide:
    def test_a_letter_that_carries_a_sheets_code_stays_a_letter(self, office, scans):
        letter = Image.new("L", (1600, 1100), 255)
        letter.paste(desk.qr(encode_cover(office.volume("33/2").id)), (1200, 450))
        draw, font = ImageDraw.Draw(letter), fonts.at_pixels("sans", False, 44)
        for row in range(8):
            line = "Anbei übersende ich Ihnen die Unterlagen"
            draw.text((40, 80 + 120 * row), line, fill=0, font=font, anchor="ls")
        save_pdf(scans / "stack.pdf", [cover(office, "33/1"), page("Eins"), letter, page("Drei")])
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["stack.pdf:2", "stack.pdf:3", "stack.pdf:4"]
        assert office.alarms() == ["code_on_page"]
        assert office.search("Unterlagen")

    def test_a_file_named_by_its_own_id_goes_there_whatever_covers_it_holds(self, office, scans):
        save_pdf(scans / "33_2.pdf", [cover(office, "33/1"), page("Eins")])
        office.take(scans)
        office.work()
        assert office.alarms() == ["contradiction"]
        assign(office.ctx.ledger, source_id(office, "33_2.pdf"), "33/2", 1)
        office.work()
        assert office.content("33/2") == ["33_2.pdf:2"]
        assert office.alarms() == []
        assert office.goal() == (3, 1)

    def test_the_id_on_a_cover_sheet_will_do_for_a_file_number(self, office, scans):
        save_pdf(scans / "scan.pdf", [page("Eins")])
        office.take(scans)
        office.work()
        typed = printed_id(office.volume("33/3").id).lower()
        assign(office.ctx.ledger, source_id(office, "scan.pdf"), typed, 1)
        office.work()
        assert office.content("33/3") == ["scan.pdf:1"]

    def test_an_alarm_a_person_settled_holds_nothing_up_and_is_not_raised_again(self, office, scans):
        office.inventory("33/1;1;9")
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        office.work()
        assert (office.alarms(), office.goal()) == (["pages_differ"], (3, 0))
        with office.ctx.ledger.read() as tx:
            (alarm,) = alarms.open_alarms(tx)
        settle(office.ctx.ledger, [alarm.id], "counted again, the list is wrong")
        assert (office.alarms(), office.goal()) == ([], (3, 1))
        retry(office.ctx.ledger, [source_id(office, "33_1.pdf")])
        office.work()
        assert office.alarms() == []

    def test_the_same_cover_twice_in_a_stack_is_an_alarm(self, office, scans):
        sheets = [cover(office, "33/1"), page("Eins"), cover(office, "33/1"), page("Zwei")]
        save_pdf(scans / "stack.pdf", sheets)
        office.take(scans)
        office.work()
        assert office.alarms() == ["cover_twice"]


class TestVerification:
    """The events cannot be changed, so whoever takes a page away is found out."""

    @pytest.mark.parametrize(
        "forgery",
        [
            "UPDATE pages SET stage = 'blank', document_id = NULL WHERE number = 1",
            "DELETE FROM pages WHERE number = 1",
            "UPDATE pages SET document_id = NULL WHERE number = 1",
        ],
    )
    def test_a_page_taken_away_past_the_product_is_missed(self, office, scans, forgery):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        office.work()
        assert verify(office.ctx.ledger, office.ctx.objects).ok
        with office.ctx.ledger.write() as tx:
            tx.connection.exec_driver_sql(forgery)
        assert not verify(office.ctx.ledger, office.ctx.objects).ok


class TestPagesThatComeLater:
    @pytest.fixture
    def grown(self, office, scans) -> Office:
        """A volume of two pages that gets a third in a second delivery."""
        office.inventory("33/1;1;3")
        office.take(save_pdf(scans / "b" / "33_1.pdf", [page("Verpflichtungserklärung"), page("Zwei")]))
        office.work()
        assert office.alarms() == ["pages_differ"]
        assert office.goal()[1] == 0
        self.before = office.document("33/1")
        office.take(save_pdf(scans / "a" / "33_1_Bd1.pdf", [page("Mietvertrag")]))
        office.work()
        return office

    def test_the_old_ones_stay_first(self, grown):
        assert grown.content("33/1") == ["33_1.pdf:1", "33_1.pdf:2", "33_1_Bd1.pdf:1"]
        with grown.product("33/1") as pdf:
            assert len(pdf.pages) == 3

    def test_it_is_a_new_version_of_the_same_document(self, grown):
        after = grown.document("33/1")
        assert after.id == self.before.id
        assert after.revision > self.before.revision
        assert after.stored_revision == after.indexed_revision == after.revision
        assert after.sha256 != self.before.sha256

    def test_the_alarm_ends_and_the_file_counts(self, grown):
        assert grown.alarms() == []
        assert grown.goal()[1] == 1

    def test_the_index_follows(self, grown):
        assert [hit.page for hit in grown.search("Mietvertrag")] == [3]
        assert [hit.page for hit in grown.search("Verpflichtungserklärung")] == [1]

    def test_what_was_bound_before_is_not_recognised_again(self, grown):
        with grown.ctx.ledger.read() as tx:
            query = "SELECT kind FROM events WHERE kind = 'page.recognised'"
            assert len(tx.connection.exec_driver_sql(query).all()) == 3

    def test_a_blank_page_counts_too(self, office, scans):
        """Some count blank backs, some do not; the page that was missing was one."""
        office.inventory("33/1;1;2")
        office.take(save_pdf(scans / "33_1.pdf", [page("Eins")]))
        office.work()
        assert office.alarms() == ["pages_differ"]
        office.take(save_pdf(scans / "33_1_Bd1.pdf", [blank()]))
        office.work()
        assert office.alarms() == []
        assert office.goal()[1] == 1


class TestStackOfImages:
    """A folder of single images, sorted by cover sheets, in which something is wrong."""

    def test_a_cover_sheet_holds_from_image_to_image(self, office, scans):
        self.lay(
            scans, cover(office, "33/1"), page("Eins"), separator("payslip"), page("Bonn, den 12.03.2014")
        )
        save(scans / "5.png", cover(office, "33/2"))
        save(scans / "6.png", page("Drei"))
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["2.png:1", "4.png:1"]
        assert office.content("33/2") == ["6.png:1"]
        with office.product("33/1") as pdf, pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert titles == ["Ohne Dokumenttyp", "Gehaltsabrechnung, 12.03.2014"]

    @pytest.fixture
    def broken(self, office, scans) -> Office:
        """The third of five cannot be opened: it may have been the next person's cover sheet."""
        self.lay(scans, cover(office, "33/1"), page("Eins"), page("Zwei"), page("Drei"), page("Vier"))
        (scans / "3.png").write_bytes((scans / "3.png").read_bytes()[:-20])
        office.take(scans)
        office.work()
        return office

    def test_what_follows_a_broken_one_is_not_filed_by_the_cover_sheet_before(self, broken):
        assert broken.content("33/1") == ["2.png:1"]
        assert broken.unassigned() == ["4.png:1", "5.png:1"]
        assert broken.failures() == [("3.png", None, "truncated")]
        assert broken.alarms() == ["thread_lost"]
        assert broken.goal()[1] == 0

    def test_a_person_can_say_where_it_belongs_and_that_is_all_that_moves(self, broken):
        (rest,) = unassigned_documents(broken)
        assert assign(broken.ctx.ledger, rest, "33/2", 1) == 2
        broken.work()
        assert broken.content("33/1") == ["2.png:1"]
        assert broken.content("33/2") == ["4.png:1", "5.png:1"]
        assert broken.unassigned() == []
        assert broken.alarms() == []
        assert broken.goal()[1] == 2

    def test_a_whole_copy_that_comes_later_is_filed_where_its_name_says(self, broken, scans):
        broken.take(save(scans.parent / "33_1.png", page("Zwei")))
        broken.work()
        assert broken.content("33/1") == ["2.png:1", "33_1.png:1"]

    def test_a_file_of_several_pages_among_them_is_for_itself_and_nothing_is_read_on_across_it(
        self, office, scans
    ):
        self.lay(scans, cover(office, "33/1"), page("Eins"))
        save_tiff(scans / "3.tif", [cover(office, "33/2"), page("Zwei")])
        save(scans / "4.png", page("Drei"))
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["2.png:1"]
        assert office.content("33/2") == ["3.tif:2"]
        assert office.unassigned() == ["4.png:1"]
        assert office.alarms() == ["thread_lost"]

    def test_nor_across_a_pdf_or_a_copy_of_an_earlier_image(self, office, scans):
        """A copy of an earlier cover sheet is a duplicate; what follows it belongs there, not to the last."""
        first, second = cover(office, "33/1"), cover(office, "33/2")
        self.lay(scans, first, page("Eins"), second, page("Zwei"), first, page("Drei"))
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["2.png:1"]
        assert office.content("33/2") == ["4.png:1"]
        assert office.unassigned() == ["6.png:1"]
        assert office.alarms() == ["thread_lost"]

    @staticmethod
    def lay(folder: Path, *images) -> None:
        for number, image in enumerate(images, 1):
            save(folder / f"{number}.png", image)


class TestThreadFoundAgain:
    def test_a_page_that_can_be_read_at_last_puts_the_others_where_they_belong(self, office, scans):
        """It was larger than allowed, and it was a cover sheet; the limit was raised."""
        large = cover(office, "33/2").resize((1200, 1200))
        save_pdf(scans / "s.pdf", [cover(office, "33/1"), page("Drei"), large, page("Vier")])
        office.take(scans)
        office.work(dataclasses.replace(office.ctx, limits=Limits(max_megapixels=1)))
        assert office.unassigned() == ["s.pdf:4"]
        assert office.alarms() == ["thread_lost"]
        assert retry_all(office.ctx.ledger) == 1
        office.work()
        assert (office.content("33/1"), office.content("33/2")) == (["s.pdf:2"], ["s.pdf:4"])
        assert (office.unassigned(), office.alarms(), office.failures()) == ([], [], [])
        assert office.goal()[1] == 2
        assert [hit.file_number for hit in office.search("Vier")] == ["33/2"]

    def test_a_cover_sheet_that_becomes_known_later(self, office, scans):
        sheet_id = new_sheet_id()
        save_pdf(scans / "s.pdf", [coded(encode_cover(sheet_id)), page("Eins")])
        office.take(scans)
        office.work()
        assert (office.unassigned(), office.alarms()) == (["s.pdf:2"], ["unknown_sheet"])
        with office.ctx.ledger.write() as tx:
            ids = ("case", sheet_id)
            inventory.put(tx, file_number="33/9", file_key="33-9", number=1, new_ids=ids, in_inventory=True)
        retry(office.ctx.ledger, [source_id(office, "s.pdf")])
        office.work()
        assert (office.content("33/9"), office.alarms()) == (["s.pdf:2"], [])


class TestAttempts:
    def test_after_some_that_end_in_nothing_it_is_given_up(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        broken = dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine))
        office.work(broken)
        assert office.failures() == [("33_1.pdf", 1, "gave_up"), ("33_1.pdf", 2, "gave_up")]
        assert broken.engine.asked == 2 * MAX_ATTEMPTS

    def test_a_page_whose_process_is_killed_from_outside_is_tried_much_longer(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        (task,) = office.up_to("recognise")
        killed = dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine, ReaderKilled()))
        for _ in range(3 * MAX_ATTEMPTS):
            assert isinstance(office.attempt(task, killed), ReaderKilled)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1"]

    def test_but_not_for_ever(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        office.work(dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine, ReaderKilled())))
        assert office.failures() == [("33_1.pdf", 1, "gave_up"), ("33_1.pdf", 2, "gave_up")]

    def test_a_stack_that_cannot_be_filed_ends_in_quarantine_and_can_be_tried_anew(
        self, office, scans, monkeypatch
    ):
        save_pdf(scans / "33_1.pdf", [page("Eins"), blank()])
        save_pdf(scans / "33_2.pdf", [page("Zwei")])
        office.take(scans)
        decide = flow.decide

        def broken(sheets, known):
            sheets = list(sheets)
            if any(sheet.source_id == source_id(office, "33_1.pdf") for sheet in sheets):
                raise RuntimeError
            return decide(sheets, known)

        with monkeypatch.context() as patched:
            patched.setattr(flow, "decide", broken)
            office.work()
        assert office.failures() == [("33_1.pdf", 1, "gave_up")]
        assert office.content("33/2") == ["33_2.pdf:1"]
        retry_all(office.ctx.ledger)
        office.work()
        assert (office.content("33/1"), office.failures()) == (["33_1.pdf:1"], [])

    def test_an_original_that_is_gone_is_said_at_once(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        with office.ctx.ledger.read() as tx:
            key = sources.get(tx, source_id(office, "33_1.pdf")).object_key
        office.ctx.objects.delete(key)
        office.work()
        assert office.failures() == [("33_1.pdf", None, "object_missing")]

    def test_a_document_whose_words_are_gone_does_not_keep_others_from_being_found(self, office, scans):
        for name in ("33_1", "33_2"):
            save_pdf(scans / f"{name}.pdf", [page({"33_1": "Ahorn", "33_2": "Birke"}[name])])
        office.take(scans)
        office.work()
        with office.ctx.ledger.write() as tx:
            (lost,) = ledger_pages.of_document(tx, office.volume("33/1").id)
            documents.forget_index(tx)
        words = office.ctx.objects.get_bytes(lost.words_key)
        office.ctx.objects.delete(lost.words_key)
        office.work()
        assert office.search("Birke")
        assert office.alarms() == ["not_indexed"]
        office.ctx.objects.put_bytes(lost.words_key, words)
        with office.ctx.ledger.write() as tx:
            documents.forget_index(tx)
        office.work()
        assert office.search("Ahorn")
        assert office.alarms() == []

    def test_and_can_be_tried_anew_one_page_at_a_time(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), page("Zwei")])
        office.take(scans)
        office.work(dataclasses.replace(office.ctx, engine=_Crashing(office.ctx.engine)))
        with office.ctx.ledger.read() as tx:
            second = counts.failures(tx)[1].id
        assert retry(office.ctx.ledger, [second]) == 1
        office.work()
        assert office.content("33/1") == ["33_1.pdf:2"]
        assert office.failures() == [("33_1.pdf", 1, "gave_up")]
        retry_all(office.ctx.ledger)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1", "33_1.pdf:2"]
        assert office.goal()[1] == 1

    def test_a_source_that_cannot_be_opened_for_other_reasons_than_itself(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        office.work(dataclasses.replace(office.ctx, cache=_Away(office.ctx.cache, "path", RuntimeError())))
        assert office.failures() == [("33_1.pdf", None, "gave_up")]
        retry(office.ctx.ledger, [source_id(office, "33_1.pdf")])
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1"]

    def test_a_document_that_cannot_be_made_holds_its_pages_in_quarantine_until_it_can(self, office, scans):
        save_pdf(scans / "33_1.pdf", [page("Eins"), blank()])
        office.take(scans)
        office.up_to("assemble")
        office.work(dataclasses.replace(office.ctx, objects=_Away(office.ctx.objects, "put", RuntimeError())))
        assert office.document("33/1").state == "failed"
        assert office.failures() == [("33_1.pdf", 1, "gave_up")]
        assert office.pages().quarantined == 1
        retry_all(office.ctx.ledger)
        office.work()
        assert office.content("33/1") == ["33_1.pdf:1"]
        assert office.goal()[1] == 1

    def test_a_document_that_cannot_be_made_anew_is_said_too_though_its_pages_lie_in_the_old_one(
        self, office, scans
    ):
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        office.work()
        with office.ctx.ledger.write() as tx:
            documents.touch(tx, office.volume("33/1").id)
        office.work(dataclasses.replace(office.ctx, objects=_Away(office.ctx.objects, "put", RuntimeError())))
        assert [reason for _, _, reason in office.failures()] == ["gave_up"]
        assert office.goal()[1] == 0
        assert retry_all(office.ctx.ledger) == 1
        office.work()
        assert (office.failures(), office.goal()[1]) == ([], 1)

    def test_an_unknown_id_changes_nothing(self, office, scans):
        cut_image(save_pdf(scans / "33_1.pdf", [page("Eins")]), 1)
        office.take(scans)
        office.work()
        with office.ctx.ledger.read() as tx:
            (failure,) = counts.failures(tx)
        with pytest.raises(NotFound):
            retry(office.ctx.ledger, [failure.id, "unknown"])
        assert office.tasks() == []


class _Crashing:
    """An engine that breaks in a way nobody foresaw."""

    def __init__(self, engine, error: Exception | None = None) -> None:
        self.name, self.asked, self._error = engine.name, 0, error or RuntimeError("crash")

    def read(self, image, manner):
        self.asked += 1
        raise self._error


class _French:
    """An engine that reads French on every page, whose model may be installed."""

    name = "french 1"
    text = "le dossier est dans les archives et les copies sont pour les enfants qui sont avec leur famille"

    def __init__(self, *, installed: bool) -> None:
        self._models = frozenset({"deu", "fra"}) if installed else frozenset({"deu"})

    def languages(self):
        return self._models

    def read(self, image, manner):
        sure = 95.0 if manner.language == "fra" else 70.0
        words = enumerate(self.text.split())
        return tuple(Word(word, Box(10 + 30 * x, 10, 25, 12), sure, 0) for x, word in words)


class _Away:
    """A part that answers ``what`` with an error."""

    def __init__(self, part, what: str, error: Exception) -> None:
        self._part, self._what, self._error = part, what, error

    def __getattr__(self, name):
        if name != self._what:
            return getattr(self._part, name)
        raise self._error


class TestStoreAway:
    """The store does not answer: that is nobody's fault, and nobody is blamed however long it lasts."""

    @pytest.mark.parametrize(
        "place", [("split", "cache", "path"), ("recognise", "cache", "path"), ("assemble", "objects", "put")]
    )
    def test_every_step_is_put_back_uncounted(self, office, scans, place):
        step, part, what = place
        save_pdf(scans / "33_1.pdf", [page("Eins")])
        office.take(scans)
        (task,) = office.up_to(step)
        gone = _Away(getattr(office.ctx, part), what, StoreUnavailable(detail="away"))
        before = office.state()
        for _ in range(2 * MAX_ATTEMPTS):
            error = office.attempt(task, dataclasses.replace(office.ctx, **{part: gone}))
            assert isinstance(error, StoreUnavailable)
            assert office.state() == before
        office.work()
        assert (office.goal()[1], office.failures()) == (1, [])


class TestFromIntakeOn:
    """What intake's corrections lead to when the steps go on with them."""

    def test_a_file_whose_manifest_is_corrected_arrives_in_its_volume(self, office, scans):
        save_pdf(scans / "a.pdf", [page("Eins")])
        rows = ["path,file_number,volume,pages,sha256", f"a.pdf,33/1,1,1,{'0' * 64}"]
        (scans / "manifest.csv").write_text("\n".join(rows))
        office.take(scans)
        office.work()
        assert office.failures() == [("a.pdf", None, "digest_mismatch")]
        (scans / "manifest.csv").write_text("path,file_number\na.pdf,33/1")
        office.take(scans)
        office.work()
        assert (office.content("33/1"), office.failures(), office.alarms()) == (["a.pdf:1"], [], [])

    def test_a_mislabelled_image_in_the_middle_comes_back_to_its_place(self, office, scans):
        TestStackOfImages.lay(scans, cover(office, "33/1"), page("Eins"), page("Zwei"), page("Drei"))
        (scans / "3.png").rename(scans / "3.jpg")
        office.take(scans)
        office.work()
        assert (office.content("33/1"), office.unassigned()) == (["2.png:1"], ["4.png:1"])
        (scans / "3.jpg").rename(scans / "3.png")
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["2.png:1", "3.png:1", "4.png:1"]
        assert (office.unassigned(), office.failures(), office.alarms()) == ([], [], [])

    def test_an_unassigned_file_named_by_a_manifest_that_came_late(self, office, scans):
        save_pdf(scans / "a.pdf", [page("Eins")])
        office.take(scans)
        office.work()
        assert office.unassigned() == ["a.pdf:1"]
        (scans / "manifest.csv").write_text("path,file_number\na.pdf,33/2")
        office.take(scans)
        office.work()
        assert (office.content("33/2"), office.unassigned()) == (["a.pdf:1"], [])
        assert [hit.file_number for hit in office.search("Eins")] == ["33/2"]

    def test_what_a_cover_sheet_has_filed_no_later_manifest_moves(self, office, scans):
        save_pdf(scans / "a.pdf", [cover(office, "33/1"), page("Eins")])
        office.take(scans)
        office.work()
        (scans / "manifest.csv").write_text("path,file_number\na.pdf,33/2")
        office.take(scans)
        office.work()
        assert office.content("33/1") == ["a.pdf:2"]
        assert office.alarms() == ["same_bytes_elsewhere"]

    def test_a_promise_of_more_pages_than_the_file_has_is_an_alarm_until_it_is_corrected(self, office, scans):
        save_pdf(scans / "a.pdf", [page("Eins")])
        (scans / "manifest.csv").write_text("path,file_number,pages\na.pdf,33/1,2")
        batch = office.take(scans).batch_id
        office.work()
        assert office.alarms(batch) == ["manifest_pages"]
        assert office.goal()[1] == 0
        (scans / "manifest.csv").write_text("path,file_number,pages\na.pdf,33/1,1")
        office.take(scans)
        assert (office.alarms(), office.goal()[1]) == ([], 1)

    def test_pages_that_differ_from_the_inventory_are_an_alarm_of_the_batch(self, office, scans):
        office.inventory("33/1;1;5")
        batch = office.take(save_pdf(scans / "33_1.pdf", [page("Eins")])).batch_id
        office.work()
        assert office.alarms(batch) == ["pages_differ"]
        other = office.take(save_pdf(scans / "33_2.pdf", [page("Zwei")])).batch_id
        office.work()
        assert office.alarms(other) == []

    def test_names_that_contradict_each_other_leave_it_unassigned_but_searchable(self, office, scans):
        save(scans / "33_1" / "33_2.png", page("Mietvertrag"))
        office.take(scans)
        office.work()
        assert office.unassigned() == ["33_2.png:1"]
        assert office.alarms() == ["ambiguous_name"]
        assert len(office.search("Mietvertrag")) == 1


def cut_image(path: Path, number: int) -> None:
    """Cut off the second half of a page's JPEG, as a broken copy does."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        image = pdf.pages[number - 1].Resources.XObject.Im0
        data = image.read_raw_bytes()
        image.write(data[: len(data) // 2], filter=Name.DCTDecode)
        pdf.save()


def add_broken_jbig2(path: Path, number: int) -> None:
    """Put a small JBIG2 image onto a page whose globals are no stream."""
    keys = {"Width": 64, "Height": 48, "BitsPerComponent": 1, "ColorSpace": Name.DeviceGray}
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        target = pdf.pages[number - 1]
        target.Resources.XObject.Bad = pdf.make_stream(
            b"\0" * 20,
            Type=Name.XObject,
            Subtype=Name.Image,
            Filter=Name.JBIG2Decode,
            DecodeParms=Dictionary(JBIG2Globals=Dictionary()),
            **keys,
        )
        target.Contents = pdf.make_stream(target.Contents.read_bytes() + b"\nq 20 0 0 20 0 0 cm /Bad Do Q")
        pdf.save()


def events_of(office: Office, subject: str) -> list[str]:
    with office.ctx.ledger.read() as tx:
        query = select(events.c.kind).where(events.c.subject == subject).order_by(events.c.id)
        return [row["kind"] for row in tx.rows(query)]


def source_id(office: Office, name: str) -> str:
    with office.ctx.ledger.read() as tx:
        rows = tx.connection.exec_driver_sql("SELECT id FROM sources WHERE name LIKE ?", (f"%{name}",))
        (found,) = [row.id for row in rows]
    return found


def unassigned_documents(office: Office) -> list[str]:
    with office.ctx.ledger.read() as tx:
        found = [one.id for one in documents.all_documents(tx) if one.volume_id is None]
        return [one for one in found if ledger_pages.of_document(tx, one)]
