"""How well a page was read, told from the reading itself."""

from __future__ import annotations

from collections.abc import Iterable

from ocr.records import Word

POOR = 70.0
"""Mean confidence below which a page may lie the wrong way up; pages that do are always below."""
FEW_CHARACTERS = 20.0
"""Sure characters below which nothing is certain about a page."""
_SURE = 60.0


def confidence_of(words: Iterable[Word]) -> float:
    """Return the mean confidence, each word weighing as much as it has characters; 0.0 without words."""
    weights = [(len(word.text), word.confidence) for word in words]
    total = sum(length for length, _ in weights)
    return sum(length * confidence for length, confidence in weights) / total if total else 0.0


def sure_characters(words: Iterable[Word]) -> float:
    """Letters and digits of words that are certainly upright, each counted by its word's confidence.

    A single character is no evidence: marks lying on their side are often read as l, i or o. Nor is a
    word in a tall box: Tesseract reads lines that run down the page as well as level ones.
    """
    return sum(
        sum(map(str.isalnum, word.text)) * word.confidence / 100
        for word in words
        if word.confidence >= _SURE and len(word.text) > 1 and word.box.width > word.box.height
    )


def is_doubtful(words: tuple[Word, ...]) -> bool:
    """Whether a page may lie the wrong way up: little that reads like text, or doubtful words."""
    return confidence_of(words) < POOR or sure_characters(words) < FEW_CHARACTERS
