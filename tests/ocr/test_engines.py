"""The contract of ``OcrEngine``, held by all: what they read, and how a page that breaks one ends."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from errors import LanguageMissing, PackageMissing, ReaderKilled, RecognitionFailed
from ocr import tesserocr_engine
from ocr.engine import Layout, Manner, OcrEngine
from ocr.lines import layout
from ocr.lines.engine import Lines
from ocr.records import text_of
from ocr.tesseract import Tesseract
from ocr.tesserocr_engine import Tesserocr

GERMAN = Manner("deu", 200)
WHITE = np.full((60, 60), 255, np.uint8)


def lines(memory_mb=4000):
    return Lines(Tesseract(), memory_mb=memory_mb)


def broken(kind, monkeypatch, breaking, **options):
    """An engine whose library does ``breaking`` instead of reading."""
    engine = kind(**options)
    if kind is lines:
        monkeypatch.setattr(layout, "find", lambda *_, **__: breaking())
    else:
        monkeypatch.setattr(engine, "_load", lambda _: breaking())
    return engine


LIBRARIES = pytest.mark.parametrize("kind", [lines, Tesserocr])
ENGINES = pytest.mark.parametrize("kind", [lines, Tesseract, Tesserocr])


@ENGINES
def test_a_page_reads_the_same_after_any_other(kind, draw):
    engine: OcrEngine = kind()
    engine.warm_up("deu")
    page = draw.page(draw.letter[:2])
    words = engine.read(page, GERMAN)
    assert text_of(words) == "\n".join(draw.letter[:2])
    assert engine.read(255 - page, Manner("deu", 200, Layout.SPARSE, inverted=False)) != words
    assert engine.read(page, GERMAN) == words


@ENGINES
def test_an_engine_names_itself_and_its_models(kind):
    engine: OcrEngine = kind()
    assert engine.name.startswith("tesseract 5.")
    assert "deu" in engine.languages()
    with pytest.raises(LanguageMissing):
        engine.read(WHITE, Manner("deu+qaa_latn", 200))


@ENGINES
def test_a_page_that_takes_too_long_is_ended(kind):
    noise = np.random.default_rng(1).integers(0, 255, (2400, 1700)).astype(np.uint8)
    begun = time.monotonic()
    with pytest.raises(RecognitionFailed, match=r"no result in 0.2 s"):
        kind().read(noise, Manner("deu", 200, seconds=0.2))
    assert time.monotonic() - begun < 5


def test_the_program_may_fill_so_much_memory_only(fake_tesseract):
    fake_tesseract(f"exec '{sys.executable}' -S -c 'bytearray(3_000_000_000)'")
    with pytest.raises(RecognitionFailed, match="MemoryError"):
        Tesseract(memory_mb=1000).read(WHITE, GERMAN)


@LIBRARIES
@pytest.mark.parametrize(
    ("breaking", "error"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "it crashed"),
        (lambda: bytearray(3_000_000_000), "needs more than 1000 MB of memory"),
        (lambda: 1 / 0, "division by zero"),
        (lambda: os.kill(os.getpid(), signal.SIGSTOP), "no result in 0.5 s"),
    ],
)
def test_a_breaking_library_fails_the_page_only(kind, monkeypatch, breaking, error):
    engine = broken(kind, monkeypatch, breaking, memory_mb=1000)
    with pytest.raises(RecognitionFailed, match=error):
        engine.read(WHITE, Manner("deu", 200, seconds=0.5))


@LIBRARIES
def test_a_child_ended_by_somebody_is_no_fault_of_the_page(kind, monkeypatch):
    engine = broken(kind, monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(ReaderKilled):
        engine.read(WHITE, GERMAN)


@LIBRARIES
def test_an_interrupted_reading_leaves_no_child(kind, monkeypatch):
    class Enough(Exception):
        pass

    def ring(*_):
        raise Enough

    def children():
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    engine, known = broken(kind, monkeypatch, lambda: time.sleep(60)), children()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Enough):
            engine.read(WHITE, GERMAN)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert children() <= known


def test_a_missing_package_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(tesserocr_engine, "PACKAGE", "tesserocr_that_is_not_there")
    with pytest.raises(PackageMissing) as caught:
        Tesserocr()
    assert caught.value.params == {"package": "tesserocr_that_is_not_there", "setting": "ocr.engine"}
