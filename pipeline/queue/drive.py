"""Driving the work: workers are kept up, lost tasks are queued again, what is stored gets indexed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from errors import N_, BrokerUnavailable, IndexBusy
from pipeline import flow
from pipeline.context import Context, is_dead
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.queue.workers import Crew
from storage.index import SearchIndex
from storage.ledger import Ledger, counts, work

_TICK_SECONDS = 0.25
_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_TASKS_AT_ONCE = 2000
#: After counting, this many times as long nothing is counted.
_COUNTING_SHARE = 20

#: Told several times a second: what is being done (a template), how many pages of how many.
OnTick = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Queue:
    """Which queue server: its URL, or "" for a private one in ``folder``; ``name`` prefixes its queues."""

    url: str
    name: str
    folder: Path


def reconcile(ledger: Ledger, broker: Broker) -> int:
    """Queue again whatever is neither finished nor in anybody's hands; returns how many tasks.

    Leases of processes that died on this machine end at once. Nothing is offered while the queues still
    hold tasks, so that a long queue is not offered over and over.
    """
    with ledger.read() as tx:
        dead = [owner for owner in work.holders(tx) if is_dead(owner)]
    if dead:
        with ledger.write() as tx:
            for owner in dead:
                work.expire(tx, owner)
    if broker.waiting():
        return 0
    with ledger.read() as tx:
        tasks = work.open_tasks(tx, _TASKS_AT_ONCE)
    broker.offer(tasks)
    return len(tasks)


def drive(
    ctx: Context,
    index: SearchIndex,
    queue: Queue,
    workers: int,
    *,
    until_drained: bool,
    on_tick: OnTick,
    require_parts: Callable[[], None] = lambda: None,
) -> None:
    """Work until everything is done, or until interrupted; workers finish the task at hand either way.

    ``require_parts`` raises when something that reading needs is not there; it is asked all the time.

    A private queue server that vanished is started again; one given by URL may be away for a minute,
    then ``BrokerUnavailable`` is raised. Nothing is lost by either.
    """
    queue.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _queue_server(queue) as url:
        broker, crew = Broker(url, queue.name), Crew(workers, url, queue.folder / "workers.log")
        watch = _Watch(ctx.ledger, broker, queue, require_parts)
        teller = _Teller(ctx.ledger, on_tick)
        try:
            while True:
                crew.keep_up()
                watch.look()
                with suppress(IndexBusy):  # another process is the writer and will see to it
                    flow.index_documents(ctx, index)
                if teller.tell() and until_drained:
                    return
                time.sleep(_TICK_SECONDS)
        finally:
            crew.stop()
            broker.close()


@contextmanager
def _queue_server(queue: Queue) -> Iterator[str]:
    if queue.url:
        yield queue.url
    else:
        with redis_server.running(queue.folder) as url:
            yield url


class _Watch:
    """Looks once a second whether anything was lost, and whether all parts are still there."""

    def __init__(
        self, ledger: Ledger, broker: Broker, queue: Queue, require_parts: Callable[[], None]
    ) -> None:
        self._ledger, self._broker, self._queue = ledger, broker, queue
        self._require_parts = require_parts
        self._next_look, self._answered = 0.0, time.monotonic()

    def look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        self._require_parts()
        try:
            reconcile(self._ledger, self._broker)
            self._answered = now
        except BrokerUnavailable:
            if not self._queue.url:
                redis_server.ensure(self._queue.folder, redis_server.socket_in(self._queue.folder))
            elif now - self._answered > _PATIENCE_SECONDS:
                raise


class _Teller:
    """Tells how far the work is, as often as counting is cheap: a large ledger is counted less often."""

    def __init__(self, ledger: Ledger, on_tick: OnTick) -> None:
        self._ledger, self._on_tick = ledger, on_tick
        self._next_count = 0.0

    def tell(self) -> bool:
        """Count and report if it is time; True when nothing is left."""
        began = time.monotonic()
        if began < self._next_count:
            return False
        with self._ledger.read() as tx:
            left = counts.backlog(tx)
            received = counts.page_counts(tx).received
        now = time.monotonic()
        self._next_count = now + _COUNTING_SHARE * (now - began)
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
