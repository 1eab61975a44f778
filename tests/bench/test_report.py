from dataclasses import replace

import pytest

from bench.machine import machine
from bench.metrics import Score
from bench.ocr import figures, report
from bench.ocr.figures import Figures, Measured, Memory, SetFigures, Start
from bench.ocr.measure import everybody

GOOD, BAD = Score(0.01, 0.02, 0.99), Score(0.2, 0.4, 0.8)


def measured(name: str, cpu: list[float], **scores: Score) -> Measured:
    ways = {way.replace("_", " "): [one, one] for way, one in scores.items()}
    return Measured(name, f"{name} -x" if name.startswith("ocr") else "", cpu, cpu, 4_000_000, ways)


def a_set(name: str, ours: Score = GOOD) -> SetFigures:
    everybody = [
        measured("ocrmypdf", [20.0, 16.0, 90.0], pdf=BAD, pdf_raw=GOOD),
        measured("ocrmypdf, cleaning", [50.0], pdf=BAD, pdf_raw=BAD),
        measured("akten", [4.0], stored_words=ours, pdf=BAD),
        measured("bare recognition", [3.2]),
    ]
    return SetFigures(name, "as it is", "deu", 2, True, "2026-03-01, 4f2c1ab", everybody)


@pytest.fixture
def known() -> Figures:
    found = Figures(
        "a machine", {"Tesseract": "5.3.0"}, {"dense": a_set("dense"), "faded": a_set("faded", BAD)}
    )
    found.starts = [Start("akten", 3.0, 4.0, 2)]
    found.memory = {"600dpi": Memory("a page", 1, 700.0, 100.0, "2026-03-01, 4f2c1ab")}
    return found


def test_ratios_are_of_the_medians_of_all_runs(known):
    assert [(name, round(ratio, 3)) for name, ratio, _ in report.ratios(known.sets["dense"])] == [
        ("ocrmypdf", 0.2),
        ("ocrmypdf, cleaning", 0.08),
        ("bare recognition", 1.25),
    ]


def test_a_missed_goal_is_said(known):
    told = report.in_words(known)
    assert "0.200 of the processor time of ocrmypdf (at most 0.25: held)" in told
    assert "1.250 of the processor time of bare recognition (at most 1.15: MISSED)" in told
    assert "character error 20.00 %, peers 1.00 % WORSE; word error 40.00 %, peers 2.00 % WORSE" in told
    assert "dense: 2.00 CPU s a page; character error 1.00 %, peers 1.00 %; word error" in told
    assert "700 MB at most (below 600: MISSED)" in told


def test_ours_alone_are_told_without_a_comparison(known):
    alone = replace(known.sets["faded"], measured=known.sets["faded"].measured[2:])
    told = report.in_words(Figures(sets={"faded": alone}))
    assert told == "faded: 2.00 CPU s a page; character error 20.00 %; word error 40.00 %"


def test_peers_are_taken_at_their_best(known):
    assert known.sets["dense"].of("ocrmypdf").best().cer == pytest.approx(0.01)


def test_starting_is_what_the_first_page_costs_beyond_another(known):
    assert (known.starts[0].another, known.starts[0].fixed) == (1.0, 2.0)


def test_the_section_shows_each_set_and_the_headlines_the_ratios(known):
    section = report.as_markdown(known)
    assert "| faded | as it is | 2 | 1.00 / 1.00 | 20.00 / 20.00 | 20.00 / 20.00 | 20.00 / 20.00 |" in section
    assert "| `ocrmypdf -x` | 10.00 | 8.00–45.00 | 0.200 | 0.25 | 2.00 |" in section
    assert report.headlines(known).splitlines()[0].startswith("- 0.20 of the processor time of `ocrmypdf -x`")


def test_figures_are_kept_and_read_again(known, tmp_path):
    figures.save(known, tmp_path / "kept.json")
    again = figures.load(tmp_path / "kept.json")
    assert (again.sets, again.memory, again.starts) == (known.sets, known.memory, known.starts)
    assert again.machine == machine()


def test_peers_get_the_environment_that_is_better_for_them():
    tried = [
        figures.Environments("ocrmypdf", 2, 7.0, 8.0),
        figures.Environments("ocrmypdf, cleaning", 2, 9.0, 8.0),
    ]
    plain, cleaning, *_ = everybody(tried)
    assert (plain.environment, cleaning.environment) == ({}, {"OMP_THREAD_LIMIT": "1"})
