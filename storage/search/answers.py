"""What a search answers with: hits, the case files they are in, how many there are of which kind.

Every query comes here as its reader may ask it (``storage.search.access``), so nothing that is counted or
shown here has to be left out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tantivy import DocAddress, Document, Query, Searcher

from storage.search.boxes import Box, boxes_in
from storage.search.fields import SCHEMA
from storage.search.german import unwrapped
from storage.search.ranking import Ranked, Sort, Wanted, both, top
from storage.search.snippets import disjoint, snippet

#: Pages fetched at first to find enough case files among them; each further time eight times as many.
_FIRST_FETCH, _GROWTH = 64, 8
#: More kinds than any facet has; up to here the counts are exact.
_KINDS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of an answer is wanted, and in which order.

    With ``per_file`` at most so many pages of each case file are shown, together, and ``limit`` and
    ``offset`` count case files; without it they count pages.
    """

    limit: int = 10
    offset: int = 0
    per_file: int | None = None
    sort: Sort = Sort.RELEVANCE


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A word to be marked on the page's image; ``tolerant``: it is only taken for the word asked for."""

    box: Box
    tolerant: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found: ``snippet`` is plain text, ``marks`` the character ranges of matched words in it.

    ``match`` is "exact" or "tolerant"; ``tolerant_marks`` are those of ``marks`` that are only taken for the
    word asked for. ``boxes`` are those of all matched words of the page, in its pixels (width, height).
    ``score`` compares hits of one answer; it is 0 when they are sorted by date or a reader asks, for it
    depends on all pages, hidden ones too.
    """

    page_id: str
    document: str
    file_number: str
    volume: int
    page: int
    type: str
    score: float
    snippet: str
    marks: tuple[tuple[int, int], ...]
    tolerant_marks: tuple[tuple[int, int], ...] = ()
    match: str = "exact"
    date: date | None = None
    language: str = ""
    pixels: tuple[int, int] = (0, 0)
    boxes: tuple[MarkedBox, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file with hits, or a document that belongs to none: ``pages`` match in all, ``hits`` are shown.

    ``hits`` are places in the answer's list of hits, best first.
    """

    file_number: str
    document: str
    pages: int
    hits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many matching pages are of a kind."""

    value: str | int
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """How many matching pages there are of each type, year (newest first) and language.

    A page in two languages counts in both, one without a date in no year.
    """

    type: tuple[Count, ...] = ()
    year: tuple[Count, ...] = ()
    language: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """How many pages match, ``exact`` ones of them as asked, and those wanted, in order.

    ``next_offset`` goes on after them; None when they are the last. ``suggestion`` is a query that finds
    more.
    """

    total: int
    exact: int
    hits: tuple[Hit, ...] = ()
    files: tuple[CaseFile, ...] = ()
    facets: Facets = Facets()
    next_offset: int | None = None
    suggestion: str | None = None


def answer(searcher: Searcher, wanted: Wanted, asked: Asked, *, with_scores: bool = True) -> Answer:
    """Put together what is answered, but for the suggestion."""
    counted = searcher.aggregate(wanted.every, _COUNTED)
    total = int(counted["pages"]["value"])
    exact = total if wanted.tolerant is None else count(searcher, wanted.exact)
    found, is_more = _pages(searcher, wanted, asked) if asked.limit else ([], total > asked.offset)
    hits = _hits(searcher, wanted, [one for group in found for one in group], with_scores=with_scores)
    shown = asked.limit if asked.per_file else len(hits)
    return Answer(
        total=total,
        exact=exact,
        hits=hits,
        files=_case_files(searcher, wanted, hits, [one.address for group in found for one in group]),
        facets=_facets(counted),
        next_offset=asked.offset + shown if is_more else None,
    )


def count(searcher: Searcher, query: Query) -> int:
    """How many pages match."""
    return int(searcher.aggregate(query, {"pages": _COUNTED["pages"]})["pages"]["value"])


_COUNTED: dict[str, Any] = {
    "pages": {"value_count": {"field": "case"}},
    "type": {"terms": {"field": "type", "size": _KINDS}},
    "language": {"terms": {"field": "language", "size": _KINDS}},
    "year": {"histogram": {"field": "day", "interval": 10_000, "min_doc_count": 1}},
}


def _facets(counted: Mapping[str, Any]) -> Facets:
    def kinds(name: str) -> tuple[Count, ...]:
        rows = [Count(row["key"], row["doc_count"]) for row in counted[name]["buckets"]]
        return tuple(sorted(rows, key=lambda one: (-one.count, one.value)))

    years = [Count(int(row["key"]) // 10_000, row["doc_count"]) for row in counted["year"]["buckets"]]
    newest_first = sorted(years, key=lambda one: one.value, reverse=True)
    return Facets(kinds("type"), tuple(newest_first), kinds("language"))


# --- which pages -------------------------------------------------------------------------------------


def _pages(searcher: Searcher, wanted: Wanted, asked: Asked) -> tuple[list[list[Ranked]], bool]:
    """The pages to be shown, by case file if wanted so, and whether more follow."""
    last = asked.offset + asked.limit
    if asked.per_file is None:
        found = top(searcher, wanted, asked.sort, last + 1)
        return [found[asked.offset : last]], len(found) > last
    groups = _groups(searcher, wanted, asked.sort, last + 1)
    shown = [*groups.items()][asked.offset : last]
    return [_best_of(searcher, wanted, asked, case, pages) for case, pages in shown], len(groups) > last


def _groups(searcher: Searcher, wanted: Wanted, sort: Sort, least: int) -> dict[int, list[Ranked]]:
    """At least so many case files (fewer if there are no more), in the order of their best pages."""
    fetch = _FIRST_FETCH
    while True:
        found = top(searcher, wanted, sort, fetch)
        groups: dict[int, list[Ranked]] = {}
        cases = searcher.fast_field_values("case", [one.address for one in found])
        for case, one in zip(cases, found, strict=True):
            groups.setdefault(int(case or 0), []).append(one)
        if len(groups) >= least or len(found) < fetch:
            return groups
        fetch *= _GROWTH


def _best_of(
    searcher: Searcher, wanted: Wanted, asked: Asked, case: int, known: Sequence[Ranked]
) -> list[Ranked]:
    """The best pages of a case file; ``known`` are those among the best of all."""
    most = asked.per_file or 1
    if len(known) >= most:
        return [*known[:most]]
    own = Query.term_query(SCHEMA, "case", case)
    tolerant = both(wanted.tolerant, own) if wanted.tolerant else None
    return top(searcher, Wanted(both(wanted.exact, own), tolerant, wanted.find), asked.sort, most)


# --- what is shown of them ---------------------------------------------------------------------------


def _hits(
    searcher: Searcher, wanted: Wanted, found: Sequence[Ranked], *, with_scores: bool
) -> tuple[Hit, ...]:
    pages = [searcher.doc(one.address) for one in found]
    exact = _exact_ones(searcher, wanted, [page["page_id"][0] for page in pages])
    return tuple(
        _hit(
            page,
            wanted,
            one.score if with_scores else 0.0,
            "exact" if exact is None or _key(one.address) in exact else "tolerant",
        )
        for one, page in zip(found, pages, strict=True)
    )


def _exact_ones(searcher: Searcher, wanted: Wanted, page_ids: Sequence[str]) -> set[tuple[int, int]] | None:
    """Which of these pages match as asked; None: all of them."""
    if wanted.tolerant is None or not page_ids:
        return None
    shown = Query.term_set_query(SCHEMA, "page_id", [*page_ids])
    hits = searcher.search(both(wanted.exact, shown), len(page_ids), count=False).hits
    return {_key(address) for _, address in hits}


def _key(address: DocAddress) -> tuple[int, int]:
    return address.segment_ord, address.doc


def _hit(page: Document, wanted: Wanted, score: float, match: str) -> Hit:
    plain = unwrapped(page["text"][0].decode())
    found = wanted.find(plain.text)
    shown = snippet(plain.text, found)
    marked = disjoint(found)
    ranges = [plain.original(one.start, one.end) for one in marked]
    boxes = tuple(
        MarkedBox(box, not one.is_exact)
        for one, touched in zip(marked, boxes_in(page["boxes"][0], ranges), strict=True)
        for box in touched
    )
    day = page.get_first("day")
    return Hit(
        page_id=page["page_id"][0],
        document=page["document"][0],
        file_number=page["file_number"][0].decode(),
        volume=page["volume"][0],
        page=page["page"][0],
        type=page["type"][0],
        date=date(day // 10_000, day // 100 % 100, day % 100) if day else None,
        language="+".join(page.get_all("language")),
        score=score,
        match=match,
        snippet=shown.text,
        marks=shown.marks,
        tolerant_marks=shown.tolerant,
        pixels=(page["width"][0], page["height"][0]),
        boxes=boxes,
    )


def _case_files(
    searcher: Searcher, wanted: Wanted, hits: Sequence[Hit], addresses: Sequence[DocAddress]
) -> tuple[CaseFile, ...]:
    """The case files of these hits, in the order of the first of each, and how many pages of each match."""
    cases = [int(case or 0) for case in searcher.fast_field_values("case", [*addresses])]
    places: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        places.setdefault(case, []).append(place)
    if not places:
        return ()
    own = both(wanted.every, Query.term_set_query(SCHEMA, "case", [*places]))
    counted = searcher.aggregate(own, {"case": {"terms": {"field": "case", "size": len(places)}}})
    pages = {int(row["key"]): row["doc_count"] for row in counted["case"]["buckets"]}
    return tuple(
        CaseFile(
            hits[own_places[0]].file_number,
            "" if hits[own_places[0]].file_number else hits[own_places[0]].document,
            pages[case],
            tuple(own_places),
        )
        for case, own_places in places.items()
    )
