"""Who is measured, each on a whole PDF: OCRmyPDF in two ways, our main job, and recognition alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.meter import Spent
from bench.programs import (
    AKTEN,
    AKTEN_DONE,
    JOBS,
    OCRMYPDF_DONE,
    ONE_THREAD,
    PEERS,
    ROOT,
    environment,
    pdf_texts,
    run,
)
from ocr.records import text_of, words_from_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a PDF: processor and clock seconds, bytes of the product, the text found.

    ``texts`` holds one text a page, by the way it was taken from what was made.
    """

    spent: Spent
    size: int = 0
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Contestant(Protocol):
    """Something that recognises the pages of a PDF."""

    @property
    def name(self) -> str:
        """What it is called in figures and tables."""

    def run(self, pdf: Path, language: str, pages: int, folder: Path) -> Outcome:
        """Recognise all ``pages`` of ``pdf``; ``folder`` is empty and its own."""


@dataclass(frozen=True, slots=True)
class OcrMyPdf:
    """OCRmyPDF as a program, with options, and what is added to its environment."""

    name: str
    options: tuple[str, ...]
    environment: Mapping[str, str]

    def command(self, language: str) -> str:
        """What a person would type."""
        return " ".join(["ocrmypdf", "-l", language, *self.options, "--jobs", str(JOBS)])

    def run(self, pdf: Path, language: str, pages: int, folder: Path) -> Outcome:
        """Recognise all ``pages`` of ``pdf``."""
        made = folder / "made.pdf"
        command = [str(PEERS / "ocrmypdf"), "-l", language, *self.options, "--jobs", str(JOBS), str(pdf)]
        spent = run(self.name, [*command, str(made)], environment(self.environment), folder, OCRMYPDF_DONE)
        texts = {"pdf": pdf_texts(made, pages), "pdf raw": pdf_texts(made, pages, "-raw")}
        return Outcome(spent, made.stat().st_size, texts)


@dataclass(frozen=True, slots=True)
class MainJob:
    """``akten run`` in a fresh data folder: from ingest to a stored, indexed PDF, servers and all.

    ``engine`` as in the settings; empty: the default.
    """

    name: str = "akten"
    engine: str = ""

    def run(self, pdf: Path, language: str, pages: int, folder: Path) -> Outcome:
        """Digitise ``pdf``; a page that is in no product has no text."""
        data = folder / "data"
        settings = environment(
            {"AKTEN_DATA": str(data), "AKTEN_LANGUAGE": "en", **_recognition(language, self.engine)}
        )
        command = [str(AKTEN), "run", "--json", "--workers", str(JOBS), str(pdf)]
        spent = run("akten", command, settings, folder, AKTEN_DONE)

        def ask(*words: str) -> Any:  # noqa: ANN401 - JSON
            return json.loads(subprocess.check_output([AKTEN, *words, "--json"], env=settings))

        stored, product, size = [""] * pages, [""] * pages, 0
        for document in ask("documents"):
            if document["state"] != "stored":
                continue
            made = folder / f"{document['document']}.pdf"
            subprocess.check_call(
                [AKTEN, "fetch", document["document"], "-o", made, "--data", data], **_QUIET
            )
            size += document["bytes"]
            layer = pdf_texts(made, document["pages"])
            for page in ask("show", document["document"])["pages"]:
                if page["number"] is not None:
                    place = page["source_page"] - 1
                    stored[place] = text_of(words_from_json(page["words"]))
                    product[place] = layer[page["number"] - 1]
        return Outcome(spent, size, {"stored words": stored, "pdf": product})


@dataclass(frozen=True, slots=True)
class Bare:
    """Nothing but the engine's first reading of the images that our preparation makes of these pages."""

    name: str = "bare recognition"
    engine: str = ""

    def run(self, pdf: Path, language: str, pages: int, folder: Path) -> Outcome:
        """Prepare all pages, which is not measured, then read them, which is."""
        settings = environment(
            {
                **ONE_THREAD,
                "OPENBLAS_NUM_THREADS": "1",
                **_recognition(language, self.engine),
                "PYTHONPATH": str(ROOT),
            }
        )
        for step in ("prepare", "read"):
            command = [sys.executable, "-m", "bench.ocr.bare", step, str(pdf), str(folder)]
            subprocess.run(command, env=settings, cwd=folder, check=True)
        figures = json.loads((folder / "bare.json").read_text())
        return Outcome(Spent(figures["cpu"], figures["seconds"], 0))


def _recognition(language: str, engine: str) -> dict[str, str]:
    return {"AKTEN_OCR__LANGUAGE": language, **({"AKTEN_OCR__ENGINE": engine} if engine else {})}


_QUIET: Mapping[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def peers(environment: Mapping[str, Mapping[str, str]]) -> Iterator[OcrMyPdf]:
    """OCRmyPDF plain, and with what makes it straighten, clean and turn; each in its environment."""
    for name, options in PEER_OPTIONS.items():
        yield OcrMyPdf(name, options, environment.get(name, {}))


PEER_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "ocrmypdf": (),
    "ocrmypdf, cleaning": ("--deskew", "--clean", "--rotate-pages"),
}
