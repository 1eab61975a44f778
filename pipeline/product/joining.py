"""Parts of a volume become one PDF: qpdf copies from file to file, so that memory does not grow with pages.

pikepdf itself, bringing pages from one PDF into another, takes all their data into memory at once: it asks
that of every PDF it opens. Those that qpdf's job opens are read when the joined one is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from pikepdf import Array, Dictionary, Job, Name, Pdf

from pipeline.product.glyphless import GlyphlessFont
from pipeline.product.textlayer import FONT_NAME

#: Says of a layer, while it is in a part, whether it is switched off; the list of layers cannot come along.
_OFF = "/AktenOff"


def join(parts: Sequence[Path], font: GlyphlessFont) -> Pdf:
    """All pages of ``parts`` in their order, as a PDF that reads from them until it is saved.

    ``font`` is that of the last part, having gone on from those before; one font serves all pages.
    """
    pages = ["--empty", "--remove-unreferenced-resources=no", "--pages", *map(str, parts), "--"]
    made = Job(["qpdf", *pages, "never-written.pdf"]).create_pdf()  # type: ignore[no-untyped-call]
    pdf = cast(Pdf, made)
    shared = GlyphlessFont(pdf, font)
    shared.finish()
    for page in pdf.pages:
        if "/Font" in page.obj.Resources:
            page.obj.Resources.Font = Dictionary({FONT_NAME: shared.object})
    _list_layers(pdf)
    return pdf


def label_layers(part: Pdf) -> None:
    """Write into the layers of ``part`` what its list of them says (ISO 32000-1, 8.11.4)."""
    properties = part.Root.get("/OCProperties")
    if properties is None:
        return
    off = {group.objgen for group in properties.D.OFF}
    for group in properties.OCGs:
        group[_OFF] = group.objgen in off


def _list_layers(pdf: Pdf) -> None:
    layers = [one for one in pdf.objects if isinstance(one, Dictionary) and _OFF in one]
    if not layers:
        return
    off = Array([layer for layer in layers if layer[_OFF]])
    for layer in layers:
        del layer[_OFF]
    pdf.Root.OCProperties = Dictionary(OCGs=Array(layers), D=Dictionary(BaseState=Name.ON, OFF=off))
