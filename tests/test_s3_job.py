"""The main job with its objects on a real S3 server, which may be away at the worst moments."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pikepdf
import pytest

from tests.cli.forked import Forked
from tests.command import Akten
from tests.halfway import half_way
from tests.servers import S3Server
from tests.slips import Delivery, deliver, outcome_of

BUCKET = "akten-job"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return deliver(tmp_path_factory.mktemp("delivery"))


def settings(server: S3Server, bucket: str) -> dict[str, str]:
    """For objects in a bucket of the server."""
    return {
        "AKTEN_OBJECTS__STORE": "s3",
        "AKTEN_OBJECTS__ENDPOINT": server.endpoint,
        "AKTEN_OBJECTS__BUCKET": bucket,
        "AKTEN_OBJECTS__ACCESS_KEY": server.access_key,
        "AKTEN_OBJECTS__SECRET_KEY": server.secret_key,
        "AKTEN_OBJECTS__SECURE": "false",
    }


@pytest.fixture(scope="module")
def akten(server, delivery, tmp_path_factory: pytest.TempPathFactory) -> Forked:
    data = delivery.expected_by(tmp_path_factory.mktemp("s3job") / "data")
    return Forked(data, settings(server, BUCKET))


@pytest.fixture(scope="module")
def refused(akten, server, delivery) -> tuple[str, dict[str, object]]:
    """A run while the server is away: what it said, and the status after it."""
    server.stop()
    try:
        said = akten("run", delivery.scans, code=3).stderr
        return said, akten.json("status")
    finally:
        server.start()


@pytest.fixture(scope="module")
def done(akten, delivery, refused) -> dict[str, object]:
    """The same run again."""
    return akten.json("run", delivery.scans)


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

    def test_running_again_does_it_all_as_with_a_folder(self, akten, done, delivery):
        assert outcome_of(akten) == delivery.outcome
        assert done["pages"] == delivery.outcome["pages"]


class TestObjects:
    def test_all_are_on_the_server_and_none_in_the_data_folder(self, akten, server, done):
        kinds = {key.partition("/")[0] for key in keys(server)}
        assert {"originals", "products", "words"} <= kinds
        assert not (akten.data / "objects").exists()

    def test_their_names_say_nothing(self, server, done):
        said = " ".join(keys(server)).lower()
        for word in ("33", "stapel", "amsel", "payslip"):
            assert not re.search(rf"\b{word}\b", said)

    def test_verification_reads_each_of_them_again(self, akten, server, done):
        found = akten.json("verify")
        assert found["ok"]
        recorded = [key for key in keys(server) if not key.startswith("store/")]
        assert found["objects"] == {"checked": len(recorded), "damaged": 0, "missing": 0}

    def test_a_product_is_fetched_whole(self, akten, done, tmp_path):
        akten("fetch", "33/3", "-o", tmp_path / "a.pdf")
        with pikepdf.open(tmp_path / "a.pdf") as pdf:
            assert len(pdf.pages) == 2

    def test_a_second_run_finds_everything_there(self, akten, delivery, done):
        again = akten.json("run", delivery.scans)
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
    def test_the_work_goes_on_when_it_is_back_and_comes_to_the_same(self, server, delivery, tmp_path):
        akten = Akten(delivery.expected_by(tmp_path / "data"), settings(server, "akten-other"))
        with akten.running("run", delivery.scans, "--workers", "2") as running:
            with half_way(akten.data, running):
                server.stop()
            time.sleep(2)
            server.start()
            running.communicate(timeout=180)
        assert running.returncode == 0
        forked = Forked(akten.data, akten.environment)
        assert outcome_of(forked) == delivery.outcome
        assert forked.json("verify")["ok"]
