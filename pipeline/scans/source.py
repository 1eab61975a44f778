"""What is known of a scan file and its pages: records and limits, no input or output."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from errors import ImageTooLarge
from ocr.records import Pixels, Word

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72


class MediaType(StrEnum):
    """The formats that are read; the value is the name a clerk knows."""

    PDF = "PDF"
    TIFF = "TIFF"
    JPEG = "JPEG"
    PNG = "PNG"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still believed to be a scanned sheet of paper, and what reading it may cost.

    ``reader_*`` bound the process that takes a file apart: megabytes of memory, seconds of CPU time for one
    page, megabytes of one file it writes.
    """

    max_megapixels: int = 300
    max_pages: int = 10_000
    max_file_mb: int = 4096
    render_seconds: int = 60
    reader_memory_mb: int = 4000
    reader_seconds: int = 120
    reader_file_mb: int = 8192

    def check_size(self, width: int, height: int) -> None:
        """Refuse an image of ``width`` × ``height`` pixels with ``ImageTooLarge``, before it is decoded."""
        if width * height > self.max_megapixels * 1_000_000:
            raise ImageTooLarge(width=width, height=height, limit=self.max_megapixels)


class Origin(StrEnum):
    """Where a page's pixels come from."""

    IMAGE = "image"
    """One image fills the page; it goes into the product as it is."""
    RENDERED = "rendered"
    """A PDF page of several parts, drawn by poppler to be recognised."""
    DIGITAL = "digital"
    """A born-digital PDF page: its own words are taken, nothing is recognised."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a look at a file tells without decoding its pages.

    ``repaired`` means that the file's structure was broken and had to be mended, so that pages may be
    missing without a trace: whoever counts pages raises an alarm.
    """

    media_type: MediaType
    pages: int
    repaired: bool


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as a person sees it: rotation flags of PDF and EXIF are already applied.

    ``pixels`` are square and cover the paper of ``width_mm`` × ``height_mm`` exactly at ``dpi``.
    ``words`` is ``None`` unless the page is born digital; then they are its own text, with boxes in
    ``pixels``.
    """

    pixels: Pixels
    dpi: float
    width_mm: float
    height_mm: float
    origin: Origin
    words: tuple[Word, ...] | None = None
