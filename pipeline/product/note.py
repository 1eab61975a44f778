"""The transfer note of a product: who made it, how, from what, and what was odd (TR-RESISCAN, A.NB.4).

A short form of it stands in the PDF, all of it in a JSON file stored beside it. The PDF says only what
follows from its pages and the settings, so that the same pages make the same bytes again, after a loss of the
ledger too; times, alarms and the PDF's own hash stand in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1
NOT_NAMED = "nicht benannt"
NOT_INSPECTED = "not_inspected"
#: Counts of anomalies that are no alarm's code.
REMOVED, LEFT_OUT = "removed_", ("blank", "separator", "quarantined")


@dataclass(frozen=True, slots=True)
class NotedPage:
    """A page as it went into a product.

    ``source`` is the SHA-256 of its file, ``source_page`` its page there. ``kept`` says how its image is
    kept, where that is recorded; ``flags`` why a person should look at it, ``removed`` which active content
    of its file was left behind.
    """

    number: int
    type: str
    date: str | None
    source: str
    source_page: int
    width_mm: float
    height_mm: float
    rotation: int
    skew: float
    language: str
    engine: str
    models: tuple[str, ...]
    confidence: float
    profile: str
    kept: Mapping[str, Any] | None
    flags: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Creator:
    """Who answers for the product; empty where nobody was named."""

    person: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Times:
    """When the newest page came in and was read: ISO 8601 in UTC."""

    received: str
    recognised: str


@dataclass(frozen=True, slots=True)
class TransferNote:
    """All a product's note says besides the product's own hash.

    ``left_out`` counts pages by what they are instead, ``alarms`` those open or settled by code.
    ``expected_pages`` is what the inventory says. ``quality`` is the result of the inspection.
    """

    document: str
    creator: Creator
    program: str
    procedure: str
    statement: str
    times: Times
    expected_pages: int | None
    left_out: Mapping[str, int]
    alarms: Mapping[str, int]
    pages: Sequence[NotedPage]
    quality: str = NOT_INSPECTED

    @property
    def page_anomalies(self) -> dict[str, list[int]]:
        """What is odd about pages, by code: their numbers."""
        found: dict[str, list[int]] = {}
        for page in self.pages:
            for code in (*page.flags, *(f"{REMOVED}{code}" for code in page.removed)):
                found.setdefault(code, []).append(page.number)
        return dict(sorted(found.items()))

    @property
    def sources_sha256(self) -> str:
        """The SHA-256 of a list with a line for each page: its file's SHA-256, a space, its page there."""
        lines = "".join(f"{page.source} {page.source_page}\n" for page in self.pages)
        return hashlib.sha256(lines.encode()).hexdigest()


def in_pdf(note: TransferNote) -> dict[str, str]:
    """What the PDF itself says of its making: names of XMP properties and their text."""
    odd = [f"{code}: {len(numbers)}" for code, numbers in note.page_anomalies.items()]
    return {
        "creator": note.creator.person or NOT_NAMED,
        "organisation": note.creator.organisation or NOT_NAMED,
        "program": note.program,
        "engines": "; ".join(_distinct(page.engine for page in note.pages)),
        "models": "; ".join(_distinct(model for page in note.pages for model in page.models)),
        "profiles": "; ".join(_distinct(page.profile for page in note.pages)),
        "procedure": note.procedure or NOT_NAMED,
        "pages": str(len(note.pages)),
        "sources": note.sources_sha256,
        "anomalies": "; ".join(odd) or "-",
        "quality": note.quality,
        "statement": note.statement,
    }


def to_json(note: TransferNote, *, sha256: str, size: int) -> bytes:
    """The whole note of the product with this hash and size in bytes; equal notes give equal bytes."""
    left_out = {code: {"count": count, "pages": []} for code, count in note.left_out.items() if count}
    alarms = {code: {"count": count, "pages": []} for code, count in note.alarms.items()}
    on_pages = {
        code: {"count": len(numbers), "pages": numbers} for code, numbers in note.page_anomalies.items()
    }
    shape = {
        "version": VERSION,
        "document": note.document,
        "product": {"sha256": sha256, "bytes": size, "pages": len(note.pages)},
        "creator": {name: value or None for name, value in asdict(note.creator).items()},
        "environment": {
            "program": note.program,
            "procedure": note.procedure or None,
            "engines": _distinct(page.engine for page in note.pages),
            "models": _distinct(model for page in note.pages for model in page.models),
            "profiles": _distinct(page.profile for page in note.pages),
        },
        "expected_pages": note.expected_pages,
        "anomalies": [
            {"code": code, **told} for code, told in sorted({**alarms, **left_out, **on_pages}.items())
        ],
        "times": asdict(note.times),
        "quality": note.quality,
        "statement": note.statement,
        "sources_sha256": note.sources_sha256,
        "pages": [asdict(page) for page in note.pages],
    }
    return json.dumps(shape, ensure_ascii=False, indent=1).encode() + b"\n"


def counted(codes: Iterable[str]) -> dict[str, int]:
    """How often each code comes, in alphabetical order."""
    return dict(sorted(Counter(codes).items()))


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
