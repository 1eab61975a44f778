"""Days that a text names, in any of the forms people write them.

``12.05.2014``, ``12.5.14``, ``12. Mai 2014``, ``2014-05-12``, ``12/05/2014``, ``May 12, 2014`` are one day.
Where a form leaves it open, there are several readings: 03/04/2014 may be March or April, the year 14 may be
of either century.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from storage.search.german import fold
from storage.search.values import FIRST_YEAR, LAST_YEAR, full_year

_MONTHS = (
    ("januar", "january", "janner", "jan", "janvier"),
    ("februar", "february", "feber", "feb", "fevrier"),
    ("marz", "march", "mar", "mrz", "mars"),
    ("april", "apr", "avril"),
    ("mai", "may"),
    ("juni", "june", "jun", "juin"),
    ("juli", "july", "jul", "juillet"),
    ("august", "aug", "aout"),
    ("september", "sept", "sep", "septembre"),
    ("oktober", "october", "okt", "oct", "octobre"),
    ("november", "nov", "novembre"),
    ("dezember", "december", "dez", "dec", "decembre"),
)
_BY_NAME = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}

#: What digits are misread as.
_SLIPS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "B": "8", "S": "5"})
_DIGIT = "[0-9OoIl|BS]"
_NUMBER = f"{_DIGIT}{{1,2}}"
_YEAR = rf"(?:[12] ?{_DIGIT} ?{_DIGIT} ?{_DIGIT}|{_DIGIT} ?{_DIGIT})"
# Dots are misread as other marks, or lost before the year; what is before may have run into it ("am12.5.").
_DOT, _LAST_DOT = r" ?[.,:;]{1,2} ?", r"(?: ?[.,:;]{1,2} ?| )"
_BEGIN, _END = r"(?<!\d)(?<!\d[.,:;/-])", r"(?!\w|[.,/-]\d)"
_NAME = r"(?P<name>[JFMASONDjfmasond0][^\W_]{2,8})"
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_BEGIN}(?P<day>{_NUMBER}){_DOT}(?P<month>{_NUMBER}){_LAST_DOT}(?P<year>{_YEAR}){_END}",
        rf"{_BEGIN}(?P<day>{_NUMBER})(?P<mark>[-/])(?P<month>{_NUMBER})(?P=mark)(?P<year>{_YEAR}){_END}",
        rf"{_BEGIN}(?P<year>[12]{_DIGIT}{{3}})(?P<mark>[-/.])(?P<month>{_NUMBER})(?P=mark)(?P<day>{_NUMBER}){_END}",
        rf"{_BEGIN}(?P<day>{_NUMBER})(?:\.|st|nd|rd|th|er)?\s?{_NAME}[.,]?\s?(?P<year>{_YEAR})(?!\w)",
        rf"(?<!\w){_NAME}\.?\s(?P<day>{_NUMBER})(?:st|nd|rd|th)?(?:,\s?|\s)(?P<year>{_YEAR})(?!\w)",
    )
)
_CENTURY = 100


class Day(NamedTuple):
    """Characters ``start`` to ``end`` of a text name a day; ``days`` are readings, the likeliest first."""

    start: int
    end: int
    days: tuple[date, ...]


def days_in(text: str) -> Iterator[Day]:
    """All days a text names, form by form."""
    for form in _FORMS:
        for found in form.finditer(text):
            days = tuple(dict.fromkeys(_readings(found)))
            if days:
                yield Day(found.start(), found.end(), days)


def _readings(found: re.Match[str]) -> Iterator[date]:
    parts = found.groupdict()
    day, year = digits_of(parts["day"]), digits_of(parts["year"])
    if not day or not year:
        return
    month = digits_of(parts["month"]) if "month" in parts else str(_month(parts["name"]))
    orders = [(int(month), int(day))] if month else []
    if parts.get("mark") == "/" and not found[0].startswith(parts["year"]):
        orders.append((int(day), int(month)))
    for century in _years(year):
        for in_month, on_day in orders:
            if (reading := _date(century, in_month, on_day)) is not None:
                yield reading


def digits_of(text: str) -> str:
    """The digits meant, blanks left out; none where all of them are letters."""
    if not any(char.isdigit() for char in text):
        return ""
    return text.replace(" ", "").translate(_SLIPS)


def _month(name: str) -> int:
    """The month of this name, a letter of which may be misread; 0 if it is none."""
    meant = (name.replace("0", "o").replace("1", letter) for letter in "il")
    folded = [fold(one) for one in meant]
    folded += [one.replace("rn", "m") for one in folded]
    return next((_BY_NAME[one] for one in folded if one in _BY_NAME), 0)


def _years(text: str) -> tuple[int, ...]:
    year = full_year(text)
    is_short = len(text) < len("2014")
    return (year, year - _CENTURY) if is_short and year >= 20 * _CENTURY else (year,)


def _date(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
