"""The queue: rq on Redis or Valkey. It carries step names and ids, nothing else, and may be wiped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from errors import BadSetting, BrokerUnavailable
from pipeline.context import TIME_LIMITS
from storage.ledger.work import Step, Task

#: The job shell that workers import; a name, so that whoever enqueues need not load it.
_JOB = "pipeline.jobs.run"
#: How a server says that it cannot write its file.
_DISK_FULL = "MISCONF "
#: Queues in the order in which workers empty them: what was begun gets finished first.
STEPS: tuple[Step, ...] = ("assemble", "file", "recognise", "split")


class Broker:
    """The queues on one Redis server, named by URL; ``name`` keeps several installations apart.

    ``timeout`` is how many seconds its server may take for an answer. Raises ``BadSetting`` for what is no
    such URL.
    """

    def __init__(self, url: str, name: str = "akten", timeout: float | None = None) -> None:
        self.name = name
        try:
            self.connection = redis.Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout
            )
        except ValueError as error:
            raise BadSetting(name="queue.url", detail=str(error)) from error
        self.queues = self._queues(name)
        self.urgent_queues = self._queues(f"{name}-urgent")

    def _queues(self, prefix: str) -> dict[Step, Queue]:
        return {
            step: Queue(f"{prefix}-{step}", connection=self.connection, serializer=JSONSerializer)
            for step in STEPS
        }

    def offer(self, tasks: Sequence[Task]) -> None:
        """Put tasks into their queues; raises ``BrokerUnavailable``.

        A task offered twice is queued twice and done once: the second finds nothing to claim.
        """
        with translated():
            for step, urgent in {(task.step, task.urgent) for task in tasks}:
                prepared = [
                    Queue.prepare_data(
                        _JOB,
                        (task.step, task.id),
                        timeout=TIME_LIMITS[step],
                        result_ttl=0,
                        failure_ttl=0,
                        description=task.step,
                    )
                    for task in tasks
                    if (task.step, task.urgent) == (step, urgent)
                ]
                (self.urgent_queues if urgent else self.queues)[step].enqueue_many(prepared)

    def waiting(self, *, urgent: bool = False) -> int:
        """How many tasks wait in the ordinary queues, or in the urgent ones."""
        with translated(), self.connection.pipeline(transaction=False) as asked:
            for queue in (self.urgent_queues if urgent else self.queues).values():
                asked.llen(queue.key)
            return sum(asked.execute())

    def ping(self) -> str:
        """The server's version; raises ``BrokerUnavailable``."""
        with translated():
            return str(self.connection.info("server")["redis_version"])

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


@contextmanager
def translated() -> Iterator[None]:
    """Turn a Redis server's absence into our own error, and its having no room to write."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError) as error:
        raise BrokerUnavailable(detail=str(error)) from error
    except redis.ResponseError as error:
        full = isinstance(error, redis.OutOfMemoryError | redis.ReadOnlyError)
        if not full and _DISK_FULL not in str(error):
            raise
        raise BrokerUnavailable(detail=str(error)) from error
