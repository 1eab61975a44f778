"""``python -m bench.product.volume``: what binding long volumes takes, each in a process of its own.

    PAGES SCAN FOLDER    bind PAGES pages, all of them SCAN with words on it, in FOLDER; prints what that took

Nothing is recognised: the words are ready-made, two hundred on every page.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.drawn import KINDS, draw_page
from bench.machine import source
from bench.product.figures import Volume
from bench.programs import ONE_THREAD, ROOT, environment
from config.settings import load_settings
from ocr.records import Box, Recognition, Word
from pipeline.product.binding import ProductPage, assemble
from pipeline.scans.source import MM_PER_INCH, MediaType, Origin

PAGES = (250, 500, 1000, 2000)
_DPI = 150
_WIDTH, _HEIGHT = round(8.27 * _DPI), round(11.69 * _DPI)
_LINES, _WORDS = 25, 8
_KIBIBYTE = 1024


def measured(folder: Path, tell: Callable[[str], None]) -> Iterator[Volume]:
    """Bind volumes of growing length in either profile. Raises ``CalledProcessError`` if that fails."""
    kind = KINDS["dense"]
    scan = draw_page("volume", replace(kind, wear=replace(kind.wear, dpi=_DPI)), 0, folder)
    for profile in ("compact", "faithful"):
        for count in PAGES:
            command = [sys.executable, "-m", "bench.product.volume", str(count), str(scan.path), str(folder)]
            settings = environment(
                {**ONE_THREAD, "OPENBLAS_NUM_THREADS": "1", "AKTEN_PRODUCT__PROFILE": profile}
            )
            done = subprocess.run(command, env=settings, cwd=ROOT, check=True, stdout=subprocess.PIPE)
            found = Volume(profile, count, source=source(), **json.loads(done.stdout))
            tell(f"  {profile}, {count} pages: {found.memory:.0f} MB, {found.cpu / count:.3f} CPU s a page")
            yield found


def bind(count: int, scan: Path, folder: Path) -> dict[str, float]:
    """Bind ``count`` pages; the most memory in megabytes, processor seconds, bytes."""
    settings = load_settings(folder / "data")
    whole = Recognition(_words(), _WIDTH, _HEIGHT, 0, 0.0, 90.0, "deu", "none")
    width, height = (pixels / _DPI * MM_PER_INCH for pixels in (_WIDTH, _HEIGHT))
    page = ProductPage(scan, MediaType.JPEG, 1, Origin.IMAGE, whole, width, height)
    facts = assemble(
        (page for _ in range(count)), folder / "volume.pdf", title="Akte", limits=settings.limits
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "memory": used.ru_maxrss * _KIBIBYTE / 1e6,
        "cpu": used.ru_utime + used.ru_stime,
        "size": facts.size,
    }


def _words() -> tuple[Word, ...]:
    across, down = _WIDTH // (_WORDS + 1), _HEIGHT // (_LINES + 1)
    return tuple(
        Word(
            f"Wort{line}{place}",
            Box(across // 2 + place * across, down // 2 + line * down, across - 10, 20),
            90.0,
            line,
        )
        for line in range(_LINES)
        for place in range(_WORDS)
    )


if __name__ == "__main__":
    pages, path, place = sys.argv[1:]
    sys.stdout.write(json.dumps(bind(int(pages), Path(path), Path(place))))
