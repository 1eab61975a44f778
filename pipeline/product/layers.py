"""A scanned page taken apart as mixed raster content: ink, its colour, the paper, and pictures on it.

ISO/IEC 16485 (ITU-T T.44) names the model: a mask in full resolution says where ink is; what colour it has
and what the paper looks like changes slowly and needs few pixels. What is neither, such as a photograph or a
coloured stamp, stays a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ocr.records import Box, Grey, Pixels

#: A brightness, or red, green and blue, 0 … 255.
Colour = tuple[int, ...]
#: Axes of an image in colour.
COLOUR = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of the page that is kept as it looks: ``pixels`` in a resolution of their own fill ``box``.

    ``box`` is in pixels of the page.
    """

    box: Box
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Layers:
    """A page of ``width`` × ``height`` pixels; all layers but ``pictures`` cover it whole.

    From below: ``paper`` in low resolution, ``pictures``, and ``ink`` where ``mask`` is 255. ``ink`` is one
    colour, or pixels in low resolution. ``mask`` has the page's resolution, or of a coarse scan twice it.
    All of them are grey if the page is.
    """

    width: int
    height: int
    mask: Grey
    ink: Colour | Pixels
    paper: Pixels
    pictures: tuple[Picture, ...]


def compose(layers: Layers, size: tuple[int, int]) -> Pixels:
    """Draw the page as a viewer would, in ``size`` (width, height) pixels, smoothly."""
    width, height = size
    page = _resized(layers.paper, size)
    for picture in layers.pictures:
        _lay(page, picture, width / layers.width, height / layers.height)
    share = _resized(layers.mask, size)
    if isinstance(layers.ink, tuple):
        planes = [np.full(page.shape[:2], level, np.uint8) for level in layers.ink]
        ink = planes[0] if page.ndim < COLOUR else np.asarray(cv2.merge(planes), np.uint8)
    else:
        ink = _resized(layers.ink, size)
    return _blended(page, ink, share)


def _lay(page: Pixels, picture: Picture, across: float, down: float) -> None:
    box = picture.box
    left, right = round(box.left * across), round((box.left + box.width) * across)
    top, bottom = round(box.top * down), round((box.top + box.height) * down)
    if right > left and bottom > top:
        page[top:bottom, left:right] = _resized(picture.pixels, (right - left, bottom - top))


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if pixels.shape[1] > size[0]:
        return reduced(pixels, size)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _blended(below: Pixels, above: Pixels, share: Grey) -> Pixels:
    """``above`` over ``below`` as far as ``share`` (0 … 255) says."""
    weight = share if below.ndim < COLOUR else cv2.merge([share] * 3)
    ours = cv2.multiply(above, weight, scale=1 / 255)
    theirs = cv2.multiply(below, cv2.bitwise_not(weight), scale=1 / 255)
    return np.asarray(cv2.add(ours, theirs), dtype=np.uint8)


def reduced(page: Pixels, size: tuple[int, int]) -> Pixels:
    """The page in fewer pixels, each the mean of those it stands for; ``size`` is (width, height).

    What is left over at the right and bottom when each stands for a whole square is left out, which is less
    than one pixel: OpenCV takes ten times as long for fractions.
    """
    across, down = page.shape[1] // size[0], page.shape[0] // size[1]
    if across == down and page.shape[1] % size[0] < across and page.shape[0] % size[1] < down:
        page = page[: size[1] * down, : size[0] * across]
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
