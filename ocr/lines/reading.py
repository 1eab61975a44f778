"""The way of an image through the line-wise engine: layout, pieces, network, letters, words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from ocr.engine import Manner
from ocr.lines import decode, layout, pieces
from ocr.lines.decode import Found, Letter
from ocr.lines.network import Chances, Network
from ocr.lines.pieces import UPWARDS, Piece
from ocr.lines.spelling import Speller
from ocr.lines.traineddata import Model
from ocr.records import Grey, Word

_KNOWN = 0.1  # what a text all of known words weighs against how sure a model is; sureness differs by 0.01
_DOUBTFUL = 0.5  # a piece less sure is read with black and white changed places, too


def read(image: Grey, manner: Manner, readers: Sequence[Reader]) -> tuple[Word, ...]:
    """The words of ``image``, in reading order; each piece as the reader told it that it suits best."""
    height, width = image.shape
    lines = layout.find(image, dpi=manner.dpi, layout=manner.layout)
    cut = list(pieces.cut(lines, width, height))
    parts = [piece.pixels(image) for piece in cut]
    told = [reader.read(parts, inverted=manner.inverted) for reader in readers]
    read = [_Read(*one) for one in zip(cut, parts, map(_best, zip(*told, strict=True)), strict=True)]
    chosen = [_right_way_up(list(line)) for _, line in groupby(read, key=lambda one: one.piece.line)]
    words: list[Word] = []
    for number, line in enumerate(_in_order(chosen)):
        for one in line:
            for found in one.reading.words(one.part):
                box = one.piece.restored(found.edges, width, height).box
                words.append(Word(found.text, box, found.confidence, number))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of a piece read in so many ``columns``, and how sure it is, 0 to 1.

    ``letters`` are the likeliest, doubtful words spelled as the dictionary has them; ``inverted``: black was
    read for white.
    """

    letters: Sequence[Letter]
    columns: int
    sureness: float
    speller: Speller
    inverted: bool

    @property
    def fit(self) -> float:
        """How well the model suits: how sure it is, and how much of it is in its dictionary."""
        return self.sureness + _KNOWN * self.speller.known(self.letters)

    def words(self, part: Grey) -> Iterator[Found]:
        """The words of the piece whose pixels are ``part``."""
        return decode.words(self.letters, 255 - part if self.inverted else part, self.columns)


@dataclass(frozen=True, slots=True)
class _Read:
    piece: Piece
    part: Grey
    reading: Reading


def _best(readings: Sequence[Reading]) -> Reading:
    return readings[0] if len(readings) == 1 else max(readings, key=lambda reading: reading.fit)


def _right_way_up(line: Sequence[_Read]) -> list[_Read]:
    """Of a line's pieces those turned the way that reads best, where several were tried."""
    ways = [list(way) for _, way in groupby(line, key=lambda one: one.piece.turns)]
    return max(ways, key=_mean_sureness)


def _mean_sureness(way: Sequence[_Read]) -> float:
    lengths = [one.reading.columns + 1 for one in way]
    return fmean([one.reading.sureness for one in way], weights=lengths)


def _in_order(lines: Sequence[list[_Read]]) -> Iterator[list[_Read]]:
    """Lines as they are read: those that run up the page come backwards, as if they ran down."""
    for turns, run in groupby(lines, key=lambda line: line[0].piece.turns):
        block = list(run)
        yield from reversed(block) if turns == UPWARDS else block


class Reader:
    """A model ready to read."""

    def __init__(self, model: Model) -> None:
        self._height = model.height
        self._network = Network(model)
        self._speller = Speller(model.words, model.letters, model.blank)

    def read(self, parts: Sequence[Grey], *, inverted: bool) -> list[Reading]:
        """Read pieces; ``inverted``: doubtful ones with black and white changed places, too."""
        drawn = [pieces.drawn(part, self._height) for part in parts]
        readings = [self._reading(chances) for chances in self._network.read(drawn)]
        doubtful = (
            [index for index, one in enumerate(readings) if one.sureness < _DOUBTFUL] if inverted else []
        )
        again = self._network.read([-drawn[index] for index in doubtful])
        for index, chances in zip(doubtful, again, strict=True):
            other = self._reading(chances, inverted=True)
            readings[index] = max(readings[index], other, key=lambda reading: reading.sureness)
        return readings

    def _reading(self, chances: Chances, *, inverted: bool = False) -> Reading:
        speller = self._speller
        letters = speller.spelled(decode.letters(chances, speller.names, speller.blank), chances)
        return Reading(letters, len(chances), decode.sureness(chances, speller.blank), speller, inverted)
