"""The printed sheets are read by machine and by people, however badly they were scanned."""

import cv2
import numpy as np
import pikepdf
import pytest
import zxingcpp
from pdf2image import convert_from_path
from pdf2image.pdf2image import pdfinfo_from_path

from config.document_types import load_document_types
from pipeline.sheets.codes import CoverCode, SeparatorCode, parse_code
from pipeline.sheets.drawing import CoverSheet, cover_sheets, separator_sheets

SHEET = CoverSheet("7K3M9QXR2D4F", "33.2-2019/004711", 2, 143, "Stadt Musterstadt · Ausländerbehörde")
KINDS = [(kind.key, kind.label_de, kind.label_en) for kind in load_document_types()]
LONGEST = max(KINDS, key=lambda kind: len(kind[0]))
#: Where a code stands on the A4 sheet, in millimetres: left, top, right, bottom.
TOP_RIGHT, BOTTOM_LEFT = (132, 20, 190, 78), (20, 219, 78, 277)


def read(image):
    """Every sheet code on a grey image."""
    codes = zxingcpp.read_barcodes(np.ascontiguousarray(image), formats=zxingcpp.BarcodeFormat.QRCode)
    return [parse_code(code.text) for code in codes]


def turn(image, degrees):
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)


def noisy(image, spread=35):
    noise = np.random.default_rng(7).normal(0, spread, image.shape)
    return np.clip(image * 0.8 + 25 + noise, 0, 255).astype(np.uint8)


def faint(image):
    return (image * 0.22 + 150).astype(np.uint8)


def bitonal(image):
    return ((noisy(image) > 128) * 255).astype(np.uint8)


def blurred(image):
    return cv2.GaussianBlur(image, (0, 0), 4)


def patch(image, millimetres):
    left, top, right, bottom = (round(value * image.shape[1] / 210) for value in millimetres)
    return slice(top, bottom), slice(left, right)


def coffee(image, millimetres):
    """A dark stain with a darker rim all over one code."""
    stained = image.copy()
    rows, columns = patch(image, millimetres)
    centre = ((columns.start + columns.stop) // 2, (rows.start + rows.stop) // 2)
    radius = (columns.stop - columns.start) * 4 // 10
    cv2.circle(stained, centre, radius, 60, -1)
    cv2.circle(stained, centre, radius, 20, radius // 8)
    return stained


DAMAGES = {
    "as printed": lambda image: image,
    "skewed 3": lambda image: turn(image, 3),
    "skewed -3": lambda image: turn(image, -3),
    "skewed 8": lambda image: turn(image, 8),
    "skewed -8": lambda image: turn(image, -8),
    "upside down": lambda image: np.rot90(image, 2),
    "on its side": np.rot90,
    "on its other side": lambda image: np.rot90(image, 3),
    "noisy": noisy,
    "bitonal": bitonal,
    "faint": faint,
    "blurred": blurred,
    "skewed, noisy and upside down": lambda image: np.rot90(noisy(turn(image, 3)), 2),
    "skewed and faint": lambda image: faint(turn(image, -8)),
    "coffee on the upper code": lambda image: coffee(image, TOP_RIGHT),
    "coffee on the lower code": lambda image: coffee(image, BOTTOM_LEFT),
    "coffee, skewed and noisy": lambda image: noisy(turn(coffee(image, TOP_RIGHT), -3)),
}


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheets")
    cover_sheets([SHEET], folder / "cover.pdf")
    separator_sheets([LONGEST], folder / "separator.pdf")
    return folder


@pytest.fixture(scope="module")
def scans(pdfs):
    """Grey images of both kinds of sheet, by kind and resolution."""
    return {
        (kind, dpi): np.asarray(convert_from_path(pdfs / f"{kind}.pdf", dpi=dpi, grayscale=True)[0])
        for kind in ("cover", "separator")
        for dpi in (200, 300)
    }


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("kind", "code"), [("cover", CoverCode(SHEET.sheet_id)), ("separator", SeparatorCode(LONGEST[0]))]
)
def test_the_code_is_read(scans, kind, code, damage, dpi):
    assert set(read(DAMAGES[damage](scans[kind, dpi]))) == {code}


@pytest.mark.parametrize("kind", ["cover", "separator"])
def test_each_code_alone_is_enough_and_both_say_the_same(scans, kind):
    scan = scans[kind, 200]
    both = read(scan)
    assert len(both) == 2
    for corner in (TOP_RIGHT, BOTTOM_LEFT):
        covered = scan.copy()
        covered[patch(scan, corner)] = 255
        assert read(covered) == both[:1]


def test_every_separator_sheet_is_read(tmp_path):
    target = tmp_path / "all.pdf"
    assert separator_sheets(KINDS, target) == len(KINDS)
    pages = convert_from_path(target, dpi=100, grayscale=True)
    assert [set(read(np.asarray(page))) for page in pages] == [{SeparatorCode(key)} for key, _, _ in KINDS]


def text_of(path, page):
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return document[page].get_textpage().get_text_bounded()
    finally:
        document.close()


def test_people_read_what_the_sheet_is_for(pdfs):
    cover = text_of(pdfs / "cover.pdf", 0)
    for words in (
        "33.2-2019/004711",
        "143",
        "7K3M-9QXR-2D4F-8",
        "Ausländerbehörde",
        "Zuoberst auf den Band",
        "Place on top",
    ):
        assert words in cover
    separator = text_of(pdfs / "separator.pdf", 0)
    assert "Antrag auf" in separator
    assert "Application for a residence permit" in separator


def test_unknown_numbers_of_pages_are_boxes_to_fill_in(tmp_path):
    blank = CoverSheet(SHEET.sheet_id, SHEET.file_number, 2, None, SHEET.authority)
    cover_sheets([blank], tmp_path / "blank.pdf")
    assert "143" not in text_of(tmp_path / "blank.pdf", 0)
    assert "None" not in text_of(tmp_path / "blank.pdf", 0)


@pytest.mark.parametrize(
    "file_number", ["1", "33.2-2019/004711", "32.41-2-Ä-2019/0047110815-Nebenakte III", "W" * 60, ""]
)
def test_any_file_number_stays_within_the_margins(tmp_path, file_number):
    target = tmp_path / "cover.pdf"
    cover_sheets([CoverSheet(SHEET.sheet_id, file_number, 12, 1200, "Amt " * 30)], target)
    page = np.asarray(convert_from_path(target, dpi=50, grayscale=True)[0])
    margin = round(19 / 25.4 * 50)
    assert page[:, :margin].min() == 255
    assert page[:, -margin:].min() == 255


def test_sheets_are_a4_with_embedded_type_and_the_same_bytes_each_time(tmp_path):
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    assert cover_sheets([SHEET, SHEET], first) == cover_sheets([SHEET, SHEET], second) == 2
    assert first.read_bytes() == second.read_bytes()
    assert pdfinfo_from_path(first)["Page size"].startswith("595.276 x 841.89")
    with pikepdf.open(first) as pdf:
        fonts = pdf.pages[0].Resources.Font
        assert all(
            "/FontFile2" in font.FontDescriptor for font in fonts.values() if "/FontDescriptor" in font
        )


def test_a_cover_adds_little_to_the_file(tmp_path):
    """An inventory of 90,000 volumes is printed in a few files, not in gigabytes."""
    sizes = []
    for count in (1, 21):
        cover_sheets([SHEET] * count, tmp_path / "many.pdf")
        sizes.append((tmp_path / "many.pdf").stat().st_size)
    assert (sizes[1] - sizes[0]) / 20 < 6000


def test_without_sheets_nothing_is_written(tmp_path):
    assert cover_sheets([], tmp_path / "none.pdf") == 0
    assert not (tmp_path / "none.pdf").exists()
