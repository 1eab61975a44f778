"""Reading lists as German office software writes them: CSV with ``;``, ``,`` or tab, UTF-8 or Latin-1."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import N_, UnreadableList

_DELIMITERS = ";,\t"
_LONGEST_FIELD = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: its line number in the file and its values by canonical column name."""

    line: int
    values: Mapping[str, str]


def read_table(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV file as they are read.

    ``columns`` names each canonical column's other spellings; unknown columns are passed over, columns
    that are absent have empty values. Raises ``UnreadableList`` when it is no such list.
    """
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as lines:
            header = lines.readline()
            delimiter = max(_DELIMITERS, key=header.count)
            names = _canonical(next(csv.reader([header], delimiter=delimiter), []), columns)
            absent = [name for name in required if name not in names]
            if absent:
                missing = ", ".join(f"{name} ({columns[name][0].capitalize()})" for name in absent)
                raise UnreadableList(name=path.name, detail=N_("missing column: {columns}"), columns=missing)
            reader = csv.reader(lines, delimiter=delimiter)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Row(reader.line_num + 1, _values(names, cells, columns))
    except OSError as error:
        raise UnreadableList(name=path.name, detail=error.strerror or str(error)) from error
    except csv.Error as error:
        raise UnreadableList(name=path.name, detail=N_("no CSV: {said}"), said=str(error)) from error


def _encoding(path: Path) -> str:
    """UTF-8 if every byte of the file is; Windows' Latin-1 otherwise, where every byte is some letter."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        return "cp1252" if _decodes(path, "cp1252") else "latin-1"
    except OSError as error:
        raise UnreadableList(name=path.name, detail=error.strerror or str(error)) from error
    return "utf-8-sig"


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        return False
    return True


def _canonical(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[str]:
    spellings = {
        spelling.casefold(): name for name, others in columns.items() for spelling in (name, *others)
    }
    return [spellings.get(cell.strip().casefold(), "") for cell in header]


def _values(
    names: Sequence[str], cells: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    given = {name: cell.strip()[:_LONGEST_FIELD] for name, cell in zip(names, cells, strict=False) if name}
    return {name: given.get(name, "") for name in columns}


def whole_number(text: str, *, lowest: int, highest: int) -> int:
    """Read a whole number as it stands in a list; raises ``ValueError`` when it is none or out of range."""
    number = int(text)
    if not lowest <= number <= highest:
        raise ValueError(f"{number} is not between {lowest} and {highest}")
    return number
