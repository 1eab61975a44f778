"""A model's dictionary: a graph whose paths spell words, as Tesseract stores it (dawg.h: a squished DAWG)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_HEAD = "<hii"
_MAGIC = 42
_FLAGS = 3  # bits: the node's last edge, its direction, a word's end
_LAST, _BACKWARD, _END = 1, 2, 4
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a letter leads: to ``node``, None where nothing follows; ``ends``: a word may end with it."""

    node: int | None
    ends: bool


class Dictionary:
    """Words to be spelled letter by letter, from ``root``."""

    root = _ROOT

    def __init__(self, data: bytes, characters: Sequence[str]) -> None:
        """``data`` is the model's component, empty for no words.

        Raises ``ValueError`` or ``struct.error`` for another format.
        """
        self._characters = characters
        self._nodes: dict[int, Mapping[str, Edge]] = {}
        if not data:
            self._edges, self._bits = np.empty(0, np.uint64), 0
            return
        magic, letters, count = struct.unpack_from(_HEAD, data)
        if magic != _MAGIC:
            raise ValueError(magic)
        self._edges = np.frombuffer(data, "<u8", count, struct.calcsize(_HEAD))
        self._bits = letters.bit_length()

    def after(self, node: int) -> Mapping[str, Edge]:
        """The letters that may follow at ``node``."""
        if node not in self._nodes:
            self._nodes[node] = self._read(node)
        return self._nodes[node]

    def __contains__(self, word: str) -> bool:
        node: int | None = _ROOT
        edge = None
        for letter in word:
            edge = self.after(node).get(letter) if node is not None else None
            if edge is None:
                return False
            node = edge.node
        return edge is not None and edge.ends

    def beginnings(self, text: str) -> Iterator[int]:
        """The lengths of words that ``text`` begins with, shortest first."""
        node: int | None = _ROOT
        for length, letter in enumerate(text, start=1):
            edge = self.after(node).get(letter) if node is not None else None
            if edge is None:
                return
            if edge.ends:
                yield length
            node = edge.node

    def _read(self, node: int) -> dict[str, Edge]:
        found: dict[str, Edge] = {}
        for position in range(node, len(self._edges)):
            edge = int(self._edges[position])
            flags = edge >> self._bits
            if not flags & _BACKWARD:
                following = edge >> (self._bits + _FLAGS)
                letter = self._characters[edge & ((1 << self._bits) - 1)]
                found[letter] = Edge(following or None, bool(flags & _END))
            if flags & _LAST:
                break
        return found
