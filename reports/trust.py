"""What ``akten verify`` and ``akten seal`` print for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from config.words import _, decimal, say
from errors import N_
from reports.terminal import line, next_step, note, plain

Shape = Mapping[str, Any]

_ALL = 100


def verification(shape: Shape) -> None:
    """What a verification found: plainly all right, or every problem."""
    _problems(shape)
    text = N_(
        "Objects read again: {checked}, damaged: {damaged}, missing: {missing}; "
        "pages accounted for: {accounted} of {received}"
    )
    sign, style = _sign(shape)
    line(Text(say(text, {**shape["objects"], **shape["pages"]}), style=style), first=sign)
    if shape["sample"] < _ALL:
        sample = N_("A sample of {sample} %, seed {seed}: {checked} of {recorded} objects.")
        counted = {"checked": shape["objects"]["checked"], "recorded": shape["recorded"]}
        line(say(sample, {"sample": decimal(shape["sample"]), "seed": shape["seed"], **counted}), 2)
    if shape["pdfa"]:
        _pdfa(shape["pdfa"])
    _chain(shape["seals"])
    if shape["objects"]["damaged"] or shape["objects"]["missing"]:
        next_step(
            N_(
                "Shred no paper now: 'akten alarms' says how each object comes back; "
                "then 'akten verify' again."
            )
        )
    if shape["differences"]:
        next_step(
            N_(
                "Shred no paper now: find out who changed ledger or seals, and restore them from backup "
                "(docs/operations.md#checking); then 'akten verify' again."
            )
        )


def seal_checked(shape: Shape) -> None:
    """Whether a noted seal still stands."""
    _problems(shape)
    sign, style = _sign(shape)
    if shape["seal"]:
        found = say(N_("Seal {number} of {sealed_at} is in the chain: {sha256}"), shape["seal"])
    else:
        found = _("No seal has this hash: the history is not the one that was sealed then.")
    line(Text(found, style=style), first=sign)
    _chain(shape["seals"])


def _problems(shape: Shape) -> None:
    for problem in shape["problems"]:
        line(Text(problem, style="bold red"), first="✗ ")


def _sign(shape: Shape) -> tuple[str, str]:
    return ("✓ ", "bold green") if shape["ok"] else ("✗ ", "bold red")


def _pdfa(counted: Shape) -> None:
    text = N_(
        "Products validated as PDF/A-2b: conforming {conforming}, not conforming or not judged "
        "{nonconforming}, without a claim {without_claim}"
    )
    line(say(text, counted), 2)
    for document in counted["without_claim_documents"]:
        line(say(N_("Document {document} makes no claim to be PDF/A."), {"document": document}), 4)


def _chain(counted: Shape) -> None:
    broken = ", ".join(str(number) for number in counted["broken"]) or "0"
    text = N_("Seals: {count}, broken: {broken}; events compared: {events}, not sealed yet: {unsealed}")
    line(say(text, {**counted, "broken": broken}), 2)
    if counted["disowned"]:
        line(say(N_("Seals in the store said to be rightly not in the ledger: {disowned}"), counted), 2)


def disowned(count: int) -> None:
    """How many seals in the store a person said to be rightly not in the ledger."""
    if count:
        note(N_("Seals said to be rightly not in the ledger: {count}"), count=count)
    else:
        note(N_("The ledger knows all seals in the store: none had to be disowned."))


def sealed(rows: Sequence[Shape]) -> None:
    """The seals just made; the last one's hash is what to note."""
    if not rows:
        line(_("Nothing new to seal."))
        return
    for row in rows:
        line(say(N_("Seal {number} covers {events} events, up to number {last_event}"), row))
    plain(rows[-1]["sha256"])
    next_step(N_("Note this hash outside this machine; 'akten verify --seal HASH' compares it later."))


def seals(rows: Sequence[Shape]) -> None:
    """All seals, each with its hash below it."""
    if not rows:
        line(_("There is no seal yet."))
        return
    for row in rows:
        line(say(N_("Seal {number} of {sealed_at}: {events} events"), row))
        plain(f"  {row['sha256']}")  # whole, and alone on its line: it is there to be copied
