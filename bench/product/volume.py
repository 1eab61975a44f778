"""``python -m bench.product.volume``: what binding takes by itself, in a process of its own.

    PAGES FOLDER SCAN…    bind PAGES pages in FOLDER, the scans over and over; prints what that took

Nothing is recognised: the words are ready-made, two hundred on every page.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from bench.drawn import KINDS, draw_page
from bench.machine import most_memory, source
from bench.product.figures import Volume
from bench.product.makers import PROFILES, told
from bench.programs import ONE_THREAD, ROOT, environment
from config.settings import load_settings
from ocr.records import Box, Recognition, Word
from pipeline.product.binding import ProductPage, assemble
from pipeline.scans.source import MM_PER_INCH, MediaType, Origin

PAGES = (250, 500, 1000, 2000)
_DPI = 150
_UNTOLD_DPI = 300
_DIFFERENT = 4  # pages that take turns
_LINES, _WORDS = 25, 8


@dataclass(frozen=True, slots=True)
class Bound:
    """What binding took: the process's most memory in megabytes, processor seconds of binding; bytes."""

    memory: float
    cpu: float
    size: int


def measured(folder: Path, tell: Callable[[str], None]) -> Iterator[Volume]:
    """Bind volumes of growing length in either profile. Raises ``CalledProcessError`` if that fails."""
    kind = KINDS["dense"]
    coarse = replace(kind, wear=replace(kind.wear, dpi=_DPI))
    scans = [draw_page("volume", coarse, number, folder).path for number in range(_DIFFERENT)]
    for profile in PROFILES.values():
        for count in PAGES:
            found = alone(profile, scans, count, folder)
            tell(f"  {profile}, {count} pages: {found.memory:.0f} MB, {found.cpu / count:.3f} CPU s a page")
            yield Volume(profile, count, found.memory, found.cpu, found.size, source())


def alone(profile: str, scans: Sequence[Path], count: int, folder: Path) -> Bound:
    """Bind ``count`` pages of ``scans`` in turn, in a process of its own."""
    command = [sys.executable, "-m", "bench.product.volume", str(count), str(folder), *map(str, scans)]
    settings = environment({**ONE_THREAD, "OPENBLAS_NUM_THREADS": "1", **told(profile)})
    done = subprocess.run(command, env=settings, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return Bound(**json.loads(done.stdout))


def bind(scans: Sequence[Path], count: int, folder: Path) -> dict[str, float]:
    """Bind ``count`` pages here; the fields of :class:`Bound`."""
    settings = load_settings(folder / "data")
    pages = islice(cycle([_page(path) for path in scans]), count)
    target, profile = folder / "volume.pdf", settings.product.profile
    before = _processor()
    facts = assemble(pages, target, title="Akte", profile=profile, limits=settings.limits)
    return {"memory": most_memory(), "cpu": _processor() - before, "size": facts.size}


def _processor() -> float:
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in own)


def _page(path: Path) -> ProductPage:
    with Image.open(path) as image:
        (width, height), dpi = image.size, float(image.info.get("dpi", (_UNTOLD_DPI,))[0])
    media = MediaType.TIFF if path.suffix == ".tif" else MediaType.JPEG
    whole = Recognition(_words(width, height), width, height, 0, 0.0, 90.0, "deu", "none")
    across, down = (pixels / dpi * MM_PER_INCH for pixels in (width, height))
    return ProductPage(path, media, 1, Origin.IMAGE, whole, across, down)


def _words(width: int, height: int) -> tuple[Word, ...]:
    across, down = width // (_WORDS + 1), height // (_LINES + 1)
    return tuple(
        Word(
            f"Wort{line}{place}",
            Box(across // 2 + place * across, down // 2 + line * down, across * 9 // 10, down // 3),
            90.0,
            line,
        )
        for line in range(_LINES)
        for place in range(_WORDS)
    )


if __name__ == "__main__":
    pages, home, *files = sys.argv[1:]
    sys.stdout.write(json.dumps(bind([Path(path) for path in files], int(pages), Path(home))))
