from pathlib import Path

import numpy as np
import pikepdf
from PIL import Image

from bench.product import volume


def a_scan(path: Path) -> Path:
    Image.fromarray(np.full((120, 90), 200, np.uint8)).save(path, dpi=(100, 100))
    return path


def test_scans_take_turns_and_every_page_has_words(tmp_path):
    scans = [a_scan(tmp_path / name) for name in ("a.jpg", "b.tif")]
    found = volume.bind(scans, 3, tmp_path)
    made = tmp_path / "volume.pdf"
    assert found["size"] == made.stat().st_size
    assert 10 < found["memory"] < 4000
    assert found["cpu"] > 0
    with pikepdf.open(made) as pdf:
        assert len(pdf.pages) == 3
        assert all(b" Tj" in page.Contents.read_bytes() for page in pdf.pages)
