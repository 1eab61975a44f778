"""One run, from the first delivery through all faults to the verdict; and an undisturbed one as measure."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pypdfium2
from PIL import Image

from bench.chaos import faults, referee
from bench.chaos.ledger import Outcome, Sample, outcome, sample
from bench.chaos.scene import Scene
from bench.chaos.specimens import Specimens
from errors import AktenError
from storage.folder import FolderStore
from storage.ledger import Ledger
from storage.objects import product_key
from tests.command import Akten

_TICK_SECONDS = 0.05
_SAMPLE_SECONDS = 0.25
_STATUS_SECONDS = 15.0
_STALL_SECONDS = 120.0
#: Pixels for a point: twice as many as the scans have.
_SCALE = 300 / 72


@dataclass(slots=True)
class Committed:
    """A fault as it came: when (seconds from the start), to whom, with how much of the work done.

    ``seconds`` is how long a part was away, ``waited`` how long no page came further from then on.
    """

    kind: str
    target: str
    at: float
    done: float
    seconds: float
    waited: float | None = None


@dataclass(slots=True)
class Verdict:
    """What came of a trial; ``breaches`` has to be empty."""

    ledger: str
    breaches: list[str] = field(default_factory=list)
    faults: list[Committed] = field(default_factory=list)
    samples: int = 0
    unanswered: int = 0
    restarts: int = 0
    seconds: float = 0.0
    most_scratch: int = 0
    pages: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """What an undisturbed run came to, and in which time."""

    outcome: Outcome
    found: int
    seconds: float
    breaches: tuple[str, ...]


class _Hung(Exception):
    """The work did not get on; the message says what stood."""


def undisturbed(folder: Path, specimens: Specimens, workers: int) -> Reference:
    """Take in and work on SQLite and a folder, with nobody disturbing; held to what was scanned."""
    akten = Akten(folder / "data", {"OMP_THREAD_LIMIT": "1"})
    akten.data.mkdir(mode=0o700, parents=True)
    ledger = Ledger(f"sqlite:///{akten.data / 'ledger.db'}")
    specimens.register(ledger)
    for delivery in specimens.deliveries:
        akten("ingest", delivery)
    started = time.monotonic()
    akten("run", "--workers", str(workers), code=1)
    seconds = time.monotonic() - started
    found = outcome(ledger)
    products = FolderStore(akten.data / "objects")
    shown = Counter(
        specimens.most_like(image)
        for key in products.keys("products")
        for image in _drawn(products.get_bytes(key))
    )
    breaches = [*referee.breaches(sample(ledger), None), *referee.against_the_paper(specimens, found, shown)]
    ledger.close()
    return Reference(found, _hits(akten.json), seconds, tuple(breaches))


def _drawn(product: bytes) -> Iterator[Image.Image]:
    """The pages of a PDF as they are seen."""
    with closing(pypdfium2.PdfDocument(product)) as pdf:
        for page in pdf:
            yield page.render(scale=_SCALE, grayscale=True).to_pil()


def _hits(ask: Callable[..., Any]) -> int:
    """How many pages a search for a word that stands on every page finds."""
    answer = ask("search", "beantrage")
    return int(answer["total"]) if answer else -1


class Trial:
    """A scene, a plan, and the referee who looks on."""

    def __init__(
        self, scene: Scene, specimens: Specimens, reference: Reference, tell: Callable[[str], None]
    ) -> None:
        self._scene, self._specimens, self._reference, self._tell = scene, specimens, reference, tell
        self._ledger = Ledger(scene.ledger_url, migrate=False)
        self._started = time.monotonic()
        self._last: Sample | None = None
        self._reached = 0.0
        self._moved = self._next_sample = self._started
        self._next_status = self._started + _STATUS_SECONDS
        self._deliveries = list(specimens.deliveries)
        self.verdict = Verdict(scene.kind)

    def run(self, seed: int, count: int, limit: float) -> Verdict:
        """Work under faults until all is done; raises nothing: what goes wrong stands in the verdict."""
        try:
            self._disturb(seed, count, self._started + limit)
            self._settle(self._started + limit)
            self.verdict.breaches += self._final()
        except _Hung as hung:
            self.verdict.breaches.append(str(hung))
        finally:
            self._ledger.close()
        self.verdict.breaches += [*self._scene.odd_exits(), *self._scene.troubles]
        self.verdict.seconds = time.monotonic() - self._started
        self.verdict.restarts = sum(len(group.exits) for group in self._scene.groups)
        return self.verdict

    # --- under faults --------------------------------------------------------------------------------

    def _disturb(self, seed: int, count: int, deadline: float) -> None:
        planned, others = faults.plan(seed, count, faults.kinds_for(self._scene))
        self._scene.work(groups=2, workers=1)
        for fault in planned:
            while self._reached < fault.moment:
                self._tick(deadline)
            pause = time.monotonic() + fault.pause
            while time.monotonic() < pause:
                self._tick(deadline)
            self._commit(fault, others, deadline)

    def _commit(self, fault: faults.Fault, others: Iterator[str], deadline: float) -> None:
        for kind in chain([fault.kind], others):
            at, done = time.monotonic() - self._started, self._reached
            target = faults.commit(self._scene, kind, fault)
            if target is not None:
                seconds = fault.seconds if kind in faults.OUTAGES else 0.0
                self.verdict.faults.append(Committed(kind, target, at, done, seconds))
                away = f", away for {seconds} s" if seconds else ""
                self._tell(f"{at:6.1f} s  {done:4.0%}  {kind}: {target}{away}")
                return
            self._tick(deadline)

    def _tick(self, deadline: float) -> None:
        """Let a moment pass: keep all up, bring what is delivered, let the referee look."""
        time.sleep(_TICK_SECONDS)
        now = time.monotonic()
        self._scene.keep_up()
        if now >= self._next_sample:
            self._next_sample = now + _SAMPLE_SECONDS
            self._look(now)
        if now >= self._next_status:
            self._next_status = now + _STATUS_SECONDS
            self._ask_status()
        if now > deadline or now - self._moved > _STALL_SECONDS:
            raise _Hung(f"hung after {now - self._started:.0f} s: {self._what_stands()}")

    def _look(self, now: float) -> None:
        try:
            seen = sample(self._ledger)
        except AktenError:
            self.verdict.unanswered += 1
            return
        self.verdict.samples += 1
        for breach in referee.breaches(seen, self._last):
            if breach not in self.verdict.breaches:
                self.verdict.breaches.append(breach)
                self._tell(f"        !  {breach}")
        self._last = seen
        if self._deliveries and self._is_nearly_done(seen):
            self._scene.ingest(self._deliveries.pop(0))
            self._moved = now
        read = len(seen.pages) - seen.left.pages
        reached = (read + seen.done) / (2 * self._specimens.stages.total())
        if reached > self._reached:
            self._reached, self._moved = reached, now
            for fault in self.verdict.faults:
                if fault.waited is None:
                    fault.waited = now - self._started - fault.at
        if self._is_drained():
            self._moved = now  # nothing is left that could move, only faults to come
        self.verdict.most_scratch = max(self.verdict.most_scratch, len(self._scene.scratch()))

    def _is_nearly_done(self, seen: Sample) -> bool:
        """Whether the next delivery is due: there is to be work as long as there are faults."""
        ingested = all(command.done for command in self._scene.ingests)
        return ingested and seen.left.pages + seen.left.sources <= len(seen.pages) / 10

    def _ask_status(self) -> None:
        """What the command itself says has to add up while things burn."""
        status = self._scene.ask("status")
        if status is not None:
            self.verdict.breaches += _unbalanced(status["pages"])

    # --- the end -------------------------------------------------------------------------------------

    def _settle(self, deadline: float) -> None:
        """Everything is back: all that was delivered has to be taken in and done."""
        while self._deliveries:
            self._scene.ingest(self._deliveries.pop(0))
        while not self._is_drained():
            self._tick(deadline)
        self._scene.all_is_back()
        self.verdict.breaches += self._scene.stop()

    def _is_drained(self) -> bool:
        ingested = all(command.done for command in self._scene.ingests)
        seen = self._last
        return ingested and seen is not None and not any(seen.left) and seen.done == len(seen.pages) > 0

    def _final(self) -> Iterator[str]:
        """The verdict over what is there in the end."""
        scene, reference = self._scene, self._reference
        drained = scene.ask("run", codes=(0, 1))
        if drained is None:
            yield "the last 'akten run' failed"
            return
        self.verdict.pages = drained["pages"]
        yield from _unbalanced(drained["pages"])
        found = sample(self._ledger)
        yield from referee.breaches(found, self._last)
        yield from referee.differences(reference.outcome, outcome(self._ledger))
        promised = {product_key(one.sha256): one.sha256 for one in reference.outcome.products if one.sha256}
        yield from referee.damaged(promised, scene.stored(promised))
        verified = scene.ask("verify", codes=(0, 1))
        if not verified or not verified["ok"]:
            yield f"akten verify: {verified['problems'] if verified else 'failed'}"
        if (hits := _hits(scene.ask)) != reference.found:
            yield f"a search finds {hits} pages, {reference.found} undisturbed"
        yield from referee.indiscretions(scene.logs(), self._specimens.private)
        yield from (f"left behind: process {one}" for one in scene.strangers())
        yield from (f"left behind: {one}" for one in scene.scratch())

    def _what_stands(self) -> str:
        """For whoever has to find out why it hung."""
        left = self._last.left._asdict() if self._last else {}
        running = [
            f"{one.pid} {one.status()} {' '.join(one.cmdline())[-80:]}"
            for one in psutil.Process().children(recursive=True)
        ]
        ends = [log[-600:] for log in self._scene.logs()]
        return "\n".join([f"left {left}", *running, *ends])


def _unbalanced(pages: dict[str, int]) -> list[str]:
    rest = sum(count for name, count in pages.items() if name != "received")
    return [] if rest == pages["received"] else [f"akten status does not add up: {pages}"]
