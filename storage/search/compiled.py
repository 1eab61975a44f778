"""A query's tree put as the index understands it, beside what it seeks on a page that is found.

A word's query is the best of its forms (a disjunction by the greatest score): the very word before its
inflections, these before compounds with it, and these before its variants. Where variants come from, one
place says: ``Lexicon``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from tantivy import Occur, Query

from storage.file_numbers import file_key
from storage.search import german
from storage.search.fields import SCHEMA, encodable
from storage.search.sought import Forms, Sought, Variant
from storage.search.tree import And, Field, FieldName, Identified, Node, Not, Or, Phrase, Word

#: What is identified weighs more than the words it is made of, which may stand anywhere on a page.
_IDENTIFIERS_WORTH = 10.0
#: In this many ways a phrase is asked for with misread words in it, the likeliest.
_MOST_SLIPS = 32
#: How likely another form of a name means the same person's, beside misread words.
_NAMES_LIKELIHOOD = 0.5
#: The score of the likeliest variant: far below what a word scores that is not on nearly every page.
_VARIANTS_WORTH = 0.01
#: And of a compound that has the word as a part.
_PARTS_WORTH = 0.02

_INDEX_FIELDS = {
    FieldName.FILE: "file_key",
    FieldName.VOLUME: "volume",
    FieldName.TYPE: "type",
    FieldName.DATE: "dated",
    FieldName.LANGUAGE: "language",
}


class Lexicon(Protocol):
    """Knows what a word may look like on a page."""

    def variants(self, word: str) -> Sequence[Variant]:
        """Other forms of a folded word, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The index's query; and what is sought, in the order it was typed."""

    query: Query
    sought: tuple[Sought, ...]


def compiled(node: Node, lexicon: Lexicon | None = None) -> Compiled:
    """The query for a tree; with a ``lexicon``, its words widened by their variants and by forms of names."""
    expansion = _Expansion(lexicon)
    return Compiled(expansion.query(node), tuple(expansion.sought(node)))


def restricted(query: Query, file_number: str | None, page_type: str | None) -> Query:
    """Only pages that lie in this case file and are of this type (None: any); scores do not change."""
    parts = [(Occur.Must, query)]
    if file_number is not None:
        parts.append((Occur.Must, _one_of("file_key", [file_key(file_number)])))
    if page_type is not None:
        parts.append((Occur.Must, _one_of("type", [page_type])))
    return Query.boolean_query(parts)


class _Expansion:
    """Puts a tree's parts; each word's variants are looked up once."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        self._lexicon = lexicon
        self._variants: dict[str, tuple[Variant, ...]] = {}

    def query(self, node: Node) -> Query:
        match node:
            case Word():
                found = self._word(node)
            case Phrase():
                found = self._phrase(node)
            case Identified():
                found = self._identified(node)
            case Field():
                found = _field(node)
            case Or():
                found = Query.boolean_query([(Occur.Should, self.query(part)) for part in node.parts])
            case And():
                found = self._all(node.parts)
            case Not():
                found = self._all((node,))
        return found

    def sought(self, node: Node, instead: frozenset[str] = frozenset()) -> Iterator[Sought]:
        """What a page may be found by, in the order it was typed: all but what is excluded."""
        match node:
            case Word():
                yield Sought((self._forms(node),), as_written=node.prefix, instead=instead)
            case Phrase():
                places = tuple(map(self._forms, node.words))
                yield Sought(places, as_written=node.words[-1].prefix, instead=instead)
            case Identified():
                keys = frozenset(node.keys)
                yield Sought(keys=keys)
                yield from self.sought(node.words, keys)
            case And() | Or():
                for part in node.parts:
                    yield from self.sought(part, instead)
            case Not() | Field():
                return

    def _forms(self, word: Word) -> Forms:
        if word.prefix or self._lexicon is None:
            return Forms(word)
        if word.word not in self._variants:
            self._variants[word.word] = tuple(self._lexicon.variants(word.word))
        return Forms(word, self._variants[word.word], frozenset(word.names))

    def _all(self, parts: Sequence[Node]) -> Query:
        found = [
            # Who leaves a word out does not mean what was only taken for it.
            (Occur.MustNot, _Expansion(None).query(part.part))
            if isinstance(part, Not)
            else (Occur.Must, self.query(part))
            for part in parts
        ]
        if all(occur == Occur.MustNot for occur, _ in found):
            found.append((Occur.Must, Query.all_query()))
        return Query.boolean_query(found)

    def _word(self, word: Word) -> Query:
        if word.prefix:
            # Folded words are letters and digits, so nothing in them can mean anything to a regex.
            return Query.regex_query(SCHEMA, "words", word.word + ".*")
        return Query.disjunction_max_query(
            [
                Query.term_query(SCHEMA, "words", word.word),
                Query.term_query(SCHEMA, "stems", word.stem),
                Query.const_score_query(Query.term_query(SCHEMA, "parts", word.stem), _PARTS_WORTH),
                *(
                    _worth(Query.term_query(SCHEMA, "doubtful", one.word), one.likelihood)
                    for one in self._forms(word).variants
                ),
                *self._names(word),
            ]
        )

    def _names(self, node: Word | Phrase) -> list[Query]:
        """Pages with the name that this may be, in any of its forms."""
        if self._lexicon is None:
            return []
        return [_worth(Query.term_query(SCHEMA, "names", key), _NAMES_LIKELIHOOD) for key in node.names]

    def _identified(self, node: Identified) -> Query:
        terms = [Query.term_query(SCHEMA, "identifiers", key) for key in node.keys]
        return Query.disjunction_max_query(
            [*(Query.boost_query(term, _IDENTIFIERS_WORTH) for term in terms), self.query(node.words)]
        )

    def _phrase(self, phrase: Phrase) -> Query:
        *before, last = phrase.words
        if last.prefix:
            patterns: list[str | tuple[int, str]] = [*(word.word for word in before), last.word + ".*"]
            return Query.regex_phrase_query(SCHEMA, "words", patterns)
        # A misread word has a stem like any other, so that inflected and misread ones meet in one phrase.
        stems = [word.stem for word in phrase.words]
        forms = [_side_by_side(stems), *self._names(phrase)]
        forms += [
            _worth(_side_by_side(misread), likelihood)
            for misread, likelihood in _misread(stems, [self._forms(word).variants for word in phrase.words])
        ]
        return forms[0] if len(forms) == 1 else Query.disjunction_max_query(forms)


def _misread(stems: list[str], variants: Sequence[Sequence[Variant]]) -> list[tuple[list[str], float]]:
    """A phrase with one of its words misread, or two: the likeliest ways, with their likelihoods."""
    slips = [
        ({place: german.stem(one.word)}, one.likelihood)
        for place, others in enumerate(variants)
        for one in others
    ]
    slips = sorted(slips, key=lambda slip: -slip[1])[:_MOST_SLIPS]
    pairs = [
        (first | second, likely * likelier)
        for (first, likely), (second, likelier) in combinations(slips, 2)
        if first.keys() != second.keys()
    ]
    return [
        ([slip.get(place, stem) for place, stem in enumerate(stems)], likelihood)
        for slip, likelihood in sorted(slips + pairs, key=lambda slip: -slip[1])[:_MOST_SLIPS]
    ]


def _side_by_side(stems: list[str]) -> Query:
    return Query.phrase_query(SCHEMA, "stems", [*stems])


def _worth(query: Query, likelihood: float) -> Query:
    """A variant's score: a rare misreading must not outweigh a frequent word, so rarity says nothing here."""
    return Query.const_score_query(query, likelihood * _VARIANTS_WORTH)


def _field(node: Field) -> Query:
    name = _INDEX_FIELDS[node.name]
    if node.prefix:
        pattern = "".join(f"{re.escape(value)}.*" for value in node.values)
        return Query.const_score_query(Query.regex_query(SCHEMA, name, pattern), 0.0)
    return _one_of(name, node.values)


def _one_of(name: str, values: Sequence[str]) -> Query:
    """Pages that have one of these terms; which are all a page needs, so that it scores nothing."""
    terms = [int(value) for value in values] if name == "volume" else [encodable(value) for value in values]
    return Query.const_score_query(Query.term_set_query(SCHEMA, name, terms), 0.0)
