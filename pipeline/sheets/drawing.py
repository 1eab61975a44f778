"""Prints cover and separator sheets: A4 in black and white, each with its QR code twice.

The type is Bitstream Vera, which comes with reportlab and is embedded: no font has to be installed, and
every printer sets the same glyphs at the same widths (the standard Helvetica would be substituted).
The code stands top right and bottom left, so that a stain, a staple or a torn corner costs only one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import zxingcpp
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pipeline.sheets.codes import encode_cover, encode_separator, printed_id

_PLAIN, _BOLD = "Vera", "VeraBd"
_WIDTH, _HEIGHT = A4
_MARGIN = 20 * mm
_MEASURE = _WIDTH - 2 * _MARGIN
#: The symbol without its quiet zone; a level H symbol of this size has modules of about 2 mm.
_CODE_SIZE = 58 * mm
_BESIDE_CODE = _MARGIN + _CODE_SIZE + 12 * mm

#: Height of Vera's capitals in parts of the type size.
_CAP_HEIGHT = 0.73

_COVER_STEPS = (
    ("Zuoberst auf den Band legen und mitscannen.", "Place on top of the volume and scan it with it."),
    ("Codes nicht heften, stempeln oder beschriften.", "Never staple, stamp or write on the codes."),
    ("Nie für einen anderen Band verwenden.", "Never use it for another volume."),
)
_SEPARATOR_STEPS = (
    ("Vor das Dokument legen und mitscannen.", "Place before the document and scan it with it."),
    ("Codes nicht heften, stempeln oder beschriften.", "Never staple, stamp or write on the codes."),
    ("Kann danach wieder verwendet werden.", "May be used again afterwards."),
)


@dataclass(frozen=True, slots=True)
class CoverSheet:
    """What a volume's cover sheet shows. ``expected_pages`` None leaves boxes to fill in by hand."""

    sheet_id: str
    file_number: str
    volume: int
    expected_pages: int | None
    authority: str


def cover_sheets(sheets: Iterable[CoverSheet], target: Path) -> int:
    """Write one page for each volume to the PDF ``target``; returns how many.

    The same sheets give the same bytes. Without any sheet nothing is written.
    """
    return _write(target, "Deckblätter", (partial(_cover, sheet=sheet) for sheet in sheets))


def separator_sheets(types: Iterable[tuple[str, str, str]], target: Path) -> int:
    """Write one page for each (type key, German label, English label) to ``target``; returns how many.

    The same types give the same bytes. Without any type nothing is written.
    """
    return _write(target, "Trennblätter", (partial(_separator, kind=kind) for kind in types))


def _write(target: Path, title: str, drawings: Iterable[Callable[[Canvas], None]]) -> int:
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    buffer = io.BytesIO()
    page = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1, lang="de-DE")
    page.setTitle(title)
    page.setCreator("Aktenwerk")
    count = 0
    for draw in drawings:
        draw(page)
        page.showPage()
        count += 1
    if count:
        page.save()
        target.write_bytes(buffer.getvalue())
    return count


def _cover(page: Canvas, sheet: CoverSheet) -> None:
    _codes(page, encode_cover(sheet.sheet_id))
    _top_edge(page)
    _banner(page, "Deckblatt", "Cover sheet", filled=True)
    column = _MEASURE - _CODE_SIZE - 12 * mm
    _lines(page, sheet.authority, _PLAIN, 10, x=_MARGIN, top=69, width=column, leading=4.8)

    _rule(page, 94)
    _caption(page, _MARGIN, 103, "Aktenzeichen", "File number")
    size = _fitting(sheet.file_number, _BOLD, _MEASURE, largest=64)
    _large(page, sheet.file_number, size, x=_MARGIN, middle=122)
    _rule(page, 139)

    _caption(page, _MARGIN, 148, "Band", "Volume")
    _large(page, str(sheet.volume), 54, x=_MARGIN, middle=166)
    _caption(page, _BESIDE_CODE, 148, "Erwartete Seiten", "Expected pages")
    if sheet.expected_pages is None:
        _boxes(page, _BESIDE_CODE, middle=164, count=4)
    else:
        _large(page, str(sheet.expected_pages), 54, x=_BESIDE_CODE, middle=166)
    page.setFont(_PLAIN, 9)
    page.drawString(_BESIDE_CODE, _from_top(182), "ohne Deck- und Trennblätter")
    page.drawString(_BESIDE_CODE, _from_top(187), "without cover and separator sheets")
    _rule(page, 194)

    _steps(page, _COVER_STEPS)
    _caption(page, _BESIDE_CODE, 265, "Kennung", "Sheet id")
    page.setFont(_BOLD, 23)
    page.drawString(_BESIDE_CODE, _from_top(277), printed_id(sheet.sheet_id))


def _separator(page: Canvas, kind: tuple[str, str, str]) -> None:
    key, label_de, label_en = kind
    _codes(page, encode_separator(key))
    _top_edge(page)
    _banner(page, "Trennblatt", "Separator sheet", filled=False)

    _rule(page, 94)
    _caption(page, _MARGIN, 103, "Es folgt ein Dokument der Art", "The next document is of the kind")
    german = label_de.replace("/", "/ ")
    size = _fitting_block(german, _BOLD, _MEASURE, largest=44, lines=3)
    top = 112 + size * _CAP_HEIGHT / mm
    end = _lines(page, german, _BOLD, size, x=_MARGIN, top=top, width=_MEASURE, leading=size * 0.42)
    _lines(page, label_en, _PLAIN, 20, x=_MARGIN, top=max(end, 148), width=_MEASURE, leading=9)
    _rule(page, 194)

    _steps(page, _SEPARATOR_STEPS)
    page.setFont(_PLAIN, 10)
    page.drawString(_BESIDE_CODE, _from_top(277), key)


def _from_top(millimetres: float) -> float:
    """A height on the page in points, given the distance from its upper edge."""
    return float(_HEIGHT - millimetres * mm)


def _codes(page: Canvas, text: str) -> None:
    """Draw the code top right and bottom left, as one filled path each, so that no module shows a seam."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="H")
    dark = np.asarray(code.to_image(scale=1, add_quiet_zones=False)) == 0
    modules = len(dark)
    for left, bottom in (
        (_WIDTH - _MARGIN - _CODE_SIZE, _from_top(20) - _CODE_SIZE),
        (_MARGIN, _from_top(277)),
    ):
        page.saveState()
        page.translate(left, bottom)
        page.scale(_CODE_SIZE / modules, _CODE_SIZE / modules)
        path = page.beginPath()
        for row, line in enumerate(dark):
            edges = np.flatnonzero(np.diff(line, prepend=False, append=False)).tolist()
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                path.rect(start, modules - 1 - row, end - start, 1)
        page.drawPath(path, stroke=0, fill=1)
        page.restoreState()


def _top_edge(page: Canvas) -> None:
    """An arrow to the upper edge, so that the stack is laid in the right way round."""
    x, y = _MARGIN, _from_top(34)
    path = page.beginPath()
    for number, (across, up) in enumerate([(0, 6), (7, 14), (14, 6), (9.5, 6), (9.5, 0), (4.5, 0), (4.5, 6)]):
        (path.lineTo if number else path.moveTo)(x + across * mm, y + up * mm)
    path.close()
    page.drawPath(path, stroke=0, fill=1)
    page.setFont(_PLAIN, 11)
    page.drawString(x + 19 * mm, y + 1 * mm, "oben · top")


def _banner(page: Canvas, german: str, english: str, *, filled: bool) -> None:
    """The sheet's name: white on black, or framed, to tell the two kinds apart from afar."""
    width, height = _MEASURE - _CODE_SIZE - 12 * mm, 19 * mm
    page.setLineWidth(2)
    page.rect(_MARGIN, _from_top(60), width, height, stroke=1, fill=int(filled))
    page.setFillGray(1 if filled else 0)
    page.setFont(_BOLD, 26)
    page.drawString(_MARGIN + 5 * mm, _from_top(51), german)
    page.setFont(_PLAIN, 12)
    page.drawString(_MARGIN + 5 * mm, _from_top(57), english)
    page.setFillGray(0)


def _large(page: Canvas, text: str, size: float, *, x: float, middle: float) -> None:
    """One line of large print, its capitals centred on ``middle`` (millimetres from the top)."""
    page.setFont(_BOLD, size)
    page.drawString(x, _from_top(middle) - size * _CAP_HEIGHT / 2, text)


def _rule(page: Canvas, top: float) -> None:
    page.setLineWidth(0.8)
    page.line(_MARGIN, _from_top(top), _WIDTH - _MARGIN, _from_top(top))


def _caption(page: Canvas, x: float, top: float, german: str, english: str) -> None:
    page.setFont(_PLAIN, 11)
    page.drawString(x, _from_top(top), f"{german} · {english}")


def _boxes(page: Canvas, x: float, *, middle: float, count: int) -> None:
    """Empty boxes, one for a digit each."""
    page.setLineWidth(1)
    for number in range(count):
        page.rect(x + number * 15 * mm, _from_top(middle + 9), 13 * mm, 18 * mm)


def _steps(page: Canvas, steps: tuple[tuple[str, str], ...]) -> None:
    width = _WIDTH - _MARGIN - _BESIDE_CODE
    top = 222.0
    for german, english in steps:
        top = _lines(page, german, _BOLD, 9.5, x=_BESIDE_CODE, top=top, width=width, leading=4.6)
        top = _lines(page, english, _PLAIN, 9.5, x=_BESIDE_CODE, top=top, width=width, leading=4.6) + 2.5


def _lines(
    page: Canvas, text: str, font: str, size: float, *, x: float, top: float, width: float, leading: float
) -> float:
    """Set ``text`` in lines of ``width`` points from ``top`` on; returns the next line's place (mm)."""
    page.setFont(font, size)
    for line in simpleSplit(text, font, size, width):
        page.drawString(x, _from_top(top), line)
        top += leading
    return top


def _fitting(text: str, font: str, width: float, *, largest: float) -> float:
    """The largest size in points, up to ``largest``, at which ``text`` fits ``width`` on one line."""
    at_one_point = stringWidth(text, font, 1)
    return min(largest, width / at_one_point) if at_one_point else largest


def _fitting_block(text: str, font: str, width: float, *, largest: float, lines: int) -> float:
    """The largest size up to ``largest`` at which ``text`` fits so many ``lines`` with its words unbroken."""
    size = min(_fitting(word, font, width, largest=largest) for word in text.split())
    while len(simpleSplit(text, font, size, width)) > lines:
        size *= 0.95
    return size
