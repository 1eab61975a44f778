"""Scanned pages into the files a scanner, an office or a contractor hands over, byte by byte reproducible."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.specimens import fonts
from tests.specimens.degrade import Pixels
from tests.specimens.typeset import Page


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A page as the scanner compressed it; width and height in pixels."""

    data: bytes
    width: int
    height: int
    dpi: int
    grey: bool


def jpeg(pixels: Pixels, dpi: int, quality: int) -> Jpeg:
    """Compress a page, shape (height, width[, 3])."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, dpi=(dpi, dpi), subsampling="4:2:0")
    return Jpeg(buffer.getvalue(), pixels.shape[1], pixels.shape[0], dpi, grey=pixels.ndim == 2)


def write_pdf(path: Path, pages: Iterable[Jpeg]) -> None:
    """A PDF of scans: every JPEG untouched, every page as large as its paper."""
    with pikepdf.new() as pdf:
        for page in pages:
            add_page(pdf, page)
        pdf.save(path, deterministic_id=True)


def add_page(pdf: pikepdf.Pdf, page: Jpeg) -> None:
    """Append a page that is nothing but this JPEG, in the size of its paper."""
    image = pikepdf.Stream(
        pdf,
        page.data,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=page.width,
        Height=page.height,
        ColorSpace=pikepdf.Name.DeviceGray if page.grey else pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    width, height = (round(pixels * 72 / page.dpi, 2) for pixels in (page.width, page.height))
    blank = pdf.add_blank_page(page_size=(width, height))
    blank.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(image)))
    blank.Contents = pdf.make_stream(f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q\n".encode("ascii"))


def write_tiff(path: Path, pages: Sequence[Pixels], dpi: int) -> None:
    """A multi-page bitonal TIFF (CCITT group 4); pages hold 0 or 255 only."""
    first, *others = [Image.fromarray(page).convert("1") for page in pages]
    first.save(path, "TIFF", compression="group4", dpi=(dpi, dpi), save_all=True, append_images=others)


def write_born_digital(path: Path, pages: Sequence[Page]) -> None:
    """A PDF with real text, as an office program makes it."""
    canvas = Canvas(str(path), invariant=1, pageCompression=1)
    for page in pages:
        canvas.setPageSize((page.width, page.height))
        canvas.setLineWidth(0.5)
        for rule in page.rules:
            size = (rule.right - rule.left, rule.bottom - rule.top)
            canvas.rect(rule.left, page.height - rule.bottom, *size)
        for run in (run for line in page.lines for run in line):
            canvas.setFont(_registered(run.face, run.bold), run.size)
            canvas.drawString(run.x, page.height - run.y, run.text)
        canvas.showPage()
    canvas.save()


def _registered(face: str, bold: bool) -> str:
    name = f"specimen-{face}{'-bold' if bold else ''}"
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, fonts.path_of(face, bold)))
    return name
