"""A PDF page's own text, judged: which words are seen, whether they can be read, what else stands there.

Nothing is parsed here. Two pictures of the page, with its text and without, tell more surely than operators
which words a person sees: whatever hides them (white on white, under an image or a bar, clipped, rendering
mode 3, a layer switched off), taking them away changes nothing where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from ocr.records import Box, Grey, Pixels, Word
from pipeline.scans.source import OwnText, Why
from pipeline.scans.wording import garbage, letters, looks_wrong

#: Points, shape (n, 2): x and y in pixels.
Spots = npt.NDArray[np.float64]

#: Share of characters that mean nothing above which a font's encoding is not believed.
_MOST_GARBAGE = 0.1
#: Grey levels by which a word must change the page to be seen; very light print is at 20 and above.
_SEEN = 8
#: Of a word's box, at top and bottom: where neighbouring lines reach in.
_EDGE = 0.15
#: Grey levels below its surroundings at which a pixel is ink.
_INK = 48
#: Spots of the picture for each letter of a word that stands on them; letters touch, so fewer than one.
_ON_LETTERS = 0.3
#: Enough to tell letters from rules, and no matter for the memory of a giant sheet.
_SPOTS_DPI = 100
#: Heights, in inches, between which a connected spot may be a letter: a small x to a headline.
_LETTER_HEIGHTS = (0.025, 0.4)
#: Width by height: touching letters make wide spots, rules wider ones.
_WIDEST = 4
_DARK, _TRACE = 160, 1e-4
#: So many letter-like spots are a line of writing, not a ruled table or a coat of arms.
_WRITING = 30
#: Fewer letters are a page number or a heading on something that may have to be recognised.
_FEW_LETTERS = 25
#: So many letters that stand on writing are a layer of text, not a stamp across it.
_LAYER_LETTERS = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """What ``judge`` makes of a page's own text, and the words of it to be kept."""

    own: OwnText
    kept: tuple[Word, ...]


def judge(words: tuple[Word, ...], bare: Grey, dpi: float, *, is_scan: bool) -> Judged:
    """Decide what becomes of ``words`` that are seen, and whether the rest of the page is to be read.

    ``bare``, that rest, is the page's picture without text at ``dpi``; of a scan a single line of it counts.
    """
    count, share = letters(words), garbage(words)
    if share > _MOST_GARBAGE:
        return Judged(OwnText(Why.OWN_TEXT_ILLEGIBLE, count, share), ())
    spots = letter_spots(bare, dpi)
    layer = on_writing(words, spots)
    if letters(layer) >= max(_LAYER_LETTERS, count / 2):
        standing = frozenset(layer)
        kept = tuple(word for word in words if word not in standing)
        return Judged(OwnText(Why.IMAGE_WITH_OLD_LAYER, count, share, layer=layer), kept)
    doubtful = looks_wrong(words)
    sparse = (is_scan or count < _FEW_LETTERS) and has_ink(bare)
    why = Why.IMAGE_IN_TEXT if len(spots) >= _WRITING or sparse else Why.BORN_DIGITAL
    return Judged(OwnText(why, count, share, needs_comparison=doubtful), words)


def scaled(words: Iterable[Word], factor: float) -> tuple[Word, ...]:
    """The words with boxes in a picture ``factor`` times as large."""
    return tuple(replace(word, box=_scaled(word.box, factor)) for word in words)


def within(words: Iterable[Word], picture: Pixels) -> tuple[Word, ...]:
    """The words whose middle lies on the picture."""
    height, width = picture.shape[:2]
    return tuple(
        word
        for word in words
        if 0 <= word.box.left + word.box.width / 2 <= width
        and 0 <= word.box.top + word.box.height / 2 <= height
    )


def _scaled(box: Box, factor: float) -> Box:
    sides = (max(round(side * factor), 1) for side in (box.width, box.height))
    return Box(round(box.left * factor), round(box.top * factor), *sides)


def seen(words: Iterable[Word], full: Grey, bare: Grey) -> tuple[Word, ...]:
    """The words that change the page: ``full`` is its picture, ``bare`` the same without any text.

    Boxes are in pixels of both.
    """
    changed = cv2.absdiff(full, bare) >= _SEEN
    return tuple(word for word in words if _inside(changed, word.box).any())


def on_writing(words: Iterable[Word], spots: Spots) -> tuple[Word, ...]:
    """The words that stand where the picture without text has letters of its own."""
    return tuple(word for word in words if _spots_in(spots, word.box) >= max(_ON_LETTERS * len(word.text), 1))


def _spots_in(spots: Spots, box: Box) -> int:
    x, y = spots.T
    across = (x >= box.left) & (x <= box.left + box.width)
    return int((across & (y >= box.top) & (y <= box.top + box.height)).sum())


def _inside(picture: np.ndarray, box: Box) -> np.ndarray:
    """The part of a picture a word covers, without the edges of its box; zeros beside the picture."""
    edge = round(box.height * _EDGE)
    top, left = box.top + edge, box.left
    bottom, right = max(box.top + box.height - edge, top + 1), box.left + box.width
    found = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    return found if found.size else np.zeros((1, 1), picture.dtype)


def letter_spots(picture: Grey, dpi: float) -> Spots:
    """Where a picture has dark spots of a letter's size and shape: a row (x, y) in its pixels for each.

    Text has about as many as letters; what is ruled, filled or large has none.
    """
    factor = min(_SPOTS_DPI / dpi, 1.0)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    least, most = (inches * dpi * factor for inches in _LETTER_HEIGHTS)
    side = round(most) | 1
    ink = cv2.blur(small, (side, side)).astype(np.int16) - small > _INK
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    is_letter = (height >= least) & (height <= most) & (width <= _WIDEST * height)
    return np.asarray(centres[1:][is_letter] / factor, np.float64)


def has_ink(picture: Grey) -> bool:
    """Whether there is anything on a picture, be it one short line."""
    return bool((picture < _DARK).mean() > _TRACE)
