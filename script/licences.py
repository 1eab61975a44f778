"""Writes the licences of all runtime packages as a Markdown table.

    .venv/bin/python script/licences.py > docs/decisions/licences.md

Read from the installed packages: what they declare, the shared libraries their wheels carry along, and
whether one of their licence files is of the GNU family (which a wheel may contain for one of those
libraries, or only as one of several licences to choose from). docs/decisions/0009 judges what it shows.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# Licences of the runtime packages

Written by `.venv/bin/python script/licences.py > docs/decisions/licences.md`; do not edit. What it means for
us is in [0009](0009-licences.md).

| package | version | licence it declares | libraries in its wheel | GNU licence texts in |
|---|---|---|---|---|
"""


def licence(package: Distribution) -> str:
    """What the package declares: an SPDX expression, else its classifiers, else its free text."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers) or metadata["License"]


def libraries(package: Distribution) -> list[str]:
    """Shared libraries that the wheel's builder put beside the package, without version and hash."""
    paths = [path for path in package.files or [] if path.parent.name.endswith(".libs")]
    return sorted({re.split(r"[-.]", path.name)[0] for path in paths})


def gnu_texts(package: Distribution) -> list[str]:
    """Licence files that hold a licence of the GNU family, as paths inside the package."""
    return sorted(
        {
            path.name
            for path in package.files or []
            if re.search(r"licen[sc]e|copying|gpl", str(path), re.IGNORECASE)
            and path.suffix not in {".py", ".pyc", ".so"}
            and _is_gnu(path, package)
        }
    )


def _is_gnu(path: PurePath, package: Distribution) -> bool:
    text = Path(str(package.locate_file(path))).read_text(encoding="utf-8", errors="replace")
    # Not a mere mention: MPL and PSF name the GPL as compatible, too.
    return bool(re.search(r"GNU\s+(LESSER |AFFERO )?GENERAL PUBLIC LICENSE\s+Version", text))


def main() -> None:
    """Print the table for requirements.lock."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    sys.stdout.write(HEADER)
    for name in re.findall(r"^(\S+)==", lock, re.MULTILINE):
        package = distribution(name)
        cells = [
            name,
            package.version,
            licence(package),
            ", ".join(libraries(package)),
            ", ".join(gnu_texts(package)),
        ]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
