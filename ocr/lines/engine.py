"""Tesseract's layout analysis and models, run in another way: all lines of a page at once."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ocr import tesseract
from ocr.engine import Manner, OcrEngine
from ocr.lines import layout
from ocr.lines.traineddata import load
from ocr.records import Grey, Word, words_from_json, words_to_json

if TYPE_CHECKING:
    from ocr.lines.reading import Reader


class Lines:
    """An ``OcrEngine``: each page is read in a forked child of one thread.

    Models loaded by ``warm_up`` are inherited by every child, as are the pixels. A page for which a model
    is needed that is not run here, as those that read from right to left, is left to ``program``, and so is
    one that seems to be empty. ``memory_mb`` is what a child may fill, in megabytes.
    """

    def __init__(self, program: OcrEngine, *, memory_mb: int = 4000) -> None:
        self._program = program
        self._memory_mb = memory_mb
        self._loaded: dict[str, Reader | None] = {}

    @property
    def name(self) -> str:
        """What reads, e.g. ``tesseract 5.3.0 (lines, onnxruntime 1.32.0)``."""
        return f"{self._program.name} (lines, onnxruntime {_release()})"

    def languages(self) -> frozenset[str]:
        """The names of all installed models."""
        return self._program.languages()

    def warm_up(self, language: str) -> None:
        """Load library and models for all pages to come; raises ``ToolMissing`` or ``LanguageMissing``."""
        self._program.warm_up(language)
        layout.library()
        _release()
        self._readers(language)

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        """Recognise ``image`` as it lies; boxes in its pixels. Raises as ``OcrEngine`` says."""
        tesseract.require(manner.language)
        readers = self._readers(manner.language)
        if readers is None:
            return self._program.read(image, manner)
        words = tesseract.read_in_child(lambda: _words(image, manner, readers), manner, self._memory_mb)
        # Nothing is also what layout analysis says when memory fails it, or an image is too large for it.
        return words_from_json(json.loads(words)) or self._program.read(image, manner)

    def _readers(self, language: str) -> tuple[Reader, ...] | None:
        """The models of ``language``, loaded; None where one is not for us."""
        found = [self._reader(name) for name in language.split("+")]
        readers = tuple(reader for reader in found if reader is not None)
        return readers if len(readers) == len(found) else None

    def _reader(self, name: str) -> Reader | None:
        if name not in self._loaded:
            try:
                model = load(Path(tesseract.models_folder()) / f"{name}.traineddata")
            except OSError:  # the program says what is wrong with it
                return None
            self._loaded[name] = _reading().Reader(model) if model and not model.right_to_left else None
        return self._loaded[name]


@cache
def _release() -> str:
    """onnxruntime's version: looked up once a worker, not again in every process forked for a page."""
    return version("onnxruntime")


def _reading() -> ModuleType:
    """The part that needs onnxruntime and onnx: loaded where pages are read, since it takes 0.3 s."""
    return import_module("ocr.lines.reading")


def _words(image: Grey, manner: Manner, readers: tuple[Reader, ...]) -> bytes:
    """In the child: the words as JSON."""
    try:
        words = _reading().read(image, manner, readers)
    except Exception as error:
        if "bad_alloc" in str(error):  # how onnxruntime tells it
            raise MemoryError from error
        raise
    return json.dumps(words_to_json(words)).encode()
