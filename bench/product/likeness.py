"""How like two images of one page are: structural similarity, and the noise between them."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_Plane = NDArray[np.float64]

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(first: Pixels, second: Pixels) -> float:
    """Mean structural similarity of two images of one shape, (height, width) or (height, width, channels).

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error visibility to structural similarity,
    IEEE Transactions on Image Processing 13 (2004), with its constants: a Gaussian window of 11 pixels and
    σ = 1.5, K₁ = 0.01, K₂ = 0.03; only where the whole window lies in the image. Channels weigh the same.
    1.0 is the same image. Raises ``ValueError`` for images of different shape, or smaller than the window.
    """
    if first.shape != second.shape or min(first.shape[:2]) < _WINDOW:
        raise ValueError(f"cannot compare images of {first.shape} and {second.shape}")
    if first.ndim == 2:  # noqa: PLR2004 - grey
        return _plane_ssim(first.astype(np.float64), second.astype(np.float64))
    planes = [
        _plane_ssim(first[..., channel].astype(np.float64), second[..., channel].astype(np.float64))
        for channel in range(first.shape[2])
    ]
    return sum(planes) / len(planes)


def _plane_ssim(x: _Plane, y: _Plane) -> float:
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    variance_x = _local_mean(x * x) - mean_x * mean_x
    variance_y = _local_mean(y * y) - mean_y * mean_y
    covariance = _local_mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
    return float(np.mean(luminance * structure))


def _local_mean(plane: _Plane) -> _Plane:
    edge = _WINDOW // 2
    blurred = cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA)
    return np.asarray(blurred[edge:-edge, edge:-edge], dtype=np.float64)


def psnr(first: Pixels, second: Pixels) -> float:
    """Peak signal to noise ratio in decibels; infinite for the same image.

    Raises ``ValueError`` for images of different shape.
    """
    if first.shape != second.shape:
        raise ValueError(f"cannot compare images of {first.shape} and {second.shape}")
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return 10 * math.log10(255**2 / error) if error else math.inf
