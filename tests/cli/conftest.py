"""One small batch for the tests of the command, with what goes wrong in real deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.forked import Forked
from tests.specimens import Truth, build_batch, write_inventory
from tests.specimens.printed import PrintedSheets


@dataclass(frozen=True)
class Ran:
    """The command after a run; ``truth`` leaves out what was added to the batch.

    Added are a page that belongs to no case file, a PDF with a password, and a link.
    """

    akten: Forked
    folder: Path
    truth: Truth
    printed: dict[str, Any]

    @property
    def scans(self) -> Path:
        return self.folder / "scans"


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("ran")
    akten = Forked(folder / "data")
    akten("inventory", "import", write_inventory(folder, size="small"))
    sheets = PrintedSheets(akten)
    truth = build_batch(folder, size="small", sheets=sheets, faults="one")
    page = next((folder / "scans").glob("33*/0002.jpg"))
    (folder / "scans" / "eingang").mkdir()
    # A byte more behind the picture's end makes it another file with the same page.
    (folder / "scans" / "eingang" / "0001.jpg").write_bytes(page.read_bytes() + b"\n")
    (folder / "scans" / "verweis.pdf").symlink_to("stapel-0001.pdf")
    printed = akten.json("run", folder / "scans", code=1)
    return Ran(akten, folder, truth, printed)


@pytest.fixture
def akten(tmp_path: Path) -> Forked:
    """The command with a data folder that does not exist yet."""
    return Forked(tmp_path / "data")
