"""Reads the table of document types from its TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from errors import N_, BadSetting
from pipeline.classification.document_types import DocumentType, parse_document_types

_SHIPPED = Path(__file__).with_name("document_types.toml")


def load_document_types(path: Path | None = None) -> tuple[DocumentType, ...]:
    """Read the document types from ``path``, or those shipped with Aktenwerk.

    Raises ``errors.BadSetting`` naming the type and field at fault, or the line where the file is no TOML.
    """
    source = path or _SHIPPED
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSetting(name=str(source), detail=error.strerror or N_("it cannot be read")) from error
    except UnicodeDecodeError as error:
        raise BadSetting(name=str(source), detail=N_("the file is not UTF-8")) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(name=str(source), detail=N_("no TOML: {said}"), said=str(error)) from error
    return parse_document_types(table)
