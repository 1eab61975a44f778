"""How a page's image is kept in the product, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """What the product is to be; the values are set, kept and shown, and stay."""

    COMPACT = "compact"
    """Small, and legible as the original: pages in colour and grey as mixed raster content."""
    FAITHFUL = "faithful"
    """Every image's own bytes."""


class Keeping(StrEnum):
    """How one page's image is kept; the values are kept and shown, and stay."""

    MIXED = "mixed"
    """Ink, its colour, paper and pictures apart."""
    JPEG = "jpeg"
    """One JPEG in full resolution."""
    BITONAL = "bitonal"
    """Black and white, without loss."""
    ORIGINAL = "original"
    """The delivered image's own bytes, or its pixels without loss."""
    FORM = "form"
    """A PDF page of several parts, as it was."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one page's image.

    ``size`` is in bytes, None where parts may be shared with other pages. ``misdrawn`` says how much ink, in
    mm², was missing or too much in mixed raster content, None where that was not tried. ``because`` says why
    the page is kept otherwise: "illegible" by that, "larger" than its image, or read from other pixels,
    "other_frame". ``departures`` are what in it PDF/A does not allow, or nobody knows
    (``pipeline.product.conformity``).
    """

    profile: Profile
    way: Keeping
    size: int | None = None
    misdrawn: float | None = None
    because: str | None = None
    departures: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, str | int | float | list[str] | None]:
        """What is recorded with the page."""
        return {
            "profile": self.profile.value,
            "as": self.way.value,
            "bytes": self.size,
            "misdrawn_mm2": self.misdrawn,
            "because": self.because,
            "departures": list(self.departures),
        }
