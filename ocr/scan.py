"""A scanned page, drawn for the engine as often and as fine as it takes; what is alike is done once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from ocr import letters, prepare
from ocr.darkness import has_dark_areas
from ocr.geometry import Frame, growth, turned_size, upright_matrix
from ocr.letters import halved
from ocr.options import OcrOptions
from ocr.records import Box, Grey, Pixels

MIN_SKEW = 0.1
"""Degrees; below this a page is left as it is."""

X_HEIGHT = 16.0
"""Pixels of small letters in a first reading; type of 11 pt has them at 190 dpi."""

_LEAST_SIDE = 1_100  # A4 at 95 dpi
_DESPECKLED_BELOW = 0.75  # times the scan's resolution: letters have pixels to spare there
_AVERAGED_BELOW = 0.75  # of what halving leaves to be reduced
_CREDIBLE_DPI = (70, 1200)  # beyond, Tesseract guesses
_GRAINY = 12.0  # noise's deviation from which letters drown in it
_SMOOTHING = 0.005  # inches: 1.5 pixels of 300 dpi
_SMOOTHED_FROM = 150  # dpi; below, letters have no pixels to spare


@dataclass(frozen=True, slots=True)
class View:
    """How fine a page is drawn; the defaults are those of the first, cheap reading (docs/recognition.md).

    ``x_height`` is that of the text in pixels; ``measured``: by the letters found on the page; else by the
    resolution it was scanned in.
    """

    x_height: float = X_HEIGHT
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as the engine gets it, upright and straight.

    ``image`` shows ``frame``, which is in pixels of the scan, reduced or enlarged to ``dpi``; ``inverted``:
    white may be written on black.
    """

    image: Grey
    frame: Frame
    dpi: int
    inverted: bool = True

    def restored(self, box: Box) -> Box:
        """Bring ``box`` of the image to the frame, within it and at least one pixel large."""
        width, height = self.frame.width, self.frame.height
        across, down = width / self.image.shape[1], height / self.image.shape[0]
        left = min(max(round(box.left * across), 0), width - 1)
        top = min(max(round(box.top * down), 0), height - 1)
        right = min(max(round((box.left + box.width) * across), left + 1), width)
        bottom = min(max(round((box.top + box.height) * down), top + 1), height)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of a page lying one way; ``inverted``: white may be written on black."""

    letters: letters.Letters
    frame: Frame
    inverted: bool


class Scan:
    """A page image of ``dpi``, of any form and oddity."""

    def __init__(self, pixels: Pixels, dpi: float, options: OcrOptions) -> None:
        grey = prepare.to_grey(pixels)
        self._grain = prepare.grain_of(grey)
        if self._grain >= _GRAINY and _SMOOTHED_FROM <= dpi < math.inf:
            grey = prepare.smooth(grey, _SMOOTHING * dpi)
        self.grey = grey
        self._dpi = dpi
        self._options = options
        self._looks: dict[int, _Look] = {}

    def prepared(self, view: View | None = None, rotation: int = 0) -> Prepared:
        """Draw the page, turned clockwise by ``rotation``, straightened and with its paper evened out."""
        view = view or View()
        look = self._look(rotation)
        found, frame = look.letters, look.frame
        factor = self._factor(view, found.x_height)
        size = max(1, round(frame.width * factor)), max(1, round(frame.height * factor))
        image = prepare.normalise(_draw(self.grey, frame, size, despeckle=found.is_speckled))
        if not found.has_lines:
            image = prepare.whitened(image)
        return Prepared(image, frame, self._resolution(size[1] / frame.height), look.inverted)

    def marks(self, rotation: int) -> npt.NDArray[np.float64]:
        """What looks like letters: rows of x and y of the middle in the upright frame, and the height."""
        look = self._look(rotation)
        found, frame = look.letters, look.frame
        side = rotation % 180
        width, height = turned_size(self.grey.shape[1], self.grey.shape[0], side)
        left, top, wide, tall = found.boxes.T * found.reduction
        middles = np.stack([left + wide / 2, top + tall / 2, np.ones(found.count)])
        upright = upright_matrix(width + 1, height + 1, rotation - side, frame.skew, frame.grown)
        return np.column_stack([(upright @ middles).T, tall])

    def has_writing(self, rotation: int) -> bool:
        """Whether letters stand in lines on the page so turned, or are too few to tell."""
        return self._look(rotation).letters.has_writing

    @property
    def x_height(self) -> float | None:
        """The height of small letters in pixels of the scan, as far as letters were found."""
        return self._look(0).letters.x_height

    def _look(self, rotation: int) -> _Look:
        """The letters, of the page turned so or upside down, and the frame turned by ``rotation``."""
        if (side := rotation % 180) not in self._looks:
            turned = prepare.turn(self.grey, side)
            found = letters.find(turned)
            skew = skew_of(found, self._options)
            height, width = turned.shape
            grown = growth(width, height, skew) if found.leave_when_turned(skew) else (0, 0)
            frame = Frame(width + grown[0], height + grown[1], side, skew, grown)
            self._looks[side] = _Look(found, frame, has_dark_areas(turned, found.x_height))
        look = self._looks[side]
        return replace(look, frame=replace(look.frame, rotation=rotation))

    def _factor(self, view: View, x_height: float | None) -> float:
        height, width = self.grey.shape
        if x_height is None or not view.measured:
            target = self._options.dpi * view.x_height / X_HEIGHT
            return prepare.recognition_factor(width, height, dpi=self._dpi, target=target)
        # Small print stays legible beside a few huge letters.
        least = min(1.0, _LEAST_SIDE / max(width, height))
        return prepare.bounded_factor(width, height, max(view.x_height / x_height, least))

    def _resolution(self, factor: float) -> int:
        if not (math.isfinite(self._dpi) and self._dpi > 0):
            return self._options.dpi
        return round(min(max(self._dpi * factor, _CREDIBLE_DPI[0]), _CREDIBLE_DPI[1]))


def skew_of(found: letters.Letters, options: OcrOptions) -> float:
    """Degrees a page with such letters is turned by; 0.0 where that is not asked for, or too little."""
    return found.skew if options.deskew and abs(found.skew) >= MIN_SKEW else 0.0


def _draw(grey: Grey, frame: Frame, size: tuple[int, int], *, despeckle: bool) -> Grey:
    """Draw ``frame`` in ``size``, in a single interpolation; specks of a pixel or two go first."""
    height, width = grey.shape
    across, down = size[0] / frame.width, size[1] / frame.height
    upright = upright_matrix(width, height, frame.rotation, frame.skew, frame.grown)
    matrix = np.diag([across, down]) @ upright
    matrix[:, 2] += ((across - 1) / 2, (down - 1) / 2)
    if despeckle and down < _DESPECKLED_BELOW:
        grey = np.asarray(cv2.medianBlur(grey, 3), dtype=np.uint8)
    while (down <= 0.5 or max(grey.shape) > prepare.MAX_SIDE) and min(grey.shape) > 1:  # noqa: PLR2004
        grey = halved(grey, pixels=grey.size - 1)
        matrix = np.column_stack([2 * matrix[:, :2], matrix[:, 2] + matrix[:, :2].sum(axis=1) / 2])
        down *= 2
    if down < _AVERAGED_BELOW:
        grey = np.asarray(cv2.blur(grey, (3, 3)), dtype=np.uint8)
    drawn = cv2.warpAffine(
        grey,
        matrix,
        size,
        flags=cv2.INTER_LINEAR if down < 1 else cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=prepare.brightness(grey[::16, ::16]),
    )
    return np.asarray(drawn, dtype=np.uint8)
