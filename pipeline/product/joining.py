"""Parts of a volume become one file: qpdf copies from file to file, so that memory does not grow with pages.

pikepdf itself, bringing pages from one PDF into another, takes all their data into memory at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pikepdf import Array, Dictionary, Job, Name, Pdf

#: Says of a layer, while it is in a part, whether it is switched off; the list of layers cannot come along.
_OFF = "/AktenOff"


def join(parts: Sequence[Path], target: Path) -> Pdf:
    """Write all pages of ``parts`` in their order to ``target``, and open it."""
    joined = ["--empty", "--pages", *map(str, parts), "--"]
    as_they_are = [
        "--stream-data=preserve",
        "--remove-unreferenced-resources=no",
        "--object-streams=generate",
    ]
    Job(["qpdf", *joined, *as_they_are, "--deterministic-id", str(target)]).run()
    pdf = Pdf.open(target)
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
