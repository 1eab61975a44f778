"""Preflight: whether all that reading pages needs is here, asked before the first page is touched.

A page must not pay for a missing program: without this, every page would be tried, and fail, and end in
quarantine. What is asked again while the work goes on costs next to nothing.
"""

from __future__ import annotations

from ocr import tesseract
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.scans import poppler


def require_tools(language: str) -> None:
    """Raise ``ToolMissing`` or ``LanguageMissing`` unless pages can be drawn and read in ``language``."""
    tesseract.version()
    tesseract.require(language)
    poppler.require()


def require_queue(url: str, name: str) -> None:
    """Raise ``BrokerUnavailable`` unless the queue server at ``url`` answers; "": the program is there."""
    if not url:
        redis_server.version()
        return
    broker = Broker(url, name)
    try:
        broker.ping()
    finally:
        broker.close()
