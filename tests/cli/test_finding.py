"""What a search shows on a terminal, and the commands that go on from it."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from config import words
from reports import found, terminal
from reports.found import Question
from storage.search.answers import Answer, CaseFile, Count, Facets, Hit
from storage.search.index import Sort

LABELS = {"payslip": "Payslip", "toleration": "Toleration"}
HIT = Hit("p", "W4JXWNC76RYH", "33-1", 1, 2, "payslip", 1.0, "Der Antrag liegt bei.", ((4, 10),))
MISREAD = replace(
    HIT, page=7, snippet="Der Anfrag fehlt.", marks=((4, 10),), tolerant_marks=((4, 10),), match="tolerant"
)


@pytest.fixture
def paper(monkeypatch) -> io.StringIO:
    """A terminal of 80 columns without colours."""
    paper = io.StringIO()
    console = terminal.Console(file=paper, width=80, force_terminal=True, color_system=None, highlight=False)
    for module, name in ((terminal, "out"), (terminal, "err"), (found, "out"), (found, "err")):
        monkeypatch.setattr(module, name, console)
    return paper


def test_misread_words_are_told_from_others_without_any_colour(paper):
    files = (CaseFile("33-1", "", 5, (0, 1)),)
    found.answer(Answer(total=5, exact=3, hits=(HIT, MISREAD), files=files), Question("Antrag"), LABELS)
    said = paper.getvalue()
    assert "As asked: 3; perhaps misread, marked ≈: 2" in said
    assert "Der »Antrag« liegt bei." in said
    assert "Der »≈Anfrag« fehlt." in said
    assert "\n  ≈ volume 1, page 7" in said


def test_more_of_a_case_file_and_more_case_files_are_a_command_away(paper):
    files = (CaseFile("33 1/2", "", 5, (0,)),)
    asked = Question(
        "Antrag 'x'", kind="payslip", sort=Sort.NEWEST, offset=10, groups=("team a",), clearance=2
    )
    found.answer(Answer(total=50, exact=50, hits=(HIT,), files=files, next_offset=20), asked, LABELS)
    commands = [
        shlex.split(line.partition(": ")[2]) for line in paper.getvalue().splitlines() if "akten" in line
    ]
    same = ["--type", "payslip", "--sort", "newest", "--as-group", "team a", "--clearance", "2"]
    assert commands == [
        ["akten", "search", "--file-number", "33 1/2", *same, "Antrag 'x'"],
        ["akten", "search", *same, "--offset", "20", "Antrag 'x'"],
    ]


def test_a_query_that_looks_like_an_option_is_none_in_the_next_command():
    assert shlex.split(Question("-Duldung", limit=5).command()) == [
        "akten", "search", "--limit", "5", "--", "-Duldung",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "way_out"),
    [
        (Answer(total=0, exact=0), "Look for fewer words"),
        (Answer(total=0, exact=0, suggestion="Antrag"), "Did you mean: Antrag\n→ akten search Antrag"),
        (Answer(total=3, exact=3), "There are no more. The first ones: akten search Amtrag"),
        (
            Answer(total=1, exact=1, hits=(HIT,), files=(CaseFile("33-1", "", 1, (0,)),)),
            "akten fetch W4JXWNC76RYH",
        ),
    ],
)
def test_there_is_always_a_next_step(paper, answer, way_out):
    found.answer(answer, Question("Amtrag", offset=0 if answer.hits or not answer.total else 50), LABELS)
    assert way_out in paper.getvalue()


def test_kinds_stand_below_each_other_where_they_do_not_fit(paper):
    years = tuple(Count(year, 1) for year in range(2020, 2010, -1))
    kinds = Facets((Count("payslip", 6), Count("toleration", 4)), years, (Count("deu", 9), Count("tur", 1)))
    found.answer(Answer(total=10, exact=10, facets=kinds), Question("Antrag"), LABELS)
    _, *lines = paper.getvalue().splitlines()
    assert lines[:3] == [
        "Type: Payslip (6) · Toleration (4)",
        "Year: 2020 (1) · 2019 (1) · 2018 (1) · 2017 (1) · 2016 (1) · …",
        "Language: German (9) · Turkish (1)",
    ]


def test_one_kind_alone_is_not_worth_a_line(paper):
    found.answer(Answer(total=9, exact=9, facets=Facets((Count("payslip", 9),))), Question("Antrag"), LABELS)
    assert "Payslip" not in paper.getvalue()


@pytest.fixture
def speaking_german() -> Iterator[None]:
    words.choose("de")
    yield
    words.choose("en")


@pytest.mark.usefixtures("speaking_german")
def test_days_and_languages_are_written_as_people_do(paper):
    files = (CaseFile("33-1", "", 1, (0,)),)
    kinds = Facets(language=(Count("deu", 1), Count("xxx", 1)))
    dated = replace(HIT, date=date(2014, 5, 3))
    found.answer(
        Answer(total=1, exact=1, hits=(dated,), files=files, facets=kinds), Question("Antrag"), LABELS
    )
    assert "03.05.2014" in paper.getvalue()
    assert "Sprache: Deutsch (1) · xxx (1)" in paper.getvalue()
