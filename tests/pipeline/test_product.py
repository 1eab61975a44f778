"""The searchable PDF: original images, text read back by two readers, the same bytes every time."""

import hashlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageCms
from reportlab.pdfgen.canvas import Canvas

import errors
from ocr.geometry import growth, upright_matrix
from ocr.records import Box, Recognition, Word, text_of
from pipeline.product import binding as product
from pipeline.product.binding import ProductPage, assemble
from pipeline.product.embed import group4
from pipeline.product.glyphless import FONT_FILE
from pipeline.product.glyphless_font import build_font
from pipeline.product.keeping import Profile
from pipeline.scans.pages import Limits, MediaType, Origin, open_page

A4 = (2480, 3508)  # pixels at 300 dpi
ROOT = Path(__file__).parents[2]


def write(lines, size=40) -> tuple[Word, ...]:
    """Words as a recogniser would box them; lines are (left, top, text), two spaces make a wide gap."""
    words = []
    for number, (start, top, text) in enumerate(lines):
        left = start
        for cell in text.split("  "):
            for token in cell.split():
                width = round(len(token) * size * 0.5)
                small = set(token) <= set("acemnorsuvwxz")
                low = bool(set(token) & set("gjpqy,"))
                upper = top + round(size * (0.2 if small else 0))
                box = Box(left, upper, width, top + round(size * (0.9 if low else 0.7)) - upper)
                words.append(Word(token, box, 90.0, number))
                left += width + round(size * 0.3)
            left += 300
    return tuple(words)


def recognised(words=(), size=A4, rotation=0, skew=0.0, grown=(0, 0)) -> Recognition:
    return Recognition(tuple(words), *size, rotation, skew, 90.0, "deu", "test", grown=grown)


def blank_png(path, size=A4) -> Path:
    Image.new("L", size, 255).save(path, dpi=(300, 300))
    return path


def sheet(source, words=(), *, media_type=MediaType.PNG, paper=(210, 297), origin=Origin.IMAGE, **kwargs):
    geometry = {key: kwargs.pop(key) for key in ("size", "rotation", "skew", "grown") if key in kwargs}
    number, section = kwargs.pop("number", 1), kwargs.pop("section", None)
    recognition = recognised(words, **geometry)
    return ProductPage(source, media_type, number, origin, recognition, *paper, section)


def poppler_text(path) -> str:
    run = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
    return run.stdout


def poppler_words(path, dpi=150) -> list[tuple[str, list[float]]]:
    run = subprocess.run(["pdftotext", "-tsv", str(path), "-"], capture_output=True, text=True, check=True)
    rows = [row.split("\t") for row in run.stdout.split("\n") if row.startswith("5\t")]
    return [(row[11], [float(v) * dpi / 72 for v in row[6:10]]) for row in rows if row[11].strip()]


def pdfium_text(path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        pages = []
        for page in pdf:
            text = page.get_textpage()
            pages.append(text.get_text_range().replace("\r\n", "\n"))
            text.close()
            page.close()
    return "\n".join(pages)


def unpacked(path) -> bytes:
    """All objects as they hang together, however they were numbered and packed."""
    plain = io.BytesIO()
    with Pdf.open(path) as pdf:
        del pdf.trailer["/ID"]
        pdf.save(plain, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return plain.getvalue().rpartition(b"/ID")[0]


def lines_of(text) -> list[str]:
    return [" ".join(line.split()) for line in text.replace("\f", "\n").split("\n") if line.strip()]


def check(path) -> None:
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)


def rendered(path, size=None) -> np.ndarray:
    """The product's first page as poppler shows it, grey, at 100 dpi or at ``size`` in pixels."""
    scale = ["-scale-to-x", str(size[0]), "-scale-to-y", str(size[1])] if size else ["-r", "100"]
    run = subprocess.run(
        ["pdftoppm", *scale, "-gray", "-singlefile", str(path)], capture_output=True, check=True
    )
    return np.asarray(Image.open(io.BytesIO(run.stdout)))


class TestText:
    LETTER = (
        (200, 300, "Ausländerbehörde Musterhausen"),
        (200, 500, "Sehr geehrte Damen und Herren, hiermit beantrage ich nach § 18"),
        (200, 560, "des Aufenthaltsgesetzes eine neue Erlaubnis, wie am 3. 5. besprochen"),
        (200, 620, "zum 1. Juni. Sie soll zwei Jahre gelten. ça œuvre Şahin Łódź"),
    )
    TABLE = tuple(
        (200, 900 + 55 * row, f"Lohnart {row}  {row}00,00 EUR  Steuerklasse  {'IV' * (row % 3 + 1)}")
        for row in range(6)
    )
    COLUMNS = tuple(
        (left, 1500 + 55 * row, f"{side} Spalte Zeile {row} weiter")
        for left, side in ((200, "linke"), (1300, "rechte"))
        for row in range(8)
    )

    @pytest.mark.parametrize("lines", [LETTER, TABLE, COLUMNS, LETTER + TABLE + COLUMNS])
    def test_two_readers_read_it_back_in_order(self, tmp_path, lines):
        words = write(lines)
        out = tmp_path / "o.pdf"
        assemble([sheet(blank_png(tmp_path / "a.png"), words)], out, title="Akte")
        expected = lines_of(text_of(words))
        assert lines_of(poppler_text(out)) == expected
        assert lines_of(pdfium_text(out)) == expected
        check(out)

    def test_spaces_are_single_where_gaps_are_ordinary(self, tmp_path):
        words = write(self.LETTER)
        out = tmp_path / "o.pdf"
        assemble([sheet(blank_png(tmp_path / "a.png"), words)], out, title="Akte")
        assert "  " not in poppler_text(out)
        assert "  " not in pdfium_text(out)

    def test_words_stand_in_their_boxes(self, tmp_path):
        words = write(self.LETTER + self.TABLE)
        out = tmp_path / "o.pdf"
        assemble([sheet(blank_png(tmp_path / "a.png"), words)], out, title="Akte")
        found = poppler_words(out)
        assert [text for text, _ in found] == [word.text for word in words]
        for word, (_, (left, top, width, height)) in zip(words, found, strict=True):
            assert left == pytest.approx(word.box.left / 2, abs=1)
            assert left + width == pytest.approx((word.box.left + word.box.width) / 2, abs=1)
            line = [other.box for other in words if other.line == word.line]
            assert top == pytest.approx(min(box.top for box in line) / 2, abs=3)
            assert top + height == pytest.approx(max(box.top + box.height for box in line) / 2, abs=3)

    def test_pdfium_has_the_same_boxes(self, tmp_path):
        words = write([(400, 600, "Verpflichtungserklärung")])
        out = tmp_path / "o.pdf"
        assemble([sheet(blank_png(tmp_path / "a.png"), words)], out, title="Akte")
        with pypdfium2.PdfDocument(out) as pdf:
            page = pdf[0]
            text = page.get_textpage()
            boxes = [text.get_charbox(index) for index in range(text.count_chars())]
            text.close()
            page.close()
        scale = 150 / 72
        assert min(box[0] for box in boxes) * scale == pytest.approx(words[0].box.left / 2, abs=3)
        right = (words[0].box.left + words[0].box.width) / 2
        assert max(box[2] for box in boxes) * scale == pytest.approx(right, abs=3)
        assert (842 - boxes[0][3]) * scale == pytest.approx(words[0].box.top / 2, abs=3)

    def test_characters_beyond_the_basic_plane_survive(self, tmp_path):
        words = write([(200, 300, "Emoji 😀 Linear-B 𐀀 Privat \ue123 Ende")])
        out = tmp_path / "o.pdf"
        assemble([sheet(blank_png(tmp_path / "a.png"), words)], out, title="Akte")
        assert lines_of(poppler_text(out)) == ["Emoji 😀 Linear-B 𐀀 Privat \ue123 Ende"]
        assert "😀" in pdfium_text(out)

    @pytest.mark.parametrize("text", ["\ud800", "\x00", "a\x07b"])
    def test_what_is_no_character_does_not_break_it(self, tmp_path, text):
        out = tmp_path / "o.pdf"
        assemble(
            [
                sheet(
                    blank_png(tmp_path / "a.png"),
                    (*write([(99, 99, "vorher")]), Word(text, Box(300, 99, 50, 30), 1.0, 0)),
                )
            ],
            out,
            title="Akte",
        )
        assert "vorher" in poppler_text(out)
        check(out)

    def test_right_to_left_words_read_back(self, tmp_path):
        out = tmp_path / "o.pdf"
        word = Word("السلام", Box(500, 300, 200, 60), 90.0, 0)
        assemble([sheet(blank_png(tmp_path / "a.png"), [word])], out, title="Akte")
        assert "السلام" in poppler_text(out)

    @pytest.mark.parametrize(
        "line",
        [
            ["ولدت", "في", "مدينة", "النور", "بتاريخ", "14", "آذار", "1987", "وذلك"],
            ["در", "تاریخ", "۱۴", "خرداد", "۱۳۶۶", "گل‌محمدی", "شد"],
            ["القيد", "رقم2417", "من", "Musterstadt", "القيد", "12.03.2019", "في"],
        ],
        ids=["Arabic", "Persian", "mixed"],
    )
    def test_a_line_from_right_to_left_reads_back_in_order(self, tmp_path, line):
        words, right = [], 2200
        for token in line:
            width = 30 * len(token)
            words.append(Word(token, Box(right - width, 400, width, 40), 90.0, 0))
            right -= width + 15
        page = sheet(blank_png(tmp_path / "p.png"), words)
        assemble([page], tmp_path / "out.pdf", title="Probe")
        assert pdfium_text(tmp_path / "out.pdf").split() == line
        # Poppler writes the space after a number before it, of any PDF.
        assert re.sub(r"[\u202a-\u202e\s]", "", poppler_text(tmp_path / "out.pdf")) == "".join(line)

    def test_the_font_is_the_one_its_function_makes(self):
        assert FONT_FILE.read_bytes() == build_font()

    def test_a_page_without_words_is_a_page(self, tmp_path):
        out = tmp_path / "o.pdf"
        facts = assemble([sheet(blank_png(tmp_path / "a.png"), size=(0, 0))], out, title="Akte")
        assert facts.pages == 1
        assert poppler_text(out).strip() == ""
        check(out)


class TestGeometry:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    @pytest.mark.parametrize("skew", [0.0, 2.5, -1.2])
    def test_the_page_stands_upright_and_straight_as_recognised(self, tmp_path, rotation, skew):
        rng = np.random.default_rng(5)
        scan = np.full((330, 240), 255, np.uint8)
        for _ in range(25):
            x, y = rng.integers(30, 190), rng.integers(30, 280)
            scan[y : y + 12, x : x + 20] = rng.integers(0, 120)
        Image.fromarray(scan).save(tmp_path / "a.png")
        upright = np.rot90(scan, -rotation // 90)
        height, width = upright.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1)
        expected = cv2.warpAffine(upright, turn, (width, height), borderValue=255)
        paper = (240 / 100 * 25.4, 330 / 100 * 25.4)
        page = sheet(tmp_path / "a.png", paper=paper, size=(width, height), rotation=rotation, skew=skew)
        assemble([page], tmp_path / "o.pdf", title="Akte")
        shown = rendered(tmp_path / "o.pdf")
        assert shown.shape == expected.shape
        blurred = [cv2.GaussianBlur(image, (5, 5), 0).astype(int) for image in (shown, expected)]
        assert np.abs(blurred[0] - blurred[1]).mean() < 2

    @pytest.mark.parametrize(("rotation", "skew"), [(0, 6.0), (90, -9.0)])
    def test_a_page_grows_by_what_straightening_would_cut_off(self, tmp_path, rotation, skew):
        scan = np.full((330, 240), 255, np.uint8)
        scan[5:15, 5:25] = scan[-15:-5, -25:-5] = 0  # writing in two corners
        Image.fromarray(scan).save(tmp_path / "a.png")
        tall, wide = np.rot90(scan, -rotation // 90).shape
        grown = growth(wide, tall, skew)
        size = wide + grown[0], tall + grown[1]
        turn = upright_matrix(240, 330, rotation, skew, grown)
        expected = cv2.warpAffine(scan, turn, size, borderValue=255)
        mark = cv2.boundingRect((expected < 128).astype(np.uint8)[:, : size[0] // 2])
        words = [Word("Rand", Box(*mark), 90.0, 0)]
        paper = (240 / 100 * 25.4, 330 / 100 * 25.4)
        geometry = {"size": size, "rotation": rotation, "skew": skew, "grown": grown}
        assemble(
            [sheet(tmp_path / "a.png", words, paper=paper, **geometry)], tmp_path / "o.pdf", title="Akte"
        )
        shown = rendered(tmp_path / "o.pdf")
        assert np.abs(np.subtract(shown.shape, expected.shape)).max() <= 1
        shown = cv2.resize(shown, size)
        blurred = [cv2.GaussianBlur(image, (5, 5), 0).astype(int) for image in (shown, expected)]
        assert np.abs(blurred[0] - blurred[1]).mean() < 2
        [(text, box)] = poppler_words(tmp_path / "o.pdf", dpi=100)
        assert text == "Rand"
        assert (box[0], box[0] + box[2]) == pytest.approx((mark[0], mark[0] + mark[2]), abs=2)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.PNG, MediaType.TIFF])
    def test_flags_of_image_files_are_followed(self, tmp_path, media_type, orientation):
        pixels = np.full((60, 80), 255, np.uint8)
        pixels[:30, :20] = 0
        exif = Image.Exif()
        exif[274] = orientation
        options = {"exif": exif}
        if media_type is MediaType.TIFF:
            options = {"tiffinfo": {274: orientation}, "compression": "jpeg"}
        source = tmp_path / "a"
        Image.fromarray(pixels).save(source, media_type.value, dpi=(100, 100), **options)
        seen = open_page(source, media_type, 1, Limits())
        size = seen.pixels.shape[1::-1]
        page = sheet(source, media_type=media_type, paper=(seen.width_mm, seen.height_mm), size=size)
        assemble([page], tmp_path / "o.pdf", title="Akte")
        difference = np.abs(rendered(tmp_path / "o.pdf").astype(int) - seen.pixels)
        assert difference.mean() < 4

    def test_the_sheet_has_the_size_of_the_paper(self, tmp_path):
        source = blank_png(tmp_path / "a.png", (100, 50))
        pages = [sheet(source, size=(100, 50)), sheet(source, size=(50, 100), rotation=90)]
        assemble(pages, tmp_path / "o.pdf", title="Akte")
        with Pdf.open(tmp_path / "o.pdf") as pdf:
            assert [list(map(float, page.mediabox)) for page in pdf.pages] == [
                [0, 0, 595.276, 841.89],
                [0, 0, 841.89, 595.276],
            ]


class TestFaithful:
    def bind(self, tmp_path, source, media_type, **kwargs) -> tuple[Path, bytes, str]:
        """Bind one page; returns the product, its image's raw bytes and filter."""
        out = tmp_path / "o.pdf"
        page = sheet(source, media_type=media_type, **kwargs)
        assemble([page], out, title="Akte", profile=Profile.FAITHFUL)
        check(out)
        with Pdf.open(out) as pdf:
            (image,) = pdf.pages[0].get_images().values()
            return out, image.read_raw_bytes(), str(image.Filter)

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_a_jpeg_keeps_its_bytes(self, tmp_path, mode):
        source = tmp_path / "a.jpg"
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        Image.linear_gradient("L").convert(mode).save(source, icc_profile=profile if mode == "RGB" else None)
        out, data, name = self.bind(tmp_path, source, MediaType.JPEG, size=(256, 256), paper=(65.024, 65.024))
        assert (data, name) == (source.read_bytes(), "/DCTDecode")
        seen = open_page(source, MediaType.JPEG, 1, Limits()).pixels
        grey = seen if seen.ndim == 2 else seen[..., 1]
        assert np.abs(rendered(out, (256, 256)).astype(int) - grey).mean() < 8

    @pytest.mark.parametrize("mode", ["L", "RGB", "P"])
    def test_a_png_keeps_its_rows(self, tmp_path, mode):
        source = tmp_path / "a.png"
        image = Image.linear_gradient("L").convert(mode)
        image.save(source)
        out, data, name = self.bind(tmp_path, source, MediaType.PNG, size=(256, 256), paper=(65.024, 65.024))
        assert name == "/FlateDecode"
        assert data in source.read_bytes()
        assert np.abs(rendered(out, (256, 256)).astype(int) - np.asarray(image.convert("L"))).mean() < 2

    @pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "CMYK", "RGBA", "I;16"])
    @pytest.mark.parametrize("compression", ["tiff_lzw", "raw"])
    def test_a_tiff_loses_nothing(self, tmp_path, mode, compression):
        source = tmp_path / "a.tif"
        grey = np.asarray(Image.linear_gradient("L"))
        wide = Image.fromarray(grey.astype(np.uint16) * 257)
        image = wide if mode == "I;16" else Image.fromarray(grey).convert(mode)
        image.save(source, compression=compression)
        out, _, name = self.bind(tmp_path, source, MediaType.TIFF, size=(256, 256), paper=(65.024, 65.024))
        assert name == ("/CCITTFaxDecode" if mode == "1" else "/FlateDecode")
        seen = open_page(source, MediaType.TIFF, 1, Limits()).pixels
        seen = seen if seen.ndim == 2 else seen[..., 1]
        assert np.abs(rendered(out, (256, 256)).astype(int) - seen).mean() < (8 if mode == "CMYK" else 2)

    def test_a_jpeg_in_a_tiff_is_not_recoded(self, tmp_path):
        source = tmp_path / "a.tif"
        Image.linear_gradient("L").convert("RGB").save(source, compression="jpeg", tiffinfo={278: 256})
        out, _, name = self.bind(tmp_path, source, MediaType.TIFF, size=(256, 256), paper=(65.024, 65.024))
        assert name == "/DCTDecode"
        assert (
            np.abs(rendered(out, (256, 256)).astype(int) - np.asarray(Image.linear_gradient("L"))).mean() < 3
        )

    def test_the_image_of_a_scanned_pdf_goes_over_untouched(self, tmp_path):
        source = scanned_pdf(tmp_path / "a.pdf")
        before = images_in(source, tmp_path / "before")
        out, _, _ = self.bind(tmp_path, source, MediaType.PDF, paper=(105.833, 70.555), size=(120, 80))
        assert images_in(out, tmp_path / "after") == before

    def test_jbig2_never_comes_through(self, tmp_path):
        bits = Image.effect_noise((64, 48), 90).convert("1")
        source = jbig2_pdf(tmp_path / "a.pdf", bits)
        page = open_page(source, MediaType.PDF, 1, Limits())
        assert page.origin is Origin.IMAGE
        paper = {"paper": (page.width_mm, page.height_mm), "size": (64, 48)}
        out, _, name = self.bind(tmp_path, source, MediaType.PDF, **paper)
        assert name == "/CCITTFaxDecode"
        assert b"JBIG2" not in out.read_bytes()
        with Pdf.open(out) as pdf:
            (image,) = pdf.pages[0].get_images().values()
            decoded = pikepdf.PdfImage(image).as_pil_image().convert("1")
        assert decoded.tobytes() == bits.tobytes()

    def test_jbig2_in_a_mask_that_says_not_what_it_is_does_not_come_through(self, tmp_path):
        bits = Image.effect_noise((64, 48), 90).convert("1")
        with (
            Pdf.open(jbig2_pdf(tmp_path / "mask.pdf", bits)) as masks,
            Pdf.open(scanned_pdf(tmp_path / "a.pdf")) as pdf,
        ):
            mask = pdf.copy_foreign(masks.pages[0].Resources.XObject.Im)
            del mask["/Subtype"]
            pdf.pages[0].Resources.XObject.Im.SMask = mask
            pdf.save(tmp_path / "masked.pdf")
        paper = {"paper": (105.833, 70.555), "size": (120, 80)}
        out, _, _ = self.bind(tmp_path, tmp_path / "masked.pdf", MediaType.PDF, **paper)
        assert b"JBIG2" not in out.read_bytes()

    def test_data_in_another_file_are_not_asked_for(self, tmp_path):
        with Pdf.open(scanned_pdf(tmp_path / "a.pdf")) as pdf:
            pdf.pages[0].Resources.XObject.Im.F = pikepdf.String("/etc/passwd")
            pdf.save(tmp_path / "pointing.pdf")
        paper = {"paper": (105.833, 70.555), "size": (120, 80)}
        out, _, _ = self.bind(tmp_path, tmp_path / "pointing.pdf", MediaType.PDF, **paper)
        assert b"passwd" not in out.read_bytes()


def images_in(path, root) -> list[bytes]:
    subprocess.run(["pdfimages", "-all", str(path), str(root)], check=True)
    return [file.read_bytes() for file in sorted(root.parent.glob(f"{root.name}-*"))]


def scanned_pdf(path, content=b"q 300 0 0 200 0 0 cm /Im Do Q", size=(300, 200)) -> Path:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((120, 80)).save(file, "JPEG")
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=size)
        keys = {"Width": 120, "Height": 80, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray}
        image = pdf.make_stream(file.getvalue(), Subtype=Name.Image, Filter=Name.DCTDecode, **keys)
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=image), Font=Dictionary(F=font))
        page.obj.Contents = pdf.make_stream(content)
        pdf.save(path)
    return path


def jbig2_pdf(path, image) -> Path:
    """A JBIG2 page made by hand: one generic region coded as MMR, which is Group 4 (ITU-T T.88, 7.4.6)."""
    width, height = image.size
    page_info = width.to_bytes(4) + height.to_bytes(4) + bytes(8) + b"\0" + b"\0\0"
    region = width.to_bytes(4) + height.to_bytes(4) + bytes(8) + b"\0" + b"\x01" + group4(image)[0]
    segments = b"".join(
        number.to_bytes(4) + bytes([kind, 0, 1]) + len(data).to_bytes(4) + data
        for number, kind, data in ((0, 48, page_info), (1, 38, region))
    )
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(width, height))
        keys = {"Width": width, "Height": height, "BitsPerComponent": 1, "ColorSpace": Name.DeviceGray}
        stream = pdf.make_stream(segments, Subtype=Name.Image, Filter=Name.JBIG2Decode, **keys)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=stream))
        page.obj.Contents = pdf.make_stream(b"q %d 0 0 %d 0 0 cm /Im Do Q" % (width, height))
        pdf.save(path)
    return path


class TestPdfPages:
    def test_a_digital_page_keeps_its_own_text_once(self, tmp_path):
        canvas = Canvas(str(tmp_path / "a.pdf"), invariant=True)
        canvas.drawString(72, 700, "Bescheinigung über den gesetzlichen Aufenthalt")
        canvas.save()
        seen = open_page(tmp_path / "a.pdf", MediaType.PDF, 1, Limits())
        page = sheet(
            tmp_path / "a.pdf",
            seen.words,
            media_type=MediaType.PDF,
            origin=seen.origin,
            size=seen.pixels.shape[1::-1],
        )
        assemble([page], tmp_path / "o.pdf", title="Akte")
        assert lines_of(poppler_text(tmp_path / "o.pdf")) == [
            "Bescheinigung über den gesetzlichen Aufenthalt"
        ]

    def test_an_old_layer_goes_and_a_stamp_is_said_once(self, tmp_path):
        content = (
            b"q 300 0 0 200 0 0 cm /Im Do Q BT 3 Tr /F 10 Tf 20 150 Td (alte Erkennung) Tj ET "
            b"BT 0 Tr /F 10 Tf 100 40 Td (Eingegangen) Tj ET"
        )
        source = scanned_pdf(tmp_path / "a.pdf", content)
        seen = open_page(source, MediaType.PDF, 1, Limits())
        scale = seen.dpi / 72
        words = [
            Word("neue", Box(round(20 * scale), round(40 * scale), 80, 40), 90.0, 0),
            Word("Eingegangen", Box(round(101 * scale), round(151 * scale), round(56 * scale), 40), 90.0, 1),
        ]
        paper = (seen.width_mm, seen.height_mm)
        page = sheet(
            source,
            words,
            media_type=MediaType.PDF,
            origin=seen.origin,
            paper=paper,
            size=seen.pixels.shape[1::-1],
        )
        assemble([page], tmp_path / "o.pdf", title="Akte")
        assert sorted(poppler_text(tmp_path / "o.pdf").split()) == ["Eingegangen", "neue"]

    def test_filled_fields_stay_and_nothing_acts(self, tmp_path):
        canvas = Canvas(str(tmp_path / "form.pdf"), invariant=True)
        canvas.drawString(72, 760, "Antrag auf Erteilung eines Aufenthaltstitels")
        canvas.acroForm.textfield(name="name", value="Erika", x=72, y=700, width=200, height=30)
        canvas.save()
        with Pdf.open(tmp_path / "form.pdf") as pdf:
            pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
            pdf.attachments["geheim.txt"] = b"x"
            pdf.save(tmp_path / "a.pdf")
        page = sheet(tmp_path / "a.pdf", media_type=MediaType.PDF, origin=Origin.DIGITAL, size=(1654, 2339))
        assemble([page], tmp_path / "o.pdf", title="Akte")
        assert "Erika" in poppler_text(tmp_path / "o.pdf")
        with Pdf.open(tmp_path / "o.pdf") as pdf:
            assert not {"/AcroForm", "/OpenAction", "/Names", "/AA"} & set(pdf.Root.keys())
            assert "/Annots" not in pdf.pages[0].obj
        check(tmp_path / "o.pdf")

    def test_hidden_layers_stay_hidden(self, tmp_path):
        source = scanned_pdf(tmp_path / "a.pdf", b"/OC /L BDC 0 g 0 0 300 200 re f EMC")
        with Pdf.open(source, allow_overwriting_input=True) as pdf:
            layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="Wasserzeichen"))
            pdf.pages[0].obj.Resources.Properties = Dictionary(L=layer)
            pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
            pdf.save(source)
        seen = open_page(source, MediaType.PDF, 1, Limits())
        assert seen.pixels.min() == 255
        page = sheet(source, media_type=MediaType.PDF, origin=seen.origin, size=seen.pixels.shape[1::-1])
        assemble([page], tmp_path / "o.pdf", title="Akte")
        assert rendered(tmp_path / "o.pdf").min() == 255

    @pytest.mark.parametrize("rotate", [0, 90, 180, 270])
    def test_turned_and_cropped_pages_look_as_before(self, tmp_path, rotate):
        source = scanned_pdf(tmp_path / "a.pdf", b"q 300 0 0 200 0 0 cm /Im Do Q 0 g 20 20 60 30 re f")
        with Pdf.open(source, allow_overwriting_input=True) as pdf:
            pdf.pages[0].obj.Rotate = rotate
            pdf.pages[0].obj.CropBox = Array([10, 10, 250, 190])
            pdf.save(source)
        seen = open_page(source, MediaType.PDF, 1, Limits())
        paper = (seen.width_mm, seen.height_mm)
        size = seen.pixels.shape[1::-1]
        page = sheet(source, media_type=MediaType.PDF, origin=seen.origin, paper=paper, size=size)
        assemble([page], tmp_path / "o.pdf", title="Akte")
        again = open_page(tmp_path / "o.pdf", MediaType.PDF, 1, Limits())
        assert again.pixels.shape == seen.pixels.shape
        assert np.abs(again.pixels.astype(int) - seen.pixels).mean() < 1


class TestWhole:
    def volume(self, folder) -> list[ProductPage]:
        blank_png(folder / "a.png")
        Image.new("1", (100, 140), 1).save(
            folder / "b.tif", save_all=True, append_images=[Image.new("L", (9, 9))]
        )
        scanned_pdf(folder / "c.pdf")
        words = write(TestText.LETTER)
        return [
            sheet(folder / "a.png", words, section="Antrag auf Aufenthaltstitel"),
            sheet(folder / "b.tif", media_type=MediaType.TIFF),
            sheet(folder / "b.tif", media_type=MediaType.TIFF, number=2, section="Meldebescheinigung"),
            sheet(folder / "c.pdf", words, media_type=MediaType.PDF, skew=0.7),
        ]

    def test_outline_labels_title_and_language(self, tmp_path):
        facts = assemble(
            self.volume(tmp_path), tmp_path / "o.pdf", title="32.1 Müller & <Söhne>", language="de"
        )
        data = (tmp_path / "o.pdf").read_bytes()
        assert (facts.pages, facts.size, facts.sha256) == (4, len(data), hashlib.sha256(data).hexdigest())
        with Pdf.open(tmp_path / "o.pdf") as pdf:
            assert "/Info" not in pdf.trailer
            with pdf.open_outline() as outline:
                assert [item.title for item in outline.root] == [
                    "Antrag auf Aufenthaltstitel",
                    "Meldebescheinigung",
                ]
                assert outline.root[1].destination[0].objgen == pdf.pages[2].objgen
            with pdf.open_metadata() as metadata:
                assert metadata["dc:title"] == "32.1 Müller & <Söhne>"
            assert str(pdf.Root.Lang) == "de"
            assert pdf.pages[3].label == "4"
        check(tmp_path / "o.pdf")

    def test_the_same_pages_give_the_same_bytes_in_any_process(self, tmp_path):
        code = (
            "import sys; from pathlib import Path\n"
            "sys.path[:0] = [sys.argv[1], sys.argv[1] + '/tests/pipeline']\n"
            "import test_product as t\n"
            "folder = Path(sys.argv[2]); pages = t.TestWhole().volume(folder)\n"
            "print(t.assemble(pages, folder / sys.argv[3], title='Akte').sha256)"
        )
        digests = {
            subprocess.run(
                [sys.executable, "-c", code, str(ROOT), str(tmp_path), f"{seed}.pdf"],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
                text=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(digests) == 1

    def test_a_volume_bound_in_parts_is_the_same_volume(self, tmp_path, monkeypatch):
        pages = self.volume(tmp_path) * 3
        assemble(pages, tmp_path / "one.pdf", title="Akte")
        monkeypatch.setattr(product, "PART_BYTES", 1)
        monkeypatch.setattr(product, "PART_SOURCES", 0)
        facts = assemble(pages, tmp_path / "parts.pdf", title="Akte")
        assert facts.pages == 12
        assert unpacked(tmp_path / "parts.pdf") == unpacked(tmp_path / "one.pdf")
        assert poppler_text(tmp_path / "parts.pdf") == poppler_text(tmp_path / "one.pdf")
        with Pdf.open(tmp_path / "parts.pdf") as pdf, pdf.open_outline() as outline:
            assert len(outline.root) == 6
        check(tmp_path / "parts.pdf")

    def test_parts_share_one_font_and_agree_on_its_codes(self, tmp_path, monkeypatch):
        blank_png(tmp_path / "a.png")
        texts = ("alpha 𝒜", "beta  ℬ 𝒞", "gamma 𝒞  𝒜")
        pages = [sheet(tmp_path / "a.png", write([(200, 300, text)])) for text in texts]
        monkeypatch.setattr(product, "PART_BYTES", 0)
        assemble(pages, tmp_path / "o.pdf", title="Akte")
        assert [line.split() for line in lines_of(poppler_text(tmp_path / "o.pdf"))] == [
            text.split() for text in texts
        ]
        with Pdf.open(tmp_path / "o.pdf") as pdf:
            fonts = [item for item in pdf.objects if isinstance(item, Dictionary) and "/ToUnicode" in item]
            assert len(fonts) == 1

    def test_layers_stay_hidden_in_every_part(self, tmp_path, monkeypatch):
        source = scanned_pdf(tmp_path / "a.pdf", b"/OC /L BDC 0 g 0 0 300 200 re f EMC")
        with Pdf.open(source, allow_overwriting_input=True) as pdf:
            layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="Wasserzeichen"))
            pdf.pages[0].obj.Resources.Properties = Dictionary(L=layer)
            pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
            pdf.save(source)
        hidden = sheet(source, media_type=MediaType.PDF, origin=Origin.RENDERED, size=(300, 200))
        plain = sheet(blank_png(tmp_path / "a.png"))
        monkeypatch.setattr(product, "PART_BYTES", 0)
        assemble([plain, hidden, plain, hidden], tmp_path / "o.pdf", title="Akte")
        with Pdf.open(tmp_path / "o.pdf") as pdf:
            layers = pdf.Root.OCProperties
            used = [
                pdf.pages[index].obj.Resources.XObject.Page.Resources.Properties.L.objgen for index in (1, 3)
            ]
            assert [group.objgen for group in layers.OCGs] == used
            assert [group.objgen for group in layers.D.OFF] == used
            assert not any("/AktenOff" in group for group in layers.OCGs)
        check(tmp_path / "o.pdf")

    def test_a_source_is_opened_once_for_its_pages(self, tmp_path, monkeypatch):
        opened = []
        monkeypatch.setattr(
            product,
            "open_material",
            lambda *args, original=product.open_material: opened.append(args) or original(*args),
        )
        with Pdf.new() as pdf:
            for _ in range(30):
                pdf.add_blank_page()
            pdf.save(tmp_path / "a.pdf")
        kind = {"media_type": MediaType.PDF, "origin": Origin.RENDERED}
        pages = (sheet(tmp_path / "a.pdf", number=number, **kind) for number in range(1, 31))
        assert assemble(pages, tmp_path / "o.pdf", title="Akte").pages == 30
        assert len(opened) == 1

    def test_nothing_is_left_where_it_fails(self, tmp_path):
        with pytest.raises(errors.NoPages):
            assemble([], tmp_path / "o.pdf", title="Akte")
        (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
        with pytest.raises(errors.PageUnreadable):
            assemble([sheet(tmp_path / "bad.png")], tmp_path / "o.pdf", title="Akte")
        assert [path.name for path in tmp_path.iterdir()] == ["bad.png"]
