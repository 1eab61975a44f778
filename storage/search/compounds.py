"""Words within words: what compounds are made of, and what recognition joined, split or broke off.

A page's doubtful words are those that may be a misreading of another; only these are ever compared with a
word that is asked for and does not stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from storage.search import german
from storage.search.boxes import PlacedWord

#: A known word that is surer than this is itself.
SURE = 0.9
_LEAST, _MOST = 2, 40  # letters; what is longer is a rule or a row of dots
_LEAST_JOINED = 5
_LEAST_PIECE = 4
_BIT = 3
_INNER_CAPITAL = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")
#: Signs that letters are taken for.
_LOOKS = str.maketrans(
    {"|": "l", "!": "i", "$": "s", "§": "s", "€": "e", "@": "a", "&": "e", "£": "e", "©": "c"}
)
_SHORT_WORDS = """
    der die das den dem des ein eine einer einem einen eines und oder in im an am auf aus bei beim bis
    durch für gegen mit nach ohne seit um unter über von vom vor zu zum zur als wie ob daß dass weil
    wenn sich ist sind war hat wird nicht auch noch nur so es er sie ich wir ihr ihre sein seine the of
    and to for
"""
#: What recognition joins to its neighbours, being frequent.
_SHORT = frozenset(map(german.fold, _SHORT_WORDS.split()))
_LONGEST_SHORT = max(map(len, _SHORT))
_SEPARATE = re.compile(r"[-–/.,;:()]+")


def is_doubtful(word: PlacedWord, text: str) -> bool:
    """Whether it may be another that was misread: no dictionary knows it, or recognition was not sure.

    A compound of known words is known. No dictionary knows numbers: those that are sure are themselves.
    """
    return word.confidence < SURE or not (word.is_known or word.parts or text.isdigit())


def doubtful(page: str, words: Iterable[PlacedWord]) -> frozenset[str]:
    """Plain forms of the doubtful ``words`` of a ``page``, of neighbours joined, of words that are two."""
    found: set[str] = set()
    before, strange_before = "", False
    for word in words:
        text = page[word.start : word.end]
        plain = german.fold(text)
        doubt = is_doubtful(word, plain)
        if doubt:
            found.update(_forms(text))
        # An unsure word that is one was hardly broken off another; nearly all its pairs would be nonsense.
        strange = doubt and not (word.is_known or word.parts)
        if (strange or strange_before) and _may_be_one(before, plain, both=strange and strange_before):
            found.add(before + plain)
        before, strange_before = plain, strange
    return frozenset(word for word in found if _LEAST <= len(word) <= _MOST)


def parts(words: Iterable[PlacedWord]) -> frozenset[str]:
    """The stems of what the compounds among ``words`` are made of."""
    return frozenset(german.stem(german.fold(part)) for word in words for part in word.parts)


def _forms(text: str) -> Iterator[str]:
    """A doubtful word as a whole, whatever signs are in it, and the words it may be parted into."""
    text = text.translate(_LOOKS) if not text.isalnum() else text
    whole = german.fold(text)
    yield whole
    yield from without_joined(whole)
    for piece in _SEPARATE.split(text):
        yield german.fold(piece)
        halves = _INNER_CAPITAL.split(piece)
        if len(halves) > 1:
            yield from (german.fold(half) for half in halves)


def _may_be_one(one: str, other: str, *, both: bool) -> bool:
    """Whether two neighbours may be one word that was broken: both are no words, or one is a mere bit."""
    if not (one and other) or len(one) + len(other) < _LEAST_JOINED or (one + other).isdigit():
        return False
    return both or (min(len(one), len(other)) <= _BIT and one not in _SHORT and other not in _SHORT)


def without_joined(word: str) -> Iterator[str]:
    """What is left of a plain word without a short one that may have been joined to it."""
    for length in range(_LONGEST_SHORT, 1, -1):
        if len(word) - length >= _LEAST_PIECE:
            if word[:length] in _SHORT:
                yield word[length:]
            if word[-length:] in _SHORT:
                yield word[:-length]
