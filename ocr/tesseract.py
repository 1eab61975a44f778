"""Tesseract, driven by pytesseract: its versions, its languages, its words."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pytesseract import TesseractError, pytesseract

from errors import N_, SENT_BY_OTHERS, DiskFull, LanguageMissing, ReaderKilled, RecognitionFailed, ToolMissing
from ocr.engine import Layout, Manner
from ocr.forked import Cause, Failure, held_bytes, in_child
from ocr.records import Box, Grey, Word

MINIMUM_VERSION = (5,)
PACKAGE = "tesseract-ocr"
_PROGRAM = "tesseract"
#: How a failure of the engine is told.
SAID = N_("Tesseract: {reason}")
_QUERY_SECONDS = 30.0
#: Tesseract's page segmentation modes.
SEGMENTATION = {Layout.PAGE: 3, Layout.BLOCK: 6, Layout.SPARSE: 11}
_COLUMNS = 12
_WORD_LEVEL = "5"

# Debian names script models by ISO 15924, Tesseract by their English name.
_SCRIPTS = {
    "Arabic": "arab", "Armenian": "armn", "Bengali": "beng", "Canadian_Aboriginal": "cans",
    "Cherokee": "cher", "Cyrillic": "cyrl", "Devanagari": "deva", "Ethiopic": "ethi", "Fraktur": "frak",
    "Georgian": "geor", "Greek": "grek", "Gujarati": "gujr", "Gurmukhi": "guru", "HanS": "hans",
    "HanS_vert": "hans-vert", "HanT": "hant", "HanT_vert": "hant-vert", "Hangul": "hang",
    "Hangul_vert": "hang-vert", "Hebrew": "hebr", "Japanese": "jpan", "Japanese_vert": "jpan-vert",
    "Kannada": "knda", "Khmer": "khmr", "Lao": "laoo", "Latin": "latn", "Malayalam": "mlym",
    "Myanmar": "mymr", "Oriya": "orya", "Sinhala": "sinh", "Syriac": "syrc", "Tamil": "taml",
    "Telugu": "telu", "Thaana": "thaa", "Thai": "thai", "Tibetan": "tibt", "Vietnamese": "viet",
}  # fmt: skip


class Tesseract:
    """An ``OcrEngine``: each page is one Tesseract process of one thread.

    ``memory_mb`` is what it may fill, in megabytes.
    """

    def __init__(self, *, memory_mb: int = 4000) -> None:
        self._memory_mb = memory_mb

    @property
    def name(self) -> str:
        """Engine and version, e.g. ``tesseract 5.3.0``."""
        return f"tesseract {version()}"

    def languages(self) -> frozenset[str]:
        """The names of all installed models."""
        return languages()

    def warm_up(self, language: str) -> None:
        """Ask now what is asked of the program but once; raises ``ToolMissing`` or ``LanguageMissing``."""
        version()
        require(language)

    def read(self, image: Grey, manner: Manner) -> tuple[Word, ...]:
        """Recognise ``image`` as it lies; boxes in its pixels.

        Raises ``ToolMissing``, ``LanguageMissing``, ``DiskFull``, ``ReaderKilled`` when somebody ends the
        engine, and ``RecognitionFailed`` when it breaks or exceeds its time or memory.
        """
        require(manner.language)
        # One thread a process, or parallel pages slow each other down by a factor (tesseract#3109).
        # pytesseract hands the child this very environment and offers no other way.
        os.environ["OMP_THREAD_LIMIT"] = "1"
        try:
            with tempfile.TemporaryDirectory(prefix="ocr-") as scratch, _bounded_memory(self._memory_mb):
                return parse_tsv(self._run(image, Path(scratch), manner))
        except RecognitionFailed:
            require_still(manner.language)
            raise
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull from error
            require_still(manner.language)
            raise RecognitionFailed(detail=SAID, reason=error.strerror or str(error)) from error

    def _run(self, image: Grey, scratch: Path, manner: Manner) -> str:
        """Let Tesseract write its TSV for ``image``; return it.

        Into memory, under a name in ``scratch``: on a full disk Tesseract leaves half of it and ends well.
        """
        page, output = scratch / "page.pgm", scratch / "page"
        _write_pgm(page, image)
        with os.fdopen(os.memfd_create("tsv"), "rb") as memory:
            output.with_suffix(".tsv").symlink_to(f"/proc/{os.getpid()}/fd/{memory.fileno()}")
            _call(page, output, manner)
            tsv = memory.read().decode(errors="replace")
        if not tsv.startswith("level\t"):
            raise RecognitionFailed(detail=SAID, reason=N_("no result"))
        return tsv


def _call(page: Path, output: Path, manner: Manner) -> None:
    try:
        pytesseract.run_tesseract(
            str(page),
            str(output),
            extension="tsv",
            lang=manner.language,
            config=_parameters(manner),
            timeout=manner.seconds,
        )
    except TesseractError as error:
        if -error.status in SENT_BY_OTHERS:
            raise ReaderKilled from error
        raise RecognitionFailed(detail=SAID, reason=_shorten(error.message)) from error
    except UnicodeDecodeError as error:  # pytesseract expects a crash to be told in UTF-8
        raise RecognitionFailed(detail=SAID, reason=N_("it crashed")) from error
    except RuntimeError as error:  # pytesseract's only sign of a time-out
        reason = N_("no result in {seconds} s")
        raise RecognitionFailed(detail=SAID, reason=reason, seconds=f"{manner.seconds:.3g}") from error


def _parameters(manner: Manner) -> str:
    """Tesseract's options for ``manner``."""
    invert = "" if manner.inverted else " -c invert_threshold=0"
    return f"--dpi {manner.dpi} --psm {SEGMENTATION[manner.layout]} -c tessedit_create_tsv=1{invert}"


def parse_tsv(tsv: str) -> tuple[Word, ...]:
    """Read the words out of Tesseract's TSV, in its order, lines numbered from 0.

    Quotes are text like any other; a tab within the text is kept. Rows without text or confidence are
    layout, not words; damaged rows are passed over.
    """
    lines: dict[tuple[str, ...], int] = {}
    words: list[Word] = []
    for row in tsv.split("\n"):
        cells = row.rstrip("\r").split("\t", _COLUMNS - 1)
        if len(cells) < _COLUMNS or cells[0] != _WORD_LEVEL or not cells[-1].strip():
            continue
        try:
            left, top, width, height = (int(cell) for cell in cells[6:10])
            confidence = float(cells[10])
        except ValueError:
            continue
        if confidence >= 0:
            line = lines.setdefault(tuple(cells[1:5]), len(lines))
            words.append(Word(cells[-1].strip(), Box(left, top, width, height), confidence, line))
    return tuple(words)


def version() -> str:
    """Return the installed version, e.g. ``5.3.0``.

    Raises ``ToolMissing`` when Tesseract is absent, older than 5, or does not answer.
    """
    return _version_of(_executable())


def languages() -> frozenset[str]:
    """Return the names of all installed models, e.g. ``{"deu", "osd", "script/Latin"}``."""
    return _models_of(_executable())[1]


def models_folder() -> str:
    """Where the installed models lie, e.g. ``/usr/share/tesseract-ocr/5/tessdata/``."""
    return _models_of(_executable())[0]


def package_of(language: str) -> str:
    """Name the Debian packages that bring ``language``: ``deu+chi_sim`` needs two."""
    return " ".join(_package(model) for model in language.split("+"))


def require(language: str) -> None:
    """Raise ``LanguageMissing`` unless each model of ``language`` (``deu+eng``) is installed.

    Tesseract itself warns only and reads on without the missing one.
    """
    wanted = set(language.split("+"))
    if wanted <= languages():
        return
    _models_of.cache_clear()  # it may have been installed since
    if missing := "+".join(sorted(wanted - languages())):
        raise LanguageMissing(language=missing, package=package_of(missing))


def require_still(language: str) -> None:
    """After a failure: raise if it was not the page's, since program or model have gone meanwhile."""
    _models_of.cache_clear()
    require(language)


def _package(model: str) -> str:
    name = model.removeprefix("script/")
    if name in _SCRIPTS:
        return f"{PACKAGE}-script-{_SCRIPTS[name]}"
    return f"{PACKAGE}-{name.lower().replace('_', '-')}"


def read_in_child(read: Callable[[], bytes], manner: Manner, memory_mb: int) -> bytes:
    """What ``read`` returns, done in a forked child within the time of ``manner`` and so many megabytes.

    Raises ``ReaderKilled`` when somebody ends the child, ``LanguageMissing`` when a model has gone
    meanwhile, and ``RecognitionFailed`` when the child breaks or exceeds its time or memory.
    """
    answer = in_child(read, seconds=manner.seconds, memory_mb=memory_mb)
    if isinstance(answer, bytes):
        return answer
    if answer.signal in SENT_BY_OTHERS:
        raise ReaderKilled
    require_still(manner.language)
    raise _error_of(answer, manner, memory_mb)


def _error_of(failed: Failure, manner: Manner, memory_mb: int) -> RecognitionFailed:
    if failed.cause is Cause.OVERDUE:
        reason = N_("no result in {seconds} s")
        return RecognitionFailed(detail=SAID, reason=reason, seconds=f"{manner.seconds:.3g}")
    if failed.cause is Cause.MEMORY:
        reason = N_("it needs more than {limit} MB of memory")
        return RecognitionFailed(detail=SAID, reason=reason, limit=memory_mb)
    if failed.cause is Cause.CRASHED:
        return RecognitionFailed(detail=SAID, reason=N_("it crashed"))
    return RecognitionFailed(detail=SAID, reason=failed.said[-200:] or N_("no result"))


@contextmanager
def _bounded_memory(megabytes: int) -> Iterator[None]:
    """Let programs started meanwhile fill at most so much memory, beyond what this process itself has.

    pytesseract offers no way to set a limit in the child; so it inherits ours, which ends at once after it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held_bytes() + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _executable() -> str:
    path = shutil.which(_PROGRAM)
    if path is None:
        raise ToolMissing(tool=_PROGRAM, package=PACKAGE)
    return path


@cache
def _version_of(executable: str) -> str:
    found = re.search(r"^tesseract v?(\d+(?:\.\d+)*)", _ask(executable, "--version"), re.MULTILINE)
    if found is None or tuple(int(part) for part in found[1].split(".")) < MINIMUM_VERSION:
        raise ToolMissing(tool=f"{_PROGRAM} {MINIMUM_VERSION[0]}", package=PACKAGE)
    return found[1]


@cache
def _models_of(executable: str) -> tuple[str, frozenset[str]]:
    """The models' folder, which the list's heading names in quotes, and their names."""
    heading, *names = _ask(executable, "--list-langs").splitlines() or [""]
    return "".join(heading.split('"')[1:2]), frozenset(name.strip() for name in names)


def _ask(executable: str, question: str) -> str:
    """Run ``executable`` for a short answer; one that gives none counts as not installed."""
    try:
        answer = subprocess.run(
            [executable, question], capture_output=True, timeout=_QUERY_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(tool=_PROGRAM, package=PACKAGE) from error
    return answer.stdout.decode(errors="replace")


def _write_pgm(path: Path, image: Grey) -> None:
    """Write ``image`` uncompressed; pytesseract would spend time on a PNG."""
    height, width = image.shape
    with path.open("wb") as file:
        file.write(f"P5\n{width} {height}\n255\n".encode())
        file.write(image.tobytes())


def _shorten(message: str) -> str:
    """Shorten what Tesseract said; it may be long, and a record keeps it."""
    return message.strip()[-200:] or "crashed"
