import numpy as np
import pikepdf
import pytest
from PIL import Image

from bench.product import looking, pages, pictures
from tests.specimens.files import Jpeg, add_page, jpeg


def a_page(width: int, height: int, value: int) -> Jpeg:
    return jpeg(np.full((height, width, 3), value, np.uint8), 72, 90)


def test_a_drawn_photo_has_detail_of_every_size():
    photo = pages.picture((128, 160), np.random.default_rng(3))
    assert photo.shape == (128, 160, 3)
    coarse, fine = (
        np.std(np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX), dtype=float))
        for size in ((5, 4), (160, 128))
    )
    assert fine > coarse > 10


def test_a_set_with_signatures_is_stamped_in_colour_and_the_same_every_time(tmp_path):
    first, second = (pages.draw("letters", 1, tmp_path / name).scans[0] for name in "ab")
    assert first.path.read_bytes() == second.path.read_bytes()
    with Image.open(first.path) as image:
        small = np.asarray(image.reduce(4), dtype=int)
    assert ((small.max(axis=2) - small.min(axis=2)) > 60).sum() > 500
    assert 1000 < len(first.truth) < 3000


def test_a_page_is_drawn_in_the_size_of_another(tmp_path):
    with pikepdf.new() as pdf:
        add_page(pdf, a_page(101, 80, 40))
        pdf.save(tmp_path / "page.pdf")
    whole = looking.drawn(tmp_path / "page.pdf", 0, 72)
    assert whole.shape == (80, 101, 3)
    for shape in ((80, 100, 3), (81, 102, 3), (160, 202, 3)):
        like = looking.drawn_like(tmp_path / "page.pdf", 0, 72, np.zeros(shape, np.uint8))
        assert like.shape == shape
        assert abs(like.astype(int) - 40).max() < 4


def test_bytes_of_images_are_told_from_the_rest(tmp_path):
    page = a_page(101, 80, 40)
    with pikepdf.new() as pdf:
        add_page(pdf, page)
        pdf.save(tmp_path / "page.pdf")
    assert looking.image_bytes(tmp_path / "page.pdf") == len(page.data)


def test_only_what_stencils_let_through_is_black(tmp_path):
    with pikepdf.new() as pdf:
        add_page(pdf, a_page(64, 64, 90))
        page = pdf.pages[0]
        bits = pdf.make_stream(b"\x00" * 32 + b"\xff" * 32)
        bits.Subtype, bits.Width, bits.Height = pikepdf.Name.Image, 8, 64
        bits.ImageMask, bits.BitsPerComponent = True, 1
        ink = pdf.make_stream(b"\xc0\x20\x20")
        ink.Subtype, ink.Width, ink.Height, ink.Mask = pikepdf.Name.Image, 1, 1, pdf.make_indirect(bits)
        ink.ColorSpace, ink.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
        page.Resources.XObject.Ink = pdf.make_indirect(ink)
        page.Contents = pdf.make_stream(page.Contents.read_bytes() + b"q 64 0 0 64 0 0 cm /Ink Do Q")
        pdf.save(tmp_path / "made.pdf")
    pictures.only_stencils(tmp_path / "made.pdf", tmp_path / "stencils.pdf")
    seen = looking.drawn(tmp_path / "stencils.pdf", 0, 72)
    assert (seen[:30] == 0).all()
    assert (seen[34:] == 255).all()


def test_a_picture_stays_below_its_limit_or_is_refused(monkeypatch):
    noise = np.random.default_rng(4).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    monkeypatch.setattr(pictures, "_MOST_BYTES", 6_000)
    assert len(pictures.png(noise)) < 6_000
    monkeypatch.setattr(pictures, "_MOST_BYTES", 100)
    with pytest.raises(ValueError, match="bytes with 16 colours"):
        pictures.png(noise)


def test_crops_stay_on_the_page():
    page = np.zeros((400, 500, 3), np.uint8)
    assert pictures.crop(page, (0.0, 1.0)).shape == pictures.crop(page, (0.5, 0.5)).shape == (330, 330, 3)
    assert pictures.side_by_side([page, page]).shape == (400, 1006, 3)
