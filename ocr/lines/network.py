"""A model's network at work: many lines of text at once, so that matrices are multiplied, not vectors.

Tesseract reads one line after the other, and of each one column of pixels after the other: most of its time
goes into fetching weights that are used once. The sums are the same here, but for rounding: Tesseract
rounds what goes from layer to layer to 8 bits, and fills what lies beyond a line's edge with noise instead
of grey.
"""

from __future__ import annotations

import os

# Or onnxruntime keeps a database of how it is used, in the user's cache, to send it to its maker: nothing may
# leave the house. It would also do so by threads, whose locks a process that is forked inherits as they are.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from ocr.lines.graph import columns_graph, letters_graph
from ocr.lines.traineddata import Model

#: A line's image, shape (height of the model, width), float32, black -1 … 1 white.
LineImage = npt.NDArray[np.float32]
#: For every three pixels of a line a chance a letter, shape (columns, letters), float32.
Chances = npt.NDArray[np.float32]

STEP = 3
"""Pixels of a line's image that one column of chances stands for."""

_STRIP = 2_000 * STEP  # keeps what lies between layers below 15 MB, and mostly in the cache
_MOST_LINES = 32
_SHORTEST = 0.6  # of the longest line read with it: all take as many steps as the longest


class Network:
    """Reads images of lines; one thread, and nothing is kept from one call to the next."""

    def __init__(self, model: Model) -> None:
        self._height = model.height
        self._letters = len(model.letters)
        self._columns = _session(columns_graph(model).SerializeToString())
        self._chances = _session(letters_graph(model).SerializeToString())

    def read(self, lines: Sequence[LineImage]) -> list[Chances]:
        """What stands in each of ``lines``; one narrower than ``STEP`` has no column."""
        found = [np.empty((0, self._letters), np.float32) for _ in lines]
        for batch in batches([line.shape[1] // STEP for line in lines]):
            columns = self._columns_of([lines[index] for index in batch])
            for index, chances in zip(batch, self._read(columns), strict=True):
                found[index] = chances
        return found

    def _columns_of(self, lines: Sequence[LineImage]) -> list[npt.NDArray[np.float32]]:
        """Each line's columns; the lines lie one after the other in a strip, with grey between."""
        gap = np.zeros((self._height, STEP), np.float32)
        pieces: list[LineImage] = []
        for line in lines:
            pieces += [line[:, : line.shape[1] // STEP * STEP], gap]
        strip = np.concatenate(pieces, axis=1)
        parts = [strip[None, None, :, left : left + _STRIP] for left in range(0, strip.shape[1], _STRIP)]
        columns = np.concatenate([self._columns.run(None, {"strip": part})[0] for part in parts])
        ends = np.cumsum([line.shape[1] // STEP + 1 for line in lines])
        return [part[:-1] for part in np.split(columns, ends[:-1])]

    def _read(self, lines: Sequence[npt.NDArray[np.float32]]) -> Iterator[Chances]:
        """The chances of each line's columns."""
        lengths = np.array([len(line) for line in lines], np.int32)
        columns = np.zeros((int(lengths.max()), len(lines), lines[0].shape[1]), np.float32)
        for index, line in enumerate(lines):
            columns[: len(line), index] = line
        chances = self._chances.run(None, {"columns": columns, "lengths": lengths})[0]
        for index, length in enumerate(lengths):
            yield chances[:length, index]


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group lines of like length, by their index; those without any length are in no group."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if not lengths[index]:
            break
        if batch and (len(batch) == _MOST_LINES or lengths[index] < _SHORTEST * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _session(graph: bytes) -> Any:  # noqa: ANN401 - the library has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # no threads, which a fork would lose
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
