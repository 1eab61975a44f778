import math

import numpy as np
import pytest

from bench.product.likeness import psnr, ssim

RNG = np.random.default_rng(1)
PAGE = RNG.integers(0, 256, (60, 80), dtype=np.uint8)
LETTERS = np.where(np.add.outer(np.arange(60) // 6, np.arange(80) // 4) % 2, 255, 30).astype(np.uint8)


def with_noise(sigma: float) -> np.ndarray:
    return np.clip(LETTERS + np.random.default_rng(2).normal(0, sigma, LETTERS.shape), 0, 255).astype(
        np.uint8
    )


def test_an_image_is_wholly_like_itself():
    assert ssim(PAGE, PAGE) == pytest.approx(1.0)
    assert psnr(PAGE, PAGE) == math.inf


def test_likeness_goes_both_ways_and_falls_with_noise():
    slight, strong = with_noise(5), with_noise(40)
    assert ssim(LETTERS, slight) == pytest.approx(ssim(slight, LETTERS))
    assert 1 > ssim(LETTERS, slight) > ssim(LETTERS, strong) > 0
    assert psnr(LETTERS, slight) > psnr(LETTERS, strong)


def test_what_has_nothing_in_common_is_not_alike_and_a_negative_is_opposite():
    assert abs(ssim(PAGE, RNG.integers(0, 256, PAGE.shape, dtype=np.uint8))) < 0.05
    assert ssim(PAGE, 255 - PAGE) < -0.8


def test_of_even_grey_only_brightness_counts_as_the_paper_says():
    dark, light = np.full((20, 20), 100, np.uint8), np.full((20, 20), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))
    assert psnr(dark, light) == pytest.approx(10 * math.log10(255**2 / 50**2))


def test_colours_weigh_the_same():
    changed = np.stack([LETTERS, LETTERS, with_noise(40)], axis=-1)
    whole = np.stack([LETTERS] * 3, axis=-1)
    assert ssim(whole, changed) == pytest.approx((2 + ssim(LETTERS, with_noise(40))) / 3)


def test_images_of_other_shape_are_refused():
    for compare in (ssim, psnr):
        with pytest.raises(ValueError, match="cannot compare"):
            compare(PAGE, PAGE[:-1])
