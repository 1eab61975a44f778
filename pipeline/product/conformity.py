"""Whether what comes over from other PDFs may stand in a PDF/A-2b (ISO 19005-2), and what can be mended.

A product must not claim what is not so. Images and lines are looked at whole. Fonts are not: their widths and
encodings would need a validator of one's own. So a page with text is believed to conform only if its file
says that it does. In doubt the claim is left out and the reason recorded.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from pipeline.product.profiles import is_sound
from pipeline.scans.pdf_content import MOST_CONTENT, decodes_within, parse
from pipeline.scans.pdf_errors import PDF_ERRORS

_MOST_METADATA, _MOST_PROFILE = 2**20, 2**24
_DEEPEST = 12
_CLAIM = re.compile(rb"pdfaid:part(?:(?:\s[^>]*)?>\s*[12]\b|\s*=\s*[\"'][12][\"'])")
_BLEND_MODES = frozenset(
    f"/{name}"
    for name in (
        *("Normal", "Compatible", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge"),
        *("ColorBurn", "HardLight", "SoftLight", "Difference", "Exclusion"),
        *("Hue", "Saturation", "Color", "Luminosity"),
    )
)
_INTENTS = frozenset({"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"})
_SMOOTHED = re.compile(rb"/I(?:nterpolate)?\s+true\b")
_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
_CMYK_OPERATORS = frozenset({"k", "K"})
#: All there are (ISO 32000-1, Annex A).
_OPERATOR_NAMES = (
    "b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID INLINE j J K k l "
    "m M MP n q Q re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \""
)
_OPERATORS = frozenset(_OPERATOR_NAMES.split())
#: What readers need not be able to do (ISO 32000-1, Annex C.2).
_DEEPEST_STATE, _MOST_COLOURANTS, _LONGEST_STRING, _LONGEST_NAME = 28, 32, 32_767, 127
_PROFILES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
_FONT_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")


def claims_conformity(pdf: Pdf) -> bool:
    """Whether a PDF says of itself that it is PDF/A-1 or PDF/A-2."""
    try:
        metadata = pdf.Root.get("/Metadata")
        if not isinstance(metadata, Stream) or not decodes_within(metadata, _MOST_METADATA):
            return False
        return _CLAIM.search(metadata.read_bytes()) is not None
    except PDF_ERRORS:
        return False


def departures(xobject: Stream, *, is_believed: bool) -> tuple[str, ...]:
    """Mend ``xobject``, an image or form, in place, and tell what in it a PDF/A-2b must not have.

    ``is_believed``: its file claims to conform. The codes: ``text_unproven``, ``font_not_embedded``,
    ``cmyk``, ``colour_profile``, ``jpeg2000``, ``layers``, ``postscript``, ``graphics_state``,
    ``unreadable``.
    """
    check = _Check(is_believed)
    try:
        check.look(xobject, 0)
    except PDF_ERRORS:
        check.found.add("unreadable")
    return tuple(sorted(check.found))


class _Check:
    """A walk through an object and all it draws with."""

    def __init__(self, is_believed: bool) -> None:
        self.found: set[str] = set()
        self._is_believed = is_believed
        self._seen: set[tuple[int, int]] = set()

    def look(self, target: Object, depth: int) -> None:
        if not isinstance(target, Stream) or (target.is_indirect and target.objgen in self._seen):
            return
        if depth > _DEEPEST:
            self.found.add("unreadable")
            return
        self._seen.add(target.objgen)
        if target.get("/Subtype") == "/Image":
            self._image(target, depth)
        else:
            self._form(target, depth)

    def _image(self, image: Stream, depth: int) -> None:
        if image.get("/Interpolate", False):
            del image["/Interpolate"]
        if image.get("/Intent", "/Perceptual") not in _INTENTS:
            del image["/Intent"]
        filters = _listed(image.get("/Filter"))
        if Name.LZWDecode in filters and all(one in (Name.LZWDecode, Name.FlateDecode) for one in filters):
            if decodes_within(image, MOST_CONTENT):
                image.write(image.read_bytes())
            else:
                self.found.add("unreadable")
        elif Name.LZWDecode in filters or Name.Crypt in filters:
            self.found.add("unreadable")
        if Name.JPXDecode in filters:
            self.found.add("jpeg2000")
        self._colours(image.get("/ColorSpace"))
        for key in ("/SMask", "/Mask"):
            self.look(image.get(key, Name("/None")), depth + 1)

    def _form(self, form: Stream, depth: int) -> None:
        if "/PS" in form or "/PS" in (form.get("/Subtype"), form.get("/Subtype2")) or "/Ref" in form:
            self.found.add("postscript")
        if "/OC" in form:
            self.found.add("layers")
        if not decodes_within(form, MOST_CONTENT):
            self.found.add("unreadable")
            return
        fonts = self._content(form)
        group = form.get("/Group")
        if isinstance(group, Dictionary):
            self._colours(group.get("/CS"))
        self._resources(form.get("/Resources"), fonts, depth)

    def _content(self, form: Stream) -> set[str]:
        """Look at what is done; returns the names of the fonts in which something is written."""
        fonts, font, depth = set(), "", 0
        for instruction in parse(form):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                self._inline(instruction)
                continue
            operator = str(instruction.operator)
            depth += (operator == "q") - (operator == "Q")
            if (
                depth > _DEEPEST_STATE
                or operator not in _OPERATORS
                or any(map(_is_long, instruction.operands))
            ):
                self.found.add("unreadable")
            if operator in _CMYK_OPERATORS or (
                operator in ("cs", "CS") and instruction.operands[0] == Name.DeviceCMYK
            ):
                self.found.add("cmyk")
            if operator == "BDC" and instruction.operands[0] == Name.OC:
                self.found.add("layers")
            if operator == "Tf":
                font = str(instruction.operands[0])
            elif operator in _SHOWING and font:
                fonts.add(font)
            elif operator in _SHOWING:
                self.found.add("text_unproven")  # set where it cannot be seen from here
            if operator == "ri" and instruction.operands[0] not in _INTENTS:
                self.found.add("graphics_state")
        return fonts

    def _inline(self, instruction: pikepdf.ContentStreamInlineImage) -> None:
        image = instruction.iimage
        if "/LZWDecode" in image.filters or "/LZW" in image.filters:
            self.found.add("unreadable")
        if image.colorspace in ("/DeviceCMYK", "/CMYK"):
            self.found.add("cmyk")
        if _SMOOTHED.search(pikepdf.unparse_content_stream([instruction]).partition(b"ID")[0]):
            self.found.add("graphics_state")

    def _resources(self, resources: object, fonts: Container[str], depth: int) -> None:
        if not isinstance(resources, Dictionary):
            return
        for name, font in _named(resources.get("/Font")):
            if name in fonts:
                self._font(font, depth + 1)
        for state in _group(resources, "/ExtGState"):
            self._state(state, depth)
        for space in _group(resources, "/ColorSpace"):
            self._colours(space)
        for shading in _group(resources, "/Shading"):
            self._colours(shading.get("/ColorSpace"))
        for drawn in (*_group(resources, "/XObject"), *_group(resources, "/Pattern")):
            self.look(drawn, depth + 1)
            if isinstance(drawn, Dictionary) and isinstance(drawn.get("/Shading"), Dictionary | Stream):
                self._colours(drawn.Shading.get("/ColorSpace"))
            if isinstance(drawn, Dictionary) and isinstance(drawn.get("/ExtGState"), Dictionary):
                self._state(drawn.ExtGState, depth)

    def _font(self, font: Object, depth: int) -> None:
        if not self._is_believed:
            self.found.add("text_unproven")
        if font.get("/Subtype") == "/Type3":
            self._glyphs(font, depth)
            return
        described = font.get("/DescendantFonts", Array([font]))[0].get("/FontDescriptor", Dictionary())
        if not any(program in described for program in _FONT_PROGRAMS):
            self.found.add("font_not_embedded")

    def _glyphs(self, font: Object, depth: int) -> None:
        """A font whose letters are drawings."""
        if depth > _DEEPEST:
            self.found.add("unreadable")
            return
        fonts: set[str] = set()
        for _, drawing in _named(font.get("/CharProcs")):
            if isinstance(drawing, Stream) and decodes_within(drawing, MOST_CONTENT):
                fonts |= self._content(drawing)
            else:
                self.found.add("unreadable")
        self._resources(font.get("/Resources"), fonts, depth + 1)

    def _state(self, state: Object, depth: int) -> None:
        odd = {"/TR", "/HTP", "/HT"} & state.keys() or state.get("/TR2", "/Default") != "/Default"
        modes = _listed(state.get("/BM", Name.Normal))
        if odd or not all(str(mode) in _BLEND_MODES for mode in modes):
            self.found.add("graphics_state")
        mask = state.get("/SMask")
        if isinstance(mask, Dictionary):
            self.look(mask.get("/G", Name("/None")), depth + 1)

    def _colours(self, space: object, depth: int = 0) -> None:
        """Colours must not mean those of some printer."""
        if space == Name.DeviceCMYK:
            self.found.add("cmyk")
        elif isinstance(space, Array) and len(space) and depth < _DEEPEST:
            if space[0] in ("/Indexed", "/I", "/Pattern") and len(space) > 1:
                self._colours(space[1], depth + 1)
            elif space[0] in ("/Separation", "/DeviceN"):
                self._colours(space[2], depth + 1)
                if space[0] == "/DeviceN" and len(space[1]) > _MOST_COLOURANTS:
                    self.found.add("graphics_state")
            elif space[0] == "/ICCBased" and not _has_sound_profile(space[1]):
                self.found.add("colour_profile")


def _is_long(operand: object) -> bool:
    if isinstance(operand, pikepdf.String):
        return len(bytes(operand)) > _LONGEST_STRING
    return isinstance(operand, Name) and len(str(operand).encode()) > _LONGEST_NAME + 1


def _has_sound_profile(profile: object) -> bool:
    if not isinstance(profile, Stream) or not decodes_within(profile, _MOST_PROFILE):
        return False
    space = _PROFILES.get(int(profile.get("/N", 0)))
    return space is not None and is_sound(profile.read_bytes(), space)


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Array) else [value]


def _named(group: object) -> Iterator[tuple[str, Object]]:
    if isinstance(group, Dictionary):
        yield from ((name, group[name]) for name in group.keys())  # noqa: SIM118


def _group(resources: Dictionary, kind: str) -> Iterator[Object]:
    return (value for _, value in _named(resources.get(kind)))
