"""A batch on disk: plan, draw, scan and write case files, and keep the truth about every page."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from tests.specimens import plan
from tests.specimens.faults import Faults, write_faults
from tests.specimens.plan import Source
from tests.specimens.press import Press
from tests.specimens.sheets import PlainSheets, SheetMaker
from tests.specimens.truth import SourceTruth, Truth, VolumeTruth

_COLUMNS = ("Aktenzeichen", "Band", "Name", "Karton", "Bemerkung", "Seiten")
_NOBODY_ELSE = str.maketrans("łŁıđĐ", "lLidD")  # letters Unicode does not take apart


def write_inventory(out: Path, seed: int = 1, size: str = "demo", *, case_files: int = 20) -> Path:
    """Write ``out/bestand.csv``, the batch's inventory, as German office software does; return its path.

    It is the one ``build_batch`` writes, but quick: nothing is drawn. ``;`` between the columns, CR LF,
    Latin-1; letters Latin-1 lacks have lost their marks.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "bestand.csv"
    with path.open("w", encoding="latin-1", newline="") as stream:
        table = csv.writer(stream, delimiter=";")
        table.writerow(_COLUMNS)
        for row in _volumes(plan.make(seed, size, case_files)):
            table.writerow((row.file_number, row.volume, row.holder, row.box, row.remark, row.pages))
    return path


def build_batch(
    out: Path,
    seed: int = 1,
    size: str = "demo",
    sheets: SheetMaker | None = None,
    *,
    faults: Faults | None = None,
    case_files: int = 20,
) -> Truth:
    """Write the inventory, the scans and ``truth.json`` of a batch into ``out``; return the truth.

    The same arguments give the same bytes. ``faults``: no unusable file, one (the default for ``demo``),
    or one of each sort and a duplicate. ``case_files`` counts for ``large`` only.
    Raises ``errors.ToolMissing`` when a font is not installed, ``ValueError`` for an unknown size.
    """
    sources = plan.make(seed, size, case_files)
    write_inventory(out, seed, size, case_files=case_files)
    press = Press(out, seed, sheets or PlainSheets(), plan.volumes(sources))
    truths = [truth for source in sources for truth in press.write(source)]
    _write_manifest(out, truths)
    truths += write_faults(out, faults or ("one" if size == "demo" else "none"), truths)
    truth = Truth(seed, size, _volumes(sources), tuple(truths))
    truth.write(out / "truth.json")
    return truth


def _volumes(sources: Sequence[Source]) -> tuple[VolumeTruth, ...]:
    return tuple(
        VolumeTruth(
            file_number=case.file_number,
            volume=volume,
            holder=_latin1(f"{case.person.family}, {case.person.given}"),
            box=case.box,
            remark="Folgeband" if volume > 1 else "",
            pages=pages,
        )
        for (case, volume), pages in plan.volumes(sources).items()
    )


def _latin1(name: str) -> str:
    def plain(letter: str) -> str:
        return letter if ord(letter) < 256 else unicodedata.normalize("NFKD", letter)[0]

    return "".join(plain(letter) for letter in name.translate(_NOBODY_ELSE))


def _write_manifest(out: Path, sources: Sequence[SourceTruth]) -> None:
    """The contractor's list of what was delivered; paths are relative to it."""
    delivered = [source for source in sources if source.path.startswith(f"{plan.DELIVERY}/")]
    if not delivered:
        return
    with (out / plan.DELIVERY / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("path", "file_number", "volume", "pages", "sha256"))
        for source in delivered:
            digest = hashlib.sha256((out / source.path).read_bytes()).hexdigest()
            first = source.pages[0]
            name = source.path.removeprefix(f"{plan.DELIVERY}/")
            table.writerow((name, first.file_number, first.volume, len(source.pages), digest))
