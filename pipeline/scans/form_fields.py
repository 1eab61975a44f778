"""Values of form fields that bring no picture of themselves, drawn so that they are seen and found.

Programs that fill in forms often leave the drawing to the reader (ISO 32000-1, 12.7.3.3 NeedAppearances).
qpdf draws such values too, but with a question mark for each letter beyond ASCII: "M??ig" for a Müßig.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from textwrap import wrap

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from pipeline.scans.pdf_errors import PDF_ERRORS
from pipeline.scans.wording import mirrored

#: Flags of fields (tables 226 to 230): several lines; a password, which is not shown.
_MULTILINE, _PASSWORD = 1 << 12, 1 << 13
_DEEPEST = 16
_SIZE = re.compile(rb"([\d.]+)\s+Tf")
#: Thousandths of the font size; readers know the widths of Helvetica's own letters only.
_UNKNOWN_WIDTH = 600
_LARGEST, _MARGIN = 12.0, 2.0
#: Of the font size: a usual letter's width, the line's height, the middle of a line above its base.
_WIDTH, _LEADING, _MIDDLE = 0.5, 1.2, 0.35
#: Glyph names of what stands on, in or below a letter, by Unicode's words for it (Adobe Glyph List).
_MARKS = {
    **dict.fromkeys(
        ["ACUTE", "GRAVE", "CIRCUMFLEX", "TILDE", "CEDILLA", "CARON", "BREVE", "OGONEK", "MACRON"]
    ),
    **{"DIAERESIS": "dieresis", "RING ABOVE": "ring", "DOT ABOVE": "dotaccent", "STROKE": "slash"},
    **{"DOUBLE ACUTE": "hungarumlaut", "COMMA BELOW": "commaaccent"},
}
_NAMED = re.compile(r"LATIN (CAPITAL|SMALL) LETTER ([A-Z]) WITH ([A-Z ]+)$")
_GLYPHS = {"ı": "dotlessi", "đ": "dcroat", "Đ": "Dcroat", "ŋ": "eng", "Ŋ": "Eng"}


def draw_values(pdf: Pdf) -> None:
    """Draw the values of all text and choice fields that have no appearance, or one that may be old."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return
    is_old = bool(form.get("/NeedAppearances", False))
    pdf.generate_appearance_streams()
    for page in pdf.pages:
        annotations = page.obj.get("/Annots")
        for widget in annotations if isinstance(annotations, Array) else ():
            if isinstance(widget, Dictionary) and widget.get("/Subtype") == "/Widget":
                # A field that is broken costs its own value, not the pages of the file.
                with suppress(*PDF_ERRORS):
                    _draw(pdf, widget, form, is_old=is_old)
    form.NeedAppearances = False


def _draw(pdf: Pdf, widget: Dictionary, form: Dictionary, *, is_old: bool) -> None:
    flags = int(_inherited(widget, "/Ff") or 0)
    if _inherited(widget, "/FT") not in ("/Tx", "/Ch") or flags & _PASSWORD:
        return
    looks = widget.get("/AP")
    if isinstance(looks, Dictionary) and "/N" in looks and not is_old:
        return
    value = _value(widget)
    rect = widget.get("/Rect")
    if not value or not isinstance(rect, Array):
        return
    xa, ya, xb, yb = (float(side) for side in rect)
    given = _SIZE.search(bytes(_inherited(widget, "/DA") or form.get("/DA") or b""))
    look = _look(pdf, value, (abs(xb - xa), abs(yb - ya)), float(given[1]) if given else 0.0, flags)
    widget.AP = Dictionary(N=look)


def _inherited(widget: Object, key: str) -> Object | None:
    """A field's key, its own or that of the fields it belongs to."""
    field: Object | None = widget
    for _ in range(_DEEPEST):
        if not isinstance(field, Dictionary) or key in field:
            break
        field = field.get("/Parent")
    return field.get(key) if isinstance(field, Dictionary) else None


def _value(widget: Object) -> str:
    value = _inherited(widget, "/V")
    if isinstance(value, Stream):
        return value.read_bytes().decode("utf-8", "replace")
    chosen = [str(one) for one in (value if isinstance(value, Array) else [value]) if isinstance(one, String)]
    options = _inherited(widget, "/Opt")
    pairs = [one for one in options if isinstance(one, Array)] if isinstance(options, Array) else []
    shown = {str(pair[0]): str(pair[1]) for pair in pairs if len(pair) > 1}
    return "\n".join(shown.get(one, one) for one in chosen)


def _look(pdf: Pdf, value: str, box: tuple[float, float], size: float, flags: int) -> Stream:
    """The value as a form of the size of ``box``, left aligned; a single line stands in its middle."""
    width, height = box
    size = size or min(_LARGEST, max(height * 0.7, 4.0))
    lines = value.splitlines()
    if flags & _MULTILINE or len(lines) > 1:
        most = max(int((width - 2 * _MARGIN) / (size * _WIDTH)), 1)
        lines = [piece for line in lines for piece in wrap(line, most)]
        base = height - _MARGIN - size
    else:
        base = height / 2 - _MIDDLE * size
    lines = [mirrored(line) for line in lines]
    codes = _codes("".join(lines))
    shown = b" ".join(
        b"<%s> Tj T*" % bytes(codes[char] for char in line if char in codes).hex().encode() for line in lines
    )
    start = f"/Tx BMC q BT 0 g /F {size:.2f} Tf {size * _LEADING:.2f} TL {_MARGIN} {base:.2f} Td "
    look = pdf.make_stream(start.encode() + shown + b" ET Q EMC", Subtype=Name.Form)
    look.BBox = Array([0, 0, width, height])
    look.Resources = Dictionary(Font=Dictionary(F=_font(pdf, codes)))
    return look


def _codes(text: str) -> dict[str, int]:
    """A code for every character: that of Windows' Latin-1 where it has one, else a free one."""
    known = {char: char.encode("cp1252", "ignore") for char in dict.fromkeys(text)}
    codes = {char: code[0] for char, code in known.items() if code}
    free = [code for code in range(1, 256) if code not in codes.values()]
    return codes | dict(zip((char for char in known if char not in codes), free, strict=False))


def _font(pdf: Pdf, codes: dict[str, int]) -> Object:
    """Helvetica with just these codes, and what they mean."""
    differences = Array()
    for char, code in codes.items():
        if not char.encode("cp1252", "ignore"):
            differences.append(code)
            differences.append(Name("/" + _glyph(char)))
    meanings = [
        b"<%02x> <%s>" % (code, char.encode("utf-16-be").hex().encode()) for char, code in codes.items()
    ]
    parts = [b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange"]
    for start in range(0, len(meanings), 100):
        some = meanings[start : start + 100]
        parts += [b"%d beginbfchar" % len(some), *some, b"endbfchar"]
    encoding = Dictionary(Type=Name.Encoding, BaseEncoding=Name.WinAnsiEncoding, Differences=differences)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=encoding)
    if any(_glyph(char).startswith("uni") for char in codes if not char.encode("cp1252", "ignore")):
        font.FirstChar, font.LastChar, font.Widths = 0, 255, Array([_UNKNOWN_WIDTH] * 256)
    font.ToUnicode = pdf.make_stream(b"\n".join([*parts, b"endcmap"]))
    return pdf.make_indirect(font)


def _glyph(char: str) -> str:
    """The name fonts have for a letter, as in the Adobe Glyph List, else its number."""
    found = _NAMED.match(unicodedata.name(char, ""))
    if char in _GLYPHS:
        return _GLYPHS[char]
    if found and found[3] in _MARKS:
        letter = found[2] if found[1] == "CAPITAL" else found[2].lower()
        return letter + (_MARKS[found[3]] or found[3].lower())
    return f"uni{ord(char):04X}"
