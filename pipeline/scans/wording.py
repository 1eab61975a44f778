"""The wording of a page's own text: in the order and spelling it is read, and whether it is one at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from ocr.records import Word

#: Least share of characters in words shaped like some; with fewer the text is compared with the page.
_LEAST_WORDLIKE = 0.6
#: Judging by the shape of words needs so many letters.
_ENOUGH_LETTERS = 40
#: Shorter ones are abbreviations and say nothing; the last letter of Latin Extended-B.
_SHORTEST, _LATIN_END = 3, 0x24F
_LONGEST_WITHOUT_VOWEL = 4
#: Share of vowels among Latin letters: 35 to 50 % in languages, about 15 % in a shifted alphabet.
_FEWEST_VOWELS = 0.25
_VOWELS = frozenset("aeiouyæœøı")
_MEANINGLESS = frozenset({"Co", "Cc", "Cn", "Cs"})

_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
#: Soft hyphen, zero-width space, direction and byte order marks: unseen, and they spoil search.
_UNSEEN = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_RIGHTWARD = re.compile(r"[\dA-Za-z\u00c0-\u024f]+(?:[.,:/-][\dA-Za-z\u00c0-\u024f]+)*")
_EDGES = re.compile(r"^\W+|\W+$")
_PIECES = re.compile(r"[^\W\d_]+")


def tidy(words: Iterable[Word]) -> tuple[Word, ...]:
    """The words as a person would type them: in the order they are read, composed letters, no ligatures.

    Words of which nothing is left are gone. Poppler's words and letters come as they stand, left to right.
    """
    lines = (list(line) for _, line in groupby(words, key=lambda word: word.line))
    cleaned = ((word, _typed(mirrored(word.text))) for line in lines for word in _in_order(line))
    return tuple(replace(word, text=text) for word, text in cleaned if text)


def _in_order(line: list[Word]) -> list[Word]:
    """A line's words in the order they are read: Hebrew and Arabic run leftwards, others among them not."""
    text = "".join(word.text for word in line)
    if not is_leftward(text):
        return line
    runs = [list(run) for _, run in groupby(line, key=lambda word: not _LATIN.search(word.text))]
    leftward = sum(map(is_leftward, text)) * 2 > sum(map(str.isalpha, text))
    if leftward:
        runs = [run if _LATIN.search(run[0].text) else run[::-1] for run in reversed(runs)]
    else:
        runs = [run[::-1] if is_leftward(run[0].text) else run for run in runs]
    return [word for run in runs for word in run]


def mirrored(text: str) -> str:
    """Text that runs leftwards from the order it stands in to that it is read in, or back again.

    Numbers and Latin words in it stay as they are.
    """
    if not is_leftward(text):
        return text
    return _RIGHTWARD.sub(lambda run: run[0][::-1], text[::-1])


def is_leftward(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _typed(text: str) -> str:
    """A soft hyphen that is seen, at a line's end, is a hyphen."""
    text = re.sub("\u00ad$", "-", text)
    return unicodedata.normalize("NFC", text.translate(_UNSEEN).translate(_LIGATURES)).strip()


def letters(words: Iterable[Word]) -> int:
    """How many letters and digits the words have."""
    return sum(sum(map(str.isalnum, word.text)) for word in words)


def garbage(words: Iterable[Word]) -> float:
    """Share, 0 … 1, of characters that mean nothing: private use, U+FFFD, control, unassigned."""
    text = "".join(word.text for word in words)
    bad = sum(char == "\ufffd" or unicodedata.category(char) in _MEANINGLESS for char in text)
    return bad / len(text) if text else 0.0


def looks_wrong(words: tuple[Word, ...]) -> bool:
    """Whether the text looks as if codes and letters were mixed up: symbols, shifted alphabets.

    A suspicion only: lists of numbers look odd too.
    """
    text = "".join(word.text for word in words)
    if len(text) >= _ENOUGH_LETTERS and letters(words) < len(text) / 2:
        return True
    total, good = _wordlike(words)
    if total >= _ENOUGH_LETTERS and good < _LEAST_WORDLIKE * total:
        return True
    latin = [char for char in text if _LATIN.match(char)]
    vowels = sum(map(_is_vowel, latin))
    return len(latin) >= _ENOUGH_LETTERS and vowels < _FEWEST_VOWELS * len(latin)


def wordlike(words: Iterable[Word]) -> float:
    """Share, 0 … 1, of the characters in Latin words whose words are shaped like some; 0 without any."""
    total, good = _wordlike(words)
    return good / total if total else 0.0


def _wordlike(words: Iterable[Word]) -> tuple[int, int]:
    """How many characters tell something, and how many of them are in words shaped like words."""
    judged = [(len(word), _is_wordlike(word)) for word in (_EDGES.sub("", word.text) for word in words)]
    total = sum(length for length, verdict in judged if verdict is not None)
    return total, sum(length for length, verdict in judged if verdict)


def agreement(words: Iterable[Word], read: Iterable[Word]) -> float:
    """Share, 0 … 1, of the characters in longer ``words`` whose word was also ``read`` somewhere."""
    known = {_EDGES.sub("", word.text).casefold() for word in read}
    own = [_EDGES.sub("", word.text).casefold() for word in words]
    total = sum(len(word) for word in own if len(word) >= _SHORTEST)
    found = sum(len(word) for word in own if len(word) >= _SHORTEST and word in known)
    return found / total if total else 0.0


def _is_wordlike(word: str) -> bool | None:
    """Whether a word is shaped like one; ``None`` for what tells nothing: numbers, codes, other scripts."""
    if len(word) < _SHORTEST or not any(map(str.isalpha, word)):
        return None
    if any(ord(char) > _LATIN_END and char.isalpha() for char in word):
        return None
    if any(map(str.isdigit, word)):
        return None if word.upper() == word else False
    pieces = _PIECES.findall(word)
    return all(_is_cased(piece) and _is_spoken(piece) for piece in pieces)


def _is_cased(piece: str) -> bool:
    return piece.islower() or piece.isupper() or piece[1:].islower() or len(piece) == 1


def _is_spoken(piece: str) -> bool:
    return len(piece) <= _LONGEST_WITHOUT_VOWEL or any(map(_is_vowel, piece))


def _is_vowel(char: str) -> bool:
    return unicodedata.normalize("NFD", char.lower())[0] in _VOWELS
