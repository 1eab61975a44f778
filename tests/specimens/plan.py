"""What a batch consists of: which volume comes in by which way, with which documents in what condition.

A plan is data alone. It fixes every page before one is drawn, so the inventory can be written first.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.specimens import letters, people
from tests.specimens.degrade import Wear
from tests.specimens.people import Person

SIZES = ("demo", "small", "large")
DELIVERY = "scans/lieferung-0007"
"""The contractor's delivery: neutral names, and a manifest that says what they are."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file: its number, the person it is about, and the box it stands in."""

    file_number: str
    person: Person
    box: str


_SHEET = Wear(colour="grey", dpi=200)
_BACK = Wear(dpi=200, bleed=0.04)


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover sheet of the part it stands in."""

    wear: Wear = _SHEET


@dataclass(frozen=True, slots=True)
class Separator:
    """The separator sheet before a document."""

    document_type: str
    wear: Wear = _SHEET


@dataclass(frozen=True, slots=True)
class Document:
    """A document: one wear for each of its pages."""

    template: str
    wears: tuple[Wear, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """The blank back of the page before it; the front may shine through."""

    wear: Wear = _BACK


Item = Cover | Separator | Document | Back


@dataclass(frozen=True, slots=True)
class Part:
    """The pages of one volume within a source; ``case`` None is a page nobody has assigned."""

    case: CaseFile | None
    volume: int
    items: tuple[Item, ...]

    @property
    def pages(self) -> int:
        """Content and blank pages, no sheets: what a person counting the paper would count."""
        counts = (len(item.wears) if isinstance(item, Document) else 1 for item in self.items)
        return sum(counts) - sum(isinstance(item, Cover | Separator) for item in self.items)


Form = Literal["pdf", "jpegs", "tiff", "born_digital"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file to be written; for ``jpegs`` a folder with a file for every page."""

    path: str
    form: Form
    parts: tuple[Part, ...]


def volumes(sources: Sequence[Source]) -> dict[tuple[CaseFile, int], int]:
    """Expected pages of every volume in the batch, in the order they come in."""
    pages: Counter[tuple[CaseFile, int]] = Counter()
    for source in sources:
        for part in source.parts:
            if part.case is not None:
                pages[part.case, part.volume] += part.pages
    return dict(pages)


def make(seed: int, size: str, case_files: int = 20) -> tuple[Source, ...]:
    """The plan of a batch: ``demo``, ``small``, or ``large`` with so many ``case_files``.

    Raises ``ValueError`` for any other size.
    """
    if size == "demo":
        return _demo(_cases(seed, 6))
    if size == "small":
        return _small(_cases(seed, 2))
    if size == "large":
        rng = random.Random(f"{seed}/large")
        return tuple(
            source
            for place, case in enumerate(_cases(seed, case_files))
            for source in _bulk(place, case, rng)
        )
    raise ValueError(f"size is one of {', '.join(SIZES)}, not {size}")


def _cases(seed: int, count: int) -> list[CaseFile]:
    rng = random.Random(f"{seed}/cases")
    numbers = rng.sample(range(100, 90_000), count)
    return [
        CaseFile(
            file_number=f"33.{rng.randrange(1, 5)}-{rng.randrange(2009, 2022)}/{number:06d}",
            person=people.invent(rng),
            box=f"K{1001 + place // 4}",
        )
        for place, number in enumerate(numbers)
    ]


def folder_name(file_number: str) -> str:
    """A file number as people write it in names of files: ``33.2-2019_004711``."""
    return file_number.replace("/", "_")


# --- conditions that recur -------------------------------------------------------------------------

CLEAN = Wear()
CLEAN_200 = Wear(dpi=200)
GREY_200 = Wear(dpi=200, colour="grey")
SIGNED = Wear(signed=True)
AGED = Wear(skew=-1.2, noise=4.0, quality=78, yellowed=True, shaded=True, punched=True)
STAMPED = Wear(skew=0.7, stamped="round", signed=True)
RECEIVED = Wear(skew=-0.5, stamped="box", punched=True)
FOLDED = Wear(skew=1.6, folded=True, shaded=True, signed=True)
UPSIDE_DOWN = Wear(rotation=180, skew=0.6)
SIDEWAYS = Wear(rotation=90, signed=True)
FAX = Wear(colour="bitonal", dpi=300, skew=0.4, noise=6.0)


def _demo(cases: list[CaseFile]) -> tuple[Source, ...]:
    a, b, c, d, e, f = cases
    stack = Source("scans/stapel-0001.pdf", "pdf", (_demo_first(a), _demo_second(b)))
    folder = (
        Document("rental_contract", (CLEAN, CLEAN)),
        Document("landlord_confirmation", (SIGNED,)),
        Document("payslip", (replace(RECEIVED, skew=0.0),)),
        Document("registration_certificate", (CLEAN_200,)),
    )
    fax = (
        Document("lawyer_letter", (FAX,)),
        Document("file_note", (replace(FAX, skew=-0.8),)),
        Document("service_record", (replace(FAX, skew=0.0, stamped="box"),)),
    )
    delivery: tuple[tuple[CaseFile, str, Form, tuple[Item, ...]], ...] = (
        (d, "paket-1/00000001.pdf", "pdf", (
            Document("labour_agency_consent", (GREY_200,)),
            Document("employment_contract", (CLEAN, FOLDED)),
            Document("integration_course", (SIDEWAYS,)),
        )),
        (d, "paket-1/00000002.pdf", "pdf", (
            Document("fee_notice", (CLEAN,)),
            Document("benefits_decision", (AGED,)),
        )),
        (e, "paket-2/00000003.pdf", "born_digital", (
            Document("commitment_declaration", (CLEAN, CLEAN)),
        )),
        (e, "paket-2/00000004.pdf", "pdf", (
            Document("court_decision", (CLEAN,)),
            Document("hearing_letter", (replace(GREY_200, signed=True, skew=-1.9),)),
        )),
    )  # fmt: skip
    named = (
        Document("birth_certificate.fra", (replace(STAMPED, yellowed=True),)),
        Back(Wear(dpi=200, bleed=0.03, yellowed=True)),
        Document("translation", (CLEAN,)),
        Document("settlement_permit", (STAMPED,)),
        Document("employment_letter.eng", (CLEAN,)),
    )
    return (
        stack,
        Source(f"scans/{folder_name(c.file_number)}", "jpegs", (Part(c, 1, folder),)),
        Source(f"scans/{folder_name(c.file_number)}_Bd2.tif", "tiff", (Part(c, 2, fax),)),
        *(
            Source(f"{DELIVERY}/{path}", form, (Part(case, 1, items),))
            for case, path, form, items in delivery
        ),
        Source(f"scans/{folder_name(f.file_number)}.pdf", "pdf", (Part(f, 1, named),)),
        Source("scans/scan0001.pdf", "pdf", (Part(None, 1, (Document("power_of_attorney", (SIGNED,)),)),)),
    )


def _demo_first(case: CaseFile) -> Part:
    return Part(case, 1, (
        Cover(Wear(skew=1.4, dpi=200, shaded=True)),
        Separator("residence_permit_application"),
        Document("residence_permit_application", (RECEIVED, CLEAN)),
        Back(),
        Separator("residence_permit", Wear(colour="grey", dpi=200, rotation=180, skew=0.8)),
        Document("residence_permit", (CLEAN,)),
        Back(Wear(dpi=200, bleed=0.05)),
        Separator("passport_copy", Wear(colour="grey", dpi=200, skew=-1.8)),
        Document("passport_copy", (replace(STAMPED, skew=0.0),)),
    ))  # fmt: skip


def _demo_second(case: CaseFile) -> Part:
    return Part(case, 1, (
        Cover(Wear(colour="grey", dpi=200, skew=-0.9)),
        Separator("bamf_decision"),
        Document("bamf_decision", (RECEIVED, CLEAN)),
        Back(),
        Separator("bamf_hearing", Wear(colour="grey", dpi=200)),
        Document("bamf_hearing", (UPSIDE_DOWN,)),
        Document("toleration", (FOLDED,)),
        Back(Wear(dpi=200, bleed=0.02)),
    ))  # fmt: skip


def _small(cases: list[CaseFile]) -> tuple[Source, ...]:
    a, b = cases
    stack = (
        Cover(Wear(colour="grey", dpi=200, skew=1.1)),
        Separator("residence_permit"),
        Document("residence_permit", (CLEAN_200,)),
        Back(),
        Separator("fee_notice", Wear(colour="grey", dpi=200, rotation=180)),
        Document("fee_notice", (CLEAN,)),
    )
    folder = (Document("school_certificate", (GREY_200,)), Document("payslip", (replace(RECEIVED, dpi=200),)))
    return (
        Source("scans/stapel-0001.pdf", "pdf", (Part(a, 1, stack),)),
        Source(f"scans/{folder_name(b.file_number)}", "jpegs", (Part(b, 1, folder),)),
    )


def _bulk(place: int, case: CaseFile, rng: random.Random) -> tuple[Source, ...]:
    """A whole case file for benchmarks: every template once, in any order and condition."""
    conditions = (CLEAN, CLEAN_200, GREY_200, SIGNED, AGED, STAMPED, RECEIVED, FOLDED, UPSIDE_DOWN, SIDEWAYS)
    duplex = place % 4 < 2  # folders of single JPEGs and faxes come without backs
    items: list[Item] = []
    for template in rng.sample(letters.template_names(), len(letters.template_names())):
        wears = (FAX,) * 2 if place % 4 == 3 else tuple(rng.choices(conditions, k=2))
        items.append(Document(template, wears[: letters.page_count(template)]))
        if duplex and rng.random() < 0.3:
            items.append(Back())
    name = folder_name(case.file_number)
    match place % 4:
        case 0:
            stack = (Cover(), *items)
            return (Source(f"scans/stapel-{place:05d}.pdf", "pdf", (Part(case, 1, stack),)),)
        case 1:
            return (Source(f"scans/{name}.pdf", "pdf", (Part(case, 1, tuple(items)),)),)
        case 2:
            return (Source(f"scans/{name}", "jpegs", (Part(case, 1, tuple(items)),)),)
        case _:
            return (Source(f"scans/{name}.tif", "tiff", (Part(case, 1, tuple(items)),)),)
