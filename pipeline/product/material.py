"""What a product page is made of: an image or a page form taken from an open source file.

A source stays open while consecutive pages come from it. Everything interactive is left behind by
construction: only an image, or the content and resources of a page, goes over.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

import pikepdf
from pikepdf import Dictionary, Matrix, Name, Pdf, Stream
from PIL import Image

from errors import N_, PageUnreadable
from ocr.records import Pixels
from pipeline.product.conformity import claims_conformity
from pipeline.product.embed import (
    bitonal_xobject,
    black_and_white,
    group4,
    jpeg_frame_xobject,
    jpeg_in_tiff,
    jpeg_xobject,
    pixels_xobject,
    png_xobject,
)
from pipeline.product.muting import mute
from pipeline.product.placement import EXIF_ORIENTATIONS
from pipeline.scans.image_pages import DECODER_ERRORS, image_colours
from pipeline.scans.pdf_content import drop_invisible_text
from pipeline.scans.pdf_errors import PDF_ERRORS
from pipeline.scans.pdf_form import Sheet, carry_layers, form_of, isolate, open_pdf, sheet_of
from pipeline.scans.pdf_pages import colours_of, filling_image
from pipeline.scans.poppler import extract_bitonal, read_words
from pipeline.scans.source import POINTS_PER_INCH, Limits, MediaType, Origin
from pipeline.scans.tiff import ORIENTATION, data_parts, read_chain

#: Keys of images and forms that carry metadata or point out of the page.
_LEFT_BEHIND = (
    *("/Metadata", "/PieceInfo", "/LastModified", "/Alternates", "/OPI", "/StructParent", "/AF", "/Ref"),
    *("/F", "/FFilter", "/FDecodeParms"),  # data that lie in another file
)
_EXIF_ORIENTATION = 274


@dataclass(frozen=True, slots=True)
class Drawn:
    """An XObject and the matrix that draws it onto the unit square of the page as displayed.

    ``printed`` are boxes (left, bottom, right, top in that square) of text the XObject shows itself, which
    the text layer must not repeat. ``is_upright``: it shows the page turned and straightened, with all its
    frame has grown, so that the square is the whole sheet.
    """

    xobject: Stream
    matrix: Matrix
    printed: tuple[tuple[float, float, float, float], ...] = ()
    is_upright: bool = False


@dataclass(frozen=True, slots=True)
class Scanned:
    """A page that is one image: its pixels as displayed, grey or RGB, in ``dpi``.

    ``size`` is how many bytes the source spends on it, and ``is_jpeg`` whether they are a JPEG.
    """

    pixels: Pixels
    dpi: float
    size: int
    is_jpeg: bool


class Material(Protocol):
    """An open source file.

    ``lasting``: PDFs drawn into read from it until they are written, so it must stay open that long.
    """

    lasting: bool

    @property
    def claims_conformity(self) -> bool:
        """Whether the file says that it is PDF/A."""

    def draw(self, pdf: Pdf, number: int, origin: Origin, *, muted: bool = False) -> Drawn:
        """Bring page ``number`` (from 1) into ``pdf``, if ``muted`` without text that can be read out.

        Raises ``PageUnreadable``.
        """

    def scan(self, number: int) -> Scanned | None:
        """Decode page ``number`` (from 1), an image; None if that is black and white or cannot be decoded.

        Raises ``PageUnreadable`` or ``ImageTooLarge``.
        """

    def close(self) -> None:
        """Let go of the file."""


def open_material(path: Path, media_type: MediaType, limits: Limits) -> Material:
    """Open a source file. Raises the errors of ``pdf_form.open_pdf``, or ``PageUnreadable``."""
    if media_type is MediaType.PDF:
        return PdfMaterial(path, limits)
    return ImageMaterial(path, media_type, limits)


class PdfMaterial:
    """Pages of a PDF: the image that fills the page, byte for byte, or the page as a form."""

    lasting = True

    def __init__(self, path: Path, limits: Limits) -> None:
        self._pdf = open_pdf(path)
        self._limits = limits

    @cached_property
    def claims_conformity(self) -> bool:
        """Whether the PDF says that it is PDF/A."""
        return claims_conformity(self._pdf)

    def close(self) -> None:
        """Let go of the file."""
        self._pdf.close()

    def draw(self, pdf: Pdf, number: int, origin: Origin, *, muted: bool = False) -> Drawn:
        """Bring page ``number`` (from 1) into ``pdf``. Raises ``PageUnreadable``."""
        try:
            page = self._pdf.pages[number - 1]
            sheet = sheet_of(page)
            to_unit = sheet.display @ Matrix(1 / sheet.width, 0, 0, 1 / sheet.height, 0, 0)
            placed = filling_image(page, sheet, ignores_text=True) if origin is Origin.IMAGE else None
            if placed is not None:
                return Drawn(_taken(pdf, placed.image), placed.matrix @ to_unit)
            form = form_of(self._pdf, page)
            drop_invisible_text(form)
            printed = self._printed(form, sheet) if origin is Origin.RENDERED and not muted else ()
            form = mute(self._pdf, form) if muted else form
            carry_layers(self._pdf, pdf)
            return Drawn(_taken(pdf, form), to_unit, printed)
        except PDF_ERRORS as error:
            raise PageUnreadable(detail=f"PDF: {type(error).__name__}") from error

    def scan(self, number: int) -> Scanned | None:
        """Decode page ``number`` (from 1) in its colours. Raises ``PageUnreadable`` or ``ImageTooLarge``."""
        try:
            page = self._pdf.pages[number - 1]
            sheet = sheet_of(page)
            placed = filling_image(page, sheet, ignores_text=True)
            if placed is None or placed.image.get("/BitsPerComponent", 8) == 1:
                return None
            colours = colours_of(placed, sheet, self._limits)
            size = len(placed.image.get_raw_stream_buffer())
            filters = placed.image.get("/Filter")
            last = filters[-1] if isinstance(filters, pikepdf.Array) and len(filters) else filters
            is_jpeg = last == Name.DCTDecode
        except PDF_ERRORS as error:
            raise PageUnreadable(detail=f"PDF: {type(error).__name__}") from error
        return colours and Scanned(*colours, size, is_jpeg)

    def _printed(self, form: Stream, sheet: Sheet) -> tuple[tuple[float, float, float, float], ...]:
        with tempfile.TemporaryDirectory(prefix="akten-page-") as scratch:
            path = Path(scratch) / "page.pdf"
            isolate(self._pdf, form, sheet, path)
            words = read_words(path, dpi=POINTS_PER_INCH, seconds=self._limits.render_seconds)
        return tuple(
            (
                word.box.left / sheet.width,
                1 - (word.box.top + word.box.height) / sheet.height,
                (word.box.left + word.box.width) / sheet.width,
                1 - word.box.top / sheet.height,
            )
            for word in words
        )


def _taken(pdf: Pdf, stream: Stream) -> Stream:
    return cast(Stream, pdf.copy_foreign(stream))


class ImageMaterial:
    """Frames of a TIFF, or the one image of a JPEG or PNG file."""

    lasting = False
    claims_conformity = False

    def __init__(self, path: Path, media_type: MediaType, limits: Limits) -> None:
        self._path = path
        self._media_type = media_type
        self._limits = limits
        try:
            self._image = Image.open(path, formats=[media_type.value])
        except DECODER_ERRORS as error:
            raise PageUnreadable(detail=type(error).__name__) from error

    def close(self) -> None:
        """Let go of the file."""
        self._image.close()

    def draw(self, pdf: Pdf, number: int, origin: Origin, *, muted: bool = False) -> Drawn:
        """Bring page ``number`` (from 1) into ``pdf``. Raises ``PageUnreadable`` or ``ImageTooLarge``."""
        try:
            self._image.seek(number - 1)
            self._limits.check_size(*self._image.size)
            if self._media_type is MediaType.TIFF:
                return self._tiff(pdf, number)
            orientation = self._image.getexif().get(_EXIF_ORIENTATION, 1)
            stream = self._jpeg(pdf) if self._media_type is MediaType.JPEG else self._png(pdf)
        except DECODER_ERRORS as error:
            raise PageUnreadable(detail=type(error).__name__) from error
        return Drawn(stream, EXIF_ORIENTATIONS.get(orientation, Matrix()))

    def scan(self, number: int) -> Scanned | None:
        """Decode page ``number`` (from 1) in its colours. Raises ``PageUnreadable`` or ``ImageTooLarge``."""
        try:
            self._image.seek(number - 1)
            self._limits.check_size(*self._image.size)
            if black_and_white(self._image) is not None:
                return None
            if self._media_type is MediaType.TIFF:
                size = sum(length for _, length in data_parts(self._chain[number - 1]))
                return Scanned(*image_colours(self._image), size, is_jpeg=False)
            with Image.open(self._path, formats=[self._media_type.value]) as image:
                size = self._path.stat().st_size
                return Scanned(*image_colours(image), size, self._media_type is MediaType.JPEG)
        except DECODER_ERRORS as error:
            raise PageUnreadable(detail=type(error).__name__) from error

    def _jpeg(self, pdf: Pdf) -> Stream:
        return jpeg_xobject(pdf, self._path.read_bytes(), self._image)

    def _png(self, pdf: Pdf) -> Stream:
        bits = black_and_white(self._image)
        if bits is not None:
            return bitonal_xobject(pdf, bits)
        return png_xobject(pdf, self._path.read_bytes(), self._image) or pixels_xobject(pdf, self._image)

    def _tiff(self, pdf: Pdf, number: int) -> Drawn:
        """Pillow turns a TIFF's pixels by its orientation itself; an untouched JPEG is turned by matrix."""
        tags = self._chain[number - 1]
        data = jpeg_in_tiff(self._path, tags)
        if data is None or self._image.mode not in ("L", "RGB"):
            return Drawn(pixels_xobject(pdf, self._image), Matrix())
        stream = jpeg_frame_xobject(pdf, data, self._image, tags)
        return Drawn(stream, EXIF_ORIENTATIONS.get(tags.get(ORIENTATION, (1,))[0], Matrix()))

    @cached_property
    def _chain(self) -> tuple[dict[int, tuple[int, ...]], ...]:
        return read_chain(self._path, max_pages=self._limits.max_pages).frames


def clean(pdf: Pdf, limits: Limits) -> None:
    """Recode every JBIG2 image of ``pdf`` as CCITT Group 4 and drop metadata of images and forms.

    Raises ``PageUnreadable`` for a JBIG2 image that cannot be read: it must not go over as it is.
    """
    for item in pdf.objects:
        if not isinstance(item, Stream):
            continue
        for key in _LEFT_BEHIND:
            if key in item:
                del item[key]
        if _is_jbig2(item):  # whatever it says it is: a mask needs no subtype
            try:
                _recode_jbig2(item, limits)
            except PDF_ERRORS as error:
                raise PageUnreadable(detail=N_("JBIG2 image")) from error


def _is_jbig2(stream: Stream) -> bool:
    filters = stream.get("/Filter")
    return any(
        name == Name.JBIG2Decode for name in (filters if isinstance(filters, pikepdf.Array) else [filters])
    )


def _recode_jbig2(image: Stream, limits: Limits) -> None:
    """Replace ``image``'s data by the same bits in Group 4, decoded by poppler; its other keys stay."""
    width, height = int(image.Width), int(image.Height)
    limits.check_size(width, height)
    with tempfile.TemporaryDirectory(prefix="akten-page-") as scratch, Pdf.new() as single:
        page = single.add_blank_page(page_size=(width, height))
        keys = {"Width": width, "Height": height, "BitsPerComponent": 1, "ColorSpace": Name.DeviceGray}
        copy = single.make_stream(image.read_raw_bytes(), Subtype=Name.Image, Filter=image.Filter, **keys)
        if "/DecodeParms" in image:
            copy.DecodeParms = _copied_globals(single, image)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=copy))
        page.obj.Contents = single.make_stream(b"%d 0 0 %d 0 0 cm /Im Do" % (width, height))
        path = Path(scratch) / "image.pdf"
        single.save(path, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        bits = extract_bitonal(path, seconds=limits.render_seconds)
    if bits.size != (width, height):
        raise PageUnreadable(detail=N_("JBIG2 image of another size"))
    data, parms = group4(bits)
    image.write(data, filter=Name.CCITTFaxDecode, decode_parms=parms)


def _copied_globals(pdf: Pdf, image: Stream) -> Dictionary | pikepdf.Array:
    parms = image.DecodeParms
    entries = list(parms) if isinstance(parms, pikepdf.Array) else [parms]
    copies = []
    for entry in entries:
        copy = Dictionary()
        if isinstance(entry, Dictionary) and "/JBIG2Globals" in entry:
            copy.JBIG2Globals = pdf.make_stream(entry.JBIG2Globals.read_bytes())
        copies.append(copy)
    return pikepdf.Array(copies) if isinstance(parms, pikepdf.Array) else copies[0]
