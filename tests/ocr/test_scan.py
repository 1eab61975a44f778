import numpy as np
import pytest

from ocr import letters, prepare
from ocr.geometry import Frame, upright_matrix
from ocr.options import OcrOptions
from ocr.records import Box
from ocr.scan import Prepared, Scan, View

FINE = View(x_height=20.0)


def scan(pixels, dpi=200.0, **options):
    return Scan(pixels, dpi, OcrOptions(**options))


def ink_of(image):
    """The box around all dark pixels of an image: left, top, right, bottom."""
    y, x = np.nonzero(image < 128)
    return x.min(), y.min(), x.max() + 1, y.max() + 1


@pytest.mark.parametrize(("size", "dpi"), [(32, 200.0), (70, 400.0), (70, 72.0), (16, 100.0)])
def test_a_page_is_drawn_so_that_its_letters_have_one_size_whatever_resolution_it_tells(draw, size, dpi):
    page = draw.page(height=size, size=(size * 28, size * 44), at=(size, size))
    assert letters.find(scan(page, dpi).prepared().image).x_height == pytest.approx(16, abs=2)
    assert letters.find(scan(page, dpi).prepared(FINE).image).x_height == pytest.approx(20, abs=2)


def test_never_more_is_drawn_than_the_scan_holds(draw):
    page = draw.page(height=8, size=(280, 200), at=(10, 10))
    assert scan(page, 72).prepared(View(x_height=60)).image.shape == (500, 700)


def test_without_text_the_resolution_told_decides(draw):
    image = scan(draw.page(["Vermerk"], size=(900, 600)), dpi=300).prepared().image
    assert image.shape == (400, 600)


@pytest.mark.parametrize("view", [View(), FINE])
@pytest.mark.parametrize("size", [22, 70])
def test_boxes_come_back_exactly_from_an_image_scaled(draw, view, size):
    page = draw.page(height=size, size=(size * 28, size * 22), at=(size * 3, size * 2))
    prepared = scan(page).prepared(view)
    left, top, right, bottom = (int(edge) for edge in ink_of(prepared.image))
    box = prepared.restored(Box(left, top, right - left, bottom - top))
    found = box.left, box.top, box.left + box.width, box.top + box.height
    assert found == pytest.approx(ink_of(page), abs=3 * size / 30)


def test_boxes_stay_within_the_page():
    prepared = Prepared(np.zeros((20, 10), np.uint8), Frame(40, 60), 200)
    assert prepared.restored(Box(0, 0, 10, 20)) == Box(0, 0, 40, 60)
    assert prepared.restored(Box(-3, 19, 99, 99)) == Box(0, 57, 40, 3)
    assert prepared.restored(Box(10, 20, 0, 0)) == Box(39, 59, 1, 1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_askew_is_drawn_upright_and_straight(draw, rotation):
    straight = draw.page()
    lying = np.ascontiguousarray(np.rot90(draw.skewed(straight, 1.7), rotation // 90))
    prepared = scan(lying).prepared(rotation=rotation)
    assert prepared.frame.skew == pytest.approx(1.7, abs=0.1)
    assert (prepared.frame.width, prepared.frame.height) == (900, 700)
    left, top, right, bottom = (int(edge) for edge in ink_of(prepared.image))
    box = prepared.restored(Box(left, top, right - left, bottom - top))
    assert (box.left, box.top, box.left + box.width, box.top + box.height) == pytest.approx(
        ink_of(straight), abs=4
    )


def test_the_frame_keeps_the_size_of_the_paper_if_nothing_is_lost(draw):
    frame = scan(draw.skewed(draw.page(), 6)).prepared().frame
    assert (frame.width, frame.height, frame.grown) == (900, 700, (0, 0))


@pytest.mark.parametrize("degrees", [6, -9])
@pytest.mark.parametrize("rotation", [0, 270])
def test_the_frame_grows_so_that_writing_in_a_corner_stays(draw, degrees, rotation):
    """A sheet fed so askew that its corner lies at the scan's edge, with a number in that corner."""
    page = draw.skewed(draw.page(), degrees).copy()
    corner = 16 if degrees > 0 else 900 - 36
    page[10:34, corner : corner + 20] = 0
    lying = np.ascontiguousarray(np.rot90(page, rotation // 90))
    prepared = scan(lying).prepared(rotation=rotation)
    frame = prepared.frame
    assert frame.grown[0] > 50
    assert (frame.width, frame.height) == (900 + frame.grown[0], 700 + frame.grown[1])
    matrix = upright_matrix(901, 701, 0, frame.skew, frame.grown)
    x, y = matrix @ (corner + 10, 22, 1) / (frame.width, frame.height) * prepared.image.shape[::-1]
    assert prepared.image[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4].max() < 60


def test_dust_and_a_dark_border_do_not_make_the_frame_grow(draw):
    page = draw.skewed(draw.page(), 6).copy()
    page[:12] = page[:, -9:] = 10
    page[20:23, 20:23] = 0
    assert scan(page).prepared().frame.grown == (0, 0)


def test_deskewing_can_be_left_out(draw):
    assert scan(draw.skewed(draw.page(), 1.7), deskew=False).prepared().frame.skew == 0.0


def test_specks_smaller_than_strokes_are_gone_from_a_fine_scan(draw):
    clean = draw.page(height=45, size=(1300, 1900), at=(100, 100))
    page = clean.copy()
    rng = np.random.default_rng(1)
    page[rng.integers(0, 1900, 9000), rng.integers(0, 1300, 9000)] = 0
    drawn, expected = (scan(one).prepared().image for one in (page, clean))
    assert np.count_nonzero(np.abs(drawn.astype(int) - expected) > 40) < 0.0005 * drawn.size


def test_the_engine_is_told_whether_white_may_be_written_on_black(draw):
    page = draw.page(draw.letter * 2, size=(900, 1100)).copy()
    assert not scan(page).prepared().inverted
    page[900:970, 60:800] = 0
    assert scan(page).prepared().inverted


class TestGrain:
    @pytest.mark.parametrize("deviation", [0, 5, 20])
    def test_it_is_told_from_the_paper_whatever_is_written(self, draw, deviation):
        page = draw.noisy(225 - 0.8 * (255 - draw.page()), deviation)
        assert prepare.grain_of(page) == pytest.approx(deviation, abs=1.0)

    @pytest.mark.parametrize(
        ("deviation", "dpi", "smoothed"), [(20, 300.0, True), (5, 300.0, False), (20, 96.0, False)]
    )
    def test_only_strong_grain_of_fine_scans_is_smoothed(self, draw, deviation, dpi, smoothed):
        page = draw.noisy(np.full((900, 700), 200.0), deviation)
        scan = Scan(page, dpi, OcrOptions())
        assert bool(scan.grey.std() < page.std() / 4) is smoothed

    def test_letters_drowned_in_grain_are_found(self, draw):
        faint = 225 - 0.15 * (255 - draw.page(height=46, size=(1300, 900)))
        found, known = (Scan(draw.noisy(faint, grain), 300.0, OcrOptions()).x_height for grain in (18, 0))
        assert found == pytest.approx(known, rel=0.2)

    def test_a_page_of_hardly_any_text_is_white_but_for_the_text(self, draw):
        faint = 225 - 0.2 * (255 - draw.page(["Vermerk"]))
        image = Scan(draw.noisy(faint, 4), 200.0, OcrOptions()).prepared().image
        assert np.mean(image == 255) > 0.98
        assert np.count_nonzero(image < 220) > 300
