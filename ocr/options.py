"""What may be chosen about recognition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """How pages are recognised; the defaults are the measured ones (docs/recognition.md).

    ``engine`` is Tesseract's models run by us, Tesseract as a program, or as a library by the package
    tesserocr. ``language`` is Tesseract's: ``deu``, or several as ``deu+eng``. ``languages`` are others that
    pages may be in, written alike: a page that turns out to need one is read in it, if its model is
    installed. ``dpi`` is the resolution for pages with too few letters to tell their size. ``time_limit`` is
    in seconds for one page: the engine is stopped then, and no further try at a page is begun.
    """

    engine: Literal["lines", "tesseract", "tesserocr"] = "lines"
    language: str = "deu"
    languages: str = "eng+fra+tur+rus+ukr+ara+fas"
    dpi: int = 200
    deskew: bool = True
    time_limit: float = 120.0

    @property
    def all_languages(self) -> tuple[str, ...]:
        """Every language once: those pages are read in, then the others expected."""
        return tuple(dict.fromkeys(code for code in f"{self.language}+{self.languages}".split("+") if code))
