"""The main job with its objects on a real S3 server, which may be away at the worst moments."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from storage.ledger import Ledger
from tests.command import Akten
from tests.office import OwnSheets
from tests.servers import S3Server
from tests.specimens import Truth, build_batch, write_inventory
from tests.test_interruption import wait_until_begun

BUCKET = "akten-job"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


def office(server: S3Server, data: Path, bucket: str = BUCKET) -> Akten:
    """The command with its objects in a bucket of the server."""
    return Akten(
        data,
        {
            "AKTEN_OBJECTS__STORE": "s3",
            "AKTEN_OBJECTS__ENDPOINT": server.endpoint,
            "AKTEN_OBJECTS__BUCKET": bucket,
            "AKTEN_OBJECTS__ACCESS_KEY": server.access_key,
            "AKTEN_OBJECTS__SECRET_KEY": server.secret_key,
            "AKTEN_OBJECTS__SECURE": "false",
        },
    )


@pytest.fixture(scope="module")
def akten(server, tmp_path_factory: pytest.TempPathFactory) -> Akten:
    return office(server, tmp_path_factory.mktemp("s3job") / "data")


@pytest.fixture(scope="module")
def truth(akten) -> Truth:
    """The inventory imported and the scans written; neither needs the server. The ledger is put by."""
    folder = akten.data.parent
    akten("inventory", "import", write_inventory(folder, size="small"))
    ledger = Ledger(f"sqlite:///{akten.data / 'ledger.db'}")
    truth = build_batch(folder, size="small", sheets=OwnSheets(ledger, folder))
    ledger.close()
    shutil.copyfile(akten.data / "ledger.db", folder / "before.db")
    return truth


@pytest.fixture(scope="module")
def refused(akten, server, truth) -> tuple[str, dict[str, object]]:
    """A run while the server is away: what it said, and the status after it."""
    server.stop()
    try:
        said = akten("run", akten.data.parent / "scans", code=3).stderr
        return said, akten.json("status")
    finally:
        server.start()


@pytest.fixture(scope="module")
def done(akten, refused) -> dict[str, object]:
    """The same run again."""
    return akten.json("run", akten.data.parent / "scans")


def keys(server: S3Server) -> list[str]:
    return [one.object_name for one in server.client().list_objects(BUCKET, recursive=True)]


class TestServerAwayAtTheStart:
    def test_it_is_said_with_the_way_out_and_exit_code_3(self, refused):
        said, _ = refused
        assert "The object store does not answer" in said
        assert "Nothing is lost" in said

    def test_nothing_is_registered(self, refused):
        _, status = refused
        assert status["sources"]["received"] == status["pages"]["received"] == 0
        assert status["alarms"] == status["failures"] == []

    def test_running_again_does_it_all(self, done, truth):
        expected = truth.expected()
        assert done["goal"] == {"inventory": 2, "digitised": 2}
        assert done["pages"]["received"] == sum(expected["pages"].values())
        assert done["pages"]["stored"] == expected["pages"]["content"]


class TestObjects:
    def test_all_are_on_the_server_and_none_in_the_data_folder(self, akten, server, done):
        kinds = {key.partition("/")[0] for key in keys(server)}
        assert {"originals", "products", "words"} <= kinds
        assert not (akten.data / "objects").exists()

    def test_their_names_say_nothing(self, server, done, truth):
        said = " ".join(keys(server))
        for volume in truth.volumes:
            assert volume.holder.split(",")[0].lower() not in said.lower()
        assert "004711" not in said
        assert "stapel" not in said

    def test_verification_reads_each_of_them_again(self, akten, server, done):
        found = akten.json("verify")
        assert found["ok"]
        recorded = [key for key in keys(server) if not key.startswith("store/")]
        assert found["objects"] == {"checked": len(recorded), "damaged": 0, "missing": 0}

    def test_a_product_is_fetched_whole(self, akten, done, truth, tmp_path):
        volume = truth.volumes[0]
        akten("fetch", volume.file_number, "--volume", str(volume.volume), "-o", tmp_path / "a.pdf")
        with pikepdf.open(tmp_path / "a.pdf") as pdf:
            assert len(pdf.pages) >= 1

    def test_a_second_run_finds_everything_there(self, akten, done):
        again = akten.json("run", akten.data.parent / "scans")
        assert (again["batch"], again["pages"]) == (done["batch"], done["pages"])

    def test_what_is_missing_or_changed_on_the_server_is_found(self, akten, server, done):
        client = server.client()
        lost, changed = (next(key for key in keys(server) if key.startswith(kind)) for kind in ("p", "w"))
        kept = {key: client.get_object(BUCKET, key).read() for key in (lost, changed)}
        client.remove_object(BUCKET, lost)
        client.put_object(BUCKET, changed, io.BytesIO(b"x"), 1)
        found = akten.json("verify", code=1)
        assert (found["objects"]["missing"], found["objects"]["damaged"]) == (1, 1)
        for key, data in kept.items():
            client.put_object(BUCKET, key, io.BytesIO(data), len(data))
        assert akten.json("verify")["ok"]


class TestServerAwayInTheMiddle:
    def test_the_work_goes_on_when_it_is_back_and_comes_to_the_same(self, akten, server, done, tmp_path):
        other = office(server, tmp_path / "data", "akten-other")
        other.data.mkdir()
        shutil.copyfile(akten.data.parent / "before.db", other.data / "ledger.db")
        running = other.start("run", akten.data.parent / "scans")
        wait_until_begun(other)
        server.stop()
        time.sleep(2)
        server.start()
        running.communicate(timeout=180)
        assert running.returncode == 0
        finished = other.json("status")
        assert finished["goal"] == done["goal"]
        assert finished["pages"] == done["pages"]
        assert products(other) == products(akten)
        assert other.json("verify")["ok"]


def products(akten: Akten) -> set[tuple[str, int, str]]:
    return {(one["file_number"], one["volume"], one["sha256"]) for one in akten.json("documents")}
