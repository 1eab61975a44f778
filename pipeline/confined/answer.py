"""How a child's result comes back: in a file in memory, arrays uncopied, by a list of harmless classes.

Whoever took over the child could send anything, and unpickling anything means running anything.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import pickle
import struct
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

import cv2

import errors
from errors import AktenError, DiskFull

#: What an answer may consist of, besides errors.
_HARMLESS = {
    *(("numpy", "dtype"), ("numpy._core.numeric", "_frombuffer")),
    *(("ocr.records", "Word"), ("ocr.records", "Box"), ("ocr.tone", "Tone")),
    *(("pipeline.product.binding", "ProductFacts"),),
    *(("pipeline.product.keeping", name) for name in ("Keeping", "Kept", "Profile")),
    *(
        ("pipeline.scans.source", name)
        for name in ("MediaType", "Origin", "OwnText", "PageImage", "SourceFacts", "Why")
    ),
    *(("pipeline.confined.answer", "Answer"), ("pipeline.confined.lockup", "Walls"), ("errors", "_made")),
}
_NUMBER = struct.Struct("<Q")
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the work; ``value`` is its result, an ``AktenError``, or where something else broke."""

    kind: Literal["result", "error", "memory", "unforeseen"]
    value: Any


def answer_of(work: Callable[[], object]) -> Answer:
    """Do the work and say what became of it.

    What a library makes of a full disk or a failed allocation sounds like a broken file: the causes decide.
    """
    try:
        return Answer("result", work())
    except Exception as error:
        if any(_is_want_of_memory(one) for one in _causes(error)):
            return Answer("memory", None)
        if any(isinstance(one, OSError) and one.errno in _FULL for one in _causes(error)):
            return Answer("error", DiskFull())
        if isinstance(error, AktenError):
            return Answer("error", error)
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Answer("unforeseen", f"{type(error).__name__} at {where.name}:{where.lineno}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_want_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (isinstance(error, cv2.error) and error.code == cv2.Error.STS_NO_MEM)
    )


def write(fd: int, answer: Answer) -> None:
    """Write the number of parts, their lengths in bytes, and the parts: the pickle, then its arrays."""
    arrays: list[pickle.PickleBuffer] = []
    first = pickle.dumps(answer, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(first), *(array.raw() for array in arrays)]
    head = b"".join(_NUMBER.pack(value) for value in (len(parts), *(part.nbytes for part in parts)))
    for part in (memoryview(head), *parts):
        while part:
            part = part[os.write(fd, part) :]  # noqa: PLW2901 - one call writes at most 2 GB


def read(fd: int) -> Answer:
    """Read what ``write`` wrote; arrays stay where they lie."""
    whole = memoryview(mmap.mmap(fd, 0, access=mmap.ACCESS_COPY))
    (count,) = _NUMBER.unpack_from(whole)
    lengths = [_NUMBER.unpack_from(whole, _NUMBER.size * (1 + part))[0] for part in range(count)]
    edges = accumulate(lengths, initial=_NUMBER.size * (1 + count))
    first, *arrays = (whole[start:end] for start, end in pairwise(edges))
    answer = _Unpickler(io.BytesIO(first), buffers=arrays).load()
    if not isinstance(answer, Answer):
        raise pickle.UnpicklingError("an answer was expected")
    return answer


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        """A class on the list, or one of our errors."""
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        found = getattr(errors, name, None) if module == "errors" else None
        if isinstance(found, type) and issubclass(found, AktenError):
            return found
        raise pickle.UnpicklingError("a harmless class was expected")
