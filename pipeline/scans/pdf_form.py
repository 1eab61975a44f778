"""A PDF file opened, and one of its pages as a thing to draw: in place, upright, its annotations painted in.

Reading, rendering and binding all start from the same form, so page numbers, geometry and visible content
are the same everywhere, whatever poppler would make of a broken page tree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pikepdf
from pikepdf import Array, Dictionary, Matrix, Name, Pdf

from errors import N_, DamagedFile, EncryptedFile, NoPages, PageUnreadable, TruncatedFile
from pipeline.scans.form_fields import draw_values
from pipeline.scans.pdf_errors import PDF_ERRORS

#: Where ISO 32000 gives no size, readers take Letter.
_DEFAULT_BOX = (0.0, 0.0, 612.0, 792.0)
_TAIL = 64 * 2**10
_END_WITHIN = 1024
#: Points a page's side may have (ISO 32000-1, annex C.2).
_SMALLEST, _LARGEST = 3, 14400


def open_pdf(path: Path, *, mend: bool = True) -> Pdf:
    """Open a PDF for reading; with ``mend``, rebuild a broken structure as far as it goes.

    A PDF that only restricts what its reader may do (owner password) opens; one that needs a password
    raises ``EncryptedFile``. What cannot be opened raises ``TruncatedFile`` if its end is missing, else
    ``NoPages`` or ``DamagedFile``.
    """
    try:
        return Pdf.open(path, attempt_recovery=mend, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise EncryptedFile from error
    except PDF_ERRORS as error:
        if not has_end(path):
            raise TruncatedFile from error
        detail = str(error).removeprefix(str(path)).lstrip(": ")
        if "any pages" in detail or "no /Kids" in detail:
            raise NoPages from error
        raise DamagedFile(detail=f"PDF: {detail[-100:]}") from error


def has_end(path: Path) -> bool:
    """Whether ``%%EOF`` stands in the last kilobyte, padding aside (ISO 32000-1, H.3 note 18)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        return b"%%EOF" in file.read().rstrip(b"\0 \r\n\t\x1a")[-_END_WITHIN:]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's visible rectangle: ``width`` × ``height`` points as displayed, and the way there.

    ``display`` maps the page's user space to the displayed sheet, its lower left corner at the origin.
    """

    box: tuple[float, float, float, float]
    width: float
    height: float
    display: Matrix


def sheet_of(page: pikepdf.Page) -> Sheet:
    """Read crop box, rotation and user unit of a page. Raises ``PageUnreadable`` for a page of no size."""
    media = _box(page.obj.get("/MediaBox")) or _DEFAULT_BOX
    crop = _box(page.obj.get("/CropBox")) or media
    x0, y0 = max(media[0], crop[0]), max(media[1], crop[1])
    x1, y1 = min(media[2], crop[2]), min(media[3], crop[3])
    if x1 <= x0 or y1 <= y0:
        x0, y0, x1, y1 = media
    unit = _number(page.obj.get("/UserUnit"), 1.0) or 1.0
    turn = {
        0: Matrix(1, 0, 0, 1, -x0, -y0),
        90: Matrix(0, -1, 1, 0, -y0, x1),
        180: Matrix(-1, 0, 0, -1, x1, y1),
        270: Matrix(0, 1, -1, 0, y1, -x0),
    }
    rotation = round(_number(page.obj.get("/Rotate"), 0.0) / 90) * 90 % 360
    width, height = (x1 - x0) * unit, (y1 - y0) * unit
    if rotation in (90, 270):
        width, height = height, width
    if min(width, height) < 1:
        raise PageUnreadable(detail=N_("page without size"))
    return Sheet((x0, y0, x1, y1), width, height, turn[rotation] @ Matrix(unit, 0, 0, unit, 0, 0))


def _box(value: pikepdf.Object | None) -> tuple[float, float, float, float] | None:
    if not isinstance(value, Array) or len(value) != 4:  # noqa: PLR2004 - a rectangle
        return None
    try:
        xa, ya, xb, yb = (float(side) for side in value)
    except PDF_ERRORS:
        return None
    x0, x1, y0, y1 = min(xa, xb), max(xa, xb), min(ya, yb), max(ya, yb)
    sane = all(math.isfinite(side) and abs(side) < 1e6 for side in (x0, y0, x1, y1))  # noqa: PLR2004
    return (x0, y0, x1, y1) if sane and x1 > x0 and y1 > y0 else None


def _number(value: pikepdf.Object | None, default: float) -> float:
    try:
        return float(value) if value is not None else default
    except PDF_ERRORS:
        return default


def form_of(pdf: Pdf, page: pikepdf.Page) -> pikepdf.Stream:
    """The page's content as a form XObject of ``pdf``, in user space, clipped to its visible box.

    Annotations are painted in first: filled fields and stamps stay visible while everything that acts is
    left behind with the page. Flattening works on the whole file, once.
    """
    if "/Annots" in page.obj:
        draw_values(pdf)
        pdf.flatten_annotations("screen")
    form = cast(pikepdf.Stream, page.as_form_xobject(handle_transformations=False))
    form.BBox = Array(sheet_of(page).box)
    for key in ("/StructParents", "/Metadata", "/PieceInfo", "/LastModified"):
        if key in form:
            del form[key]
    return form


def carry_layers(source: Pdf, target: Pdf) -> None:
    """Keep optional content that is switched off in ``source`` switched off in ``target``.

    Only the groups and their default state go over (ISO 32000-1, 8.11.4), not names, order or usage.
    """
    properties = source.Root.get("/OCProperties")
    if not isinstance(properties, Dictionary) or not isinstance(properties.get("/OCGs"), Array):
        return
    groups = [group for group in properties.OCGs if isinstance(group, Dictionary) and group.is_indirect]
    default = properties.get("/D", Dictionary())
    listed = [group.objgen for group in default.get("/ON" if _starts_off(default) else "/OFF", [])]
    off = [group for group in groups if (group.objgen in listed) != _starts_off(default)]
    if "/OCProperties" not in target.Root:
        target.Root.OCProperties = Dictionary(OCGs=Array(), D=Dictionary(BaseState=Name.ON, OFF=Array()))
    known = {group.objgen for group in target.Root.OCProperties.OCGs}
    for group in groups:
        copy = target.copy_foreign(group)
        if copy.objgen in known:
            continue
        target.Root.OCProperties.OCGs.append(copy)
        if group in off:
            target.Root.OCProperties.D.OFF.append(copy)


def _starts_off(default: pikepdf.Object) -> bool:
    return bool(default.get("/BaseState", Name.ON) == Name.OFF)


def isolate(source: Pdf, form: pikepdf.Stream, sheet: Sheet, target: Path) -> None:
    """Write the form as the only page of a small PDF at ``target``, for poppler to draw or read.

    Its crop box is the sheet; its media box reaches one sheet further on all sides, so that text beside
    the sheet is read too: nobody sees it, but it is there.

    Raises ``PageUnreadable`` for a page of a size no PDF page may have.
    """
    if not all(_SMALLEST <= side <= _LARGEST for side in (sheet.width, sheet.height)):
        raise PageUnreadable(detail=N_("larger or smaller than any page can be"))
    with Pdf.new() as pdf:
        carry_layers(source, pdf)
        page = pdf.add_blank_page(page_size=(sheet.width, sheet.height))
        page.obj.CropBox = page.obj.MediaBox
        page.obj.MediaBox = Array([-sheet.width, -sheet.height, 2 * sheet.width, 2 * sheet.height])
        page.obj.Resources = Dictionary(XObject=Dictionary(P=pdf.copy_foreign(form)))
        page.obj.Contents = pdf.make_stream(b"q " + operator(sheet.display, "cm") + b" /P Do Q")
        pdf.save(target, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def operator(matrix: Matrix, name: str) -> bytes:
    """``matrix`` as the operands of a content stream operator, with a resolution of far below a pixel."""
    return " ".join([*(f"{value:.6f}".rstrip("0").rstrip(".") for value in matrix.shorthand), name]).encode()
