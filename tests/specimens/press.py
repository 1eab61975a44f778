"""From the plan to files: every page is set, painted, worn, scanned and written, and its truth noted."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.specimens import files, letters, people, typeset
from tests.specimens.degrade import Pixels, Wear, back_of, scan
from tests.specimens.plan import Back, CaseFile, Cover, Document, Part, Separator, Source
from tests.specimens.sheets import DPI as SHEET_DPI
from tests.specimens.sheets import SheetMaker
from tests.specimens.truth import PageKind, PageTruth, SourceTruth


@dataclass(frozen=True, slots=True)
class Scanned:
    """A page off the scanner, and the truth about it."""

    pixels: Pixels
    wear: Wear
    truth: PageTruth


@dataclass
class Press:
    """Draws and writes the sources of one batch, one source in memory at a time."""

    out: Path
    seed: int
    sheets: SheetMaker
    expected: dict[tuple[CaseFile, int], int]
    documents: Counter[tuple[str, int]] = field(default_factory=Counter)

    def write(self, source: Source) -> list[SourceTruth]:
        """Write one source of the plan; a folder of JPEGs counts as a source a page."""
        path = self.out / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.form == "born_digital":
            return [self._born_digital(path, source)]
        pages = self._numbered(source)
        truths: list[PageTruth] = []
        if source.form == "jpegs":
            path.mkdir(exist_ok=True)
            found = []
            for number, page in enumerate(pages, start=1):
                name = f"{number:04d}.jpg"
                (path / name).write_bytes(_jpeg(page).data)
                found.append(SourceTruth(f"{source.path}/{name}", (replace(page.truth, number=1),)))
            return found
        if source.form == "tiff":
            scanned = list(pages)
            files.write_tiff(path, [page.pixels for page in scanned], scanned[0].wear.dpi)
            truths = [page.truth for page in scanned]
        else:
            files.write_pdf(path, _noting(pages, truths))
        return [SourceTruth(source.path, tuple(truths))]

    # --- pages ---------------------------------------------------------------------------------------

    def _numbered(self, source: Source) -> Iterator[Scanned]:
        number = 0
        for place, part in enumerate(source.parts):
            for page in self._part(f"{self.seed}/{source.path}/{place}", part):
                number += 1
                yield replace(page, truth=replace(page.truth, number=number))

    def _part(self, key: str, part: Part) -> Iterator[Scanned]:
        front: Pixels | None = None
        for place, item in enumerate(part.items):
            name = f"{key}/{place}"
            match item:
                case Cover():
                    yield self._cover(part, item.wear, name)
                case Separator():
                    yield self._separator(part, item, name)
                case Back():
                    yield self._back(part, item.wear, front, name)
                case Document():
                    for page, clean in self._document(part, item, name):
                        front = clean
                        yield page

    def _document(self, part: Part, item: Document, key: str) -> Iterator[tuple[Scanned, Pixels]]:
        letter, pages = self._letter(part, item, key)
        document = self._next_document(part)
        for place, (page, wear) in enumerate(zip(pages, item.wears, strict=True)):
            typewriter = random.Random(key) if letter.face == "mono" else None
            clean = typeset.paint(page, wear.dpi, typewriter=typewriter)
            pixels = scan(clean, wear, _generator(f"{key}/{place}"), page.marks)
            truth = replace(_content(part, wear, letter, page), document=document)
            yield Scanned(pixels, wear, truth if place == 0 else replace(truth, cued=False)), clean

    def _letter(
        self, part: Part, item: Document, key: str
    ) -> tuple[letters.Letter, tuple[typeset.Page, ...]]:
        rng = random.Random(key)
        person = part.case.person if part.case else people.invent(rng)
        number = part.case.file_number if part.case else "33.2-2018/090001"
        letter = letters.write(item.template, people.facts(person, number, rng), rng)
        return letter, typeset.compose(letter)

    def _next_document(self, part: Part) -> int | None:
        if part.case is None:
            return 1
        volume = (part.case.file_number, part.volume)
        self.documents[volume] += 1
        return self.documents[volume]

    def _cover(self, part: Part, wear: Wear, key: str) -> Scanned:
        if part.case is None:
            raise ValueError("a cover sheet needs a case file")
        pages = self.expected[part.case, part.volume]
        image = self.sheets.cover(part.case.file_number, part.volume, pages)
        return Scanned(_sheet(image, wear, key), wear, _truth(part, wear, "cover"))

    def _separator(self, part: Part, item: Separator, key: str) -> Scanned:
        truth = replace(_truth(part, item.wear, "separator"), document_type=item.document_type)
        return Scanned(_sheet(self.sheets.separator(item.document_type), item.wear, key), item.wear, truth)

    def _back(self, part: Part, wear: Wear, front: Pixels | None, key: str) -> Scanned:
        if front is None:
            raise ValueError("a blank back needs a page before it")
        width, height = (round(side * wear.dpi / 72) for side in typeset.PAPER["A4"])
        small = cv2.resize(front, (width, height), interpolation=cv2.INTER_AREA)
        ghost = back_of(np.asarray(small, dtype=np.uint8), wear.bleed)
        return Scanned(scan(ghost, wear, _generator(key)), wear, _truth(part, wear, "blank"))

    def _born_digital(self, path: Path, source: Source) -> SourceTruth:
        pages: list[typeset.Page] = []
        truths: list[PageTruth] = []
        for place, part in enumerate(source.parts):
            for index, item in enumerate(part.items):
                if not isinstance(item, Document):
                    raise TypeError("a born-digital file holds documents only")
                letter, made = self._letter(part, item, f"{self.seed}/{source.path}/{place}/{index}")
                document = self._next_document(part)
                for page, wear in zip(made, item.wears, strict=True):
                    pages.append(page)
                    truth = replace(_content(part, wear, letter, page), document=document, number=len(pages))
                    cued = letter.cued and page is made[0]
                    truths.append(replace(truth, cued=cued, clean=letter.clean, born_digital=True))
        files.write_born_digital(path, pages)
        return SourceTruth(source.path, tuple(truths))


def _sheet(image: Image.Image, wear: Wear, key: str) -> Pixels:
    """Scan a sheet drawn at 300 dpi in the resolution ``wear`` asks for."""
    page = np.asarray(image.convert("L"))
    if wear.dpi != SHEET_DPI:
        scale = wear.dpi / SHEET_DPI
        page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return scan(page, wear, _generator(key))


def _truth(part: Part, wear: Wear, kind: PageKind) -> PageTruth:
    return PageTruth(
        number=1,
        kind=kind,
        file_number=part.case.file_number if part.case else None,
        volume=part.volume if part.case else None,
        document=None,
        document_type=None,
        lines=(),
        clean=False,
        cued=False,
        rotation=wear.rotation,
        language="deu",
        dpi=wear.dpi,
        colour=wear.colour,
    )


def _content(part: Part, wear: Wear, letter: letters.Letter, page: typeset.Page) -> PageTruth:
    return replace(
        _truth(part, wear, "content"),
        document_type=letter.document_type,
        lines=page.texts,
        clean=letter.clean and wear.mild,
        cued=letter.cued,
        language=letter.language,
    )


def _jpeg(page: Scanned) -> files.Jpeg:
    return files.jpeg(page.pixels, page.wear.dpi, page.wear.quality)


def _noting(pages: Iterable[Scanned], truths: list[PageTruth]) -> Iterator[files.Jpeg]:
    """Compress pages one by one, so that one is in memory at a time, and keep their truth."""
    for page in pages:
        truths.append(page.truth)
        yield _jpeg(page)


def _generator(key: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(key.encode("utf-8")))
