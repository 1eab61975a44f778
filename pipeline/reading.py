"""Reading one page, and turning what was read into a product page or a search entry."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from rapidfuzz.fuzz import partial_ratio

from errors import AktenError, CodeOnPage
from ocr.barcodes import read_qr
from ocr.blank import is_blank
from ocr.lines.vocabulary import vocabulary
from ocr.prepare import to_grey
from ocr.records import Recognition, Word, text_of, words_from_json, words_to_json
from pipeline.classification.dates import date_of
from pipeline.classification.document_types import UNKNOWN
from pipeline.context import Context
from pipeline.page_text import PageText, as_it_lies, text_of_page
from pipeline.product.binding import ProductPage
from pipeline.scans.source import MediaType, Origin, PageImage, Why
from pipeline.sheets.codes import parse_code
from storage.ledger import documents, pages, sources
from storage.objects import words_key
from storage.search.access import MOST_CONFIDENTIAL
from storage.search.fields import PageEntry, PlacedWord

#: A cover sheet has about 70 words, specks on it included less than twice as many; a letter has more.
_SHEET_WORDS = 130
_ILLEGIBLE_WORDS = 15
_SURE = 100  # the highest confidence
_TITLE_SIMILARITY = 75


def read(ctx: Context, image: PageImage, received: date) -> pages.PageOutcome:
    """What a page is: a cover or separator sheet, blank, or text with a document type and its evidence.

    No date on it is later than the day it was ``received``.
    A page that breaks the engine is kept as image without words, flagged with the reason.
    """
    code = next((code for code in read_qr(image.pixels) if parse_code(code) is not None), None)
    if code is None and not image.words and is_blank(to_grey(image.pixels), image.dpi):
        return _outcome(ctx, "blank", image, _unread(image))
    text = text_of_page(image, ctx.engine, ctx.ocr)
    if code is not None and text.flag is None and not _looks_like_sheet(text.found):
        # Anybody's sheet may be photographed on a letter: the letter must not vanish for that.
        return _outcome(ctx, "recognised", image, text, received=received, flag=CodeOnPage())
    if code is not None:
        return _outcome(ctx, "separator", image, _unread(image), code=code)
    return _outcome(ctx, "recognised", image, text, received=received, flag=text.flag)


def _unread(image: PageImage) -> PageText:
    return PageText(as_it_lies(image, ""), None, image.own.why)


def _looks_like_sheet(found: Recognition) -> bool:
    """Whether a page with a sheet's code says no more than sheets do, and what they say.

    A sheet hardly legible, of which only the code could be read, is one too.
    """
    if len(found.words) <= _ILLEGIBLE_WORDS:
        return True
    title = max(partial_ratio(one, found.text.casefold()) for one in ("deckblatt", "trennblatt"))
    return len(found.words) <= _SHEET_WORDS and title >= _TITLE_SIMILARITY


def _outcome(
    ctx: Context,
    stage: str,
    image: PageImage,
    text: PageText,
    *,
    received: date | None = None,
    code: str | None = None,
    flag: AktenError | None = None,
) -> pages.PageOutcome:
    found, own = text.found, image.own
    origin = Origin.RENDERED if text.why is Why.OWN_TEXT_ILLEGIBLE else image.origin
    verdict = ctx.classifier.classify(found.text) if found.words else None
    evidence = verdict.evidence if verdict else ()
    day = date_of(found.text, received) if received else None
    return pages.PageOutcome(
        stage=stage,
        type=verdict.type if verdict else UNKNOWN,
        evidence=[
            {"cue": one.cue, "found": one.found, "similarity": round(one.similarity, 1), "weight": one.weight}
            for one in evidence
        ],
        result={
            "width": found.width,
            "height": found.height,
            "width_mm": round(image.width_mm, 2),
            "height_mm": round(image.height_mm, 2),
            "rotation": found.rotation,
            "skew": round(found.skew, 3),
            "grown": list(found.grown),
            "language": found.language,
            "languages_missing": list(found.missing),
            "engine": found.engine,
            "attempts": [asdict(attempt) for attempt in found.attempts],
            "origin": origin.value,
            "tone": image.tone and image.tone.value,
            "text_from": text.source and text.source.value,
            "why": text.why.value,
            "own_letters": own.letters,
            "garbage": round(own.garbage, 3),
            "hidden_words": own.hidden,
            "removed": list(image.removed),
            "date": day and day.isoformat(),
            "profile": ctx.profile,
        },
        words_key=_keep_words(ctx, found.words) if found.words else None,
        confidence=found.confidence,
        code=code,
        reason=flag.code if flag else None,
        reason_params=flag.params if flag else None,
    )


def _keep_words(ctx: Context, words: tuple[Word, ...]) -> str:
    """Store word boxes as compressed JSON; equal words give equal bytes, so they are stored once."""
    text = json.dumps(words_to_json(words), ensure_ascii=False, separators=(",", ":"))
    data = gzip.compress(text.encode(), mtime=0)
    return ctx.objects.put_bytes(words_key(hashlib.sha256(data).hexdigest()), data).key


def words_of(ctx: Context, page: pages.Page) -> tuple[Word, ...]:
    """A page's words with boxes from the object store."""
    if page.words_key is None:
        return ()
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(ctx.objects.get_bytes(page.words_key)))
    return words_from_json(rows)


def product_page_of(ctx: Context, page: pages.Page) -> ProductPage:
    """All the product needs of a page: its source on disk, its geometry and words, its outline heading."""
    with ctx.ledger.read() as tx:
        source = sources.get(tx, page.source_id)
    if source is None or page.result is None:
        raise LookupError(page.id)
    result = page.result
    recognition = Recognition(
        words=words_of(ctx, page),
        width=result["width"],
        height=result["height"],
        rotation=result["rotation"],
        skew=result["skew"],
        confidence=page.confidence or 0.0,
        language=result["language"],
        engine=result["engine"],
        grown=tuple(result.get("grown", (0, 0))),
    )
    return ProductPage(
        source=ctx.cache.path(source.object_key, source.sha256),
        media_type=MediaType(source.media_type or ""),
        number=page.number,
        origin=Origin(result["origin"]),
        recognition=recognition,
        width_mm=result["width_mm"],
        height_mm=result["height_mm"],
        section=_heading(ctx, page),
        is_muted=_is_muted(result),
    )


#: Of these pages' own text nothing may be found in the product.
_NOT_ITS_WORDS = (Why.IMAGE_WITH_OLD_LAYER, Why.OLD_LAYER_KEPT, Why.OWN_TEXT_ILLEGIBLE)


def _is_muted(result: Mapping[str, Any]) -> bool:
    """Whether a page's own text says something else than its words do: nonsense, or what nobody sees."""
    return bool(result.get("hidden_words")) or result.get("why") in _NOT_ITS_WORDS


def _heading(ctx: Context, page: pages.Page) -> str | None:
    """The outline entry that begins at this page, in the language of the files."""
    if not page.opens_section:
        return None
    known = ctx.types.get(page.filed_type or "")
    label = known.label_de if known else "Ohne Dokumenttyp"
    day = (page.result or {}).get("date")
    return f"{label}, {date.fromisoformat(day):%d.%m.%Y}" if day else label


def entry_of(ctx: Context, document: documents.Document, page: pages.Page) -> PageEntry:
    """What the search index gets to know of a page."""
    result, words = page.result or {}, words_of(ctx, page)
    day, level = result.get("date"), document.confidentiality
    return PageEntry(
        page_id=page.id,
        document=document.id,
        file_number=document.file_number,
        volume=document.volume,
        page=page.document_page or 0,
        type=page.filed_type or UNKNOWN,
        language=result.get("language", ""),
        text=text_of(words),
        date=date.fromisoformat(day) if day else None,
        width=result.get("width", 0),
        height=result.get("height", 0),
        words=tuple(placed(words, result.get("language", ""))),
        groups=document.groups,
        # Nobody has said whom it is for: it may belong to any case file.
        confidentiality=MOST_CONFIDENTIAL if level is None else level,
    )


def placed(words: tuple[Word, ...], language: str) -> Iterator[PlacedWord]:
    """Where each word stands: in ``text_of(words)``, which has one character between two, and on the page.

    The dictionaries of ``language`` say whether it is known, and its parts.
    """
    known, start = vocabulary(language), 0
    for word in words:
        end, box = start + len(word.text), word.box
        yield PlacedWord(
            start,
            end,
            box.left,
            box.top,
            box.width,
            box.height,
            word.confidence / _SURE,
            known.knows(word.text),
            known.parts(word.text),
        )
        start = end + 1
