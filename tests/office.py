"""An authority in one process: real ledger, folder store, index and Tesseract, and tiny pages to feed it.

Tesseract reads each slip once a process, and the ledger's tables are made once.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pikepdf
import zxingcpp
from pdf2image import convert_from_path
from PIL import Image, ImageDraw

from config import wiring
from config.document_types import load_document_types
from config.settings import Settings, load_settings
from pipeline import flow
from pipeline.context import Context
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.inventory import import_inventory
from pipeline.intake.take_in import Intake, take_in
from pipeline.sheets.codes import encode_cover, encode_separator
from pipeline.sheets.printing import Choice, print_covers, print_separators
from storage.ledger import Ledger, Transaction, alarms, counts, documents, inventory, pages, sources, work
from storage.ledger.leases import wait_seconds
from storage.ledger.work import Step, Task
from storage.search.index import Hit, SearchIndex
from tests.ledgers import new_database
from tests.remembering import Remembering
from tests.specimens import fonts, sheets
from tests.specimens.files import Jpeg, jpeg, write_pdf

DPI = 150
STEPS = {
    "split": flow.split_source,
    "recognise": flow.recognise_page,
    "file": flow.file_stack,
    "assemble": flow.assemble_document,
}


class Clock:
    """The office's clock, which can be put forward: what waits for another attempt is due at once."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True)
class Office:
    """All parts, and shorthands for what tests ask again and again."""

    settings: Settings
    ctx: Context
    index: SearchIndex
    clock: Clock

    def inventory(self, *rows: str, header: str = "Aktenzeichen;Band;Seiten") -> None:
        """Import a list of volumes: ``33/1;1;5``."""
        path = self.settings.data / "bestand.csv"
        path.write_text("\n".join([header, *rows]))
        assert import_inventory(self.ctx.ledger, path).faults == ()

    def take(self, *paths: Path) -> Intake:
        """Take in files and folders."""
        return take_in(self.ctx.ledger, self.ctx.objects, paths, Affiliation())

    def work(self, ctx: Context | None = None) -> None:
        """Do all there is to do, as a worker does, until nothing is left; then index."""
        for _ in range(1000):
            tasks = self.tasks()
            if not tasks:
                break
            for task in tasks:
                self.attempt(task, ctx)
        with self.ctx.ledger.read() as tx:
            left = counts.backlog(tx)
        assert not any(count for step, count in left.items() if step != "index")
        while flow.index_documents(self.ctx, self.index):
            pass

    def attempt(self, task: Task, ctx: Context | None = None) -> Exception | None:
        """One task as the job shell does it; returns the error that put it back, whose wait is then over."""
        ctx = ctx or self.ctx
        try:
            STEPS[task.step](ctx, task.id)
        except Exception as error:
            flow.give_back(ctx, task, error)
            self.clock.ahead += wait_seconds(100)
            return error
        return None

    def tasks(self, *steps: Step) -> list[Task]:
        """What the ledger says is left to do, of some steps if named."""
        with self.ctx.ledger.read() as tx:
            return [task for task in work.open_tasks(tx, 1000) if not steps or task.step in steps]

    def up_to(self, step: Step) -> list[Task]:
        """Do everything before a step; returns its tasks."""
        order: tuple[Step, ...] = ("split", "recognise", "file", "assemble")
        for before in order[: order.index(step)]:
            for task in self.tasks(before):
                assert self.attempt(task) is None
        return self.tasks(step)

    # --- what came of it -----------------------------------------------------------------------------

    def volume(self, name: str) -> inventory.Volume:
        """A volume by ``33/1`` or ``33/1:2``."""
        number, _, volume = name.partition(":")
        with self.ctx.ledger.read() as tx:
            found = inventory.find(tx, number.replace("/", "-"), int(volume or 1))
        assert found is not None
        return found

    def document(self, name: str) -> documents.Document:
        """A volume's document."""
        with self.ctx.ledger.read() as tx:
            found = documents.get(tx, self.volume(name).id)
        assert found is not None
        return found

    def content(self, name: str) -> list[str]:
        """The pages bound into a volume's product, as ``file:page``, in order."""
        with self.ctx.ledger.read() as tx:
            document = documents.get(tx, self.volume(name).id)
            return self._names(tx, document) if document else []

    def unassigned(self) -> list[str]:
        """The pages bound into no volume's product, as ``file:page``."""
        with self.ctx.ledger.read() as tx:
            rest = [one for one in documents.all_documents(tx) if one.volume_id is None]
            return [name for one in rest for name in self._names(tx, one)]

    def _names(self, tx: Transaction, document: documents.Document) -> list[str]:
        content = [one for one in pages.of_document(tx, document.id) if one.stage == "stored"]
        assert [one.document_page for one in content] == list(range(1, len(content) + 1))
        return [f"{Path(sources.get(tx, one.source_id).name).name}:{one.number}" for one in content]

    def failures(self) -> list[tuple[str, int | None, str]]:
        """What is in quarantine: file, page, reason."""
        with self.ctx.ledger.read() as tx:
            return [(Path(one.source).name, one.page, one.reason) for one in counts.failures(tx)]

    def alarms(self, batch_id: str | None = None) -> list[str]:
        """The codes of open alarms."""
        with self.ctx.ledger.read() as tx:
            return [alarm.code for alarm in alarms.open_alarms(tx, batch_id)]

    def goal(self) -> tuple[int, int]:
        """Case files in the inventory, and digitised."""
        with self.ctx.ledger.read() as tx:
            found = counts.goal(tx)
        return found.inventory, found.digitised

    def pages(self) -> counts.PageCounts:
        """Pages by what became of them."""
        with self.ctx.ledger.read() as tx:
            return counts.page_counts(tx)

    def search(self, query: str) -> list[Hit]:
        """Hits of a search."""
        return list(self.index.search(query, limit=50).hits)

    def product(self, name: str) -> pikepdf.Pdf:
        """A volume's PDF."""
        return pikepdf.open(io.BytesIO(self.ctx.objects.get_bytes(self.document(name).object_key)))

    def state(self) -> dict[str, list[tuple[object, ...]]]:
        """All the ledger holds but history and leases."""
        queries = {
            "sources": "SELECT id, stack_id, state, page_count, hint_volume_id, reason FROM sources",
            "pages": "SELECT id, stage, document_id, document_page, filed_type, words_key, reason FROM pages",
            "documents": "SELECT id, state, revision, stored_revision, sha256, reason FROM documents",
            "stacks": "SELECT id, state FROM stacks",
            "alarms": "SELECT code, subject, cleared_at IS NULL FROM alarms",
        }
        with self.ctx.ledger.read() as tx:
            run = tx.connection.exec_driver_sql
            return {table: [tuple(row) for row in run(query)] for table, query in queries.items()}


@contextmanager
def open_office(data: Path) -> Iterator[Office]:
    """An office in a data folder of its own."""
    settings = load_settings(data)
    clock = Clock()
    wiring.prepare_folder(settings)
    if not wiring.has_ledger(settings):
        new_database(data / "ledger.db")
    with closing(Ledger(settings.ledger_url, clock)) as ledger:
        wiring.objects_of(settings, ledger, settle=True)
        with wiring.open_context(settings, migrate=False) as ctx, wiring.open_index(settings) as index:
            ctx.ledger.close()
            own = replace(ctx, ledger=ledger, engine=Remembering(ctx.engine))
            yield Office(settings, own, index, clock)


class OwnSheets:
    """Cover and separator sheets as the product prints them, drawn in this process."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._target = ledger, folder / "sheet.pdf"

    def cover(self, file_number: str, volume: int, expected_pages: int) -> Image.Image:
        """The volume's cover sheet; its expected pages come from the inventory."""
        print_covers(self._ledger, Choice(file_number, volume), "", self._target)
        return self._drawn()

    def separator(self, document_type: str) -> Image.Image:
        """The document type's separator sheet."""
        print_separators(load_document_types(None), [document_type], self._target)
        return self._drawn()

    def _drawn(self) -> Image.Image:
        (drawn,) = convert_from_path(
            self._target, dpi=sheets.DPI, grayscale=True, size=sheets.A4, last_page=1
        )
        return drawn


# --- tiny pages --------------------------------------------------------------------------------------


def page(word: str) -> Image.Image:
    """A small slip of paper, grey, with a word and a line that is read at once for sure: one call of OCR."""
    image = Image.new("L", (700, 200), 255)
    _write(image, word, "hiermit beantrage ich die")
    return image


def _write(image: Image.Image, *lines: str) -> None:
    draw, font = ImageDraw.Draw(image), fonts.at_pixels("sans", False, 44)
    for number, line in enumerate(lines):
        draw.text((40, 80 + 75 * number), line, fill=0, font=font, anchor="ls")


def blank() -> Image.Image:
    """A slip with nothing on it."""
    return Image.new("L", (600, 400), 255)


def cover(office: Office, name: str) -> Image.Image:
    """The cover sheet of a volume, small."""
    return coded(encode_cover(office.volume(name).id))


def separator(kind: str) -> Image.Image:
    """The separator sheet of a document type, small."""
    return coded(encode_separator(kind))


def coded(payload: str) -> Image.Image:
    """A slip with a QR code, and text enough to tell which way up it lies: one call of OCR, not six."""
    image = Image.new("L", (700, 480), 255)
    _write(image, "Deckblatt", "hier beginnt eine andere Akte", "bitte nicht vom Stapel nehmen")
    image.paste(qr(payload), (40, 250))
    return image


def qr(payload: str) -> Image.Image:
    """The QR code alone."""
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="H")
    return Image.fromarray(np.asarray(code.to_image(scale=4)))


def save(path: Path, image: Image.Image) -> Path:
    """Write one image file; the name says the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, dpi=(DPI, DPI))
    return path


def save_pdf(path: Path, images: Sequence[Image.Image]) -> Path:
    """Write a PDF of scans, one image a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pdf(path, [as_jpeg(image) for image in images])
    return path


def save_tiff(path: Path, images: Sequence[Image.Image]) -> Path:
    """Write a multi-page TIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(path, dpi=(DPI, DPI), save_all=True, append_images=list(images[1:]))
    return path


def as_jpeg(image: Image.Image) -> Jpeg:
    """An image as a scanner compresses it."""
    return jpeg(np.asarray(image), DPI, 85)
