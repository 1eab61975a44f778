"""An account of every task: one line in the log, one count on the queue's server. Ids and codes only."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from errors import AktenError, BrokerUnavailable
from pipeline.queue import observe
from pipeline.queue.broker import Broker
from storage.ledger import Ledger, health
from storage.ledger.health import Fate
from storage.ledger.work import Task

_log = logging.getLogger("aktenwerk")
#: Outcomes somebody should know of even where only warnings are kept.
_WARNED = frozenset({"quarantined", "failed", "died"})


@dataclass(frozen=True, slots=True)
class Account:
    """A task that was begun: where it stood then, and when that was (monotonic seconds)."""

    task: Task
    before: Fate | None
    began: float

    @classmethod
    def open(cls, ledger: Ledger, task: Task) -> Account:
        """Look where the task stands before anything is done."""
        with ledger.read() as tx:
            return cls(task, health.fate(tx, task), time.monotonic())

    def close(
        self, ledger: Ledger, broker: Broker, *, more: bool = False, error: Exception | None = None
    ) -> None:
        """Tell what came of it; ``more``: it named what can be done next, ``error`` ended it."""
        seconds = time.monotonic() - self.began
        with ledger.read() as tx:
            after = health.fate(tx, self.task)
        outcome = _outcome(self.before, after, more=more, error=error)
        known = self.before or after
        fields: dict[str, object] = {
            "step": self.task.step,
            "id": self.task.id,
            "batch": known.batch_id if known else None,
            "outcome": outcome,
            "seconds": round(seconds, 3),
            "attempt": after.begun if after else None,
            "code": after.reason if after and error is None and outcome == "quarantined" else None,
        }
        if isinstance(error, AktenError):
            fields["code"] = error.code
        _log.log(
            logging.WARNING if outcome in _WARNED else logging.INFO, "task", extra=fields, exc_info=error
        )
        with suppress(BrokerUnavailable):  # counts may be lost, as the whole queue may
            observe.count(broker, self.task.step, outcome, seconds)


def died(broker: Broker, task: Task, seconds: float, signal: int) -> None:
    """Tell of a task whose process was ended by force, so that it could not tell itself."""
    fields = {"step": task.step, "id": task.id, "outcome": "died", "seconds": round(seconds, 3)}
    _log.warning("task", extra={**fields, "signal": signal})
    with suppress(BrokerUnavailable):
        observe.count(broker, task.step, "died", seconds)


def _outcome(before: Fate | None, after: Fate | None, *, more: bool, error: Exception | None) -> str:
    """One of done, nothing, again, deferred, quarantined, failed."""
    if before is None or after is None or not before.is_open:
        return "nothing"
    if error is not None:
        return "deferred" if (after.deferred or 0) > (before.deferred or 0) else "failed"
    if after.is_open:
        # A document that was overtaken by new pages, or lost a spoiled one, is made again at once.
        return "again" if more else "nothing"
    return "quarantined" if after.state in ("quarantined", "failed") else "done"
