"""How likely recognition read one word for another: edits weighted by what is taken for what.

An edit turns up to two letters into up to two others (m into rn, h into li), as in the noisy channel of Brill
and Moore (An improved error model for noisy channel spelling correction, ACL 2000). Its cost falls with the
frequency at which it happened on pages whose truth is known (``bench.search.lessons``): 1 is what usual
misreadings cost, 2 and more what hardly happens. All words are plain, as ``german.fold`` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from storage.search.confusion_costs import COSTS

Costs = npt.NDArray[np.float32]
_Codes = npt.NDArray[np.int32]

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_OTHER = len(_ALPHABET)  # a letter of another script
_NONE = _OTHER + 1  # behind a word's end
_SIZE = _NONE + 1
_CODES = {letter: code for code, letter in enumerate(_ALPHABET)}

#: What letters cost of which nothing is known, and digits taken for others, which is another number.
_UNKNOWN, _ADDED, _LOST, _DIGIT = 2.0, 1.7, 1.7, 4.0
_NEVER = 1e6
_TWO = 2


class _Tables:
    """The costs, by codes of letters: of one for another, added, lost; and of what involves two letters."""

    def __init__(self, costs: dict[tuple[str, str], float]) -> None:
        self.one = np.full((_SIZE, _SIZE), _UNKNOWN, np.float32)
        self.added = np.full(_SIZE, _ADDED, np.float32)
        self.lost = np.full(_SIZE, _LOST, np.float32)
        digits = slice(_CODES["0"], _OTHER)
        self.one[digits, digits] = self.lost[digits] = _DIGIT
        self.added[_NONE] = 0.0
        self.one[:, _NONE] = _NEVER
        #: By one letter, of two read for it; by two, of one and of two read for them.
        self.split: dict[str, Costs] = {}
        self.merged: dict[str, Costs] = {}
        self.both: dict[str, Costs] = {}
        for (wanted, read), cost in costs.items():
            self._put(wanted, read, cost)

    def _put(self, wanted: str, read: str, cost: float) -> None:
        codes = [_CODES[letter] for letter in read]
        match len(wanted), len(read):
            case 0, 1:
                self.added[codes[0]] = cost
            case 1, 0:
                self.lost[_CODES[wanted]] = cost
            case 1, 1:
                self.one[_CODES[wanted], codes[0]] = cost
            case 1, 2:
                self._of_pairs(self.split, wanted)[codes[0] * _SIZE + codes[1]] = cost
            case 2, 1:
                if wanted not in self.merged:
                    self.merged[wanted] = np.full(_SIZE, _NEVER, np.float32)
                self.merged[wanted][codes[0]] = cost
            case _:
                self._of_pairs(self.both, wanted)[codes[0] * _SIZE + codes[1]] = cost

    @staticmethod
    def _of_pairs(table: dict[str, Costs], wanted: str) -> Costs:
        if wanted not in table:
            table[wanted] = np.full(_SIZE * _SIZE, _NEVER, np.float32)
        return table[wanted]


def _table_of(text: str) -> Iterator[tuple[tuple[str, str], float]]:
    """Costs written as ``m>rn 1.2``, nothing being ``-``."""
    fields = text.split()
    for edit, cost in zip(fields[::2], fields[1::2], strict=True):
        wanted, _, read = edit.partition(">")
        yield (wanted.strip("-"), read.strip("-")), float(cost)


_TABLES = _Tables(dict(_table_of(COSTS)))


def distance(wanted: str, read: str) -> float:
    """What it costs to read ``read`` for ``wanted``; 0 where they are equal."""
    return float(distances(wanted, [read])[0])


def distances(wanted: str, read: Sequence[str]) -> Costs:
    """What it costs to read each of ``read`` for ``wanted``: the cheapest edits, for all of them at once."""
    if not read:
        return np.empty(0, np.float32)
    letters, codes, lengths = _arrays(read)
    pairs = codes[:, :-1] * _SIZE + codes[:, 1:]
    added = np.zeros((len(read), codes.shape[1] + 1), np.float32)
    np.cumsum(_TABLES.added[codes], axis=1, out=added[:, 1:])
    before, last = added, added
    for place, letter in enumerate(wanted):
        code = _CODES.get(letter, _OTHER)
        row = last + _TABLES.lost[code]
        taken = np.where(letters == ord(letter), np.float32(0), _TABLES.one[code][codes])
        np.minimum(row[:, 1:], last[:, :-1] + taken, out=row[:, 1:])
        if (split := _TABLES.split.get(letter)) is not None:
            np.minimum(row[:, 2:], last[:, :-2] + split[pairs], out=row[:, 2:])
        two = wanted[place - 1 : place + 1] if place else ""
        if (merged := _TABLES.merged.get(two)) is not None:
            np.minimum(row[:, 1:], before[:, :-1] + merged[codes], out=row[:, 1:])
        if (both := _TABLES.both.get(two)) is not None:
            np.minimum(row[:, 2:], before[:, :-2] + both[pairs], out=row[:, 2:])
        # Letters added after each place: the cheapest of all ways to come there from the left.
        before, last = last, added + np.minimum.accumulate(row - added, axis=1)
    found: Costs = last[np.arange(len(read)), lengths]
    return found


def _arrays(words: Sequence[str]) -> tuple[_Codes, _Codes, _Codes]:
    """The words' letters as numbers and as codes, shape (words, longest), and the words' lengths."""
    lengths = np.fromiter(map(len, words), np.int32, len(words))
    width = max(int(lengths.max()), _TWO)
    text = "".join(word.ljust(width, "\0") for word in words)
    letters = np.frombuffer(text.encode("utf-32-le"), np.int32).reshape(len(words), width)
    known = np.minimum(letters, len(_CODE_OF) - 1)
    return letters, _CODE_OF[known], lengths


_CODE_OF = np.full(129, _OTHER, np.int32)
_CODE_OF[0] = _NONE
for _letter, _code in _CODES.items():
    _CODE_OF[ord(_letter)] = _code
