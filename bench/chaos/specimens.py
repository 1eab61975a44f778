"""Deliveries of tiny pages with corrupt files among them, and what has to become of every page.

The same seed makes the same bytes, volume ids included. A volume's papers lie in one delivery, so that the
order in which deliveries come in changes no product.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.sheets.codes import encode_cover, encode_separator, new_sheet_id
from storage.file_numbers import file_key
from storage.ledger import Ledger, inventory
from tests.office import as_jpeg, blank, coded, page, save, save_tiff
from tests.specimens.faults import encrypted, huge_png, truncated
from tests.specimens.files import write_pdf

SURNAMES = ("Zaunkönig", "Wendehals", "Steinschmätzer", "Rohrdommel", "Mauersegler", "Goldammer")
WORDS = ("Brieftaube", "Regenschirm", "Fahrradkette", "Kirschbaum", "Wasserturm", "Bahnsteig", "Dachziegel")
TYPES = ("court_decision", "payslip", "rental_contract")
NO_PAGE = "like no page that was scanned"
#: Of a page's ink may have become paper, or the reverse: its edges, where scans are not kept bit by bit.
_EDGES = 0.1
_BETWEEN_INK_AND_PAPER = 128


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the inventory; ``ids`` are its case file's and its own."""

    file_number: str
    holder: str
    ids: tuple[str, str]
    expected_pages: int


@dataclass(slots=True)
class Specimens:
    """What was made: ``stored`` counts content pages by the fingerprint of their pixels, ``ink`` is where
    each has some (True).

    ``stages`` counts all pages by what becomes of them, ``spoiled`` maps files, or pages of files, to
    the reason of their quarantine, ``private`` holds what no log may say.
    """

    deliveries: list[Path] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    stored: Counter[str] = field(default_factory=Counter)
    ink: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    stages: Counter[str] = field(default_factory=Counter)
    spoiled: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=lambda: {*SURNAMES, *WORDS})

    def keep(self, image: Image.Image) -> None:
        """Note a page that has to be stored."""
        name = fingerprint(image)
        self.stages["stored"] += 1
        self.stored[name] += 1
        self.ink[name] = _ink(image)

    def most_like(self, image: Image.Image) -> str:
        """The fingerprint of the page an image shows, which may be compressed with loss, or ``NO_PAGE``."""

        def apart(name: str) -> float:
            kept = self.ink[name]
            shown = _ink(image.resize(kept.shape[::-1], Image.Resampling.BOX))
            return float((shown != kept).sum() / max(1, kept.sum()))

        distance, nearest = min(((apart(name), name) for name in self.ink), default=(1.0, NO_PAGE))
        return nearest if distance < _EDGES else NO_PAGE

    def register(self, ledger: Ledger) -> None:
        """Put the inventory into a ledger, under the ids that stand on the cover sheets."""
        with ledger.write() as tx:
            for volume in self.volumes:
                inventory.put(
                    tx,
                    file_number=volume.file_number,
                    file_key=file_key(volume.file_number),
                    number=1,
                    new_ids=volume.ids,
                    in_inventory=True,
                    holder=volume.holder,
                    expected_pages=volume.expected_pages,
                )


def build(folder: Path, seed: int, pages: int, deliveries: int) -> Specimens:
    """Write about ``pages`` pages into as many folders as ``deliveries``; the rest follows from the seed."""
    made = Specimens()
    for number in range(deliveries):
        target = folder / f"lieferung-{number + 1:02}"
        target.mkdir(parents=True)
        made.deliveries.append(target)
        wanted = round(pages * (number + 1) / deliveries)
        _Press(made, target, random.Random(f"{seed}/{number}")).run(wanted)
    return made


def fingerprint(image: Image.Image) -> str:
    """The pixels of an image, whatever it was compressed with."""
    grey = image.convert("L")
    return hashlib.sha256(f"{grey.size}".encode() + grey.tobytes()).hexdigest()


def _ink(image: Image.Image) -> npt.NDArray[np.bool_]:
    return np.asarray(image.convert("L")) < _BETWEEN_INK_AND_PAPER


class _Press:
    """Writes one delivery."""

    def __init__(self, made: Specimens, folder: Path, rng: random.Random) -> None:
        self._made, self._folder, self._rng = made, folder, rng
        self._delivery = len(made.deliveries)
        self._number = 0

    def run(self, wanted: int) -> None:
        """Write files of all sorts, until ``wanted`` pages have been made in all deliveries together."""
        self._corrupt()
        while True:
            for write in (self._pdf, self._images, self._tiff, self._spoiled, self._nobodys):
                if sum(self._made.stages.values()) >= wanted:
                    return
                write()

    # --- files ---------------------------------------------------------------------------------------

    def _pdf(self) -> None:
        """A volume as a PDF named after it, a blank page in it."""
        content = self._pages(3, 8)
        volume = self._volume(len(content))
        scans = [as_jpeg(image) for image in content]
        self._keep(*(Image.open(io.BytesIO(scan.data)) for scan in scans))
        scans.insert(self._rng.randrange(1, len(scans)), as_jpeg(blank()))
        write_pdf(self._folder / f"{_as_name(volume)}.pdf", scans)
        self._made.stages["blank"] += 1

    def _images(self) -> None:
        """Two volumes scanned one after the other into a folder of images, behind their cover sheets."""
        folder = self._folder / f"stapel-{self._next()}"
        place = 0
        for ending in ("jpg", "png"):
            content = self._pages(2, 5)
            sheet = coded(encode_cover(self._volume(len(content)).ids[1]))
            for image in (sheet, *content):
                place += 1
                path = save(folder / f"{place:04}.{ending}", image)
                if image is not sheet:
                    self._keep(Image.open(path))
            self._made.stages["separator"] += 1
        save(folder / f"{place + 1:04}.png", Image.new("L", (600, 300 + self._next()), 255))
        self._made.stages["blank"] += 1

    def _tiff(self) -> None:
        """A volume as a TIFF of many pages: cover sheet, papers behind separator sheets."""
        content = self._pages(2, 6)
        half = len(content) // 2
        # One paper is missing: the number of pages sounds an alarm.
        cover = coded(encode_cover(self._volume(len(content) + 1).ids[1]))
        first, second = (coded(encode_separator(kind)) for kind in self._rng.sample(TYPES, 2))
        save_tiff(
            self._folder / f"scan{self._next():04}.tif",
            [cover, first, *content[:half], second, *content[half:]],
        )
        self._keep(*content)
        self._made.stages["separator"] += 3

    def _spoiled(self) -> None:
        """A volume's PDF, two of whose images are broken: one breaks off half-way, one is noise."""
        content = self._pages(2, 4)
        volume = self._volume(len(content) + 2)
        scans = [as_jpeg(image) for image in content]
        self._keep(*(Image.open(io.BytesIO(scan.data)) for scan in scans))
        half, noise = scans[0].data[: len(scans[0].data) // 2], b"\xff\xd8" + self._rng.randbytes(200)
        scans[1:1] = [replace(scans[0], data=data) for data in (half, noise)]
        path = self._folder / f"{_as_name(volume)}.pdf"
        write_pdf(path, scans)
        self._made.stages["quarantined"] += 2
        self._made.spoiled |= {f"{path.name}:{number}": "page_unreadable" for number in (2, 3)}

    def _nobodys(self) -> None:
        """Pages without name and cover sheet: they become a document nobody is assigned."""
        scans = [as_jpeg(image) for image in self._pages(1, 3)]
        self._keep(*(Image.open(io.BytesIO(scan.data)) for scan in scans))
        write_pdf(self._folder / f"scan{self._next():04}.pdf", scans)

    def _corrupt(self) -> None:
        """Files for the quarantine, one of each sort; none holds a page that could be counted."""
        (scan,) = (as_jpeg(image) for image in self._pages(1, 1))
        sorts: dict[str, Callable[[Path], object]] = {
            "encrypted": lambda path: encrypted(path, scan),
            "truncated": lambda path: truncated(path, scan),
            "mislabelled": lambda path: path.write_bytes(scan.data),
            "image_too_large": lambda path: huge_png(path, 50_000 + self._delivery),
        }
        for reason, write in sorts.items():
            path = self._folder / f"defekt{self._next():04}.{'png' if 'image' in reason else 'pdf'}"
            write(path)
            self._made.spoiled[f"{path.name}:None"] = reason

    # --- what they are made of -----------------------------------------------------------------------

    def _next(self) -> int:
        self._number += 1
        return self._delivery * 1000 + self._number

    def _pages(self, least: int, most: int) -> list[Image.Image]:
        return [
            page(f"{self._rng.choice(WORDS)} {self._next()}") for _ in range(self._rng.randint(least, most))
        ]

    def _volume(self, expected_pages: int) -> Volume:
        holder = f"{self._rng.choice(SURNAMES)}, {self._rng.choice(WORDS)}"
        ids = (new_sheet_id(self._rng), new_sheet_id(self._rng))
        volume = Volume(f"33.1-2021/{self._next():06}", holder, ids, expected_pages)
        self._made.volumes.append(volume)
        self._made.private |= {volume.file_number, _as_name(volume)}
        return volume

    def _keep(self, *content: Image.Image) -> None:
        for image in content:
            self._made.keep(image)


def _as_name(volume: Volume) -> str:
    return volume.file_number.replace("/", "_")
