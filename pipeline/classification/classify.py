"""Which kind of document a page is, with the evidence for it; "unknown" where that is the honest answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.classification.cue_search import Hit, Search, search_for
from pipeline.classification.document_types import UNKNOWN, Cue, DocumentType, Where
from pipeline.classification.page_text import PageText, Span

#: What a cue is worth that should stand in the head, but stands below.
_BELOW_HEAD = 0.4
#: What a cue is worth that should be a heading: in the head's running text, as a heading below, elsewhere.
_HEAD_TEXT, _LOWER_HEADING, _LOWER_TEXT = 0.5, 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Evidence:
    """One cue found: ``found`` is the text as it stands on the page, ``weight`` what it counted for."""

    cue: str
    found: str
    similarity: float
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A page's type with its evidence, strongest first, and the next best type.

    Where the type is "unknown", ``runner_up`` is the likeliest one, and score and evidence are its.
    """

    type: str
    score: float
    evidence: tuple[Evidence, ...]
    runner_up: str | None


@dataclass(frozen=True, slots=True)
class _Find:
    evidence: Evidence
    span: Span


@dataclass(frozen=True, slots=True)
class _Candidate:
    key: str
    score: float
    evidence: tuple[Evidence, ...]


class Classifier:
    """Weighs every type's cues on a page.

    A type is given where its score reaches ``threshold`` and leads the next best by ``margin``; both are
    in units of cue weight, where 1.0 is a cue that decides alone.
    """

    def __init__(self, types: Sequence[DocumentType], *, threshold: float = 0.8, margin: float = 0.2) -> None:
        self._threshold = threshold
        self._margin = margin
        self._searches = tuple(
            (kind.key, tuple((cue, search_for(cue)) for cue in kind.cues)) for kind in types
        )

    def classify(self, text: str) -> Verdict:
        """Judge one page's text, lines separated by line feeds."""
        page = PageText.of(text)
        candidates = [_candidate(page, key, searches) for key, searches in self._searches]
        ranked = sorted((one for one in candidates if one.score > 0), key=lambda one: -one.score)
        if not ranked:
            return Verdict(UNKNOWN, 0.0, (), None)
        best, second = ranked[0], ranked[1] if len(ranked) > 1 else None
        lead = best.score - second.score if second else best.score
        if best.score < self._threshold or lead < self._margin:
            return Verdict(UNKNOWN, best.score, best.evidence, best.key)
        return Verdict(best.key, best.score, best.evidence, second.key if second else None)


def _candidate(page: PageText, key: str, searches: tuple[tuple[Cue, Search], ...]) -> _Candidate:
    """Add up a type's cues, strongest first; of cues that share a stretch of text only one counts."""
    finds = [find for cue, search in searches if (find := _find(page, cue, search))]
    finds.sort(key=lambda find: -abs(find.evidence.weight))
    counted: list[_Find] = []
    for find in finds:
        if not any(find.span.overlaps(other.span) for other in counted):
            counted.append(find)
    score = round(sum(find.evidence.weight for find in counted), 3)
    return _Candidate(key, score, tuple(find.evidence for find in counted))


def _find(page: PageText, cue: Cue, search: Search) -> _Find | None:
    """The best place of a cue on the page, if it stands there at all."""
    best: tuple[float, Hit] | None = None
    for hit in search.hits(page):
        share = hit.similarity * _share_of_place(page, hit.span, cue.where)
        if best is None or share > best[0]:
            best = (share, hit)
        if share == 1.0:
            break
    if best is None:
        return None
    share, hit = best
    weight = round(cue.weight * share, 3)
    return _Find(Evidence(cue.text, page.quote(hit.span), round(hit.similarity, 3), weight), hit.span)


def _share_of_place(page: PageText, span: Span, where: Where) -> float:
    """How much of a cue's weight counts, given where it stands: 0 … 1."""
    if where is Where.ANYWHERE:
        return 1.0
    in_head = page.in_head(span)
    if where is Where.HEAD:
        return 1.0 if in_head else _BELOW_HEAD
    heading = page.is_heading(span)
    if in_head:
        return 1.0 if heading else _HEAD_TEXT
    return _LOWER_HEADING if heading else _LOWER_TEXT
