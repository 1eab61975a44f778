"""The way of an image through the line-wise engine: layout, pieces, network, letters, words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocr.engine import Manner
from ocr.lines import decode, layout, pieces
from ocr.lines.dictionary import Dictionary
from ocr.lines.network import Chances, Network
from ocr.lines.spelling import Speller
from ocr.lines.traineddata import Model
from ocr.records import Grey, Word

_DOUBTFUL = 0.5  # a piece less sure is read with black and white changed places, too


def read(image: Grey, manner: Manner, readers: Sequence[Reader]) -> tuple[Word, ...]:
    """The words of ``image``, in reading order; each piece as the reader told it that is surest of it."""
    height, width = image.shape
    lines = layout.find(image, dpi=manner.dpi, layout=manner.layout)
    cut = list(pieces.cut(lines, width, height))
    parts = [piece.pixels(image) for piece in cut]
    told = [reader.read(parts, inverted=manner.inverted) for reader in readers]
    words: list[Word] = []
    for piece, part, readings in zip(cut, parts, zip(*told, strict=True), strict=True):
        best = max(readings, key=lambda reading: reading.sureness)
        for found in best.words(part):
            box = piece.restored(found.edges, width, height).box
            words.append(Word(found.text, box, found.confidence, piece.line))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of a piece, and how sure it is, 0 to 1; ``inverted``: black for white."""

    chances: Chances
    speller: Speller
    sureness: float
    inverted: bool = False

    def words(self, part: Grey) -> Iterator[decode.Found]:
        """The words of the piece whose pixels are ``part``."""
        letters = decode.letters(self.chances, self.speller.names, self.speller.blank)
        letters = self.speller.spelled(letters, self.chances)
        return decode.words(letters, 255 - part if self.inverted else part, len(self.chances))


class Reader:
    """A model ready to read."""

    def __init__(self, model: Model) -> None:
        self._height = model.height
        self._network = Network(model)
        self._speller = Speller(Dictionary(model.words, model.characters), model.letters, model.blank)

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
        return Reading(chances, self._speller, decode.sureness(chances, self._speller.blank), inverted)
