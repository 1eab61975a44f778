"""The job shell: what rq's workers import and run. Ids in, ids out; all decisions are in ``flow``.

``python -m pipeline.jobs`` is one worker: it loads everything once and forks for each task.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from functools import cache

import cv2

from config.settings import Settings, load_settings
from config.wiring import classifier, engine, open_context
from errors import AktenError, BrokerUnavailable, DiskFull, LedgerUnavailable
from pipeline import flow, preflight
from pipeline.context import Context
from pipeline.queue.broker import Broker, translated
from pipeline.queue.turns import FairWorker
from pipeline.queue.workers import BROKER_VARIABLE
from storage.ledger.work import Step, Task

#: A store or disk that is away is asked again after a moment, not at once.
_PAUSE_SECONDS = 1.0
_log = logging.getLogger("aktenwerk")
_STEPS = {
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
    """Do one task and offer what can be done next. Logs carry ids only, never names or text."""
    settings = _settings()
    with open_context(settings, migrate=False) as ctx:
        try:
            following = _STEPS[step](ctx, task_id)
        except Exception as error:
            _log.warning("%s %s: %s", step, task_id, _outline(error))
            _give_back(ctx, Task(step, task_id), error)
            return
    if following:
        _offer(settings, following)


def _give_back(ctx: Context, task: Task, error: Exception) -> None:
    """Let the task wait again, and this worker a moment; if the ledger is away, its lease ends with us."""
    try:
        flow.give_back(ctx, task, error)
    except (LedgerUnavailable, DiskFull) as away:
        _log.warning("%s %s: %s", task.step, task.id, away.code)
    time.sleep(_PAUSE_SECONDS)


def _offer(settings: Settings, tasks: list[Task]) -> None:
    """Put what can be done next into the queue; if that is away, the ledger knows as well."""
    broker = Broker(os.environ[BROKER_VARIABLE], settings.queue.name)
    try:
        broker.offer(tasks)
    except BrokerUnavailable as away:
        _log.warning("offer: %s", away.code)
    finally:
        broker.close()


def _outline(error: Exception) -> str:
    """An error without its text, which may quote a document: its class and the place it came from."""
    if isinstance(error, AktenError):
        return error.code
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {where.name}:{where.lineno}"


def main() -> int:
    """Work until told to stop: SIGTERM ends after the task at hand."""
    logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    _log.setLevel(logging.WARNING)
    cv2.setNumThreads(1)
    settings = _settings()
    classifier(settings.document_types)
    engine(settings.ocr.time_limit, settings.limits.reader_memory_mb)
    preflight.require_tools(settings.ocr.language)  # asked once: the processes forked for tasks remember
    broker = Broker(os.environ[BROKER_VARIABLE], settings.queue.name)
    worker = FairWorker.on(broker)
    with translated():
        worker.work(logging_level="ERROR")
    return 0


if __name__ == "__main__":
    sys.exit(main())
