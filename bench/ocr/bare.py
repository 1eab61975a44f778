"""``python -m bench.ocr.bare``: recognition alone, in two steps, each a process of its own.

    prepare PDF FOLDER    open every page as the pipeline does, and keep the image its engine is given first
    read PDF FOLDER       read these images, and nothing else; what that took goes into FOLDER/bare.json

The engine is the one that is configured, called as our recognition calls it.
"""

from __future__ import annotations

import json
import pickle
import resource
import sys
import time
from pathlib import Path

from config import wiring
from config.settings import load_settings
from ocr.engine import Manner, OcrEngine
from ocr.recognise import recognise
from ocr.records import Grey, Word
from pipeline.scans.pages import MediaType, inspect, open_page


class _FirstReading(Exception):
    """Carries what the engine was given."""

    def __init__(self, image: Grey, manner: Manner) -> None:
        super().__init__()
        self.given = image, manner


class _Recorder:
    """An engine that reads nothing."""

    def __init__(self, engine: OcrEngine) -> None:
        self.name = engine.name
        self.languages = engine.languages
        self.warm_up = engine.warm_up

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        raise _FirstReading(image, manner)


def prepare(pdf: Path, folder: Path) -> None:
    """Keep what the engine is given first of every page, as ``NUMBER.pickle``."""
    settings = load_settings(folder / "data")
    recorder = _Recorder(wiring.engine(settings))
    for number in range(1, inspect(pdf, MediaType.PDF, settings.limits).pages + 1):
        image = open_page(pdf, MediaType.PDF, number, settings.limits)
        try:
            recognise(image.pixels, dpi=image.dpi, engine=recorder, options=settings.ocr)
        except _FirstReading as first:
            (folder / f"{number:05d}.pickle").write_bytes(pickle.dumps(first.given))


def read(folder: Path) -> None:
    """Read all of them; loading images is not measured, loading the engine's model is."""
    settings = load_settings(folder / "data")
    engine = wiring.engine(settings)
    before, begun = _processor(), time.monotonic()
    engine.warm_up(settings.ocr.language)
    used, seconds = _processor() - before, time.monotonic() - begun
    for path in sorted(folder.glob("*.pickle")):
        image, manner = pickle.loads(path.read_bytes())  # noqa: S301 - written by the step before
        before, begun = _processor(), time.monotonic()
        engine.read(image, manner)
        used, seconds = used + _processor() - before, seconds + time.monotonic() - begun
    (folder / "bare.json").write_text(json.dumps({"cpu": used, "seconds": seconds}))


def _processor() -> float:
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in own)


if __name__ == "__main__":
    step, source, target = sys.argv[1:]
    if step == "prepare":
        prepare(Path(source), Path(target))
    else:
        read(Path(target))
