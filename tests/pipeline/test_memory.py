"""What a large page may cost in memory: a worker and all it starts have to stay below 600 MB together."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import resource, sys
from pathlib import Path
from pipeline import jobs
from pipeline.scans.pages import Limits, MediaType, open_page
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
page = open_page(Path(sys.argv[1]), MediaType(sys.argv[2]), 1, Limits())
assert page.pixels.shape == (7016, 4960) and round(page.dpi) == 600
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 // 1_000_000)
"""


@pytest.mark.parametrize(("kind", "megabytes"), [("JPEG", 100), ("TIFF", 250)])
def test_a_colour_page_of_600_dpi_is_opened_in_little_memory(tmp_path, kind, megabytes):
    """In colour it would be 104 MB for the pixels alone, each time they are copied, and 139 within Pillow."""
    path = tmp_path / "page"
    Image.new("RGB", (4960, 7016), (200, 180, 160)).save(path, kind, dpi=(600, 600))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path, kind], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < megabytes
