from dataclasses import replace

import pytest

from bench.product import figures, report
from bench.product.figures import Figures, Product, Seen, SetFigures, Volume

SCAN = [Seen(0.010, 0.012), Seen(0.020, 0.012)]


def made(maker: str, size: int, error: float = 0.0) -> Product:
    seen = [Seen(one.program + error, one.ours, 0.9, 0.8, 30.0) for one in SCAN]
    return Product(maker, f"{maker} -x", size, size - 20_000, 8.0, 5.0, seen, first=size // 2)


@pytest.fixture
def known() -> Figures:
    products = [
        replace(made("akten, compact", 200_000, 0.002), bound=0.9),
        replace(made("akten, faithful", 4_000_000), bound=0.02),
        made("ocrmypdf -O3", 1_600_000),
        replace(made("ocrmypdf -O3, without recognition", 1_590_000), seen=[]),
        made("recode_pdf", 250_000),
    ]
    dense = SetFigures("dense", "full", 2, "2026-03-01, 4f2c1ab", 3_900_000, 9.0, SCAN, products)
    volume = Volume("compact", 2000, 210.0, 400.0, 90_000_000, "2026-03-01, 4f2c1ab")
    return Figures("a machine", {"OCRmyPDF": "17"}, {"dense": dense}, [volume])


def test_goals_are_of_whole_files_and_of_what_a_reader_loses(known):
    found = {goal.what: (round(goal.found, 3), goal.is_held) for goal in report.goals(known)}
    assert found == {
        "bytes of akten, compact by those of ocrmypdf -O3": (0.125, True),
        "bytes of akten, compact by those of recode_pdf": (0.8, False),
        "dense: points of character error lost": (0.2, True),
    }
    assert "by those of recode_pdf: 0.800 (at most 0.6: MISSED)" in report.in_words(known)


def test_the_section_shows_sizes_errors_and_likeness(known):
    section = report.as_markdown(known)
    row = "| akten, compact | 100,000 | 10,000 | 1.000 | 4.00 | 1.70 % | 1.20 % | 0.9000 | 0.8000 | 30.0 dB |"
    assert row in section
    assert "| the scan | 1,950,000 |  |  |  | 1.50 % | 1.20 % |  |  |  |" in section
    assert "| ocrmypdf -O3, without recognition | 795,000 | 10,000 | 0.126 | 4.00 |  |  |  |  |  |" in section
    assert "CPU s a page: akten, compact 0.45, akten, faithful 0.01; between" in section
    assert "One page alone in a file, bytes: akten, compact 100,000;" in section
    assert "| compact | 2,000 | 210 MB | 0.200 s | 45,000 |" in section


def test_the_faithful_profile_is_not_compared_with_itself(known):
    row = next(
        line for line in report.as_markdown(known).splitlines() if line.startswith("| akten, faithful")
    )
    assert row.endswith("| 1.50 % | 1.20 % |  |  |  |")


def test_figures_are_kept_and_read_again(known, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "versions", dict)
    figures.save(known, tmp_path / "kept.json")
    again = figures.load(tmp_path / "kept.json")
    assert (again.sets, again.volumes) == (known.sets, known.volumes)


def test_a_volume_measured_again_replaces_the_same_only(known):
    old = known.volumes[0]
    assert replace(old, memory=1.0).replaces(old)
    assert not replace(old, pages=250).replaces(old)
    assert not replace(old, profile="faithful").replaces(old)
