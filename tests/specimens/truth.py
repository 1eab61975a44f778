"""The ground truth of a batch, as records and as ``truth.json`` (schema in README.md)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

PageKind = Literal["content", "blank", "cover", "separator"]
KINDS: tuple[PageKind, ...] = ("content", "blank", "cover", "separator")


@dataclass(frozen=True, slots=True)
class PageTruth:
    """One page of a source, as it lies in the file.

    ``document_type`` is a content page's or separator's type. ``rotation``: degrees to turn the scan
    clockwise to read it. ``clean``: nothing but light noise and JPEG, and an unambiguous reading order.
    ``cued``: the page itself bears the words its type is known by. ``document`` counts a volume's
    documents from 1; None for sheets.
    """

    number: int
    kind: PageKind
    file_number: str | None
    volume: int | None
    document: int | None
    document_type: str | None
    lines: tuple[str, ...]
    clean: bool
    cued: bool
    rotation: int
    language: str
    dpi: int
    colour: str
    born_digital: bool = False


@dataclass(frozen=True, slots=True)
class SourceTruth:
    """One file under ``scans/``; ``fault`` is the error code it is expected to be quarantined with."""

    path: str
    pages: tuple[PageTruth, ...]
    fault: str | None = None
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeTruth:
    """One line of the inventory; ``pages`` counts content and blank pages, never sheets."""

    file_number: str
    volume: int
    holder: str
    box: str
    remark: str
    pages: int


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of a batch."""

    seed: int
    size: str
    volumes: tuple[VolumeTruth, ...]
    sources: tuple[SourceTruth, ...]

    @property
    def pages(self) -> tuple[PageTruth, ...]:
        """Every page expected to be read: of sources without fault, duplicates left out."""
        return tuple(page for source in self.sources for page in source.pages if source.duplicate_of is None)

    def expected(self) -> dict[str, Any]:
        """The final state when the batch has been digitised."""
        kinds = Counter(page.kind for page in self.pages)
        return {
            "case_files": len({volume.file_number for volume in self.volumes}),
            "volumes": len(self.volumes),
            "sources": sum(source.duplicate_of is None for source in self.sources),
            "duplicates": sum(source.duplicate_of is not None for source in self.sources),
            "quarantined_sources": sum(source.fault is not None for source in self.sources),
            "unassigned_pages": sum(page.file_number is None for page in self.pages),
            "pages": {kind: kinds[kind] for kind in KINDS},
        }

    def write(self, path: Path) -> None:
        """Write ``truth.json``: the records' fields by name, and the expected final state."""
        content = {**asdict(self), "expected": self.expected()}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
