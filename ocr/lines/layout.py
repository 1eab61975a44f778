"""Where lines of text stand: Tesseract's layout analysis, called in the library that the program itself uses.

Only what ``capi.h`` declares is called; that is the library's interface for other languages and has been the
same in all of Tesseract 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL, POINTER, byref, c_char_p, c_float, c_int, c_void_p
from dataclasses import dataclass
from functools import cache

from errors import ToolMissing
from ocr.engine import Layout
from ocr.lines.edges import Edges
from ocr.records import Grey
from ocr.tesseract import PACKAGE, SEGMENTATION

LIBRARY = "libtesseract.so.5"
_LINE, _WORD = 2, 3
_NO_TEXT = range(9, 15)  # images, ruled lines and noise

_Ends = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line: the edges of its words, and two points (x, y) its letters stand on.

    Where it runs ``upright``, up or down the page, what it stands on means nothing.
    """

    words: tuple[Edges, ...]
    baseline: _Ends
    upright: bool


def find(image: Grey, *, dpi: int, layout: Layout) -> tuple[TextLine, ...]:
    """The lines of ``image`` in reading order. Raises ``ToolMissing`` where the library is not there."""
    with _analysed(library(), image, dpi, layout) as position:
        return tuple(_lines(library(), position)) if position else ()


@cache
def library() -> CDLL:
    """Tesseract's library, its functions declared. Raises ``ToolMissing`` without it."""
    try:
        loaded = CDLL(LIBRARY)
    except OSError as error:
        raise ToolMissing(tool=LIBRARY, package=PACKAGE) from error
    numbers = [POINTER(c_int)] * 4
    for name, result, arguments in (
        ("TessBaseAPICreate", c_void_p, []),
        ("TessBaseAPIDelete", None, [c_void_p]),
        ("TessBaseAPIInitForAnalysePage", None, [c_void_p]),
        ("TessBaseAPISetPageSegMode", None, [c_void_p, c_int]),
        ("TessBaseAPISetImage", None, [c_void_p, c_char_p, c_int, c_int, c_int, c_int]),
        ("TessBaseAPISetSourceResolution", None, [c_void_p, c_int]),
        ("TessBaseAPIAnalyseLayout", c_void_p, [c_void_p]),
        ("TessPageIteratorDelete", None, [c_void_p]),
        ("TessPageIteratorNext", c_int, [c_void_p, c_int]),
        ("TessPageIteratorIsAtBeginningOf", c_int, [c_void_p, c_int]),
        ("TessPageIteratorBlockType", c_int, [c_void_p]),
        ("TessPageIteratorBoundingBox", c_int, [c_void_p, c_int, *numbers]),
        ("TessPageIteratorBaseline", c_int, [c_void_p, c_int, *numbers]),
        ("TessPageIteratorOrientation", None, [c_void_p, *numbers[:3], POINTER(c_float)]),
    ):
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


@contextmanager
def _analysed(tesseract: CDLL, image: Grey, dpi: int, layout: Layout) -> Iterator[int | None]:
    """A position at the first word of ``image``; None where there is no text."""
    height, width = image.shape
    api = tesseract.TessBaseAPICreate()
    position = None
    try:
        tesseract.TessBaseAPIInitForAnalysePage(api)
        tesseract.TessBaseAPISetPageSegMode(api, SEGMENTATION[layout])
        tesseract.TessBaseAPISetImage(api, image.tobytes(), width, height, 1, width)
        tesseract.TessBaseAPISetSourceResolution(api, dpi)
        position = tesseract.TessBaseAPIAnalyseLayout(api)
        yield position
    finally:
        if position:
            tesseract.TessPageIteratorDelete(position)
        tesseract.TessBaseAPIDelete(api)


def _lines(tesseract: CDLL, position: int) -> Iterator[TextLine]:
    found: list[tuple[tuple[_Ends, bool] | None, list[Edges]]] = []
    more = True
    while more:
        if not found or tesseract.TessPageIteratorIsAtBeginningOf(position, _LINE):
            found.append((_line(tesseract, position), []))
        edges = _four(tesseract.TessPageIteratorBoundingBox, position, _WORD)
        if edges and edges[0] < edges[2] and edges[1] < edges[3]:
            found[-1][1].append(Edges(*edges))
        more = bool(tesseract.TessPageIteratorNext(position, _WORD))
    return (TextLine(tuple(words), *line) for line, words in found if line and words)


def _line(tesseract: CDLL, position: int) -> tuple[_Ends, bool] | None:
    """What the line at ``position`` stands on, and whether it runs upright; None where it is none of text."""
    ends = _four(tesseract.TessPageIteratorBaseline, position, _LINE)
    if ends is None or tesseract.TessPageIteratorBlockType(position) in _NO_TEXT:
        return None
    turns, direction, order, skew = c_int(), c_int(), c_int(), c_float()
    tesseract.TessPageIteratorOrientation(position, byref(turns), byref(direction), byref(order), byref(skew))
    upright = bool(turns.value % 2) or abs(ends[3] - ends[1]) > abs(ends[2] - ends[0])
    return ((ends[0], ends[1]), (ends[2], ends[3])), upright


def _four(function: Callable[..., int], position: int, level: int) -> tuple[int, int, int, int] | None:
    """The four numbers that ``function`` tells of what is at ``position``, if it has any."""
    first, second, third, fourth = c_int(), c_int(), c_int(), c_int()
    if not function(position, level, byref(first), byref(second), byref(third), byref(fourth)):
        return None
    return first.value, second.value, third.value, fourth.value
