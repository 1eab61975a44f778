"""Reading lists as German office software writes them: CSV with ``;``, ``,`` or tab, in Windows encodings."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from errors import N_, UnreadableList

if TYPE_CHECKING:
    from _csv import Reader

_DELIMITERS = ";,\t"
#: Excel's way of naming the delimiter, in a line before the header.
_DECLARED = re.compile(r'"?sep=(.)"?')
#: Excel's way of keeping a number from being read as one: ``="0815"``.
_KEPT_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_WHOLE_NUMBER = re.compile(r"([0-9]{1,9})(?:[.,]0{1,2})?")
_LONGEST_FIELD = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: the line it begins in and its values by canonical column name."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was not taken, and why: an untranslated template with its fields."""

    line: int
    message: str
    params: dict[str, str | int]


def read_table(
    path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Iterator[Row | Fault]:
    """Yield the rows of a CSV file as they are read, and a fault for each that cannot be read surely.

    ``columns`` names each canonical column's other spellings, of which case, spaces and punctuation do
    not matter; unknown columns are passed over, columns that are absent have empty values. Raises
    ``UnreadableList`` when it is no such list.
    """
    try:
        with path.open(encoding=_encoding(path), newline="") as lines:
            start, header, delimiter = _begin(lines, columns)
            # Strict, for a stray quotation mark would swallow all rows up to the next one.
            reader = csv.reader(chain([header], lines), delimiter=delimiter, strict=True)
            names = _canonical(next(reader, []), columns)
            _check_header(path.name, names, required)
            yield from _rows(reader, start, names, columns)
    except OSError as error:
        raise UnreadableList(name=path.name, detail=error.strerror or str(error)) from error
    except csv.Error as error:
        raise UnreadableList(name=path.name, detail=N_("no CSV: {said}"), said=str(error)) from error


def whole_number(text: str, *, lowest: int, highest: int) -> int:
    """Read a whole number as it stands in a list, also as ``7.0`` or ``7,00``, never as ``1.000``.

    Raises ``ValueError`` when it is none or out of range.
    """
    match = _WHOLE_NUMBER.fullmatch(text)
    if match is None or not lowest <= int(match[1]) <= highest:
        raise ValueError(f"no whole number between {lowest} and {highest}")
    return int(match[1])


def _encoding(path: Path) -> str:
    """UTF-16 or UTF-8 if the file says so or every byte fits; else Windows' Latin-1, which all bytes fit."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    return next((one for one in ("utf-8-sig", "cp1252") if _decodes(path, one)), "latin-1")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as lines:
            for _ in lines:
                pass
    except UnicodeDecodeError:
        return False
    return True


def _begin(lines: TextIO, columns: Mapping[str, Sequence[str]]) -> tuple[int, str, str]:
    """Pass over what comes before the header; returns how many lines, the header's first, the delimiter."""
    passed, declared = 0, None
    for line in lines:
        text = line.strip("\r\n")
        if match := _DECLARED.fullmatch(text):
            declared = match[1]
        elif text.strip(_DELIMITERS + " "):
            return passed, line, declared or _likely_delimiter(line, columns)
        passed += 1
    return passed, "", _DELIMITERS[0]


def _likely_delimiter(header: str, columns: Mapping[str, Sequence[str]]) -> str:
    """The one that finds the most columns we know, for names may have commas in them."""

    def known(delimiter: str) -> int:
        return sum(1 for name in _canonical(next(csv.reader([header], delimiter=delimiter)), columns) if name)

    return max(_DELIMITERS, key=known)


def _rows(
    reader: Reader, start: int, names: Sequence[str], columns: Mapping[str, Sequence[str]]
) -> Iterator[Row | Fault]:
    while True:
        line = start + reader.line_num + 1
        try:
            cells = [_value(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            last = start + reader.line_num
            yield Fault(line, N_("the quotation marks do not match up to line {last}"), {"last": last})
            continue
        if any(cells[len(names) :]):
            yield Fault(line, N_("there are more fields than the header has"), {})
        elif any(cells):
            given = dict(zip(names, cells, strict=False))
            yield Row(line, {name: given.get(name, "") for name in columns})


def _value(cell: str) -> str:
    text = cell.strip()
    if kept := _KEPT_AS_TEXT.fullmatch(text):
        text = kept[1].strip()
    return unicodedata.normalize("NFC", text[:_LONGEST_FIELD])


def _canonical(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[str]:
    spellings = {_plain(spelling): name for name, others in columns.items() for spelling in (name, *others)}
    return [spellings.get(_plain(cell), "") for cell in header]


def _plain(heading: str) -> str:
    """A heading's letters and digits: ``Akten-Nr.`` and ``aktennr`` are one."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", heading).casefold())


def _check_header(file_name: str, names: Sequence[str], required: Sequence[str]) -> None:
    absent = [name for name in required if name not in names]
    if absent:
        detail = N_("missing column: {columns}")
        raise UnreadableList(name=file_name, detail=detail, columns=", ".join(absent))
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        detail = N_("several columns mean the same: {columns}")
        raise UnreadableList(name=file_name, detail=detail, columns=", ".join(double))
