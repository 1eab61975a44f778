"""Makes the file ``glyphless.ttf``; apart from its use, since who binds PDFs need not load a font library."""

from __future__ import annotations

import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from pipeline.product.glyphless import ADVANCE, ASCENT, DESCENT, UNITS


def build_font() -> bytes:
    """Make the TrueType file kept as ``glyphless.ttf``; the same bytes each time."""
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({".notdef": Glyph(), "blank": _inkless()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "blank": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular", "psName": "Glyphless"})
    builder.setupPost(keepGlyphNames=False)
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    target = io.BytesIO()
    builder.save(target)
    return target.getvalue()


def _inkless() -> Glyph:
    """A contour of no area: nothing to paint, but a box, without which PDFium drops lone characters."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    pen.lineTo((ADVANCE, ASCENT))
    pen.lineTo((ADVANCE // 2, (ASCENT + DESCENT) // 2))
    pen.closePath()
    return pen.glyph()
