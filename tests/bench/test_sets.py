import random
from pathlib import Path

import numpy as np
import pikepdf
from PIL import Image

from bench import drawn, scans
from bench.sets import Scan, bind


def test_a_bitonal_page_is_bound_without_loss(tmp_path):
    pixels = np.random.default_rng(0).random((90, 70)) > 0.8
    Image.fromarray(pixels).save(tmp_path / "page.tif", "TIFF", compression="group4", dpi=(100, 100))
    bind([Scan("page", tmp_path / "page.tif", 100, "")], tmp_path / "set.pdf")
    with pikepdf.open(tmp_path / "set.pdf") as pdf:
        page = pdf.pages[0]
        assert [float(edge) for edge in page.mediabox[2:]] == [50.4, 64.8]
        image = pikepdf.PdfImage(page.Resources.XObject.Im0).as_pil_image()
    assert (np.asarray(image.convert("1")) == pixels).all()


def test_drawn_pages_are_the_same_every_time_and_know_their_text(tmp_path):
    first, second = (drawn.draw("typewriter", 1, tmp_path / name).scans[0] for name in "ab")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.truth == second.truth
    assert len(first.truth) > 2000


def test_lines_stay_on_the_page():
    page = drawn.set_close(drawn.running_text(random.Random(1)), "sans", 10.5, 78)
    assert max(line[0].y for line in page.lines) < page.height
    assert max(map(len, page.texts)) <= 78


def lay_out(root: Path, name: str, dpi: int | None, truth: str | None) -> None:
    folder = root / "ehri-typewriter-de"
    folder.mkdir(exist_ok=True)
    Image.new("L", (827, 1169), 255).save(folder / f"{name}.jpg", **({"dpi": (dpi, dpi)} if dpi else {}))
    if truth is not None:
        (folder / f"{name}.gt.txt").write_text(truth, encoding="utf-8")


def test_real_pages_have_their_text_beside_them_and_go_by_resolution(tmp_path):
    lay_out(tmp_path, "coarse", 96, "Blatt")
    lay_out(tmp_path, "fine", 300, "Bla\u0308tter")
    lay_out(tmp_path, "untold", 72, "")
    lay_out(tmp_path, "without", 300, None)
    fine, coarse = (scans.load(name, tmp_path).scans for name in ("ehri-de-300", "ehri-de-96"))
    assert [(scan.name, scan.truth) for scan in fine] == [("fine", "Blätter")]
    assert [(scan.name, round(scan.dpi)) for scan in coarse] == [("coarse", 96), ("untold", 100)]
    assert scans.load("tapus-fr", tmp_path).scans == ()
