"""File numbers as people write them, and the one form they are compared in."""

from __future__ import annotations

import re
import unicodedata

LONGEST_FILE_NUMBER = 80
_SEPARATORS = re.compile(r"[\s/\\._\-\u2010-\u2015\u2212]+")


def file_key(text: str) -> str:
    """The form in which two spellings of one file number are equal: ``33.2-2019/4711`` → ``33-2-2019-4711``.

    Runs of separators (space ``/`` ``\\`` ``-`` ``_`` ``.`` and dashes) become one ``-``, which is not kept
    at the ends; case does not matter. Separators are not dropped, since 12/345 is not 123/45.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _SEPARATORS.sub("-", plain).strip("-")


def is_file_number(text: str) -> bool:
    """Whether ``text`` can be a file number: something but separators, printable, and not endless."""
    return bool(file_key(text)) and len(text) <= LONGEST_FILE_NUMBER and text.isprintable()
