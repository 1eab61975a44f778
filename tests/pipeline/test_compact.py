"""The compact profile: ink, its colour, paper and pictures apart; small, upright, nothing legible lost."""

import io
import subprocess

import cv2
import numpy as np
import pypdfium2
import pytest
from pikepdf import Dictionary, Name, Pdf, PdfImage
from PIL import Image, ImageDraw, ImageFont

from ocr.geometry import growth
from ocr.records import Box, Recognition
from pipeline.product.binding import ProductPage, assemble
from pipeline.product.keeping import Keeping, Profile
from pipeline.product.layers import Layers, Picture, compose
from pipeline.product.legibility import TOLERATED_MM2, misdrawn
from pipeline.product.separation import separate
from pipeline.scans.source import MediaType, Origin
from tests.specimens import fonts

DPI = 300
SIZE = (1240, 877)  # half of A4, across
MM = (105.0, 74.25)
PAPER, INK, BLUE, RED = (250, 246, 235), (35, 33, 32), (40, 60, 170), (190, 40, 45)


def letter(size=SIZE, ink=INK, paper=PAPER, lines=12, points=9) -> Image.Image:
    """A page of print, a little blurred and noisy as a scanner has it; RGB."""
    page = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(page)
    face = ImageFont.truetype(str(fonts.path_of("serif")), round(points * DPI / 72))
    words = [
        "Die",
        "Aufenthaltserlaubnis",
        "wird",
        "nach",
        "§",
        "18a",
        "bis",
        "zum",
        "30.",
        "Juni",
        "verlängert.",
    ]
    for line in range(lines):
        text = " ".join(words[line % 5 :] + words[: line % 5])
        draw.text((90 + 3 * line, 60 + line * 62), text, ink, face)
    return page


def scanned(page: Image.Image, noise=4.0) -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, noise, (page.height, page.width, 1))
    soft = cv2.GaussianBlur(np.asarray(page), (0, 0), 0.8).astype(float)
    return np.clip(soft + grain, 0, 255).astype(np.uint8)


def stamped() -> Image.Image:
    page = letter()
    ImageDraw.Draw(page).ellipse((700, 300, 1000, 600), outline=BLUE, width=9)
    return page


def with_photo() -> Image.Image:
    page = letter(lines=6)
    shades = cv2.resize(np.random.default_rng(2).integers(20, 235, (9, 12, 3), np.uint8), (480, 360))
    page.paste(Image.fromarray(shades), (600, 470))
    return page


def drawn(layers: Layers) -> np.ndarray:
    return compose(layers, (layers.width, layers.height))


def region(pixels, left, top, right, bottom):
    return pixels[top:bottom, left:right].reshape(-1, *pixels.shape[2:]).astype(float)


class TestSeparation:
    def test_print_is_one_ink_on_plain_paper(self):
        layers = separate(scanned(letter()), DPI)
        assert isinstance(layers.ink, tuple)
        assert np.abs(np.subtract(layers.ink, INK)).max() < 45
        assert layers.pictures == ()
        assert max(layers.paper.shape[:2]) <= SIZE[0] * 50 / DPI + 1
        assert np.abs(layers.paper.reshape(-1, 3).mean(axis=0) - PAPER).max() < 4
        assert layers.paper.reshape(-1, 3).std(axis=0).max() < 3, "no letter shines through the paper"

    def test_the_mask_is_the_ink_in_full_resolution(self):
        ink = np.asarray(letter().convert("L")) < 140
        mask = separate(scanned(letter()), DPI).mask > 0
        assert mask.shape == ink.shape
        assert np.count_nonzero(mask != ink) < 0.25 * np.count_nonzero(ink), (
            "edges move by a fraction of a pixel"
        )

    def test_pale_ink_stays_pale_and_whole(self):
        page = scanned(letter(ink=(175, 172, 165)), noise=2.0)
        layers = separate(page, DPI)
        assert isinstance(layers.ink, tuple)
        assert np.abs(np.subtract(layers.ink, (175, 172, 165))).max() < 20
        assert misdrawn(page, layers, DPI) == 0

    def test_pencil_too_pale_for_ink_is_kept_with_the_paper(self):
        page = letter(lines=6)
        face = ImageFont.truetype(str(fonts.path_of("sans")), 38)
        ImageDraw.Draw(page).text((90, 600), "ganz blass, mit Bleistift", (222, 219, 210), face)
        picture = drawn(separate(scanned(page), DPI))
        written = np.asarray(page).astype(float)[595:650, 80:560].mean(axis=2)
        shown = picture.astype(float)[595:650, 80:560].mean(axis=2)
        assert np.corrcoef(written.ravel(), shown.ravel())[0, 1] > 0.7

    def test_a_thin_line_has_its_own_colour_beside_black_print(self):
        page = letter()
        ImageDraw.Draw(page).line((60, 860, 1180, 860), fill=(130, 130, 130), width=3)
        line = region(drawn(separate(scanned(page), DPI)), 60, 859, 1180, 862).mean(axis=1)
        assert np.percentile(line, 5) > 70

    def test_writing_in_another_colour_keeps_it(self):
        page = letter(lines=6)
        ImageDraw.Draw(page).text(
            (90, 560), "Müller", RED, ImageFont.truetype(str(fonts.path_of("sans")), 80)
        )
        picture = drawn(separate(scanned(page), DPI))
        reddest = region(picture, 80, 550, 500, 680).T
        assert (reddest[0] - reddest[1]).max() > 100

    def test_a_stamp_is_a_picture_and_the_print_under_it_is_ink(self):
        page = scanned(stamped())
        layers = separate(page, DPI)
        (stamp,) = layers.pictures
        assert stamp.box.left <= 700
        assert stamp.box.left + stamp.box.width >= 1000
        under = layers.mask[420:480, 760:940]
        assert under.any(), "letters inside the stamp are still in the mask"
        ring = region(drawn(layers), 845, 299, 855, 310)
        assert np.abs(ring.mean(axis=0) - region(page, 845, 299, 855, 310).mean(axis=0)).max() < 25

    def test_a_photograph_stays_one_in_higher_resolution(self):
        page = scanned(with_photo())
        layers = separate(page, DPI)
        (photo,) = layers.pictures
        assert (photo.box.left, photo.box.top) <= (600, 470)
        assert photo.pixels.shape[1] == pytest.approx(photo.box.width * 200 / DPI, abs=1)
        assert not layers.mask[490:810, 620:1060].any()
        off = region(drawn(layers), 600, 470, 1080, 830) - region(page, 600, 470, 1080, 830)
        assert np.abs(off).mean() < 8

    def test_a_page_written_in_blue_has_no_pictures(self):
        layers = separate(scanned(letter(ink=BLUE)), DPI)
        assert layers.pictures == ()
        assert isinstance(layers.ink, tuple)
        assert layers.ink[2] > layers.ink[0] + 60

    def test_grey_stays_grey(self):
        layers = separate(scanned(letter()).mean(axis=2).astype(np.uint8), DPI)
        assert layers.paper.ndim == 2
        assert isinstance(layers.ink, tuple)
        assert len(layers.ink) == 1

    def test_a_coarse_scan_gets_a_finer_mask(self):
        page = cv2.resize(scanned(letter()), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        layers = separate(page, DPI / 2)
        assert layers.mask.shape == (page.shape[0] * 2, page.shape[1] * 2)

    @pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (7, 5), (60, 60)])
    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_no_page_is_too_odd(self, size, level):
        page = np.full((*size, 3), level, np.uint8)
        assert np.abs(drawn(separate(page, DPI)).astype(int) - level).max() <= 2


class TestLegibility:
    def test_a_faithful_drawing_has_nothing_wrong(self):
        for page in (scanned(letter()), scanned(stamped()), scanned(with_photo())):
            assert misdrawn(page, separate(page, DPI), DPI) < TOLERATED_MM2 / 4

    def test_lost_ink_is_measured(self):
        page = scanned(letter())
        layers = separate(page, DPI)
        inked = np.count_nonzero(layers.mask[120:190]) * (25.4 / DPI) ** 2
        layers.mask[120:190] = 0
        assert inked < misdrawn(page, layers, DPI) < 2.5 * inked, "blurred edges count, too"
        assert inked > TOLERATED_MM2

    def test_ink_where_there_is_none_is_measured(self):
        page = scanned(letter(lines=6))
        layers = separate(page, DPI)
        layers.mask[700:730, 300:420] = 255
        assert misdrawn(page, layers, DPI) == pytest.approx(120 * 30 * (25.4 / DPI) ** 2, rel=0.3)


def bound(tmp_path, page: np.ndarray, suffix="png", profile=Profile.COMPACT, **turned):
    """Bind one scanned page; returns the product's path and what is recorded of the page."""
    source = tmp_path / f"scan.{suffix}"
    Image.fromarray(page).save(source, dpi=(DPI, DPI), **({"quality": 95} if suffix == "jpg" else {}))
    kind = {"png": MediaType.PNG, "jpg": MediaType.JPEG, "tif": MediaType.TIFF}[suffix]
    return bind(tmp_path, source, kind, page, profile, **turned)


def bind(tmp_path, source, kind, page, profile=Profile.COMPACT, *, rotation=0, skew=0.0):
    height, width = page.shape[:2]
    if rotation in (90, 270):
        width, height = height, width
    grown = growth(width, height, skew) if skew else (0, 0)
    found = Recognition(
        (), width + grown[0], height + grown[1], rotation, skew, 0.0, "deu", "none", grown=grown
    )
    mm = (page.shape[1] / DPI * 25.4, page.shape[0] / DPI * 25.4)
    target = tmp_path / "product.pdf"
    facts = assemble(
        [ProductPage(source, kind, 1, Origin.IMAGE, found, *mm)], target, title="Akte", profile=profile
    )
    subprocess.run(["qpdf", "--check", str(target)], check=True, capture_output=True)
    return target, facts.kept[0]


def bits_in_group_4(path) -> np.ndarray:
    """The one image of a product's page, which must be in Group 4."""
    with Pdf.open(path) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert image.Filter == Name.CCITTFaxDecode
        return np.asarray(PdfImage(image).as_pil_image().convert("1"))


def seen_by_pdfium(path, dpi=DPI) -> np.ndarray:
    with pypdfium2.PdfDocument(path) as pdf:
        return np.asarray(pdf[0].render(scale=dpi / 72).to_pil().convert("RGB"))


def seen_by_poppler(path, dpi=DPI) -> np.ndarray:
    run = subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-singlefile", str(path)], capture_output=True, check=True
    )
    return np.asarray(Image.open(io.BytesIO(run.stdout)).convert("RGB"))


class TestProduct:
    @pytest.mark.parametrize("look", [seen_by_pdfium, seen_by_poppler])
    def test_readers_show_the_page_as_it_was(self, tmp_path, look):
        page = scanned(stamped())
        path, kept = bound(tmp_path, page)
        assert kept.way is Keeping.MIXED
        shown = cv2.resize(look(path), SIZE, interpolation=cv2.INTER_AREA)
        soft = [cv2.GaussianBlur(one, (0, 0), 3).astype(int) for one in (shown, page)]
        assert np.abs(soft[0] - soft[1]).mean() < 3
        assert np.abs(soft[0] - soft[1]).max() < 70

    def test_it_is_a_tenth_of_the_scan(self, tmp_path):
        path, kept = bound(tmp_path, scanned(letter()), "jpg")
        assert kept.size is not None
        assert kept.size < (tmp_path / "scan.jpg").stat().st_size / 10
        assert path.stat().st_size < kept.size + 6000

    def test_masks_are_stencils_in_group_4(self, tmp_path):
        path, _ = bound(tmp_path, scanned(stamped()))
        data = path.read_bytes()
        assert b"/SMask" not in data
        assert b"JBIG2" not in data
        with Pdf.open(path) as pdf:
            (form,) = pdf.pages[0].Resources.XObject.values()
            masks = [one for one in form.Resources.XObject.values() if one.get("/ImageMask")]
            assert [str(one.Filter[-1]) for one in masks] == ["/CCITTFaxDecode"]
            assert (masks[0].Width, masks[0].Height) == SIZE

    @pytest.mark.parametrize(("rotation", "skew"), [(0, 1.5), (90, 0.0), (180, 0.0), (270, -2.0)])
    def test_a_page_stands_upright_in_its_pixels(self, tmp_path, rotation, skew):
        """A viewer need not turn the mask: whatever does comes out ragged."""
        straight = scanned(letter())
        turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), -skew, 1.0)
        askew = cv2.warpAffine(straight, turn, SIZE, borderValue=PAPER)
        page = np.ascontiguousarray(np.rot90(askew, rotation // 90))
        path, kept = bound(tmp_path, page, rotation=rotation, skew=skew)
        assert kept.way is Keeping.MIXED
        shown = seen_by_pdfium(path)
        top, left = (shown.shape[0] - SIZE[1]) // 2, (shown.shape[1] - SIZE[0]) // 2
        middle = shown[top + 40 : top + SIZE[1] - 40, left + 40 : left + SIZE[0] - 40]
        wanted = straight[40:-40, 40:-40][: middle.shape[0], : middle.shape[1]]
        soft = [cv2.GaussianBlur(one, (0, 0), 4).astype(int) for one in (middle, wanted)]
        assert np.abs(soft[0] - soft[1]).mean() < 5

    def test_ink_the_mask_would_lose_keeps_the_delivered_jpeg(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pipeline.product.compact.TOLERATED_MM2", -1.0)
        path, kept = bound(tmp_path, scanned(letter()), "jpg")
        assert (kept.way, kept.because) == (Keeping.ORIGINAL, "illegible")
        assert kept.misdrawn is not None
        assert (tmp_path / "scan.jpg").read_bytes() in path.read_bytes()

    def test_ink_the_mask_would_lose_makes_a_jpeg_of_a_tiff(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pipeline.product.compact.TOLERATED_MM2", -1.0)
        path, kept = bound(tmp_path, scanned(letter()), "tif")
        assert (kept.way, kept.because) == (Keeping.JPEG, "illegible")
        assert path.stat().st_size < (tmp_path / "scan.tif").stat().st_size / 3

    def test_an_image_that_is_smaller_stays(self, tmp_path):
        flat = np.full((40, 40, 3), 200, np.uint8)
        _, kept = bound(tmp_path, flat)
        assert (kept.way, kept.because) == (Keeping.ORIGINAL, "larger")

    def test_a_greyscale_scan_has_no_colours(self, tmp_path):
        path, kept = bound(tmp_path, scanned(letter()).mean(axis=2).astype(np.uint8))
        assert kept.way is Keeping.MIXED
        with Pdf.open(path) as pdf:
            (form,) = pdf.pages[0].Resources.XObject.values()
            assert {str(one.get("/ColorSpace")) for one in form.Resources.XObject.values()} == {
                "/DeviceGray",
                "None",  # of the stencil
            }
            assert b" g\n" in form.read_bytes().replace(b" g ", b" g\n")

    def test_a_black_and_white_scan_stays_so_without_loss(self, tmp_path):
        bits = scanned(letter()).mean(axis=2) > 140
        path, kept = bound(tmp_path, bits, "tif")
        assert kept.way is Keeping.BITONAL
        assert np.array_equal(bits_in_group_4(path), bits)

    def test_a_palette_of_black_and_white_has_no_other_tones(self, tmp_path):
        bits = scanned(letter()).mean(axis=2) > 140
        source = tmp_path / "scan.png"
        indexed = Image.fromarray(bits.astype(np.uint8), "P")
        indexed.putpalette([0, 0, 0, 255, 255, 255])
        indexed.save(source, dpi=(DPI, DPI), bits=1)
        path, kept = bind(tmp_path, source, MediaType.PNG, bits)
        assert kept.way is Keeping.BITONAL
        assert np.array_equal(bits_in_group_4(path), bits)

    def test_deflated_bits_of_a_pdf_become_group_4(self, tmp_path):
        bits = scanned(letter()).mean(axis=2) > 140
        source = tmp_path / "bits.pdf"
        with Pdf.new() as pdf:
            across, down = (side / DPI * 72 for side in SIZE)
            pdf.add_blank_page(page_size=(across, down))
            keys = {"Width": SIZE[0], "Height": SIZE[1], "BitsPerComponent": 1, "ColorSpace": Name.DeviceGray}
            image = pdf.make_stream(np.packbits(bits, axis=1).tobytes(), Subtype=Name.Image, **keys)
            pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Im=image))
            pdf.pages[0].Contents = pdf.make_stream(b"q %f 0 0 %f 0 0 cm /Im Do Q" % (across, down))
            pdf.save(source)
        path, kept = bind(tmp_path, source, MediaType.PDF, bits)
        assert kept.way is Keeping.BITONAL
        assert np.array_equal(bits_in_group_4(path), bits)

    def test_the_profile_is_recorded(self, tmp_path):
        _, kept = bound(tmp_path, scanned(letter()), "jpg", Profile.FAITHFUL)
        assert kept.told == {
            "profile": "faithful",
            "as": "original",
            "bytes": (tmp_path / "scan.jpg").stat().st_size,
            "misdrawn_mm2": None,
            "because": None,
            "departures": [],
        }

    def test_the_same_page_makes_the_same_bytes(self, tmp_path):
        (first := tmp_path / "1").mkdir()
        (second := tmp_path / "2").mkdir()
        page = scanned(stamped())
        assert bound(first, page)[0].read_bytes() == bound(second, page)[0].read_bytes()


def test_layers_are_drawn_from_below():
    paper = np.full((2, 2, 3), 200, np.uint8)
    mask = np.zeros((40, 40), np.uint8)
    mask[:10] = 255
    picture = Picture(Box(0, 0, 40, 20), np.full((1, 1, 3), 90, np.uint8))
    page = compose(Layers(40, 40, mask, (10, 20, 30), paper, (picture,)), (40, 40))
    assert page[5, 5].tolist() == [10, 20, 30]
    assert page[15, 5].tolist() == [90, 90, 90]
    assert page[30, 5].tolist() == [200, 200, 200]
