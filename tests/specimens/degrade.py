"""What scanner, office and age do to a clean page. Every effect is drawn from a seeded generator.

The order follows nature: ink and what lies on it, the paper's geometry in the feeder, its folds and holes,
shading and sensor noise, and last how it was fed (upside down or sideways) and which pixels the scanner kept.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tests.specimens import fonts
from tests.specimens.typeset import Mark

Pixels = npt.NDArray[np.uint8]
_NOISE_MARGIN = 256


@dataclass(frozen=True, slots=True)
class Wear:
    """How a page looks after a life in a folder and a pass through a scanner.

    ``skew`` is in degrees counter-clockwise as the page lies. ``rotation`` is what must be done to read
    it: turn the scan clockwise by so many degrees. The defaults are a clean page.
    """

    skew: float = 0.0
    rotation: Literal[0, 90, 180, 270] = 0
    colour: Literal["colour", "grey", "bitonal"] = "colour"
    dpi: int = 300
    noise: float = 2.0
    quality: int = 80
    yellowed: bool = False
    shaded: bool = False
    stamped: Literal["", "round", "box"] = ""
    signed: bool = False
    punched: bool = False
    folded: bool = False
    bleed: float = 0.0

    @property
    def mild(self) -> bool:
        """Nothing but light noise and JPEG: what a truth file calls clean."""
        plain = (self.skew, self.rotation, self.stamped, self.signed, self.punched, self.folded, self.bleed)
        aged = self.yellowed or self.shaded or self.colour == "bitonal"
        return not any(plain) and not aged and self.noise <= 3.0 and self.dpi >= 200


@dataclass(frozen=True, slots=True)
class _Overlay:
    """Coloured ink over the page: coverage 0 … 1, its centre in pixels of the unskewed page, and an RGB."""

    coverage: npt.NDArray[np.float32]
    centre: tuple[float, float]
    rgb: tuple[int, int, int]


def scan(clean: Pixels, wear: Wear, rng: np.random.Generator, marks: Sequence[Mark] = ()) -> Pixels:
    """The scanned page: shape (height, width, 3) for colour, else (height, width); bitonal is 0 or 255.

    ``clean`` is grey, shape (height, width), at ``wear.dpi``; ``marks`` are in points.
    """
    height, width = clean.shape
    overlays = _overlays(wear, rng, marks, (height, width))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), wear.skew, 1.0)
    page = clean
    if wear.skew:
        page = _pixels(cv2.warpAffine(page, turn, (width, height), borderValue=255))
    page = _with_noise(page, wear.noise, rng)
    if wear.folded:
        _fold(page, rng)
    if wear.shaded:
        _shade(page, rng)
    result = _on_paper(page, wear)
    for overlay in overlays:
        _lay(result, overlay, turn, wear.skew)
    if wear.punched:
        _punch(result, wear.dpi)
    if wear.colour == "bitonal":
        result = _pixels(cv2.threshold(result, 150, 255, cv2.THRESH_BINARY)[1])
    return np.ascontiguousarray(np.rot90(result, wear.rotation // 90))


def back_of(clean: Pixels, strength: float) -> Pixels:
    """The blank back of a page: white, the front shining through mirrored by ``strength`` (0 … 1)."""
    ghost = cv2.GaussianBlur(cv2.flip(clean, 1), (0, 0), 4)
    return _pixels(cv2.convertScaleAbs(ghost, alpha=strength, beta=255 * (1 - strength)))


def _pixels(image: npt.NDArray[Any]) -> Pixels:
    """What OpenCV returns is typed too widely; nothing is copied."""
    return np.asarray(image, dtype=np.uint8)


# --- paper and light -------------------------------------------------------------------------------


def _on_paper(page: Pixels, wear: Wear) -> Pixels:
    """Grey ink on paper that is white or yellowed; a copy that later inks may be laid on."""
    if wear.colour != "colour":
        return page.copy()
    paper = (238, 226, 190) if wear.yellowed else (252, 252, 250)
    ramp = np.arange(256, dtype=np.float32) / 255
    table = np.stack([ramp * channel for channel in paper], axis=-1).astype(np.uint8)
    return _pixels(cv2.LUT(cv2.merge([page, page, page]), table.reshape(1, 256, 3)))


def _with_noise(page: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Add sensor noise. Drawing eight million normals a page is dear, so a fixed field is cut anew."""
    if sigma <= 0:
        return page.copy()
    height, width = page.shape
    top, left = (int(rng.integers(_NOISE_MARGIN)) for _ in range(2))
    grain = _grain(height + _NOISE_MARGIN, width + _NOISE_MARGIN, round(sigma * 10))
    return _pixels(cv2.add(page, grain[top : top + height, left : left + width], dtype=cv2.CV_8U))


@functools.lru_cache(maxsize=2)
def _grain(height: int, width: int, tenths: int) -> npt.NDArray[np.int16]:
    tile = np.random.default_rng(tenths).normal(0, tenths / 10, (1024, 1024)).round().astype(np.int16)
    return np.tile(tile, (height // 1024 + 1, width // 1024 + 1))[:height, :width]


def _shade(page: Pixels, rng: np.random.Generator) -> None:
    """Uneven light: a coarse field of 0.85 … 1 spread over the page."""
    height, width = page.shape
    coarse = rng.uniform(0.85, 0.99, (3, 3)).astype(np.float32)
    field = cv2.resize(coarse, (width // 8, height // 8), interpolation=cv2.INTER_CUBIC)
    factor = np.clip(field * 255, 0, 255).astype(np.uint8)
    full = cv2.resize(factor, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.multiply(page, full, dst=page, scale=1 / 255)


def _fold(page: Pixels, rng: np.random.Generator) -> None:
    """A fold across the page at about a third: a thin dark valley beside a light ridge."""
    height, width = page.shape
    y = int(height * rng.uniform(0.3, 0.37))
    reach = max(3, height // 350)
    profile = 1 - 0.22 * np.exp(-(((np.arange(-2 * reach, 2 * reach) / reach) * 1.5) ** 2))
    band = page[y - 2 * reach : y + 2 * reach].astype(np.float32) * profile[:, None]
    page[y - 2 * reach : y + 2 * reach] = band.astype(np.uint8)
    cv2.line(page, (0, y), (width, y + 2), 205, 1)


def _punch(page: Pixels, dpi: int) -> None:
    """Two holes of 6 mm, 80 mm apart, 12 mm from the left edge; the feeder's dark shines through."""
    per_mm = dpi / 25.4
    for offset in (-40, 40):
        centre = (round(12 * per_mm), round(page.shape[0] / 2 + offset * per_mm))
        cv2.circle(page, centre, round(3 * per_mm), (70,) * 3, thickness=-1, lineType=cv2.LINE_AA)


# --- stamps, signatures, crests --------------------------------------------------------------------


def _overlays(
    wear: Wear, rng: np.random.Generator, marks: Sequence[Mark], shape: tuple[int, int]
) -> list[_Overlay]:
    scale = wear.dpi / 72
    overlays = []
    for mark in marks:
        size = round(mark.width * scale), round(mark.height * scale)
        centre = (mark.left + mark.width / 2) * scale, (mark.top + mark.height / 2) * scale
        if mark.kind == "crest":
            overlays.append(_Overlay(_crest(size), centre, (20, 70, 150)))
        elif mark.kind == "photo":
            overlays.append(_Overlay(_photo(size), centre, (60, 60, 60)))
        elif wear.signed:
            overlays.append(_Overlay(_squiggle(size, rng), centre, (25, 40, 130)))
    if wear.stamped:
        height, width = shape
        spot = width * rng.uniform(0.62, 0.75), height * rng.uniform(0.28, 0.5)
        draw = _round_stamp if wear.stamped == "round" else _box_stamp
        colour = (40, 60, 160) if wear.stamped == "round" else (175, 30, 40)
        overlays.append(_Overlay(_turned(draw(scale), rng.uniform(-20, 20)), spot, colour))
    return overlays


def _lay(page: Pixels, overlay: _Overlay, turn: npt.NDArray[Any], skew: float) -> None:
    """Lay translucent ink where its centre lands once the page is skewed; parts off the page are cut."""
    coverage = _turned(overlay.coverage, skew) if skew else overlay.coverage
    x, y = turn @ np.array([*overlay.centre, 1.0])
    height, width = coverage.shape
    left, top = round(x - width / 2), round(y - height / 2)
    rows = slice(max(top, 0), min(top + height, page.shape[0]))
    columns = slice(max(left, 0), min(left + width, page.shape[1]))
    part = coverage[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    colour = np.array(overlay.rgb, dtype=np.float32) / 255
    ink = colour.mean() if page.ndim == 2 else colour
    factor = 1 - (part if page.ndim == 2 else part[..., None]) * (1 - ink)
    page[rows, columns] = (page[rows, columns] * factor).astype(np.uint8)


def _turned(coverage: npt.NDArray[np.float32], degrees: float) -> npt.NDArray[np.float32]:
    height, width = coverage.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(coverage, matrix, (width, height)), dtype=np.float32)


def _blank(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", size, 0)
    return image, ImageDraw.Draw(image)


def _coverage(image: Image.Image, strength: float) -> npt.NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32) * np.float32(strength / 255)


def _crest(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The arms of Musterstadt: a shield with three waves."""
    image, draw = _blank(size)
    width, height = size
    shield = [(0, 0), (width - 1, 0), (width - 1, height * 0.6), (width / 2, height - 1), (0, height * 0.6)]
    draw.polygon(shield, fill=255)
    for row in (0.15, 0.32, 0.49):
        for step in range(4):
            left, top = width * (0.08 + 0.21 * step), height * row
            draw.arc(
                (left, top, left + width * 0.2, top + height * 0.14),
                180,
                360,
                fill=0,
                width=max(2, width // 20),
            )
    return _coverage(image, 0.9)


def _photo(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """A grey placeholder where a portrait would be: head and shoulders, nobody's."""
    image, draw = _blank(size)
    width, height = size
    draw.rectangle((0, 0, width - 1, height - 1), fill=80)
    draw.ellipse((width * 0.3, height * 0.18, width * 0.7, height * 0.58), fill=190)
    draw.ellipse((width * 0.1, height * 0.64, width * 0.9, height * 1.4), fill=190)
    return _coverage(image, 0.9)


def _squiggle(size: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A signature nobody can read: a wave of changing height along the line."""
    image, draw = _blank(size)
    width, height = size
    t = np.linspace(0, 1, 160)
    waves, phase, slope = rng.uniform(3, 7), rng.uniform(0, 6), rng.uniform(-0.25, 0.1)
    heights = np.interp(t, np.linspace(0, 1, 7), rng.uniform(0.08, 0.42, 7))
    x = width * (0.05 + 0.85 * t + 0.03 * np.sin(waves * 11 * t + phase))
    y = height * (0.55 + slope * (t - 0.5) - heights * np.sin(waves * 2 * np.pi * t + phase))
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    draw.line(points, fill=255, width=max(2, height // 26), joint="curve")
    return _coverage(image, 0.85)


def _round_stamp(scale: float) -> npt.NDArray[np.float32]:
    """A seal of 36 mm: two rings and words in the middle."""
    side = round(102 * scale)
    image, draw = _blank((side, side))
    pen = max(2, round(1.2 * scale))
    edge = round(2 * scale)
    draw.ellipse((edge, edge, side - edge, side - edge), outline=255, width=pen)
    inner = round(14 * scale)
    draw.ellipse((inner, inner, side - inner, side - inner), outline=255, width=pen)
    for line, text in enumerate(("Landeshauptstadt", "MUSTERSTADT", "Siegel 47")):
        font = fonts.at_pixels("serif", True, round(8 * scale))
        draw.text((side / 2, side / 2 + (line - 1) * 11 * scale), text, fill=255, font=font, anchor="mm")
    return _coverage(image, 0.7)


def _box_stamp(scale: float) -> npt.NDArray[np.float32]:
    """A date stamp: a frame with two lines."""
    side, room = round(150 * scale), round(60 * scale)
    image, draw = _blank((side, side))
    top = (side - 40 * scale) / 2
    draw.rectangle((2, top, side - 3, top + 40 * scale), outline=255, width=max(2, round(1.5 * scale)))
    big, small = (fonts.at_pixels("sans", True, round(size * scale)) for size in (15, 8.5))
    draw.text((side / 2, top + 13 * scale), "EINGEGANGEN", fill=255, font=big, anchor="mm")
    draw.text((side / 2, top + room / 2), "Ausländerbehörde Musterstadt", fill=255, font=small, anchor="mm")
    return _coverage(image, 0.75)
