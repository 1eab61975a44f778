"""What a word that is asked for may have been read as on some page: its variants, found in the lexicon.

Noisy channel: a doubtful word is taken for the wanted one if reading it so is likely enough, in view of how
long the word is and how often it stands on other pages. What recognition was sure of is no variant of
anything: it is not in the lexicon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tantivy
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from tantivy import Occur, Query

from storage.search import confusions
from storage.search.lexicon import SCHEMA, keys, looks_of
from storage.search.sought import Variant

_CANDIDATES = 150
_MOST = 100
#: Keys are asked for, the rarest first, as long as their words are not more than this; but so many at least.
_MOST_POSTINGS, _LEAST_KEYS = 10_000, 4
#: A word on so many pages has more misreadings than are looked for: all that look alike are taken, too.
_MANY_PAGES = 10
#: An edit costs so much at least, nearly always: candidates with more of them need not be weighed.
_LEAST_COST = 0.7
_LEAST_LETTERS = 2

# What a misreading may cost (confusions.distance), fitted to recognised pages with truth (decisions/0019).
_BASE, _BY_LETTER = 1.1, 0.32
_HAS_PAGES, _BY_PAGES = -2.3, 0.74
_ENOUGH_PAGES = 50
#: At most this for each letter, however frequent the word.
_MOST_BY_LETTER = 0.6
# Of a word that stands nowhere: somebody knows that it should, so more is forgiven, but only to the best.
_NOWHERE, _NEAR_BEST = 1.5, 0.5


class Variants:
    """Variants of words from a lexicon.

    ``pages`` tells on how many pages a word or its inflections stand, ``is_seen`` whether a doubtful one
    stands on any: of those a reader may see, for what others hold must neither be told nor take its place.
    """

    def __init__(
        self,
        lexicon: tantivy.Searcher,
        pages: Callable[[str], int],
        is_seen: Callable[[str], bool] | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._pages = pages
        self._is_seen = is_seen

    def variants(self, word: str) -> tuple[Variant, ...]:
        """What a folded word may have been read as, the likeliest first, 100 at most, and by its looks.

        Itself is one where it was doubtful, or is part of what was read, so that no page says it outright.
        """
        if len(word) < _LEAST_LETTERS:
            return ()
        pages = self._pages(word)
        most = allowed(len(word), pages)
        read = _near(word, self._candidates(word), math.ceil(most / _LEAST_COST) + 1)
        if not read:
            return ()
        found: list[Variant] = []
        for cost, one in sorted(zip(confusions.distances(word, read).tolist(), read, strict=True)):
            if cost > most or len(found) == _MOST:
                break
            if self._is_seen is None or self._is_seen(one):
                if not (pages or found):
                    most = min(most, cost + _NEAR_BEST)
                found.append(Variant(one, math.exp(-cost)))
        if pages >= _MANY_PAGES and (looks := looks_of(word)):
            found.append(Variant(looks, math.exp(-most)))
        return tuple(found)

    def _candidates(self, word: str) -> list[str]:
        wanted: list[tuple[Occur, Query]] = []
        postings = 0
        for often, key in sorted((self._lexicon.doc_freq("keys", key), key) for key in set(keys(word))):
            postings += often
            if postings > _MOST_POSTINGS and len(wanted) >= _LEAST_KEYS:
                break
            if often:
                wanted.append((Occur.Should, Query.term_query(SCHEMA, "keys", key, "freq")))
        found = self._lexicon.search(Query.boolean_query(wanted), _CANDIDATES, count=False)
        return [self._lexicon.doc(address)["word"][0] for _, address in found.hits]


def _near(word: str, candidates: Sequence[str], most: int) -> list[str]:
    """Those at most so many letters from ``word``: cheap to tell, and most of what shares pieces is not."""
    edits = process.cdist([word], candidates, scorer=Levenshtein.distance, score_cutoff=most, dtype=np.uint8)
    return [one for one, count in zip(candidates, edits[0].tolist(), strict=True) if count <= most]


def allowed(letters: int, pages: int) -> float:
    """What a misreading of a word of so many letters may cost, which stands rightly on so many pages."""
    prior = _BASE + _HAS_PAGES + _BY_PAGES * math.log1p(min(pages, _ENOUGH_PAGES)) if pages else _NOWHERE
    return min(prior + _BY_LETTER * letters, _MOST_BY_LETTER * letters)
