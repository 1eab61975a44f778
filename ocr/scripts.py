"""Scripts: which a model reads, which a text is written in, and which a Latin model mistook for Latin."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

LATIN = "LATIN"
CYRILLIC = "CYRILLIC"
ARABIC = "ARABIC"

#: Scripts are called as Unicode's names of their letters begin. Models that are not named here are Latin.
_MODELS = {
    CYRILLIC: "rus ukr bul bel mkd srp kaz kir mon tgk",
    ARABIC: "ara fas urd pus uig snd",
    "HEBREW": "heb yid",
    "ETHIOPIC": "amh tir",
    "GREEK": "ell grc",
    "DEVANAGARI": "hin mar nep san",
    "GEORGIAN": "kat",
    "ARMENIAN": "hye",
    "BENGALI": "ben",
    "TAMIL": "tam",
    "SINHALA": "sin",
    "THAI": "tha",
}
_SCRIPT_OF = {model: script for script, models in _MODELS.items() for model in models.split()}
_LONG = 4
_ODD = 0.3
_SHORT = 4.0


def script_of(model: str) -> str:
    """The script that a model reads: ``LATIN``, ``CYRILLIC``, ``ARABIC``, …"""
    return _SCRIPT_OF.get(model, LATIN)


def letters_of(text: str, script: str) -> int:
    """How many letters of ``text`` belong to ``script``."""
    return sum(unicodedata.name(char, "").startswith(script) for char in text if char.isalpha())


def has_capital_within(word: str) -> bool:
    """Whether a capital follows a small letter: Cyrillic small letters look like capitals (в, н, к, т)."""
    return any(a.islower() and b.isupper() for a, b in pairwise(word))


def guess(misread: Sequence[str]) -> str | None:
    """Guess which script lies behind words that a Latin model misread; None where nothing speaks for one.

    Cyrillic words have capitals in their middle: 40 to 80 of 100, others 0 to 15. Arabic words fall apart,
    into two or three characters each, not six.
    """
    long = [word for word in misread if len(word) >= _LONG]
    odd = sum(map(has_capital_within, long))
    if long and odd >= _ODD * len(long):
        return CYRILLIC
    return ARABIC if sum(map(len, misread)) < _SHORT * len(misread) else None
