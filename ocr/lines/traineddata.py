"""Tesseract's model files: the network's weights, its letters and its dictionaries, read from their format.

The format is that of Tesseract 4 and 5 (tessdatamanager.h and src/lstm of its source): a table of offsets,
then the components. Layers hold int8 weights, one scale a row and the bias in the last column.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ocr.lines.dictionary import Dictionary

Weights = npt.NDArray[np.float32]

_NETWORK, _UNICHARSET, _RECODER = 17, 21, 22
_WORDS = 19
_INT8_AND_DOUBLE = 0x81
_RATES_FLAG = 64
_RIGHT_TO_LEFT = {1, 13}  # ICU's numbers of the classes R and AL


@dataclass(frozen=True, slots=True)
class Dense:
    """Weights of shape (outputs, inputs), and a bias an output."""

    weights: Weights
    bias: Weights


@dataclass(frozen=True, slots=True)
class Lstm:
    """A layer of long short-term memory: ``gates`` are cell input, input, forget and output gate.

    The inputs of each gate are the layer's own and then its last outputs.
    """

    gates: tuple[Dense, Dense, Dense, Dense]

    @property
    def size(self) -> int:
        """How many values a step gives."""
        return len(self.gates[0].bias)


@dataclass(frozen=True, slots=True)
class Model:
    """A network for lines of text, ``height`` pixels high, and what its outputs mean.

    The layers in order: a convolution of 3 × 3 pixels (columns first) with tanh and pooling of 3 × 3;
    ``down`` reads each column from top to bottom, ``forward``, ``backward`` and ``again`` read along the
    line; ``output`` gives a value a letter. ``letters`` names each output; number ``blank`` means no
    letter, "" one that no text shows. ``words`` is the dictionary,
    empty where the file has none.
    """

    height: int
    convolution: Dense
    down: Lstm
    forward: Lstm
    backward: Lstm
    again: Lstm
    output: Dense
    letters: tuple[str, ...]
    blank: int
    right_to_left: bool
    words: Dictionary


#: The layers of a model we run, by Tesseract's names for them.
_SHAPE = ("Input", "Series", "Maxpool", "XYTranspose", "LSTM", "RTLReversed", "LSTM", "Softmax")


class _Unknown(Exception):
    """The file is of a kind that is not read here."""


def load(path: Path) -> Model | None:
    """The model in ``path``; None where it is damaged or of another build than the standard one.

    Chinese, Japanese and Korean models, which code a letter in several steps, and those of old engines are
    such. Raises ``OSError`` when the file cannot be read.
    """
    data = path.read_bytes()
    try:
        return _model(_components(data))
    except (_Unknown, struct.error, ValueError, IndexError, KeyError, UnicodeDecodeError):
        return None


def load_words(path: Path) -> Dictionary | None:
    """The dictionary alone of the model in ``path``; None where it has none, or is damaged.

    Raises ``OSError`` when the file cannot be read.
    """
    try:
        parts = _components(path.read_bytes())
        characters, _ = _characters(parts[_UNICHARSET].decode())
        return Dictionary(parts[_WORDS], characters)
    except (struct.error, ValueError, IndexError, KeyError, UnicodeDecodeError):
        return None


class _File:
    """Little-endian numbers, strings and arrays, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        """The next numbers, by ``struct``'s letters."""
        values = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return values

    def array(self, kind: type[np.generic], count: int) -> npt.NDArray[Any]:
        """The next ``count`` numbers of ``kind``."""
        values = np.frombuffer(self._data, kind, count, self._at)
        self._at += values.nbytes
        return values

    def text(self) -> str:
        """A string with its length before it."""
        (size,) = self.numbers("I")
        return bytes(self.array(np.uint8, size)).decode()


def _components(data: bytes) -> dict[int, bytes]:
    """The parts of a model file by their number."""
    (count,) = struct.unpack_from("<i", data)
    offsets = struct.unpack_from(f"<{count}q", data, 4)
    starts = [offset for offset in offsets if offset >= 0] + [len(data)]
    return {
        number: data[offset : starts[starts.index(offset) + 1]]
        for number, offset in enumerate(offsets)
        if offset >= 0
    }


def _model(parts: dict[int, bytes]) -> Model:
    file = _File(parts[_NETWORK])
    name, layers = _layer(file)
    if name != "Series" or tuple(kind for kind, _ in layers) != _SHAPE:
        raise _Unknown
    file.text()  # the network's description
    _, _, _, blank = file.numbers("4i")
    image, convolution, pool, down, forward, backward, again, output = (content for _, content in layers)
    if image[3] != 1 or pool != (3, 3) or [kind for kind, _ in convolution] != ["Convolve", "Tanh"]:
        raise _Unknown
    characters, right_to_left = _characters(parts[_UNICHARSET].decode())
    return Model(
        height=image[1],
        convolution=convolution[1][1],
        down=_only(down, "SummLSTM"),
        forward=forward,
        backward=_only(backward, "LSTM"),
        again=again,
        output=output,
        letters=_letters(_File(parts[_RECODER]), characters, len(output.bias)),
        blank=blank,
        right_to_left=right_to_left,
        words=Dictionary(parts.get(_WORDS, b""), characters),
    )


def _layer(file: _File) -> tuple[str, Any]:
    """The next layer: the name of its kind, and its weights, shape or parts."""
    file.numbers("b")
    name = file.text()
    _, _, flags, _, _, _ = file.numbers("bbiiii")
    file.text()  # its own name
    if name == "Input":
        return name, file.numbers("5i")
    if name in ("Convolve", "Maxpool"):
        return name, file.numbers("ii")
    if name in ("Series", "XYTranspose", "RTLReversed"):
        parts = [_layer(file) for _ in range(file.numbers("I")[0])]
        if flags & _RATES_FLAG:
            file.array(np.float32, file.numbers("I")[0])
        return name, parts
    if name in ("LSTM", "SummLSTM"):
        (inputs,) = file.numbers("i")
        gates = (_dense(file), _dense(file), _dense(file), _dense(file))
        if any(gate.weights.shape[1] != inputs for gate in gates):  # reads in two dimensions
            raise _Unknown
        return name, Lstm(gates)
    if name in ("Tanh", "Softmax"):
        return name, _dense(file)
    raise _Unknown


def _only(parts: list[tuple[str, Any]], kind: str) -> Any:  # noqa: ANN401 - what the kind's layer holds
    if [name for name, _ in parts] != [kind]:
        raise _Unknown
    return parts[0][1]


def _dense(file: _File) -> Dense:
    (mode,) = file.numbers("B")
    if mode & _INT8_AND_DOUBLE != _INT8_AND_DOUBLE:
        raise _Unknown
    rows, columns, _ = file.numbers("iib")
    values = file.array(np.int8, rows * columns).reshape(rows, columns)
    scales = file.array(np.float64, file.numbers("I")[0])[:rows]
    weights = (values * scales[:, None]).astype(np.float32)
    return Dense(np.ascontiguousarray(weights[:, :-1]), np.ascontiguousarray(weights[:, -1]))


def _characters(unicharset: str) -> tuple[tuple[str, ...], bool]:
    """The characters by number, and whether most that have a direction run from right to left."""
    count, *lines = unicharset.split("\n")
    rows = [line.split(" ") for line in lines[: int(count)]]
    # NULL stands for the space; characters may be followed by comments after a tab.
    names = [" "] + [row[0] for row in rows[1:]]
    directions = [int(row[5]) for row in rows[3:] if len(row) > 5]  # noqa: PLR2004
    leading, against = directions.count(0), sum(one in _RIGHT_TO_LEFT for one in directions)
    return tuple(names), against > leading


def _letters(recoder: _File, characters: tuple[str, ...], outputs: int) -> tuple[str, ...]:
    """What each output of the network stands for."""
    letters = [""] * outputs
    (count,) = recoder.numbers("I")
    for number in range(count):
        _, length = recoder.numbers("bi")
        codes = recoder.array(np.int32, length)
        if length != 1:
            raise _Unknown
        letters[codes[0]] = letters[codes[0]] or _shown(characters[number])
    return tuple(letters)


def _shown(character: str) -> str:
    return "" if character in ("Joined", "NULL") or character.startswith("|Broken") else character
