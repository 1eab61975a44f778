"""A query as a tree: what is wanted of a page, each part with its place in what was typed.

``start`` and ``end`` are character offsets into the query, end excluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import errors


class FieldName(StrEnum):
    """What can be asked of a page beside its words."""

    FILE = "akte"
    VOLUME = "band"
    TYPE = "typ"
    DATE = "datum"
    LANGUAGE = "sprache"


@dataclass(frozen=True, slots=True)
class Word:
    """One word, folded and stemmed; as ``prefix`` it is the beginning of one, meant as it is written.

    ``names`` are the keys of a name it may be (``storage.search.names``).
    """

    start: int
    end: int
    word: str
    stem: str
    prefix: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words or more that must stand side by side; the last may be a prefix.

    ``names`` are the keys of a name in several parts that they may be: Al-Darwisch, Müller-Schmidt.
    """

    start: int
    end: int
    words: tuple[Word, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """What reads as an identifier (``storage.search.identifiers``): any of ``keys`` will do, or its words."""

    start: int
    end: int
    keys: tuple[str, ...]
    words: Node


@dataclass(frozen=True, slots=True)
class Field:
    """Pages whose ``name`` is one of ``values``; with ``prefix``, or begins so."""

    start: int
    end: int
    name: FieldName
    values: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Pages without ``part``."""

    start: int
    end: int
    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """Pages with all ``parts``; there are two or more."""

    start: int
    end: int
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Pages with any of ``parts``; there are two or more."""

    start: int
    end: int
    parts: tuple[Node, ...]


Node: TypeAlias = Word | Phrase | Identified | Field | Not | And | Or


def refused(place: int, detail: str) -> errors.BadQuery:
    """What cannot be meant: what is wrong at ``place`` of the query, from 0."""
    return errors.BadQuery(position=place + 1, detail=detail)


def wanted(node: Node) -> Iterator[Word | Phrase]:
    """The words a page may be found by, in the order they were typed: not what is excluded, or identified."""
    match node:
        case Word() | Phrase():
            yield node
        case And() | Or():
            for part in node.parts:
                yield from wanted(part)
        case Identified() | Not() | Field():
            return
