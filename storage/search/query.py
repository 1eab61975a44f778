"""What a person types into the search field, read into clauses, and where these match in a text.

    Bescheid Ausweisung      pages with both words, in any inflection
    "Antrag auf Erteilung"   the words side by side; numbers as 33.2-2019/4711 are read so by themselves
    -Duldung  -"§ 60a"       pages without it
    Verpflicht*              words that begin so

There are no other operators: whatever else is typed is taken as words, or refused with its position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import errors
from errors import N_
from storage.search.german import Token, tokens

#: More words than any question has; it keeps a pasted page from becoming a query.
MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that must stand side by side (often it is one), or must not if ``excluded``.

    With ``prefix``, the last word is only the beginning of one, and the words are meant as written;
    otherwise any inflection of them will do.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    prefix: bool = False
    excluded: bool = False

    def matches(self, token: Token, place: int) -> bool:
        """Whether ``token`` can stand at ``place`` (from 0) of this clause."""
        if not self.prefix:
            return token.stem == self.stems[place]
        if place == len(self.words) - 1:
            return token.word.startswith(self.words[place])
        return token.word == self.words[place]


# Typographic quotation marks of the languages around us; one for one, so that positions hold.
_QUOTES = str.maketrans(dict.fromkeys("„“”«»", '"'))
_ITEM = re.compile(r'\s*(?P<minus>-?)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]+))|\s+')


def parse(text: str) -> tuple[Clause, ...]:
    """Read a query; raises ``errors.BadQuery`` with the position (from 1) of what cannot be meant."""
    text = text.translate(_QUOTES)
    clauses: list[Clause] = []
    for item in _ITEM.finditer(text):
        clause = _clause(item)
        if clause is not None:
            clauses.append(clause)
        if sum(len(clause.words) for clause in clauses) > MOST_WORDS:
            raise errors.BadQuery(position=item.start() + 1, detail=N_("these are too many words"))
    if not clauses:
        raise errors.BadQuery(position=1, detail=N_("there is no word to search for"))
    return tuple(clauses)


def _clause(item: re.Match[str]) -> Clause | None:
    """One item's clause; None when it holds nothing but punctuation, which the index does not know."""
    prefix = False
    content, start = item["phrase"], item.start("phrase")
    if content is not None and not item["closed"]:
        raise errors.BadQuery(position=start, detail=N_("the quotation mark is not closed"))
    if content is None:
        content, start = item["word"] or "", item.start("word")
        prefix = content.endswith("*")
        star = content.removesuffix("*").find("*")
        if star >= 0:
            raise errors.BadQuery(position=start + star + 1, detail=N_("'*' can only end a word"))
    found = _one_reading(tokens(content))
    if prefix and not found:
        raise errors.BadQuery(position=start + len(content), detail=N_("'*' needs the beginning of a word"))
    if not found:
        return None
    return Clause(
        words=tuple(token.word for token in found),
        stems=tuple(token.stem for token in found),
        prefix=prefix,
        excluded=item["minus"] == "-",
    )


def _one_reading(found: Iterable[Token]) -> list[Token]:
    """Keep one token for each position, the first: of spaced capitals the word they spell."""
    first: dict[int, Token] = {}
    for token in found:
        first.setdefault(token.position, token)
    return list(first.values())


def matches(clauses: Iterable[Clause], page: Iterable[Token]) -> list[tuple[int, Token]]:
    """Find the words a page was found by: the clause's number and the token, in the page's order."""
    page = list(page)
    places: dict[int, list[Token]] = {}
    for token in page:
        places.setdefault(token.position, []).append(token)
    found = {
        (token.start, token.end, number): (number, token)
        for number, clause in enumerate(clauses)
        if not clause.excluded
        for first in page
        if clause.matches(first, 0)
        for token in _run(clause, places, first)
    }
    return [found[key] for key in sorted(found)]


def _run(clause: Clause, places: dict[int, list[Token]], first: Token) -> list[Token]:
    """The tokens that fit the whole clause from ``first`` on; empty when one of its words is not there."""
    run = [first]
    for place in range(1, len(clause.words)):
        readings = places.get(first.position + place, [])
        token = next((token for token in readings if clause.matches(token, place)), None)
        if token is None:
            return []
        run.append(token)
    return run
