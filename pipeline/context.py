"""What every step works with: the stores, the engine and the options, handed in from outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from ocr.options import OcrOptions
from ocr.records import OcrEngine
from pipeline.classification.classify import Classifier
from pipeline.classification.document_types import DocumentType
from pipeline.scans.source import Limits
from storage.cache import LocalCache
from storage.ledger import Ledger
from storage.ledger.leases import Claim
from storage.objects import ObjectStore

LEASE_SECONDS = 900.0
MAX_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Context:
    """The parts a step needs; made once a process, never shared across a fork.

    ``profile`` names version and settings a page was processed with. ``scratch`` is a folder for
    temporary files on the data folder's disk.
    """

    ledger: Ledger
    objects: ObjectStore
    cache: LocalCache
    engine: OcrEngine
    classifier: Classifier
    types: Mapping[str, DocumentType]
    ocr: OcrOptions
    limits: Limits
    scratch: Path
    profile: str
    claim: Claim


def new_claim(seconds: float = LEASE_SECONDS) -> Claim:
    """A claim in the name of this process: host, process id and the time it began."""
    process = psutil.Process()
    return Claim(f"{socket.gethostname()}/{os.getpid()}/{process.create_time():.2f}", seconds)


def is_dead(owner: str) -> bool:
    """Whether a lease's owner ran on this machine and is no more; others are left to their lease's end."""
    host, pid, began = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != began
    except psutil.NoSuchProcess:
        return True
