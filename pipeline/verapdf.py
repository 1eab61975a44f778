"""The external program veraPDF, the validator of the PDF Association: does a file keep to PDF/A-2b?

Its report is read (``--format xml``, so named since veraPDF 1.24), not its exit code, which does not tell
a file that breaks a rule from several. Each call starts a Java machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from errors import N_, ProductNotJudged, ValidatorMissing

PROGRAM = "verapdf"
FLAVOUR = "2b"
#: For one product; a thousand pages take minutes.
SECONDS = 900
_START_SECONDS = 60
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file conforms; if not, the rules it breaks as clause and test number, ``6.2.11.4.1-1``."""

    conforms: bool
    rules: tuple[str, ...]


def require() -> None:
    """Raise ``ValidatorMissing`` unless the program is there and starts (it needs Java)."""
    if shutil.which(PROGRAM) is None:
        raise ValidatorMissing(tool=PROGRAM)
    try:
        done = _run("--version", seconds=_START_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise ValidatorMissing(tool=PROGRAM) from error
    if done.returncode:
        raise ValidatorMissing(tool=PROGRAM)


def validate(pdf: Path) -> Verdict:
    """Validate a file whose name ends in ``.pdf``.

    Raises ``ProductNotJudged`` when there is no verdict in :data:`SECONDS`, and ``ValidatorMissing`` when
    the program has gone meanwhile.
    """
    options = ("--flavour", FLAVOUR, "--format", "xml", "--maxfailuresdisplayed", "1")
    try:
        done = _run(*options, str(pdf), seconds=SECONDS)
    except FileNotFoundError as error:
        raise ValidatorMissing(tool=PROGRAM) from error
    except subprocess.TimeoutExpired as error:
        detail = N_("it took more than {seconds} s")
        raise ProductNotJudged(detail=detail, seconds=SECONDS) from error
    try:
        return _verdict(ElementTree.fromstring(done.stdout))  # noqa: S314 - expat bounds entities since 2.4.1
    except ElementTree.ParseError as error:
        raise ProductNotJudged(detail=N_("its report cannot be read")) from error


def _run(*arguments: str, seconds: int) -> subprocess.CompletedProcess[bytes]:
    """Like ``subprocess.run``, but with the Java machine the program's script starts ended as well."""
    command = [PROGRAM, *arguments]
    none = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=none, stdout=subprocess.PIPE, stderr=none, start_new_session=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except BaseException:  # also Ctrl-C, which its own session keeps from it
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, printed)


def _verdict(report: ElementTree.Element) -> Verdict:
    """What the report on one file says; raises ``ProductNotJudged`` if it says why there is no verdict."""
    judged = report.find(".//job/validationReport")
    if judged is None or judged.get("isCompliant") not in ("true", "false"):
        said = next((e.text for e in report.iter("exceptionMessage") if e.text), "")
        if said:
            raise ProductNotJudged(detail=N_("it says: {said}"), said=" ".join(said.split())[:_LONGEST])
        raise ProductNotJudged(detail=N_("its report names no verdict"))
    rules = (f"{rule.get('clause')}-{rule.get('testNumber')}" for rule in judged.iter("rule"))
    return Verdict(judged.get("isCompliant") == "true", tuple(rules))
