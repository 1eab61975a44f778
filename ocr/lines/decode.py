"""From chances to words: which letters, how sure, and where in the piece.

The network was trained by connectionist temporal classification (A. Graves and others, 2006): each letter
shows in one column or a few, with blanks between; what is likeliest column by column, without repetitions
and blanks, is the text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ocr.lines.edges import Edges
from ocr.lines.network import Chances
from ocr.records import Grey

SPACE = " "
#: A confidence of 0 … 100 from a chance's logarithm, such that words get about the one Tesseract gives
#: them: it counts the doubts between letters, too.
_MOST, _SCALE = 96.0, 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, the first and the last column it shows in, and the chance that it is this one."""

    text: str
    first: int
    last: int
    chance: float


@dataclass(frozen=True, slots=True)
class Found:
    """A word: its text, its edges in the piece's pixels, and its confidence, 0 … 100."""

    text: str
    edges: Edges
    confidence: float


def letters(chances: Chances, names: Sequence[str], blank: int) -> list[Letter]:
    """The likeliest letters; ``names`` tells what each column of ``chances`` stands for."""
    if not len(chances):
        return []
    best = chances.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    stops = [*starts[1:].tolist(), len(best)]
    highest = np.maximum.reduceat(chances[np.arange(len(best)), best], starts)
    return [
        Letter(names[label], start, stop - 1, chance)
        for label, start, stop, chance in zip(
            best[starts].tolist(), starts.tolist(), stops, highest.tolist(), strict=True
        )
        if label != blank and names[label]
    ]


def sureness(chances: Chances, blank: int) -> float:
    """The mean chance of the likeliest letters where there are any; 0.0 without any."""
    best = chances.argmax(axis=1)
    shown = best != blank
    return float(chances[np.arange(len(best)), best][shown].mean()) if shown.any() else 0.0


def words(found: Sequence[Letter], part: Grey, columns: int) -> Iterator[Found]:
    """The words of a piece whose pixels are ``part`` and were read in so many ``columns``.

    A word's edges are those of its ink; between two words the widest gap parts it.
    """
    ink = _ink(part)
    gaps = _gaps(ink)
    scale = part.shape[1] / max(columns, 1)
    runs = [(space, list(run)) for space, run in groupby(found, key=lambda letter: letter.text == SPACE)]
    left = 0
    for number, (space, run) in enumerate(runs):
        if space:
            continue
        after = runs[number + 2][1][0] if number + 2 < len(runs) else None
        right = _parting(gaps, run[-1], after, scale) if after else part.shape[1]
        around = [runs[index][1] for index in (number - 1, number + 1) if 0 <= index < len(runs)]
        confidence = _confidence([*run, *(letter for spaces in around for letter in spaces)])
        yield Found("".join(letter.text for letter in run), _tight(ink, left, right), confidence)
        left = right


def _confidence(run: Sequence[Letter]) -> float:
    """That of the least sure letter."""
    least = min(letter.chance for letter in run)
    return max(_MOST + _SCALE * math.log(max(least, 1e-9)), 0.0)


def _ink(part: Grey) -> npt.NDArray[np.bool_]:
    """Which pixels are nearer to the part's darkest than to its brightest."""
    darkest, brightest = np.percentile(part[::2, ::3], (2, 90))  # a sixth of the pixels tells as much
    return np.asarray(part < (darkest + brightest) / 2)


def _gaps(ink: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where columns without ink begin, and where they end, shape (2, gaps)."""
    edges = np.flatnonzero(np.diff(ink.any(axis=0), prepend=True, append=True))
    return edges.reshape(-1, 2).T


def _parting(gaps: npt.NDArray[np.intp], before: Letter, after: Letter, scale: float) -> int:
    """The column of pixels in the middle of the widest gap between two letters."""
    first, last = math.floor(before.last * scale), math.ceil((after.first + 1) * scale)
    starts, stops = np.maximum(gaps[0], first), np.minimum(gaps[1], last)
    widest = int((stops - starts).argmax()) if starts.size else 0
    if not starts.size or starts[widest] >= stops[widest]:
        return (first + last) // 2
    return int(starts[widest] + stops[widest]) // 2


def _tight(ink: npt.NDArray[np.bool_], left: int, right: int) -> Edges:
    """The edges of the ink from column ``left`` to before ``right``; all of it where there is none."""
    part = ink[:, left:right]
    across, down = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not across.size:
        return Edges(left, 0, max(right, left + 1), len(ink))
    return Edges(left + int(across[0]), int(down[0]), left + int(across[-1]) + 1, int(down[-1]) + 1)
