"""What ``--json`` prints: stable shapes, additions are welcome (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from config.words import say
from errors import describe
from ocr.records import Word, words_to_json
from pipeline.alarms import ALARMS
from pipeline.chain import Chain
from pipeline.intake.inventory import Import
from pipeline.problem import Problem
from pipeline.recovery import Recovery
from pipeline.verify import Verification
from storage.ledger import Ledger, Transaction, alarms, counts, documents, pages, seals, verifications
from storage.ledger.backup import Copy
from storage.ledger.inventory import Volume
from storage.search.index import Answer, Hit

Json = dict[str, Any]


def status(ledger: Ledger) -> Json:
    """The goal, all pages and sources by what became of them, the backlog, failures and alarms."""
    with ledger.read() as tx:
        return {
            "goal": asdict(counts.goal(tx)),
            "pages": asdict(counts.page_counts(tx)),
            "sources": asdict(counts.source_counts(tx)),
            "backlog": counts.backlog(tx),
            "urgent": counts.urgent_backlog(tx),
            "failures": failures(tx),
            "alarms": open_alarms(tx),
            "last_verification": last_verification(tx),
        }


def batch_counts(ledger: Ledger, batch_id: str) -> Json:
    """The same for one batch."""
    with ledger.read() as tx:
        return {
            "pages": asdict(counts.page_counts(tx, batch_id)),
            "sources": asdict(counts.source_counts(tx, batch_id)),
            "failures": failures(tx, batch_id),
            "alarms": open_alarms(tx, batch_id),
        }


def failures(tx: Transaction, batch_id: str | None = None) -> list[Json]:
    """Everything in quarantine, with the reason in plain words and the way out."""
    rows: list[Json] = []
    for failure in counts.failures(tx, batch_id):
        known = describe(failure.reason)
        rows.append(
            {
                "id": failure.id,
                "source": failure.source,
                "page": failure.page,
                "code": failure.reason,
                "reason": say(known.message, failure.params),
                "hint": say(known.hint, failure.params),
                "retryable": known.retryable,
            }
        )
    return rows


def open_alarms(tx: Transaction, batch_id: str | None = None) -> list[Json]:
    """Everything that does not add up, in plain words."""
    rows: list[Json] = []
    for alarm in alarms.open_alarms(tx, batch_id):
        known = ALARMS[alarm.code]
        # Alarms about pages kept as image once had no detail.
        fields = {"detail": "-", **alarm.params, "subject": alarm.subject}
        rows.append(
            {
                "id": alarm.id,
                "code": alarm.code,
                "subject": alarm.subject,
                "batch": alarm.batch_id,
                "reason": say(known.message, fields),
                "hint": say(known.hint, fields),
            }
        )
    return rows


def answer(found: Answer) -> Json:
    """The hits of a search; ``marks`` are the matched words' character ranges in ``snippet``."""
    return {
        "total": found.total,
        "exact": found.exact,
        "next_offset": found.next_offset,
        "suggestion": found.suggestion,
        "facets": asdict(found.facets),
        "files": [asdict(one) for one in found.files],
        "hits": [_hit(hit) for hit in found.hits],
    }


def _hit(hit: Hit) -> Json:
    return {
        **asdict(hit),
        "date": hit.date and hit.date.isoformat(),
        "score": round(hit.score, 4),
        "boxes": [{"box": list(one.box), "tolerant": one.tolerant} for one in hit.boxes],
    }


def volume(one: Volume) -> Json:
    """A volume of the inventory."""
    return asdict(one)


def document(one: documents.Document) -> Json:
    """A document without its pages."""
    return {
        "document": one.id,
        "file_number": one.file_number,
        "volume": one.volume,
        "state": one.state,
        "pages": one.page_count,
        "bytes": one.size,
        "sha256": one.sha256,
        "key": one.object_key,
        "note": one.note_key,
    }


def _upright_size(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Width and height in mm of a page in its product: of the turned paper, grown as its frame is."""
    sides = ["width", "height"]
    paper = [result.get(f"{side}_mm") for side in sides]
    if result.get("rotation") in (90, 270):
        paper.reverse()
    for index, more in enumerate(result.get("grown", ())):
        if more:
            pixels = result[sides[index]]
            paper[index] = round(paper[index] * pixels / (pixels - more), 2)
    return paper[0], paper[1]


#: Of attempts once less was recorded.
_NOT_TOLD = dict.fromkeys(("language", "layout", "rotation", "score", "outcome"))


def page(one: pages.Page, words: tuple[Word, ...] | None) -> Json:
    """A page as it stands upright in its document: size in mm, words with boxes in pixels of its image."""
    result = one.result or {}
    width_mm, height_mm = _upright_size(result)
    shape: Json = {
        "id": one.id,
        "number": one.document_page,
        "source": one.source_id,
        "source_page": one.number,
        "stage": one.stage,
        "width": width_mm,
        "height": height_mm,
        "pixels": [result.get("width"), result.get("height")],
        "rotation": result.get("rotation"),
        "skew": result.get("skew"),
        "language": result.get("language"),
        "languages_missing": result.get("languages_missing", []),
        "origin": result.get("origin"),
        "tone": result.get("tone"),
        "text_from": result.get("text_from"),
        "why": result.get("why"),
        "own_letters": result.get("own_letters"),
        "garbage": result.get("garbage"),
        "hidden_words": result.get("hidden_words"),
        "engine": result.get("engine"),
        "removed": result.get("removed", []),
        "attempts": [_NOT_TOLD | attempt for attempt in result.get("attempts", [])],
        "profile": result.get("profile"),
        "kept": one.kept,
        "confidence": one.confidence,
        "type": one.filed_type or one.type,
        "date": result.get("date"),
        "evidence": one.evidence or [],
        "flag": one.reason,
    }
    if words is not None:
        shape["words"] = words_to_json(words)
    return shape


def verification(found: Verification) -> Json:
    """What a verification found."""
    run = found.run
    return {
        "ok": found.ok,
        "objects": {"checked": run.checked, "damaged": run.damaged, "missing": run.missing},
        "recorded": found.objects,
        "differences": found.differences,
        "pages": {"received": found.received, "accounted": found.accounted},
        "seals": _chain(found.chain),
        "sample": run.share,
        "seed": run.seed,
        "pdfa": _pdfa(found),
        "problems": _problems(found.problems),
    }


def _pdfa(found: Verification) -> Json | None:
    """What a PDF/A validator said of the products, by number; None if none was asked."""
    run = found.run
    if not run.pdfa:
        return None
    return {
        "conforming": run.conforming,
        "nonconforming": run.nonconforming,
        "without_claim": run.without_claim,
        "without_claim_documents": list(found.without_claim),
    }


def backup(path: str, copy: Copy) -> Json:
    """A copy of the ledger."""
    return {
        "path": path,
        "bytes": copy.size,
        "sha256": copy.sha256,
        "events": copy.events,
        "batches": copy.batches,
        "last_event": copy.last_event,
    }


def recovery(found: Recovery) -> Json:
    """What came back from the object store."""
    return {
        "batches": found.batches,
        "files": found.files,
        "originals": list(found.originals),
        "damaged": list(found.damaged),
    }


def seal_check(found: Chain, wanted: seals.Row | None) -> Json:
    """Whether the seals are sound, and a noted one among them."""
    return {
        "ok": wanted is not None and not found.problems,
        "seal": seal(wanted.seal) if wanted else None,
        "seals": _chain(found),
        "problems": _problems(found.problems),
    }


def _chain(found: Chain) -> Json:
    return {
        "count": len(found.rows),
        "broken": list(found.broken),
        "events": found.events,
        "unsealed": found.unsealed,
        "disowned": found.disowned,
        "newest": found.rows[-1].sha256 if found.rows else None,
    }


def _problems(found: Sequence[Problem]) -> list[str]:
    return [say(problem.message, problem.params) for problem in found]


def seal(one: seals.Seal) -> Json:
    """A seal; its sha256 is the hash to be noted."""
    return {**asdict(one), "sha256": one.sha256}


def last_verification(tx: Transaction) -> Json | None:
    """When all objects were last verified to the end, and with what result."""
    run = verifications.last_full(tx)
    if run is None:
        return None
    names = ("finished_at", "checked", "damaged", "missing", "problems")
    return {name: getattr(run, name) for name in names}


def imported(result: Import) -> Json:
    """What came of an inventory import."""
    return {
        "added": result.added,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "faults": [
            {"line": fault.line, "reason": say(fault.message, fault.params)} for fault in result.faults
        ],
    }
