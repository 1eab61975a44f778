"""The day a letter or certificate bears; None where that is doubtful.

A page names many days: births, deadlines, other letters. So a date counts only where its surroundings say
that it is the page's own, in this order: behind a label ("Datum", "Date of issue") in the head, behind a
place ("Hannover, den …") or alone on its line there, either of them further down, in a heading ("Bescheid
vom …"). Of the strongest kind found there must be one day only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from rapidfuzz.distance import Levenshtein

#: No document is older; what seems to be is misread.
_EARLIEST = date(1900, 1, 1)
#: The day of receipt is that of UTC, which letters written after midnight in Germany are ahead of.
_ZONES = timedelta(days=1)
#: Without a day of receipt, two-digit years from here on are of the last century.
_PIVOT = 50
_HEAD_LINES, _HEAD_SHARE = 8, 3
#: Letters and digits a line may have beside its date to be that date's own.
_SLACK = 3

_MONTHS = (
    ("januar", "january", "janner", "jan"),
    ("februar", "february", "feber", "feb"),
    ("marz", "maerz", "march", "mar", "mrz"),
    ("april", "apr"),
    ("mai", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nov"),
    ("dezember", "december", "dez", "dec"),
)
_BY_NAME = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_SHORTEST_MISREAD = 4
_YEAR_END = 12

_NUMBER = r"[0-9OoIl|]{1,2}"
_DAY_FIRST = re.compile(
    rf"(?<![\w.,/-])(?P<day>{_NUMBER})(?:(?P<dot> ?[.,] ?)(?P<month>{_NUMBER}) ?[.,] ?"
    rf"|(?P<slash>/)(?P<slashed>{_NUMBER})/)(?P<year>\d{{4}}|\d{{2}})(?!\w|[.,/-]\d)"
)
_YEAR_FIRST = re.compile(
    r"(?<![\w.,/-])(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{2})(?P=mark)(?P<day>\d{2})(?!\w|[.,/-]\d)"
)
_NAMED = re.compile(
    rf"(?<![\w.,/-])(?P<day>{_NUMBER})(?:\.|st|nd|rd|th)? ?(?P<name>[^\W\d_]{{3,9}})[.,]? ?"
    r"(?P<year>\d{4})(?!\w)"
)
_NAME_FIRST = re.compile(
    r"(?<!\w)(?P<name>[^\W\d_]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?, ?(?P<year>\d{4})(?!\w)"
)
_SLIPS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"})

_LABEL = re.compile(
    r"(?:(?<!\w)(?:datum|date)|(?:ausstellungs|brief|bescheid|rechnungs|beleg)datum|date of issue"
    r"|tag der ausstellung|ausgestellt am|ausgefertigt am|issued on|dated)\s?[:.]?\s*$"
)
_OTHER_LABEL = re.compile(r"(?:birth|entry|expiry|expiration|due|start|end|delivery) date\W*$")
_ENGLISH = re.compile(r"(?<!\w)(?:date(?: of issue)?|issued on|dated)\W*$")
_LABEL_LAST = re.compile(r"(?<!\w)(?:datum|date)\W*$")
_LABEL_BELOW = re.compile(r"^\W*(?:(?:ort|place)\W+(?:und |and )?)?(?:datum|date)(?!\w)(?! of| der)")
#: "Hannover, den", "Frankfurt am Main, den", "Fait à Lyon, le".
_PLACE_DEN = re.compile(r"(?:^|\W)[A-ZÄÖÜ][\w.()/-]*(?: [\w.()/-]+){0,3} ?[,.] ?(?:den|dem|d\.|le)\s*$")
#: A place alone: two names and a day may be a person and her birthday.
_PLACE = re.compile(r"^\W*(?:(?:Bad|Sankt|St\.) )?[A-ZÄÖÜ][\w-]+(?: (?:am|an der|im|i\.) ?\w+\.?)?,\s*$")
_DEN_FIRST = re.compile(r"^\W*(?:den|d\.)\s*$")
_WEEKDAY = re.compile(
    r"(?:mon|diens|donners|frei|sams|sonn)(?:tag|abend)s?\W|mittwochs?\W|(?:mon|tues|wednes|thurs)day"
)
_HEADING = re.compile(
    r"^\W*(?:bescheid|niederschrift|protokoll|urteil|beschluss|vermerk|urkunde|bescheinigung|vertrag|verfugung)"
    r"\w*(?: [^.]{1,40})? vom\s*$"
)
#: Of the line before, or beside: what such a day is instead.
_OTHERS = re.compile(
    r"gebor|geburt|(?<!\w)geb(?!\w)|born|birth|naissance|sterbe|verstorben|gultig|valid|ablauf|expir|frist"
    r"|(?<!\w)(?:bis|until|ab|seit|since|from)(?!\w)|eingang|eingegangen|(?<!\w)eing\.|received|einreise|einzug"
    r"|zustellung|termin|(?<!\w)wv(?!\w)|(?:nachricht|schreiben|zeichen) vom"
)
_STAMP_BELOW = re.compile(r"eingang|eingegangen|(?<!\w)eing\.|received|empfangen")


class _Kind(IntEnum):
    """How sure it is that a date is the page's own."""

    HEADING = 1
    BELOW = 2
    HEAD_PLACE = 3
    HEAD_LABEL = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """A date as written on a line; ``is_doubtful``: day and month may be meant the other way round."""

    start: int
    end: int
    day: date
    is_short: bool
    is_doubtful: bool = False


def date_of(text: str, received: date | None = None) -> date | None:
    """The day that the page with ``text``, lines separated by line feeds, was written or issued on.

    It is no later than ``received``, the day of receipt where that is known.
    """
    lines = [unicodedata.normalize("NFC", line).strip() for line in text.split("\n")]
    lines = [line for line in lines if line]
    head = max(_HEAD_LINES, len(lines) // _HEAD_SHARE)
    found: dict[_Kind, set[date]] = {}
    for place in range(len(lines)):
        for one, kind in _judged(lines, place, place < head, received):
            found.setdefault(kind, set()).add(one.day)
    if not found:
        return None
    days = found[max(found)]
    return days.pop() if len(days) == 1 else None


def _judged(
    lines: Sequence[str], place: int, in_head: bool, received: date | None
) -> Iterator[tuple[_Found, _Kind]]:
    """The dates of a line that may be the page's own, each with why."""
    line = lines[place]
    dates = sorted(_dates_in(line, received), key=lambda one: one.start)
    for one in dates:
        before, after = line[: one.start], line[one.end :]
        label = _is_labelled(lines, place, one, is_last=one is dates[-1])
        if one.is_doubtful and (not label or _ENGLISH.search(_plain(before))):
            continue
        if label:
            yield one, _Kind.HEAD_LABEL if in_head else _Kind.BELOW
        elif _is_after_place(before, after):
            yield one, _Kind.HEAD_PLACE if in_head else _Kind.BELOW
        elif one.is_short or not in_head:
            continue
        elif _is_alone(lines, place, before + after):
            yield one, _Kind.HEAD_PLACE
        elif _HEADING.search(_plain(before)) and not re.match(r"\W*(?:bis|an)\b|\s*[-–]\s*\d", after):
            yield one, _Kind.HEADING


def _is_labelled(lines: Sequence[str], place: int, one: _Found, *, is_last: bool) -> bool:
    """Whether "Datum" stands before it, over it as the last of a row of labels, or under it."""
    before, after = lines[place][: one.start], lines[place][one.end :]
    plain = _plain(before)
    if _LABEL.search(plain) and not _OTHER_LABEL.search(plain):
        return True
    if _OTHERS.search(plain) or _OTHER_LABEL.search(plain):
        return False
    above = _plain(lines[place - 1]) if place else ""
    if is_last and not _letters(after) and _LABEL_LAST.search(above) and not _OTHER_LABEL.search(above):
        return True
    below = lines[place + 1] if place + 1 < len(lines) else ""
    return bool(_LABEL_BELOW.search(_plain(below))) and not any(_dates_in(below, None))


def _is_after_place(before: str, after: str) -> bool:
    if _WEEKDAY.search(_plain(before)) or _OTHERS.search(_plain(before)):
        return False
    if _PLACE_DEN.search(before):
        return True
    return bool(_PLACE.search(before) or _DEN_FIRST.search(before)) and _letters(after) <= _SLACK


def _is_alone(lines: Sequence[str], place: int, rest: str) -> bool:
    """Whether a line is a date and nothing else, and nothing beside it says that it is another one."""
    if _letters(rest) > _SLACK or _OTHERS.search(_plain(rest)):
        return False
    above = lines[place - 1] if place else ""
    below = lines[place + 1] if place + 1 < len(lines) else ""
    return not _OTHERS.search(_plain(above)) and not _STAMP_BELOW.search(_plain(below))


def _dates_in(line: str, received: date | None) -> Iterator[_Found]:
    """The dates on a line that can be true."""
    for pattern in (_DAY_FIRST, _YEAR_FIRST, _NAMED, _NAME_FIRST):
        for match in pattern.finditer(line):
            parts = match.groupdict()
            day, month = _number(parts["day"]), _month(parts)
            is_slashed = parts.get("slash") is not None
            if is_slashed and month > _YEAR_END >= day:
                day, month = month, day
            found = _real(parts["year"], month, day, received)
            if found is not None:
                is_doubtful = is_slashed and day != month and max(day, month) <= _YEAR_END
                yield _Found(*match.span(), found, _is_short(parts["year"]), is_doubtful)


def _number(text: str) -> int:
    return int(text.translate(_SLIPS))


def _month(parts: dict[str, str | None]) -> int:
    """A month's number; 0 for what is none."""
    digits = parts.get("month") or parts.get("slashed")
    if digits:
        return _number(digits)
    name = _plain(parts.get("name") or "")
    if name in _BY_NAME or len(name) < _SHORTEST_MISREAD:
        return _BY_NAME.get(name, 0)
    near = {number for known, number in _BY_NAME.items() if _is_misread(name, known)}
    return near.pop() if len(near) == 1 else 0


def _is_misread(name: str, known: str) -> bool:
    return len(known) >= _SHORTEST_MISREAD and Levenshtein.distance(name, known, score_cutoff=1) <= 1


def _is_short(year: str) -> bool:
    return len(year) < len("2014")


def _real(year: str, month: int, day: int, received: date | None) -> date | None:
    """The day, if there is one and a document that came by ``received`` may bear it."""
    latest = received + _ZONES if received else date.max
    full = int(year)
    if _is_short(year):
        full += 2000 if full < _PIVOT or received else 1900
        if date(full, 1, 1) > latest:
            full -= 100
    try:
        found = date(full, month, day)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= latest else None


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _plain(text: str) -> str:
    """In small letters without dots and rings: "Mårz" and "März" are "marz"."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
