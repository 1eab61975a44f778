"""Pages as our recognition read them, with the true text: kept in a file, since reading takes time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path

from pydantic import TypeAdapter

from bench import drawn, scans
from bench.drawn import Kind
from bench.metrics import score
from bench.sets import PageSet, Scan
from bench.workplace import HOME
from config import wiring
from config.settings import load_settings
from ocr.recognise import recognise
from ocr.records import text_of
from pipeline.scans.pages import MediaType, open_page
from tests.specimens.degrade import Wear

KEPT = HOME / "readings.json"
_FACES = ("sans", "serif", "mono")

#: Ever worse copies of close-set pages.
WORN: Mapping[str, Kind] = {
    name: Kind(about, wear, pages=12, faces=_FACES, ink=ink)
    for name, about, wear, ink in (
        ("worn-1", "150 dpi, noise", Wear(dpi=150, noise=12, quality=70, shaded=True), 0.8),
        ("worn-2", "120 dpi, noise, a third of the ink", Wear(dpi=120, noise=14, quality=60), 0.35),
        ("worn-3", "110 dpi, noise, a third of the ink", Wear(dpi=110, noise=15, quality=50), 0.35),
        ("worn-4", "100 dpi, noise, a third of the ink", Wear(dpi=100, noise=16, quality=50), 0.35),
    )
}
#: Pages to learn confusions from; nothing is measured on them.
LESSONS: Mapping[str, Kind] = {
    name: Kind("to learn confusions from", wear, pages=24, faces=_FACES, ink=ink)
    for name, wear, ink in (
        ("lesson-1", Wear(dpi=112, noise=14, quality=50), 0.4),
        ("lesson-2", Wear(dpi=102, noise=12, quality=60), 0.35),
        ("lesson-3", Wear(dpi=110, colour="bitonal", noise=30), 0.8),
    )
}


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word as it was read: its confidence 0 … 1, its line, its box."""

    text: str
    confidence: float
    line: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """A page of a set: the truth, what was read in ``language``, and the share of wrong characters."""

    set: str
    name: str
    truth: str
    language: str
    width: int
    height: int
    words: list[ReadWord]
    error: float


@dataclass(slots=True)
class Readings:
    """All that was read, by ``set/name``."""

    pages: dict[str, Reading] = default(default_factory=dict)


_KEEPER = TypeAdapter(Readings)


def load(path: Path) -> Readings:
    """What is kept at ``path``; nothing where there is no file."""
    return _KEEPER.validate_json(path.read_bytes()) if path.exists() else Readings()


def save(kept: Readings, path: Path) -> None:
    """Keep it at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_KEEPER.dump_json(kept))


def names() -> tuple[str, ...]:
    """The sets there are: drawn ones, worn ones, and real ones where somebody has them."""
    return (*WORN, *drawn.KINDS, *scans.SETS)


def pages_of(name: str, count: int, folder: Path, data: Path | None) -> PageSet | None:
    """The first ``count`` pages of a set, drawn into ``folder`` or found below ``data``; None: absent."""
    if kind := {**WORN, **LESSONS}.get(name):
        (folder / name).mkdir(parents=True, exist_ok=True)
        numbers = range(min(count, kind.pages))
        found = tuple(drawn.draw_page(name, kind, number, folder / name) for number in numbers)
        return PageSet(name, kind.about, "deu", found, drawn=True)
    if name in drawn.KINDS:
        return drawn.draw(name, count, folder / name)
    return scans.load(name, data).first(count) if data is not None else None


def read(pages: PageSet, folder: Path, known: Mapping[str, Reading]) -> Iterator[tuple[str, Reading]]:
    """Read what is not ``known`` of a set by the recogniser as it is configured, page by page."""
    for key, scan in zip(keys(pages), pages.scans, strict=True):
        if key not in known:
            yield key, _read(pages.name, scan, folder)


def keys(pages: PageSet) -> list[str]:
    """What the pages of a set are kept by."""
    return [f"{pages.name}/{scan.name}" for scan in pages.scans]


def _read(name: str, scan: Scan, folder: Path) -> Reading:
    settings = load_settings(folder / "data")
    kind = MediaType.TIFF if scan.path.suffix == ".tif" else MediaType.JPEG
    image = open_page(scan.path, kind, 1, settings.limits)
    found = recognise(image.pixels, dpi=scan.dpi, engine=wiring.engine(settings), options=settings.ocr)
    words = [
        ReadWord(
            word.text,
            round(word.confidence / 100, 3),
            word.line,
            (word.box.left, word.box.top, word.box.width, word.box.height),
        )
        for word in found.words
    ]
    error = score(scan.truth, text_of(found.words)).cer
    return Reading(name, scan.name, scan.truth, found.language, found.width, found.height, words, error)
