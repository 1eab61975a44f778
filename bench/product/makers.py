"""Who makes a PDF of scans: our main job in each profile, OCRmyPDF in three ways, recode_pdf in two."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from bench import programs
from bench.meter import Spent
from bench.programs import AKTEN, AKTEN_DONE, JOBS, OCRMYPDF_DONE, ONE_THREAD, PEERS, environment
from bench.sets import PageSet
from pipeline.product.keeping import Profile

COMPACT, FAITHFUL = "akten, compact", "akten, faithful"
DEFAULT, OPTIMISED, OPTIMISING = "ocrmypdf", "ocrmypdf -O3", "ocrmypdf -O3, without recognition"
RECODED, RECODED_BEST = "recode_pdf", "recode_pdf, smaller"
PROFILES: Mapping[str, str] = {COMPACT: Profile.COMPACT.value, FAITHFUL: Profile.FAITHFUL.value}


@dataclass(frozen=True, slots=True)
class Work:
    """A set to be made a product of: one PDF, and its words as hOCR, which recode_pdf must be given."""

    pages: PageSet
    pdf: Path
    hocr: Path


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: costs, bytes of all files, and for every page of the set its file and index therein.

    ``None`` for a page that is in no product.
    """

    spent: Spent
    size: int
    places: Sequence[tuple[Path, int] | None]


class Maker(Protocol):
    """Something that makes a searchable PDF."""

    @property
    def name(self) -> str:
        """What it is called in figures and tables."""

    def command(self, work: Work) -> str:
        """What a person would type."""

    def make(self, work: Work, folder: Path) -> Made:
        """Make it in ``folder``, which is its own. Raises ``RuntimeError`` if the program fails."""


@dataclass(frozen=True, slots=True)
class Akten:
    """``akten run`` in a fresh data folder: ingest to stored, indexed product, servers and all."""

    name: str
    profile: str

    def command(self, work: Work) -> str:
        """What a person would type."""
        del work
        return " ".join([*(f"{name}={value}" for name, value in told(self.profile).items()), "akten run"])

    def make(self, work: Work, folder: Path) -> Made:
        """Digitise the set, and fetch what was made of it."""
        data = folder / "data"
        own = {"AKTEN_DATA": str(data), "AKTEN_LANGUAGE": "en", "AKTEN_OCR__LANGUAGE": work.pages.language}
        settings = environment({**own, **told(self.profile)})
        command = [str(AKTEN), "run", "--json", "--workers", str(JOBS), str(work.pdf)]
        spent = programs.run(self.name, command, settings, folder, AKTEN_DONE)
        places: list[tuple[Path, int] | None] = [None] * len(work.pages.scans)
        size = 0
        for document in _asked(settings, "documents"):
            if document["state"] != "stored":
                continue
            made = folder / f"{document['document']}.pdf"
            command = [str(AKTEN), "fetch", document["document"], "-o", str(made)]
            subprocess.run(command, env=settings, check=True, capture_output=True)
            size += made.stat().st_size
            for page in _asked(settings, "show", document["document"])["pages"]:
                if page["number"] is not None:
                    places[page["source_page"] - 1] = made, page["number"] - 1
        return Made(spent, size, places)


@dataclass(frozen=True, slots=True)
class OcrMyPdf:
    """OCRmyPDF with options."""

    name: str
    options: tuple[str, ...]

    def command(self, work: Work) -> str:
        """What a person would type."""
        return " ".join(["ocrmypdf", "-l", work.pages.language, *self.options, "--jobs", str(JOBS)])

    def make(self, work: Work, folder: Path) -> Made:
        """Recognise and optimise."""
        made = folder / "made.pdf"
        words = ["-l", work.pages.language, *self.options, "--jobs", str(JOBS)]
        command = [str(PEERS / "ocrmypdf"), *words, str(work.pdf), str(made)]
        spent = programs.run(self.name, command, environment(ONE_THREAD), folder, OCRMYPDF_DONE)
        return _one_file(spent, made, work)


@dataclass(frozen=True, slots=True)
class RecodePdf:
    """archive-pdf-tools' recode_pdf with options; masks in CCITT Group 4, JPEG 2000 by OpenJPEG."""

    name: str
    options: tuple[str, ...]

    def command(self, work: Work) -> str:
        """What a person would type."""
        return " ".join(["recode_pdf", *self._words(work), "-P", "scan.pdf", "-T", "scan.hocr"])

    def make(self, work: Work, folder: Path) -> Made:
        """Recode the set; the recognition it needs is made before and not in its figures."""
        made = folder / "made.pdf"
        files = ["-P", str(work.pdf), "-T", str(work.hocr), "-o", str(made)]
        command = [str(PEERS / "recode_pdf"), *self._words(work), *files]
        spent = programs.run(self.name, command, environment(ONE_THREAD), folder)
        return _one_file(spent, made, work)

    def _words(self, work: Work) -> list[str]:
        return [
            "-J",
            "openjpeg",
            "--mask-compression",
            "ccitt",
            *self.options,
            "-D",
            str(resolution(work.pages)),
        ]


def makers() -> list[Maker]:
    """Everybody, in the order of the tables."""
    return [
        *(Akten(name, profile) for name, profile in PROFILES.items()),
        OcrMyPdf(DEFAULT, ()),
        OcrMyPdf(OPTIMISED, ("-O3",)),
        OcrMyPdf(OPTIMISING, ("-O3", "--tesseract-timeout", "0")),
        RecodePdf(RECODED, ()),
        RecodePdf(RECODED_BEST, ("--bg-downsample", "3")),
    ]


def told(profile: str) -> Mapping[str, str]:
    """What an environment says so that a product gets this profile."""
    return {"AKTEN_PRODUCT__PROFILE": profile}


def hocr(pages: PageSet, target: Path) -> Spent:
    """Recognise a set by the Tesseract program into one hOCR file ``target`` (``.hocr``); what that took."""
    listed = target.with_suffix(".txt")
    listed.write_text("".join(f"{scan.path}\n" for scan in pages.scans))
    words = ["-l", pages.language, "--dpi", str(resolution(pages)), "hocr"]
    command = ["tesseract", str(listed), str(target.with_suffix("")), *words]
    return programs.run("tesseract", command, environment(ONE_THREAD), target.parent)


def resolution(pages: PageSet) -> int:
    """Dots per inch of a set: the median of its pages'."""
    return round(median(scan.dpi for scan in pages.scans))


def _asked(settings: Mapping[str, str], *words: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(subprocess.check_output([AKTEN, *words, "--json"], env=settings))


def _one_file(spent: Spent, made: Path, work: Work) -> Made:
    places = [(made, number) for number in range(len(work.pages.scans))]
    return Made(spent, made.stat().st_size, places)
