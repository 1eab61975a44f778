"""A word the network is unsure of, spelled as the dictionary has it, if that is nearly as likely.

Tesseract lets words of its dictionary win over likelier others (recodebeam.cpp: their logarithm counts 2.25
times less) and searches all paths for that. Here only doubtful words are searched, and of them only what
the network itself holds possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ocr.lines.decode import SPACE, Letter
from ocr.lines.dictionary import Dictionary
from ocr.lines.network import Chances

_SURE = 0.9  # a word of surer letters is left alone
_POSSIBLE = 0.02  # chance from which a letter is worth a try
_SKIPPED = 0.1  # and one that the likeliest text leaves out
_MOST_STEPS = 3_000
_RATIO, _OFFSET = 2.25, 1.0
_LEAST = 1e-6
SECTION = "§"


@dataclass(frozen=True, slots=True)
class Option:
    """A letter, or none where it is None, and what taking it costs: minus the logarithm of its chance."""

    letter: Letter | None
    cost: float


class Speller:
    """Spells by ``dictionary``; ``names`` and ``blank`` say what each column of chances stands for."""

    def __init__(self, dictionary: Dictionary, names: Sequence[str], blank: int) -> None:
        self._dictionary = dictionary
        self.names = names
        self.blank = blank

    def spelled(self, letters: Sequence[Letter], chances: Chances) -> list[Letter]:
        """A piece's ``letters``, doubtful words spelled as the dictionary has them, and section signs."""
        spelled: list[Letter] = []
        for space, run in groupby(letters, key=lambda letter: letter.text == SPACE):
            word = list(run)
            spelled += word if space else self._word(word, chances)
        return spelled if SECTION in self.names else _with_sections(spelled)

    def known(self, letters: Sequence[Letter]) -> float:
        """The share of letters that are in words of the dictionary, 0 to 1."""
        words = "".join(letter.text for letter in letters).split(SPACE)
        cores = [re.sub(r"^\W+|\W+$", "", word) for word in words]
        known = sum(len(word) for word in cores if word in self._dictionary)
        return known / max(sum(map(len, cores)), 1)

    def _word(self, word: Sequence[Letter], chances: Chances) -> Sequence[Letter]:
        """``word``, or what the dictionary has for it; marks before and behind it stay as they are."""
        start, end = _core(word)
        core = word[start:end]
        if len(core) < 2 or min(letter.chance for letter in core) >= _SURE:  # noqa: PLR2004
            return word
        text = "".join(letter.text for letter in core)
        if not text.isalpha() or text in self._dictionary:
            return word
        slots = list(self._slots(core, chances))
        likeliest = sum(min(option.cost for option in slot) for slot in slots)
        found = self._cheapest(slots, _RATIO * likeliest + _OFFSET)
        return [*word[:start], *found, *word[end:]] if found else word

    def _slots(self, core: Sequence[Letter], chances: Chances) -> Iterator[list[Option]]:
        """For each stretch of columns with something in it, what may stand there."""
        at = core[0].first
        for letter in core:
            if letter.first > at:
                yield from self._gap(at, letter.first, chances)
            yield self._options(letter.first, letter.last + 1, chances, _POSSIBLE)
            at = letter.last + 1

    def _gap(self, start: int, stop: int, chances: Chances) -> Iterator[list[Option]]:
        options = self._options(start, stop, chances, _SKIPPED)
        if len(options) > 1:
            yield options

    def _options(self, start: int, stop: int, chances: Chances, least: float) -> list[Option]:
        part = np.maximum(chances[start:stop], _LEAST)
        costs = -np.log(part)
        without = costs[:, self.blank]
        options = [Option(None, float(without.sum()))]
        for label in np.flatnonzero(part.max(axis=0) >= least).tolist():
            name = self.names[label]
            if label == self.blank or not name.isalpha():
                continue
            either = np.minimum(costs[:, label], without)
            cost = float(either.sum() + (costs[:, label] - either).min())
            chance = float(part[:, label].max())
            options.append(Option(Letter(name, start, stop - 1, chance), cost))
        return options

    def _cheapest(self, slots: Sequence[Sequence[Option]], most: float) -> list[Letter] | None:
        """The cheapest word of the dictionary that ``slots`` can spell for at most ``most``."""
        ahead = [0.0]
        for slot in reversed(slots):
            ahead.append(ahead[-1] + min(option.cost for option in slot))
        ahead.reverse()
        best: list[Letter] | None = None
        steps = 0
        # Slot, node, cost so far, whether a word may end here, letters so far.
        open_: list[tuple[int, int | None, float, bool, list[Letter]]] = [
            (0, Dictionary.root, 0.0, False, [])
        ]
        while open_ and steps < _MOST_STEPS:
            steps += 1
            at, node, cost, ends, taken = open_.pop()
            if cost + ahead[at] > most:
                continue
            if at == len(slots):
                if ends:
                    best, most = taken, cost
                continue
            for option in sorted(slots[at], key=lambda option: -option.cost):
                if option.letter is None:
                    open_.append((at + 1, node, cost + option.cost, ends, taken))
                elif node is not None and (edge := self._dictionary.after(node).get(option.letter.text)):
                    open_.append((at + 1, edge.node, cost + option.cost, edge.ends, [*taken, option.letter]))
        return best


def _with_sections(letters: Sequence[Letter]) -> list[Letter]:
    """A dollar sign before a number made a section sign, for models that have none, as the German one.

    They read every section sign as a dollar; German, and what else is written here, puts currencies behind.
    """
    found: list[Letter] = []
    counts = False
    for letter in reversed(letters):
        section = letter.text == "$" and counts
        counts = section or letter.text.isdigit() or (counts and letter.text == SPACE)
        found.append(replace(letter, text=SECTION) if section else letter)
    return found[::-1]


def _core(word: Sequence[Letter]) -> tuple[int, int]:
    """Where the letters of a word begin and end, without marks around it."""
    inner = [index for index, letter in enumerate(word) if letter.text.isalnum()]
    return (inner[0], inner[-1] + 1) if inner else (0, 0)
