"""Crops of pages side by side, for people to look at: the scan, the compact product, and its stencils."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pikepdf
from PIL import Image

from bench.product import pages
from bench.product.likeness import Pixels
from bench.product.looking import SEEN_DPI, drawn, drawn_like
from bench.product.makers import COMPACT, FAITHFUL, Akten, Work

#: Where to look, of width and height: the middle of the crop.
_SPOTS: Mapping[str, tuple[float, float]] = {
    "dense": (0.4, 0.3),
    "letters": (0.62, 0.38),
    "photo": (0.4, 0.48),
}
_WIDTH, _HEIGHT, _SEAM = 330, 330, 6
_MOST_BYTES = 150_000
_COLOURS = (256, 128, 64, 32, 16)


def write(target: Path, folder: Path, tell: Callable[[str], None]) -> None:
    """Write ``dense.png``, ``letters.png``, ``photo.png`` into ``target``, each below 150 kB, of 150 dpi.

    From left to right: the scan as it came (the faithful profile), the compact product, and in black where
    its stencils let ink through.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name, spot in _SPOTS.items():
        found = pages.draw(name, 1 if name != "letters" else 2, folder / name)
        work = Work(found, found.scans[-1].path, folder)
        products = []
        for maker in (Akten(FAITHFUL, "faithful"), Akten(COMPACT, "compact")):
            own = folder / f"{name}-{maker.profile}"
            own.mkdir()
            products.append(next(place[0] for place in maker.make(work, own).places if place))
        before = drawn(products[0], 0, SEEN_DPI)
        stencils = folder / f"{name}-stencils.pdf"
        only_stencils(products[1], stencils)
        seen = [before, *(drawn_like(one, 0, SEEN_DPI, before) for one in (products[1], stencils))]
        data = png(side_by_side([crop(one, spot) for one in seen]))
        (target / f"product-{name}.png").write_bytes(data)
        tell(f"  {target / name}.png: {len(data):,} bytes")


def crop(page: Pixels, spot: tuple[float, float]) -> Pixels:
    """The part of ``page`` about ``spot``, shares of its width and height."""
    height, width = page.shape[:2]
    left = min(max(round(spot[0] * width - _WIDTH / 2), 0), max(width - _WIDTH, 0))
    top = min(max(round(spot[1] * height - _HEIGHT / 2), 0), max(height - _HEIGHT, 0))
    return page[top : top + _HEIGHT, left : left + _WIDTH]


def side_by_side(parts: list[Pixels]) -> Pixels:
    """Crops of one height in a row, with a seam between."""
    seam = np.full((parts[0].shape[0], _SEAM, 3), 120, dtype=np.uint8)
    row = [part for one in parts for part in (one, seam)][:-1]
    return np.asarray(cv2.hconcat(row), dtype=np.uint8)


def png(pixels: Pixels) -> bytes:
    """A PNG with as many colours as fit the limit; raises ``ValueError`` if not even the fewest do."""
    image = Image.fromarray(pixels)
    for colours in _COLOURS:
        buffer = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() < _MOST_BYTES:
            return buffer.getvalue()
    raise ValueError(f"{buffer.tell()} bytes with {_COLOURS[-1]} colours")


def only_stencils(product: Path, target: Path) -> None:
    """Copy a product so that what a stencil lets through is black, and all other images are white."""
    with pikepdf.open(product) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
                if item.get("/ImageMask"):
                    continue
                is_masked = "/Mask" in item or "/SMask" in item
                item.write(b"\0\0\0" if is_masked else b"\xff\xff\xff")
                item.Width = item.Height = 1
                item.ColorSpace, item.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
                if "/Decode" in item:
                    del item["/Decode"]
        pdf.save(target)
