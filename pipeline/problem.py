"""What a verification says is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from errors import Param


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as recorded: a template as in ``errors``, with its fields."""

    message: str
    params: Mapping[str, Param]
