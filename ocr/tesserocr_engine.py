"""Tesseract as a library, by the optional package tesserocr: no program starts, a model is loaded once."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any

from errors import PackageMissing
from ocr import tesseract
from ocr.engine import Manner
from ocr.records import Grey, Word

PACKAGE = "tesserocr"


class Tesserocr:
    """An ``OcrEngine``: each page is read in a forked child of one thread.

    A model loaded by ``warm_up`` is inherited by every child, as are the pixels; a child's end is the end of
    whatever a page left behind in the library, so that pages read the same in any order.

    ``memory_mb`` is what a child may fill, in megabytes. Raises ``PackageMissing``.
    """

    def __init__(self, *, memory_mb: int = 4000) -> None:
        self._memory_mb = memory_mb
        self._library = _library()
        self._loaded: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Engine, version and package, e.g. ``tesseract 5.5.4 (tesserocr 2.13.0)``."""
        release = self._library.tesseract_version().split()[1]
        return f"tesseract {release} ({PACKAGE} {version(PACKAGE)})"

    def languages(self) -> frozenset[str]:
        """The names of all installed models: the program's, the library brings none along."""
        return tesseract.languages()

    def warm_up(self, language: str) -> None:
        """Load the models of ``language`` once for all pages to come; raises ``LanguageMissing``."""
        tesseract.require(language)
        if language not in self._loaded:
            self._loaded[language] = self._load(language)

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        """Recognise ``image`` as it lies; boxes in its pixels.

        Raises ``ToolMissing`` or ``LanguageMissing`` for models that are not installed, ``ReaderKilled`` when
        somebody ends the child, and ``RecognitionFailed`` when it breaks or exceeds its time or memory.
        """
        tesseract.require(manner.language)
        table = tesseract.read_in_child(lambda: self._table(image, manner), manner, self._memory_mb)
        return tesseract.parse_tsv(table.decode(errors="replace"))

    def _table(self, image: Grey, manner: Manner) -> bytes:
        """In the child: the words as Tesseract's TSV."""
        api = self._loaded.get(manner.language) or self._load(manner.language)
        height, width = image.shape
        api.SetPageSegMode(tesseract.SEGMENTATION[manner.layout])
        if not manner.inverted:
            api.SetVariable("invert_threshold", "0")
        api.SetImageBytes(image.tobytes(), width, height, 1, width)
        api.SetSourceResolution(manner.dpi)
        if not api.Recognize():
            raise RuntimeError("no result")
        return bytes(api.GetTSVText(0).encode())

    def _load(self, language: str) -> Any:  # noqa: ANN401 - the library has no types
        return self._library.PyTessBaseAPI(path=tesseract.models_folder(), lang=language)


def _library() -> Any:  # noqa: ANN401 - the library has no types
    try:
        return import_module(PACKAGE)
    except ImportError as error:
        raise PackageMissing(package=PACKAGE, setting="ocr.engine") from error
