"""What a query seeks on a page, and where it is found there: for snippets, boxes, and whoever marks words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.search.german import Token, tokens
from storage.search.identifiers import identifiers_in
from storage.search.tree import Word


class Variant(NamedTuple):
    """Another form that a word may have on a page, folded; ``likelihood`` (0 … 1) of its being that word."""

    word: str
    likelihood: float


@dataclass(frozen=True, slots=True)
class Forms:
    """All that a word of the query may be on a page: itself, its inflections, and ``variants``."""

    wanted: Word
    variants: tuple[Variant, ...] = ()
    _others: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_others", frozenset(variant.word for variant in self.variants))

    def is_met_by(self, token: Token) -> bool:
        """Whether ``token`` is the word as it was meant."""
        if self.wanted.prefix:
            return token.word.startswith(self.wanted.word)
        return token.stem == self.wanted.stem

    def accepts(self, token: Token) -> bool:
        """Whether ``token`` is the word in any of its forms."""
        return self.is_met_by(token) or token.word in self._others


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

    def accepts(self, token: Token, place: int) -> bool:
        """Whether ``token`` can stand at ``place`` (from 0)."""
        forms = self.places[place]
        if self.as_written and not forms.wanted.prefix:
            return token.word == forms.wanted.word
        return forms.accepts(token)


class Match(NamedTuple):
    """Characters ``start`` to ``end`` of the page are what ``number`` of those sought asks for.

    ``is_exact``: as asked for or inflected; otherwise it is another form, a misread word say.
    """

    start: int
    end: int
    number: int
    is_exact: bool


def matches(sought: Sequence[Sought], text: str) -> list[Match]:
    """Find what a page was found by in its ``text``, which should have been unwrapped; in its order."""
    page = list(tokens(text))
    places: dict[int, list[Token]] = {}
    for token in page:
        places.setdefault(token.position, []).append(token)
    identified = _identified(sought, text)
    there = {key for _, keys in identified for key in keys}
    found = {match for match, _ in identified} | {
        Match(token.start, token.end, number, one.places[place].is_met_by(token))
        for number, one in enumerate(sought)
        if one.places and there.isdisjoint(one.instead)
        for first in page
        if one.accepts(first, 0)
        for place, token in enumerate(_run(one, places, first))
    }
    return sorted(found)


def _identified(sought: Sequence[Sought], text: str) -> list[tuple[Match, frozenset[str]]]:
    """Where the identifiers sought stand, each with those of its keys that are."""
    if not any(one.keys for one in sought):
        return []
    here = [(one, {*one.keys, *one.broader}) for one in identifiers_in(text)]
    return [
        (Match(one.start, one.end, number, True), wanted.keys & keys)
        for number, wanted in enumerate(sought)
        for one, keys in here
        if not wanted.keys.isdisjoint(keys)
    ]


def _run(one: Sought, places: dict[int, list[Token]], first: Token) -> list[Token]:
    """The tokens that fit all places from ``first`` on; empty when one of the words is not there."""
    run = [first]
    for place in range(1, len(one.places)):
        readings = places.get(first.position + place, [])
        token = next((token for token in readings if one.accepts(token, place)), None)
        if token is None:
            return []
        run.append(token)
    return run
