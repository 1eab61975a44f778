"""Machine-readable zones of travel documents (ICAO Doc 9303), for an invented country only."""

from __future__ import annotations

import string
import unicodedata

COUNTRY = "UTO"
"""Utopia: the code ICAO reserves for specimens."""

_VALUES = {c: i for i, c in enumerate(string.digits + string.ascii_uppercase)} | {"<": 0}
_WEIGHTS = (7, 3, 1)
# Part 3, section 6.A: the letters that do not simply lose their mark
_TRANSLITERATION = str.maketrans(
    {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "Æ": "AE", "Ø": "OE", "Å": "AA", "Đ": "D", "đ": "D"}
    | {"ä": "AE", "ö": "OE", "ü": "UE", "Ł": "L", "ł": "L", "ı": "I", "-": "<", " ": "<", "'": ""}
)


def check_digit(field: str) -> int:
    """The 7-3-1 check digit of Doc 9303 part 3, section 4.9."""
    return sum(_VALUES[c] * _WEIGHTS[i % 3] for i, c in enumerate(field)) % 10


def transliterate(name: str) -> str:
    """A name in the letters an MRZ may hold: A–Z and the filler ``<``."""
    plain = unicodedata.normalize("NFKD", name.translate(_TRANSLITERATION))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).upper()


def passport(names: tuple[str, str], number: str, birth: str, sex: str, expiry: str) -> tuple[str, str]:
    """The two lines of 44 characters of a passport (TD3): family and given name; dates as YYMMDD."""
    first = f"P<{COUNTRY}{'<<'.join(map(transliterate, names))}"[:44].ljust(44, "<")
    number = number.ljust(9, "<")
    optional = "<" * 14
    digits = [f"{field}{check_digit(field)}" for field in (number, birth, expiry, optional)]
    total = check_digit("".join(digits))
    return first, f"{digits[0]}{COUNTRY}{digits[1]}{sex}{digits[2]}{digits[3]}{total}"
