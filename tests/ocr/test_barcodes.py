import cv2
import numpy as np
import pytest
import zxingcpp

from ocr.barcodes import read_qr

TEXT = "AW1:7K3F9Q2M:X"
SHAPE = (1754, 1240)  # A4 at 150 dpi


def code(text=TEXT, side=200):
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return cv2.resize(
        np.array(barcode.to_image(add_quiet_zones=False)), (side, side), interpolation=cv2.INTER_AREA
    )


@pytest.fixture
def sheet(draw):
    """A separator sheet with a code of 34 mm and some print."""
    page = draw.page(size=SHAPE[::-1], at=(150, 700)).copy()
    page[200:400, 700:900] = code()
    return page


def test_reads_a_code(sheet):
    assert read_qr(sheet) == (TEXT,)
    assert read_qr(np.dstack([sheet] * 3)) == (TEXT,)


@pytest.mark.parametrize("degrees", [-8, -2, 1.5, 30, 181.5])
def test_however_the_sheet_lies(sheet, draw, degrees):
    assert read_qr(draw.skewed(sheet, degrees)) == (TEXT,)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_sheets(sheet, quarters):
    assert read_qr(np.rot90(sheet, quarters)) == (TEXT,)


def test_grey_noisy_and_shaded_sheets(sheet, draw):
    grey = sheet * 0.35 + 90
    assert read_qr(draw.noisy(draw.skewed(grey.astype(np.uint8), 2), 20)) == (TEXT,)
    assert read_qr(draw.noisy(sheet, 45)) == (TEXT,)
    assert read_qr((sheet * np.linspace(1, 0.3, SHAPE[1])).astype(np.uint8)) == (TEXT,)


def test_bitonal_sheets_with_specks(sheet, draw):
    skewed = draw.noisy(draw.skewed(sheet, -3), 30)
    bitonal = np.where(skewed < 128, 0, 255).astype(np.uint8)
    assert read_qr(bitonal) == (TEXT,)
    specks = np.random.default_rng(2).random(SHAPE) < 0.05
    assert read_qr(np.where(specks, 255 - bitonal, bitonal)) == (TEXT,)


def test_small_codes_at_full_resolution(sheet):
    large = np.full((3508, 2480), 255, np.uint8)
    large[100:220, 100:220] = code(side=120)  # 10 mm
    assert read_qr(large) == (TEXT,)


def test_several_codes_from_top_to_bottom_each_once(sheet):
    sheet[1400:1600, 100:300] = code("below")
    sheet[1400:1600, 700:900] = code("below")
    assert read_qr(sheet) == (TEXT, "below")


def test_other_codes_and_pages_without_any(draw):
    page = draw.page(size=SHAPE[::-1]).copy()
    assert read_qr(draw.noisy(page, 20)) == ()
    bars = np.array(zxingcpp.create_barcode("12345678", zxingcpp.BarcodeFormat.Code128).to_image(scale=3))
    page[800 : 800 + bars.shape[0], 100 : 100 + bars.shape[1]] = bars
    assert read_qr(page) == ()


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (1, 5000), (5000, 2)])
def test_odd_images_hold_no_code(shape):
    assert read_qr(np.zeros(shape, np.uint8)) == ()
