"""A page image in, its words out. The way of every page, top to bottom."""

from __future__ import annotations

import time
from dataclasses import replace

from ocr import escalation, language, orientation
from ocr.engine import OcrEngine
from ocr.options import OcrOptions
from ocr.reader import Reader, Way
from ocr.records import Pixels, Recognition
from ocr.scan import Scan
from ocr.score import confidence_of, legible, may_lie_wrongly


def recognise(pixels: Pixels, *, dpi: float, engine: OcrEngine, options: OcrOptions) -> Recognition:
    """Recognise a page image of ``dpi``; see ``Recognition`` for the geometry of what comes back.

    The page is read once, as it lies, and that is all for a page that reads well. One that does not is read
    again in other ways while time lasts, and the best is kept.

    Raises ``RecognitionFailed`` when the engine breaks or exceeds its time on the first reading; later it
    costs no more than that attempt. An image is never too odd.
    """
    deadline = time.monotonic() + options.time_limit
    reader = Reader(Scan(pixels, dpi, options), engine, options, deadline)
    reading = reader.first(Way(options.language))
    if escalation.is_poor(reading):
        reading = escalation.sized(reader, reading)
    if may_lie_wrongly(reading.words):
        reading = orientation.upright(reader, reading)
    told = language.suited(reader, reading)
    if escalation.is_poor(told.reading):
        told = replace(told, reading=escalation.improved(reader, told.reading))
    return _recognition(reader, told)


def _recognition(reader: Reader, told: language.Told) -> Recognition:
    reading = told.reading
    frame = reading.frame
    return Recognition(
        words=legible(reading.words),
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        skew=frame.skew,
        confidence=confidence_of(reading.words),
        language=told.language,
        engine=reader.engine.name,
        attempts=tuple(reader.attempts),
        grown=frame.grown,
        missing=told.missing,
    )
