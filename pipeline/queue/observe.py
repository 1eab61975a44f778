"""What the queue's server can tell: how much is queued, who works, and what became of tasks so far.

The counts are kept on the server because the processes that do the tasks live for one task only. They are
as disposable as the queue: wiped with it, they begin again at nothing, as counters may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import rq
from rq.utils import as_text, utcparse

from pipeline.context import is_dead
from pipeline.queue.broker import STEPS, Broker, translated

#: Upper bounds in seconds of the histogram of what tasks take.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Workers:
    """Live workers on all machines; ``since`` is when the first of them began, in seconds since the epoch."""

    alive: int = 0
    busy: int = 0
    machines: int = 0
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of tasks since the server last began to count.

    ``tasks`` by step and outcome; by step the ``seconds`` they took together, and in ``within`` how many took
    at most each of ``BOUNDS`` but more than the one before, and, last, how many took longer.
    """

    tasks: Mapping[tuple[str, str], int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    within: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def depth(broker: Broker) -> dict[tuple[str, str], int]:
    """How many tasks lie in each queue, by step and whether they are urgent; raises ``BrokerUnavailable``."""
    kinds = {"no": broker.queues, "yes": broker.urgent_queues}
    with translated():
        return {
            (step, urgent): queue.count for urgent, queues in kinds.items() for step, queue in queues.items()
        }


def workers(broker: Broker) -> Workers:
    """Who works on this installation's queues; raises ``BrokerUnavailable``.

    Workers are named as they are in leases, so that one that was killed is missed at once on its machine;
    elsewhere when its sign of life runs out.
    """
    with translated():
        keys = rq.Worker.all_keys(queue=broker.queues[STEPS[0]])
        with broker.connection.pipeline(transaction=False) as asked:
            for key in keys:
                asked.hmget(key, ["state", "birth"])
            told = [[value and as_text(value) for value in values] for values in asked.execute()]
    names = [key.removeprefix(rq.Worker.redis_worker_namespace_prefix) for key in keys]
    # One that has just begun has no state yet, and where a clock jumped only what was said since is kept.
    alive = {name: of for name, of in zip(names, told, strict=True) if any(of) and not is_dead(name)}
    births = [utcparse(birth).timestamp() for _, birth in alive.values() if birth]
    return Workers(
        alive=len(alive),
        busy=sum(state == "busy" for state, _ in alive.values()),
        machines=len({name.rsplit("/", 2)[0] for name in alive}),
        since=min(births, default=None),
    )


def count(broker: Broker, step: str, outcome: str, seconds: float) -> None:
    """Add a task that ended; raises ``BrokerUnavailable``."""
    place = next((bound for bound in BOUNDS if seconds <= bound), "inf")
    with translated(), broker.connection.pipeline(transaction=False) as added:
        added.hincrby(_key(broker), f"tasks/{step}/{outcome}", 1)
        added.hincrby(_key(broker), f"within/{step}/{place}", 1)
        added.hincrbyfloat(_key(broker), f"seconds/{step}", round(seconds, 3))
        added.execute()


def counted(broker: Broker) -> Counted:
    """What became of tasks so far; raises ``BrokerUnavailable``."""
    with translated():
        kept = broker.connection.hgetall(_key(broker))
    fields = {as_text(name): float(value) for name, value in kept.items()}
    tasks: dict[tuple[str, str], int] = {}
    seconds: dict[str, float] = {}
    for name, value in fields.items():
        kind, step, *rest = name.split("/")
        if kind == "tasks":
            tasks[step, rest[0]] = int(value)
        elif kind == "seconds":
            seconds[step] = value
    within = {
        step: tuple(int(fields.get(f"within/{step}/{bound}", 0)) for bound in (*BOUNDS, "inf"))
        for step in seconds
    }
    return Counted(tasks, seconds, within)


def _key(broker: Broker) -> str:
    return f"{broker.name}-counted"
