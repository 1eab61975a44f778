"""Driving the work: workers are kept up, lost tasks are queued again, what is stored gets indexed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from errors import (
    N_,
    AktenError,
    BrokerUnavailable,
    DiskFull,
    IndexBusy,
    IndexElsewhere,
    LedgerUnavailable,
    StoreElsewhere,
    StoreUnavailable,
    error_of,
)
from pipeline import flow
from pipeline.context import Context, is_dead
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.queue.foreman import Foreman
from pipeline.sealing import DailySeal
from storage.ledger import Ledger, counts, work
from storage.search.index import SearchIndex

_TICK_SECONDS = 0.5
_LOOK_SECONDS = 1.0
#: What is away may come back within this time while somebody waits for the end.
_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 8.0
#: An attempt at a store that hangs is over before this: what is held for longer is a large volume at work.
_LONG_SECONDS = 50.0
#: Nobody needs to be told of what is over sooner.
_SHORT_SECONDS = 3.0
_TASKS_AT_ONCE = 2000

#: Told several times a second: what is being done (a template), how many pages of how many.
OnTick = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Queue:
    """Which queue server: its URL, or "" for a private one in ``folder``; ``name`` prefixes its queues.

    ``worker_log`` takes what goes wrong before a worker's own log is open; None: standard error does.
    """

    url: str
    name: str
    folder: Path
    worker_log: Path | None = None


def reconcile(ledger: Ledger, broker: Broker) -> int:
    """Queue again whatever is neither finished nor in anybody's hands; returns how many tasks.

    Leases of processes that died on this machine end at once. Nothing is offered while the queues still
    hold tasks, so that a long queue is not offered over and over; urgent tasks have queues of their own
    and never wait for that.
    """
    with ledger.read() as tx:
        dead = [owner for owner in work.holders(tx) if is_dead(owner)]
    if dead:
        with ledger.write() as tx:
            for owner in dead:
                work.expire(tx, owner)
    offered = 0
    for urgent in (True, False):
        if broker.waiting(urgent=urgent):
            continue
        with ledger.read() as tx:
            tasks = work.open_tasks(tx, _TASKS_AT_ONCE, urgent=urgent)
        broker.offer(tasks)
        offered += len(tasks)
    return offered


def drive(
    ctx: Context,
    index: SearchIndex | None,
    queue: Queue,
    foreman: Foreman,
    workers: int,
    *,
    until_drained: bool,
    on_tick: OnTick,
    require_parts: Callable[[], None] = lambda: None,
) -> None:
    """Work until everything is done, or until interrupted; workers finish the task at hand either way.

    Without an ``index`` another machine keeps it: what is to be indexed is left to that one.
    ``require_parts`` raises when something that reading needs is not there; it is asked all the time.

    What is away (ledger, store, queue server, room on the disk) is waited for and said. Work that is to go
    on until interrupted waits for ever; ``until_drained`` raises that error after a minute. A private
    queue server that vanished is started again. Nothing is lost by any of it.
    """
    queue.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _queue_server(queue) as url:
        broker = Broker(url, queue.name)
        watch = _Watch(ctx.ledger, broker, queue, require_parts)
        indexer = _Indexer(ctx, index)
        teller, daily_seal = _Teller(ctx.ledger, on_tick), DailySeal(ctx.ledger, ctx.objects)
        outage = _Outage(on_tick, patience=_PATIENCE_SECONDS if until_drained else math.inf)

        def tick() -> bool:
            """One round; True when nothing is left."""
            watch.look()
            daily_seal.look()
            indexer.look()
            drained = teller.tell(indexing=indexer.is_here)
            outage.over(teller.deferred_by, teller.idle)
            if not (drained and until_drained):  # nobody is hired who would find nothing to do
                foreman.keep_up(workers, url, queue.worker_log)
            return drained

        try:
            while not (outage.endure(tick) and until_drained):
                time.sleep(outage.pause)
        finally:
            foreman.close()
            broker.close()


@contextmanager
def _queue_server(queue: Queue) -> Iterator[str]:
    if queue.url:
        yield queue.url
    else:
        with redis_server.running(queue.folder) as url:
            yield url


#: What is waited for, and what is said meanwhile; ``reports.health`` has the words of ``akten status``.
WAITING_FOR = {
    StoreUnavailable.code: N_("Waiting for the object store"),
    StoreElsewhere.code: N_("Waiting for the object store"),
    LedgerUnavailable.code: N_("Waiting for the ledger"),
    BrokerUnavailable.code: N_("Waiting for the queue server"),
    DiskFull.code: N_("Waiting for room on the disk"),
}


class _Outage:
    """What is away, for how long, and how long that is waited for."""

    def __init__(self, on_tick: OnTick, patience: float) -> None:
        self._on_tick, self._patience = on_tick, patience
        self._since: float | None = None
        self.pause = _TICK_SECONDS

    def endure(self, tick: Callable[[], bool]) -> bool:
        """Do ``tick``. While something is away it is put off, longer each time, and at last raised."""
        try:
            return tick()
        except AktenError as error:
            if error.code not in WAITING_FOR:
                raise
            self._since = self._since or time.monotonic()
            self.pause = min(self.pause * 2, _LONGEST_PAUSE_SECONDS)
            self._wait(error, time.monotonic() - self._since)
            return False

    def over(self, deferred_by: str | None, idle: float) -> None:
        """All answers. But workers may have deferred work, and nothing got done for ``idle`` seconds."""
        self._since, self.pause = None, _TICK_SECONDS
        if deferred_by is not None and idle > _SHORT_SECONDS:
            self._wait(error_of(deferred_by), idle - _LONG_SECONDS)

    def _wait(self, error: AktenError, waited: float) -> None:
        self._on_tick(WAITING_FOR.get(error.code, N_("Waiting for another attempt")), 0, None)
        if waited > self._patience:
            raise error


class _Watch:
    """Looks once a second whether anything was lost, and whether all parts are still there."""

    def __init__(
        self, ledger: Ledger, broker: Broker, queue: Queue, require_parts: Callable[[], None]
    ) -> None:
        self._ledger, self._broker, self._queue = ledger, broker, queue
        self._require_parts = require_parts
        self._next_look = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._require_parts()
        try:
            reconcile(self._ledger, self._broker)
        except BrokerUnavailable:
            if self._queue.url:
                raise
            redis_server.ensure(self._queue.folder, redis_server.socket_in(self._queue.folder))
        self._next_look = now + _LOOK_SECONDS


class _Indexer:
    """Indexes what has been stored, as long as the index is kept here."""

    def __init__(self, ctx: Context, index: SearchIndex | None) -> None:
        self._ctx, self._index = ctx, index

    @property
    def is_here(self) -> bool:
        """Whether this machine keeps the index."""
        return self._index is not None

    def look(self) -> None:
        if self._index is None:
            return
        try:
            with suppress(IndexBusy):  # another process is the writer and will see to it
                flow.index_documents(self._ctx, self._index)
        except IndexElsewhere:  # somebody moved it meanwhile
            self._index = None


class _Teller:
    """Tells how far the work is, as often as counting is cheap: a large ledger is counted less often."""

    def __init__(self, ledger: Ledger, on_tick: OnTick) -> None:
        self._ledger, self._on_tick = ledger, on_tick
        self._next_count = 0.0
        self._left: Mapping[str, int] = {}
        self._held: Mapping[str, float] = {}
        self._changed = time.monotonic()
        #: What keeps some work from being done, an ``errors`` code.
        self.deferred_by: str | None = None

    @property
    def idle(self) -> float:
        """Seconds for which nothing got done, and nobody was at work on one thing for long."""
        return time.monotonic() - self._changed

    def tell(self, *, indexing: bool) -> bool:
        """Count and report if it is time; True when nothing is left that is done here."""
        began = time.monotonic()
        if began < self._next_count:
            return False
        with self._ledger.read() as tx:
            left = counts.backlog(tx) | ({} if indexing else {"index": 0})
            received = counts.page_counts(tx).received
            self.deferred_by = work.deferred_by(tx)
            held = work.held(tx)
        now = time.monotonic()
        self._held = {name: self._held.get(name, now) for name in held}
        self._next_count = now + counts.PAUSE * (now - began)
        if left != self._left or any(now - since > _LONG_SECONDS for since in self._held.values()):
            self._left, self._changed = left, now
        self._report(left, received)
        return not any(left.values())

    def _report(self, left: Mapping[str, int], received: int) -> None:
        read = received - left["recognise"]
        if left["recognise"]:
            # As long as files are to be opened nobody knows how many pages there will be.
            self._on_tick(N_("Recognising"), read, None if left["split"] else received)
        elif left["split"]:
            self._on_tick(N_("Opening files"), read, None)
        elif any(left.values()):
            self._on_tick(N_("Storing, indexing"), read, received)
        else:
            self._on_tick(N_("Done"), read, received)
