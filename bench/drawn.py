"""Drawn page sets: invented letters, set close, in conditions offices know; the truth is exact."""

from __future__ import annotations

import random
import textwrap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from bench.sets import PageSet, Scan
from tests.specimens import files, letters, people, typeset
from tests.specimens.degrade import Pixels, Wear, scan
from tests.specimens.typeset import PAPER, Page, Run

_FOREIGN = ("eng", "fra")
_LEFT, _TOP, _BOTTOM = 72.0, 70.0, 40.0  # points; room enough to lie 8° askew
_PARAGRAPH = 7  # lines
_INK = 25


@dataclass(frozen=True, slots=True)
class Kind:
    """What the pages of a set have in common.

    ``size`` in points, ``columns`` in characters a line. ``ink`` is the share of blackness that is left,
    ``skew`` the least and most degrees to either side.
    """

    about: str
    wear: Wear
    pages: int = 8
    faces: tuple[str, ...] = ("sans", "serif")
    size: float = 10.5
    columns: int = 78
    ink: float = 1.0
    skew: tuple[float, float] = (0.0, 1.0)
    rotations: tuple[Literal[0, 90, 180, 270], ...] = (0,)
    stamps: tuple[Literal["", "round", "box"], ...] = ("",)


_SCAN = Wear(noise=5, quality=85, shaded=True)

KINDS: Mapping[str, Kind] = {
    "dense": Kind(
        "full pages, 300 dpi colour of about 2 MB, noise, up to 2° askew",
        Wear(noise=7, quality=90, shaded=True),
        pages=16,
        skew=(0.0, 2.0),
    ),
    "typewriter": Kind(
        "uneven types on yellowed paper, 200 dpi",
        replace(_SCAN, dpi=200, yellowed=True, punched=True),
        faces=("mono",),
        size=11,
        columns=68,
    ),
    "bitonal": Kind("black and white, 300 dpi, specks", Wear(colour="bitonal", noise=40)),
    "faded": Kind("a quarter of the ink is left, yellowed paper", replace(_SCAN, yellowed=True), ink=0.25),
    "skewed": Kind("3° to 8° askew", _SCAN, skew=(3.0, 8.0)),
    "rotated": Kind("upside down or on its side", _SCAN, rotations=(90, 180, 270)),
    "small-print": Kind("7 points", _SCAN, pages=6, size=7, columns=118),
    "stamped": Kind("stamps over the text", _SCAN, stamps=("round", "box")),
}


def draw(name: str, count: int, folder: Path) -> PageSet:
    """Draw the first ``count`` pages of the set ``name`` into ``folder``; the same bytes every time."""
    kind = KINDS[name]
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(min(count, kind.pages))
    return PageSet(
        name, kind.about, "deu", tuple(draw_page(name, kind, number, folder) for number in numbers), True
    )


def draw_page(name: str, kind: Kind, number: int, folder: Path) -> Scan:
    """Draw page ``number`` of the set ``name`` into ``folder``."""
    seed = zlib.crc32(f"{name}/{number}".encode())
    rng, generator = random.Random(seed), np.random.default_rng(seed)
    page = set_close(running_text(rng), rng.choice(kind.faces), kind.size, kind.columns)
    clean = typeset.paint(page, kind.wear.dpi, typewriter=rng if kind.faces == ("mono",) else None)
    wear = replace(
        kind.wear,
        skew=rng.uniform(*kind.skew) * rng.choice((-1, 1)),
        rotation=kind.rotations[number % len(kind.rotations)],
        stamped=kind.stamps[number % len(kind.stamps)],
    )
    pixels = scan(_faded(clean, kind.ink), wear, generator)
    return Scan(
        f"{number:02d}", _saved(pixels, wear, folder / f"{number:02d}"), wear.dpi, "\n".join(page.texts)
    )


def running_text(rng: random.Random, characters: int = 9000) -> str:
    """German sentences of invented letters, at least so many characters."""
    words: list[str] = []
    length = 0
    names = [name for name in letters.template_names() if not name.endswith(_FOREIGN)]
    while length < characters:
        facts = people.facts(people.invent(rng), "33.2-2018/090001", rng)
        for block in letters.write(rng.choice(names), facts, rng).blocks:
            if block.kind == "paragraph":
                words += block.text.split()
                length += len(block.text) + 1
    return " ".join(words)


def set_close(text: str, face: str, size: float, columns: int) -> Page:
    """Fill an A4 page with ``text`` in lines of at most ``columns`` characters."""
    width, height = PAPER["A4"]
    lines: list[tuple[Run, ...]] = []
    y = _TOP
    for number, line in enumerate(textwrap.wrap(text, columns), start=1):
        if y > height - _BOTTOM:
            break
        lines.append((Run(line, _LEFT, y, face, False, size),))
        y += size * 1.4 + (size * 0.6 if number % _PARAGRAPH == 0 else 0)
    return Page(width, height, tuple(lines), (), ())


def _faded(clean: Pixels, ink: float) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(clean, alpha=ink, beta=255 * (1 - ink)), dtype=np.uint8)


def _saved(pixels: Pixels, wear: Wear, stem: Path) -> Path:
    if wear.colour == "bitonal":
        path = stem.with_suffix(".tif")
        Image.fromarray(pixels).convert("1").save(
            path, "TIFF", compression="group4", dpi=(wear.dpi, wear.dpi)
        )
    else:
        path = stem.with_suffix(".jpg")
        path.write_bytes(files.jpeg(pixels, wear.dpi, wear.quality).data)
    return path


def write_slips(path: Path, count: int) -> None:
    """Write a PDF of ``count`` slips of paper with two lines each, no two alike."""
    files.write_pdf(path, (_slip(number) for number in range(1, count + 1)))


def _slip(number: int) -> files.Jpeg:
    texts = (f"Quittung Nummer {number}", "Betrag dankend erhalten")
    lines = tuple((Run(text, 10, 24 + 20 * place, "sans", False, 11),) for place, text in enumerate(texts))
    return files.jpeg(typeset.paint(Page(160, 60, lines, (), ()), 150), 150, 80)
