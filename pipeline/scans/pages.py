"""Open any scan file safely: count its pages, and turn one of them into pixels.

All errors of the libraries and programs below end here as classes of ``errors.BadInput``.
"""

from __future__ import annotations

from pathlib import Path

from errors import EmptyFile, FileTooLarge
from pipeline.scans.image_pages import inspect_image, open_image_page
from pipeline.scans.pdf_pages import inspect_pdf, open_pdf_page
from pipeline.scans.sniff import sniff
from pipeline.scans.source import Limits, MediaType, Origin, PageImage, SourceFacts

__all__ = ["Limits", "MediaType", "Origin", "PageImage", "SourceFacts", "inspect", "open_page", "sniff"]


def inspect(path: Path, media_type: MediaType, limits: Limits) -> SourceFacts:
    """Look at a file as a whole, cheaply: no page is decoded.

    Raises ``EmptyFile``, ``FileTooLarge``, ``EncryptedFile``, ``TruncatedFile``, ``DamagedFile``,
    ``NoPages``, ``ImageTooLarge`` (single images) or ``TooManyPages``.
    """
    size = path.stat().st_size
    if not size:
        raise EmptyFile
    if size > limits.max_file_mb * 1_000_000:
        raise FileTooLarge(size=size // 1_000_000, limit=limits.max_file_mb)
    if media_type is MediaType.PDF:
        return inspect_pdf(path, limits)
    return inspect_image(path, media_type, limits)


def open_page(path: Path, media_type: MediaType, number: int, limits: Limits) -> PageImage:
    """Turn page ``number`` (from 1) into upright-as-displayed pixels.

    Raises ``PageUnreadable`` or ``ImageTooLarge`` (before decoding); ``ToolMissing`` without poppler.
    """
    if media_type is MediaType.PDF:
        return open_pdf_page(path, number, limits)
    return open_image_page(path, media_type, number, limits)
