"""Figures kept in a JSON file, so that a report can be written from several runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from bench.machine import machine


class Record(Protocol):
    """Figures of whatever kind, with the machine and the versions of programs they were measured on."""

    machine: str
    versions: dict[str, str]


Kept = TypeVar("Kept", bound=Record)


def load(kind: type[Kept], path: Path) -> Kept:
    """The figures kept at ``path``; none where there is no file."""
    return TypeAdapter(kind).validate_json(path.read_bytes()) if path.exists() else kind()


def save(figures: Record, path: Path, versions: Mapping[str, str]) -> None:
    """Keep the figures, with this machine and the versions at work."""
    figures.machine, figures.versions = machine(), dict(versions)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(TypeAdapter(type(figures)).dump_json(figures, indent=1))
