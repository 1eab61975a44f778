"""Pages of PDF files: the one scanned image taken out, or digital words, or a rendering.

=========================  ==========================================================================
a page that shows          becomes
=========================  ==========================================================================
one image over 90 % of it  ``IMAGE``: that image's pixels; old invisible text is left behind
text, no such image        ``DIGITAL``: poppler's words, and a grey rendering
anything else              ``RENDERED``: poppler's rendering at 300 dpi, smaller for giant sheets
=========================  ==========================================================================
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
from pikepdf import Matrix, Name, Pdf

from errors import N_, DamagedFile, NoPages, PageUnreadable, TooManyPages, TruncatedFile
from ocr.records import Pixels, Word
from pipeline.scans.image_pages import DECODER_ERRORS, make_square, to_pixels
from pipeline.scans.pdf_content import (
    PlacedImage,
    decodes_within,
    drop_invisible_text,
    is_flate,
    sole_image,
)
from pipeline.scans.pdf_form import PDF_ERRORS, Sheet, form_of, has_end, isolate, open_pdf, sheet_of
from pipeline.scans.poppler import read_words, render
from pipeline.scans.source import (
    MM_PER_INCH,
    POINTS_PER_INCH,
    Limits,
    MediaType,
    Origin,
    PageImage,
    SourceFacts,
)

RENDER_DPI = 300
DIGITAL_DPI = 200
#: A rendering is for recognition and for the eye: more helps neither (A0 comes out at about 250 dpi).
RENDER_PIXELS = 100_000_000
COVERED = 0.9
#: Fewer letters are a page number or a stamp on something that must be recognised.
DIGITAL_LETTERS = 25
#: Share of unreadable code points (private use, U+FFFD) above which a font's encoding is not believed.
_MOST_GARBAGE = 0.1
_STRAIGHT = 1e-3
_WHITE, _GLANCE_PIXELS = 255, 64
#: How Pillow says that an image's data end too early.
_CUT_SHORT = ("truncated", "not enough image data")


def inspect_pdf(path: Path, limits: Limits) -> SourceFacts:
    """Open a PDF, if need be by rebuilding it, and count its pages.

    ``repaired`` when the cross-references had to be rebuilt, the page tree has faults, or claims another
    number of pages. A file whose end is missing and that had to be rebuilt is ``TruncatedFile``: what is
    left of it may look whole.
    """
    try:
        pdf, repaired = open_pdf(path, mend=False), False
        len(pdf.pages)
    except (TruncatedFile, DamagedFile, NoPages, *PDF_ERRORS):
        pdf, repaired = open_pdf(path), True
    if repaired and not has_end(path):
        raise TruncatedFile
    with pdf:
        claimed = _claimed_pages(pdf)
        try:
            pages = len(pdf.pages)
        except PDF_ERRORS as error:
            raise NoPages from error
        if not pages:
            raise NoPages
        if pages > limits.max_pages:
            raise TooManyPages(pages=pages, limit=limits.max_pages)
        return SourceFacts(MediaType.PDF, pages, repaired or claimed != pages)


def open_pdf_page(path: Path, number: int, limits: Limits) -> PageImage:
    """Read page ``number`` (from 1). Raises ``PageUnreadable`` or ``ImageTooLarge``, the latter undecoded."""
    try:
        with open_pdf(path) as pdf, tempfile.TemporaryDirectory(prefix="akten-page-") as scratch:
            return _Reader(pdf, Path(scratch) / "page.pdf", limits).read(number)
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
        if placed is not None:
            return self._image(page, sheet, placed)
        words = self._isolate(page, sheet)
        if is_text(words) and not _has_large_image(page, sheet):
            return self._digital(sheet)
        return self._rendered(sheet, RENDER_DPI, Origin.RENDERED)

    def _isolate(self, page: pikepdf.Page, sheet: Sheet) -> tuple[Word, ...]:
        """Lay the page out for poppler without invisible text, and return the words it shows."""
        form = form_of(self.pdf, page)
        drop_invisible_text(form)
        isolate(self.pdf, form, sheet, self.scratch)
        return read_words(self.scratch, dpi=POINTS_PER_INCH, seconds=self.limits.render_seconds)

    def _image(self, page: pikepdf.Page, sheet: Sheet, placed: PlacedImage) -> PageImage:
        width, height = int(placed.image.Width), int(placed.image.Height)
        self.limits.check_size(width, height)
        total = placed.matrix @ sheet.display
        pixels = _decode(placed.image)
        if pixels is None:
            self._isolate(page, sheet)
            bitonal = placed.image.get("/BitsPerComponent", 8) == 1
            drawn = self._rendered(
                sheet, min(RENDER_DPI, _dpi(width, height, total)), Origin.IMAGE, grey=bitonal
            )
            if drawn.pixels.min() == _WHITE:
                self._require_blank(placed.image)
            return drawn
        pixels = np.rot90(pixels, _quarter_turns(total))
        left, bottom, right, top = _extent(total)
        x_dpi = pixels.shape[1] / (right - left) * POINTS_PER_INCH
        y_dpi = pixels.shape[0] / (top - bottom) * POINTS_PER_INCH
        dpi = max(x_dpi, y_dpi)
        pixels = _on_paper(make_square(pixels, x_dpi, y_dpi), (left, sheet.height - top), sheet, dpi)
        return PageImage(pixels, dpi, *_paper_mm(sheet), Origin.IMAGE)

    def _require_blank(self, image: pikepdf.Stream) -> None:
        """Raise unless a page drawn white is blank: what poppler cannot draw, it leaves out and ends well.

        JBIG2 is poppler's alone to read, so its word is asked for; anything else has failed Pillow already.
        """
        filters = image.get("/Filter")
        if Name.JBIG2Decode not in (filters if isinstance(filters, pikepdf.Array) else [filters]):
            raise PageUnreadable(detail=N_("nothing of its image can be drawn"))
        size = (_GLANCE_PIXELS, _GLANCE_PIXELS)
        render(self.scratch, size, grey=True, seconds=self.limits.render_seconds, strict=True)

    def _digital(self, sheet: Sheet) -> PageImage:
        dpi, size = _raster(sheet, DIGITAL_DPI)
        words = read_words(self.scratch, dpi=dpi, seconds=self.limits.render_seconds)
        pixels = render(self.scratch, size, grey=True, seconds=self.limits.render_seconds)
        return PageImage(pixels, dpi, *_paper_mm(sheet), Origin.DIGITAL, words)

    def _rendered(self, sheet: Sheet, wanted_dpi: float, origin: Origin, *, grey: bool = False) -> PageImage:
        dpi, size = _raster(sheet, wanted_dpi)
        pixels = render(self.scratch, size, grey=grey, seconds=self.limits.render_seconds)
        return PageImage(pixels, dpi, *_paper_mm(sheet), origin)


def filling_image(page: pikepdf.Page, sheet: Sheet) -> PlacedImage | None:
    """The image that is all the page shows and lies straight, unmirrored, on 90 % of it or more."""
    try:
        if _visible_annotations(page):
            return None
        placed = sole_image(page)
        if placed is None or int(placed.image.Width) < 1 or int(placed.image.Height) < 1:
            return None
        total = placed.matrix @ sheet.display
    except PDF_ERRORS:
        return None
    scale = max(abs(value) for value in total.shorthand[:4])
    straight = min(abs(total.a) + abs(total.d), abs(total.b) + abs(total.c)) < _STRAIGHT * scale
    mirrored = total.a * total.d - total.b * total.c <= 0
    return placed if straight and not mirrored and _coverage(total, sheet) >= COVERED else None


def _has_large_image(page: pikepdf.Page, sheet: Sheet) -> bool:
    """Whether any image, among other things, lies on most of the page: a scan with something added."""
    try:
        drawn = pikepdf.get_objects_with_ctm(page)
        images = page.get_images()
    except PDF_ERRORS:
        return False
    return any(
        name.lstrip("/") in {known.lstrip("/") for known in images}
        and _coverage(Matrix(ctm) @ sheet.display, sheet) >= COVERED
        for name, ctm in drawn
    )


def is_text(words: tuple[Word, ...]) -> bool:
    """Whether a page's own words are enough, and legible enough, to do without recognition."""
    text = "".join(word.text for word in words)
    garbage = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or char < " " for char in text)
    return sum(map(str.isalpha, text)) >= DIGITAL_LETTERS and garbage <= _MOST_GARBAGE * len(text)


def _visible_annotations(page: pikepdf.Page) -> bool:
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return False
    return any(isinstance(item, pikepdf.Dictionary) and "/AP" in item for item in annotations)


def _decode(image: pikepdf.Stream) -> Pixels | None:
    """The image's pixels, its masks on white; ``None`` where pikepdf and Pillow cannot, or should not.

    Raises ``PageUnreadable`` for data that end too early, since a rendering would hide that a part is
    missing, and for data that go on and on.
    """
    width, height = int(image.Width), int(image.Height)
    try:
        if is_flate(image) and not decodes_within(image, (width * 8 + 1) * height * 2):
            raise PageUnreadable(detail=N_("image data go on far beyond its size"))
        with pikepdf.PdfImage(image).as_pil_image() as picture:
            return to_pixels(picture) if picture.size == (width, height) else None
    except (*PDF_ERRORS, *DECODER_ERRORS) as error:
        if any(sign in str(error) for sign in _CUT_SHORT):
            raise PageUnreadable(detail=N_("image data end too early")) from error
        return None


def _claimed_pages(pdf: Pdf) -> int:
    try:
        return int(pdf.Root.Pages.Count)
    except PDF_ERRORS:
        return -1


def _extent(total: Matrix) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of the unit square after ``total``, in points."""
    xs, ys = (total.e, total.e + total.a + total.c), (total.f, total.f + total.b + total.d)
    return min(xs), min(ys), max(xs), max(ys)


def _coverage(total: Matrix, sheet: Sheet) -> float:
    left, bottom, right, top = _extent(total)
    width = min(right, sheet.width) - max(left, 0.0)
    height = min(top, sheet.height) - max(bottom, 0.0)
    return max(width, 0.0) * max(height, 0.0) / (sheet.width * sheet.height)


def _quarter_turns(total: Matrix) -> int:
    """How often the image must be turned counter-clockwise by 90° to lie as the page shows it."""
    return round(math.degrees(math.atan2(total.b, total.a)) / 90) % 4


def _dpi(width: int, height: int, total: Matrix) -> float:
    return max(width / math.hypot(total.a, total.b), height / math.hypot(total.c, total.d)) * POINTS_PER_INCH


def _raster(sheet: Sheet, dpi: float) -> tuple[float, tuple[int, int]]:
    """Resolution and size in pixels of a rendering, bounded however large the sheet."""
    inches = sheet.width * sheet.height / POINTS_PER_INCH**2
    dpi = min(dpi, math.sqrt(RENDER_PIXELS / inches))
    width, height = (max(round(side * dpi / POINTS_PER_INCH), 1) for side in (sheet.width, sheet.height))
    return dpi, (width, height)


def _paper_mm(sheet: Sheet) -> tuple[float, float]:
    return sheet.width / POINTS_PER_INCH * MM_PER_INCH, sheet.height / POINTS_PER_INCH * MM_PER_INCH


def _on_paper(pixels: Pixels, corner: tuple[float, float], sheet: Sheet, dpi: float) -> Pixels:
    """Cut and pad ``pixels``, whose upper left corner lies at ``corner`` in points, to the sheet."""
    scale = dpi / POINTS_PER_INCH
    width, height = round(sheet.width * scale), round(sheet.height * scale)
    left, top = round(corner[0] * scale), round(corner[1] * scale)
    if (left, top, height, width) == (0, 0, *pixels.shape[:2]):
        return np.ascontiguousarray(pixels)
    paper = np.full((height, width, *pixels.shape[2:]), 255, np.uint8)
    cut = pixels[max(-top, 0) : max(height - top, 0), max(-left, 0) : max(width - left, 0)]
    paper[max(top, 0) :, max(left, 0) :][: cut.shape[0], : cut.shape[1]] = cut
    return paper
