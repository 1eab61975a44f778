"""What a verification says is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as recorded: a template as in ``errors``, with its fields."""

    message: str
    params: dict[str, str | int]
