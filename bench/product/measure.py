"""Lets everybody make a product of the same scans, and looks at what was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.machine import source
from bench.metrics import score
from bench.product import looking, volume
from bench.product.figures import Product, Seen, SetFigures
from bench.product.likeness import Pixels, psnr, ssim
from bench.product.looking import READ_DPI, SEEN_DPI, Reader
from bench.product.makers import COMPACT, FAITHFUL, OPTIMISING, Akten, Made, Maker, Work, hocr
from bench.sets import PageSet, bind
from bench.workplace import emptied
from config.settings import Settings

Tell = Callable[[str], None]
Place = tuple[Path, int]


@dataclass(frozen=True, slots=True)
class _Eyes:
    """Two that read, and the true texts of the pages."""

    program: Reader
    ours: Reader
    truths: Sequence[str]

    def read(self, place: Place, number: int) -> Seen:
        """Read a page."""
        pixels = looking.drawn(*place, READ_DPI)
        program, ours = (score(self.truths[number], read(pixels)).cer for read in (self.program, self.ours))
        return Seen(program, ours)

    def compare(self, place: Place, original: Place, number: int) -> Seen:
        """Read a page, and compare it with the original."""
        seen, true = self.read(place, number), looking.drawn(*original, SEEN_DPI)
        found = looking.drawn_like(*place, SEEN_DPI, true)
        noise = psnr(true, found)
        return Seen(
            seen.program,
            seen.ours,
            ssim(_grey(true), _grey(found)),
            ssim(true, found),
            noise if np.isfinite(noise) else None,
        )


def contest(
    pages: PageSet, makers: Sequence[Maker], folder: Path, settings: Settings, tell: Tell
) -> SetFigures:
    """Let every maker work on ``pages`` in ``folder``, then look at what they made.

    Raises ``RuntimeError`` if a program fails.
    """
    work, taken = prepared(pages, folder)
    made: dict[str, Made] = {}
    for maker in makers:
        own = folder / maker.name.replace(",", "").replace(" ", "-")
        own.mkdir()
        made[maker.name] = one = maker.make(work, own)
        each = len(pages.scans)
        tell(f"  {maker.name}: {one.size / each:,.0f} bytes, {one.spent.cpu / each:.2f} CPU s a page")
    eyes = _Eyes(
        looking.by_program(pages.language, folder),
        looking.by_us(pages.language, settings),
        [scan.truth for scan in pages.scans],
    )
    scans: list[Place] = [(work.pdf, number) for number in range(len(pages.scans))]
    original = [eyes.read(place, number) for number, place in enumerate(scans)]
    products = [
        Product(
            maker.name,
            maker.command(work),
            made[maker.name].size,
            _images(made[maker.name]),
            made[maker.name].spent.cpu,
            made[maker.name].spent.seconds,
            _seen(eyes, made[maker.name].places, _originals(maker, made, scans)),
            bound=_bound(maker, pages, folder),
        )
        for maker in makers
    ]
    size = sum(scan.path.stat().st_size for scan in pages.scans)
    return SetFigures(pages.name, pages.about, len(scans), source(), size, taken, original, products)


def _originals(
    maker: Maker, made: Mapping[str, Made], scans: Sequence[Place]
) -> Sequence[Place | None] | None:
    """The pages a product is compared with; ``None`` for one nobody need look at, its twin is looked at.

    Our pages stand upright, which the peers' do not, so the compact profile's are compared with the faithful
    one's: the original image laid on the same sheet.
    """
    if maker.name == OPTIMISING:
        return None
    return made[FAITHFUL].places if maker.name == COMPACT else scans


def _bound(maker: Maker, pages: PageSet, folder: Path) -> float | None:
    if not isinstance(maker, Akten):
        return None
    paths = [scan.path for scan in pages.scans]
    return volume.alone(maker.profile, paths, len(paths), folder).cpu


def first_pages(pages: PageSet, makers: Sequence[Maker], folder: Path) -> dict[str, int]:
    """Bytes of the first page made alone, by maker: what a file costs by itself shows there."""
    with emptied(folder / "first") as own:
        work, _ = prepared(pages.first(1), own)
        sizes = {}
        for maker in makers:
            with emptied(own / "run") as run:
                sizes[maker.name] = maker.make(work, run).size
        return sizes


def prepared(pages: PageSet, folder: Path) -> tuple[Work, float]:
    """The set as one PDF and its hOCR below ``folder``, and the processor seconds of the latter."""
    work = Work(pages, folder / "scan.pdf", folder / "scan.hocr")
    bind(pages.scans, work.pdf)
    return work, hocr(pages, work.hocr).cpu


def _seen(
    eyes: _Eyes, places: Sequence[Place | None], originals: Sequence[Place | None] | None
) -> list[Seen]:
    """Every page as seen; one that is missing has nothing of it."""
    if originals is None:
        return []
    pairs = enumerate(zip(places, originals, strict=True))
    return [
        Seen(1.0, 1.0, 0.0, 0.0)
        if place is None or original is None
        else eyes.compare(place, original, number)
        for number, (place, original) in pairs
    ]


def _images(made: Made) -> int:
    return sum(looking.image_bytes(path) for path in {place[0] for place in made.places if place})


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
