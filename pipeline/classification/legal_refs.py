"""References to law, such as „§ 81 Abs. 5 AufenthG“: digits exact, everything around them forgiving."""

from __future__ import annotations

import re

from pipeline.classification.page_text import fold

_WORD_BEGINS = r"(?<![^\W_])"
_WORD_ENDS = r"(?![^\W_])"
#: What OCR makes of the section sign. A digit in its stead must stand apart, or § 1 would be found in "81".
_SIGN = r"(?:[§$&s]{1,2}\s{0,2}|(?<![§$&]\s)(?<![§$&])[58]\s{1,2})"
#: „Abs. 1 Satz 2 i. V. m.“ between a section and the name of its law.
_DETAILS = (
    r"(?:(?:abs(?:atz)?|satz|nr|nummer|hs|alt|var|lit|und|ff|bis|i\s?v\s?m|s|u|f|[ivx]{1,4}|\d{1,3}[a-z]?|[§$&]{1,2})"
    r"(?![^\W_])\W{0,3}){0,8}?"
)
_FULL_NAMES = {
    "asylg": "asylgesetz",
    "aufenthg": "aufenthaltsgesetz",
    "aufenthv": "aufenthaltsverordnung",
    "bmg": "bundesmeldegesetz",
    "stag": "staatsangehorigkeitsgesetz",
    "stpo": "strafprozessordnung",
    "vwvfg": "verwaltungsverfahrensgesetz",
}
_DETAIL_WORDS = {"abs", "absatz", "satz", "s", "nr", "nummer", "ff", "f"}
_TOKEN = re.compile(r"(?P<sign>[§$&]+)|(?P<number>\d+)(?P<letter>[a-z]?)(?![a-z])|(?P<word>[^\W\d_]+)")


def reference_pattern(cue: str) -> re.Pattern[str]:
    """Compile a cue that holds digits into a pattern for folded text (``page_text.fold``).

    Numbers match exactly: § 81 is neither § 61 nor § 81a. Blanks and punctuation may differ, the section
    sign may be misread, paragraph and sentence may stand before the law's name, and the name may be
    written out.
    """
    parts: list[str] = []
    after_number = False
    for token in _TOKEN.finditer(fold(cue)):
        if token["sign"]:
            part, gap = _SIGN, r"\W{0,3}?"
        elif token["number"]:
            part, gap = _number(token["number"], token["letter"]), r"(?:\s?bis\s?|\W{0,3})"
        else:
            part, gap = _word(token["word"], after_number=after_number), r"\W{0,3}"
        parts.append(gap + part if parts else _WORD_BEGINS + part)
        after_number = token["number"] is not None
    return re.compile("".join(parts))


def _number(digits: str, letter: str) -> str:
    if letter:
        return rf"{digits}\s?{letter}{_WORD_ENDS}"
    return rf"{digits}(?![\da-z])(?!\s?[a-z]{_WORD_ENDS})"


def _word(word: str, *, after_number: bool) -> str:
    if not after_number or word in _DETAIL_WORDS:
        return word + _WORD_ENDS
    written_out = _FULL_NAMES.get(word)
    name = rf"(?:{word}|{written_out}(?:es)?)" if written_out else word
    return rf"{_DETAILS}(?:de[sr]\s)?{name}{_WORD_ENDS}"
