"""Pages drawn for these tests: a few lines of text, at 200 dpi unless said."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from ocr.engine import Manner
from ocr.records import Grey, Word

FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
LETTER = (
    "Sehr geehrte Damen und Herren,",
    "hiermit beantrage ich die Verlängerung",
    "meiner Aufenthaltserlaubnis. Zweck des",
    "Aufenthalts ist die Fortsetzung meines",
    "Studiums an der Universität Hannover.",
    "Mit freundlichen Grüßen, Jörg Weiß",
)


class ScriptedEngine:
    """An ``OcrEngine`` that finds what ``script`` says it does, and remembers what it was given."""

    name = "scripted 1"

    def __init__(self, script: Callable[[Grey, Manner], Sequence[Word]]):
        self._script = script
        self.calls: list[tuple[tuple[int, ...], Manner]] = []

    def languages(self):
        return frozenset({"deu", "eng"})

    def warm_up(self, language):
        """Nothing to load."""

    def read(self, image, manner):
        self.calls.append((image.shape, manner))
        return tuple(self._script(image, manner))


class Draughtsman:
    """Draws grey pages and mistreats them."""

    letter = LETTER

    def page(self, lines: Sequence[str] = LETTER, *, size=(900, 700), at=(60, 80), height=32, font=FONT):
        image = Image.new("L", size, 255)
        draw, face = ImageDraw.Draw(image), ImageFont.truetype(str(font), height)
        for number, line in enumerate(lines):
            draw.text((at[0], at[1] + number * height * 1.7), line, font=face, fill=0)
        return np.asarray(image)

    def skewed(self, grey, degrees):
        """Turn clockwise about the centre, as a badly fed sheet lies: lines then fall to the right."""
        height, width = grey.shape
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)
        return cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)

    def noisy(self, grey, deviation, seed=1):
        noise = np.random.default_rng(seed).normal(0, deviation, grey.shape)
        return np.clip(grey + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def draw():
    return Draughtsman()


@pytest.fixture(scope="session")
def scripted():
    return ScriptedEngine


@pytest.fixture
def fake_tesseract(tmp_path, monkeypatch):
    """Put a shell script first on PATH that answers questions like Tesseract and reads pages as told."""

    def install(reading, *, version="tesseract 5.3.0"):
        script = tmp_path / "tesseract"
        script.write_text(
            "#!/bin/sh\n"
            f'case "$1" in\n--version) echo "{version}" ;;\n'
            '--list-langs) printf "List of available languages (1):\\ndeu\\n" ;;\n'
            f"*) {reading} ;;\nesac\n"
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install
