"""A page's own text made dumb: it looks as before, and readers and search find only spaces.

Text extraction goes by a font's ToUnicode map first (ISO 32000-1, 9.10.2), so fonts are copied with one that
says "space" for every code; replacement texts in marked content go. Glyphs, metrics and codes stay.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import cast

import pikepdf
from pikepdf import (
    ContentStreamInlineImage,
    ContentStreamInstruction,
    Dictionary,
    Object,
    Pdf,
    Stream,
)

from errors import N_, PageUnreadable
from pipeline.scans.pdf_content import MOST_CONTENT, decodes_within, parse

#: Words that marked content brings along for readers (14.9.3 to 14.9.5).
_LABELS = frozenset({"/ActualText", "/Alt", "/E"})
_PER_ROW = 256
#: Of one operator, by Adobe's specification of CMaps.
_MOST_RANGES = 100
_HEAD = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Dumb def /CMapType 2 def 1 begincodespacerange <%s> <%s> endcodespacerange
"""
_TAIL = b"endcmap CMapName currentdict /CMap defineresource pop end end"


def mute(pdf: Pdf, form: Stream) -> Stream:
    """A copy of ``form``, which is one of ``pdf``, whose text nobody can read out; forms drawn by it alike.

    Raises ``PageUnreadable`` for content too large to be gone through.
    """
    return _Muted(pdf).form(form)


class _Muted:
    """The copies of one page's forms and fonts."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._maps = {wide: pdf.make_stream(_map_to_spaces(wide)) for wide in (False, True)}
        self._forms: dict[tuple[int, int], Stream] = {}

    def form(self, form: Stream) -> Stream:
        if form.is_indirect and form.objgen in self._forms:
            return self._forms[form.objgen]
        if not decodes_within(form, MOST_CONTENT):
            raise PageUnreadable(detail=N_("more content than any page has"))
        dumb = self._pdf.make_stream(b"")
        self._forms[form.objgen] = dumb
        for key in form.keys() - {"/Length", "/Filter", "/DecodeParms", "/Resources"}:
            dumb[key] = form[key]
        dumb.write(pikepdf.unparse_content_stream([_unlabelled(one) for one in parse(form)]))
        dumb.Resources = self._resources(form.get("/Resources"))
        return dumb

    def _resources(self, resources: object) -> Dictionary:
        whole = copy(resources) if isinstance(resources, Dictionary) else Dictionary()
        for kind, muted in (("/Font", self._font), ("/XObject", self._drawn), ("/Properties", _unnamed)):
            group = whole.get(kind)
            if isinstance(group, Dictionary):
                whole[kind] = Dictionary({name: muted(group[name]) for name in group.keys()})  # noqa: SIM118
        return whole

    def _font(self, font: Object) -> Object:
        if not isinstance(font, Dictionary):
            return font
        dumb = copy(font)
        dumb.ToUnicode = self._maps[font.get("/Subtype") == "/Type0"]
        return self._pdf.make_indirect(dumb)

    def _drawn(self, target: Object) -> Object:
        is_form = isinstance(target, Stream) and target.get("/Subtype") == "/Form"
        return self.form(cast(Stream, target)) if is_form else target


def _unlabelled(
    instruction: ContentStreamInstruction | ContentStreamInlineImage,
) -> ContentStreamInstruction | ContentStreamInlineImage:
    """The instruction without a replacement text in its marked content."""
    if str(instruction.operator) not in ("BDC", "DP") or not isinstance(
        instruction, ContentStreamInstruction
    ):
        return instruction
    return ContentStreamInstruction([_unnamed(one) for one in instruction.operands], instruction.operator)


def _unnamed(properties: Object) -> Object:
    """Marked content's properties without the words they bring along; layers stay the objects they are."""
    if not isinstance(properties, Dictionary) or not _LABELS & properties.keys():
        return properties
    return Dictionary({key: properties[key] for key in properties.keys() - _LABELS})


@lru_cache
def _map_to_spaces(wide: bool) -> bytes:
    """A ToUnicode map of one-byte or two-byte codes, each a space."""
    if not wide:
        rows = [(b"<00>", b"<ff>")]
        edges = (b"00", b"ff")
    else:
        rows = [(b"<%02x00>" % row, b"<%02xff>" % row) for row in range(_PER_ROW)]
        edges = (b"0000", b"ffff")
    spaces = b"[" + b"<0020>" * _PER_ROW + b"]"
    parts = [_HEAD % edges]
    for start in range(0, len(rows), _MOST_RANGES):
        some = rows[start : start + _MOST_RANGES]
        lines = b"".join(b"%s %s %s\n" % (*row, spaces) for row in some)
        parts.append(b"%d beginbfrange\n%sendbfrange\n" % (len(some), lines))
    return b"".join([*parts, _TAIL])
