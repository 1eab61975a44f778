"""What is known of a scan file and its pages: records and limits, no input or output."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from errors import ImageTooLarge
from ocr.records import Pixels, Word
from ocr.tone import Tone

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
    """A born-digital PDF page: it keeps its own text."""


class Why(StrEnum):
    """Why a page's words come from where they come; the values are kept and shown, and stay."""

    NO_TEXT = "no_text"
    """It has no text of its own that anybody sees: recognised."""
    IMAGE_WITH_OLD_LAYER = "image_with_old_layer"
    """Its text is an earlier recognition of its image: recognised anew."""
    OLD_LAYER_KEPT = "old_layer_kept"
    """The new recognition was clearly worse than the earlier one, which was kept."""
    OWN_TEXT_ILLEGIBLE = "own_text_illegible"
    """Its text is not what it shows, e.g. by a broken encoding: recognised."""
    IMAGE_IN_TEXT = "image_in_text"
    """Its own text was kept, and writing in images or outlines beside it recognised."""
    BORN_DIGITAL = "born_digital"
    """Its own text says all it shows."""


@dataclass(frozen=True, slots=True)
class OwnText:
    """What was found of a page's own text.

    ``why`` is the choice so far: recognition may still turn it. ``letters`` counts the letters and digits
    that are seen, ``garbage`` is the share, 0 … 1, of their characters that mean nothing, ``hidden`` how many
    words nobody sees. ``needs_comparison``: with what can be read there. ``layer`` are the words of
    an earlier recognition.
    """

    why: Why
    letters: int = 0
    garbage: float = 0.0
    hidden: int = 0
    needs_comparison: bool = False
    layer: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a look at a file tells without decoding its pages.

    ``repaired`` means that the file's structure was broken and had to be mended, so that pages may be
    missing without a trace: whoever counts pages raises an alarm.
    ``is_xfa``: its entries may stand on no page.
    """

    media_type: MediaType
    pages: int
    repaired: bool
    is_xfa: bool = False


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as a person sees it: rotation flags of PDF and EXIF are already applied.

    ``pixels`` are square and cover the paper of ``width_mm`` × ``height_mm`` exactly at ``dpi``; mostly grey.
    ``words`` is ``None`` unless the page keeps its own text; then they are that, with boxes in ``pixels``,
    which show all of the page, or, for ``Why.IMAGE_IN_TEXT``, only what remains to be recognised.
    ``tone`` is what is on it if it is an image, ``None`` if poppler drew it. ``removed`` names what of the
    page and its file acts or can be operated, and so is left behind.
    """

    pixels: Pixels
    dpi: float
    width_mm: float
    height_mm: float
    origin: Origin
    words: tuple[Word, ...] | None = None
    own: OwnText = OwnText(Why.NO_TEXT)
    tone: Tone | None = None
    removed: tuple[str, ...] = ()
