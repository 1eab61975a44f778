"""A recognition engine that reads no image twice: tests draw the same slips again and again."""

from __future__ import annotations

import hashlib

from ocr.engine import Manner, OcrEngine
from ocr.records import Grey, Word

_read: dict[tuple[str, Manner, tuple[int, ...], bytes], tuple[Word, ...]] = {}


class Remembering:
    """Another ``engine``, asked for what no test of this process has asked it yet."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        return self._engine.name

    def languages(self) -> frozenset[str]:
        return self._engine.languages()

    def warm_up(self, language: str) -> None:
        self._engine.warm_up(language)

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        asked = (self.name, manner, image.shape, hashlib.sha256(image.tobytes()).digest())
        if asked not in _read:
            _read[asked] = self._engine.read(image, manner)
        return _read[asked]
