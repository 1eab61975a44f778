"""The rehearsal: lose the ledger's machine, and nothing that was taken in is lost, not even after the backup.

The first way is walked with the command and a real S3 server, as docs/operations.md describes it; what may
be different about a loss is tried in one process, with a folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake.inventory import import_inventory
from pipeline.recovery import recover
from pipeline.sheets.codes import encode_cover
from pipeline.verify import verify
from storage.ledger import documents
from storage.ledger.backup import back_up, put_back
from tests.cli.forked import Forked
from tests.command import Akten
from tests.halfway import half_way
from tests.office import Office, blank, coded, cover, open_office, page, save, save_pdf
from tests.servers import S3Server

INVENTORY = "Aktenzeichen;Band;Seiten\n33/1;1;5\n33/2;1;2\n33/3;1;1\n"


def first_delivery(folder: Path, cover_id: str) -> Path:
    """Images in a row behind a cover sheet, and a file named after its volume."""
    images = [coded(encode_cover(cover_id)), page("Anna"), page("Berta"), blank(), page("Carl")]
    for number, image in enumerate(images, 1):
        save(folder / "eins" / f"{number}.png", image)
    save_pdf(folder / "eins" / "33_2.pdf", [page("Dora"), page("Emil")])
    return folder / "eins"


def second_delivery(folder: Path, cover_id: str) -> Path:
    """More for the first volume, one nobody has yet, and one that says nothing of its volume."""
    save_pdf(folder / "zwei" / "1.pdf", [coded(encode_cover(cover_id)), page("Fritz"), page("Gerda")])
    save_pdf(folder / "zwei" / "33_3.pdf", [page("Heinrich")])
    save_pdf(folder / "zwei" / "ohne.pdf", [page("Ida")])
    return folder / "zwei"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def akten(server, tmp_path_factory) -> Forked:
    environment = {
        "AKTEN_OBJECTS__STORE": "s3",
        "AKTEN_OBJECTS__ENDPOINT": server.endpoint,
        "AKTEN_OBJECTS__BUCKET": "akten-rehearsal",
        "AKTEN_OBJECTS__ACCESS_KEY": server.access_key,
        "AKTEN_OBJECTS__SECRET_KEY": server.secret_key,
        "AKTEN_OBJECTS__SECURE": "false",
        "AKTEN_QUEUE__WORKERS": "1",
    }
    return Forked(tmp_path_factory.mktemp("machine") / "data", environment)


@pytest.fixture(scope="module")
def undisturbed(akten) -> dict[str, Any]:
    """A day's work: a backup in the middle of it, more taken in afterwards, then the disk is gone."""
    folder = akten.data.parent
    (folder / "bestand.csv").write_text(INVENTORY)
    akten("inventory", "import", folder / "bestand.csv")
    first = akten.json("inventory", "list")[0]["id"]
    command = Akten(akten.data, akten.environment)
    with command.running("run", first_delivery(folder, first)) as running:
        with half_way(akten.data, running):
            backup = command.json("backup", "-o", folder / "ledger.db")
        running.communicate(timeout=180)
    assert running.returncode == 1  # two pages of the first volume are still to come
    akten("run", second_delivery(folder, first))
    state = state_of(akten)
    shutil.rmtree(akten.data)
    return {**state, "backup": backup}


@pytest.fixture(scope="module")
def restored(akten, undisturbed) -> dict[str, Any]:
    """The steps of docs/operations.md."""
    akten("restore", akten.data.parent / "ledger.db")
    before = akten.json("status")
    recovered = akten.json("recover")
    akten("run")
    return {**state_of(akten), "before": before, "recovered": recovered}


def state_of(akten: Forked) -> dict[str, Any]:
    status = akten.json("status")
    return {
        # But for the key of its note: that tells when pages were read, and they are read again.
        "documents": [{**one, "note": None} for one in akten.json("documents")],
        "counts": [status[part] for part in ("goal", "pages", "sources", "backlog")],
        "found": akten.json("search", "beantrage")["total"],
        "alarms": [(alarm["code"], alarm["subject"]) for alarm in status["alarms"]],
    }


class TestTheMachineIsLost:
    """One scenario, walked once; each test looks at another side of it."""

    def test_the_backup_is_of_the_middle_of_the_work(self, undisturbed, restored):
        assert undisturbed["backup"]["batches"] == 1
        assert 0 < restored["before"]["pages"]["received"] <= 7
        assert restored["before"]["backlog"] != dict.fromkeys(restored["before"]["backlog"], 0)

    def test_what_came_in_afterwards_is_registered_again(self, restored):
        assert restored["recovered"] == {"batches": 1, "files": 3, "originals": [], "damaged": []}

    def test_every_document_is_the_same_byte_for_byte(self, undisturbed, restored):
        assert restored["documents"] == undisturbed["documents"]
        assert [one["pages"] for one in restored["documents"]] == [1, 5, 2, 1]

    def test_goal_pages_and_alarms_are_the_same(self, undisturbed, restored):
        assert restored["counts"] == undisturbed["counts"]
        assert restored["alarms"] == undisturbed["alarms"]

    def test_searches_find_what_they_found(self, undisturbed, restored):
        assert restored["found"] == undisturbed["found"] == 9

    def test_verification_is_clean(self, akten, restored):
        assert akten.json("verify")["ok"]

    def test_a_second_restore_over_it_is_refused(self, akten, restored):
        said = akten("restore", akten.data.parent / "ledger.db", code=2).stderr
        assert "There is a ledger already" in said
        assert state_of(akten)["documents"] == restored["documents"]

    def test_a_backup_into_the_data_folder_is_refused(self, akten, restored):
        akten("backup", "-o", akten.data / "ledger.db", code=2)
        akten("backup", "-o", akten.data / "index" / "copy.db", code=2)
        assert state_of(akten)["documents"] == restored["documents"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "data") as office:
        office.inventory(*INVENTORY.splitlines()[1:])
        yield office


def after_the_loss(office: Office, data: Path) -> Path:
    """A new data folder that has nothing but the old one's objects."""
    shutil.copytree(office.settings.objects_folder, data / "objects")
    return data


def products(office: Office) -> dict[str, tuple[str, int]]:
    """Hash and pages of every stored document, by its id."""
    with office.ctx.ledger.read() as tx:
        found = documents.all_documents(tx)
    return {one.id: (one.sha256, one.page_count) for one in found if one.state == "stored"}


class TestOtherLosses:
    def test_without_any_backup_all_is_registered_and_read_again(self, office, tmp_path):
        """The first volume is known by a cover sheet alone; a file named after it came later."""
        office.take(first_delivery(tmp_path, office.volume("33/1").id))
        save_pdf(tmp_path / "drei" / "33_1.pdf", [page("Julius")])
        office.take(tmp_path / "drei")
        office.work()
        with open_office(after_the_loss(office, tmp_path / "new")) as new:
            assert recover(new.ctx.ledger, new.ctx.objects).files == 7
            (tmp_path / "bestand.csv").write_text(INVENTORY)
            import_inventory(new.ctx.ledger, tmp_path / "bestand.csv")
            new.work()
            assert products(new) == products(office)
            assert new.pages() == office.pages()
            assert new.goal() == office.goal()
            assert new.content("33/1") == office.content("33/1")
            assert verify(new.ctx.ledger, new.ctx.objects).ok

    def test_what_only_a_lost_cover_sheet_named_is_unassigned_and_said(self, office, tmp_path):
        images = [cover(office, "33/1"), page("Anna")]
        office.take(save_pdf(tmp_path / "scan.pdf", images))
        office.work()
        with open_office(after_the_loss(office, tmp_path / "new")) as new:
            recover(new.ctx.ledger, new.ctx.objects)
            new.work()
            assert new.unassigned() == ["scan.pdf:2"]
            assert new.alarms() == ["unknown_sheet"]
            assert new.pages() == office.pages()

    def test_work_at_the_time_of_the_backup_goes_on_and_pages_keep_their_order(self, office, tmp_path):
        """Backed up with a page in work; the volume's next pages came in before and after that."""
        office.take(save_pdf(tmp_path / "eins" / "33_1.pdf", [page("Anna"), page("Berta")]))
        tasks = office.up_to("recognise")
        assert office.attempt(tasks[0]) is None
        back_up(office.settings.data / "ledger.db", tmp_path / "ledger.db")
        for name in ("Carl", "Dora", "Emil"):
            office.take(save_pdf(tmp_path / name / "33_1.pdf", [page(name)]))
        office.work()
        data = after_the_loss(office, tmp_path / "new")
        put_back(tmp_path / "ledger.db", data / "ledger.db")
        with open_office(data) as new:
            assert recover(new.ctx.ledger, new.ctx.objects).batches == 3
            new.work()
            assert products(new) == products(office)
            assert [hit.page for hit in new.search("Dora")] == [4]
            assert verify(new.ctx.ledger, new.ctx.objects).ok

    def test_a_record_that_is_damaged_or_gone_is_noticed_by_verification(self, office, tmp_path):
        office.take(save_pdf(tmp_path / "33_1.pdf", [page("Anna")]))
        (key,) = office.ctx.objects.keys("intakes/")
        assert verify(office.ctx.ledger, office.ctx.objects).ok
        office.ctx.objects.put_bytes(key, b"{}")
        assert verify(office.ctx.ledger, office.ctx.objects).run.damaged == 1
        office.ctx.objects.delete(key)
        assert verify(office.ctx.ledger, office.ctx.objects).run.missing == 1
