"""Products are archival PDFs: judged by an independent validator, and no claim where it might be false.

PDFBox Preflight knows PDF/A-1b only, so the same structure is written as that. It runs once for all files.
"""

import io
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageCms, ImageDraw
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ocr.records import Box, Recognition, Word
from pipeline.product import binding
from pipeline.product.archival import PDF_A_1B, PROFILE_FILE
from pipeline.product.binding import ProductPage, assemble
from pipeline.product.conformity import departures
from pipeline.product.keeping import Profile
from pipeline.product.srgb_profile import build_profile
from pipeline.scans.source import MediaType, Origin
from tests.specimens import fonts

_JAVA = Path("/usr/share/java")
_JARS = ("preflight", "xmpbox", "pdfbox2", "fontbox2", "commons-logging", "jaxb-api", "javax.activation")
SIZE = (620, 438)  # an eighth of A4 at 300 dpi, across
MM = (SIZE[0] / 300 * 25.4, SIZE[1] / 300 * 25.4)
NOTE = {"creator": "Erika Muster", "statement": "Stimmt <überein> & vollständig."}


def page(path, kind=MediaType.PNG, words=(), origin=Origin.IMAGE, section=None) -> ProductPage:
    found = Recognition(tuple(words), *SIZE, 0, 0.0, 90.0, "deu", "test")
    return ProductPage(path, kind, 1, origin, found, *MM, section)


def words(*texts) -> tuple[Word, ...]:
    return tuple(Word(text, Box(40, 40 + 60 * line, 200, 40), 90.0, line) for line, text in enumerate(texts))


def scan(mode="RGB") -> Image.Image:
    image = Image.new("RGB", SIZE, (246, 240, 225))
    draw = ImageDraw.Draw(image)
    for line in range(6):
        draw.rectangle((40, 40 + 60 * line, 240, 70 + 60 * line), (30, 30, 40))
    draw.ellipse((400, 200, 560, 360), outline=(30, 50, 170), width=8)
    noise = np.random.default_rng(3).normal(0, 3, (*SIZE[::-1], 3))
    noisy = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
    return noisy.convert(mode)


def saved(folder, name, mode="RGB", **options) -> Path:
    scan(mode).save(folder / name, dpi=(300, 300), **options)
    return folder / name


def digital(path, embedded=True) -> Path:
    """A born-digital page with text."""
    canvas = Canvas(str(path), pagesize=(SIZE[0] * 0.24, SIZE[1] * 0.24))
    if embedded:
        pdfmetrics.registerFont(TTFont("Serif", str(fonts.path_of("serif"))))
    canvas.setFont("Serif" if embedded else "Helvetica", 9)
    canvas.drawString(20, 50, "Bescheid vom 12. März")
    canvas.save()
    return path


def lines(path) -> Path:
    """A PDF page of lines and two images, none of which fills it."""
    file = io.BytesIO()
    scan("L").resize((100, 70)).save(file, "JPEG")
    with Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(SIZE[0] * 0.24, SIZE[1] * 0.24))
        keys = {"Width": 100, "Height": 70, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray}
        image = pdf.make_stream(file.getvalue(), Subtype=Name.Image, Filter=Name.DCTDecode, **keys)
        image.Interpolate = True
        pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Im=image))
        pdf.pages[0].Contents = pdf.make_stream(
            b"0 0 m 90 90 l S q 40 0 0 30 5 5 cm /Im Do Q q 40 0 0 30 80 60 cm /Im Do Q"
        )
        pdf.save(path)
    return path


SPOKEN = words("Ausländerbehörde", "Құжат Ελλάδα", "هجرة", "עברית", "ሰላም 中文")
KINDS = {
    "colour": lambda folder: [
        page(saved(folder, "a.jpg", quality=90), MediaType.JPEG, SPOKEN, section="Antrag")
    ],
    "grey": lambda folder: [page(saved(folder, "a.png", "L"))],
    "palette": lambda folder: [page(saved(folder, "a.png", "P"))],
    "bitonal": lambda folder: [page(saved(folder, "a.tif", "1"), MediaType.TIFF, SPOKEN)],
    "cmyk": lambda folder: [page(saved(folder, "a.jpg", "CMYK"), MediaType.JPEG)],
    "lines": lambda folder: [page(lines(folder / "a.pdf"), MediaType.PDF, SPOKEN, Origin.RENDERED)],
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, list[str]]:
    """What the validator finds wrong with a product of each kind, written as PDF/A-1b, by name."""
    folder = tmp_path_factory.mktemp("pdfa")
    made = []
    for name, pages in KINDS.items():
        for profile in Profile:
            if (name, profile) == ("cmyk", Profile.FAITHFUL):
                continue  # colours of a printer nobody knows: no claim is made
            (work := folder / f"{name}-{profile}").mkdir()
            made.append(folder / f"{name}-{profile}.pdf")
            assemble(pages(work), made[-1], title="Akte", note=NOTE, profile=profile, standard=PDF_A_1B)
    parts = folder / "parts.pdf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binding, "PART_BYTES", 1)
        assemble(KINDS["colour"](folder) * 3, parts, title="Akte", standard=PDF_A_1B)
    broken = folder / "broken.pdf"
    with Pdf.open(made[0]) as pdf:
        del pdf.Root["/OutputIntents"]
        pdf.save(broken, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return judged([*made, parts, broken], folder)


def judged(paths, folder) -> dict[str, list[str]]:
    listed = folder / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in paths))
    jars = ":".join(str(_JAVA / f"{name}.jar") for name in _JARS)
    program = "org.apache.pdfbox.preflight.Validator_A1b"
    java = ["java", "-XX:TieredStopAtLevel=1", "-cp", jars, program, "xml", "group", str(listed)]
    subprocess.run(java, capture_output=True, check=False)
    report = ElementTree.parse(folder / "list.txt.preflight.xml")  # noqa: S314 - the validator's own words
    return {
        Path(one.get("name", "")).stem: [error.findtext("details", "") for error in one.iter("error")]
        or ([] if one.findtext("isValid") == "true" else ["not valid"])
        for one in report.iter("preflight")
    }


class TestValidator:
    @pytest.mark.parametrize("profile", list(Profile))
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_of_page_conforms(self, verdicts, kind, profile):
        if (kind, profile) == ("cmyk", Profile.FAITHFUL):
            assert "cmyk-faithful" not in verdicts
        else:
            assert verdicts[f"{kind}-{profile}"] == []

    def test_a_volume_bound_in_parts_conforms(self, verdicts):
        assert verdicts["parts"] == []

    def test_the_validator_does_find_faults(self, verdicts):
        assert any("DestOutputProfile" in fault for fault in verdicts["broken"])


def claim_of(path) -> str | None:
    with Pdf.open(path) as pdf:
        found = re.search(
            rb"<pdfaid:part>(\d)</pdfaid:part><pdfaid:conformance>(\w)<", pdf.Root.Metadata.read_bytes()
        )
    return found and "".join(part.decode() for part in found.groups())


def bound(tmp_path, *pages, profile=Profile.COMPACT) -> tuple[Path, tuple[str, ...]]:
    target = tmp_path / "product.pdf"
    facts = assemble(pages, target, title="Akte", note=NOTE, profile=profile)
    subprocess.run(["qpdf", "--check", str(target)], check=True, capture_output=True)
    return target, facts.kept[0].departures


class TestClaim:
    def test_a_scan_is_pdf_a_2b(self, tmp_path):
        path, departures = bound(tmp_path, page(saved(tmp_path, "a.jpg"), MediaType.JPEG, SPOKEN))
        assert (claim_of(path), departures) == ("2B", ())
        with Pdf.open(path) as pdf:
            assert "/Encrypt" not in pdf.trailer
            assert pdf.pdf_version == "1.7"
            assert "/Filter" not in pdf.Root.Metadata
            assert pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes() == build_profile()

    def test_a_digital_page_is_not_believed_to_conform(self, tmp_path):
        path, departures = bound(
            tmp_path, page(digital(tmp_path / "a.pdf"), MediaType.PDF, origin=Origin.DIGITAL)
        )
        assert claim_of(path) is None
        assert departures == ("text_unproven",)

    def test_unless_its_file_says_so_itself(self, tmp_path):
        source = digital(tmp_path / "a.pdf")
        with Pdf.open(source, allow_overwriting_input=True) as pdf:
            with pdf.open_metadata() as metadata:
                metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "2", "B"
            pdf.save(source)
        path, departures = bound(tmp_path, page(source, MediaType.PDF, origin=Origin.DIGITAL))
        assert (claim_of(path), departures) == ("2B", ())

    def test_fonts_that_are_not_there_are_told(self, tmp_path):
        source = digital(tmp_path / "a.pdf", embedded=False)
        _, departures = bound(tmp_path, page(source, MediaType.PDF, origin=Origin.DIGITAL))
        assert departures == ("font_not_embedded", "text_unproven")

    def test_one_such_page_takes_the_claim_from_the_whole(self, tmp_path):
        pages = [
            page(saved(tmp_path, "a.jpg"), MediaType.JPEG),
            page(digital(tmp_path / "a.pdf"), MediaType.PDF, origin=Origin.DIGITAL),
        ]
        assert claim_of(bound(tmp_path, *pages)[0]) is None

    def test_printing_colours_without_a_profile_make_no_claim(self, tmp_path):
        source = saved(tmp_path, "a.jpg", "CMYK")
        path, departures = bound(tmp_path, page(source, MediaType.JPEG), profile=Profile.FAITHFUL)
        assert (claim_of(path), departures) == (None, ("cmyk",))

    def test_a_broken_colour_profile_is_left_behind(self, tmp_path):
        source = tmp_path / "a.jpg"
        scan().save(source, icc_profile=b"\0" * 8 + b"\2" + b"\0" * 7 + b"RGB " + b"junk" * 30)
        path, _ = bound(tmp_path, page(source, MediaType.JPEG), profile=Profile.FAITHFUL)
        assert claim_of(path) == "2B"
        with Pdf.open(path) as pdf:
            (image,) = pdf.pages[0].get_images().values()
            assert image.ColorSpace == Name.DeviceRGB


def drawing(pdf, content=b"", **resources):
    return pdf.make_stream(content, Subtype=Name.Form, BBox=[0, 0, 9, 9], Resources=Dictionary(**resources))


class TestDepartures:
    """What a page of another PDF may bring along."""

    def found(self, build) -> tuple[str, ...]:
        with Pdf.new() as pdf:
            return departures(build(pdf), is_believed=True)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"0 0 0 1 k 0 0 5 5 re f", "cmyk"),
            (b"/DeviceCMYK cs", "cmyk"),
            (b"/OC /Layer BDC EMC", "layers"),
            (b"/Odd ri", "graphics_state"),
            (b"BI /W 1 /H 1 /BPC 8 /CS /CMYK ID \0\0\0\0 EI", "cmyk"),
            (b"BI /W 1 /H 1 /BPC 8 /CS /G /I true ID \0 EI", "graphics_state"),
            (b"BT (text in a font set elsewhere) Tj ET", "text_unproven"),
            (b"BX 1 odd EX", "unreadable"),
            (b"q " * 29 + b"Q " * 29, "unreadable"),
            (b"BT (" + b"a" * 32_768 + b") Tj ET", "text_unproven unreadable"),
            (b"/" + b"a" * 128 + b" Do", "unreadable"),
        ],
    )
    def test_content(self, content, code):
        assert self.found(lambda pdf: drawing(pdf, content)) == tuple(code.split())

    @pytest.mark.parametrize(
        ("state", "code"),
        [({"TR": Name.Identity}, "graphics_state"), ({"BM": Name("/Odd")}, "graphics_state")],
    )
    def test_graphics_states(self, state, code):
        assert self.found(lambda pdf: drawing(pdf, ExtGState=Dictionary(G=Dictionary(**state)))) == (code,)

    def test_colours_within_colours(self):
        space = Array(
            [Name.Indexed, Array([Name.Separation, Name.Spot, Name.DeviceCMYK, Dictionary()]), 0, b"\0"]
        )
        assert self.found(lambda pdf: drawing(pdf, ColorSpace=Dictionary(C=space))) == ("cmyk",)

    @pytest.mark.parametrize(
        ("data", "found"), [(b"no profile", ("colour_profile",)), (PROFILE_FILE.read_bytes(), ())]
    )
    def test_a_profile_is_looked_into(self, data, found):
        def coloured(pdf):
            return drawing(pdf, ColorSpace=Dictionary(C=Array([Name.ICCBased, pdf.make_stream(data, N=3)])))

        assert self.found(coloured) == found

    def test_more_colourants_than_readers_know(self):
        inks = Array([Name(f"/Ink{number}") for number in range(33)])
        space = Array([Name.DeviceN, inks, Name.DeviceRGB, Dictionary()])
        assert self.found(lambda pdf: drawing(pdf, ColorSpace=Dictionary(C=space))) == ("graphics_state",)

    def test_letters_drawn_with_other_fonts(self):
        def lettered(pdf):
            helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            glyph = pdf.make_stream(b"9 0 d0 BT /H 9 Tf (a) Tj ET")
            letters = Dictionary(
                Subtype=Name.Type3,
                CharProcs=Dictionary(a=glyph),
                Resources=Dictionary(Font=Dictionary(H=helvetica)),
            )
            return drawing(pdf, b"BT /L 9 Tf (a) Tj ET", Font=Dictionary(L=letters))

        assert self.found(lettered) == ("font_not_embedded",)

    def test_postscript(self):
        def written(pdf):
            program = pdf.make_stream(b"", Subtype=Name.PS)
            return drawing(pdf, b"/P Do", XObject=Dictionary(P=program))

        assert self.found(written) == ("postscript",)

    def test_what_is_drawn_by_what_is_drawn(self):
        def nested(pdf):
            inner = drawing(pdf, b"0 0 0 1 K")
            return drawing(pdf, b"/F Do", XObject=Dictionary(F=inner))

        assert self.found(nested) == ("cmyk",)

    def test_a_form_that_draws_itself_ends(self):
        def endless(pdf):
            form = drawing(pdf, b"/F Do")
            form.Resources.XObject = Dictionary(F=form)
            return form

        assert self.found(endless) == ()

    def test_lzw_is_packed_anew(self):
        with Pdf.new() as pdf:
            keys = {"Width": 9, "Height": 1, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray}
            example = b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"  # ISO 32000-1, 7.4.4.2
            image = pdf.make_stream(example, Subtype=Name.Image, Filter=Name.LZWDecode, **keys)
            assert departures(image, is_believed=True) == ()
            assert "/Filter" not in image
            assert image.read_bytes() == bytes([45, 45, 45, 45, 45, 65, 45, 45, 45, 66])


def test_the_profile_is_the_one_its_function_makes():
    assert PROFILE_FILE.read_bytes() == build_profile()
    made = ImageCms.getOpenProfile(io.BytesIO(build_profile()))
    across = ImageCms.buildTransform(made, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    ramp = Image.linear_gradient("L").convert("RGB")
    off = np.asarray(ImageCms.applyTransform(ramp, across)).astype(int) - np.asarray(ramp)
    assert np.abs(off).max() <= 1
