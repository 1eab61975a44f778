"""Pages with text of their own: kept where it is seen and legible, else recognised; and why is recorded."""

import subprocess
from pathlib import Path

import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from errors import DynamicForm, RecognitionFailed
from ocr.options import OcrOptions
from ocr.records import Box, Word, text_of
from pipeline.merging import direction, merged
from pipeline.page_text import TextFrom, text_of_page
from pipeline.product.binding import ProductPage, assemble
from pipeline.scans import pdf_pages
from pipeline.scans.pages import Limits, MediaType, Origin, PageImage, inspect, open_page
from pipeline.scans.source import Why
from pipeline.scans.wording import looks_wrong, tidy
from storage.ledger import pages
from tests import office as desk

OPEN_DATA = Path(__file__).parents[3] / "shared" / "data" / "open"
LINES = (
    "Sehr geehrte Damen und Herren,",
    "hiermit beantrage ich die Verlängerung meiner Aufenthaltserlaubnis.",
    "Die erforderlichen Unterlagen sind diesem Schreiben beigefügt.",
)
SCANNED = ("Mietvertrag", "Vermieter: Hausverwaltung", "Die Kaltmiete beträgt 480 Euro.")
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def scan(lines=SCANNED, size=(1000, 400)) -> ImageReader:
    """Paper with writing, as a scanner sees it."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 90 * number), line, 0, ImageFont.truetype(FONT, 44))
    return ImageReader(image)


class Sheet:
    """An A4 page drawn part by part, then opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)

    def text(self, lines=LINES, *, top=740, left=72, mode=0) -> "Sheet":
        for number, line in enumerate(lines):
            self.canvas.drawString(left, top - 14 * number, line, mode=mode)
        return self

    def image(self, box=(72, 300, 400, 160), lines=SCANNED) -> "Sheet":
        self.canvas.drawImage(scan(lines), *box)
        return self

    def page_scan(self) -> "Sheet":
        self.canvas.drawImage(scan(LINES * 4, (1654, 2339)), 0, 0, 595, 842)
        return self

    def save(self) -> Path:
        self.canvas.save()
        return self.path

    def open(self) -> PageImage:
        return open_page(self.save(), MediaType.PDF, 1, Limits())


class Reader:
    """An engine that finds given words, a line each, evenly down the page; or breaks."""

    name = "reader 1"

    def __init__(self, *lines: str, confidence: float = 90.0) -> None:
        self._lines = lines
        self._confidence = confidence
        self.images = []

    def languages(self) -> frozenset[str]:
        return frozenset({"deu"})

    def read(self, image, manner):
        self.images.append(image)
        height, width = image.shape
        step = height // (len(self._lines) + 1)
        words = []
        for number, line in enumerate(self._lines):
            for place, text in enumerate(line.split()):
                box = Box(width // 10 + 90 * place, step * (number + 1), 80, 20)
                words.append(Word(text, box, self._confidence, number))
        return tuple(words)


class Broken(Reader):
    def read(self, image, manner):
        raise RecognitionFailed(detail="broken")


def outcome(image: PageImage, engine) -> tuple[str, TextFrom, Why]:
    found = text_of_page(image, engine, OcrOptions())
    return found.found.text, found.source, found.why


@pytest.fixture
def sheet(tmp_path) -> Sheet:
    return Sheet(tmp_path / "a.pdf")


def bound(source: Path, image: PageImage, engine, folder: Path) -> Path:
    """The product of the one page, muted as its text says."""
    text = text_of_page(image, engine, OcrOptions())
    muted = image.own.hidden > 0 or text.why in (Why.OWN_TEXT_ILLEGIBLE, Why.IMAGE_WITH_OLD_LAYER)
    origin = Origin.RENDERED if text.why is Why.OWN_TEXT_ILLEGIBLE else image.origin
    paper = (image.width_mm, image.height_mm)
    page = ProductPage(source, MediaType.PDF, 1, origin, text.found, *paper, is_muted=muted)
    assemble([page], folder / "o.pdf", title="Akte")
    return folder / "o.pdf"


def texts(path: Path) -> tuple[str, str]:
    """What poppler and PDFium read in a file."""
    poppler = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    with pypdfium2.PdfDocument(path) as pdf:
        text = pdf[0].get_textpage()
        return poppler, text.get_text_range()


def lines_of(*found: str) -> list[list[str]]:
    return [[" ".join(line.split()) for line in text.splitlines() if line.strip(" \f")] for text in found]


class TestBornDigital:
    def test_it_keeps_its_text_and_nothing_is_recognised(self, sheet):
        image = sheet.text().open()
        assert (image.origin, image.own.why, image.own.hidden) == (Origin.DIGITAL, Why.BORN_DIGITAL, 0)
        found = text_of_page(image, Broken(), OcrOptions())
        assert (found.source, found.flag, found.found.confidence) == (TextFrom.PAGE, None, 100.0)
        assert found.found.text == "\n".join(LINES)

    def test_a_page_number_alone_is_all_there_is(self, sheet):
        assert [word.text for word in sheet.text(["- 12 -"]).open().words] == ["-", "12", "-"]

    def test_rules_bars_and_a_logo_are_no_writing(self, sheet):
        for number in range(12):
            sheet.canvas.rect(60, 150 + 20 * number, 470, 20)
        sheet.canvas.circle(500, 790, 25, fill=1)
        assert sheet.text().open().own.why is Why.BORN_DIGITAL

    @pytest.mark.skipif(not OPEN_DATA.is_dir(), reason="the open test data are not here")
    def test_invoices_have_the_words_poppler_finds(self):
        for path in sorted((OPEN_DATA / "zugferd-invoices-de").glob("*.pdf"))[::4]:
            image = open_page(path, MediaType.PDF, 1, Limits())
            plain = subprocess.run(
                ["pdftotext", "-l", "1", str(path), "-"], capture_output=True, text=True, check=True
            ).stdout
            assert image.own.why is Why.BORN_DIGITAL, path.name
            found = sorted("".join(word.text for word in image.words).replace("-", ""))
            assert found == sorted("".join(plain.split()).replace("-", "")), (
                path.name
            )  # it joins hyphenated words


class TestNobodySees:
    """What nobody sees on the page must not be found: it is hidden data, or an old recognition."""

    @staticmethod
    def hide(sheet: Sheet, how: str) -> None:
        canvas, secret = sheet.canvas, ["Geheimnis Nachname Vorname"]
        canvas.saveState()
        if how == "white":
            canvas.setFillGray(1)
            sheet.text(secret, top=500)
        elif how == "invisible":
            sheet.text(secret, top=500, mode=3)
        elif how == "clipped":
            path = canvas.beginPath()
            path.rect(0, 0, 50, 50)
            canvas.clipPath(path, stroke=0)
            sheet.text(secret, top=500)
        elif how == "outside":
            sheet.text(secret, top=-40)
        elif how == "barred":
            sheet.text(secret, top=500)
            canvas.rect(60, 490, 300, 25, fill=1)
        elif how == "covered":
            sheet.text(secret, top=340).image((60, 330, 300, 25), lines=())
        elif how == "tiny":
            canvas.setFont("Helvetica", 0.01)
            sheet.text(secret, top=500)
        canvas.restoreState()

    HOW = ("white", "invisible", "clipped", "outside", "barred", "covered", "tiny")

    @pytest.mark.parametrize("how", HOW)
    def test_it_is_not_found(self, sheet, how):
        self.hide(sheet, how)
        image = sheet.text().open()
        assert image.own.why is Why.BORN_DIGITAL
        assert text_of(image.words) == "\n".join(LINES)

    @pytest.mark.parametrize("how", HOW)
    def test_nor_in_the_product(self, sheet, tmp_path, how):
        self.hide(sheet, how)
        image = sheet.text().open()
        out = bound(sheet.path, image, Reader(), tmp_path)
        assert lines_of(*texts(out)) == [list(LINES)] * 2

    def test_a_layer_switched_off_is_not_found(self, sheet):
        sheet.text().save()
        with Pdf.open(sheet.path, allow_overwriting_input=True) as pdf:
            layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="Entwurf"))
            page = pdf.pages[0]
            page.obj.Resources.Properties = Dictionary(L=layer)
            page.contents_add(b"/OC /L BDC BT /F1 12 Tf 72 500 Td (Geheimnis) Tj ET EMC")
            pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
            pdf.save(sheet.path)
        image = open_page(sheet.path, MediaType.PDF, 1, Limits())
        assert text_of(image.words) == "\n".join(LINES)


class TestOldLayers:
    """A scan with the words of an earlier recognition is recognised anew, however those are laid."""

    @pytest.mark.parametrize("how", ["invisible", "beneath", "white"])
    def test_words_nobody_sees_on_an_image(self, sheet, tmp_path, how):
        if how == "beneath":
            sheet.text().page_scan()
        else:
            sheet.page_scan().canvas.setFillGray(1)
            sheet.text(top=300, mode=3 if how == "invisible" else 0)
        image = sheet.open()
        assert (image.origin, image.own.why) == (Origin.IMAGE, Why.IMAGE_WITH_OLD_LAYER)
        assert image.pixels.shape[1] == 1654
        reader = Reader("neu gelesen")
        assert outcome(image, reader) == ("neu gelesen", TextFrom.RECOGNITION, Why.IMAGE_WITH_OLD_LAYER)
        assert lines_of(*texts(bound(sheet.path, image, reader, tmp_path))) == [["neu gelesen"]] * 2

    def test_words_printed_over_the_writing_of_an_image(self, sheet, tmp_path):
        sheet.page_scan()
        for number in range(12):
            sheet.text(["Sehr geehite Danen und Herren hiermit beantiage"], left=15, top=811 - 32.4 * number)
        image = sheet.open()
        assert (image.own.why, image.words) == (Why.IMAGE_WITH_OLD_LAYER, None)
        out = bound(sheet.path, image, Reader("neu gelesen"), tmp_path)
        assert lines_of(*texts(out)) == [["neu gelesen"]] * 2

    def test_they_stay_where_the_new_reading_fails_or_is_clearly_worse(self, sheet):
        image = sheet.page_scan().text(mode=3).open()
        kept = ("\n".join(LINES), TextFrom.PAGE, Why.OLD_LAYER_KEPT)
        worse = Reader("Sbhr gxhrtx Dmnnsl vndtz Hrrnst brntgrt", confidence=31)
        assert outcome(image, Broken()) == kept
        assert outcome(image, worse) == kept
        assert text_of_page(image, worse, OcrOptions()).found.confidence == 31

    def test_they_stay_beside_the_pages_own_text_too(self, sheet):
        """A stamp that a program has put on a scan with an old layer that shows."""
        old, stamp = "Sehr geehrte Damen und Herren hiermit beantrage", "Eingegangen am 3. Mai"
        sheet.page_scan()
        for number in range(12):
            sheet.text([old], left=15, top=811 - 32.4 * number)
        image = sheet.text([stamp], top=200).open()
        assert (image.own.why, text_of(image.words)) == (Why.IMAGE_WITH_OLD_LAYER, stamp)
        anew = ("neu gelesen\n" + stamp, TextFrom.BOTH, Why.IMAGE_WITH_OLD_LAYER)
        assert outcome(image, Reader("neu gelesen", "", "")) == anew
        kept = ("\n".join([*[old] * 12, stamp]), TextFrom.PAGE, Why.OLD_LAYER_KEPT)
        assert outcome(image, Broken()) == kept
        assert outcome(image, Reader("Sbhr gxhrtx Dmnnsl vndtz Hrrnst brntgrt", confidence=31)) == kept

    def test_they_go_where_they_are_worse_themselves(self, sheet):
        image = sheet.page_scan().text(["Sbhr gxhrtx Dmnnsl vndtz", "hmrmtt bntrgch Vrlngrng"], mode=3).open()
        assert outcome(image, Reader("Sehr geehrte Damen", confidence=50))[0] == "Sehr geehrte Damen"


class TestBoth:
    """Text and images with writing on one page: the one is kept, the other recognised, in reading order."""

    def test_a_scan_pasted_into_a_form(self, sheet, tmp_path):
        below = ["Ort, Datum, Unterschrift"]
        image = sheet.text().image().text(below, top=200).open()
        assert (image.origin, image.own.why) == (Origin.RENDERED, Why.IMAGE_IN_TEXT)
        reader = Reader("", "", "", "", "Mietvertrag Kaltmiete", "", "")
        expected = [*LINES, "Mietvertrag Kaltmiete", *below]
        assert outcome(image, reader) == ("\n".join(expected), TextFrom.BOTH, Why.IMAGE_IN_TEXT)
        assert lines_of(*texts(bound(sheet.path, image, reader, tmp_path)))[0] == expected

    def test_what_is_recognised_is_only_what_is_not_text(self, sheet):
        image = sheet.text().image().open()
        height = image.pixels.shape[0]
        assert image.pixels[: round(height * 0.4)].min() > 200
        assert image.pixels[round(height * 0.45) : round(height * 0.65)].min() < 100

    def test_a_line_added_to_a_scan_is_kept_and_the_scan_read(self, sheet):
        header = "Fax von 0511 168 an 0511 4711, 3. Mai, Seite 2 von 7"
        image = sheet.page_scan().text([header], top=20).open()
        assert image.own.why is Why.IMAGE_IN_TEXT
        text, source, _ = outcome(image, Reader("Sehr geehrte Damen", "und Herren"))
        assert text.split("\n") == ["Sehr geehrte Damen", "und Herren", header]
        assert source is TextFrom.BOTH

    def test_a_single_line_of_a_scan_is_not_missed(self, sheet):
        image = sheet.image((0, 0, 595, 842), lines=["Duldung"]).text(["Seite 1"], top=20).open()
        assert image.own.why is Why.IMAGE_IN_TEXT

    def test_letters_drawn_as_outlines_are_recognised(self, sheet):
        """As some programs print: every letter a path."""
        for number in range(60):
            left, top = 72 + 7 * (number % 30), 400 - 20 * (number // 30)
            path = sheet.canvas.beginPath()
            path.moveTo(left, top)
            for x, y in ((2, 8), (4, 8), (6, 0), (4, 0), (3, 5), (2, 0)):
                path.lineTo(left + x, top + y)
            path.close()
            sheet.canvas.drawPath(path, fill=1, stroke=0)
        assert sheet.text().open().own.why is Why.IMAGE_IN_TEXT

    def test_the_engine_breaking_leaves_the_own_text_and_says_so(self, sheet):
        found = text_of_page(sheet.text().image().open(), Broken(), OcrOptions())
        assert (found.found.text, found.source) == ("\n".join(LINES), TextFrom.PAGE)
        assert found.flag is not None

    def test_own_words_win_where_both_stand_and_columns_stay_columns(self):
        own = (word("links", 0, 0, 0), word("unten", 0, 300, 1), word("rechts", 500, 0, 2))
        read = (word("1inks", 2, 1, 0), word("Bild", 10, 100, 1), word("Foto", 510, 100, 2))
        assert text_of(merged(own, read)) == "links\nBild\nunten\nrechts\nFoto"


def word(text: str, left: int, top: int, line: int) -> Word:
    return Word(text, Box(left, top, 100, 20), 100.0, line)


class TestIllegible:
    """Text that is not what the page shows."""

    def test_a_broken_encoding_is_recognised_and_not_in_the_product(self, sheet, tmp_path):
        """A font whose map to Unicode points into the private use area, as some print drivers write it."""
        sheet.text().save()
        rows = "".join(f"<{code:02x}> <{0xE000 + code:04x}>\n" for code in range(32, 132))
        ranges = "1 begincodespacerange <00> <ff> endcodespacerange"
        cmap = f"begincmap {ranges} 100 beginbfchar\n{rows}endbfchar endcmap"
        with Pdf.open(sheet.path, allow_overwriting_input=True) as pdf:
            for font in pdf.pages[0].resources.Font.values():
                font.ToUnicode = pdf.make_stream(cmap.encode())
            pdf.save(sheet.path)
        image = open_page(sheet.path, MediaType.PDF, 1, Limits())
        assert image.own.garbage > 0.9
        reader = Reader("Sehr geehrte Damen")
        assert outcome(image, reader) == ("Sehr geehrte Damen", TextFrom.RECOGNITION, Why.OWN_TEXT_ILLEGIBLE)
        assert lines_of(*texts(bound(sheet.path, image, reader, tmp_path))) == [["Sehr geehrte Damen"]] * 2

    def test_shifted_letters_are_compared_with_the_page(self, sheet):
        shifted = ["".join(chr(ord(char) - 29) if char > "=" else char for char in line) for line in LINES]
        image = sheet.text(shifted).open()
        assert image.own.needs_comparison
        assert outcome(image, Reader(*LINES))[1:] == (TextFrom.RECOGNITION, Why.OWN_TEXT_ILLEGIBLE)
        assert outcome(image, Reader(*text_of(image.words).split("\n")))[1:] == (
            TextFrom.PAGE,
            Why.BORN_DIGITAL,
        )
        assert outcome(image, Broken())[1] is TextFrom.PAGE

    @pytest.mark.parametrize(
        ("text", "doubtful"),
        [
            (" ".join(LINES), False),
            ("DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX 33.1-2019/023547 K1001 2019-05-03 480,00", False),
            ("AZR-Nummer Straße GmbH & Co. KG Öffnungszeiten Czechowski-Przybyszewska Şahin Yıldız", False),
            ("وعليه فإن الحكومة المصرية تضع حلول المشكالت من خالل البرمجة", False),
            ("6HKU JHHKUWH 'DPHQ XQG +HUUHQ KLHUPLW EHDQWUDJH LFK GLH 9HUOlQJHUXQJ", True),
            ("✁✂✄☎✆✇✈✉✌✍ ✁✂✄☎✆✇✈✉✌✍ ✁✂✄☎✆✇✈✉✌✍ ✁✂✄☎✆✇✈✉✌✍ ✁✂✄☎", True),
        ],
        ids=["letter", "numbers", "names", "arabic", "shifted", "symbols"],
    )
    def test_what_looks_like_text(self, text, doubtful):
        assert looks_wrong(tuple(word(one, 0, 0, 0) for one in text.split())) is doubtful


class TestWording:
    @pytest.mark.parametrize(
        ("found", "typed"),
        [
            (["\ufb01nden", "Au\ufb00orderung"], "finden Aufforderung"),
            (["Ver\u00adlän\u00adge\u00ad"], "Verlänge-"),
            (["u\u0308ber", "\ufeff", "a\u200bb"], "über ab"),
            (["ةيرصملا", "ةموكحلا"], "الحكومة المصرية"),
            (["2019", "نوناق"], "قانون 2019"),
            (["Name:", "هللا", "دبع", "geboren", "am", "in", "Kairo"], "Name: عبد الله geboren am in Kairo"),
        ],
    )
    def test_words_are_as_a_person_would_type_them(self, found, typed):
        assert text_of(tidy(word(text, 50 * at, 0, 0) for at, text in enumerate(found))) == typed


def test_a_page_of_more_than_can_be_gone_through_keeps_its_words(sheet, monkeypatch):
    monkeypatch.setattr(pdf_pages, "MOST_CONTENT", 100)
    image = sheet.text().open()
    assert (image.own.why, text_of(image.words)) == (Why.BORN_DIGITAL, "\n".join(LINES))


class TestForms:
    """What an applicant filled in is what the form is about."""

    @staticmethod
    def fill(sheet: Sheet, value: str, *, looks: bool, anew: bool = False, **keys) -> None:
        """A field with a value, with a picture of another value or none, which readers are to draw or not."""
        sheet.text().canvas.acroForm.textfield(name="name", value="alt", x=72, y=400, width=300, height=60)
        sheet.save()
        with Pdf.open(sheet.path, allow_overwriting_input=True) as pdf:
            field = pdf.pages[0].obj.Annots[0]
            field.V = String(value)
            for key, entry in keys.items():
                field[f"/{key}"] = entry
            if not looks:
                del field["/AP"]
            if anew:
                pdf.Root.AcroForm.NeedAppearances = True
            pdf.save(sheet.path)

    @pytest.mark.parametrize(
        "value", ["Günther Müßig", "Şahin Yıldız", "Łódź Đorđe", "Иван Київ", "أحمد محمد"]
    )
    @pytest.mark.parametrize(("looks", "anew"), [(False, False), (True, True)])
    def test_values_without_a_picture_of_them_are_drawn_and_found(self, sheet, value, looks, anew):
        self.fill(sheet, value, looks=looks, anew=anew)
        image = open_page(sheet.path, MediaType.PDF, 1, Limits())
        assert image.own.why is Why.BORN_DIGITAL
        assert text_of(image.words).split("\n") == [*LINES, value]

    def test_a_broken_field_costs_its_own_value_and_no_page(self, sheet):
        self.fill(sheet, "neu", looks=False, Rect=Array([1, 2, 3]))
        assert text_of(open_page(sheet.path, MediaType.PDF, 1, Limits()).words) == "\n".join(LINES)

    def test_a_picture_that_is_there_is_left_alone(self, sheet):
        self.fill(sheet, "neu", looks=True)
        assert text_of(open_page(sheet.path, MediaType.PDF, 1, Limits()).words).endswith("alt")

    @pytest.mark.parametrize(
        ("keys", "shown"),
        [
            ({"Ff": 1 << 12}, ["aus", "zwei Zeilen"]),
            ({"Ff": 1 << 13}, []),
            ({"F": 2}, []),
            (
                {"FT": Name.Ch, "Opt": Array([Array([String("aus\nzwei Zeilen"), String("Syrien")])])},
                ["Syrien"],
            ),
        ],
        ids=["lines", "password", "hidden", "choice"],
    )
    def test_what_a_reader_would_show(self, sheet, keys, shown):
        self.fill(sheet, "aus\nzwei Zeilen", looks=False, **keys)
        found = text_of(open_page(sheet.path, MediaType.PDF, 1, Limits()).words)
        assert found.split("\n") == [*LINES, *shown]

    def test_a_form_that_only_one_program_can_draw_is_not_taken_for_its_notice(self, sheet):
        sheet.text(["Please wait..."]).save()
        with Pdf.open(sheet.path, allow_overwriting_input=True) as pdf:
            pdf.Root.NeedsRendering = True
            pdf.save(sheet.path)
        with pytest.raises(DynamicForm):
            inspect(sheet.path, MediaType.PDF, Limits())


class TestWayUp:
    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_a_page_whose_text_runs_sideways_stands_upright(self, sheet, tmp_path, turn):
        sheet.canvas.translate(297, 421)
        sheet.canvas.rotate(turn)
        image = sheet.text(top=100, left=-200).open()
        found = text_of_page(image, Broken(), OcrOptions()).found
        assert (found.rotation, found.text) == (turn, "\n".join(LINES))
        assert found.words[0].box.width > found.words[0].box.height
        upright = open_page(bound(sheet.path, image, Reader(), tmp_path), MediaType.PDF, 1, Limits())
        assert direction(upright.words) == 0

    def test_a_note_along_the_side_turns_nothing(self, sheet):
        sheet.text()
        sheet.canvas.rotate(90)
        image = sheet.text(["Formular 4711 Stand 2019"], left=100, top=-30).open()
        assert text_of_page(image, Broken(), OcrOptions()).found.rotation == 0


class TestWholeWay:
    def test_text_and_a_pasted_scan_are_found_and_what_is_hidden_is_not(self, tmp_path, monkeypatch):
        monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
        (tmp_path / "scans").mkdir()
        sheet = Sheet(tmp_path / "scans" / "33_1.pdf").text().image()
        sheet.canvas.setFillGray(1)
        sheet.text(["Geheimnis"], top=200).save()
        with desk.open_office(tmp_path / "data") as office:
            office.inventory("33/1;1;")
            office.take(tmp_path / "scans")
            office.work()
            found = {word: len(office.search(word)) for word in ("Verlängerung", "Kaltmiete", "Geheimnis")}
            assert found == {"Verlängerung": 1, "Kaltmiete": 1, "Geheimnis": 0}
            with office.ctx.ledger.read() as tx:
                (page,) = pages.of_document(tx, office.document("33/1").id)
            assert {key: page.result[key] for key in ("text_from", "why", "garbage", "hidden_words")} == {
                "text_from": "both",
                "why": "image_in_text",
                "garbage": 0.0,
                "hidden_words": 1,
            }
            assert page.result["own_letters"] == sum(map(str.isalnum, "".join(LINES)))
            with office.product("33/1") as product:
                product.save(tmp_path / "o.pdf")
        for text in texts(tmp_path / "o.pdf"):
            assert "Geheimnis" not in text
            assert text.index("Verlängerung") < text.index("Mietvertrag") < text.index("Kaltmiete")
