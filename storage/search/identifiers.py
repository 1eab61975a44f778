"""The identifiers in a text, the same for pages and queries, whatever they are separated by.

Days (``storage.search.dates``), places in the law (``storage.search.legal``), and numbers: of files,
passports, persons, courts, accounts. A number is known by its letters and digits alone, so that blanks the
recognition put in and separators people choose do not matter; O and 0, I, l and 1, B and 8, S and 5 are one.
Only a short number keeps its separators, for 12/345 is not 123/45.
"""

from __future__ import annotations

import re
import string
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from storage.search.dates import days_in, digits_of
from storage.search.legal import references_in


class Identifier(NamedTuple):
    """Characters ``start`` to ``end`` of a text identify something.

    ``keys`` are its readings, any of which may be meant; ``broader`` are keys a page with it has beside.
    """

    start: int
    end: int
    keys: tuple[str, ...]
    broader: tuple[str, ...] = ()


def identifiers_in(text: str) -> list[Identifier]:
    """All that a text identifies something by, in its order, overlapping where it can be read in two ways."""
    return sorted(
        one._replace(start=start + one.start, end=start + one.end)
        for start, end in _around_digits(text)
        for one in _all_in(text[start:end])
    )


def _around_digits(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text with digits in them, and the words about these that may belong to them.

    Most of a page is none; to look all of it through would take twice as long.
    """
    words = [word.span() for word in _WORD.finditer(text)]
    stretches: list[tuple[int, int]] = []
    for place, (start, end) in enumerate(words):
        if _DIGIT.search(text, start, end):
            first, last = place - _WORDS_BEFORE, place + _WORDS_AFTER
            if stretches and first <= stretches[-1][1] + 1:
                first = stretches.pop()[0]
            stretches.append((first, last))
    for first, last in stretches:
        yield words[max(0, first)][0], words[min(last, len(words) - 1)][1]


def _all_in(text: str) -> list[Identifier]:
    found = [Identifier(day.start, day.end, tuple(map(date.isoformat, day.days))) for day in days_in(text)]
    found += [Identifier(one.start, one.end, (one.key,), one.broader) for one in references_in(text)]
    found += _dockets(text)
    taken = {place for one in found for place in range(one.start, one.end)}
    return [*found, *_accounts(text), *_passports(text), *_numbers(text, taken)]


_WORD, _DIGIT = re.compile(r"\S+"), re.compile(r"\d")
#: Words without digits that may belong to what begins or ends with some: "Art.", "Mai"; "ff. des Aufenth G".
_WORDS_BEFORE, _WORDS_AFTER = 2, 5
_SLIPS = str.maketrans("OILBS|", "011851")


def _canonical(groups: Iterable[str]) -> str:
    """The form in which two readings of a number are equal."""
    return "".join(groups).upper().translate(_SLIPS)


# --- numbers of files, persons and whatever else has many digits ---------------------------------------

#: A number that keeps its separators has fewer letters and digits than this; what has fewer still is none.
_LONG, _SHORTEST = 8, 5
_LONGEST = 34
#: So many numbers in a row may be one that was pulled apart.
_MOST_PULLED_APART = 4

_SEPARATOR = r"[./\\_\-\u2010-\u2015]"
# From its first digit on; what stands before that is looked for from there, which is quicker.
_CHUNK = re.compile(rf"\d[0-9A-Za-z|]*(?:{_SEPARATOR}+[0-9A-Za-z|]+)*")
_SEPARATORS = "./\\_-\u2010\u2011\u2012\u2013\u2014\u2015"
_BEFORE_DIGITS = string.ascii_letters + "|" + _SEPARATORS
_MOST_BEFORE = 12
_GROUP = re.compile(r"[0-9A-Za-z|]+")
_GAP = re.compile(rf"[ \u00a0]{{0,2}}(?P<separator>{_SEPARATOR}?)[ \u00a0]{{0,2}}")
_AMOUNT = re.compile(r"(?<![\w.])\d{1,3}(?:\.?\d{3})*,\d{2}(?!\d)")


class _Chunk(NamedTuple):
    """Letters and digits without a blank between, as groups; ``is_joined``: a separator is before it."""

    start: int
    end: int
    groups: tuple[str, ...]
    is_joined: bool = False


def _numbers(text: str, taken: Container[int]) -> Iterator[Identifier]:
    """Numbers as they stand, and such as were pulled apart: what stands in a row, up to four together."""
    for row in _rows(text, taken):
        for first, chunk in enumerate(row):
            for last in range(first, min(len(row), first + _MOST_PULLED_APART)):
                run = row[first : last + 1]
                keys = _keys(run)
                if keys:
                    yield Identifier(chunk.start, run[-1].end, keys)


def _rows(text: str, taken: Container[int]) -> Iterator[list[_Chunk]]:
    """The numbers of a text, in rows between which something else stands: words, amounts, a line's end."""
    amounts = {place for amount in _AMOUNT.finditer(text) for place in range(*amount.span())}
    row: list[_Chunk] = []
    for found in _CHUNK.finditer(text):
        before = text[max(0, found.start() - _MOST_BEFORE) : found.start()]
        before = before[len(before.rstrip(_BEFORE_DIGITS)) :].lstrip(_SEPARATORS)
        start, end = found.start() - len(before), found.end()
        gap = _GAP.fullmatch(text, row[-1].end, start) if row else None
        is_number = start not in taken and start not in amounts and _is_number(text[start:end])
        if row and not (gap and is_number):
            yield row
            row = []
        if is_number:
            row.append(
                _Chunk(start, end, tuple(_GROUP.findall(text, start, end)), bool(gap and gap["separator"]))
            )
    if row:
        yield row


def _is_number(text: str) -> bool:
    """Whether at least half of it are digits, or what digits are misread as."""
    signs = "".join(_GROUP.findall(text)).upper()
    digits = sum(map(str.isdigit, signs))
    return digits > 0 and 2 * (digits + sum(map(signs.count, "OILBS|"))) >= len(signs)


def _keys(run: Sequence[_Chunk]) -> tuple[str, ...]:
    """What a number is known by: as it stands, and without the letters it may begin or end with (``Az.``)."""
    groups = [group for chunk in run for group in chunk.groups]
    if len(run) > 1 and not all(chunk.is_joined for chunk in run[1:]) and len("".join(groups)) < _LONG:
        return ()
    first, last = groups[0].isalpha(), groups[-1].isalpha()
    forms = (groups, groups[first : len(groups) - last]) if first or last else (groups,)
    return tuple(dict.fromkeys(key for form in forms if (key := _number_key(form))))


def _number_key(groups: Sequence[str]) -> str:
    length = len("".join(groups))
    if not _SHORTEST <= length <= _LONGEST:
        return ""
    return _canonical(groups) if length >= _LONG else "-".join(_canonical([group]) for group in groups)


# --- accounts, passports, courts -----------------------------------------------------------------------

_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2} ?[0-9OIlBS]{2}(?: ?[0-9A-Za-z|]){11,30}")
#: Letters and digits of an account in these countries (ISO 13616); elsewhere the checksum alone decides.
_ACCOUNT_LENGTHS = {"DE": 22, "AT": 20, "CH": 21, "FR": 27, "NL": 18, "PL": 28, "TR": 26, "UA": 29, "RO": 24}
_SHORTEST_ACCOUNT = 15
# The second line of a passport's strip, the first of a card's (ICAO 9303, parts 4 to 6).
_STRIPS = (
    re.compile(r"(?<!\w)(?P<number>[A-Z0-9<]{9})[0-9O][A-Z<]{3}[0-9OISB]{7}[MFXK<][0-9OISB]{7}"),
    re.compile(r"(?<!\w)[IAC][A-Z<][A-Z<]{3}(?P<number>[A-Z0-9<]{9})[0-9OISB](?=[A-Z0-9<]{5})"),
)
_DOCKET = re.compile(
    r"(?<![\w./-])(?P<chamber>[0-9OIlBS]{1,4})\s?(?P<register>[A-Z][A-Za-z]{0,3})\s?(?P<number>[0-9OIl|BS]{1,6})"
    r"\s?[/.]\s?(?P<year>[0-9OIlBS]{2}|[12][0-9OIlBS]{3})(?!\w)"
)


def _accounts(text: str) -> Iterator[Identifier]:
    """International account numbers; outside the countries named above the checksum says where one ends."""
    for found in _ACCOUNT.finditer(text):
        signs = [place for place in range(*found.span()) if text[place] != " "]
        raw = "".join(text[place] for place in signs).upper()
        known = _ACCOUNT_LENGTHS.get(raw[:2], 0)
        lengths = [known] if known else range(len(raw), _SHORTEST_ACCOUNT - 1, -1)
        for length in lengths:
            if length > len(raw):
                continue
            if known or any(map(_is_account, (raw[:length], raw[:2] + _canonical([raw[2:length]])))):
                yield Identifier(found.start(), signs[length - 1] + 1, (_canonical([raw[:length]]),))
                break


def _is_account(text: str) -> bool:
    """Whether the checksum is right: modulo 97 of the number with its head at the end (ISO 7064)."""
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4] if char != "|")) % 97 == 1


def _passports(text: str) -> Iterator[Identifier]:
    """Numbers in a document's machine-readable strip."""
    for strip in _STRIPS if "<" in text else ():
        for found in strip.finditer(text):
            start, end = found.span("number")
            yield Identifier(start, end, (_canonical([found["number"].rstrip("<")]),))


def _dockets(text: str) -> Iterator[Identifier]:
    """Numbers of courts and prosecutors: ``12 A 1234/20``, ``123 Js 4567/20``, ``1 BvR 12/2020``."""
    for found in _DOCKET.finditer(text):
        chamber, number, year = (digits_of(found[name]) for name in ("chamber", "number", "year"))
        if chamber and number and year:
            key = f"{int(chamber)} {found['register'].upper()} {int(number)}/{year[-2:]}"
            yield Identifier(found.start(), found.end(), (key,))
