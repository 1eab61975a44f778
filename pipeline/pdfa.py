"""Do stored products keep to PDF/A-2b, as they claim? An independent validator is asked."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pikepdf

from errors import ProductMakesNoClaim, ProductNotConforming, ProductNotJudged
from pipeline import verapdf
from storage.ledger.recorded import Recorded
from storage.ledger.verifications import Finding
from storage.objects import ObjectStore

_CLAIM = re.compile(rb"\bpdfaid:part\b")
_MOST_RULES = 20


def judge(objects: ObjectStore, item: Recorded) -> Finding | None:
    """None if a product conforms; else what is to be said of it.

    Raises ``ObjectMissing``, ``StoreUnavailable`` or ``ValidatorMissing``.
    """
    with tempfile.TemporaryDirectory() as folder:
        pdf = _at_hand(objects, item.key, Path(folder) / "product.pdf")
        if not claims(pdf):
            return Finding(item.key, ProductMakesNoClaim.code, {"document": item.id})
        try:
            verdict = verapdf.validate(pdf)
        except ProductNotJudged as error:
            return Finding(item.key, error.code, {"document": item.id, **error.params})
    if verdict.conforms:
        return None
    rules = ", ".join([*verdict.rules[:_MOST_RULES], *("…" for _ in verdict.rules[_MOST_RULES:][:1])])
    return Finding(item.key, ProductNotConforming.code, {"document": item.id, "rules": rules or "?"})


def claims(pdf: Path) -> bool:
    """Whether a PDF's XMP claims PDF/A of any part (ISO 19005-2, 6.6.4); one that cannot be opened may."""
    try:
        with pikepdf.open(pdf) as opened:
            packet = opened.Root.get("/Metadata")
            return isinstance(packet, pikepdf.Stream) and bool(_CLAIM.search(packet.read_bytes()))
    except pikepdf.PdfError:
        return True


def _at_hand(objects: ObjectStore, key: str, place: Path) -> Path:
    """A file named ``*.pdf``, for veraPDF passes over others; a folder store's own is linked."""
    own = objects.local_path(key)
    if own is None:
        return objects.fetch(key, place)
    place.symlink_to(own.resolve())
    return place
