"""Makes the file ``srgb.icc``, the profile of a product's colours; apart from its use, like the font's maker.

ICC.1:2001-04 (version 2, which PDF/A-1 asks for and every reader knows), colours and curve of IEC 61966-2-1,
adapted to D50 as Bruce Lindbloom's tables have it. Made here so that its origin and licence are plain.
"""

from __future__ import annotations

import struct

_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    "rXYZ": (0.4360747, 0.2225045, 0.0139322),
    "gXYZ": (0.3850649, 0.7168786, 0.0971045),
    "bXYZ": (0.1430804, 0.0606169, 0.7141733),
}
_STEPS = 1024
_HEADER, _ENTRY = 128, 12


def build_profile() -> bytes:
    """Make the profile kept as ``srgb.icc``; the same bytes each time."""
    curve = _curve()
    tags = {
        "desc": _described("sRGB (IEC 61966-2-1)"),
        "cprt": b"text\0\0\0\0No copyright, use freely\0",
        "wtpt": _xyz(_D50),
        **{name: _xyz(values) for name, values in _PRIMARIES.items()},
        **dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve),
    }
    offset = _HEADER + 4 + _ENTRY * len(tags)
    table, body, places = b"", b"", {}
    for name, data in tags.items():
        if data not in places:
            places[data] = offset + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name.encode(), places[data], len(data))
    return _header(offset + len(body)) + struct.pack(">I", len(tags)) + table + body


def _header(size: int) -> bytes:
    """A display's profile of RGB, without date, maker or intent of its own."""
    known = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (known + b"\0" * 28 + _xyz(_D50)[8:]).ljust(_HEADER, b"\0")


def _curve() -> bytes:
    values = (round(_linear(step / (_STEPS - 1)) * 65535) for step in range(_STEPS))
    return struct.pack(f">4s4xI{_STEPS}H", b"curv", _STEPS, *values)


def _linear(value: float) -> float:
    """The light of a value, both 0 … 1 (IEC 61966-2-1, 5.2)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004


def _xyz(values: tuple[float, float, float]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values))


def _described(name: str) -> bytes:
    text = name.encode() + b"\0"
    return struct.pack(">4s4xI", b"desc", len(text)) + text + b"\0" * 78
