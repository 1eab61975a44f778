"""Tell a file's format by its first bytes, never by its name alone."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from errors import N_, Archive, DamagedFile, EmptyFile, MislabelledFile, UnsupportedFormat
from pipeline.scans.source import MediaType

#: Enough for every signature below; PDF readers accept ``%PDF-`` within the first kilobyte.
HEAD = 1024

_ENDINGS = {
    "pdf": MediaType.PDF,
    "tif": MediaType.TIFF,
    "tiff": MediaType.TIFF,
    "jpg": MediaType.JPEG,
    "jpeg": MediaType.JPEG,
    "jpe": MediaType.JPEG,
    "png": MediaType.PNG,
}
_OURS = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"II*\0", MediaType.TIFF),
    (b"MM\0*", MediaType.TIFF),
    (b"II+\0", MediaType.TIFF),
    (b"MM\0+", MediaType.TIFF),
)
_ARCHIVES = (
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"PK\x05\x06", "ZIP"),
    (0, b"7z\xbc\xaf", "7-Zip"),
    (0, b"Rar!", "RAR"),
    (0, b"\x1f\x8b", "GZIP"),
    (0, b"BZh", "BZIP2"),
    (0, b"\xfd7zXZ\0", "XZ"),
    (0, b"\x28\xb5\x2f\xfd", "ZSTD"),
    (257, b"ustar", "TAR"),
)
#: How the first file in the ZIP of an office document is called.
_OFFICE_ZIP = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|word/|xl/|ppt/|mimetype)", re.DOTALL
)
_STRANGERS = (
    (b"\xd0\xcf\x11\xe0", "MS Office"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"{\\rtf", "RTF"),
    (b"%!PS", "PostScript"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\1\0", "ICO"),
    (b"AT&TFORM", "DjVu"),
)
_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"heim": "HEIC", b"avif": "AVIF"}
#: A PDF whose first line is lost can still be rebuilt from its objects.
_PDF_OBJECT = re.compile(rb"\d+\s+\d+\s+obj\b")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def sniff(path: Path, name: str) -> MediaType:
    """Name the format of ``path``'s content and hold it against the ending of ``name``.

    A name without an ending, or with one that claims no format (``.0001``), is believed to claim nothing.
    Raises ``EmptyFile``; ``Archive``, whatever its name; ``MislabelledFile`` when the name claims one
    readable format and the content is another; ``DamagedFile`` when it claims one and the content is nothing
    known; ``UnsupportedFormat`` otherwise, also under the name of a readable format.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise EmptyFile
    ending = PurePath(name).suffix.lower().removeprefix(".")
    claimed = _ENDINGS.get(ending)
    actual = _ours(head)
    if actual is None and claimed is MediaType.PDF and _PDF_OBJECT.search(head):
        return MediaType.PDF
    if actual is None:
        if archive := _archive(head):
            raise Archive(actual=archive)
        stranger = _stranger(head)
        if claimed is not None and stranger is None:
            raise DamagedFile(detail=N_("{claimed}: its signature is missing"), claimed=claimed.value)
        raise UnsupportedFormat(actual=stranger or ending.upper() or "?")
    if claimed is not None and claimed is not actual:
        raise MislabelledFile(claimed=claimed.value, actual=actual.value)
    return actual


def _ours(head: bytes) -> MediaType | None:
    for magic, media_type in _OURS:
        if head.startswith(magic):
            return media_type
    return MediaType.PDF if b"%PDF-" in head else None


def _archive(head: bytes) -> str | None:
    if _OFFICE_ZIP.match(head):
        return None
    return next((name for at, magic, name in _ARCHIVES if head.startswith(magic, at)), None)


def _stranger(head: bytes) -> str | None:
    """A familiar name for what is not read, or ``None`` for unknown bytes."""
    known = "Office" if _OFFICE_ZIP.match(head) else None
    if known := known or next((name for magic, name in _STRANGERS if head.startswith(magic)), None):
        return known
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "MP4/MOV")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if text.startswith(b"<?xml"):
        return "XML"
    return None if head.translate(None, _CONTROL) != head else "TXT"
