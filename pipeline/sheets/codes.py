"""What the QR codes on cover and separator sheets say: opaque, without personal data, with a check character.

    AKTEN1:V:<12 characters><check>     a volume's cover sheet
    AKTEN1:T:<TYPE-KEY>:<check>         a separator sheet before a document of this type

Only characters of QR's alphanumeric mode occur, so the symbols stay coarse and easy to read.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from random import Random

#: Crockford's base 32: no I, L, O, U, so that nothing is misread (https://www.crockford.com/base32.html).
_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_LENGTH = 12
_CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_OURS = re.compile(r"AKTEN\d+:.*", re.DOTALL)
_COVER = re.compile(rf"AKTEN1:V:([{_ID_ALPHABET}]{{{_ID_LENGTH}}})([0-9A-Z])")
_SEPARATOR = re.compile(r"AKTEN1:T:([A-Z0-9]+(?:-[A-Z0-9]+)*):([0-9A-Z])")
_MISREAD = str.maketrans("OIL", "011", " -·\t")
_SYSTEM_RANDOM = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class CoverCode:
    """A volume's cover sheet, by its opaque id."""

    sheet_id: str


@dataclass(frozen=True, slots=True)
class SeparatorCode:
    """A separator sheet, by the document type's key."""

    type: str


@dataclass(frozen=True, slots=True)
class BadSheetCode:
    """A code of ours that cannot be trusted: damaged, or of a later edition. The caller raises an alarm."""

    text: str


def new_sheet_id(random: Random = _SYSTEM_RANDOM) -> str:
    """Draw an opaque sheet id: 12 characters, 60 bits.

    Ids whose check character would be I, L, O or U are drawn again, so that the id can be typed by hand
    from the sheet without doubt.
    """
    while True:
        sheet_id = "".join(random.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
        if check_character(sheet_id) in _ID_ALPHABET:
            return sheet_id


def encode_cover(sheet_id: str) -> str:
    """The QR text of a volume's cover sheet."""
    return f"AKTEN1:V:{sheet_id}{check_character(sheet_id)}"


def encode_separator(type_key: str) -> str:
    """The QR text of a separator sheet for a document type's key, e.g. ``court_decision``."""
    name = type_key.upper().replace("_", "-")
    return f"AKTEN1:T:{name}:{check_character(name.replace('-', ''))}"


def parse_code(text: str) -> CoverCode | SeparatorCode | BadSheetCode | None:
    """Read a QR code's text; None for codes that are not ours.

    Whether the id or the type exists, the caller has to ask the ledger and the table of types.
    """
    code = text.strip()
    if cover := _COVER.fullmatch(code):
        return CoverCode(cover[1]) if check_character(cover[1]) == cover[2] else BadSheetCode(text)
    if separator := _SEPARATOR.fullmatch(code):
        name, check = separator.groups()
        right = check_character(name.replace("-", "")) == check
        return SeparatorCode(name.lower().replace("-", "_")) if right else BadSheetCode(text)
    return BadSheetCode(text) if _OURS.fullmatch(code) else None


def printed_id(sheet_id: str) -> str:
    """The id with its check character in groups, as printed for people: ``7K3M-9QXR-2D4F-C``."""
    return "-".join(
        [*(sheet_id[start : start + 4] for start in range(0, _ID_LENGTH, 4)), check_character(sheet_id)]
    )


def parse_typed_id(text: str) -> CoverCode | BadSheetCode:
    """Read an id typed by hand from a sheet: any case, with or without groups, O for 0 and I or L for 1."""
    typed = text.strip().upper().translate(_MISREAD)
    code = parse_code(f"AKTEN1:V:{typed}")
    return code if isinstance(code, CoverCode) else BadSheetCode(text)


def check_character(text: str) -> str:
    """The check character of capitals and digits after ISO/IEC 7064, hybrid system MOD 37,36.

    It catches every single wrong character and nearly every swap of neighbours.
    """
    modulus = len(_CHECK_ALPHABET)
    product = modulus
    for character in text:
        total = (product + _CHECK_ALPHABET.index(character)) % modulus or modulus
        product = total * 2 % (modulus + 1)
    return _CHECK_ALPHABET[(1 - product) % modulus]
