"""What may be said of a page beside its words: ``akte:``, ``band:``, ``typ:``, ``datum:``, ``sprache:``.

Each value becomes the terms that the index has for it. A page of 12 May 2014 is known by ``2014``,
``2014-05`` and ``2014-05-12``, so that any span of time is a few whole years, months and days.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from errors import N_
from storage.file_numbers import file_key
from storage.search.german import fold
from storage.search.tree import FieldName, refused

FIELDS: Mapping[str, FieldName] = {
    "akte": FieldName.FILE, "file": FieldName.FILE, "aktenzeichen": FieldName.FILE, "az": FieldName.FILE,
    "band": FieldName.VOLUME, "volume": FieldName.VOLUME,
    "typ": FieldName.TYPE, "type": FieldName.TYPE,
    "datum": FieldName.DATE, "date": FieldName.DATE,
    "sprache": FieldName.LANGUAGE, "language": FieldName.LANGUAGE,
}  # fmt: skip

#: The years a page can be of; a span that is open on one side ends there.
FIRST_YEAR, LAST_YEAR = 1800, 2199
#: Two-digit years up to this one are of this century.
_PIVOT = 40
_LARGEST_VOLUME = 2**32

_LANGUAGES = {
    "deu": "de deutsch german ger", "eng": "en englisch english", "fra": "fr franzosisch french fre",
    "tur": "tr turkisch turkish", "rus": "ru russisch russian", "ukr": "uk ukrainisch ukrainian",
    "ara": "ar arabisch arabic", "fas": "fa persisch persian farsi per", "kmr": "ku kurdisch kurdish",
    "sqi": "sq albanisch albanian alb", "srp": "sr serbisch serbian", "pol": "pl polnisch polish",
    "ron": "ro rumanisch romanian rum", "vie": "vi vietnamesisch vietnamese", "tir": "ti tigrinisch tigrinya",
    "ita": "it italienisch italian", "spa": "es spanisch spanish", "por": "pt portugiesisch portuguese",
    "ell": "el griechisch greek gre", "bul": "bg bulgarisch bulgarian", "hrv": "hr kroatisch croatian",
    "bos": "bs bosnisch bosnian", "nld": "nl niederlandisch dutch", "ces": "cs tschechisch czech cze",
    "hun": "hu ungarisch hungarian", "zho": "zh chinesisch chinese chi", "frk": "fraktur",
}  # fmt: skip
_LANGUAGE_OF = {name: code for code, names in _LANGUAGES.items() for name in (code, *names.split())}
_LANGUAGE_CODE = re.compile(r"[a-z]{3}(?:_[a-z]+)?")

_YEAR = re.compile(r"(\d{4})")
_MONTH = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<M>\d{1,2})[./](?P<Y>\d{4})")
_DAY = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{4}|\d{2})"
)
_YEARS = re.compile(r"(\d{4})[-–](\d{4})")


def values_of(name: FieldName, text: str, place: int, types: Mapping[str, str]) -> tuple[str, ...]:
    """The terms of what is said of a field, any of which will do.

    ``place`` is where ``text`` stands in the query, from 0; raises ``errors.BadQuery`` with it.
    """
    if not text.strip():
        raise refused(place - 1, N_("after the colon its value is missing, without a blank between"))
    match name:
        case FieldName.FILE:
            return (file_key(text),)
        case FieldName.VOLUME:
            return (_volume(text, place),)
        case FieldName.TYPE:
            return _types(text, place, types)
        case FieldName.LANGUAGE:
            return (_language(text, place),)
        case FieldName.DATE:
            return tuple(terms_of(*_span(text, place)))


def _volume(text: str, place: int) -> str:
    if not text.isdecimal() or int(text) >= _LARGEST_VOLUME:
        raise refused(place, N_("the volume must be a number"))
    return str(int(text))


def _types(text: str, place: int, types: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of the types that are called so; failing that, those whose name has a word that begins so."""
    if not types or text in types.values():
        return (text,)
    wanted = fold(text)
    found = {key for name, key in types.items() if wanted == fold(name)}
    if not found and wanted:
        words = {(fold(word), key) for name, key in types.items() for word in re.split(r"[\W_]+", name)}
        found = {key for word, key in words if word.startswith(wanted)}
    if not found:
        raise refused(place, N_("there is no such document type"))
    return tuple(sorted(found))


def _language(text: str, place: int) -> str:
    code = _LANGUAGE_OF.get(fold(text), text.casefold())
    if not _LANGUAGE_CODE.fullmatch(code):
        raise refused(place, N_("there is no such language; German is called de, deu, deutsch or German"))
    return code


# --- spans of time -----------------------------------------------------------------------------------


def _span(text: str, place: int) -> tuple[date, date]:
    """The first and last day of what is said: a day, a month, a year, or from one of these to another."""
    if years := _YEARS.fullmatch(text):
        begin, dots, end = years[1], "..", years[2]
    else:
        begin, dots, end = text.partition("..")
    if not dots:
        return _period(begin, place)
    if not begin and not end:
        raise refused(place, N_("before or after '..' a date is missing"))
    first = _period(begin, place)[0] if begin else date(FIRST_YEAR, 1, 1)
    last = _period(end, place + len(text) - len(end))[1] if end else date(LAST_YEAR, 12, 31)
    if last < first:
        raise refused(place, N_("the span of time ends before it begins"))
    return first, last


def _period(text: str, place: int) -> tuple[date, date]:
    """The first and last day of a year, a month or a day."""
    try:
        if year := _YEAR.fullmatch(text):
            first, last = date(int(year[1]), 1, 1), date(int(year[1]), 12, 31)
        elif month := _MONTH.fullmatch(text):
            first = date(int(month["y"] or month["Y"]), int(month["m"] or month["M"]), 1)
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        elif day := _DAY.fullmatch(text):
            in_year = full_year(day["y"] or day["Y"])
            first = last = date(in_year, int(day["m"] or day["M"]), int(day["d"] or day["D"]))
        else:
            raise refused(place, N_("a date is written 2014, 2014-05, 12.05.2014 or 2014..2016"))
    except ValueError as error:
        raise refused(place, N_("there is no such day")) from error
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise refused(place, N_("there is no such day"))
    return first, last


def full_year(text: str) -> int:
    """A year of two digits or four: ``14`` is 2014, ``58`` is 1958."""
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004 - digits of a year without its century
        return year
    return year + (2000 if year <= _PIVOT else 1900)


def terms_of(first: date, last: date) -> Iterator[str]:
    """The fewest years, months and days that make up a span of days, in order."""
    day = first
    while day <= last:
        month_end = day.replace(day=calendar.monthrange(day.year, day.month)[1])
        if (day.month, day.day) == (1, 1) and last >= (end := date(day.year, 12, 31)):
            yield f"{day.year:04}"
            day = end
        elif day.day == 1 and last >= month_end:
            yield f"{day:%Y-%m}"
            day = month_end
        else:
            yield day.isoformat()
        day += timedelta(days=1)


def known_by(day: date) -> tuple[str, str, str]:
    """The terms a page of this day is known by: its year, its month and itself."""
    return f"{day.year:04}", f"{day.year:04}-{day.month:02}", day.isoformat()
