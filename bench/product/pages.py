"""The pages that are bound: drawn ones, with inks, a photo, in grey and black and white, and real ones."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from bench import drawn, scans
from bench.drawn import KINDS
from bench.sets import PageSet, Scan
from tests.specimens import files, typeset
from tests.specimens.degrade import Pixels, Wear, scan
from tests.specimens.typeset import Mark, Page

_STAMPS: tuple[Literal["round", "box"], ...] = ("round", "box")
_SCAN = replace(KINDS["dense"].wear, quality=85)
_FULL = 9999


@dataclass(frozen=True, slots=True)
class Paper:
    """What the pages of a set are like; ``lines`` of text at most, ``photo``: a picture fills the rest."""

    about: str
    wear: Wear
    pages: int = 4
    lines: int = _FULL
    photo: bool = False


PAPERS: Mapping[str, Paper] = {
    "dense": Paper("full pages, 300 dpi colour of about 2 MB, noise, up to 2° askew", _SCAN, pages=8),
    "letters": Paper("letters with a coloured stamp and a signature", replace(_SCAN, signed=True), lines=24),
    "photo": Paper("half text, half a photo", _SCAN, lines=20, photo=True),
    "grey": Paper("full pages, greyscale", replace(_SCAN, colour="grey")),
    "bitonal": Paper("full pages, black and white, specks", KINDS["bitonal"].wear),
}
#: Real pages of about 300 dpi, where somebody has some.
REAL = ("ehri-de-300", "receipts-de", "unlv-en")
_REAL_PAGES = 4


def draw(name: str, count: int, folder: Path) -> PageSet:
    """The first ``count`` pages of the drawn set ``name``; the same bytes every time."""
    paper = PAPERS[name]
    if name in ("dense", "bitonal"):
        return replace(drawn.draw(name, min(count, paper.pages), folder), about=paper.about)
    folder.mkdir(parents=True, exist_ok=True)
    pages = tuple(_drawn(name, paper, number, folder) for number in range(min(count, paper.pages)))
    return PageSet(name, paper.about, "deu", pages, drawn=True)


def load(name: str, count: int, data: Path) -> PageSet:
    """The first pages of the real set ``name`` below ``data``; none where it is absent."""
    return scans.load(name, data).first(min(count, _REAL_PAGES))


def _drawn(name: str, paper: Paper, number: int, folder: Path) -> Scan:
    seed = zlib.crc32(f"product/{name}/{number}".encode())
    rng, generator = random.Random(seed), np.random.default_rng(seed)
    page = _page(rng, paper)
    clean = typeset.paint(page, paper.wear.dpi)
    wear = replace(paper.wear, skew=rng.uniform(-1.5, 1.5))
    if wear.signed:
        wear = replace(wear, stamped=_STAMPS[number % len(_STAMPS)])
    pixels = scan(clean, wear, generator, page.marks)
    if paper.photo:
        _stick(pixels, picture((1100, 1500), generator), (1720, 450))
    path = folder / f"{number:02d}.jpg"
    path.write_bytes(files.jpeg(pixels, wear.dpi, wear.quality).data)
    return Scan(f"{number:02d}", path, wear.dpi, "\n".join(page.texts))


def _page(rng: random.Random, paper: Paper) -> Page:
    page = drawn.set_close(drawn.running_text(rng), rng.choice(("sans", "serif")), 10.5, 78)
    lines = page.lines[: paper.lines]
    below = lines[-1][0].y + 20
    marks = (Mark("signature", 90, below, 150, 50),) if paper.wear.signed else ()
    return replace(page, lines=lines, marks=marks)


def picture(size: tuple[int, int], generator: np.random.Generator) -> Pixels:
    """A photo of nothing, (height, width, 3): soft colours with detail of every size, as nature has it.

    Noise is drawn at every octave and added with the weight of its grain (fractal noise).
    """
    height, width = size
    total = np.zeros((height, width, 3), dtype=np.float32)
    for octave in range(1, 10):
        cells = generator.normal(0, 1, (max(height >> (9 - octave), 2), max(width >> (9 - octave), 2), 3))
        grown = cv2.resize(cells.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        total += np.asarray(grown, dtype=np.float32) / 1.7**octave
    spread = (total - total.min()) / (total.max() - total.min())
    return np.asarray(20 + 215 * spread, dtype=np.uint8)


def _stick(page: Pixels, photo: Pixels, at: tuple[int, int]) -> None:
    top, left = at
    page[top : top + photo.shape[0], left : left + photo.shape[1]] = photo
