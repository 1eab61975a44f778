"""``akten metrics``: how it goes, in numbers for Prometheus. No name, file number or id is in any label.

Nothing that is away makes a scrape fail: its ``aktenwerk_up`` is 0, and what only it knows is left out. What
the ledger counts is counted again only after twenty times as long as it took, so that scrapes of a large
ledger cost little however often they come.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from config import wiring
from config.settings import Settings
from errors import N_, AktenError, BrokerUnavailable, LedgerUnavailable, StoreUnavailable, WrongUse
from pipeline.queue.observe import BOUNDS, Counted
from reports.health import Queued, answer, ask_queue, ask_store, asked, seconds_of
from storage.ledger import Transaction, counts, health, seals, verifications

#: Prometheus gives up after 10 seconds unless told otherwise.
_LEDGER_PATIENCE = 8.0

#: Values by their labels.
Values = Iterable[tuple[tuple[str, ...], float]]


def text(settings: Settings) -> str:
    """All metrics once, in Prometheus' text format."""
    return generate_latest(_registry(settings)).decode()


def serve(settings: Settings, address: str) -> threading.Thread:
    """Answer scrapes at ``address`` (host:port) for as long as the program runs, in the thread returned.

    Raises ``WrongUse`` when nobody can listen there.
    """
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()):
        raise WrongUse(detail=N_("'{address}' is no address like 127.0.0.1:9464."), address=address)
    try:
        _server, thread = start_http_server(int(port), host.strip("[]"), _registry(settings))
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise WrongUse(
            detail=N_("Nobody can listen at {address}: {said}."), address=address, said=said
        ) from error
    return thread


def _registry(settings: Settings) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Scrape(settings))
    return registry


class Scrape(Collector):
    """Collects everything anew at each scrape, the ledger's counts less often."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._counted: list[Metric] = []
        self._count_again = 0.0

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering must not ask any server."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics; see the module for what happens when a part is away."""
        queue = asked(lambda: ask_queue(self._settings))
        store = asked(lambda: ask_store(self._settings))
        ledger = asked(self._count)
        told, kept = answer(queue, BrokerUnavailable), answer(store, StoreUnavailable)
        counted = answer(ledger, LedgerUnavailable, _LEDGER_PATIENCE)
        parts = {"ledger": counted, "queue": told, "store": kept}
        yield _gauge("build_info", "Version of Aktenwerk.", [((version("aktenwerk"),), 1)], "version")
        up = [((name,), float(not isinstance(part, AktenError))) for name, part in parts.items()]
        yield _gauge(
            "up", "Whether a part answers; a private queue server nobody uses counts as well.", up, "part"
        )
        yield from _disk(self._settings)
        if isinstance(counted, list):
            yield from counted
        if isinstance(told, Queued):
            yield from _of_queue(told)

    def _count(self) -> list[Metric]:
        with self._lock:
            began = time.monotonic()
            if began < self._count_again:
                return self._counted
            ledger = wiring.open_ledger(self._settings, migrate=False)
            try:
                with ledger.read() as tx:
                    counted = list(_of_ledger(tx))
            finally:
                ledger.close()
            took = time.monotonic() - began
            counted.append(_gauge("ledger_count_seconds", "What counting in the ledger took.", _one(took)))
            self._counted, self._count_again = counted, began + took * (1 + counts.PAUSE)
            return counted


def _of_ledger(tx: Transaction) -> Iterator[Metric]:
    left = counts.backlog(tx)
    behind = left.pop("index")
    yield _gauge("open_tasks", "Tasks to be done, or in work.", _by_one(left), "step")
    yield _gauge(
        "index_documents_behind", "Documents the search index does not know as they are.", _one(behind)
    )
    waiting = [((one.step, one.by), one.tasks) for one in health.deferred(tx)]
    yield _gauge("deferred_tasks", "Tasks that wait for something out of reach.", waiting, "step", "reason")
    yield _gauge("leases", "Tasks somebody holds a valid lease on.", _by_one(health.leases(tx)), "step")
    pages = asdict(counts.page_counts(tx))
    del pages["received"]
    yield _gauge("pages", "Pages received, by what became of them.", _by_one(pages), "outcome")
    yield _gauge("sources", "Files received, by state.", _by_one(health.sources_by_state(tx)), "state")
    failed = health.failures_by_reason(tx).items()
    yield _gauge("failures", "What is in quarantine.", failed, "kind", "reason")
    yield _gauge("alarms", "Open alarms.", _by_one(health.alarms_by_code(tx)), "code")
    goal = counts.goal(tx)
    yield _gauge("goal_case_files", "Case files in the inventory.", _one(goal.inventory))
    yield _gauge("goal_case_files_digitised", "Case files that are digitised.", _one(goal.digitised))
    yield from _moments(tx)


def _moments(tx: Transaction) -> Iterator[Metric]:
    """Since when things wait, and when they were last done; what never was is left out."""
    oldest = health.oldest_waiting(tx)
    age = max(0.0, tx.now - seconds_of(oldest)) if oldest else 0.0
    text = "Age of the oldest batch with a page not yet read or filed; 0 when there is none."
    yield _gauge("oldest_waiting_page_age_seconds", text, _one(age))
    unsealed = seals.first_unsealed(tx)
    age = max(0.0, tx.now - seconds_of(unsealed.at)) if unsealed else 0.0
    text = "Age of the oldest event that no seal covers; 0 when all are sealed."
    yield _gauge("oldest_unsealed_event_age_seconds", text, _one(age))
    seal, verified = seals.newest(tx), verifications.last_finished(tx)
    moments = {
        "last_finished": ("When a task was last finished.", health.last_finished(tx)),
        "last_seal": ("When the events were last sealed.", seal.seal.sealed_at if seal else None),
        "last_verify": ("When a verification last ended.", verified.finished_at if verified else None),
    }
    if verified:
        found = {name: getattr(verified, name) for name in ("checked", "damaged", "missing")}
        yield _gauge("last_verify_objects", "What the last verification found.", _by_one(found), "result")
        problems = "What did not add up in the last verification, objects or anything else."
        yield _gauge("last_verify_problems", problems, _one(verified.problems or 0))
    for name, (told, at) in moments.items():
        if at:
            yield _gauge(f"{name}_timestamp_seconds", told, _one(seconds_of(at)))


def _of_queue(told: Queued) -> Iterator[Metric]:
    yield _gauge("workers_alive", "Workers on all machines.", _one(told.workers.alive))
    yield _gauge("workers_busy", "Workers with a task at hand.", _one(told.workers.busy))
    yield _gauge("queue_tasks", "Tasks in the queues.", told.depth.items(), "step", "urgent")
    yield from _of_tasks(told.counted)


def _of_tasks(counted: Counted) -> Iterator[Metric]:
    ended = CounterMetricFamily("aktenwerk_tasks", "Tasks that ended.", labels=["step", "outcome"])
    for labels, count in sorted(counted.tasks.items()):
        ended.add_metric(labels, count)
    yield ended
    took = HistogramMetricFamily("aktenwerk_task_duration_seconds", "What tasks took.", labels=["step"])
    for step, within in sorted(counted.within.items()):
        buckets, total = [], 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), within, strict=True):
            total += count
            buckets.append((bound, total))
        took.add_metric([step], buckets, sum_value=counted.seconds[step])
    yield took


def _disk(settings: Settings) -> Iterator[Metric]:
    try:
        free = shutil.disk_usage(settings.data).free
    except OSError:
        return  # no data folder: the ledger is elsewhere, or away, which is said
    yield _gauge("data_free_bytes", "Free bytes on the data folder's disk.", _one(free))


def _one(value: float) -> Values:
    return [((), value)]


def _by_one(values: Mapping[Any, float]) -> Values:
    return [((str(name),), value) for name, value in values.items()]


def _gauge(name: str, told: str, values: Values, *labels: str) -> Metric:
    family = GaugeMetricFamily(f"aktenwerk_{name}", told, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family
