"""Printing sheets: which volumes get a cover sheet, which document types a separator sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import N_, NotFound, WrongUse
from pipeline.classification.document_types import DocumentType
from pipeline.sheets.drawing import CoverSheet, cover_sheets, separator_sheets
from storage.file_numbers import file_key
from storage.ledger import Ledger, Transaction, inventory
from storage.streams import check_target


@dataclass(frozen=True, slots=True)
class Choice:
    """Which volumes are meant: one case file's, those without a stored document, or all."""

    file_number: str | None = None
    volume: int | None = None
    missing_only: bool = False


def print_covers(ledger: Ledger, choice: Choice, authority: str, target: Path) -> int:
    """Write cover sheets for the chosen volumes; returns how many.

    Raises ``NotFound`` for a case file that is not known, ``WrongUse`` when there is none to print,
    ``BadOutput`` for a target that is no place for a file.
    """
    with ledger.read() as tx:
        chosen = _chosen(tx, choice)
    if not chosen:
        if choice.file_number is not None:
            raise NotFound(name=choice.file_number)
        raise WrongUse(detail=N_("No cover sheet is to be printed: no volume of the inventory is meant."))
    check_target(target)
    cover_sheets(
        (
            CoverSheet(volume.id, volume.file_number, volume.number, volume.expected_pages, authority)
            for volume in chosen
        ),
        target,
    )
    return len(chosen)


def _chosen(tx: Transaction, choice: Choice) -> list[inventory.Volume]:
    if choice.file_number is None:
        return list(inventory.all_volumes(tx, missing_only=choice.missing_only))
    volumes = inventory.of_case_file(tx, file_key(choice.file_number))
    return [volume for volume in volumes if choice.volume in (None, volume.number)]


def print_separators(types: Sequence[DocumentType], wanted: Sequence[str], target: Path) -> int:
    """Write separator sheets for the wanted document types, for all if none is named; returns how many.

    Raises ``NotFound`` for a type that is not configured, ``BadOutput``.
    """
    check_target(target)
    known = {kind.key for kind in types}
    for key in wanted:
        if key not in known:
            raise NotFound(name=key)
    chosen = [kind for kind in types if not wanted or kind.key in wanted]
    separator_sheets(((kind.key, kind.label_de, kind.label_en) for kind in chosen), target)
    return len(chosen)
