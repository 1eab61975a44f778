"""Pages of TIFF, JPEG and PNG files, by Pillow.

Every image of the product is opened through here or through pikepdf; ``Limits`` decides about sizes from
the header alone, so Pillow's own guard, which would also warn about an honest A0 plan, is switched off.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from errors import BadInput, DamagedFile, PageUnreadable, TruncatedFile
from ocr.prepare import to_grey
from ocr.records import Pixels
from ocr.tone import tone_of
from pipeline.scans.source import MM_PER_INCH, Limits, MediaType, Origin, PageImage, SourceFacts
from pipeline.scans.tiff import HEIGHT, WIDTH, read_chain

Image.MAX_IMAGE_PIXELS = None

#: What scanners do; below and above, the field was filled with nonsense.
PLAUSIBLE_DPI = (50.0, 2400.0)
#: Written by programs that know nothing of paper; believed only where the paper comes out ordinary.
DEFAULT_DPI = (72.0, 96.0)
A4_MM = (210.0, 297.0)
LARGEST_MM = 1300.0  # A0 and a bit
LARGEST_ORDINARY_MM = 440.0  # A3 and a bit
ASSUMED_DPI = 300.0
#: Fax pixels (204 × 98 dpi) are not square, rounding errors of metric units are no reason to resample.
SQUARE = 1.02

_COLOURLESS = ("1", "L", "LA", "La", "I", "F")
_GLIMPSE = 8

#: All that Pillow's decoders are known to raise on bytes that were made to hurt. ``MemoryError`` is none of
#: them: it ends the child that reads (``pipeline.confined``) and is its reason.
DECODER_ERRORS = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, SyntaxError, EOFError),
    *(ArithmeticError, AssertionError, NotImplementedError, RuntimeError, struct.error),
    Image.DecompressionBombError,
)


def inspect_image(path: Path, media_type: MediaType, limits: Limits) -> SourceFacts:
    """Count the pages of an image file and see that its end is there, without decoding pixels.

    A single image larger than ``limits`` refuses the file; in a TIFF of several frames only that frame is
    refused, when it is opened. Raises ``TruncatedFile``, ``DamagedFile``, ``NoPages``, ``ImageTooLarge``
    or ``TooManyPages``.
    """
    if media_type is MediaType.TIFF:
        chain = read_chain(path, max_pages=limits.max_pages)
        if len(chain.frames) == 1:
            limits.check_size(chain.frames[0][WIDTH][0], chain.frames[0][HEIGHT][0])
        return SourceFacts(media_type, len(chain.frames), chain.looped)
    complete = _jpeg_is_complete if media_type is MediaType.JPEG else _png_is_complete
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if not complete(data):
            raise TruncatedFile
    try:
        with Image.open(path, formats=[media_type.value]) as image:
            width, height = image.size
    except DECODER_ERRORS as error:
        raise DamagedFile(detail=_short(error)) from error
    limits.check_size(width, height)
    return SourceFacts(media_type, 1, repaired=False)


def open_image_page(path: Path, media_type: MediaType, number: int, limits: Limits) -> PageImage:
    """Decode page ``number``, from 1, to grey. Raises ``PageUnreadable``, before it ``ImageTooLarge``."""
    with open_frame(path, media_type, number) as image:
        limits.check_size(*image.size)
        colours = glimpse(image)
        pixels, (x_dpi, y_dpi) = _as_seen(image, grey=True)
    return toned(page_image(pixels, x_dpi, y_dpi), colours)


def image_colours(image: Image.Image) -> tuple[Pixels, float]:
    """What :func:`open_image_page` gives, but in its colours, and its dpi. Raises ``DECODER_ERRORS``."""
    pixels, dpi = _as_seen(image, grey=False)
    return make_square(pixels, *dpi), max(dpi)


def _as_seen(image: Image.Image, *, grey: bool) -> tuple[Pixels, tuple[float, float]]:
    """The image's pixels, turned as it says, and how many of them are an inch across and down."""
    declared, lying = _declared_dpi(image), image.size
    if grey:
        image.draft("L", image.size)
    if isinstance(image, TiffImageFile):
        image.load()  # Pillow turns these itself, and can go on to the next frame only if nobody else does
    else:
        ImageOps.exif_transpose(image, in_place=True)  # a copy would double the memory of an A0 plan
    pixels = to_pixels(image, grey=grey)
    turned = image.size != lying
    return pixels, paper_dpi(pixels.shape[1], pixels.shape[0], declared[::-1] if turned else declared)


def toned(page: PageImage, colours: Pixels | None) -> PageImage:
    """The page with its tone, told from its pixels and a :func:`glimpse` of the colours they had."""
    return replace(page, tone=tone_of(to_grey(page.pixels), colours, page.dpi))


@contextmanager
def open_frame(path: Path, media_type: MediaType, number: int) -> Iterator[Image.Image]:
    """Open an image file at one frame (from 1); whatever Pillow raises inside becomes ``PageUnreadable``."""
    try:
        with Image.open(path, formats=[media_type.value]) as image:
            image.seek(number - 1)
            yield image
    except BadInput:
        raise
    except (UnidentifiedImageError, *DECODER_ERRORS) as error:
        raise PageUnreadable(detail=_short(error)) from error


def page_image(pixels: Pixels, x_dpi: float, y_dpi: float) -> PageImage:
    """A page that is exactly this image; pixels that are not square are made so at the finer resolution."""
    height, width = pixels.shape[:2]
    width_mm, height_mm = width / x_dpi * MM_PER_INCH, height / y_dpi * MM_PER_INCH
    return PageImage(make_square(pixels, x_dpi, y_dpi), max(x_dpi, y_dpi), width_mm, height_mm, Origin.IMAGE)


def make_square(pixels: Pixels, x_dpi: float, y_dpi: float) -> Pixels:
    """Stretch the coarser side where horizontal and vertical resolution differ."""
    if max(x_dpi, y_dpi) / min(x_dpi, y_dpi) <= SQUARE:
        return pixels
    height, width = pixels.shape[:2]
    dpi = max(x_dpi, y_dpi)
    size = (round(width * dpi / x_dpi), round(height * dpi / y_dpi))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def to_pixels(image: Image.Image, *, grey: bool = False) -> Pixels:
    """Decode to grey (H, W) or RGB (H, W, 3), uint8.

    Transparency lies on white paper; 16 and 32 bit and float greys are scaled to 8 bit; colour images whose
    channels are all equal stay colour, as comparing them costs more than it saves. ``grey``: without
    colours in any case, which is all that reading needs, a third of the memory, and of a JPEG's decoding.
    """
    if grey:
        image.draft("L", image.size)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _deep_grey(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image).convert("RGB")
    elif not grey and image.mode == "RGB" and isinstance(image, JpegImageFile) and image.fp is not None:
        colours = _jpeg_colours(image.fp)
        if colours is not None:
            return colours
    wanted = "L" if grey or image.mode in ("1", "L") else "RGB"
    return np.asarray(image if image.mode == wanted else image.convert(wanted), np.uint8)


def _jpeg_colours(file: IO[bytes]) -> Pixels | None:
    """A JPEG in colour, decoded into an array without a copy: the same pixels as Pillow's in half the time.

    None where that fails; Pillow knows why.
    """
    file.seek(0)
    colours = cv2.imdecode(
        np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    )
    file.seek(0)
    return None if colours is None else np.asarray(colours, np.uint8)


def glimpse(image: Image.Image) -> Pixels | None:
    """The image in an eighth of its resolution, RGB; None where it knows no colours.

    Of a JPEG, which must not have been loaded yet, only the means of its blocks are decoded, which takes half
    the time that all its greys do.
    """
    if image.mode in _COLOURLESS or image.mode.startswith("I;"):
        return None
    if isinstance(image, JpegImageFile) and image.fp is not None:
        image.fp.seek(0)
        with Image.open(image.fp, formats=[MediaType.JPEG.value]) as means:
            means.draft("RGB", (max(1, image.width // _GLIMPSE), max(1, image.height // _GLIMPSE)))
            return to_pixels(means.convert("RGB"))
    return to_pixels((image.convert("RGBA") if image.mode == "P" else image).reduce(_GLIMPSE))


def _deep_grey(image: Image.Image) -> Pixels:
    values = np.asarray(image).astype(np.float64)
    low, high = 0.0, 65535.0
    if image.mode == "F" or values.min() < low or values.max() > high:
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return np.nan_to_num(scaled).round().clip(0, 255).astype(np.uint8)


def _declared_dpi(image: Image.Image) -> tuple[float, float]:
    """The resolution the file claims, across and down its stored pixels; zeros when it claims none."""
    value = image.info.get("dpi", (0, 0))
    try:
        x, y = float(value[0]), float(value[1])
    except (TypeError, ValueError, IndexError, ArithmeticError):
        return 0.0, 0.0
    return (x, y) if math.isfinite(x) and math.isfinite(y) else (0.0, 0.0)


def paper_dpi(width: int, height: int, declared: tuple[float, float]) -> tuple[float, float]:
    """Choose the resolution that makes ``width`` × ``height`` pixels a sheet of paper.

    The declared one counts if it is plausible and the paper is no larger than A0 (than A3 for the 72 and
    96 dpi that cameras and screenshots carry). Otherwise a sheet in the proportion of A4 is taken to be
    A4, and any other to be scanned at 300 dpi.
    """
    low, high = PLAUSIBLE_DPI
    if all(low <= value <= high for value in declared):
        paper = max(width / declared[0], height / declared[1]) * MM_PER_INCH
        default = all(round(value) in DEFAULT_DPI for value in declared)
        if paper <= (LARGEST_ORDINARY_MM if default else LARGEST_MM):
            return declared
    short, long = sorted((width, height))
    if abs(long / short / (A4_MM[1] / A4_MM[0]) - 1) < 0.04:  # noqa: PLR2004 - 4 %: 8 mm on A4
        return (long / A4_MM[1] * MM_PER_INCH,) * 2
    return ASSUMED_DPI, ASSUMED_DPI


def _jpeg_is_complete(data: mmap.mmap) -> bool:
    """Whether an end-of-image marker follows the start of the scan; thumbnails in the header do not count.

    Entropy-coded data cannot contain FF D9 (ITU-T T.81, B.1.1.5), so any hit is the end of an image.
    """
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:  # noqa: PLR2004 - marker prefix
            return False
        marker = data[position + 1]
        if marker == 0xDA:  # noqa: PLR2004 - start of scan
            return data.find(b"\xff\xd9", position) >= 0
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:  # noqa: PLR2004 - fill, no length
            position += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False


def _png_is_complete(data: mmap.mmap) -> bool:
    """Whether the chunks lead to IEND within the file (PNG specification, section 5)."""
    position = 8
    while position + 12 <= len(data):
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position += 12 + int.from_bytes(data[position : position + 4], "big")
    return False


def _short(error: BaseException) -> str:
    """One line that names no file: reasons are kept and shown."""
    return f"{type(error).__name__}: {error}".splitlines()[0].split("'")[0].strip()[:120]
