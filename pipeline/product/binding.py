"""Bind recognised pages into one searchable PDF: the paper's size, the page's image, invisible text.

The same pages and settings give the same bytes: no clock, no random numbers, objects in page order.
"""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pikepdf import Array, Dictionary, Matrix, Pdf, Stream

from errors import DiskFull, NoPages
from ocr.records import Recognition, Word
from pipeline.product.archival import PDF_A_2B, Standard, describe, give_colours_meaning, save
from pipeline.product.compact import compact
from pipeline.product.conformity import departures
from pipeline.product.embed import pack_bitonal
from pipeline.product.glyphless import GlyphlessFont
from pipeline.product.joining import join, label_layers
from pipeline.product.keeping import Keeping, Kept, Profile
from pipeline.product.material import Drawn, Material, clean, open_material
from pipeline.product.placement import image_size, sheet_size, upright_matrix
from pipeline.product.textlayer import FONT_NAME, text_layer, without_printed
from pipeline.product.xmp import packet
from pipeline.scans.pdf_form import operator
from pipeline.scans.source import Limits, MediaType, Origin

#: A volume is written in parts of about this much in streams, so that memory and open files stay bounded.
PART_BYTES = 64 * 2**20
PART_SOURCES = 64


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page to bind: where it comes from, its paper as displayed in mm, and what was read on it.

    ``section`` is the heading of the outline entry that begins at this page. ``is_muted``: nothing of
    the text in the page's own content may be read out; the words of ``recognition`` are all there is to find.
    """

    source: Path
    media_type: MediaType
    number: int
    origin: Origin
    recognition: Recognition
    width_mm: float
    height_mm: float
    section: str | None = None
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What was written: pages, bytes and SHA-256 in hexadecimal, and how each page's image is kept."""

    pages: int
    size: int
    sha256: str
    kept: tuple[Kept, ...]


def assemble(
    pages: Iterable[ProductPage],
    target: Path,
    *,
    title: str,
    language: str = "de",
    note: Mapping[str, str] | None = None,
    profile: Profile = Profile.COMPACT,
    standard: Standard = PDF_A_2B,
    limits: Limits | None = None,
) -> ProductFacts:
    """Write ``pages`` in their order to ``target``, which appears whole or not at all.

    ``note`` are the properties of its transfer note. It says that it conforms to ``standard``, unless a page
    is known or suspected not to.
    ``pages`` are taken one by one; each source is opened once for consecutive pages. Raises ``NoPages``,
    ``DiskFull``, and for a source that cannot be read any more ``PageUnreadable`` or its siblings.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".akten-", dir=target.parent) as scratch:
            finished = Path(scratch) / "product.pdf"
            with closing(_Binder(Path(scratch), profile, standard, limits or Limits())) as binder:
                for page in pages:
                    binder.add(page)
                with binder.bound() as pdf:
                    claim = None if any(kept.departures for kept in binder.kept) else standard
                    give_colours_meaning(pdf)
                    describe(pdf, packet(title, language, note or {}, claim), language, binder.sections)
                    save(pdf, finished, standard)
            facts = _facts(finished, binder.kept)
            finished.replace(target)
            return facts
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull from error
        raise


class _Binder:
    """Collects pages into a PDF, and full PDFs into parts on disk."""

    def __init__(self, scratch: Path, profile: Profile, standard: Standard, limits: Limits) -> None:
        self.kept: list[Kept] = []
        self._profile = profile
        self._standard = standard
        self.sections: list[tuple[str, int]] = []
        self._scratch = scratch
        self._limits = limits
        self._parts: list[Path] = []
        self._source: tuple[Path, Material] | None = None
        self._held: list[Material] = []
        self._start(None)

    def _start(self, font: GlyphlessFont | None) -> None:
        self._pdf = Pdf.new()
        self._font = GlyphlessFont(self._pdf, font)
        self._weighed = self._bytes = 0

    def add(self, page: ProductPage) -> None:
        """Append one page."""
        if self._bytes > PART_BYTES or len(self._held) > PART_SOURCES:
            self._flush()
        drawn, kept = self._draw(page)
        self._weigh(_add_page(self._pdf, self._font, page, drawn))
        if page.section:
            self.sections.append((page.section, len(self.kept)))
        self.kept.append(kept)

    def _weigh(self, newest: Stream) -> None:
        """Count the streams made up to ``newest``; those of other PDFs are in memory too, once copied.

        Not by their ``/Length``, which pikepdf leaves out until it writes.
        """
        for number in range(self._weighed + 1, newest.objgen[0] + 1):
            made = self._pdf.get_object(number, 0)
            if isinstance(made, Stream):
                self._bytes += len(made.get_raw_stream_buffer())
        self._weighed = newest.objgen[0]

    def _draw(self, page: ProductPage) -> tuple[Drawn, Kept]:
        """The page's content in the way its profile asks for, and what is recorded of it."""
        material = self._material(page)
        kept = Kept(self._profile, Keeping.ORIGINAL)
        if self._profile is Profile.COMPACT and page.origin is Origin.IMAGE:
            scanned = material.scan(page.number)
            if scanned is not None:
                made, kept = compact(self._pdf, scanned, page.recognition)
                if made is not None:
                    return made, kept
        drawn = material.draw(self._pdf, page.number, page.origin, muted=page.is_muted)
        kept = replace(kept, departures=departures(drawn.xobject, is_believed=material.claims_conformity))
        if drawn.xobject.get("/Subtype") != "/Image":
            return drawn, replace(kept, way=Keeping.FORM)
        if self._profile is Profile.COMPACT:
            pack_bitonal(drawn.xobject)
        if drawn.xobject.get("/BitsPerComponent", 8) == 1:
            kept = replace(kept, way=Keeping.BITONAL)
        return drawn, replace(kept, size=len(drawn.xobject.get_raw_stream_buffer()))

    def _material(self, page: ProductPage) -> Material:
        """The page's source: the open one, or newly opened."""
        if self._source is None or self._source[0] != page.source:
            self._leave_source()
            self._source = (page.source, open_material(page.source, page.media_type, self._limits))
        return self._source[1]

    def _leave_source(self) -> None:
        """Close the open source, or hold it until the PDF that reads from it is written."""
        if self._source is not None and self._source[1].lasting:
            self._held.append(self._source[1])
        elif self._source is not None:
            self._source[1].close()
        self._source = None

    def close(self) -> None:
        """Let go of all sources."""
        self._leave_source()
        while self._held:
            self._held.pop().close()

    def _flush(self) -> None:
        clean(self._pdf, self._limits)
        label_layers(self._pdf)
        self._parts.append(self._scratch / f"part{len(self._parts)}.pdf")
        save(self._pdf, self._parts[-1], self._standard)
        self.close()
        self._start(self._font)

    def bound(self) -> Pdf:
        """All pages as one PDF. Raises ``NoPages``."""
        if not self.kept:
            raise NoPages
        if not self._parts:
            self._font.finish()
            clean(self._pdf, self._limits)
            return self._pdf
        self._flush()
        return join(self._parts, self._font)


def _add_page(pdf: Pdf, font: GlyphlessFont, page: ProductPage, drawn: Drawn) -> Stream:
    """Append a page; its content, which is the newest object."""
    recognition = page.recognition
    width, height = sheet_size(page.width_mm, page.height_mm, recognition)
    upright = upright_matrix(recognition, width, height)
    if drawn.is_upright:
        upright = Matrix(width, 0, 0, height, 0, 0)
    pixels = image_size(recognition, width, height)
    content = b"q " + operator(drawn.matrix @ upright, "cm") + b" /Page Do Q\n"
    resources = Dictionary(XObject=Dictionary(Page=drawn.xobject))
    if (page.origin is not Origin.DIGITAL or page.is_muted) and recognition.words:
        words = _unprinted(recognition, drawn, upright, pixels, (width, height))
        content += text_layer(words, font, (width / pixels[0], height / pixels[1]), height)
        resources.Font = Dictionary({FONT_NAME: font.object})
    bound = pdf.add_blank_page()
    bound.obj.MediaBox = Array([0, 0, round(width, 3), round(height, 3)])
    bound.obj.Resources = resources
    bound.obj.Contents = pdf.make_stream(content)
    return cast(Stream, bound.obj.Contents)


def _unprinted(
    recognition: Recognition,
    drawn: Drawn,
    upright: Matrix,
    pixels: tuple[float, float],
    sheet: tuple[float, float],
) -> list[Word]:
    """The words without those the page's own, visible text already says."""
    to_pixels = upright @ Matrix(pixels[0] / sheet[0], 0, 0, -pixels[1] / sheet[1], 0, pixels[1])
    boxes = []
    for left, bottom, right, top in drawn.printed:
        corners = [
            to_pixels.transform(corner)
            for corner in ((left, bottom), (right, bottom), (left, top), (right, top))
        ]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        boxes.append((min(xs), min(ys), max(xs), max(ys)))
    return without_printed(recognition.words, boxes)


def _facts(path: Path, kept: list[Kept]) -> ProductFacts:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ProductFacts(len(kept), path.stat().st_size, digest, tuple(kept))
