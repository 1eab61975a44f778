"""The font of the invisible text layer: one glyph without ink for every character.

The idea is Tesseract's (``pdf.ttf``); the font here is our own, made by ``glyphless_font``, so that its
origin and licence are plain. Character codes are 16 bit; ToUnicode says what each means.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

FONT_FILE = Path(__file__).with_name("glyphless.ttf")
UNITS = 1000
#: Every glyph's advance, and the extent of a word above and below its baseline, in units of the em. The
#: ascent is that of capitals in common typefaces; the descent is half of a real one, as readers give every
#: word the same box and most words have no descender.
ADVANCE, ASCENT, DESCENT = 500, 700, -100

#: Written as one glyph over a wide gap.
BRIDGE = "  "

_PRIVATE = range(0xE000, 0xF900)
_SURROGATES = range(0xD800, 0xE000)
_FONT_NAME = Name("/Glyphless")
_REPLACEMENT = 0xFFFD
#: The last codes of rows that end in what is no character.
_LAST = {0xFE: 0xFE, 0xFF: 0xFD}
_PER_BLOCK = 100  # entries allowed between beginbfrange and endbfrange


class GlyphlessFont:
    """The font inside one PDF, learning characters as they are written.

    Codes equal UTF-16 for the basic plane. Characters beyond it, and those of the private use area, get
    codes from the private range in order of first use, going on from those of ``earlier``.
    """

    def __init__(self, pdf: Pdf, earlier: GlyphlessFont | None = None) -> None:
        self._special: dict[str, int] = dict(earlier._special) if earlier else {}
        self._meanings = pdf.make_stream(b"")
        self.object = pdf.make_indirect(_type0(pdf, self._meanings))

    def encode(self, text: str) -> bytes:
        """The codes of ``text`` as a hexadecimal string object, two bytes each."""
        if text == BRIDGE:
            return b"<%04X>" % self._special.setdefault(BRIDGE, _PRIVATE[len(self._special)])
        return b"<" + b"".join(b"%04X" % self._code(char) for char in text) + b">"

    def _code(self, char: str) -> int:
        code = ord(char)
        if code in _SURROGATES or code < 0x20:  # noqa: PLR2004 - no characters
            return _REPLACEMENT
        if code <= 0xFFFF and code not in _PRIVATE:  # noqa: PLR2004 - the basic plane
            return code
        if char not in self._special and len(self._special) >= len(_PRIVATE):
            return _REPLACEMENT
        return self._special.setdefault(char, _PRIVATE[len(self._special)])

    def finish(self) -> None:
        """Write down what the codes mean; call once, before saving."""
        self._meanings.write(_to_unicode(self._special))


def _type0(pdf: Pdf, meanings: pikepdf.Stream) -> Dictionary:
    """Composite font dictionaries (ISO 32000-1, 9.7), every code drawn with glyph 1."""
    program = FONT_FILE.read_bytes()
    file = pdf.make_stream(program)
    file.Length1 = len(program)
    glyphs = pdf.make_stream(zlib.compress(b"\0\1" * 0x10000, 9), Filter=Name.FlateDecode)
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=_FONT_NAME,
        Flags=4 | 1,  # symbolic, fixed pitch
        FontBBox=[0, DESCENT, ADVANCE, ASCENT],
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
        FontFile2=file,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=_FONT_NAME,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=ADVANCE,
        CIDToGIDMap=glyphs,
    )
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=_FONT_NAME,
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=meanings,
    )


def _to_unicode(special: dict[str, int]) -> bytes:
    """A ToUnicode CMap (Adobe Technical Note 5411): identity, but for the ``special`` codes.

    PDF/A knows no U+0000, U+FEFF and U+FFFE; control characters are never written anyway.
    """
    rows = [(high, 0x20 if high == 0 else 0, _LAST.get(high, 0xFF)) for high in range(0x100)]
    ranges = [
        f"<{high:02X}{low:02X}> <{high:02X}{top:02X}> <{high:02X}{low:02X}>"
        for high, low, top in rows
        if not _excluded(high << 8)
    ]
    singles = [f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in special.items()]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
            *_blocks(ranges, "bfrange"),
            *_blocks(singles, "bfchar"),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    ).encode()


def _excluded(code: int) -> bool:
    return code in _SURROGATES or code in _PRIVATE


def _blocks(entries: list[str], kind: str) -> list[str]:
    lines: list[str] = []
    for start in range(0, len(entries), _PER_BLOCK):
        block = entries[start : start + _PER_BLOCK]
        lines += [f"{len(block)} begin{kind}", *block, f"end{kind}"]
    return lines
