"""A delivery of tiny pages in all the forms scans come in, and what becomes of it undisturbed."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.intake.inventory import import_inventory
from tests.cli.forked import Forked
from tests.command import Akten
from tests.ledgers import new_ledger
from tests.office import blank, cover, open_office, page, save, save_pdf, save_tiff, separator

FILES = 3
STORED = 8
_INVENTORY = "Aktenzeichen;Band;Seiten\n33/1;1;4\n33/2;1;3\n33/3;1;2\n"


@dataclass(frozen=True)
class Delivery:
    """``scans``, the ``inventory`` as a ledger in which nothing was taken in yet, and the ``outcome``."""

    scans: Path
    inventory: Path
    outcome: dict[str, Any]

    def expected_by(self, data: Path) -> Path:
        """A data folder that knows the inventory and nothing else."""
        data.mkdir(parents=True)
        shutil.copyfile(self.inventory, data / "ledger.db")
        return data


def deliver(folder: Path) -> Delivery:
    """Write the delivery; one process works on it with nobody disturbing."""
    scans, inventory = folder / "scans", folder / "inventory.db"
    (folder / "bestand.csv").write_text(_INVENTORY)
    with closing(new_ledger(inventory)) as ledger:
        import_inventory(ledger, folder / "bestand.csv")
    (folder / "undisturbed").mkdir()
    shutil.copyfile(inventory, folder / "undisturbed" / "ledger.db")
    with open_office(folder / "undisturbed") as office:
        first = [cover(office, "33/1"), separator("payslip"), page("Amsel"), blank()]
        second = [separator("rental_contract"), page("Drossel"), page("Fink")]
        save_pdf(scans / "stapel.pdf", [*first, *second])
        for number, word in enumerate(("Anna", "Berta", "Carl"), 1):
            save(scans / "33_2" / f"{number}.jpg", page(word))
        save_tiff(scans / "33_3.tif", [page("Eins"), page("Zwei")])
        office.take(scans)
        office.work()
        assert office.goal() == (FILES, FILES)
        assert (office.pages().stored, office.alarms()) == (STORED, [])
    return Delivery(scans, inventory, outcome_of(Forked(folder / "undisturbed")))


def outcome_of(akten: Akten | Forked) -> dict[str, Any]:
    """What has to be the same however often the work was cut off: counts, and every product's bytes."""
    status = akten.json("status")
    documents = sorted(
        (document["file_number"], document["volume"], document["sha256"], document["pages"])
        for document in akten.json("documents")
    )
    return {part: status[part] for part in ("goal", "pages", "sources")} | {"documents": documents}
