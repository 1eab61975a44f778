import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from errors import LanguageMissing, RecognitionFailed, ToolMissing
from ocr import tesseract
from ocr.engine import Manner, OcrEngine
from ocr.records import Box, text_of
from ocr.tesseract import Tesseract, package_of, parse_tsv

ROOT = Path(__file__).resolve().parents[2]
HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def test_reads_words_with_boxes_and_lines(draw):
    engine: OcrEngine = Tesseract()
    words = engine.read(draw.page(draw.letter[:2]), Manner("deu", 200))
    assert text_of(words) == "\n".join(draw.letter[:2])
    assert [word.line for word in words] == [0] * 5 + [1] * 5
    assert all(word.confidence > 80 for word in words)
    first = words[0].box
    assert first.left == pytest.approx(62, abs=4)
    assert first.height == pytest.approx(26, abs=6)


def test_names_itself_with_its_version():
    name, version = Tesseract().name.split()
    assert name == "tesseract"
    assert int(version.split(".")[0]) >= 5


def test_runs_one_thread_whatever_the_environment_says(fake_tesseract, monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "8")
    fake_tesseract(
        'printf "level\\n5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t90\\t$OMP_THREAD_LIMIT\\n"'
        ' | sed "1s/.*/level\\t/" > "$2.tsv"'
    )
    (word,) = Tesseract().read(white(), Manner("deu", 200))
    assert word.text == "1"


def test_a_hanging_engine_is_stopped_in_time(fake_tesseract):
    fake_tesseract("exec sleep 60")
    begun = time.monotonic()
    with pytest.raises(RecognitionFailed, match=r"no result in 0.3 s"):
        Tesseract().read(white(), Manner("deu", 200, seconds=0.3))
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("reading", "detail"),
    [
        ("echo 'Image too large' >&2; exit 1", "Image too large"),
        ("kill -SEGV $$", "crashed"),
        ("printf '\\377\\376' >&2; exit 1", "crashed"),
        ("exit 0", "no result"),
        ('echo garbage > "$2.tsv"', "no result"),
    ],
)
def test_a_breaking_engine_fails_the_page_only(fake_tesseract, reading, detail):
    fake_tesseract(reading)
    with pytest.raises(RecognitionFailed, match=detail):
        Tesseract().read(white(), Manner("deu", 200))


def test_nothing_is_left_in_the_temporary_folder(fake_tesseract, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    Tesseract().read(white(), Manner("deu", 200))
    fake_tesseract("exec sleep 60")
    with pytest.raises(RecognitionFailed):
        Tesseract().read(white(), Manner("deu", 200, seconds=0.2))
    assert list(scratch.iterdir()) == []


def test_a_full_disk_costs_no_words(tmp_path):
    """Tesseract writes what fits and ends well; there is room for the image it reads, for nothing else."""
    program = """
import sys, tempfile
from pathlib import Path
import numpy as np
from PIL import Image, ImageDraw
from bench.chaos.confinement import Ballast, Confinement
from ocr.engine import Manner
from ocr.tesseract import Tesseract

confinement, disk = Confinement(), Path(sys.argv[1])
if not confinement.complete:
    sys.exit(5)
with confinement.small_disk(disk, 1):
    image = Image.new("L", (700, 200), 255)
    ImageDraw.Draw(image).text((40, 80), "hiermit beantrage ich", fill=0, font_size=44)
    tempfile.tempdir = str(disk)
    with (disk / "room").open("wb") as room:
        room.write(bytes(700 * 200 + 8192))
    Ballast(disk).fill()
    (disk / "room").unlink()
    words = Tesseract().read(np.asarray(image), Manner("deu", 150))
    print(*[word.text for word in words])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "disk"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 5:
        pytest.skip("the kernel allows no file system of our own")
    assert done.stdout.split() == ["hiermit", "beantrage", "ich"], done.stderr


def test_a_missing_program_is_named_with_its_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as caught:
        tesseract.version()
    assert caught.value.params["package"] == "tesseract-ocr"


@pytest.mark.parametrize("version", ["tesseract 4.1.1", "tesseract: error while loading libraries"])
def test_an_old_or_broken_program_counts_as_missing(fake_tesseract, version):
    fake_tesseract("exit 1", version=version)
    with pytest.raises(ToolMissing):
        tesseract.version()


def test_a_missing_language_is_named_with_its_package():
    assert "deu" in tesseract.languages()
    with pytest.raises(LanguageMissing) as caught:
        Tesseract().read(white(), Manner("deu+qaa_latn", 200))
    assert caught.value.params == {"language": "qaa_latn", "package": "tesseract-ocr-qaa-latn"}


def test_a_language_installed_meanwhile_is_found(fake_tesseract, tmp_path):
    fake_tesseract("exit 1")
    with pytest.raises(LanguageMissing):
        tesseract.require("tur")
    script = Path(tmp_path / "tesseract")
    script.write_text(script.read_text().replace("deu", "tur"))
    tesseract.require("tur")


@pytest.mark.parametrize(
    ("language", "package"),
    [
        ("deu", "tesseract-ocr-deu"),
        ("chi_sim", "tesseract-ocr-chi-sim"),
        ("srp_latn+tur", "tesseract-ocr-srp-latn tesseract-ocr-tur"),
        ("script/Cyrillic", "tesseract-ocr-script-cyrl"),
        ("Fraktur", "tesseract-ocr-script-frak"),
    ],
)
def test_debian_packages_of_languages(language, package):
    assert package_of(language) == package


def test_tsv_texts_are_taken_as_they_stand():
    rows = [
        "1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t",
        '5\t1\t1\t1\t1\t1\t1\t2\t30\t40\t95.5\t"Zweck',
        "5\t1\t1\t1\t1\t2\t5\t2\t30\t40\t91\tdes\u2028\tAufenthalts",
        "5\t1\t1\t1\t2\t1\t1\t9\t30\t40\t90\t   ",
        "5\t1\t1\t1\t3\t1\t1\t9\t30\t40\t-1\tlayout",
        "5\t1\t2\t1\t1\t1\t1\t9\t30\t40\t0\t|\r",
        "5\t1\t2\t1\t1",
        "5\t1\t2\t1\t1\t1\tx\t9\t30\t40\t0\tdamaged",
    ]
    words = parse_tsv(HEADER + "\n".join(rows))
    assert [(word.text, word.line) for word in words] == [
        ('"Zweck', 0),
        ("des\u2028\tAufenthalts", 0),
        ("|", 1),
    ]
    assert words[0].box == Box(1, 2, 30, 40)
    assert words[0].confidence == 95.5


def white():
    return np.full((60, 60), 255, np.uint8)
