"""What is done to a running Aktenwerk: drawn from a seed, done to whoever is there at the time."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from bench.chaos.scene import Command, Role, Scene, kill
from pipeline.queue.redis_server import socket_in

#: How long a victim is looked for, such as a Tesseract that lives for a tenth of a second.
_HUNT_SECONDS = 2.0
_HUNT_PAUSE = 0.005
_SHORT_SECONDS = 1.5
_LONG_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: ``moment`` is the share of all work done by then, and a little ``pause`` after it.

    ``choice``, from 0 to 1, picks the victim; ``seconds`` is how long a part is away.
    """

    kind: str
    moment: float
    pause: float
    choice: float
    seconds: float


def plan(seed: int, count: int, kinds: Sequence[str]) -> tuple[list[Fault], Iterator[str]]:
    """The faults of a seed, in order, and kinds to fall back on where there is nothing to hit.

    Every kind comes before any comes again, apart from those that are in ``kinds`` several times.
    """
    rng = random.Random(seed)
    drawn = _shuffled(rng, kinds)
    moments = sorted(rng.uniform(0.01, 0.93) for _ in range(count))
    faults = [
        Fault(next(drawn), moment, rng.uniform(0.05, 0.8), rng.random(), _duration(rng)) for moment in moments
    ]
    return faults, _shuffled(random.Random(seed + 1), kinds)


def _duration(rng: random.Random) -> float:
    """Mostly a few seconds; now and then longer than any single attempt waits."""
    return round(rng.uniform(6, 9) if rng.random() < _LONG_SHARE else rng.uniform(0.5, 3), 1)


def _shuffled(rng: random.Random, kinds: Sequence[str]) -> Iterator[str]:
    while True:
        yield from rng.sample(kinds, len(kinds))


def kinds_for(scene: Scene) -> list[str]:
    """What can be done here; those that matter most come several times."""
    kinds = ["worker killed"] * 2 + ["job killed"] * 2 + ["tool killed"] * 2 + ["parent killed"] * 2
    kinds += ["all killed", "queue killed", "queue wiped", "store killed", "store hangs", "taken in twice"]
    if scene.confinement.complete:
        kinds += ["disk full", "network cut"]
    if scene.clock.available:
        kinds += ["clock forward", "clock back"]
    if scene.postgres is not None:
        kinds += ["database restarted", "database killed"]
    return kinds


#: Kinds that last: a part is away for the fault's ``seconds``.
OUTAGES = {"store killed", "store hangs", "database restarted", "database killed", "disk full", "network cut"}
OUTAGES |= {"clock forward", "clock back"}


def commit(scene: Scene, kind: str, fault: Fault) -> str | None:
    """Do it; returns to whom, or None when nobody was there."""
    return _FAULTS[kind](scene, fault)


# --- processes ---------------------------------------------------------------------------------------


def _kill(role: Role) -> Callable[[Scene, Fault], str | None]:
    def fault(scene: Scene, fault: Fault) -> str | None:
        deadline = time.monotonic() + _HUNT_SECONDS
        while time.monotonic() < deadline:
            if found := scene.processes(role):
                victim = found[int(fault.choice * len(found))]
                with suppress(psutil.NoSuchProcess):
                    name = victim.name()
                    if kill([victim]):
                        return f"{name} {victim.pid}"
            time.sleep(_HUNT_PAUSE)
        return None

    return fault


def _kill_all(scene: Scene, _fault: Fault) -> str | None:
    """As by a power cut: parents, workers, jobs, queue server and intakes, all at once."""
    count = scene.kill_all()
    return f"{count} processes" if count else None


def _twice(scene: Scene, fault: Fault) -> str | None:
    """A delivery is taken in by two more at once, one of which may be killed half-way."""
    if not scene.ingests:
        return None
    first = scene.ingests[int(fault.choice * len(scene.ingests))]
    pair = [scene.ingest(Path(first.arguments[1])) for _ in range(2)]
    scene.keep_up()
    if fault.seconds < _SHORT_SECONDS:
        return f"{Path(first.arguments[1]).name}, twice"
    threading.Timer(fault.seconds / 4, _end, pair[:1]).start()
    return f"{Path(first.arguments[1]).name}, twice, one of them killed"


def _end(command: Command) -> None:
    if command.process is not None:
        command.process.kill()


# --- servers -----------------------------------------------------------------------------------------


def _kill_queue(scene: Scene, _fault: Fault) -> str | None:
    broker = scene.broker()
    if broker is None:
        return None
    return f"redis-server {broker.pid}" if kill([broker]) else None


def _wipe_queue(scene: Scene, _fault: Fault) -> str | None:
    client = redis.Redis(unix_socket_path=str(socket_in(scene.akten.data / "queue")), socket_timeout=5)
    try:
        jobs = client.dbsize()
        client.flushall()
    except redis.RedisError:
        return None
    finally:
        client.close()
    return f"{jobs} keys"


def _kill_store(scene: Scene, fault: Fault) -> str | None:
    done = scene.outage("store", scene.store.stop, fault.seconds, scene.store.start)
    return "S3 server" if done else None


def _hang_store(scene: Scene, fault: Fault) -> str | None:
    def send(number: int) -> Callable[[], None]:
        return lambda: scene.store.send(number)

    done = scene.outage("store", send(signal.SIGSTOP), fault.seconds, send(signal.SIGCONT))
    return "S3 server" if done else None


def _restart_database(scene: Scene, fault: Fault) -> str | None:
    server = scene.postgres
    if server is None:
        return None
    return "PostgreSQL" if scene.outage("database", server.stop, fault.seconds, server.start) else None


def _kill_database(scene: Scene, fault: Fault) -> str | None:
    server = scene.postgres
    if server is None:
        return None

    def begin() -> None:
        os.kill(server.pid, signal.SIGKILL)

    return "PostgreSQL" if scene.outage("database", begin, fault.seconds, scene.revive_database) else None


# --- the machine -------------------------------------------------------------------------------------


def _fill_disk(scene: Scene, fault: Fault) -> str | None:
    done = scene.outage("disk", scene.ballast.fill, fault.seconds, scene.ballast.drop)
    return "the data folder's" if done else None


def _cut_network(scene: Scene, fault: Fault) -> str | None:
    def switch(up: bool) -> Callable[[], None]:
        return lambda: scene.confinement.network(up=up)

    # A server that is being started waits for an answer over the network: one outage at a time.
    return "loopback" if scene.outage("store", switch(False), fault.seconds, switch(True)) else None


def _turn_clock(direction: int) -> Callable[[Scene, Fault], str | None]:
    def fault(scene: Scene, fault: Fault) -> str | None:
        off = direction * round(600 + fault.choice * 6 * 3600)
        begun = scene.outage(
            "clock", lambda: scene.clock.turn(off), fault.seconds, lambda: scene.clock.turn(0)
        )
        return f"{off / 3600:+.1f} h" if begun else None

    return fault


_FAULTS: dict[str, Callable[[Scene, Fault], str | None]] = {
    "worker killed": _kill("worker"),
    "job killed": _kill("job"),
    "tool killed": _kill("tool"),
    "parent killed": _kill("group"),
    "all killed": _kill_all,
    "taken in twice": _twice,
    "queue killed": _kill_queue,
    "queue wiped": _wipe_queue,
    "store killed": _kill_store,
    "store hangs": _hang_store,
    "database restarted": _restart_database,
    "database killed": _kill_database,
    "disk full": _fill_disk,
    "network cut": _cut_network,
    "clock forward": _turn_clock(1),
    "clock back": _turn_clock(-1),
}
