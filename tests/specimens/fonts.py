"""The typefaces of the specimens, from two Debian packages."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from PIL import ImageFont

from errors import ToolMissing

_ROOTS = (Path("/usr/share/fonts/truetype"), Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_PACKAGES = {"Liberation": "fonts-liberation2", "DejaVu": "fonts-dejavu-core"}
_REGULAR_AND_BOLD = {
    "sans": ("LiberationSans-Regular", "LiberationSans-Bold"),
    "serif": ("LiberationSerif-Regular", "LiberationSerif-Bold"),
    "mono": ("LiberationMono-Regular", "LiberationMono-Bold"),
    "dejavu": ("DejaVuSans", "DejaVuSans-Bold"),
    "dejavu-serif": ("DejaVuSerif", "DejaVuSerif-Bold"),
}
_MEASURE = 200  # pixels per em at which widths are taken, so that they do not depend on the dpi painted at


@functools.cache
def path_of(face: str, bold: bool = False) -> Path:
    """The file of a face (``sans``, ``serif``, ``mono``, ``dejavu``, ``dejavu-serif``).

    Raises ``errors.ToolMissing`` naming the Debian package when it is not installed.
    """
    name = _REGULAR_AND_BOLD[face][bold]
    family = name.partition("-")[0]
    for root in _ROOTS:
        found = sorted(root.rglob(f"{name}.ttf")) if root.is_dir() else []
        if found:
            return found[0]
    found_by_name = _fontconfig(name)
    if found_by_name is not None:
        return found_by_name
    package = next(package for prefix, package in _PACKAGES.items() if family.startswith(prefix))
    raise ToolMissing(tool=name, package=package)


def _fontconfig(name: str) -> Path | None:
    try:
        answer = subprocess.run(
            ["fc-match", "-f", "%{file}", f":postscriptname={name}"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    path = Path(answer.stdout)
    # fc-match always answers something; only the very face asked for will do
    return path if path.stem == name else None


@functools.cache
def at_pixels(face: str, bold: bool, pixels: int) -> ImageFont.FreeTypeFont:
    """The face at ``pixels`` per em, laid out by Pillow itself (the same with and without libraqm)."""
    return ImageFont.truetype(path_of(face, bold), pixels, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=50_000)
def width(text: str, face: str, bold: bool, size: float) -> float:
    """Width of ``text`` in points when set in ``size`` points."""
    return at_pixels(face, bold, _MEASURE).getlength(text) * size / _MEASURE
