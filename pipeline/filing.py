"""Filing: which page belongs to which volume, and what type holds for it. Pure decisions, no I/O.

Sheets are read in the order in which they lay on the scanner. A page in the wrong person's file is the
worst that can happen; one that nobody files is found by everybody who looks. Hence these rules:

1. A cover sheet holds for all that follows it, up to the next one.
2. Before the first one, the hint decides: what manifest, name, or a person's hand say of the file.
3. Where a page or file cannot be read, where one is left out, or where a cover sheet is not known here or
   damaged, the last cover sheet holds no longer: another one may have been there. The hint decides, but
   not if any cover sheet of this stack refutes it: then the file holds papers of several persons.
4. A manifest names every file by itself: where it names another volume than the cover sheet that holds,
   and did not do so at that sheet already, the sheet's reach ends. Where a mere name does, nobody knows.
5. A person's hand decides: for a file named by itself always, whatever cover sheets it holds ("person");
   for the files of an unassigned document wherever no cover sheet of the same file does ("hand").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.classification.document_types import UNKNOWN
from pipeline.sheets.codes import BadSheetCode, CoverCode, SeparatorCode

SheetCode = CoverCode | SeparatorCode | BadSheetCode
VolumeOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a stack as filing sees it.

    ``hint`` is the volume its source is said to belong to, ``hint_by`` by what: "manifest", "name" or
    "hand" or "person". ``readable`` is False for a page nobody has ever read.
    """

    page_id: str
    source_id: str
    code: SheetCode | None
    type: str
    blank: bool = False
    readable: bool = True
    hint: str | None = None
    hint_by: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something lay here of which nobody knows what was in it; ``subject`` names it."""

    subject: str


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a page goes: a volume, or None for unassigned."""

    page_id: str
    volume_id: str | None
    type: str
    opens_section: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something a person has to look at: an alarm's code, whom it concerns, and which volume it holds up.

    ``is_new`` is False for what may be known already and is not over yet.
    """

    code: str
    subject: str
    volume_id: str | None = None
    is_new: bool = True


#: All codes of doubts.
DOUBTS = ("thread_lost", "unknown_sheet", "bad_sheet", "contradiction", "name_differs", "cover_twice")


@dataclass(frozen=True, slots=True)
class Filing:
    """All pages of a stack, each with its place, and what is doubtful about it."""

    filed: tuple[Filed, ...]
    doubts: tuple[Doubt, ...]


def file_stack(items: Iterable[Sheet | Gap], volume_of: VolumeOf) -> Filing:
    """Decide where each page of a stack goes.

    ``volume_of`` turns a cover sheet's id into the volume's id, None when no such volume is known.
    """
    items = list(items)
    thread = _Thread(volume_of, _refuted(items, volume_of))
    filed: list[Filed] = []
    for item in items:
        if isinstance(item, Gap):
            thread.lose(item.subject)
        elif not item.readable:
            # Filed where it lies, so that its volume shows the gap; what follows is uncertain.
            filed.append(Filed(item.page_id, thread.volume(item), UNKNOWN, False))
            thread.lose(item.page_id)
        else:
            thread.follow(item)
            filed.append(thread.place(item))
    return Filing(tuple(filed), tuple(thread.doubts))


def _refuted(items: Sequence[Sheet | Gap], volume_of: VolumeOf) -> set[str]:
    """The hints that a cover sheet of the stack contradicts."""
    return {
        item.hint
        for item in items
        if isinstance(item, Sheet)
        and item.readable
        and item.hint is not None
        and item.hint_by not in ("hand", "person")
        and isinstance(item.code, CoverCode | BadSheetCode)
        and (isinstance(item.code, BadSheetCode) or volume_of(item.code.sheet_id) != item.hint)
    }


@dataclass(frozen=True, slots=True)
class _Cover:
    """A cover sheet that holds: its volume, the file it is in, and the hint it was believed against."""

    volume_id: str
    source_id: str
    overruled: str | None


class _Thread:
    """What holds at this point of the stack."""

    def __init__(self, volume_of: VolumeOf, refuted: set[str]) -> None:
        self.doubts: list[Doubt] = []
        self._volume_of = volume_of
        self._refuted = refuted
        self._cover: _Cover | None = None
        self._lost = False
        self._pending: Doubt | None = None
        self._separator: tuple[str, str | None] | None = None
        self._section: tuple[str | None, str | None] = (None, None)
        self._fresh = True

    def lose(self, subject: str) -> None:
        """A cover sheet may have been here. Whether that matters, the next pages tell."""
        if self._cover is not None:
            self._pending = Doubt("thread_lost", subject, self._cover.volume_id)
        self._end()

    def follow(self, sheet: Sheet) -> None:
        """Do what a cover or separator sheet says; in a file a person named, cover sheets say nothing."""
        if sheet.hint_by == "person" and isinstance(sheet.code, CoverCode | BadSheetCode):
            self._end()
            return
        if isinstance(sheet.code, SeparatorCode):
            self._separator, self._fresh = (sheet.code.type, self.volume(sheet)), True
        elif isinstance(sheet.code, BadSheetCode):
            self._distrust("bad_sheet", sheet)
        elif isinstance(sheet.code, CoverCode):
            volume_id = self._volume_of(sheet.code.sheet_id)
            if volume_id is None:
                self._distrust("unknown_sheet", sheet)
            else:
                self._begin(sheet, volume_id)

    def place(self, sheet: Sheet) -> Filed:
        """Where a page goes, and what it is: a separator sheet's type holds within its volume."""
        volume_id = self.volume(sheet)
        if sheet.code is not None or sheet.blank:
            return Filed(sheet.page_id, volume_id, UNKNOWN, False)
        self._note_loss(sheet, volume_id)
        separated = self._separator is not None and self._separator[1] == volume_id
        kind = self._separator[0] if self._separator is not None and separated else sheet.type
        opens = self._fresh or self._section[0] != volume_id
        if not separated and kind not in (UNKNOWN, self._section[1]):
            opens = True
        if opens:
            self._section = (volume_id, kind)
        self._fresh = False
        return Filed(sheet.page_id, volume_id, kind, opens)

    def volume(self, sheet: Sheet) -> str | None:
        """The volume that holds for a page; the cover sheet's reach ends where a hint says so."""
        if sheet.hint_by == "person":
            return sheet.hint
        cover, by_hand = self._cover, sheet.hint_by == "hand"
        if cover is None:
            return sheet.hint if by_hand or not self._lost or sheet.hint not in self._refuted else None
        if sheet.hint in (None, cover.volume_id, cover.overruled):
            return cover.volume_id
        if by_hand:
            return cover.volume_id if cover.source_id == sheet.source_id else sheet.hint
        self._end()
        if sheet.hint_by == "manifest":
            return self.volume(sheet)
        self._refuted.add(sheet.hint or "")
        self.doubts.append(Doubt("name_differs", sheet.page_id, cover.volume_id))
        return None

    def _begin(self, sheet: Sheet, volume_id: str) -> None:
        overruled = sheet.hint if sheet.hint != volume_id else None
        if self._cover is not None and self._cover.volume_id == volume_id:
            self.doubts.append(Doubt("cover_twice", sheet.page_id, volume_id))
        self._end()
        self._cover, self._pending, self._fresh = _Cover(volume_id, sheet.source_id, overruled), None, True
        if overruled is not None:
            by_hand = sheet.hint_by == "hand"
            self.doubts.append(Doubt("contradiction", sheet.page_id, volume_id, is_new=not by_hand))

    def _distrust(self, code: str, sheet: Sheet) -> None:
        """A sheet that begins something, and nobody knows what."""
        if sheet.hint_by != "hand":
            held_up = self._cover.volume_id if self._cover and code == "bad_sheet" else None
            self.doubts.append(Doubt(code, sheet.page_id, held_up))
        self._end()
        self._pending, self._fresh = None, True

    def _end(self) -> None:
        self._cover, self._separator, self._lost = None, None, True

    def _note_loss(self, sheet: Sheet, volume_id: str | None) -> None:
        """The first page that the lost cover sheet would have held for makes the loss a doubt."""
        lost = self._pending
        if lost is not None and sheet.hint_by != "hand" and volume_id in (None, lost.volume_id):
            self.doubts.append(lost)
            self._pending = None
