"""What can be seen from outside while it works, and what never can: names, file numbers, texts."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from config.logs import FIELDS
from pipeline.context import this_process
from pipeline.queue import redis_server
from storage.ledger import Ledger
from storage.ledger.tables import sources
from tests.cli.forked import Forked
from tests.command import Akten
from tests.redis_log import told
from tests.servers import free_ports

ROOT = Path(__file__).resolve().parents[2]
#: A word of so many letters says whose paper it was on, or at least what it was about.
LONGER = 6


def lines(data: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (data / "log" / "akten.jsonl").read_text().splitlines()]


def metrics(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by name and label values (sorted by label), read by Prometheus' own parser."""
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestLog:
    def test_every_line_is_json_with_known_fields_only(self, ran):
        always = {"time", "level", "event", "process", "owner"}
        found = lines(ran.akten.data)
        for line in found:
            assert always <= line.keys() <= always | set(FIELDS) | {"error", "place", "logger"}
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert {line["event"] for line in found} >= {"batch.taken", "work.begun", "task", "work.drained"}

    def test_there_is_a_line_for_every_page_that_was_read(self, ran):
        read = [line for line in lines(ran.akten.data) if line.get("step") == "recognise"]
        shown = [
            page["id"] for name in ids(ran, "documents") for page in ran.akten.json("show", name)["pages"]
        ]
        assert {line["id"] for line in read if line["outcome"] == "done"} >= set(shown)
        assert all(line["batch"] == ran.printed["batch"] and line["seconds"] > 0 for line in read)

    def test_what_went_to_quarantine_says_why(self, ran):
        (failure,) = ran.printed["failures"]
        (line,) = [line for line in lines(ran.akten.data) if line.get("outcome") == "quarantined"]
        assert (line["id"], line["code"], line["level"]) == (failure["id"], "encrypted", "warning")


def ids(ran, command: str) -> list[str]:
    return [row["document"] for row in ran.akten.json(command)]


@pytest.fixture(scope="module")
def secrets(ran) -> set[str]:
    """The longer words of all pages, holders, file numbers and file names of the batch."""
    texts = [line for page in ran.truth.pages for line in page.lines]
    texts += [volume.holder for volume in ran.truth.volumes]
    words = {word for text in texts for word in re.findall(r"[^\W\d_]+", text) if len(word) >= LONGER}
    numbers = {volume.file_number for volume in ran.truth.volumes}
    keys = {re.sub(r"[^0-9a-z]+", "-", number.lower()) for number in numbers}
    names = {Path(source.path).name for source in ran.truth.sources}
    assert len(words) > 100
    return words | numbers | keys | names


class TestNothingPersonal:
    """What anybody may read who may see logs, the queue's server or a list of objects, but no document."""

    def found(self, secrets: set[str], text: str) -> set[str]:
        text = text.lower()
        return {secret for secret in secrets if secret.lower() in text}

    def test_in_the_log(self, ran, secrets):
        folder = ran.akten.data
        text = "".join(path.read_text() for path in (folder / "log").glob("akten.jsonl*"))
        text += (folder / "queue" / "workers.log").read_text()
        assert text
        assert self.found(secrets, text) == set()

    def test_in_anything_the_queue_server_was_ever_told(self, ran, secrets):
        opened = told(ran.akten.data / "queue")
        assert b'"recognise"' in opened
        assert b"akten-counted" in opened
        for encoding in ("utf-8", "latin-1"):
            assert self.found(secrets, opened.decode(encoding, "replace")) == set()

    def test_in_the_names_of_objects(self, ran, secrets):
        objects = ran.akten.data / "objects"
        keys = "\n".join(str(path.relative_to(objects)) for path in objects.rglob("*"))
        assert keys.count("originals") > 1
        assert self.found(secrets, keys) == set()

    def test_in_the_metrics(self, ran, secrets):
        assert self.found(secrets, ran.akten("metrics").stdout) == set()

    def test_it_would_be_noticed(self, ran, secrets):
        number, holder = ran.truth.volumes[0].file_number, ran.truth.volumes[0].holder
        assert self.found(secrets, f"cannot open {number}")
        assert self.found(secrets, f"no such file: {holder.upper()}.pdf")


class TestMetrics:
    def test_they_agree_with_the_status(self, ran):
        status, found = ran.akten.json("status"), metrics(ran.akten("metrics").stdout)
        for outcome, count in status["pages"].items():
            assert outcome == "received" or found["aktenwerk_pages", outcome] == count
        assert found["aktenwerk_goal_case_files",] == status["goal"]["inventory"]
        assert found["aktenwerk_goal_case_files_digitised",] == status["goal"]["digitised"]
        assert found["aktenwerk_failures", "source", "encrypted"] == 1
        assert found["aktenwerk_alarms", "link_skipped"] == 1
        assert sum(value for key, value in found.items() if key[0] == "aktenwerk_open_tasks") == 0
        assert [found["aktenwerk_up", part] for part in ("ledger", "queue", "store")] == [1, 1, 1]
        assert found["aktenwerk_data_free_bytes",] > 0

    def test_the_age_of_what_is_not_sealed_is_nothing_once_all_is(self, waiting):
        """So no alert rings in an archive at rest, which makes no new seals."""
        waiting("seal")
        assert metrics(waiting("metrics").stdout)["aktenwerk_oldest_unsealed_event_age_seconds",] == 0
        ledger = Ledger(f"sqlite:///{waiting.data / 'ledger.db'}", clock=lambda: time.time() - 1000)
        with ledger.write() as tx:
            tx.record("kind", "subject")
        ledger.close()
        found = metrics(waiting("metrics").stdout)
        assert 1000 <= found["aktenwerk_oldest_unsealed_event_age_seconds",] < 2000

    def test_tasks_are_counted_with_what_they_took(self, ran):
        with redis_server.running(ran.akten.data / "queue"):
            found = metrics(ran.akten("metrics").stdout)
        done = found["aktenwerk_tasks_total", "done", "recognise"]
        assert done == ran.printed["pages"]["received"]
        assert found["aktenwerk_tasks_total", "quarantined", "split"] == 1
        counted = sum(
            value
            for (name, *labels), value in found.items()
            if name == "aktenwerk_tasks_total" and "recognise" in labels
        )
        assert found["aktenwerk_task_duration_seconds_count", "recognise"] == counted
        assert found["aktenwerk_task_duration_seconds_bucket", "+Inf", "recognise"] == counted
        assert found["aktenwerk_task_duration_seconds_sum", "recognise"] > 0

    def test_they_are_served_until_interrupted(self, ran):
        address = f"127.0.0.1:{free_ports(1)[0]}"
        server = Akten(ran.akten.data).start("metrics", "--listen", address)
        try:
            assert server.stderr.readline().strip() == f"Metrics are served at http://{address}/metrics"
            with urllib.request.urlopen(f"http://{address}/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain")
                first = metrics(answer.read().decode())
            assert first["aktenwerk_pages", "stored"] == ran.printed["pages"]["stored"]
            again = metrics(urllib.request.urlopen(f"http://{address}/metrics").read().decode())
            assert again.keys() == first.keys()
        finally:
            server.terminate()
            server.communicate()
        assert server.returncode == 4

    @pytest.mark.parametrize("address", ["9464", "127.0.0.1", "nowhere.invalid:9464", "127.0.0.1:99999"])
    def test_an_address_that_is_none_is_wrong_use(self, ran, address):
        assert address in ran.akten("metrics", "--listen", address, code=2).stderr

    def test_a_port_that_is_taken_is_said(self, ran):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            said = ran.akten("metrics", "--listen", f"127.0.0.1:{taken.getsockname()[1]}", code=2).stderr
        assert "Address already in use" in said


class Silent:
    """A server that takes calls and never answers, as one does whose machine hangs."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def silent():
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def waiting(akten: Forked, tmp_path: Path) -> Forked:
    """The command with a file that was taken in, and nobody who works on it."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.pdf").write_bytes(b"%PDF-1.4 nothing much")
    akten("ingest", tmp_path / "scans")
    return akten


def s3(address: str) -> dict[str, str]:
    return {
        "AKTEN_OBJECTS__STORE": "s3",
        "AKTEN_OBJECTS__ENDPOINT": address,
        "AKTEN_OBJECTS__SECURE": "false",
        "AKTEN_OBJECTS__REGION": "us-east-1",
    }


class TestStatusWhileThingsBurn:
    def test_nobody_works_although_something_waits(self, waiting):
        shown = waiting("status").stdout
        assert "Nobody is working on it." in shown
        assert "'akten work'" in shown
        found = waiting.json("status")
        assert found["workers"] == {"alive": 0, "busy": 0, "machines": 0}
        assert found["oldest_waiting"]

    def test_when_all_is_done_nobody_needs_to_work(self, ran):
        shown = ran.akten("status").stdout
        assert "Nobody is working" not in shown
        assert ran.akten.json("status")["oldest_waiting"] is None

    @pytest.mark.parametrize(
        ("kind", "said"), [("silent", "no answer within"), ("gone", "Connection refused")]
    )
    def test_a_store_that_is_away_is_said(self, waiting, silent, kind, said):
        address = silent.address if kind == "silent" else f"127.0.0.1:{free_ports(1)[0]}"
        akten = Forked(waiting.data, s3(address))
        part = akten.json("status")["parts"]["store"]
        assert (part["up"], part["code"]) == (False, "store_unavailable")
        assert said in part["reason"]
        assert "The object store does not answer" in akten("status").stdout
        assert metrics(akten("metrics").stdout)["aktenwerk_up", "store"] == 0

    @pytest.mark.parametrize("kind", ["silent", "gone"])
    def test_a_queue_server_that_is_away_is_said_and_who_works_is_not_known(self, waiting, silent, kind):
        address = silent.address if kind == "silent" else f"127.0.0.1:{free_ports(1)[0]}"
        akten = Forked(waiting.data, {"AKTEN_QUEUE__URL": f"redis://{address}/0"})
        found = akten.json("status")
        assert found["parts"]["queue"]["code"] == "broker_unavailable"
        assert found["workers"] == {"alive": None, "busy": None, "machines": None}
        shown = akten("metrics").stdout
        assert metrics(shown)["aktenwerk_up", "queue"] == 0
        assert "aktenwerk_workers_alive" not in shown
        assert "aktenwerk_open_tasks" in shown

    def test_a_ledger_that_is_away_ends_status_with_3_and_metrics_say_so(self, waiting):
        akten = Forked(waiting.data, {"AKTEN_LEDGER__URL": f"sqlite:///{waiting.data}/nowhere/ledger.db"})
        assert "The ledger cannot be opened" in akten("status", code=3).stderr
        shown = akten("metrics").stdout
        assert metrics(shown)["aktenwerk_up", "ledger"] == 0
        assert "aktenwerk_pages" not in shown
        assert metrics(shown)["aktenwerk_up", "store"] == 1

    def test_what_waits_for_something_out_of_reach_is_told_with_what_and_since_when(self, waiting):
        ledger = Ledger(f"sqlite:///{waiting.data / 'ledger.db'}")
        with ledger.write() as tx:
            away = {"deferred": 3, "deferred_by": "store_unavailable"}
            tx.run(sources.update().values(**away, deferred_since=tx.now - 300, not_before=tx.now + 100_000))
        ledger.close()
        (found,) = waiting.json("status")["deferred"]
        assert (found["step"], found["tasks"], found["code"]) == ("split", 1, "store_unavailable")
        assert found["since"] < found["next_try"]
        shown = waiting("status").stdout
        assert "The object store does not answer, for 5 min now. Waiting for it: files to open: 1." in shown
        found = metrics(waiting("metrics").stdout)
        assert found["aktenwerk_deferred_tasks", "store_unavailable", "split"] == 1

    def test_workers_that_do_not_get_on_are_noticed(self, waiting):
        """Nothing was finished for long, though a worker lives, on another machine, whose page never ends."""
        with worker(waiting, "elsewhere/1/1.00"):
            found = waiting.json("status")
            assert found["workers"] == {"alive": 1, "busy": 1, "machines": 1}
            assert found["stalled_seconds"] > 3600
            assert "Nothing has been finished for" in waiting("status").stdout

    def test_a_worker_of_this_machine_that_was_killed_is_not_counted(self, waiting):
        gone = subprocess.Popen(["true"])
        gone.wait()
        machine = this_process().rsplit("/", 2)[0]
        with worker(waiting, f"{machine}/{gone.pid}/1.00"):
            assert waiting.json("status")["workers"]["alive"] == 0


@contextmanager
def worker(akten: Forked, name: str) -> Iterator[None]:
    """What rq leaves on the queue's server of a busy worker that began long ago."""
    with redis_server.running(akten.data / "queue") as url, redis.Redis.from_url(url) as client:
        client.hset(f"rq:worker:{name}", mapping={"state": "busy", "birth": "2026-01-01T00:00:00.000000Z"})
        client.sadd("rq:workers:akten-assemble", f"rq:worker:{name}")
        yield


class TestAlertRules:
    """docs/prometheus-alerts.yaml, read as text: Prometheus itself is not needed for this."""

    RULES = (ROOT / "docs" / "prometheus-alerts.yaml").read_text(encoding="utf-8")

    def test_every_metric_named_exists(self, ran):
        with redis_server.running(ran.akten.data / "queue"):
            shown = ran.akten("metrics").stdout
        exist = {sample for family in text_string_to_metric_families(shown) for sample in _names(family)}
        documented = set(re.findall(r"`(aktenwerk_\w+)", (ROOT / "docs" / "operations.md").read_text()))
        named = set(re.findall(r"aktenwerk_\w+", self.RULES))
        assert named
        assert named <= documented
        # What was never done has no moment: a seal, a verification.
        assert named - exist <= {name for name in documented if name.startswith("aktenwerk_last_")}
        assert exist <= documented

    def test_every_rule_says_what_it_means_and_what_to_do(self):
        alerts = re.findall(r"- alert: (\w+)", self.RULES)
        assert len(alerts) == len(set(alerts)) >= 6
        for part in self.RULES.split("- alert: ")[1:]:
            assert re.search(r"expr: ", part)
            assert re.search(r"summary: \S", part)
            assert re.search(r"description: \S", part)


def _names(family) -> set[str]:
    """What rules may call a family by."""
    kind = {"counter": "_total"}.get(family.type, "")
    return {family.name + kind} - {"aktenwerk_tasks"}
