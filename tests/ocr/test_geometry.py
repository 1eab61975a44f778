import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.geometry import growth, turned_size, upright_matrix

ROTATIONS = (0, 90, 180, 270)
sides = st.integers(1, 5000)


def at(matrix, x, y):
    return matrix @ (x, y, 1)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_agrees_with_rot90_pixel_by_pixel(rotation):
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    matrix = upright_matrix(7, 5, rotation, 0.0)
    warped = cv2.warpAffine(image, matrix, turned_size(7, 5, rotation), flags=cv2.INTER_NEAREST)
    assert np.array_equal(warped, np.rot90(image, -rotation // 90))


@pytest.mark.parametrize("skew", [-9.0, -1.7, 0.4, 10.0])
def test_skew_is_a_counter_clockwise_turn_about_the_centre_as_in_opencv(skew):
    expected = cv2.getRotationMatrix2D((149.5, 99.5), skew, 1)
    assert np.allclose(upright_matrix(300, 200, 0, skew), expected)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_turning_comes_first_then_skew(rotation):
    width, height = 300, 200
    wide, tall = turned_size(width, height, rotation)
    both = upright_matrix(width, height, rotation, 3.0)
    x, y = at(upright_matrix(width, height, rotation, 0.0), 12.25, 34.5)
    assert np.allclose(at(both, 12.25, 34.5), at(upright_matrix(wide, tall, 0, 3.0), x, y))


@given(sides, sides, st.sampled_from(ROTATIONS), st.floats(-10, 10))
def test_the_centre_stays_the_centre_and_lengths_stay(width, height, rotation, skew):
    matrix = upright_matrix(width, height, rotation, skew)
    wide, tall = turned_size(width, height, rotation)
    assert np.allclose(at(matrix, (width - 1) / 2, (height - 1) / 2), ((wide - 1) / 2, (tall - 1) / 2))
    assert np.allclose(matrix[:, :2] @ matrix[:, :2].T, np.eye(2))


@given(sides, sides, st.sampled_from(ROTATIONS))
def test_edges_are_mapped_by_one_more_pixel(width, height, rotation):
    matrix = upright_matrix(width + 1, height + 1, rotation, 0.0)
    wide, tall = turned_size(width, height, rotation)
    corners = {tuple(np.round(at(matrix, x, y)).astype(int)) for x in (0, width) for y in (0, height)}
    assert corners == {(x, y) for x in (0, wide) for y in (0, tall)}


def test_other_angles_are_refused():
    with pytest.raises(ValueError, match="45"):
        upright_matrix(10, 10, 45, 0.0)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("skew", [-9.5, -0.3, 6.0])
def test_a_grown_frame_shows_every_corner_and_is_no_larger_than_that(rotation, skew):
    width, height = 300, 200
    wide, tall = turned_size(width, height, rotation)
    grown = growth(wide, tall, skew)
    matrix = upright_matrix(width + 1, height + 1, rotation, skew, grown)
    x, y = np.transpose(
        [at(matrix, *corner) for corner in [(0, 0), (width, 0), (0, height), (width, height)]]
    )
    assert 0 <= x.min() <= 0.5
    assert 0 <= y.min() <= 0.5
    assert 0 <= wide + grown[0] - x.max() <= 0.5
    assert 0 <= tall + grown[1] - y.max() <= 0.5
