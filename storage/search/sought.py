"""What a query seeks on a page, and where it is found there: for snippets, boxes, and whoever marks words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.search.compounds import without_joined
from storage.search.german import PageWords, Token, stem
from storage.search.identifiers import identifiers_in
from storage.search.lexicon import LOOKS, looks_of
from storage.search.names import keys
from storage.search.tree import Word

_LEAST_PART = 4  # letters of a word that is marked within others
_MOST_BITS = 3  # a word is broken into, or parted at a digit in it


class Variant(NamedTuple):
    """Another form that a word may have on a page, folded; ``likelihood`` (0 … 1) of its being that word."""

    word: str
    likelihood: float


@dataclass(frozen=True, slots=True)
class Forms:
    """All that a word of the query may be on a page: itself, its inflections, one of its ``variants``.

    Or another form of the name it is: what has one of the keys in ``names`` (``storage.search.names``).
    """

    wanted: Word
    variants: tuple[Variant, ...] = ()
    names: frozenset[str] = frozenset()
    others: frozenset[str] = field(init=False)
    longer: tuple[str, ...] = field(init=False)
    has_looks: bool = field(init=False)
    beginnings: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", frozenset(variant.word for variant in self.variants))
        object.__setattr__(self, "longer", tuple(one for one in self.others if len(one) >= _LEAST_PART))
        object.__setattr__(self, "has_looks", any(one.startswith(LOOKS) for one in self.others))
        beginnings = frozenset(one[:end] for one in self.others for end in range(1, len(one)))
        object.__setattr__(self, "beginnings", beginnings)

    def is_met_by(self, token: Token) -> bool:
        """Whether ``token`` is the word as it was meant."""
        if self.wanted.prefix:
            return token.word.startswith(self.wanted.word)
        return token.stem == self.wanted.stem

    def accepts(self, token: Token, written: str) -> bool:
        """Whether ``token``, ``written`` so on the page, is the word in any of its forms."""
        return self.is_met_by(token) or token.word in self.others or _is_name(written, self.names)

    def is_part_of(self, token: Token) -> bool:
        """Whether ``token`` begins or ends with the word, as a compound does, in whatever inflection."""
        wanted = self.wanted.stem
        if len(wanted) < _LEAST_PART or not (token.stem.endswith(wanted) or token.word.startswith(wanted)):
            return False
        return all(stem(word) != wanted for word in without_joined(token.word))

    def is_read_as(self, word: str) -> bool:
        """Whether ``word`` is a misread form, alone or joined to something, or looks like one."""
        if word in self.others or word.startswith(self.longer) or word.endswith(self.longer):
            return True
        return self.has_looks and looks_of(word) in self.others

    def may_begin(self, token: Token, written: str) -> bool:
        """Whether it is worth a look whether ``token``, ``written`` so, is the word, or has or begins it.

        Asked of every word of a page, so it is one look at each form, and says rather too often yes.
        """
        word, own = token.word, self.wanted
        if own.prefix:
            return word.startswith(own.word)
        if token.stem == own.stem or word in self.beginnings or self.is_read_as(word):
            return True
        if len(own.stem) >= _LEAST_PART and (token.stem.endswith(own.stem) or word.startswith(own.stem)):
            return True
        return _is_name(written, self.names)


def _is_name(written: str, wanted: Set[str]) -> bool:
    """Whether a word, ``written`` so, is a name with one of these keys; none begins with a small letter."""
    return bool(wanted) and not written[0].islower() and not wanted.isdisjoint(keys(written))


@dataclass(frozen=True, slots=True)
class Sought:
    """Words that stand side by side on a page, often it is one; or an identifier by any of its ``keys``.

    ``as_written``: no inflection will do but in the last place, where it is a beginning. Words that are
    ``instead`` of an identifier are not sought on pages that have it.
    """

    places: tuple[Forms, ...] = ()
    as_written: bool = False
    keys: frozenset[str] = frozenset()
    instead: frozenset[str] = frozenset()

    @property
    def is_wide(self) -> bool:
        """Whether it has other forms than those that were asked for."""
        return any(forms.variants or forms.names for forms in self.places)

    @property
    def is_loose(self) -> bool:
        """Whether a compound of it, or what it may have been broken into, will do."""
        return len(self.places) == 1 and not self.as_written

    def accepts(self, token: Token, place: int, text: str) -> bool:
        """Whether ``token`` of the page's ``text`` can stand at ``place`` (from 0)."""
        forms = self.places[place]
        if self.as_written and not forms.wanted.prefix:
            return token.word == forms.wanted.word
        return forms.accepts(token, text[token.start : token.end])


class Match(NamedTuple):
    """Characters ``start`` to ``end`` of the page are what ``number`` of those sought asks for.

    ``is_exact``: as asked for or inflected; otherwise it is another form, a misread word say.
    """

    start: int
    end: int
    number: int
    is_exact: bool


class _Glance:
    """Tells most words that cannot be any of those sought from the others, by all forms of these at once."""

    def __init__(self, firsts: Sequence[Forms]) -> None:
        longer = {one for forms in firsts for one in (forms.wanted.stem, *forms.longer)}
        longer = {one for one in longer if len(one) >= _LEAST_PART}
        self._heads = {one[:_LEAST_PART] for one in longer}
        self._tails = {one[-_LEAST_PART:] for one in longer}
        self._stems = {forms.wanted.stem for forms in firsts}
        self._words = {one for forms in firsts for one in (*forms.others, *forms.beginnings)}
        self._prefixes = tuple(forms.wanted.word for forms in firsts if forms.wanted.prefix)
        self._has_looks = any(forms.has_looks for forms in firsts)
        self._names = {key for forms in firsts for key in forms.names}

    def may_matter(self, token: Token, written: str) -> bool:
        word, its_stem = token.word, token.stem
        return (
            word[:_LEAST_PART] in self._heads
            or word[-_LEAST_PART:] in self._tails
            or its_stem[-_LEAST_PART:] in self._tails
            or its_stem in self._stems
            or word in self._words
            or (bool(self._prefixes) and word.startswith(self._prefixes))
            or (self._has_looks and looks_of(word) in self._words)
            or _is_name(written, self._names)
        )


class Seeker:
    """Finds what a page was found by. Pages repeat their words, so what is thought of one is remembered."""

    def __init__(self, sought: Sequence[Sought]) -> None:
        self._sought = sought
        self._firsts = [(number, one.places[0]) for number, one in enumerate(sought) if one.places]
        self._glance = _Glance([forms for _, forms in self._firsts])
        self._thought: dict[str, tuple[int, ...]] = {}

    def matches(self, text: str) -> list[Match]:
        """What is found in a page's ``text``, which should have been unwrapped; in its order."""
        page = PageWords(text)
        candidates = self._candidates(page)
        identified = _identified(self._sought, text)
        there = {key for _, known in identified for key in known}
        found = {match for match, _ in identified}
        for number, one in enumerate(self._sought):
            if one.places and there.isdisjoint(one.instead):
                found.update(_strict(one, number, page, candidates[number], text))
                if one.is_loose:
                    taken = {match.start for match in found if match.number == number}
                    loose = _loose(one.places[0], number, page, candidates[number])
                    found.update(match for match in loose if match.start not in taken)
        return sorted(found)

    def _thought_of(self, token: Token, written: str) -> tuple[int, ...]:
        """The numbers of those sought that a word of the page may begin."""
        if not self._glance.may_matter(token, written):
            return ()
        return tuple(number for number, one in self._firsts if one.may_begin(token, written))

    def _candidates(self, page: PageWords) -> list[list[int]]:
        """For each that is sought, which tokens may begin it."""
        candidates: list[list[int]] = [[] for _ in self._sought]
        for place, written in enumerate(page.written):
            numbers = self._thought.get(written)
            if numbers is None:
                numbers = self._thought[written] = self._thought_of(page[place], written)
            for number in numbers:
                candidates[number].append(place)
        return candidates


def _strict(
    one: Sought, number: int, page: PageWords, candidates: Sequence[int], text: str
) -> Iterator[Match]:
    """What is sought, word by word."""
    for first in map(page.__getitem__, candidates):
        if not one.accepts(first, 0, text):
            continue
        for place, token in enumerate(_run(one, page, first, text)):
            yield Match(token.start, token.end, number, one.places[place].is_met_by(token))


def _loose(forms: Forms, number: int, page: PageWords, candidates: Sequence[int]) -> Iterator[Match]:
    """Compounds of a word; words its misread forms were joined to; and what these were broken into."""
    for place in candidates:
        token = page[place]
        if forms.is_part_of(token):
            yield Match(token.start, token.end, number, True)
        elif forms.variants:
            if forms.is_read_as(token.word):
                yield Match(token.start, token.end, number, False)
            whole = token.word
            for following in range(place + 1, min(place + _MOST_BITS, len(page))):
                other = page[following]
                whole += other.word
                if whole in forms.others:
                    yield Match(token.start, other.end, number, False)


def _identified(sought: Sequence[Sought], text: str) -> list[tuple[Match, frozenset[str]]]:
    """Where the identifiers sought stand, each with those of its keys that are."""
    if not any(one.keys for one in sought):
        return []
    here = [(one, {*one.keys, *one.broader}) for one in identifiers_in(text)]
    return [
        (Match(one.start, one.end, number, True), wanted.keys & known)
        for number, wanted in enumerate(sought)
        for one, known in here
        if not wanted.keys.isdisjoint(known)
    ]


def _run(one: Sought, page: PageWords, first: Token, text: str) -> list[Token]:
    """The tokens that fit all places from ``first`` on; empty when one of the words is not there."""
    run = [first]
    for place in range(1, len(one.places)):
        readings = page.at(first.position + place)
        token = next((token for token in readings if one.accepts(token, place, text)), None)
        if token is None:
            return []
        run.append(token)
    return run
