"""Who may see which page: clauses that are part of every query put to the index.

What a reader may not see is never matched, so it can appear in no hit, count, facet, snippet or suggestion;
there is nothing to be left out afterwards, and nothing to be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tantivy import FieldType, Occur, Query

from storage.search.fields import EVERYBODY, SCHEMA, group_term

#: The highest confidentiality there is, and that of pages of which nobody has said yet whom they are for.
MOST_CONFIDENTIAL = 9


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who searches: the groups he is in, and up to which confidentiality he is cleared.

    He sees a page when it is for no group or for one of his, and no more confidential than he is cleared for.
    """

    groups: frozenset[str] = frozenset()
    clearance: int = 0


def seen_by(reader: Reader | None, query: Query) -> Query:
    """``query``, asked by ``reader``: matches only what he may see. None is whoever keeps the index: all.

    A filter adds nothing to a page's score.
    """
    if reader is None:
        return query
    filters = [_of_groups(reader.groups), _up_to(reader.clearance)]
    return Query.boolean_query([(Occur.Must, part) for part in (query, *filters)])


def _of_groups(groups: Iterable[str]) -> Query:
    terms = [EVERYBODY, *sorted(map(group_term, groups))]
    return Query.const_score_query(Query.term_set_query(SCHEMA, "groups", terms), 0.0)


def _up_to(clearance: int) -> Query:
    if clearance < 0:
        return Query.empty_query()
    within = Query.range_query(SCHEMA, "confidentiality", FieldType.Unsigned, 0, clearance)
    return Query.const_score_query(within, 0.0)
