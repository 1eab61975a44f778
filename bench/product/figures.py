"""What was measured of products, kept in a JSON file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from bench import record
from bench.machine import version
from bench.programs import PEERS


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as a reader sees it.

    ``program`` and ``ours`` are its character error read by the Tesseract program and by us. Against the
    original in the same place: structural similarity of its grey and its colours, ``noise`` in decibels.
    """

    program: float
    ours: float
    grey: float = 1.0
    colour: float = 1.0
    noise: float | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What one maker made of a set: bytes, bytes of its images alone, costs in seconds, pages as seen.

    ``seen`` is empty where nobody looked. ``first`` are the bytes of the set's first page made alone;
    ``bound``, only of our own, the processor seconds of binding by itself.
    """

    maker: str
    command: str
    size: int
    images: int
    cpu: float
    clock: float
    seen: list[Seen]
    first: int | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class SetFigures:
    """A set: bytes of its scans, their pages read as they are, all products; the cost of hOCR."""

    name: str
    about: str
    pages: int
    source: str
    size: int
    hocr_cpu: float
    original: list[Seen]
    products: list[Product]

    def of(self, maker: str) -> Product:
        """What a maker made; raises ``StopIteration`` if it did not take part."""
        return next(one for one in self.products if one.maker == maker)

    def has(self, maker: str) -> bool:
        """Whether it took part."""
        return any(one.maker == maker for one in self.products)

    def bytes_a_page(self, maker: str) -> float:
        """Bytes of the whole PDF by pages."""
        return self.of(maker).size / self.pages

    def lost(self, maker: str) -> float:
        """By how much the character error of a product is above the original's, read by the program."""
        return fmean(one.program for one in self.of(maker).seen) - fmean(one.program for one in self.original)


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume bound by one process: pages, its most memory in megabytes, processor seconds, bytes."""

    profile: str
    pages: int
    memory: float
    cpu: float
    size: int
    source: str

    def replaces(self, other: Volume) -> bool:
        """Whether this is the same measured again."""
        return (self.profile, self.pages) == (other.profile, other.pages)


@dataclass(slots=True)
class Figures:
    """All that is known; what is measured again replaces what was."""

    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sets: dict[str, SetFigures] = field(default_factory=dict)
    volumes: list[Volume] = field(default_factory=list)


def load(path: Path) -> Figures:
    """The figures kept at ``path``; none where there is no file."""
    return record.load(Figures, path)


def save(figures: Figures, path: Path) -> None:
    """Keep the figures, with this machine and the versions at work."""
    record.save(figures, path, versions())


def versions() -> dict[str, str]:
    """The versions of what decides the figures."""
    return {
        "OCRmyPDF": version(str(PEERS / "ocrmypdf"), "--version"),
        "pngquant": version("pngquant", "--version").partition(" ")[0],
        "recode_pdf": version(str(PEERS / "recode_pdf"), "--version").rpartition(" ")[2],
        "PyMuPDF": _installed("pymupdf"),
        "Tesseract": version("tesseract", "--version").removeprefix("tesseract "),
    }


def _installed(package: str) -> str:
    tell = f"import importlib.metadata as m; print(m.version({package!r}))"
    return version(str(PEERS / "python"), "-c", tell)
