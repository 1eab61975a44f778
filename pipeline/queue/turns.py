"""The worker: whose turn it is, so that urgent tasks overtake all others and yet do not starve them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rq
from rq import worker_registration
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from pipeline.queue.broker import Broker

#: After so many urgent tasks in a row a worker looks for another one first.
URGENT_IN_A_ROW = 3


class FairWorker(rq.Worker):
    """rq's forking worker with an order of its own, in the place where rq's own subclasses have theirs."""

    def __init__(self, queues: Any, *args: Any, urgent: Sequence[rq.Queue] = (), **more: Any) -> None:  # noqa: ANN401 - rq's
        super().__init__(queues, *args, **more)
        self._urgent = [queue for queue in self.queues if queue in urgent]
        self._ordinary = [queue for queue in self.queues if queue not in urgent]
        self._in_a_row = 0

    @classmethod
    def on(cls, broker: Broker, **more: Any) -> FairWorker:  # noqa: ANN401 - rq's
        """A worker on all queues of a broker."""
        urgent = list(broker.urgent_queues.values())
        queues = [*urgent, *broker.queues.values()]
        return cls(queues, connection=broker.connection, serializer=JSONSerializer, urgent=urgent, **more)

    def reorder_queues(self, reference_queue: rq.Queue) -> None:
        """Put the queues in the order of the next turn; ``reference_queue`` had this one."""
        self._in_a_row = self._in_a_row + 1 if reference_queue in self._urgent else 0
        urgent_first = self._in_a_row < URGENT_IN_A_ROW
        self._ordered_queues = (
            [*self._urgent, *self._ordinary] if urgent_first else [*self._ordinary, *self._urgent]
        )

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:  # noqa: ANN401 - rq's
        """Say that this worker lives, and again who it is: rq says that once, and the server may be wiped."""
        with self.connection.pipeline() as known:
            worker_registration.register(self, known)
            if self.birth_date is not None:
                known.hsetnx(self.key, "birth", utcformat(self.birth_date))
            known.execute()
        super().heartbeat(timeout, pipeline)
