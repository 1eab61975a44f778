"""The job shell: what rq's workers import and run. Ids in, ids out; all decisions are in ``flow``.

``python -m pipeline.jobs`` is one worker: it loads everything once and forks for each task.
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
from errors import BrokerUnavailable
from pipeline import flow, preflight, store_mark
from pipeline.confined.kernel import die_with_parent
from pipeline.context import this_process
from pipeline.queue.account import Account, died
from pipeline.queue.broker import Broker, translated
from pipeline.queue.turns import FairWorker
from pipeline.queue.workers import BROKER_VARIABLE, PARENT_VARIABLE
from storage.ledger.work import Step, Task

gc.enable()

#: A store or disk that is away is asked again after a moment, not at once.
_PAUSE_SECONDS = 1.0
#: A worker that does not say for so long, and somewhat, that it lives counts as dead.
_SIGN_OF_LIFE_SECONDS = 60
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


def main() -> int:
    """Work until told to stop: SIGTERM ends after the task at hand."""
    die_with_parent(int(os.environ[PARENT_VARIABLE]), signal.SIGTERM)
    settings = _settings()
    logs.start(settings, "worker", os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8"))
    try:
        _work(settings)
    except Exception:
        _log.exception("worker.failed")
        raise
    return 0


def _work(settings: Settings) -> None:
    cv2.setNumThreads(1)
    classifier(settings.document_types)
    preflight.require_tools(settings.ocr.language)
    engine(settings).warm_up(settings.ocr.language)  # once: the processes forked for tasks inherit it
    broker = Broker(os.environ[BROKER_VARIABLE], settings.queue.name)
    worker = FairWorker.on(
        broker, name=this_process(), worker_ttl=_SIGN_OF_LIFE_SECONDS, work_horse_killed_handler=_killed
    )
    _silence()
    gc.freeze()  # or every forked process would look through all this again, and copy it by touching it
    with translated():
        worker.work(logging_level="ERROR")


def _silence() -> None:
    """What libraries print may quote the file they read, and no log of ours keeps it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
