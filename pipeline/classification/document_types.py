"""Document types and their cues: frozen records, and the strict reading of the configured table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from errors import N_, BadSetting

#: The verdict on a page no type fits; no document type may have this key.
UNKNOWN = "unknown"

_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TYPE_FIELDS = {"label_de", "label_en", "original_policy", "cues"}
_CUE_FIELDS = {"text", "weight", "kind", "where"}
_MAX_WEIGHT = 5.0


class OriginalPolicy(StrEnum):
    """What becomes of the paper once its digital product has passed inspection."""

    DESTROY = "destroy"
    RETURN = "return"
    RETAIN = "retain"


class CueKind(StrEnum):
    """How a cue's text is looked for: tolerantly, as an exact word, or as a regular expression."""

    PHRASE = "phrase"
    WORD = "word"
    REGEX = "regex"


class Where(StrEnum):
    """Where a cue counts in full: anywhere, in the page's head, or as a heading on a line of its own."""

    ANYWHERE = "anywhere"
    HEAD = "head"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Cue:
    """A text that speaks for a type, or against it (negative ``weight``); 1.0 decides alone."""

    text: str
    weight: float
    kind: CueKind = CueKind.PHRASE
    where: Where = Where.ANYWHERE


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One kind of document in a case file, with the cues that betray it."""

    key: str
    label_de: str
    label_en: str
    original_policy: OriginalPolicy
    cues: tuple[Cue, ...]


def parse_document_types(table: Mapping[str, Any]) -> tuple[DocumentType, ...]:
    """Turn the parsed TOML table (type key → fields) into records, in the table's order.

    Raises ``errors.BadSetting`` naming the type and field, e.g. ``payslip.cues[2].weight`` (cues are
    counted from 1, as a person counts lines).
    """
    if not table:
        raise BadSetting(name="document_types", detail=N_("no document type is defined"))
    return tuple(_document_type(key, fields) for key, fields in table.items())


def _document_type(key: str, fields: object) -> DocumentType:
    if not _KEY.fullmatch(key) or key == UNKNOWN:
        raise BadSetting(
            name=key, detail=N_("a key has small letters, digits and single _, and is not 'unknown'")
        )
    row = _table(key, fields, allowed=_TYPE_FIELDS)
    cues = row.get("cues")
    if not isinstance(cues, list) or not cues:
        raise BadSetting(name=f"{key}.cues", detail=N_("a list of at least one cue is expected"))
    return DocumentType(
        key=key,
        label_de=_text(key, row, "label_de"),
        label_en=_text(key, row, "label_en"),
        original_policy=_choice(key, row, "original_policy", OriginalPolicy, default=None),
        cues=tuple(_cue(f"{key}.cues[{number}]", cue) for number, cue in enumerate(cues, start=1)),
    )


def _cue(place: str, fields: object) -> Cue:
    row = _table(place, fields, allowed=_CUE_FIELDS)
    cue = Cue(
        text=_text(place, row, "text"),
        weight=_weight(place, row),
        kind=_choice(place, row, "kind", CueKind, default=CueKind.PHRASE),
        where=_choice(place, row, "where", Where, default=Where.ANYWHERE),
    )
    if cue.kind is CueKind.REGEX:
        _check_regex(place, cue.text)
    elif not any(character.isalnum() for character in cue.text):
        raise BadSetting(
            name=f"{place}.text", detail=N_("{given} has neither letter nor digit"), given=repr(cue.text)
        )
    return cue


def _check_regex(place: str, pattern: str) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise BadSetting(
            name=f"{place}.text", detail=N_("no regular expression: {said}"), said=str(error)
        ) from error
    if compiled.match(""):
        detail = N_("the expression matches the empty text, so every page")
        raise BadSetting(name=f"{place}.text", detail=detail)


def _table(place: str, fields: object, *, allowed: set[str]) -> Mapping[str, Any]:
    if not isinstance(fields, Mapping):
        raise BadSetting(name=place, detail=N_("a table is expected, not {given}"), given=repr(fields))
    for unknown in sorted(set(fields) - allowed):
        raise BadSetting(
            name=f"{place}.{unknown}",
            detail=N_("no such field; there are {allowed}"),
            allowed=_listed(allowed),
        )
    return fields


def _text(place: str, row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise BadSetting(name=f"{place}.{field}", detail=N_("a text is expected"))
    return value


def _weight(place: str, row: Mapping[str, Any]) -> float:
    value = row.get("weight")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < abs(value) <= _MAX_WEIGHT:
        raise BadSetting(
            name=f"{place}.weight",
            detail=N_("a number between -{most} and {most} other than 0 is expected, not {given}"),
            most=f"{_MAX_WEIGHT:g}",
            given=repr(value),
        )
    return float(value)


_Choice = TypeVar("_Choice", OriginalPolicy, CueKind, Where)


def _choice(
    place: str, row: Mapping[str, Any], field: str, choices: type[_Choice], *, default: _Choice | None
) -> _Choice:
    if field not in row and default is not None:
        return default
    try:
        return choices(str(row.get(field)))
    except ValueError:
        allowed = _listed({choice.value for choice in choices})
        detail = N_("one of {allowed} is expected")
        raise BadSetting(name=f"{place}.{field}", detail=detail, allowed=allowed) from None


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
