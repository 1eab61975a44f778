"""``akten verify`` with its bar: all objects or a sample, gone on with, or the seals alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.words import _
from errors import (
    N_,
    Interrupted,
    LedgerUnavailable,
    StoreUnavailable,
    ValidatorMissing,
    VerificationInterrupted,
    WrongUse,
)
from pipeline import chain
from pipeline import verify as verification
from reports import shapes, terminal
from reports.progress import bar
from storage.ledger import Ledger
from storage.ledger.verifications import Run
from storage.objects import ObjectStore

_SEED = re.compile(r"[A-Za-z0-9-]{1,32}")
#: A hash as somebody noted it; its first 16 digits will do.
_NOTED = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which objects to read: a share in percent (None: all) and its seed, or on with an interrupted run;
    and whether to validate the products among them as PDF/A.
    """

    share: float | None = None
    seed: str | None = None
    go_on: bool = False
    pdfa: bool = False


def verify(ledger: Ledger, objects: ObjectStore, choice: Choice, *, quiet: bool) -> shapes.Json:
    """Verify with a progress bar; says how to go on when it is interrupted or the store is away."""
    with bar(_("objects/s"), quiet=quiet) as shown:
        run = _run(ledger, choice)
        try:
            found = verification.verify(
                ledger, objects, run, lambda what, done, total: shown.show(_(what), done, total)
            )
        except Interrupted as interrupted:
            raise VerificationInterrupted from interrupted
        except (StoreUnavailable, LedgerUnavailable, ValidatorMissing):
            terminal.note(N_("What was compared so far is kept; then go on by 'akten verify --resume'."))
            raise
    return shapes.verification(found)


def _run(ledger: Ledger, choice: Choice) -> Run:
    if choice.go_on:
        if choice != Choice(go_on=True):
            raise WrongUse(
                detail=N_("An interrupted verification goes on as it was begun: --resume stands alone.")
            )
        return verification.resume(ledger)
    if choice.seed is not None and choice.share is None:
        raise WrongUse(detail=N_("A seed chooses a sample: say --sample as well."))
    if choice.seed is not None and not _SEED.fullmatch(choice.seed):
        raise WrongUse(detail=N_("A seed has 1 to 32 letters, digits and hyphens."))
    return verification.begin(ledger, choice.share or verification.ALL, choice.seed, pdfa=choice.pdfa)


def check_seal(ledger: Ledger, objects: ObjectStore, noted: str, *, quiet: bool) -> shapes.Json:
    """Check all seals, and whether one that somebody noted is among them."""
    name = hash_of(noted)
    with bar(_("seals/s"), quiet=quiet) as shown:
        found = chain.check(
            ledger, objects, on_seal=lambda done, total: shown.show(_("Checking seals"), done, total)
        )
    return shapes.seal_check(found, found.find(name))


def hash_of(noted: str) -> str:
    """A seal's hash, or its beginning, as somebody noted it; raises ``WrongUse`` for what can be none."""
    name = "".join(noted.split()).lower()
    if not _NOTED.fullmatch(name):
        raise WrongUse(detail=N_("A seal's hash has 64 digits of 0-9 and a-f; the first 16 will do."))
    return name
