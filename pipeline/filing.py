"""Filing: which page belongs to which volume, and what type holds for it. Pure decisions, no I/O.

Sheets are read in the order in which they lay on the scanner. A cover sheet holds for all that follows
it; before the first one, the manifest or the name of folder or file decides. Where the thread is lost
(an unreadable page or file, which may have been a cover sheet, or a cover nobody knows) the last cover
sheet holds no longer: a page in the wrong person's file is the worst that can happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.classification.document_types import UNKNOWN
from pipeline.sheets.codes import BadSheetCode, CoverCode, SeparatorCode

SheetCode = CoverCode | SeparatorCode | BadSheetCode
#: Alarms that filing sounds, and that are over when a stack is filed anew without the doubt.
DOUBTS = ("thread_lost", "unknown_sheet", "bad_sheet", "contradiction")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a stack as filing sees it.

    ``hint`` is the volume that manifest, name or hand give its source. ``readable`` is False for a page
    in quarantine.
    """

    page_id: str
    code: SheetCode | None
    type: str
    blank: bool = False
    readable: bool = True
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A source of the stack that could not be opened: nobody knows what was in it."""

    source_id: str


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a page goes: a volume, or None for unassigned."""

    page_id: str
    volume_id: str | None
    type: str
    opens_section: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something a person has to look at: an alarm's code, whom it concerns, and which volume it holds up."""

    code: str
    subject: str
    volume_id: str | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """All pages of a stack, each with its place, and what is doubtful about it."""

    filed: tuple[Filed, ...]
    doubts: tuple[Doubt, ...]


@dataclass(slots=True)
class _Thread:
    """What holds at this point of the stack."""

    cover: str | None = None
    separator: str | None = None
    section: tuple[str | None, str | None] = (None, None)
    fresh: bool = False


def file_stack(items: Iterable[Sheet | Gap], volume_of: Callable[[str], str | None]) -> Filing:
    """Decide where each page of a stack goes.

    ``volume_of`` turns a cover sheet's id into the volume's id, None when no such volume is known.
    """
    thread = _Thread()
    filed: list[Filed] = []
    doubts: list[Doubt] = []
    for item in items:
        if isinstance(item, Gap):
            doubts += _lose(thread, item.source_id)
            continue
        if not item.readable:
            # Filed where it lies, so that its volume shows the gap; what follows is uncertain.
            filed.append(Filed(item.page_id, thread.cover or item.hint, UNKNOWN, False))
            doubts += _lose(thread, item.page_id)
            continue
        doubts += _follow_code(thread, item, volume_of)
        filed.append(_place(thread, item))
    return Filing(tuple(filed), tuple(doubts))


def _lose(thread: _Thread, subject: str) -> list[Doubt]:
    """A cover sheet may have been here: the last one holds no longer."""
    volume = thread.cover
    thread.cover, thread.separator = None, None
    return [Doubt("thread_lost", subject, volume)] if volume is not None else []


def _follow_code(thread: _Thread, sheet: Sheet, volume_of: Callable[[str], str | None]) -> list[Doubt]:
    if isinstance(sheet.code, SeparatorCode):
        thread.separator, thread.fresh = sheet.code.type, True
    elif isinstance(sheet.code, BadSheetCode):
        thread.cover, thread.separator = None, None
        return [Doubt("bad_sheet", sheet.page_id)]
    elif isinstance(sheet.code, CoverCode):
        volume = volume_of(sheet.code.sheet_id)
        thread.cover, thread.separator, thread.fresh = volume, None, True
        if volume is None:
            return [Doubt("unknown_sheet", sheet.page_id)]
        if sheet.hint is not None and sheet.hint != volume:
            return [Doubt("contradiction", sheet.page_id, volume)]
    return []


def _place(thread: _Thread, sheet: Sheet) -> Filed:
    volume = thread.cover or sheet.hint
    if sheet.code is not None or sheet.blank:
        return Filed(sheet.page_id, volume, UNKNOWN, False)
    kind = thread.separator or sheet.type
    opens = thread.fresh or thread.section[0] != volume
    if thread.separator is None and kind not in (UNKNOWN, thread.section[1]):
        opens = True
    if opens:
        thread.section = (volume, kind)
    thread.fresh = False
    return Filed(sheet.page_id, volume, kind, opens)
