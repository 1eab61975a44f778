import cv2
import numpy as np
import pytest

from ocr.blank import is_blank

DPI = 150
SHAPE = (1754, 1240)  # A4


def paper():
    return np.full(SHAPE, 240.0) * np.linspace(1, 0.93, SHAPE[1])


def inked(draw, lines, contrast, *, base=None, mirrored=False, blur=0.0, height=22):
    """Print ``lines`` on a page; 1.0 is black ink."""
    ink = 1 - draw.page(lines, size=SHAPE[::-1], at=(180, 250), height=height) / 255
    ink = ink[:, ::-1] if mirrored else ink
    ink = cv2.GaussianBlur(ink, (0, 0), blur) if blur else ink
    return (paper() if base is None else base) * (1 - contrast * ink)


def with_holes(brightness):
    page = paper()
    for y in (640, 1114):
        cv2.circle(page, (75, y), 18, brightness, -1, cv2.LINE_AA)
    return page


def with_border(page):
    page = page.copy()
    page[:30] = page[:, :40] = page[-20:] = page[:, -45:] = 25
    matrix = cv2.getRotationMatrix2D((620, 877), 1.2, 1)
    return cv2.warpAffine(page, matrix, SHAPE[::-1], borderValue=15)


def with_fold():
    page = paper()
    cv2.line(page, (0, 877), (SHAPE[1], 885), 200, 3, cv2.LINE_AA)
    page[890:] *= 0.94
    return page


def with_dust():
    page, rng = paper(), np.random.default_rng(3)
    for _ in range(60):
        cv2.circle(page, (int(rng.integers(SHAPE[1])), int(rng.integers(SHAPE[0]))), 1, 90, -1)
    return page


def with_curve(contrast, thickness):
    """A note in handwriting, about 3 cm wide."""
    x = np.arange(200)
    y = 300 + 30 * np.sin(x / 12) + 10 * np.sin(x / 4)
    ink = np.zeros(SHAPE)
    cv2.polylines(ink, [np.stack([x + 450, y], 1).astype(np.int32)], False, 1, thickness, cv2.LINE_AA)
    return paper() * (1 - contrast * ink)


def with_stamp():
    page = paper()
    cv2.circle(page, (900, 1450), 125, 150, 4, cv2.LINE_AA)
    return page


BLANK = {
    "paper": lambda draw: paper(),
    "grey paper": lambda draw: paper() * 0.75,
    "show-through": lambda draw: inked(draw, draw.letter * 4, 0.1, mirrored=True, blur=2),
    "dark holes": lambda draw: with_holes(25),
    "white holes": lambda draw: with_holes(255),
    "scanner border": lambda draw: with_border(paper()),
    "fold": lambda draw: with_fold(),
    "dust": lambda draw: with_dust(),
}
WRITTEN = {
    "letter": lambda draw: inked(draw, draw.letter, 0.9),
    "one word": lambda draw: inked(draw, ["Vermerk"], 0.9),
    "initials": lambda draw: inked(draw, ["gez. M."], 0.7, height=16),
    "page number": lambda draw: inked(draw, ["3"], 0.9),
    "faint print": lambda draw: inked(draw, ["Kenntnis genommen"], 0.25),
    "pencil": lambda draw: with_curve(0.2, 2),
    "signature": lambda draw: with_curve(0.6, 3),
    "stamp": lambda draw: with_stamp(),
    "word beside holes": lambda draw: inked(draw, ["Vermerk"], 0.9, base=with_holes(25)),
    "word within border": lambda draw: with_border(inked(draw, ["Vermerk"], 0.9)),
    "word over show-through": lambda draw: inked(
        draw, ["Vermerk"], 0.5, base=inked(draw, draw.letter * 4, 0.1, mirrored=True, blur=2)
    ),
    "a black page": lambda draw: paper() * 0.05,
}


@pytest.mark.parametrize("noise", [2, 5])
@pytest.mark.parametrize("name", BLANK)
def test_blank(draw, name, noise):
    assert is_blank(draw.noisy(BLANK[name](draw), noise), DPI)


@pytest.mark.parametrize("noise", [2, 8])
@pytest.mark.parametrize("name", WRITTEN)
def test_not_blank(draw, name, noise):
    assert not is_blank(draw.noisy(WRITTEN[name](draw), noise), DPI)


def test_bitonal_scans(draw):
    assert is_blank(np.full(SHAPE, 255, np.uint8), DPI)
    assert not is_blank(np.where(inked(draw, ["Vermerk"], 0.9) < 128, 0, 255).astype(np.uint8), DPI)


@pytest.mark.parametrize("shape", [(1, 1), (3, 4000), (60, 60)])
@pytest.mark.parametrize("dpi", [0.0, 72.0, 600.0])
def test_what_is_too_small_to_judge_is_not_blank(shape, dpi):
    assert not is_blank(np.full(shape, 255, np.uint8), dpi)
