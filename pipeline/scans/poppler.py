"""The external program poppler: pages to pixels (pdf2image), to words and to images."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
from pdf2image import convert_from_path
from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPopplerTimeoutError
from PIL import Image

from errors import N_, SENT_BY_OTHERS, PageUnreadable, ReaderKilled, ToolMissing
from ocr.records import Box, Pixels, Word
from pipeline.scans.image_pages import DECODER_ERRORS
from pipeline.scans.source import POINTS_PER_INCH

PROGRAMS = ("pdftoppm", "pdftotext", "pdfimages", "pdfinfo")
PACKAGE = "poppler-utils"
#: pdf2image does not tell a page that cannot be drawn from a pdftoppm that was killed from outside.
_ATTEMPTS = 2
_PAGE_LEVEL, _WORD_LEVEL, _FIELDS = "1", "5", 12


def require() -> None:
    """Raise ``ToolMissing`` unless every program is installed."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise ToolMissing(tool=program, package=PACKAGE)


def version() -> str:
    """The installed version, e.g. ``22.12.0``; raises ``ToolMissing``."""
    require()
    printed = subprocess.run([PROGRAMS[0], "-v"], capture_output=True, text=True, check=False).stderr
    first = printed.partition("\n")[0]
    return first.removeprefix(f"{PROGRAMS[0]} version ") or "?"


def render(pdf: Path, size: tuple[int, int], *, grey: bool, seconds: int, strict: bool = False) -> Pixels:
    """Draw the only page of ``pdf`` at ``size`` (width, height in pixels); grey or RGB, uint8.

    Raises ``PageUnreadable`` when poppler fails or needs more than ``seconds``, if ``strict`` also when it
    says that something could not be drawn; ``ToolMissing``.
    """
    for _ in range(_ATTEMPTS):
        try:
            (image,) = convert_from_path(
                pdf,
                size=size,
                grayscale=grey,
                single_file=True,
                use_cropbox=True,
                timeout=seconds,
                strict=strict,
            )
            return np.array(image.convert("L" if grey else "RGB"), dtype=np.uint8)
        except PDFInfoNotInstalledError as error:
            raise ToolMissing(tool="pdftoppm", package=PACKAGE) from error
        except PDFPopplerTimeoutError as error:
            detail = N_("drawing it took more than {seconds} s")
            raise PageUnreadable(detail=detail, seconds=seconds) from error
        except MemoryError:
            raise
        except Exception as error:  # pdf2image lets errors of pdfinfo, Pillow and the pipes through
            require()  # a program that has gone is not the page's fault
            failure = error
    detail = N_("it could not be drawn: {said}")
    raise PageUnreadable(detail=detail, said=type(failure).__name__) from failure


def extract_bitonal(pdf: Path, *, seconds: int) -> Image.Image:
    """The samples of the only image in ``pdf``, mode "1", bit for bit; a rendering might shift them.

    Raises ``PageUnreadable``, ``ToolMissing`` or ``ReaderKilled``.
    """
    target = pdf.with_suffix("")
    try:
        _run("pdfimages", "-q", "-png", str(pdf), str(target), seconds=seconds)
        with Image.open(f"{target}-000.png", formats=["PNG"]) as image:
            return image.convert("1")
    except FileNotFoundError as error:
        raise PageUnreadable(detail=N_("pdfimages yielded nothing")) from error
    except (subprocess.SubprocessError, *DECODER_ERRORS) as error:
        raise PageUnreadable(detail=N_("pdfimages failed")) from error


def read_words(pdf: Path, *, dpi: float, seconds: int) -> tuple[Word, ...]:
    """The text of a page ``pdf_form.isolate`` wrote, in poppler's reading order; boxes in pixels at ``dpi``.

    Boxes count from the sheet's corner; those of words beside it are below 0 or beyond its size.

    Text that cannot be read is no text: a failing pdftotext yields no words. Raises ``ToolMissing`` or
    ``ReaderKilled``.
    """
    try:
        table = _run("pdftotext", "-q", "-tsv", str(pdf), "-", seconds=seconds)
    except subprocess.SubprocessError:
        return ()
    return _words(table.decode("utf-8", "replace"), dpi / POINTS_PER_INCH)


def _run(program: str, *arguments: str, seconds: int) -> bytes:
    """What a program prints; raises ``SubprocessError`` when it fails, ``ReaderKilled`` when it is killed."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, timeout=seconds, check=True)
    except FileNotFoundError as error:
        raise ToolMissing(tool=program, package=PACKAGE) from error
    except subprocess.CalledProcessError as error:
        if -error.returncode in SENT_BY_OTHERS:
            raise ReaderKilled from error
        raise
    return done.stdout


def _words(table: str, scale: float) -> tuple[Word, ...]:
    words: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    beside = (0.0, 0.0)
    for row in table.split("\n"):
        fields = row.rstrip("\r").split("\t", _FIELDS - 1)
        if len(fields) < _FIELDS or fields[0] not in (_PAGE_LEVEL, _WORD_LEVEL) or not fields[11].strip():
            continue
        left, top, width, height = (float(value) * scale for value in fields[6:10])
        if fields[0] == _PAGE_LEVEL:
            beside = (width / 3, height / 3)
            continue
        corner = (round(left - beside[0]), round(top - beside[1]))
        box = Box(*corner, max(round(width), 1), max(round(height), 1))
        line = lines.setdefault(tuple(fields[1:5]), len(lines))
        words.append(Word(fields[11].strip(), box, 100.0, line))
    return tuple(words)
