"""What there is to say of a document's pages beside the table: whence their words, what was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from config.words import _, say
from errors import N_
from pipeline.scans.active import OF_FILE

#: Why a page's words come from where they come; of the others there is nothing to say.
_TEXT_OF = {
    "image_with_old_layer": N_("Recognised anew, an earlier recognition was left behind: {pages}"),
    "old_layer_kept": N_("An earlier recognition was kept, ours failed or was clearly worse: {pages}"),
    "own_text_illegible": N_("Recognised, since the file's own text is illegible: {pages}"),
    "image_in_text": N_("The file's own text, and what was recognised beside it: {pages}"),
    "born_digital": N_("The file's own text: {pages}"),
}
#: By the codes of ``pipeline.scans.active``, without the prefix of those that belong to the whole file.
REMOVED: Mapping[str, str] = {
    "actions": N_("actions"),
    "comments": N_("comments that open on a click"),
    "embedded_files": N_("embedded files"),
    "form_fields": N_("form fields, drawn instead"),
    "launch": N_("starts of programs"),
    "links": N_("links"),
    "marks": N_("marks without an appearance of their own, not drawn"),
    "media": N_("sounds, films and 3D"),
    "open_action": N_("an action on opening"),
    "page_actions": N_("actions on turning the page"),
    "script": N_("scripts"),
    "submit": N_("sending of forms"),
    "xfa": N_("an XFA form"),
}


def remarks(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Sentences about some of a document's pages, shaped as by ``shapes.page``."""
    for why, sentence in _TEXT_OF.items():
        numbers = [row["number"] for row in rows if row["why"] == why and row["number"] and row["text_from"]]
        if numbers:
            yield say(sentence, {"pages": _ranges(numbers)})
    for word, numbers in sorted(_removed(rows).items()):
        yield say(N_("Left behind: {what} ({pages})"), {"what": _(word), "pages": _ranges(numbers)})


def _removed(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """What was left behind of files, in words, and the pages it was on; an unknown code is its own word."""
    found: dict[str, list[int]] = {}
    for row in rows:
        plain = [code.removeprefix(OF_FILE) for code in row["removed"] if row["number"]]
        for word in dict.fromkeys(REMOVED.get(code, code) for code in plain):
            found.setdefault(word, []).append(row["number"])
    return found


def _ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers in short: ``1-3, 7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)
