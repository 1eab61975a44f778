"""How it goes right now: which parts answer, who works, what waits for what. Never waits long itself.

Whatever lies on a network is asked in a thread that nobody waits for longer than ``PATIENCE``: a server that
takes a call and says nothing must not keep a status from being told.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from config import wiring
from config.settings import Settings
from config.words import say
from errors import (
    N_,
    AktenError,
    BrokerUnavailable,
    DiskFull,
    LedgerUnavailable,
    StoreElsewhere,
    StoreUnavailable,
)
from pipeline import store_mark
from pipeline.queue import observe, redis_server
from pipeline.queue.broker import Broker
from reports import shapes
from reports.shapes import Json
from storage.ledger import Ledger, health, homes
from storage.ledger.homes import Home

#: Seconds after which a part that does not answer counts as away.
PATIENCE = 1.2
#: Seconds without anything finished, though somebody works, after which work has stalled.
STALLED = 900.0
_SILENT = N_("no answer within {seconds} s")

T = TypeVar("T")


def asked(ask: Callable[[], T]) -> Future[T]:
    """A question asked in a thread of its own, which nobody waits for at the end of the program."""
    told: Future[T] = Future()

    def run() -> None:
        try:
            told.set_result(ask())
        except Exception as error:
            told.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return told


def answer(told: Future[T], away: type[AktenError], seconds: float = PATIENCE) -> T | AktenError:
    """The answer, or the error of ours that stands for it: ``away`` if there is none within ``seconds``."""
    try:
        return told.result(seconds)
    except FutureTimeout:
        return away(detail=_SILENT, seconds=seconds)
    except AktenError as error:
        return error


@dataclass(frozen=True, slots=True)
class Queued:
    """What the queue's server told; ``up``: it answered. A private one that nobody uses is not up."""

    up: bool = False
    depth: Mapping[tuple[str, str], int] = field(default_factory=dict)
    workers: observe.Workers = field(default_factory=observe.Workers)
    counted: observe.Counted = field(default_factory=observe.Counted)


def status(settings: Settings, ledger: Ledger) -> Json:
    """What ``akten status --json`` prints; raises ``LedgerUnavailable`` only."""
    queue = asked(lambda: ask_queue(settings))
    with ledger.read() as tx:
        own = homes.keeper(tx, homes.OBJECTS)
    store = asked(lambda: ask_store(settings, own))
    whole = shapes.status(ledger)
    with ledger.read() as tx:
        deferred = health.deferred(tx)
        oldest, finished, now = health.oldest_waiting(tx), health.last_finished(tx), tx.now
    told, kept = answer(queue, BrokerUnavailable), answer(store, StoreUnavailable)
    workers = None if isinstance(told, AktenError) else told.workers
    left = sum(whole["backlog"].values()) - sum(one.tasks for one in deferred)
    return {
        **whole,
        "parts": {"queue": _part(told), "store": _part(kept)},
        "workers": {
            name: getattr(workers, name) if workers else None for name in ("alive", "busy", "machines")
        },
        "deferred": [_waiting(one) for one in deferred],
        "oldest_waiting": oldest,
        "last_finished": finished,
        "stalled_seconds": _stalled(workers, finished, left, now),
    }


def _stalled(workers: observe.Workers | None, finished: str | None, left: int, now: float) -> int | None:
    """For how long nothing was finished, nor anybody began to work, if that is too long."""
    if workers is None or workers.since is None or left <= 0:
        return None
    idle = now - max(workers.since, seconds_of(finished) if finished else 0.0)
    return round(idle) if idle > STALLED else None


def ask_queue(settings: Settings) -> Queued:
    """What the queue's server tells, without starting a private one; raises ``BrokerUnavailable``."""
    url = settings.queue.url
    if not url:
        socket = redis_server.socket_in(settings.data / "queue")
        if not redis_server.answers(socket):
            return Queued()
        url = f"unix://{socket}"
    broker = Broker(url, settings.queue.name, PATIENCE)
    try:
        depth = observe.depth(broker)
        return Queued(True, depth, observe.workers(broker), observe.counted(broker))
    finally:
        broker.close()


def ask_store(settings: Settings, own: Home | None = None) -> None:
    """Whether the object store answers, and is the ledger's ``own``; raises ``StoreUnavailable``."""
    if own is not None:
        store_mark.require_mark(wiring.open_objects(settings, PATIENCE), own)
        return
    if settings.objects.store == "s3":
        wiring.open_objects(settings, PATIENCE).exists("health/probe")
        return
    try:
        with os.scandir(settings.objects_folder) as entries:
            next(entries, None)
    except FileNotFoundError:
        if settings.objects.folder:  # one that is mounted, say; our own is made when it is first needed
            raise StoreUnavailable(detail=N_("No such file or directory")) from None
    except OSError as error:
        raise StoreUnavailable(detail=error.strerror or type(error).__name__) from error


def seconds_of(at: str) -> float:
    """An ISO 8601 time as seconds since the epoch."""
    return datetime.fromisoformat(at).timestamp()


def iso(moment: float) -> str:
    """Seconds since the epoch as an ISO 8601 time in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


#: What is out of reach, by the error's code; other codes stand for themselves.
OUT_OF_REACH = {
    StoreUnavailable.code: N_("The object store does not answer"),
    StoreElsewhere.code: N_("The object store is not the ledger's own"),
    LedgerUnavailable.code: N_("The ledger does not answer"),
    BrokerUnavailable.code: N_("The queue server does not answer"),
    DiskFull.code: N_("No space is left on the disk"),
}


def _waiting(one: health.Deferred) -> Json:
    return {
        "step": one.step,
        "tasks": one.tasks,
        "code": one.by,
        "reason": say(OUT_OF_REACH.get(one.by, one.by), {}),
        "since": None if one.since is None else iso(one.since),
        "next_try": None if one.next_try is None else iso(one.next_try),
    }


def _part(told: Queued | AktenError | None) -> Json:
    if isinstance(told, AktenError):
        return {"up": False, "code": told.code, "reason": say(told.message, told.params)}
    return {"up": told is None or told.up, "code": None, "reason": None}
