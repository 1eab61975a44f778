"""The job shell: what rq's workers import and run. Ids in, ids out; all decisions are in ``flow``.

``main`` is the foreman: it loads everything once and forks the workers, which fork for each task.
"""

# ruff: noqa: E402
from __future__ import annotations

import gc

gc.disable()  # nothing that is loaded becomes garbage, and looking for some takes a fifth of the start

import logging
import os
import signal
import sys
import time
from contextlib import closing
from functools import cache

import cv2

# NumPy loads these at first use: once here, not again in every process forked for a page.
import numpy.ma
import numpy.random  # noqa: F401
from rq.job import Job

from config import logs
from config.settings import Settings, load_settings
from config.wiring import classifier, engine, open_context
from errors import BrokerUnavailable, WorkersFailing
from pipeline import flow, preflight, store_mark
from pipeline.confined.kernel import call_itself, die_with_parent
from pipeline.context import this_process
from pipeline.queue.account import Account, died
from pipeline.queue.broker import Broker, translated
from pipeline.queue.foreman import ONE_THREAD, Order
from pipeline.queue.turns import FairWorker
from pipeline.queue.workers import BROKER_VARIABLE, Crew
from storage.ledger.work import Step, Task

gc.enable()

#: A store or disk that is away is asked again after a moment, not at once.
_PAUSE_SECONDS = 1.0
#: A worker that does not say for so long, and somewhat, that it lives counts as dead.
_SIGN_OF_LIFE_SECONDS = 60
#: What failed starts may leave behind before it is begun anew.
_LOG_BYTES = 1_000_000
_log = logging.getLogger("aktenwerk")
STEPS = {
    "split": flow.split_source,
    "recognise": flow.recognise_page,
    "file": flow.file_stack,
    "assemble": flow.assemble_document,
}


@cache
def _settings() -> Settings:
    """Read once by the worker, inherited by every process it forks."""
    return load_settings()


def run(step: Step, task_id: str) -> None:
    """Do one task and offer what can be done next. Never raises: rq would keep the error's text."""
    try:
        _run(Task(step, task_id))
    except Exception:  # the ledger is away: nothing could be recorded, and the lease ends with this process
        _log.exception("task.lost", extra={"step": step, "id": task_id})
        time.sleep(_PAUSE_SECONDS)


def _run(task: Task) -> None:
    settings = _settings()
    broker = Broker(os.environ[BROKER_VARIABLE], settings.queue.name)
    with open_context(settings, migrate=False) as ctx, closing(broker):
        account = Account.open(ctx.ledger, task)
        try:
            store_mark.require(ctx.ledger, ctx.objects)
            following = STEPS[task.step](ctx, task.id)
        except Exception as error:
            flow.give_back(ctx, task, error)
            account.close(ctx.ledger, broker, error=error)
            time.sleep(_PAUSE_SECONDS)
            return
        _offer(broker, following)
        account.close(ctx.ledger, broker, more=bool(following))


def _offer(broker: Broker, tasks: list[Task]) -> None:
    """Put what can be done next into the queue; if that is away, the ledger knows as well."""
    try:
        broker.offer(tasks)
    except BrokerUnavailable:
        _log.warning("tasks.unoffered", extra={"count": len(tasks)}, exc_info=True)


def _killed(job: Job, _pid: int, status: int, _usage: object) -> None:
    """What a worker does when the process it forked for a task was ended by force."""
    began = job.started_at.timestamp() if job.started_at else time.time()
    broker = Broker(os.environ[BROKER_VARIABLE], _settings().queue.name)
    with closing(broker):
        died(broker, Task(*job.args), time.time() - began, status & 0x7F)


def main(order: Order) -> int:
    """Keep up the workers that are ordered until told to stop: SIGTERM ends them after the task at hand."""
    call_itself("akten-foreman")
    die_with_parent(order.parent, signal.SIGTERM)
    os.environ.update(ONE_THREAD | {BROKER_VARIABLE: order.broker})
    _open_log(order.log)
    settings = _settings()
    logs.start(settings, "worker", None if settings.log_file else os.fdopen(os.dup(2), "w", encoding="utf-8"))
    try:
        _load(settings)
        Crew(order.count, lambda: _work(settings)).keep_up()
    except WorkersFailing:
        return 1
    except Exception:
        _log.exception("worker.failed")
        raise
    return 0


def _load(settings: Settings) -> None:
    """Once: all that is forked inherits it."""
    cv2.setNumThreads(1)
    classifier(settings.document_types)
    preflight.require_tools(settings.ocr.language)
    engine(settings).warm_up(settings.ocr.language)
    gc.freeze()  # or every forked process would look through all this again, and copy it by touching it


def _work(settings: Settings) -> None:
    """In a worker: work until told to stop."""
    broker = Broker(os.environ[BROKER_VARIABLE], settings.queue.name)
    worker = FairWorker.on(
        broker, name=this_process(), worker_ttl=_SIGN_OF_LIFE_SECONDS, work_horse_killed_handler=_killed
    )
    _silence()
    try:
        with translated():
            worker.work(logging_level="ERROR")
    except Exception:
        _log.exception("worker.failed")
        raise


def _open_log(path: str) -> None:
    """Let standard output and error lead to this file, begun anew when it is large; "": to standard error."""
    if path:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if os.fstat(handle).st_size > _LOG_BYTES:
            os.truncate(handle, 0)
        os.dup2(handle, 2)
        os.close(handle)
    os.dup2(2, 1)


def _silence() -> None:
    """What libraries print may quote the file they read, and no log of ours keeps it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    # rq imports this module by its name: what is kept in it must not lie in one called __main__.
    from pipeline.jobs import main as work

    ordered = Order.received()
    sys.exit(work(ordered) if ordered else 0)
