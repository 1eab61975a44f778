"""Opening scan files: every kind of page becomes pixels, every bad file a reason, nothing a traceback."""

import io
import struct
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

import errors
from ocr.prepare import to_grey
from ocr.tone import Tone
from pipeline.scans.image_pages import paper_dpi
from pipeline.scans.pages import Limits, MediaType, Origin, inspect, open_page, sniff

OPEN_DATA = Path(__file__).parents[3] / "shared" / "data" / "open"
LIMITS = Limits()
OFFICE = b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml"
LETTER = "Sehr geehrte Damen und Herren, hiermit beantrage ich die Verlängerung."


def quadrants(width=120, height=80) -> Image.Image:
    """Upper left red, upper right green, lower left blue, lower right white."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    return Image.fromarray(pixels)


def corners(pixels: np.ndarray) -> str:
    """The colours of upper left, upper right, lower left, lower right, by their grey: one letter each."""
    height, width = pixels.shape[:2]
    greys = {"k": 0, "b": 29, "r": 76, "g": 150, "w": 255}
    grey = to_grey(pixels)
    spots = [(height // 4, width // 4), (height // 4, 3 * width // 4)]
    spots += [(3 * height // 4, width // 4), (3 * height // 4, 3 * width // 4)]
    return "".join(min(greys, key=lambda name: abs(greys[name] - int(grey[spot]))) for spot in spots)


def image_pdf(path, image=None, *, size=(300, 200), content=None, rotate=0, quality=95, **page_keys) -> Path:
    """A PDF page that shows one JPEG image, by default on the whole page."""
    file = io.BytesIO()
    (image or quadrants()).save(file, "JPEG", quality=quality, subsampling=0)
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=size)
        shown = image or quadrants()
        stream = pdf.make_stream(
            file.getvalue(),
            Subtype=Name.Image,
            Width=shown.width,
            Height=shown.height,
            ColorSpace=Name.DeviceGray if shown.mode == "L" else Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=Name.DCTDecode,
        )
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=stream), Font=Dictionary(F=font))
        page.obj.Contents = pdf.make_stream(content or b"q %d 0 0 %d 0 0 cm /Im Do Q" % size)
        page.obj.Rotate = rotate
        for key, value in page_keys.items():
            page.obj[f"/{key}"] = value
        pdf.save(path)
    return path


def text_pdf(path, lines=(LETTER,), size=(595, 842)) -> Path:
    canvas = Canvas(str(path), pagesize=size, invariant=True)
    for number, line in enumerate(lines):
        canvas.drawString(72, size[1] - 100 - 14 * number, line)
    canvas.showPage()
    canvas.save()
    return path


#: A page of 64 by 32 pixels, all white: nothing but the segment that says so.
BLANK_JBIG2 = bytes.fromhex("00000000 30 00 01 00000013 00000040 00000020 00000000 00000000 00 0000")


def one_stream_pdf(path: Path, coding: Name, data: bytes) -> Path:
    """A page that is one bitonal or grey image, its bytes as they are."""
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(300, 200))
        depth = 1 if coding == Name.JBIG2Decode else 8
        shape = {"Width": 64, "Height": 32, "BitsPerComponent": depth, "ColorSpace": Name.DeviceGray}
        image = pdf.make_stream(b"", Subtype=Name.Image, **shape)
        image.write(data, filter=coding)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=image))
        page.obj.Contents = pdf.make_stream(b"q 300 0 0 200 0 0 cm /Im Do Q")
        pdf.save(path)
    return path


class TestSniff:
    @pytest.mark.parametrize(
        ("head", "name", "media_type"),
        [
            (b"%PDF-1.4\n", "akte.pdf", MediaType.PDF),
            (b"junk before %PDF-1.7", "akte.PDF", MediaType.PDF),
            (b"II*\0rest", "a.tiff", MediaType.TIFF),
            (b"MM\0*rest", "a.tif", MediaType.TIFF),
            (b"\xff\xd8\xff\xe0", "a.jpeg", MediaType.JPEG),
            (b"\x89PNG\r\n\x1a\n", "a.png", MediaType.PNG),
            (b"\x89PNG\r\n\x1a\n", "32.1-4711", MediaType.PNG),
            (b"1 0 obj\n<< /Type /Catalog >>", "first-line-lost.pdf", MediaType.PDF),
        ],
    )
    def test_goes_by_content(self, tmp_path, head, name, media_type):
        path = tmp_path / "file"
        path.write_bytes(head)
        assert sniff(path, name) is media_type

    @pytest.mark.parametrize(
        ("head", "name", "error", "params"),
        [
            (b"", "a.pdf", errors.EmptyFile, {}),
            (b"%PDF-1.4", "a.jpg", errors.MislabelledFile, {"claimed": "JPEG", "actual": "PDF"}),
            (b"PK\x03\x04" + bytes(26) + b"../../a.pdf", "a.pdf", errors.Archive, {"actual": "ZIP"}),
            (bytes(257) + b"ustar", "delivery.tar", errors.Archive, {"actual": "TAR"}),
            (b"\x1f\x8b\x08", "delivery.tar.gz", errors.Archive, {"actual": "GZIP"}),
            (OFFICE, "a.pdf", errors.UnsupportedFormat, {"actual": "Office"}),
            (OFFICE, "a.docx", errors.UnsupportedFormat, {"actual": "Office"}),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", errors.UnsupportedFormat, {"actual": "WebP"}),
            (b"\0\0\0\x18ftypheic", "IMG.HEIC", errors.UnsupportedFormat, {"actual": "HEIC"}),
            (b"<!DOCTYPE html><p>", "mail", errors.UnsupportedFormat, {"actual": "HTML"}),
            (b"Guten Tag", "note.txt", errors.UnsupportedFormat, {"actual": "TXT"}),
            (b"Guten Tag", "note.pdf", errors.UnsupportedFormat, {"actual": "TXT"}),
            (
                bytes(range(32)),
                "scan.tif",
                errors.DamagedFile,
                {"detail": "{claimed}: its signature is missing", "claimed": "TIFF"},
            ),
        ],
    )
    def test_names_what_it_does_not_take(self, tmp_path, head, name, error, params):
        path = tmp_path / "file"
        path.write_bytes(head)
        with pytest.raises(error) as caught:
            sniff(path, name)
        assert caught.value.params == params


class TestImageFiles:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.PNG, MediaType.TIFF])
    def test_orientation_is_applied(self, tmp_path, media_type, orientation):
        path = tmp_path / "a"
        exif = Image.Exif()
        exif[274] = orientation
        options = {"tiffinfo": {274: orientation}} if media_type is MediaType.TIFF else {"exif": exif}
        quadrants().save(path, media_type.value, dpi=(100, 100), **options)
        expected = ["", "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"]
        page = open_page(path, media_type, 1, LIMITS)
        assert corners(page.pixels) == expected[orientation]
        assert (page.width_mm > page.height_mm) == (orientation < 5)
        assert page.origin is Origin.IMAGE

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F"])
    def test_every_mode_becomes_grey_or_rgb(self, tmp_path, mode):
        grey = np.tile(np.array([0, 255], np.uint8).repeat(10), (20, 1))
        if mode == "I;16":
            image = Image.fromarray(grey.astype(np.uint16) * 257)
        elif mode == "F":
            image = Image.fromarray(grey.astype(np.float32) / 255)
        else:
            image = Image.fromarray(grey).convert(mode)
        image.save(tmp_path / "a.tif")
        pixels = open_page(tmp_path / "a.tif", MediaType.TIFF, 1, LIMITS).pixels
        assert pixels.dtype == np.uint8
        assert pixels.shape in {(20, 20), (20, 20, 3)}
        assert pixels[0, 0].max() < 5
        assert pixels[0, 19].min() > 250

    @pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.PNG, MediaType.TIFF])
    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
    def test_the_colours_that_greys_do_not_show_are_told(self, tmp_path, mode, media_type):
        if (media_type, mode) in {(MediaType.JPEG, "P"), (MediaType.PNG, "CMYK")}:
            pytest.skip("there are no such files")
        quadrants().convert(mode).save(tmp_path / "a", media_type.value, dpi=(100, 100))
        page = open_page(tmp_path / "a", media_type, 1, LIMITS)
        assert page.pixels.ndim == 2
        assert page.tone is {"1": Tone.BITONAL, "L": Tone.GREY}.get(mode, Tone.COLOUR)

    def test_transparency_lies_on_white(self, tmp_path):
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "a.png")
        assert open_page(tmp_path / "a.png", MediaType.PNG, 1, LIMITS).pixels.min() == 255

    def test_fax_pixels_become_square(self, tmp_path):
        Image.new("1", (1728, 1145), 1).save(tmp_path / "fax.tif", dpi=(204, 98))
        page = open_page(tmp_path / "fax.tif", MediaType.TIFF, 1, LIMITS)
        assert page.pixels.shape == (2383, 1728)
        assert (round(page.width_mm), round(page.height_mm)) == (215, 297)

    @pytest.mark.parametrize(
        ("size", "declared", "expected"),
        [
            ((2480, 3508), (300, 300), 300),  # believed
            ((2480, 3508), (0, 0), 300),  # none: A4 by its proportion
            ((1240, 1754), (1, 1), 150),  # nonsense: A4
            ((3508, 2480), (72, 72), 300),  # a program's default would make it 124 cm wide
            ((595, 842), (72, 72), 72),  # and here it makes A4
            ((1000, 1000), (0, 0), 300),  # no A4: as if scanned at 300 dpi
        ],
    )
    def test_resolution_makes_plausible_paper(self, size, declared, expected):
        assert paper_dpi(*size, declared)[0] == pytest.approx(expected, rel=0.01)

    def test_frames_of_a_tiff_keep_their_own_resolution(self, tmp_path):
        frames = [Image.new("1", (600, 400), 1), Image.new("L", (300, 200), 9)]
        frames[1].info["dpi"] = (100, 100)
        frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:], dpi=(200, 200))
        assert inspect(tmp_path / "a.tif", MediaType.TIFF, LIMITS).pages == 2
        second = open_page(tmp_path / "a.tif", MediaType.TIFF, 2, LIMITS)
        assert second.pixels.shape == (200, 300)
        assert second.pixels[0, 0] == 9

    @pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.PNG, MediaType.TIFF])
    @pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
    def test_a_missing_end_is_seen_without_decoding(self, tmp_path, media_type, kept):
        noise = np.random.default_rng(1).integers(0, 255, (100, 100), np.uint8)
        Image.fromarray(noise).save(tmp_path / "whole", media_type.value)
        data = (tmp_path / "whole").read_bytes()
        (tmp_path / "cut").write_bytes(data[: int(len(data) * kept)])
        assert inspect(tmp_path / "whole", media_type, LIMITS).pages == 1
        with pytest.raises(errors.TruncatedFile):
            inspect(tmp_path / "cut", media_type, LIMITS)

    def test_a_thumbnail_is_not_the_end_of_a_photo(self, tmp_path):
        thumbnail = io.BytesIO()
        quadrants().save(thumbnail, "JPEG")
        photo = io.BytesIO()
        quadrants(400, 300).save(photo, "JPEG", comment=thumbnail.getvalue()[:60_000])
        (tmp_path / "cut.jpg").write_bytes(photo.getvalue()[:-40])
        with pytest.raises(errors.TruncatedFile):
            inspect(tmp_path / "cut.jpg", MediaType.JPEG, LIMITS)

    def test_a_tiff_that_runs_in_a_circle_ends(self, tmp_path):
        entries = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (273, 0), (279, 8)]
        body = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in entries)
        (tmp_path / "loop.tif").write_bytes(b"II*\0\x08\0\0\0\x07\0" + body + struct.pack("<L", 8))
        facts = inspect(tmp_path / "loop.tif", MediaType.TIFF, LIMITS)
        assert (facts.pages, facts.repaired) == (1, True)

    def test_absurd_sizes_are_refused_by_the_header(self, tmp_path):
        Image.new("1", (3000, 2000)).save(tmp_path / "a.png")
        small = Limits(max_megapixels=5)
        with pytest.raises(errors.ImageTooLarge):
            inspect(tmp_path / "a.png", MediaType.PNG, small)
        with pytest.raises(errors.ImageTooLarge):
            open_page(tmp_path / "a.png", MediaType.PNG, 1, small)


class TestPdf:
    @pytest.mark.parametrize("unit", [1e6, 0.008])
    def test_a_page_larger_or_smaller_than_any_is_refused_in_plain_words(self, tmp_path, unit):
        path = image_pdf(tmp_path / "a.pdf", content=b"0 0 10 10 re f", UserUnit=unit)
        with pytest.raises(errors.PageUnreadable) as caught:
            open_page(path, MediaType.PDF, 1, LIMITS)
        assert caught.value.params == {"detail": "larger or smaller than any page can be"}

    @pytest.mark.parametrize(
        ("rotate", "expected"), [(0, "rgbw"), (90, "brwg"), (180, "wbgr"), (270, "gwrb"), (-90, "gwrb")]
    )
    def test_the_one_image_is_taken_out_and_turned(self, tmp_path, rotate, expected):
        path = image_pdf(tmp_path / "a.pdf", rotate=rotate)
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.IMAGE
        assert corners(page.pixels) == expected
        assert page.tone is Tone.COLOUR
        assert sorted(page.pixels.shape[:2]) == [80, 120]
        assert round(max(page.width_mm, page.height_mm), 1) == 105.8

    def test_a_turned_placement_counts_as_straight(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf", size=(200, 300), content=b"q 0 -300 200 0 0 300 cm /Im Do Q")
        assert corners(open_page(path, MediaType.PDF, 1, LIMITS).pixels) == "brwg"

    def test_an_image_with_a_margin_lies_on_the_whole_paper(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf", content=b"q 288 0 0 192 12 8 cm /Im Do Q")
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.IMAGE
        assert page.pixels.shape == (83, 125)
        assert page.pixels[-1, 1].min() == 255
        assert page.dpi == pytest.approx(30)

    def test_the_crop_box_cuts(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf", CropBox=Array([0, 100, 150, 200]))
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.pixels.shape == (40, 60)
        assert corners(page.pixels) == "rrrr"

    def test_an_image_inside_a_form_is_found(self, tmp_path):
        with Pdf.open(image_pdf(tmp_path / "a.pdf"), allow_overwriting_input=True) as pdf:
            page = pdf.pages[0]
            form = page.as_form_xobject()
            form.write(form.read_bytes())
            page.obj.Resources = Dictionary(XObject=Dictionary(Fm=form))
            page.obj.Contents = pdf.make_stream(b"/Fm Do")
            pdf.save(tmp_path / "b.pdf")
        assert open_page(tmp_path / "b.pdf", MediaType.PDF, 1, LIMITS).origin is Origin.IMAGE

    def test_an_old_text_layer_does_not_make_it_digital(self, tmp_path):
        layer = f"BT 3 Tr /F 9 Tf 20 20 Td ({'Alte Erkennung ' * 9}) Tj ET".encode()
        path = image_pdf(tmp_path / "a.pdf", content=b"q 300 0 0 200 0 0 cm /Im Do Q " + layer)
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.IMAGE
        assert page.words is None

    @pytest.mark.parametrize(
        "content",
        [
            b"q 300 0 0 200 0 0 cm /Im Do Q BT /F 9 Tf 20 20 Td (Eingegangen am 3. Mai) Tj ET",
            b"q 300 0 0 200 0 0 cm /Im Do Q 0 0 50 50 re f",
            b"q 300 0 0 200 0 0 cm /Im Do Q q 50 0 0 50 0 0 cm /Im Do Q",
            b"q 200 0 0 100 0 0 cm /Im Do Q",
            b"q 300 20 -20 200 0 0 cm /Im Do Q",
            b"q -300 0 0 200 300 0 cm /Im Do Q",
        ],
        ids=["stamp", "bar", "two", "small", "slanting", "mirrored"],
    )
    def test_anything_more_is_rendered(self, tmp_path, content):
        path = image_pdf(tmp_path / "a.pdf", content=content)
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.RENDERED
        assert page.pixels.shape == (833, 1250, 3)

    def test_digital_pages_bring_their_words(self, tmp_path):
        page = open_page(text_pdf(tmp_path / "a.pdf"), MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.DIGITAL
        assert page.pixels.shape == (2339, 1653)
        assert " ".join(word.text for word in page.words) == LETTER
        box = page.words[0].box
        assert page.pixels[box.top : box.top + box.height, box.left : box.left + box.width].min() < 50

    def test_an_annotation_on_a_scan_is_seen(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf")
        with Pdf.open(path, allow_overwriting_input=True) as pdf:
            look = pdf.make_stream(b"0 g 0 0 100 100 re f", Subtype=Name.Form, BBox=Array([0, 0, 100, 100]))
            stamp = Dictionary(
                Type=Name.Annot,
                Subtype=Name.Stamp,
                Rect=Array([200, 0, 300, 100]),
                F=4,
                AP=Dictionary(N=look),
            )
            pdf.pages[0].obj.Annots = Array([pdf.make_indirect(stamp)])
            pdf.save(path)
        page = open_page(path, MediaType.PDF, 1, LIMITS)
        assert page.origin is Origin.RENDERED
        assert corners(page.pixels) == "rgbk"

    def test_a_giant_sheet_stays_small(self, tmp_path):
        page = open_page(text_pdf(tmp_path / "a.pdf", size=(8400, 8400)), MediaType.PDF, 1, LIMITS)
        assert page.pixels.size <= 100_100_000
        assert page.width_mm == pytest.approx(2963, abs=1)

    def test_a_giant_image_is_refused_undecoded(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf")
        with pytest.raises(errors.ImageTooLarge):
            open_page(path, MediaType.PDF, 1, Limits(max_megapixels=0))

    def test_a_cut_image_is_no_page(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf", Image.effect_noise((200, 200), 60).convert("RGB"))
        with Pdf.open(path, allow_overwriting_input=True) as pdf:
            image = pdf.pages[0].resources.XObject.Im
            image.write(image.read_raw_bytes()[:4000], filter=Name.DCTDecode)
            pdf.save(path)
        with pytest.raises(errors.PageUnreadable):
            open_page(path, MediaType.PDF, 1, LIMITS)

    @pytest.mark.parametrize("name", ["DCTDecode", "JPXDecode", "FlateDecode", "JBIG2Decode"])
    def test_an_image_that_cannot_be_drawn_is_no_blank_page(self, tmp_path, name):
        """Poppler draws white what it cannot decode, and ends well; the page would be left out as blank."""
        path = one_stream_pdf(tmp_path / "scan.pdf", Name(f"/{name}"), b"\xff\xd8" + bytes(range(256)))
        with pytest.raises(errors.PageUnreadable):
            open_page(path, MediaType.PDF, 1, LIMITS)

    def test_a_blank_page_that_only_poppler_can_read_is_one(self, tmp_path):
        path = one_stream_pdf(tmp_path / "scan.pdf", Name.JBIG2Decode, BLANK_JBIG2)
        assert open_page(path, MediaType.PDF, 1, LIMITS).pixels.min() == 255

    def test_a_content_bomb_is_not_unpacked(self, tmp_path):
        path = image_pdf(tmp_path / "a.pdf", content=b" " * 20_000_000 + b"q 300 0 0 200 0 0 cm /Im Do Q")
        assert path.stat().st_size < 100_000
        assert open_page(path, MediaType.PDF, 1, LIMITS).origin is Origin.RENDERED

    @pytest.mark.parametrize(("owner", "user"), [("geheim", ""), ("geheim", "offen")])
    def test_only_a_password_to_open_matters(self, tmp_path, owner, user):
        with Pdf.open(image_pdf(tmp_path / "a.pdf")) as pdf:
            pdf.save(tmp_path / "b.pdf", encryption=pikepdf.Encryption(owner=owner, user=user))
        if user:
            with pytest.raises(errors.EncryptedFile):
                inspect(tmp_path / "b.pdf", MediaType.PDF, LIMITS)
        else:
            assert not inspect(tmp_path / "b.pdf", MediaType.PDF, LIMITS).repaired
            assert open_page(tmp_path / "b.pdf", MediaType.PDF, 1, LIMITS).origin is Origin.IMAGE

    def test_a_broken_table_is_repaired_and_said(self, tmp_path):
        data = text_pdf(tmp_path / "a.pdf").read_bytes()
        (tmp_path / "b.pdf").write_bytes(data.replace(b"xref\n0", b"xxxx\n0"))
        assert inspect(tmp_path / "b.pdf", MediaType.PDF, LIMITS).repaired
        assert not inspect(tmp_path / "a.pdf", MediaType.PDF, LIMITS).repaired

    def test_a_wrong_page_count_is_said(self, tmp_path):
        data = text_pdf(tmp_path / "a.pdf").read_bytes()
        (tmp_path / "b.pdf").write_bytes(data.replace(b"/Count 1", b"/Count 9"))
        facts = inspect(tmp_path / "b.pdf", MediaType.PDF, LIMITS)
        assert (facts.pages, facts.repaired) == (1, True)

    @pytest.mark.parametrize("kept", [0.5, 0.9, 0.98])
    def test_a_missing_end_is_truncated(self, tmp_path, kept):
        data = text_pdf(tmp_path / "a.pdf", [LETTER] * 20).read_bytes()
        (tmp_path / "b.pdf").write_bytes(data[: int(len(data) * kept)])
        with pytest.raises(errors.TruncatedFile):
            inspect(tmp_path / "b.pdf", MediaType.PDF, LIMITS)

    def test_no_pages_and_too_many(self, tmp_path):
        with Pdf.new() as pdf:
            pdf.save(tmp_path / "none.pdf")
            for _ in range(3):
                pdf.add_blank_page()
            pdf.save(tmp_path / "three.pdf")
        with pytest.raises(errors.NoPages):
            inspect(tmp_path / "none.pdf", MediaType.PDF, LIMITS)
        with pytest.raises(errors.TooManyPages):
            inspect(tmp_path / "three.pdf", MediaType.PDF, Limits(max_pages=2))


def outcome(path: Path, name: str) -> str:
    """Read the first page the way the pipeline does; only ``BadInput`` may be raised."""
    try:
        media_type = sniff(path, name)
        inspect(path, media_type, LIMITS)
        return open_page(path, media_type, 1, LIMITS).origin
    except errors.BadInput as reason:
        return reason.code


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    quadrants().save(folder / "a.tif", save_all=True, append_images=[quadrants()])
    quadrants().save(folder / "a.jpg")
    quadrants().save(folder / "a.png")
    image_pdf(folder / "a.pdf")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["a.tif", "a.jpg", "a.png", "a.pdf"]),
    edits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)), max_size=6
    ),
    kept=st.one_of(st.just(1.0), st.floats(0.01, 1)),
)
def test_no_damage_ends_in_a_traceback(whole_files, tmp_path, name, edits, kept):
    data = bytearray(whole_files[name])
    for place, replacement in edits:
        start = int(place * len(data))
        data[start : start + len(replacement)] = replacement
    path = tmp_path / name
    path.write_bytes(data[: max(int(len(data) * kept), 1)])
    assert outcome(path, name)


@pytest.mark.slow
@pytest.mark.skipif(not OPEN_DATA.is_dir(), reason="the open test data are not here")
def test_files_made_to_break_readers_end_with_a_reason():
    files = sorted((OPEN_DATA / "robustness").iterdir())
    alike = ("opf-T02", "opf-T03", "qpdf-bad")  # dozens of one kind: one job's worth of time is enough
    outcomes = {path.name: outcome(path, path.name) for path in files if not path.name.startswith(alike)}
    assert outcomes["ocrmypdf-hugemono.pdf"] == "image_too_large"
    assert outcomes["paperless-password-is-test.pdf"] == "encrypted"
    assert outcomes["opf-T04_002_EOF-missing.pdf"] == "truncated"
    assert outcomes["pillow-broken.png"] == "truncated"
