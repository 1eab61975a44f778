"""Did you mean …: another spelling of a query's words, taken from pages the reader may see, no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import attrgetter

from rapidfuzz.distance import OSA
from tantivy import Query, Searcher

from storage.search import german
from storage.search.access import Reader, seen_by
from storage.search.fields import SCHEMA
from storage.search.tree import Node, Phrase, Word, wanted

#: Fewer exact matches than this are little: perhaps something else was meant.
LITTLE = 3
#: Shorter words are alike by chance; so are longer ones with two faults in them below the second length.
_SHORTEST, _SHORTEST_FOR_TWO = 4, 7
#: Pages with similar words that are looked through.
_PAGES = 25
_WORDS = 5


def suggestion(
    searcher: Searcher, text: str, tree: Node, reader: Reader | None, count: Callable[[str], int]
) -> str | None:
    """``text`` with its rare words spelled as common ones, if more pages match that; else None.

    ``count`` tells how many pages the reader may see match a query exactly.
    """
    changed = text
    for word in reversed(_rare_words(searcher, tree, reader)):
        if better := _nearest(searcher, word.word, reader):
            changed = changed[: word.start] + better + changed[word.end :]
    return changed if changed != text and count(changed) > count(text) else None


def _rare_words(searcher: Searcher, tree: Node, reader: Reader | None) -> list[Word]:
    """The words that hardly any page has; the beginning of one is meant as it is."""
    words = [word for one in wanted(tree) for word in (one.words if isinstance(one, Phrase) else (one,))]
    return [
        word
        for word in sorted(words, key=attrgetter("start"))[:_WORDS]
        if len(word.word) >= _SHORTEST
        and word.word.isalpha()
        and not word.prefix
        and _is_rare(searcher, word, reader)
    ]


def _is_rare(searcher: Searcher, word: Word, reader: Reader | None) -> bool:
    own = seen_by(reader, Query.term_query(SCHEMA, "stems", word.stem))
    return len(searcher.search(own, LITTLE, count=False).hits) < LITTLE


def _nearest(searcher: Searcher, word: str, reader: Reader | None) -> str | None:
    """The most frequent of the words with fewest faults, as pages spell it."""
    most = 2 if len(word) >= _SHORTEST_FOR_TWO else 1
    for distance in range(1, most + 1):
        similar = Query.fuzzy_term_query(SCHEMA, "words", word, distance)
        written: Counter[str] = Counter()
        for _, address in searcher.search(seen_by(reader, similar), _PAGES, count=False).hits:
            written.update(german.written_in(german.unwrap(searcher.doc(address)["text"][0].decode())))
        spellings: dict[str, Counter[str]] = {}
        for spelled, often in written.items():
            plain = german.fold(spelled)[: german.LONGEST_WORD]
            if OSA.distance(word, plain, score_cutoff=distance) == distance:
                spellings.setdefault(plain, Counter())[spelled] += often
        if spellings:
            best = min(spellings.items(), key=lambda one: (-one[1].total(), one[0]))[1]
            return min(best.items(), key=lambda one: (-one[1], one[0]))[0]
    return None
