"""Making a document's product and its transfer note, and storing both; the pages are bound in a child."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from errors import BadInput, ImageTooLarge, ObjectDamaged, PageUnreadable, ReaderBroke
from pipeline.confined.run import confined_over
from pipeline.context import Context
from pipeline.product import binding as product
from pipeline.product.keeping import Profile
from pipeline.product.languages import language_of
from pipeline.product.note import TransferNote, in_pdf, to_json
from pipeline.reading import product_page_of
from pipeline.transfer import note_of
from storage.ledger import documents, pages
from storage.objects import note_key, product_key

#: What binding says of a single page that cannot be bound.
_SPOILING = (PageUnreadable, ImageTooLarge, ReaderBroke)


@dataclass(frozen=True, slots=True)
class _Labels:
    """What a PDF says of itself besides its language, title and transfer note; and how it keeps images."""

    title: str
    note: Mapping[str, str]
    profile: Profile


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One page cannot be bound: it alone goes to quarantine, its document is made without it."""

    page_id: str
    reason: BadInput


def make_product(
    ctx: Context, document: documents.Document, content: list[pages.Page]
) -> documents.Stored | Spoiled:
    """Bind ``content`` and store PDF and note, each read back and compared; or say which page forbids it."""
    note = note_of(ctx, document, content)
    with tempfile.TemporaryDirectory(dir=ctx.scratch) as folder:
        target = Path(folder) / "product.pdf"
        taken: list[pages.Page] = []
        labels = _Labels(ctx.product.title_of(document.file_number), in_pdf(note), ctx.product.profile)
        try:
            facts = _bind(ctx, labels, content, target, taken)
        except _SPOILING as error:
            return Spoiled(_culprit(ctx, taken, Path(folder)), error)
        stored = ctx.objects.put(product_key(facts.sha256), target)
    if stored.sha256 != facts.sha256:
        raise ObjectDamaged(key=stored.key)
    kept = [one.told for one in facts.kept]
    noted = [replace(page, kept=told) for page, told in zip(note.pages, kept, strict=True)]
    note_at = _keep(ctx, replace(note, pages=noted), facts)
    return documents.Stored(stored.key, stored.sha256, stored.size, note_at, kept)


def _keep(ctx: Context, note: TransferNote, facts: product.ProductFacts) -> str:
    """Store the note beside its product; returns its key."""
    data = to_json(note, sha256=facts.sha256, size=facts.size)
    return ctx.objects.put_bytes(note_key(hashlib.sha256(data).hexdigest()), data).key


def _bind(
    ctx: Context, labels: _Labels, content: list[pages.Page], target: Path, taken: list[pages.Page]
) -> product.ProductFacts:
    """Bind pages in a confined child; ``taken`` gets each as soon as the child asks for it."""
    language = language_of((page.result or {}).get("language", "") for page in content)

    def parts() -> Iterator[product.ProductPage]:
        for page in content:
            taken.append(page)
            yield product_page_of(ctx, page)

    def bind(parts: Iterator[product.ProductPage]) -> product.ProductFacts:
        return product.assemble(
            parts,
            target,
            title=labels.title,
            language=language,
            note=labels.note,
            profile=labels.profile,
            limits=ctx.limits,
        )

    return confined_over(parts(), bind, ctx.bounds("assemble"), target.parent)


def _culprit(ctx: Context, taken: list[pages.Page], folder: Path) -> str:
    """The page that cannot be bound: mostly the last one taken, but some faults show only at the end."""
    for page in reversed(taken):
        try:
            _bind(ctx, _Labels("-", {}, ctx.product.profile), [page], folder / "one.pdf", [])
        except _SPOILING:
            return page.id
    raise RuntimeError("each page can be bound alone")
