"""Pages of PDF files: the one scanned image taken out, or digital words, or a rendering.

=================================  =================================================================
a page that shows                  becomes
=================================  =================================================================
one image over 90 % of it          ``IMAGE``: that image's pixels; unseen text is an old layer
legible text, no writing beside    ``DIGITAL``: poppler's words, and a grey rendering
legible text and other writing     ``RENDERED`` at 300 dpi without that text, and its words
anything else                      ``RENDERED``: drawn at 300 dpi, smaller for giant sheets
=================================  =================================================================
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pikepdf
from pikepdf import Matrix, Name, Pdf
from PIL import Image

from errors import N_, DamagedFile, DynamicForm, NoPages, PageUnreadable, TooManyPages, TruncatedFile
from ocr.records import Grey, Pixels, Word
from pipeline.scans.active import active_content, has_only_xfa
from pipeline.scans.image_pages import DECODER_ERRORS, glimpse, make_square, to_pixels, toned
from pipeline.scans.own_text import judge, scaled, seen, within
from pipeline.scans.pdf_content import (
    MOST_CONTENT,
    PlacedImage,
    decodes_within,
    drop_invisible_text,
    drop_text,
    is_flate,
    sole_image,
)
from pipeline.scans.pdf_errors import PDF_ERRORS
from pipeline.scans.pdf_form import Sheet, form_of, has_end, isolate, open_pdf, sheet_of
from pipeline.scans.pdf_geometry import coverage, dpi_of, extent, on_paper, paper_mm, quarter_turns, raster
from pipeline.scans.poppler import read_words, render
from pipeline.scans.source import (
    POINTS_PER_INCH,
    Limits,
    MediaType,
    Origin,
    OwnText,
    PageImage,
    SourceFacts,
    Why,
)
from pipeline.scans.wording import letters, tidy

RENDER_DPI = 300
DIGITAL_DPI = 200
COVERED = 0.9
#: Share of a page from which images on it are scanned paper, of which no word may be missed.
_SCANNED = 0.5
_STRAIGHT = 1e-3
_WHITE, _GLANCE_PIXELS = 255, 64
#: How Pillow says that an image's data end too early.
_CUT_SHORT = ("truncated", "not enough image data")


def inspect_pdf(path: Path, limits: Limits) -> SourceFacts:
    """Open a PDF, if need be by rebuilding it, and count its pages.

    ``repaired`` when the cross-references had to be rebuilt, the page tree has faults, or claims another
    number of pages. A file whose end is missing and that had to be rebuilt is ``TruncatedFile``: what is
    left of it may look whole. A form that must be drawn anew when opened is ``DynamicForm``.
    """
    try:
        pdf, repaired = open_pdf(path, mend=False), False
        len(pdf.pages)
    except (TruncatedFile, DamagedFile, NoPages, *PDF_ERRORS):
        pdf, repaired = open_pdf(path), True
    if repaired and not has_end(path):
        raise TruncatedFile
    with pdf:
        if pdf.Root.get("/NeedsRendering", False):
            raise DynamicForm
        claimed = _claimed_pages(pdf)
        try:
            pages = len(pdf.pages)
        except PDF_ERRORS as error:
            raise NoPages from error
        if not pages:
            raise NoPages
        if pages > limits.max_pages:
            raise TooManyPages(pages=pages, limit=limits.max_pages)
        return SourceFacts(MediaType.PDF, pages, repaired or claimed != pages, has_only_xfa(pdf))


def open_pdf_page(path: Path, number: int, limits: Limits) -> PageImage:
    """Read page ``number`` (from 1). Raises ``PageUnreadable`` or ``ImageTooLarge``, the latter undecoded."""
    try:
        with open_pdf(path) as pdf, tempfile.TemporaryDirectory(prefix="akten-page-") as scratch:
            removed = active_content(pdf, pdf.pages[number - 1])  # before anything is painted in
            image = _Reader(pdf, Path(scratch) / "page.pdf", limits).read(number)
            return replace(image, removed=removed)
    except PDF_ERRORS as error:
        raise PageUnreadable(detail=f"PDF: {error}"[:120].replace(str(path), "")) from error


@dataclass(frozen=True, slots=True)
class _Reader:
    pdf: Pdf
    scratch: Path
    limits: Limits

    def read(self, number: int) -> PageImage:
        page = self.pdf.pages[number - 1]
        sheet = sheet_of(page)
        placed = filling_image(page, sheet)
        if placed is not None and not placed.has_text:
            return self._image(page, sheet, placed)
        form = form_of(self.pdf, page)
        isolate(self.pdf, form, sheet, self.scratch)
        dpi, _ = raster(sheet, DIGITAL_DPI)
        every = self._words(dpi)
        if placed is not None:
            return _with_layer(self._image(page, sheet, placed), every, dpi)
        if not every:
            return self._rendered(sheet, RENDER_DPI, Origin.RENDERED)
        return self._with_text(page, sheet, form, every)

    def _with_text(
        self, page: pikepdf.Page, sheet: Sheet, form: pikepdf.Stream, every: tuple[Word, ...]
    ) -> PageImage:
        """A page with text: which of it is seen, and what else is to be read, two pictures tell."""
        dpi, size = raster(sheet, DIGITAL_DPI)
        words = every
        if drop_invisible_text(form):
            isolate(self.pdf, form, sheet, self.scratch)
            words = self._words(dpi)
        full = self._draw(self.scratch, size)
        bare_page = self.scratch.with_name("bare.pdf")
        if decodes_within(form, MOST_CONTENT):
            drop_text(form)
            isolate(self.pdf, form, sheet, bare_page)
            bare = self._draw(bare_page, size)
            words = seen(words, full, bare)
        else:  # too much to be gone through, such as a map: its words are believed
            bare = np.full_like(full, _WHITE)
        if not letters(words):
            return _with_layer(self._without_text(page, sheet), every, dpi)
        found = judge(words, bare, dpi, is_scan=_image_share(page, sheet) >= _SCANNED)
        own = replace(found.own, hidden=max(0, len(every) - len(words)))
        if own.why is Why.BORN_DIGITAL:
            return PageImage(full, dpi, *paper_mm(sheet), Origin.DIGITAL, words, own)
        shows_text = own.needs_comparison or own.why is Why.OWN_TEXT_ILLEGIBLE
        source = self.scratch if shows_text else bare_page
        image = self._rendered(sheet, RENDER_DPI, Origin.RENDERED, source=source)
        scale = image.dpi / dpi
        own = replace(own, layer=scaled(own.layer, scale))
        return replace(image, words=scaled(found.kept, scale) or None, own=own)

    def _without_text(self, page: pikepdf.Page, sheet: Sheet) -> PageImage:
        """A page nobody sees any text on, with the layout in ``scratch``."""
        placed = filling_image(page, sheet, ignores_text=True)
        if placed is not None:
            return self._image(page, sheet, placed)
        return self._rendered(sheet, RENDER_DPI, Origin.RENDERED)

    def _words(self, dpi: float) -> tuple[Word, ...]:
        return tidy(read_words(self.scratch, dpi=dpi, seconds=self.limits.render_seconds))

    def _draw(self, source: Path, size: tuple[int, int]) -> Grey:
        return render(source, size, grey=True, seconds=self.limits.render_seconds)

    def _image(self, page: pikepdf.Page, sheet: Sheet, placed: PlacedImage) -> PageImage:
        width, height = int(placed.image.Width), int(placed.image.Height)
        self.limits.check_size(width, height)
        total = placed.matrix @ sheet.display
        decoded = _decode(placed.image)
        if decoded is None:
            form = form_of(self.pdf, page)
            drop_text(form)
            isolate(self.pdf, form, sheet, self.scratch)
            bitonal = placed.image.get("/BitsPerComponent", 8) == 1
            drawn = self._rendered(
                sheet, min(RENDER_DPI, dpi_of(width, height, total)), Origin.IMAGE, grey=bitonal
            )
            if drawn.pixels.min() == _WHITE:
                self._require_blank(placed.image)
            return toned(drawn, glimpse(Image.fromarray(drawn.pixels)))
        pixels, dpi = _laid(decoded[0], total, sheet)
        return toned(PageImage(pixels, dpi, *paper_mm(sheet), Origin.IMAGE), decoded[1])

    def _require_blank(self, image: pikepdf.Stream) -> None:
        """Raise unless a page drawn white is blank: what poppler cannot draw, it leaves out and ends well.

        JBIG2 is poppler's alone to read, so its word is asked for; anything else has failed Pillow already.
        """
        filters = image.get("/Filter")
        if Name.JBIG2Decode not in (filters if isinstance(filters, pikepdf.Array) else [filters]):
            raise PageUnreadable(detail=N_("nothing of its image can be drawn"))
        size = (_GLANCE_PIXELS, _GLANCE_PIXELS)
        render(self.scratch, size, grey=True, seconds=self.limits.render_seconds, strict=True)

    def _rendered(
        self,
        sheet: Sheet,
        wanted_dpi: float,
        origin: Origin,
        *,
        grey: bool = False,
        source: Path | None = None,
    ) -> PageImage:
        dpi, size = raster(sheet, wanted_dpi)
        pixels = render(source or self.scratch, size, grey=grey, seconds=self.limits.render_seconds)
        return PageImage(pixels, dpi, *paper_mm(sheet), origin)


def colours_of(placed: PlacedImage, sheet: Sheet, limits: Limits) -> tuple[Pixels, float] | None:
    """The pixels of a page's filling image, not reduced to grey, as the page shows them, and their dpi.

    They are as many and lie as those :func:`open_pdf_page` gives. None where the image cannot be decoded.
    Raises ``PageUnreadable`` or ``ImageTooLarge``.
    """
    limits.check_size(int(placed.image.Width), int(placed.image.Height))
    decoded = _decode(placed.image, grey=False)
    return decoded and _laid(decoded[0], placed.matrix @ sheet.display, sheet)


def _laid(pixels: Pixels, total: Matrix, sheet: Sheet) -> tuple[Pixels, float]:
    """An image's pixels as the sheet shows them, cut or padded to it, and their resolution."""
    pixels = np.rot90(pixels, quarter_turns(total))
    left, bottom, right, top = extent(total)
    x_dpi = pixels.shape[1] / (right - left) * POINTS_PER_INCH
    y_dpi = pixels.shape[0] / (top - bottom) * POINTS_PER_INCH
    dpi = max(x_dpi, y_dpi)
    return on_paper(make_square(pixels, x_dpi, y_dpi), (left, sheet.height - top), sheet, dpi), dpi


def _with_layer(image: PageImage, layer: tuple[Word, ...], dpi: float) -> PageImage:
    """The page with the unseen words of an earlier recognition, which are in pixels at ``dpi``."""
    if not layer:
        return image
    words = within(scaled(layer, image.dpi / dpi), image.pixels)
    return replace(image, own=OwnText(Why.IMAGE_WITH_OLD_LAYER, hidden=len(layer), layer=words))


def filling_image(page: pikepdf.Page, sheet: Sheet, *, ignores_text: bool = False) -> PlacedImage | None:
    """The image that is all the page shows and lies straight, unmirrored, on 90 % of it or more.

    Text in rendering mode 3 does not count, with ``ignores_text`` none does: it is known that nobody sees it.
    """
    try:
        if _visible_annotations(page):
            return None
        placed = sole_image(page, ignores_text=ignores_text)
        if placed is None or int(placed.image.Width) < 1 or int(placed.image.Height) < 1:
            return None
        total = placed.matrix @ sheet.display
    except PDF_ERRORS:
        return None
    scale = max(abs(value) for value in total.shorthand[:4])
    straight = min(abs(total.a) + abs(total.d), abs(total.b) + abs(total.c)) < _STRAIGHT * scale
    mirrored = total.a * total.d - total.b * total.c <= 0
    return placed if straight and not mirrored and coverage(total, sheet) >= COVERED else None


def _image_share(page: pikepdf.Page, sheet: Sheet) -> float:
    """Share of the sheet on which images lie, those that overlap counted twice."""
    try:
        images = {name.lstrip("/") for name in page.get_images()}
        drawn = pikepdf.get_objects_with_ctm(page)
    except PDF_ERRORS:
        return 0.0
    return sum(
        coverage(Matrix(ctm) @ sheet.display, sheet) for name, ctm in drawn if name.lstrip("/") in images
    )


def _visible_annotations(page: pikepdf.Page) -> bool:
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return False
    return any(isinstance(item, pikepdf.Dictionary) and "/AP" in item for item in annotations)


def _decode(image: pikepdf.Stream, *, grey: bool = True) -> tuple[Pixels, Pixels | None] | None:
    """The image's greys, or all there is, its masks on white; and a glimpse of its colours.

    ``None`` where pikepdf and Pillow cannot, or should not.

    Raises ``PageUnreadable`` for data that end too early, since a rendering would hide that a part is
    missing, and for data that go on and on.
    """
    width, height = int(image.Width), int(image.Height)
    try:
        if is_flate(image) and not decodes_within(image, (width * 8 + 1) * height * 2):
            raise PageUnreadable(detail=N_("image data go on far beyond its size"))
        with pikepdf.PdfImage(image).as_pil_image() as picture:
            if picture.size != (width, height):
                return None
            colours = glimpse(picture) if grey else None
            return to_pixels(picture, grey=grey), colours
    except (*PDF_ERRORS, *DECODER_ERRORS) as error:
        if any(sign in str(error) for sign in _CUT_SHORT):
            raise PageUnreadable(detail=N_("image data end too early")) from error
        return None


def _claimed_pages(pdf: Pdf) -> int:
    try:
        return int(pdf.Root.Pages.Count)
    except PDF_ERRORS:
        return -1
