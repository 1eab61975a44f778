"""In which order pages are answered: one order for a query and a state of the index, the same at every call.

So a list can be gone through piece by piece, and no page comes twice or never. Exact matches come before all
tolerant ones; among them BM25 decides, then document and page. By date there is no such division: who wants
an order in time wants it whole. Undated pages come last, either way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from tantivy import DocAddress, Occur, Order, Query, Searcher

from storage.search.fields import PLACE_MASK
from storage.search.sought import Match

#: A larger group of equal scores (blank forms by the thousand) keeps the index's own order.
_LARGEST_TIE = 200


class Sort(StrEnum):
    """What pages are sorted by: how well they match, or their documents' dates."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Wanted(NamedTuple):
    """What is looked for: pages that match as asked, all that match, and the places in an unwrapped text.

    ``tolerant`` is None when nothing but exact matches is looked for; else it matches all of ``exact`` too.
    """

    exact: Query
    tolerant: Query | None
    find: Callable[[str], list[Match]]

    @property
    def every(self) -> Query:
        """All that match, exactly or not."""
        return self.tolerant or self.exact


class Ranked(NamedTuple):
    """A page of an answer: its score (0 when sorted by date) and where the index has it."""

    score: float
    address: DocAddress


def both(query: Query, filter_query: Query) -> Query:
    """Pages of ``query`` that match the filter as well, which adds nothing to their scores."""
    return Query.boolean_query(
        [(Occur.Must, query), (Occur.Must, Query.const_score_query(filter_query, 0.0))]
    )


def top(searcher: Searcher, wanted: Wanted, sort: Sort, count: int) -> list[Ranked]:
    """The first ``count`` pages, fewer if there are no more; a larger ``count`` only adds to their end."""
    count = min(count, searcher.num_docs)
    if sort is not Sort.RELEVANCE:
        return _by_date(searcher, wanted.every, sort, count)
    found = _by_score(searcher, wanted.exact, count)
    if wanted.tolerant is not None and len(found) < count:
        others = Query.boolean_query([(Occur.Must, wanted.tolerant), (Occur.MustNot, wanted.exact)])
        found += _by_score(searcher, others, count - len(found))
    return found


def _by_date(searcher: Searcher, query: Query, sort: Sort, count: int) -> list[Ranked]:
    if not count:
        return []
    order = Order.Asc if sort is Sort.OLDEST else Order.Desc
    hits = searcher.search(query, count, count=False, order_by_field=sort.value, order=order).hits
    return [Ranked(0.0, address) for _, address in hits]


def _by_score(searcher: Searcher, query: Query, count: int) -> list[Ranked]:
    """Ties are broken by where a page happens to lie, so one that reaches over the end is fetched whole."""
    if not count:
        return []
    hits = searcher.search(query, count + 1, count=False).hits
    if len(hits) > count and hits[count][0] == hits[count - 1][0]:
        hits = searcher.search(query, count + _LARGEST_TIE, count=False).hits
    ranked: list[Ranked] = []
    for score, group in groupby(hits, key=lambda hit: hit[0]):
        tied = [address for _, address in group]
        if 1 < len(tied) <= _LARGEST_TIE:
            tied = _in_place_order(searcher, tied)
        ranked += [Ranked(score, address) for address in tied]
        if len(ranked) >= count:
            break
    return ranked[:count]


def _in_place_order(searcher: Searcher, tied: Sequence[DocAddress]) -> list[DocAddress]:
    """By document and page; what is alike in these keeps the index's order."""
    values = searcher.fast_field_values("oldest", [*tied])
    places = [int(value or 0) & PLACE_MASK for value in values]
    return [tied[place] for place in sorted(range(len(tied)), key=places.__getitem__)]
