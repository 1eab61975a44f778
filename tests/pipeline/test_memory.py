"""What large pages and long volumes may cost in memory: a worker with all it starts stays below 600 MB."""

import os
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


BINDING = """
import os, re, sys
from pathlib import Path
from pikepdf import Dictionary, Name, Pdf
from PIL import Image
from ocr.records import Recognition
from pipeline.product import binding
from pipeline.product.keeping import Profile
from pipeline.scans.source import MediaType, Origin

def peak():  # not ru_maxrss, which is inherited from whoever started this process
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

def bind(count):
    noise = Recognition((), 400, 600, 0, 0.0, 90.0, "deu", "none")
    scan, file = (Path("a.jpg"), MediaType.JPEG, 1), (Path("a.pdf"), MediaType.PDF)
    sources = [scan] * (count // 2) + [(*file, number) for number in range(1, count // 2 + 1)]
    pages = [binding.ProductPage(*source, Origin.IMAGE, noise, 68, 102) for source in sources]
    binding.assemble(pages, Path("o.pdf"), title="Akte", profile=Profile.FAITHFUL)

Image.frombytes("RGB", (400, 600), os.urandom(720_000)).save("a.jpg", quality=90)
with Pdf.new() as pdf:
    for _ in range(120):
        page = pdf.add_blank_page(page_size=(200, 300))
        keys = dict(Width=400, Height=600, BitsPerComponent=8, ColorSpace=Name.DeviceGray)
        image = pdf.make_stream(os.urandom(240_000), Type=Name.XObject, Subtype=Name.Image, **keys)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=image))
        page.obj.Contents = pdf.make_stream(b"q 200 0 0 300 0 0 cm /Im Do Q")
    pdf.save("a.pdf")
binding.PART_BYTES = 2_000_000
bind(60)
before = peak()
bind(240)
print((peak() - before) // 1_000_000, Path("o.pdf").stat().st_size // 1_000_000)
"""


def test_four_times_the_pages_are_bound_in_the_same_memory(tmp_path):
    """From image files and from PDFs alike, though pikepdf reads into memory whatever it copies."""
    done = subprocess.run(
        [sys.executable, "-c", BINDING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    growth, size = map(int, done.stdout.split())
    assert size > 40
    assert growth < 8
