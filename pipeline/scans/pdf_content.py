"""What a PDF page shows: the one image that fills it, and text nobody sees.

Sources: ISO 32000-1, 8.2 (operators), 8.3.3 (matrices), 9.3.6 (text rendering mode 3 is invisible).
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace

import pikepdf
from pikepdf import ContentStreamInlineImage, ContentStreamInstruction, Matrix, Name

#: Of decoded content; a scanned page has a few hundred bytes, a digital plan a few megabytes.
MOST_CONTENT = 16 * 2**20
#: Of a page that may be one image; with the words of an earlier recognition it has a hundred kilobytes.
_MOST_SCAN_CONTENT = 2 * 2**20
#: Decoders other than Flate cannot be stopped half-way, so their input is bounded instead.
_MOST_UNCHECKED = 64 * 2**10
_DEEPEST = 3
_INVISIBLE, _MODES = 3, 8

_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
#: Operators that paint nothing by themselves.
_HARMLESS = frozenset(
    {
        *("q", "Q", "cm", "w", "J", "j", "M", "d", "ri", "i", "BX", "EX"),
        *("BT", "ET", "Tc", "Tw", "Tz", "TL", "Tf", "Ts", "Td", "TD", "Tm", "T*", "Tr"),
        *("m", "l", "c", "v", "y", "h", "re", "n", "W", "W*"),
        *("BMC", "BDC", "EMC", "MP", "DP"),
        *("CS", "cs", "SC", "SCN", "sc", "scn", "G", "g", "RG", "rg", "K", "k"),
    }
)
_PLAIN_BLENDING = ("/Normal", "/Compatible")
_SETS_INVISIBLE = re.compile(rb"\b3\s+Tr\b")
_SHOWS_TEXT = re.compile(rb"\bBT\b")


class _Busy(Exception):
    """The page shows more than one plain image."""


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image, the matrix from its unit square to the page's user space.

    ``has_text``: the page has unseen text besides.
    """

    image: pikepdf.Stream
    matrix: Matrix
    has_text: bool = False


@dataclass(slots=True)
class _Found:
    """What a walk through a page's content has come across; ``ignores_text`` where all of it is unseen."""

    ignores_text: bool
    images: list[PlacedImage] = field(default_factory=list)
    has_text: bool = False


def sole_image(page: pikepdf.Page, *, ignores_text: bool = False) -> PlacedImage | None:
    """The image that is all a page shows, apart from invisible text; ``None`` if it shows anything else.

    Looks into form XObjects. Clipping is taken as the frame of the image; stencils, transparency of the
    graphics state and layers count as something else. With ``ignores_text`` no text counts: nobody sees it.
    """
    found = _Found(ignores_text)
    try:
        _walk(page.obj, page.obj.get("/Resources"), Matrix(), found, 0)
    except _Busy:
        return None
    return replace(found.images[0], has_text=found.has_text) if len(found.images) == 1 else None


def _walk(owner: pikepdf.Object, resources: object, ctm: Matrix, found: _Found, depth: int) -> None:
    mode, stack = 0, []
    for operands, operator in _instructions(owner):
        if operator == "q":
            stack.append((ctm, mode))
        elif operator == "Q" and stack:
            ctm, mode = stack.pop()
        elif operator == "cm":
            ctm = Matrix(*(float(value) for value in operands)) @ ctm
        elif operator == "Tr":
            mode = int(operands[0])
        elif operator == "Do":
            _draw(_resource(resources, "/XObject", operands[0]), resources, ctm, found, depth)
        elif operator == "gs":
            _check_state(_resource(resources, "/ExtGState", operands[0]))
        elif operator in _SHOWING:
            found.has_text = True
            if mode != _INVISIBLE and not found.ignores_text:
                raise _Busy
        elif operator not in _HARMLESS or (operator == "BDC" and operands[0] == "/OC"):
            raise _Busy


def _draw(target: pikepdf.Object | None, resources: object, ctm: Matrix, found: _Found, depth: int) -> None:
    if target is None:
        return
    if not isinstance(target, pikepdf.Stream) or "/OC" in target or depth >= _DEEPEST:
        raise _Busy
    if target.get("/Subtype") == "/Form":
        matrix = target.get("/Matrix")
        inner = Matrix(*(float(value) for value in matrix)) @ ctm if matrix is not None else ctm
        _walk(target, target.get("/Resources", resources), inner, found, depth + 1)
    elif target.get("/Subtype") == "/Image" and not target.get("/ImageMask", False) and not found.images:
        found.images.append(PlacedImage(target, ctm))
    else:
        raise _Busy


def _check_state(state: pikepdf.Object | None) -> None:
    if state is None:
        return
    opaque = all(float(state.get(key, 1)) >= 1 for key in ("/CA", "/ca"))
    if (
        not opaque
        or state.get("/SMask", "/None") != "/None"
        or state.get("/BM", "/Normal") not in _PLAIN_BLENDING
    ):
        raise _Busy


def _resource(resources: object, kind: str, name: object) -> pikepdf.Object | None:
    if not isinstance(resources, pikepdf.Dictionary):
        return None
    group = resources.get(kind)
    target = group.get(str(name)) if isinstance(group, pikepdf.Dictionary) else None
    return target if isinstance(target, pikepdf.Dictionary | pikepdf.Stream) else None


def _instructions(owner: pikepdf.Object) -> Iterator[tuple[list[pikepdf.Object], str]]:
    content = owner if isinstance(owner, pikepdf.Stream) else owner.get("/Contents")
    parts = list(content) if isinstance(content, pikepdf.Array) else [content]
    if not all(
        decodes_within(part, _MOST_SCAN_CONTENT) for part in parts if isinstance(part, pikepdf.Stream)
    ):
        raise _Busy
    for instruction in parse(owner):
        yield list(instruction.operands), str(instruction.operator)


def parse(owner: pikepdf.Object) -> list[ContentStreamInstruction | ContentStreamInlineImage]:
    """pikepdf's instructions; what it warns of in broken content is no news to anyone here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(pikepdf.parse_content_stream(owner))


def decodes_within(stream: pikepdf.Stream, limit: int) -> bool:
    """Whether ``stream`` surely decodes to at most ``limit`` bytes; found without keeping the result."""
    raw = stream.read_raw_bytes()
    if not is_flate(stream):
        return len(raw) <= min(limit, _MOST_UNCHECKED)
    pieces: Iterator[bytes] = iter([raw])
    for _ in _filters(stream):
        pieces = _inflated(pieces)
    total = 0
    try:
        for piece in pieces:
            total += len(piece)
            if total > limit:
                return False
    except zlib.error:  # qpdf keeps what came before the damage
        return True
    return True


def is_flate(stream: pikepdf.Stream) -> bool:
    """Whether a stream is only deflated, once, several times or not at all."""
    return all(one == Name.FlateDecode for one in _filters(stream))


def _filters(stream: pikepdf.Stream) -> list[pikepdf.Object]:
    filters = stream.get("/Filter")
    if filters is None:
        return []
    return list(filters) if isinstance(filters, pikepdf.Array) else [filters]


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest and not inflater.eof:
            yield inflater.decompress(rest, 2**20)
            rest = inflater.unconsumed_tail


def drop_invisible_text(form: pikepdf.Stream) -> bool:
    """Take invisible text out of ``form``, in place: the layer of an earlier recognition.

    Forms drawn by it are treated alike. Content without such text keeps its bytes; returns whether there
    was any.
    """
    return _drop_text(form, _SETS_INVISIBLE, (_INVISIBLE,), set())


def drop_text(form: pikepdf.Stream) -> None:
    """Take all text out of ``form``, in place, and out of the forms drawn by it."""
    _drop_text(form, _SHOWS_TEXT, range(_MODES), set())


def _drop_text(
    form: pikepdf.Stream, sign: re.Pattern[bytes], modes: Container[int], seen: set[tuple[int, int]]
) -> bool:
    if form.objgen in seen or not decodes_within(form, MOST_CONTENT):
        return False
    seen.add(form.objgen)
    found = sign.search(form.read_bytes()) is not None
    if found:
        form.write(pikepdf.unparse_content_stream(_without_text(form, modes)))
    resources = form.get("/Resources")
    drawn = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    for target in drawn.values() if isinstance(drawn, pikepdf.Dictionary) else ():
        if isinstance(target, pikepdf.Stream) and target.get("/Subtype") == "/Form":
            found |= _drop_text(target, sign, modes, seen)
    return found


def _without_text(
    form: pikepdf.Stream, modes: Container[int]
) -> list[ContentStreamInstruction | ContentStreamInlineImage]:
    """The instructions without those that show text in one of the rendering ``modes``."""
    kept = []
    mode, stack = 0, []
    for instruction in parse(form):
        operator = str(instruction.operator)
        if operator == "q":
            stack.append(mode)
        elif operator == "Q" and stack:
            mode = stack.pop()
        elif operator == "Tr" and instruction.operands:
            mode = int(instruction.operands[0])
        if operator not in _SHOWING or mode not in modes:
            kept.append(instruction)
    return kept
