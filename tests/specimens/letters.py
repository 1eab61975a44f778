"""Templates of documents: read from ``texts/``, filled with one person's facts.

A template is ``texts/<document type>[.<language>].txt``: a head of ``key: value`` lines, an empty line,
then blocks separated by empty lines. The first characters of a block say what it is; README.md has the
list. ``[[a|b]]`` is one of several wordings, ``{name}`` a fact of people.facts.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_TEXTS = Path(__file__).parent / "texts"
_CHOICE = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)

Kind = Literal["paragraph", "title", "heading", "centred", "verbatim", "field", "row", "small", "mark"]
_PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("## ", "title"),
    ("# ", "heading"),
    ("^ ", "centred"),
    ("/ ", "verbatim"),
    (": ", "field"),
    ("| ", "row"),
    ("* ", "small"),
    ("@", "mark"),
)

HEADS: Mapping[str, tuple[str, ...]] = {
    "authority": ("Landeshauptstadt Musterstadt", "Der Oberbürgermeister", "Ausländerbehörde"),
    "bamf": ("Bundesamt für Migration und Flüchtlinge", "Außenstelle Musterstadt"),
    "court": ("Verwaltungsgericht Musterstadt",),
    "labour": ("Agentur für Arbeit Musterstadt", "Team Arbeitsmarktzulassung"),
    "jobcenter": ("Jobcenter Region Musterstadt", "Leistungsgewährung"),
    "lawyer": ("Brinkmeier & Wallenfels", "Rechtsanwälte", "Lindenallee 14, 30999 Musterstadt"),
    "employer": ("{employer}", "Gewerbering 7, 30999 Musterstadt"),
    "registry": ("Landeshauptstadt Musterstadt", "Bürgeramt Mitte"),
    "registry_office": ("Landeshauptstadt Musterstadt",),
    "course": ("Volkshochschule Musterstadt", "Zertifizierungsstelle"),
    "insurer": ("Musterkasse Nord", "Kundenzentrum Musterstadt"),
    "school": ("Grund- und Oberschule Am Wasserturm", "Turmstraße 2, 30999 Musterstadt"),
    "university": ("Hochschule Musterstadt", "Campus 1, 30999 Musterstadt"),
    "english": ("Northfield Instruments Ltd.", "12 Harbour Lane, Port Aurel"),
}


_WITH_CREST = frozenset({"authority", "registry", "registry_office", "course"})


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document; ``cells`` are a row's cells, a field's label and value, or the text alone."""

    kind: Kind
    cells: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text of a block that has but one cell."""
        return self.cells[0]


@dataclass(frozen=True, slots=True)
class Letter:
    """A document ready to be set: its type, its looks, and the blocks from top to bottom."""

    document_type: str
    language: str
    layout: Literal["letter", "info", "plain"]
    face: str
    size: float
    paper: Literal["A4", "A5"]
    clean: bool
    cued: bool
    crest: bool
    head: tuple[str, ...]
    address: tuple[str, ...]
    info: tuple[str, ...]
    blocks: tuple[Block, ...]


_GAP = Block("mark", ("gap",))


def template_names() -> tuple[str, ...]:
    """All templates, in alphabetical order, e.g. ``payslip`` or ``birth_certificate.fra``."""
    return tuple(sorted(path.name.removesuffix(".txt") for path in _TEXTS.glob("*.txt")))


def page_count(template: str) -> int:
    """Pages of a template: they end only where it says so."""
    return 1 + _read(template)[1].count("\n@break\n")


def write(template: str, facts: Mapping[str, str], rng: random.Random) -> Letter:
    """Fill ``template`` with ``facts``; ``rng`` picks among alternative wordings.

    Raises ``KeyError`` when the template names an unknown fact.
    """
    head, body = _read(template)
    chosen = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), body)
    filled = chosen.format_map(facts)
    addressed = head.get("layout", "plain") != "plain"
    foreign = head.get("head") in {"labour", "lawyer"}
    return Letter(
        document_type=_document_type(template),
        language=head.get("language", "deu"),
        layout=head["layout"],  # type: ignore[arg-type]
        face=head.get("font", "sans"),
        size=float(head.get("size", "11")),
        paper=head.get("paper", "A4"),  # type: ignore[arg-type]
        clean=head.get("clean", "yes") == "yes",
        cued=head.get("cued", "yes") == "yes",
        crest=head.get("head", "") in _WITH_CREST,
        head=tuple(line.format_map(facts) for line in HEADS.get(head.get("head", ""), ())),
        address=_address(facts, to_authority=foreign) if addressed else (),
        info=_info(facts, head["head"]) if addressed else (),
        blocks=tuple(block for piece in filled.strip().split("\n\n") for block in _blocks(piece)),
    )


def _document_type(template: str) -> str:
    name = template.partition(".")[0]
    return "unknown" if name == "employment_letter" else name  # no type of the product's list


@functools.cache
def _read(template: str) -> tuple[Mapping[str, str], str]:
    head, _, body = (_TEXTS / f"{template}.txt").read_text(encoding="utf-8").partition("\n\n")
    pairs = (line.split(": ", 1) for line in head.splitlines())
    return {key: value.strip() for key, value in pairs}, body


def _address(facts: Mapping[str, str], *, to_authority: bool) -> tuple[str, ...]:
    if to_authority:
        return ("Landeshauptstadt Musterstadt", "Ausländerbehörde", "Rathausplatz 1", facts["city"])
    title = "Frau" if facts["sex"] == "F" else "Herrn"
    return (title, f"{facts['given']} {facts['family']}", facts["street"], facts["city"])


def _info(facts: Mapping[str, str], sender: str) -> tuple[str, ...]:
    if sender == "english":
        return (f"Our reference: {facts['personnel_no']}", f"Date: {facts['date']}")
    references = {"authority": facts["file_number"], "bamf": facts["bamf_no"]}
    reference = (
        f"Gesch.-Z.: {references[sender]}"
        if sender in references
        else f"Unser Zeichen: {facts['register_no']}"
    )
    return (reference, f"Telefon: {facts['phone']}", f"Zimmer: {facts['room']}", f"Datum: {facts['date']}")


def _blocks(piece: str) -> list[Block]:
    lines = piece.strip().splitlines()
    for prefix, kind in _PREFIXES:
        if lines[0].startswith(prefix):
            blocks = [Block(kind, _cells(kind, line.removeprefix(prefix).strip())) for line in lines]
            return [*blocks, _GAP] if kind in ("verbatim", "field", "row") else blocks
    if len(lines) > 1:  # a closing: every line stays as it is
        return [*(Block("verbatim", (line,)) for line in lines), _GAP]
    return [Block("paragraph", (lines[0],))]


def _cells(kind: Kind, text: str) -> tuple[str, ...]:
    if kind == "row":
        return tuple(cell.strip() for cell in text.split("|"))
    if kind == "field":
        label, _, value = text.partition(" = ")
        return (label, value)
    return (text,)
