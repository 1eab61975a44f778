"""Page sets: scans with the text that stands on them, and one PDF of a set for all contestants."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
from PIL import Image

from tests.specimens.files import Jpeg, add_page

_GROUP_4_STRIP = 2**31 - 1  # bytes; the whole image in one strip, as a PDF wants it
_STRIP_OFFSET, _STRIP_BYTES, _PHOTOMETRIC = 273, 279, 262


@dataclass(frozen=True, slots=True)
class Scan:
    """A page as a file (JPEG, or bitonal TIFF), its resolution in dpi, and the true text."""

    name: str
    path: Path
    dpi: float
    truth: str


@dataclass(frozen=True, slots=True)
class PageSet:
    """Pages of one kind; ``language`` is what every contestant is told, Tesseract's name of it."""

    name: str
    about: str
    language: str
    scans: tuple[Scan, ...]
    drawn: bool

    def first(self, count: int) -> PageSet:
        """The same with at most so many pages."""
        return replace(self, scans=self.scans[:count])


def bind(scans: Iterable[Scan], path: Path) -> None:
    """Write a PDF of ``scans``, their compressed bytes untouched, every page as large as its paper."""
    with pikepdf.new() as pdf:
        for scan in scans:
            if scan.path.suffix == ".tif":
                _add_bitonal(pdf, scan)
            else:
                _add_jpeg(pdf, scan)
        pdf.save(path, deterministic_id=True)


def _add_jpeg(pdf: pikepdf.Pdf, scan: Scan) -> None:
    data = scan.path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        width, height, grey = *image.size, image.mode == "L"
    add_page(pdf, Jpeg(data, width, height, round(scan.dpi), grey))


def _add_bitonal(pdf: pikepdf.Pdf, scan: Scan) -> None:
    """A page that is one image in CCITT group 4, written anew as one strip without loss."""
    buffer = io.BytesIO()
    with Image.open(scan.path) as image:
        width, height = image.size
        image.convert("1").save(buffer, "TIFF", compression="group4", strip_size=_GROUP_4_STRIP)
    with Image.open(buffer) as packed:
        tags = packed.tag_v2  # type: ignore[attr-defined]
        (offset,), (size,), white_is_zero = tags[_STRIP_OFFSET], tags[_STRIP_BYTES], not tags[_PHOTOMETRIC]
    stream = pikepdf.Stream(
        pdf,
        buffer.getvalue()[offset : offset + size],
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=width,
        Height=height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=1,
        Filter=pikepdf.Name.CCITTFaxDecode,
        DecodeParms=pikepdf.Dictionary(K=-1, Columns=width, Rows=height, BlackIs1=not white_is_zero),
    )
    across, down = (round(pixels * 72 / scan.dpi, 2) for pixels in (width, height))
    page = pdf.add_blank_page(page_size=(across, down))
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(stream)))
    page.Contents = pdf.make_stream(f"q {across} 0 0 {down} 0 0 cm /Im0 Do Q\n".encode("ascii"))
