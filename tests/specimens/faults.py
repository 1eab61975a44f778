"""Files that cannot be used, each in the way real deliveries bring them. They belong in quarantine."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pikepdf

from tests.specimens.files import Jpeg, add_page, jpeg, write_pdf
from tests.specimens.truth import SourceTruth

Faults = Literal["none", "one", "all"]


def write_faults(out: Path, level: Faults, sound: Sequence[SourceTruth]) -> list[SourceTruth]:
    """Write ``none``, ``one`` (a PDF with a password), or ``all`` sorts and a duplicate of a sound PDF."""
    if level == "none":
        return []
    folder = out / "scans"
    page = jpeg(np.full((1169, 827), 250, np.uint8), 100, 75)
    encrypted(folder / "scan0002.pdf", page)
    written = [SourceTruth("scans/scan0002.pdf", (), fault="encrypted")]
    if level == "one":
        return written
    truncated(folder / "scan0003.pdf", page)
    (folder / "scan0004.pdf").write_bytes(b"")
    without_pages(folder / "scan0005.pdf")
    (folder / "scan0006.pdf").write_bytes(page.data)
    huge_png(folder / "scan0007.png")
    original = next(source for source in sound if source.path.endswith(".pdf"))
    shutil.copyfile(out / original.path, folder / "scan0008.pdf")
    return [
        *written,
        SourceTruth("scans/scan0003.pdf", (), fault="truncated"),
        SourceTruth("scans/scan0004.pdf", (), fault="empty_file"),
        SourceTruth("scans/scan0005.pdf", (), fault="no_pages"),
        SourceTruth("scans/scan0006.pdf", (), fault="mislabelled"),
        SourceTruth("scans/scan0007.png", (), fault="image_too_large"),
        SourceTruth("scans/scan0008.pdf", original.pages, duplicate_of=original.path),
    ]


def encrypted(path: Path, page: Jpeg) -> None:
    """A PDF that needs a password to open. RC4, because AES would draw new random bytes each time."""
    with pikepdf.new() as pdf:
        add_page(pdf, page)
        lock = pikepdf.Encryption(owner="inhaber", user="geheim", R=3, aes=False, metadata=False)
        pdf.save(path, encryption=lock, static_id=True)


def truncated(path: Path, page: Jpeg) -> None:
    """A PDF whose copying broke off after two thirds: no cross-reference table, half an image."""
    write_pdf(path, [page])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def without_pages(path: Path) -> None:
    """A sound PDF with no page in it."""
    with pikepdf.new() as pdf:
        pdf.save(path, deterministic_id=True)


def huge_png(path: Path, side: int = 60_000) -> None:
    """A PNG of a few hundred bytes that declares ``side`` × ``side`` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1024)), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
