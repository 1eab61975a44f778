"""Walk a TIFF's chain of directories without decoding anything.

Source: TIFF 6.0 (Adobe, 1992), section 2, and the BigTIFF design of libtiff. Pillow finds frames one by one
while it decodes; here the whole chain is bounded, loops end, and a missing tail shows at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from errors import N_, DamagedFile, NoPages, TooManyPages, TruncatedFile

WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC = 256, 257, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, STRIP_COUNTS = 273, 274, 277, 279
TILE_OFFSETS, TILE_COUNTS, JPEG_TABLES = 324, 325, 347
_WANTED = {
    *(WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS, ORIENTATION, SAMPLES, STRIP_COUNTS),
    *(TILE_OFFSETS, TILE_COUNTS, JPEG_TABLES),
}
#: struct code of each field type of integers or bytes.
_CODES = {1: "B", 3: "H", 4: "L", 7: "B", 13: "L", 16: "Q", 18: "Q"}
#: No scanner writes more strips, tiles or table bytes than this in one frame.
_MOST_VALUES = 1_000_000

Tags = dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Chain:
    """The frames of a TIFF in file order; ``looped`` when the chain ran back into itself."""

    frames: tuple[Tags, ...]
    looped: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    order: str
    entry: str  # of one directory entry up to its value
    count: str
    pointer: str


def read_chain(path: Path, *, max_pages: int) -> Chain:
    """Read the tags of every frame that say where its pixels lie.

    Raises ``TruncatedFile`` when a directory or pixel data lie beyond the end of the file,
    ``DamagedFile``, ``NoPages`` or ``TooManyPages``.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        layout, offset = _header(file)
        frames: list[Tags] = []
        seen: set[int] = set()
        while offset and offset not in seen:
            if len(frames) >= max_pages:
                raise TooManyPages(pages=len(frames) + 1, limit=max_pages)
            seen.add(offset)
            tags, offset = _directory(file, layout, offset)
            _check_extent(tags, size)
            frames.append(tags)
    if not frames:
        raise NoPages
    return Chain(tuple(frames), looped=offset != 0)


def _header(file: BinaryIO) -> tuple[_Layout, int]:
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    try:
        if head[2:4] in (b"+\0", b"\0+"):
            return _Layout(order, "HHQ", "Q", "Q"), struct.unpack_from(order + "Q", head, 8)[0]
        return _Layout(order, "HHL", "H", "L"), struct.unpack_from(order + "L", head, 4)[0]
    except struct.error:
        raise TruncatedFile from None


def _directory(file: BinaryIO, layout: _Layout, offset: int) -> tuple[Tags, int]:
    file.seek(offset)
    (entries,) = _read(file, layout.order + layout.count)
    if not entries:
        raise DamagedFile(detail=N_("TIFF: empty directory"))
    head = struct.Struct(layout.order + layout.entry)
    width = struct.calcsize("<" + layout.pointer)
    block = file.read(entries * (head.size + width))
    if len(block) < entries * (head.size + width):
        raise TruncatedFile
    (following,) = _read(file, layout.order + layout.pointer)
    tags: Tags = {}
    for start in range(0, len(block), head.size + width):
        tag, kind, count = head.unpack_from(block, start)
        if tag in _WANTED and kind in _CODES:
            tags[tag] = _values(file, layout, kind, count, block[start + head.size :][:width])
    if not tags.get(WIDTH) or not tags.get(HEIGHT):
        raise DamagedFile(detail=N_("TIFF: page without size"))
    return tags, following


def _values(file: BinaryIO, layout: _Layout, kind: int, count: int, inline: bytes) -> tuple[int, ...]:
    if count > _MOST_VALUES:
        raise DamagedFile(detail=N_("TIFF: absurd directory"))
    form = f"{layout.order}{count}{_CODES[kind]}"
    if struct.calcsize(form) <= len(inline):
        return struct.unpack_from(form, inline)
    (where,) = struct.unpack(layout.order + layout.pointer, inline)
    file.seek(where)
    return _read(file, form)


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    data = file.read(struct.calcsize(form))
    if len(data) < struct.calcsize(form):
        raise TruncatedFile
    return struct.unpack(form, data)


def _check_extent(tags: Tags, size: int) -> None:
    if any(offset + count > size for offset, count in data_parts(tags)):
        raise TruncatedFile


def data_parts(tags: Tags) -> Iterator[tuple[int, int]]:
    """Offset and length in bytes of each strip or tile of a frame."""
    for offsets, counts in ((STRIP_OFFSETS, STRIP_COUNTS), (TILE_OFFSETS, TILE_COUNTS)):
        yield from zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)
