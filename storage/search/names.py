"""Names of people in the many forms one has: by ear, by language, by script.

Jusuf and Yusuf, Schewtschenko and Shevchenko, Шевченко too are one name, written down by different people. A
name has a key in which such forms are equal: letters that are one sound in some language are one there. Names
that vary by more than that stand in a table (``storage.search.given_names``). Two kinds of keys go further,
and are had only by words that no dictionary knows, so that ordinary ones do not become ambiguous: ``loose``
ones, in which a is e and o is u, and ``bare`` ones without vowels, for Arabic script leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from storage.search.boxes import PlacedWord
from storage.search.german import fold
from storage.search.given_names import GROUPS

#: Shorter words are like others by chance; longer ones are compounds, no names.
_SHORTEST, _LONGEST = 4, 24
#: A word that a dictionary knows is a name at most so long.
_LONGEST_KNOWN = 9
_SHORTEST_SPOKEN, _SHORTEST_LOOSE, _SHORTEST_BARE = 3, 5, 3

_CYRILLIC = {
    "а": "a", "б": "b", "в": "w", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "je", "ж": "sch",
    "з": "s", "и": "i", "і": "i", "ї": "i", "й": "j", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "z", "ч": "tsch",
    "ш": "sch", "щ": "sch", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "ju", "я": "ja", "ј": "j", "љ": "lj",
    "њ": "nj", "ћ": "tsch", "ђ": "dj", "џ": "dsch", "ў": "u",
}  # fmt: skip
_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
    "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t",
    "υ": "y", "φ": "f", "χ": "kh", "ψ": "ps", "ω": "o", "ά": "a",
    "έ": "e", "ή": "i", "ί": "i", "ό": "o", "ύ": "y", "ώ": "o",
}  # fmt: skip
_ARABIC = {
    "ب": "b", "پ": "p", "ت": "t", "ث": "t", "ج": "j", "چ": "sch", "ح": "h", "خ": "h", "د": "d", "ذ": "d",
    "ر": "r", "ز": "s", "ژ": "sch", "س": "s", "ش": "sch", "ص": "s", "ض": "d", "ط": "t", "ظ": "s", "غ": "g",
    "ف": "f", "ق": "k", "ک": "k", "ك": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "",
    "و": "w", "ي": "y", "ی": "y", "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ى": "a", "ع": "", "ئ": "", "ء": "",
    "ؤ": "",
}  # fmt: skip
_SCRIPTS = str.maketrans(_CYRILLIC | _GREEK | _ARABIC)
_MARKED = str.maketrans(
    {
        "ş": "sch", "š": "sch", "ș": "sch", "ś": "sch", "ç": "tsch", "č": "tsch", "ć": "tsch", "ž": "sch",
        "ż": "sch", "đ": "dj",
    }
)  # fmt: skip

#: One sound, in the order these are looked for. Capitals are sounds that no single letter stands for.
_SOUNDS = tuple(
    (pattern if pattern.isalpha() else re.compile(pattern), sound)
    for pattern, sound in (
        (r"dsch|dzh|dj|dz", "j"),
        (r"tzsch|tsch|tch|tsh|sch|sh|zh|cz|sz|(?<=i)c$", "S"),
        (r"ch", "C"),
        (r"kh", "h"),
        (r"gh", "g"),
        (r"ck|q", "k"),
        (r"ph|pf", "f"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"c(?=[eiy])|t?z|ts", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"ou|oo", "u"),
        (r"ee", "i"),
        (r"w", "v"),
        (r"[ijy]+", "i"),
        (r"ei", "ai"),
        (r"dt|d$", "t"),
        (r"h$", ""),
        (r"(.)\1+", r"\1"),
    )
)
_OU = re.compile("ο[υύ]")
_LOOSE = str.maketrans("eo", "au")
_LAST_VOWEL = re.compile(r"[aeiou](?=[^aeiou]$)")
_VOWELS = re.compile(r"[aeiou]|(?<!^)v")
_ARABIC_LETTER = re.compile(r"[\u0621-\u064a\u0670-\u06d3]")
_NOUN = re.compile(r"..(?:ung|heit|keit|schaft|tion|ismus|itat|lich)(?:e?[nrsm]?|er)$")
#: They join the name that follows: Abdul Rahman is Abdulrahman, Al Hassan is Alhassan.
_PARTICLES = frozenset({"al", "el", "abd", "abdul", "abdel", "abdal", "abu", "bin", "ibn", "ben"})
_SERVANT = re.compile(r"abd(?:ul|el|al|our|ur)(?=...)")
_PIECE = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=65_536)
def keys(word: str) -> tuple[str, ...]:
    """The keys of a word that may be a name, as it is written; none if it cannot be one.

    ``=`` begins the key of a name in the table, nothing that of another, ``?`` a loose one, ``#`` a bare one
    of Arabic script, ``~`` one of any other.
    """
    known = GROUPS.get(fold(word))
    sure = [f"={known}"] if known else []
    if _ARABIC_LETTER.match(word):
        return (*sure, *(f"#{one}" for one in _bare(_spoken(word.removeprefix("ال")))))
    folded = fold(word)
    if not (_SHORTEST <= len(folded) <= _LONGEST and folded.isalpha()) or _NOUN.search(folded):
        return tuple(sure)
    spoken = [one for one in _spoken(word) if len(one) >= _SHORTEST_SPOKEN]
    loose = {_LAST_VOWEL.sub("a", one.translate(_LOOSE)) for one in spoken if len(one) >= _SHORTEST_LOOSE}
    return (*sure, *spoken, *(f"?{one}" for one in sorted(loose)), *(f"~{one}" for one in _bare(spoken)))


def asked_for(word: str) -> tuple[str, ...]:
    """The keys to ask pages for that name somebody ``word``.

    Latin bare keys are asked for in Arabic script only, and Arabic ones in both.
    """
    own = keys(word)
    latin = [f"~{key[1:]}" for key in own if key[0] == "#"]
    return (*latin, *(f"#{key[1:]}" if key[0] == "~" else key for key in own))


def keys_of_page(text: str, words: Iterable[PlacedWord]) -> set[str]:
    """The keys of all names on a page, of those its ``words`` that are written like one."""
    found: set[str] = set()
    particle = ""
    for placed in words:
        own, particle = _of_word(text[placed.start : placed.end], particle, placed.is_known)
        found.update(own)
    return found


@lru_cache(maxsize=65_536)
def _of_word(written: str, particle: str, is_known: bool) -> tuple[tuple[str, ...], str]:
    """The keys of the names in one word of a page, after ``particle``; and the particle it ends with."""
    pieces = _PIECE.findall(written)
    found = tuple(key for name in _names_in(pieces, particle) for key in _had(name, is_known=is_known))
    return found, pieces[-1] if pieces and fold(pieces[-1]) in _PARTICLES else ""


def _names_in(pieces: list[str], particle: str) -> Iterator[str]:
    """The names in one word of a page: its pieces, with and without a particle, and all of them in one."""
    if not pieces or pieces[0][0].islower():
        return
    for piece in pieces:
        yield piece
        if servant := _SERVANT.match(folded := fold(piece)):
            yield servant[0]
            yield folded[servant.end() :]
    if particle or len(pieces) > 1:
        yield particle + "".join(pieces)


def _had(name: str, *, is_known: bool) -> Iterable[str]:
    """The keys a page's word has: one that a dictionary knows has those that are hardly ambiguous."""
    if not is_known:
        return keys(name)
    if len(name) > _LONGEST_KNOWN and fold(name) not in GROUPS:
        return ()
    return (key for key in keys(name) if key[0] not in "?~")


def _spoken(word: str) -> list[str]:
    """The sounds of a word: as its letters are in its own language, and as they are without their marks."""
    latin = _OU.sub("ou", word.casefold()).translate(_SCRIPTS)
    spoken = {_sounds(one) for one in {fold(latin), fold(latin.translate(_MARKED))}}
    # "ch" is the h of Achmed, or the sh of Chevtchenko.
    return sorted({one.replace("C", sound) for one in spoken for sound in "Sh"})


def _sounds(word: str) -> str:
    for letters, sound in _SOUNDS:
        word = word.replace(letters, sound) if isinstance(letters, str) else letters.sub(sound, word)
    return word


def _bare(spoken: Iterable[str]) -> list[str]:
    bare = {re.sub(r"(.)\1+", r"\1", _VOWELS.sub("", one)) for one in spoken}
    return sorted(one for one in bare if len(one) >= _SHORTEST_BARE)
