"""Setting type: a letter becomes pages of placed lines, and those become clean grey images.

Placing works in points (1/72 inch) from the top left corner and knows nothing of pixels, so the same
pages can be painted at any resolution or written as real text into a born-digital PDF.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tests.specimens import fonts
from tests.specimens.letters import Block, Letter

PAPER = {"A4": (595.28, 841.89), "A5": (419.53, 595.28)}
"""Width and height in points."""

_LEADING = 1.32


@dataclass(frozen=True, slots=True)
class Run:
    """Text on one baseline: ``x``, ``y`` of its left end, in points."""

    text: str
    x: float
    y: float
    face: str
    bold: bool
    size: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rectangle drawn with a thin pen, or a line where top equals bottom; in points."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Room left for something that is no text: its top left corner and size, in points."""

    kind: Literal["signature", "photo", "crest"]
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Page:
    """One set page; ``lines`` are in reading order, each one or more runs from left to right."""

    width: float
    height: float
    lines: tuple[tuple[Run, ...], ...]
    rules: tuple[Rule, ...]
    marks: tuple[Mark, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The exact lines, runs joined by a space."""
        return tuple(" ".join(run.text for run in line) for line in self.lines)


def compose(letter: Letter) -> tuple[Page, ...]:
    """Set ``letter``; pages break only where its template says so.

    Raises ``ValueError`` when a page overflows, which is a fault of the template.
    """
    setter = _Setter(letter)
    setter.head()
    for block in letter.blocks:
        setter.block(block)
    return setter.finish()


@dataclass
class _Setter:
    """The cursor walking down the pages of one letter."""

    letter: Letter
    pages: list[Page] = field(default_factory=list)
    lines: list[tuple[Run, ...]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    y: float = 0.0

    def __post_init__(self) -> None:
        self.width, self.height = PAPER[self.letter.paper]
        self.left, self.right = self.width * 0.125, self.width * 0.905
        self.y = self.top = self.height * 0.065

    # --- the parts of a page -----------------------------------------------------------------------

    def head(self) -> None:
        """Crest, sender, and for letters the address and reference lines."""
        letter = self.letter
        if letter.head:
            if letter.crest:
                self.marks.append(Mark("crest", self.right - 40, self.top - 8, 40, 46))
            for number, text in enumerate(letter.head):
                self._line(text, size=14 if number == 0 else 10, bold=number == 0)
            self._rule(4)
        self._gap(12)
        if letter.layout == "letter":
            self._stack(letter.address, self.left)
            self._gap(14)
            for text in letter.info:
                self._line(text, size=10)
            self._gap(16)
        elif letter.layout == "info":
            start = self.y
            self._stack(letter.address, self.left)
            below, self.y = self.y, start
            self._stack(letter.info, self.left + 0.62 * (self.right - self.left))
            self.y = max(below, self.y) + 30

    def block(self, block: Block) -> None:
        """Set one block of the letter below what is there."""
        size = self.letter.size
        match block.kind:
            case "paragraph":
                self._paragraph(block.text, size)
            case "small":
                self._gap(8)
                self._paragraph(block.text, 8.5)
            case "heading":
                self._gap(3)
                self._paragraph(block.text, size, bold=True)
            case "title":
                self._gap(8)
                self._centred(block.text, size + 4, bold=True)
                self._gap(6)
            case "centred":
                self._centred(block.text, size)
                self._gap(5)
            case "verbatim":
                self._line(block.text, size=size)
                self._gap(2)
            case "field":
                self._field(*block.cells)
            case "row":
                self._row(block.cells)
            case "mark":
                self._mark(block.text)

    def finish(self) -> tuple[Page, ...]:
        """Close the last page and hand all of them out."""
        self._close()
        return tuple(self.pages)

    # --- how they are set --------------------------------------------------------------------------

    def _line(self, text: str, *, size: float, bold: bool = False, x: float | None = None) -> None:
        face = self.letter.face
        x = self.left if x is None else x
        if x + fonts.width(text, face, bold, size) > self.right + 1:
            raise ValueError(f"{self.letter.document_type}: line too wide: {text}")
        self.y += size * _LEADING
        self.lines.append((Run(text, x, self.y - size * 0.3, face, bold, size),))

    def _stack(self, texts: tuple[str, ...], x: float) -> None:
        for text in texts:
            self._line(text, size=10.5, x=x)

    def _centred(self, text: str, size: float, *, bold: bool = False) -> None:
        room = self.right - self.left
        while fonts.width(text, self.letter.face, bold, size) > room:
            size -= 0.5
        self._line(
            text,
            size=size,
            bold=bold,
            x=self.left + (room - fonts.width(text, self.letter.face, bold, size)) / 2,
        )

    def _paragraph(self, text: str, size: float, *, bold: bool = False) -> None:
        for line in _wrapped(text, self.letter.face, bold, size, self.right - self.left):
            self._line(line, size=size, bold=bold)
        self._gap(size * 0.65)

    def _field(self, label: str, value: str) -> None:
        top = self.y
        self.y += 2
        self._line(label, size=8, x=self.left + 5)
        self._line(value, size=self.letter.size + 1, x=self.left + 9)
        self.y += 4
        self.rules.append(Rule(self.left, top, self.right, self.y))
        self._gap(5)

    def _row(self, cells: tuple[str, ...]) -> None:
        size, face = self.letter.size, self.letter.face
        self.y += size * 1.5
        step = (self.right - self.left) / len(cells)
        runs = []
        for column, cell in enumerate(cells):
            x = self.left + 4 + column * step
            if column and column == len(cells) - 1:  # figures end at the right edge
                x = self.right - 4 - fonts.width(cell, face, False, size)
            if cell:
                runs.append(Run(cell, x, self.y - size * 0.4, face, False, size))
        self.lines.append(tuple(runs))

    def _mark(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        if name == "break":
            self._close()
            self._centred(f"Seite {len(self.pages) + 1}", 9)
            self._gap(10)
        elif name == "gap":
            self._gap(6)
        elif name == "rule":
            self._rule(5)
        elif name == "photo":
            self.marks.append(Mark("photo", self.left, self.y, 100, 128))
            self._gap(138)
        elif name == "mrz":
            size = (self.right - self.left) / (44 * 0.6002)
            self.y += size * 1.8
            self.lines.append((Run(rest, self.left, self.y - 4, "mono", True, size),))
        elif name == "signature":
            self.marks.append(Mark("signature", self.left, self.y, 130, 34))
            self._gap(36)
            self._line(rest, size=self.letter.size)
        else:
            raise ValueError(f"{self.letter.document_type}: unknown mark @{name}")

    def _rule(self, space: float) -> None:
        self._gap(space)
        self.rules.append(Rule(self.left, self.y, self.right, self.y))
        self._gap(space)

    def _gap(self, points: float) -> None:
        self.y += points

    def _close(self) -> None:
        if self.y > self.height * 0.965:
            raise ValueError(
                f"{self.letter.document_type}: page overflows by {self.y - self.height:.0f} points"
            )
        self.pages.append(
            Page(self.width, self.height, tuple(self.lines), tuple(self.rules), tuple(self.marks))
        )
        self.lines, self.rules, self.marks = [], [], []
        self.y = self.top


def _wrapped(text: str, face: str, bold: bool, size: float, room: float) -> list[str]:
    """Break ``text`` between words into lines no wider than ``room`` points."""
    space = fonts.width(" ", face, bold, size)
    lines: list[list[str]] = [[]]
    used = 0.0
    for word in text.split():
        width = fonts.width(word, face, bold, size)
        if lines[-1] and used + space + width > room:
            lines.append([])
            used = 0.0
        used += width + (space if lines[-1] else 0.0)
        lines[-1].append(word)
    return [" ".join(line) for line in lines]


def paint(page: Page, dpi: int, *, typewriter: random.Random | None = None) -> npt.NDArray[np.uint8]:
    """The page as a grey image, shape (height, width), ink dark on white 255.

    With ``typewriter``, monospaced text is struck letter by letter, uneven in height and blackness.
    """
    scale = dpi / 72
    image = Image.new("L", (round(page.width * scale), round(page.height * scale)), 255)
    draw = ImageDraw.Draw(image)
    pen = max(1, round(0.5 * scale))
    for rule in page.rules:
        corners = [round(edge * scale) for edge in (rule.left, rule.top, rule.right, rule.bottom)]
        if corners[1] == corners[3]:
            draw.line(corners, fill=90, width=pen)
        else:
            draw.rectangle(corners, outline=130, width=pen)
    for line in page.lines:
        for run in line:
            if typewriter is not None and run.face == "mono":
                _strike(draw, run, scale, typewriter)
            else:
                font = fonts.at_pixels(run.face, run.bold, round(run.size * scale))
                draw.text((run.x * scale, run.y * scale), run.text, fill=25, font=font, anchor="ls")
    return np.asarray(image)


def _strike(draw: ImageDraw.ImageDraw, run: Run, scale: float, rng: random.Random) -> None:
    font = fonts.at_pixels(run.face, run.bold, round(run.size * scale))
    advance = fonts.width("n", run.face, run.bold, run.size) * scale
    for position, letter in enumerate(run.text):
        x = run.x * scale + position * advance + rng.uniform(-0.15, 0.15) * scale
        y = run.y * scale + rng.choice((-0.3, -0.1, 0, 0, 0.1, 0.3)) * scale
        ink = rng.choice((20, 30, 45, 45, 60, 85))
        draw.text((x, y), letter, fill=ink, font=font, anchor="ls")
