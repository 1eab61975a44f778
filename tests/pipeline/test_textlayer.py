"""The invisible text: two readers find the words where they are printed, in our order, in every script."""

import io
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from ocr.geometry import growth, upright_matrix
from ocr.records import Box, Recognition, Word
from pipeline.product.binding import ProductPage, assemble
from pipeline.product.keeping import Profile
from pipeline.product.textlayer import text_layer
from pipeline.scans.pages import MediaType, Origin
from pipeline.scans.wording import mirrored

DPI = 150
Found = list[tuple[str, tuple[float, float, float, float]]]  # left, top, right, bottom at 150 dpi


def bound(folder: Path, words, size=(1240, 1754), scan=None, *, profile=Profile.COMPACT, **geometry) -> Path:
    """A page at 150 dpi with these words on it; ``size`` is that of its upright frame."""
    pixels = np.full(size[::-1], 255, np.uint8) if scan is None else scan
    Image.fromarray(pixels).save(folder / "a.png")
    paper = tuple(side / DPI * 25.4 for side in pixels.shape[::-1])
    told = {"rotation": 0, "skew": 0.0, "grown": (0, 0), **geometry}
    recognition = Recognition(tuple(words), *size, told["rotation"], told["skew"], 90.0, "deu", "test",
                              grown=told["grown"])  # fmt: skip
    page = ProductPage(folder / "a.png", MediaType.PNG, 1, Origin.IMAGE, recognition, *paper, None)
    assemble([page], folder / "o.pdf", title="Akte", profile=profile)
    return folder / "o.pdf"


def poppler(pdf: Path, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, str(pdf), "-"], capture_output=True, check=True)
    return done.stdout.decode()


def poppler_words(pdf: Path) -> Found:
    rows = [row.split("\t") for row in poppler(pdf, "-tsv").split("\n") if row.startswith("5\t")]
    rows = [row for row in rows if row[11].strip()]  # what bridges a wide gap is a word to it
    boxes = [[float(value) * DPI / 72 for value in row[6:10]] for row in rows]
    return [
        (mirrored(row[11]), (x, y, x + width, y + height))
        for row, (x, y, width, height) in zip(rows, boxes, strict=True)
    ]


def pdfium_words(pdf: Path) -> Found:
    """Its characters with their boxes, put together to words."""
    found: Found = []
    with pypdfium2.PdfDocument(pdf) as opened:
        page = opened[0]
        read, height = page.get_textpage(), page.get_height()
        begun = False
        for place in range(read.count_chars()):
            char = read.get_text_range(place, 1)
            if not char.strip():
                begun = False
                continue
            left, bottom, right, top = read.get_charbox(place, loose=True)
            box = tuple(v * DPI / 72 for v in (left, height - top, right, height - bottom))
            if begun:
                text, old = found[-1]
                sides = (min(old[0], box[0]), min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3]))
                found[-1] = text + char, sides
            else:
                found.append((char, box))
            begun = True
        read.close()
        page.close()
    return found


def pdfium(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf) as opened:
        page = opened[0]
        read = page.get_textpage()
        text = read.get_text_range()
        read.close()
        page.close()
    return text.replace("\r\n", "\n")


def set_line(text: str, top: int, number: int, *, left=100, em=21, drop=lambda _x: 0.0) -> list[Word]:
    """A line as type of uneven widths sets it; ``drop`` is how far the paper sinks at x."""
    words = []
    for token in text.split():
        width = round(
            sum(0.3 if char in "iljtf.,-" else 0.75 if char in "mwMWÄ" else 0.5 for char in token) * em
        )
        at = top + round(drop(left + width / 2))
        below = 0.2 if set(token) & set("gjpqy,") else 0.0
        words.append(Word(token, Box(left, at, max(width, 3), round((0.7 + below) * em)), 90.0, number))
        left += width + round(0.27 * em)
    return words


def assert_near(found: Found, words, tolerance=3.0) -> None:
    assert [text for text, _ in found] == [word.text for word in words]
    for word, (text, box) in zip(words, found, strict=True):
        true = (word.box.left, word.box.top, word.box.left + word.box.width, word.box.top + word.box.height)
        assert box == pytest.approx(true, abs=tolerance), text


BOOK = (
    "Im Minimum will man mit jeder Mitteilung etwas erfahren",
    "Aufenthaltsgesetz i. V. m. Asylbewerberleistungsgesetz",
    "Wir WIMMELN in MÜNCHEN - illegal ist fast nichts davon",
)


@pytest.mark.parametrize("read", [poppler_words, pdfium_words])
def test_words_of_any_width_are_where_they_are_printed(tmp_path, read):
    words = [word for row, line in enumerate(BOOK) for word in set_line(line, 200 + 30 * row, row)]
    assert_near(read(bound(tmp_path, words)), words)


def test_lines_of_a_page_that_is_not_quite_straight_stay_whole(tmp_path):
    lines = [" ".join(f"Wort{column}{row}" for column in range(9)) for row in range(12)]
    words = [
        word
        for row, line in enumerate(lines)
        for word in set_line(line, 200 + 26 * row, row, drop=lambda x: x * 0.012)
    ]
    pdf = bound(tmp_path, words)
    assert poppler(pdf).split("\n")[: len(lines)] == lines
    assert pdfium(pdf).split("\n") == lines


def test_a_dash_or_a_stain_does_not_tilt_a_line(tmp_path):
    words = set_line("DAS HAUS - MIT DEM HOF - IST ALT", 200, 0)
    level = [replace(word, box=Box(word.box.left, 206, 8, 3)) if word.text == "-" else word for word in words]
    shown = poppler_words(bound(tmp_path, level))
    assert {round(box[3]) for _, box in shown} == {round(shown[0][1][3])}


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(
    ("rotation", "skew"), [(0, 0.0), (0, 3.0), (90, -2.0), (180, 1.5), (270, 0.0), (270, -4.0)]
)
def test_on_turned_and_skewed_pages_words_lie_on_their_ink(tmp_path, profile, rotation, skew):
    wide, tall = (500, 640) if rotation % 180 == 0 else (640, 500)
    grown = growth(wide, tall, skew)
    size = wide + grown[0], tall + grown[1]
    words = [
        Word(text, Box(80 + 130 * column, 100 + 90 * row, 9 * len(text), 15), 90.0, row)
        for row, line in enumerate(("AMT HAUS", "BAHNHOF", "WEG ZEIT"))
        for column, text in enumerate(line.split())
    ]
    upright = np.full(size[::-1], 255, np.uint8)
    for word in words:
        upright[word.box.top : word.box.top + 15, word.box.left : word.box.left + word.box.width] = 0
    turn = upright_matrix(500, 640, rotation, skew, grown)
    scan = cv2.warpAffine(upright, cv2.invertAffineTransform(turn), (500, 640), borderValue=255)
    geometry = {"rotation": rotation, "skew": skew, "grown": grown, "profile": profile}
    pdf = bound(tmp_path, words, size, scan, **geometry)
    ink = ink_boxes(pdf)
    assert_near(poppler_words(pdf), words)
    assert_near(pdfium_words(pdf), words)
    for (text, box), printed in zip(poppler_words(pdf), ink, strict=True):
        *sides, bottom = printed  # a reader's box reaches a tenth of an em below the baseline
        assert box == pytest.approx((*sides, bottom + 2), abs=2), text


def ink_boxes(pdf: Path) -> list[tuple[float, ...]]:
    """The black boxes on a product's page at 150 dpi, row by row."""
    command = ["pdftoppm", "-r", str(DPI), "-gray", "-singlefile", str(pdf)]
    shown = np.asarray(
        Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats((shown < 128).astype(np.uint8))
    boxes = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:count] if area > 50]
    return sorted(boxes, key=lambda box: (round(box[1] / 45), box[0]))


SCRIPTS = {
    "Latin": ("Żółć çağrı Đorđe straße", "œuvre Ærø Łódź þing"),
    "Cyrillic": ("Свидетельство о рождении", "Україна їжак Ђорђе"),
    "Greek": ("Πιστοποιητικό γέννησης", "Ελλάδα ώρα"),
    "Tigrinya": ("ምስክር ወረቀት ልደት", "ኤርትራ ኣስመራ"),
    "Chinese": ("出生证明 中华人民共和国", "姓名 王小明"),
    "Hebrew": ("תעודת לידה ישראל", "שם משפחה כהן"),
    "Arabic": ("شهادة ميلاد الجمهورية", "الاسم محمد علي"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_reads_back_line_by_line(tmp_path, script):
    words = []
    for row, line in enumerate(SCRIPTS[script]):
        set_words = set_line(line, 200 + 34 * row, row)
        if script in ("Hebrew", "Arabic"):  # the first word is on the right
            set_words = [
                replace(w, box=replace(w.box, left=1100 - w.box.left - w.box.width)) for w in set_words
            ]
        words += set_words
    pdf = bound(tmp_path, words)
    marks = dict.fromkeys(range(0x202A, 0x202F))  # poppler tells the direction by them
    read = [line for line in poppler(pdf).translate(marks).replace("\f", "").split("\n") if line]
    assert read == list(SCRIPTS[script])
    assert pdfium(pdf).split("\n") == list(SCRIPTS[script])
    assert_near(sorted(poppler_words(pdf)), sorted(words, key=lambda word: word.text))


@pytest.mark.parametrize("hyphen", ["-", "\u00ad", "\u2010"])
def test_hyphens_at_a_line_s_end_read_back_as_printed(tmp_path, hyphen):
    lines = [f"die Aufenthalts{hyphen}", "erlaubnis und Einreise-", "bestimmungen"]
    words = [word for row, line in enumerate(lines) for word in set_line(line, 200 + 34 * row, row)]
    pdf = bound(tmp_path, words)
    # As plain text poppler joins what a hyphen parts; the words themselves it has as they are.
    assert [text for text, _ in poppler_words(pdf)] == " ".join(lines).split()
    # PDFium writes U+FFFE for a hyphen and the end of its line.
    assert pdfium(pdf) == re.sub("[-\u00ad]\n", "\ufffe", "\n".join(lines))


class Coding:
    """A font that leaves text as it is, so that bytes can be counted."""

    def encode(self, text: str) -> bytes:
        return b"(" + text.encode() + b")"


def test_a_space_costs_no_place_of_its_own():
    words = [word for row, line in enumerate(BOOK) for word in set_line(line, 200 + 30 * row, row)]
    layer = text_layer(words, Coding(), (0.48, 0.48), 842)
    assert layer.count(b" Tm ") == len(words)
    assert len(zlib.compress(layer, 9)) < 25 * len(words)
