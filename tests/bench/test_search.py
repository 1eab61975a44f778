"""What the bench of search counts."""

import pytest

from bench.search import report
from bench.search.figures import Figures, Matching, Tally, total
from bench.search.matching import LEVEL_NAMES, measure
from bench.search.readings import Reading, ReadWord
from bench.search.truths import truth_of
from bench.search.ways import EDIT, EXACT, OURS


def page(truth: str, read: str, error: float = 0.0, name: str = "worn-1/00") -> Reading:
    words = [ReadWord(word, 0.9, 0, (50 * place, 0, 40, 20)) for place, word in enumerate(read.split())]
    return Reading(name.partition("/")[0], name.partition("/")[2], truth, "deu", 1000, 1000, words, error)


def test_a_page_has_its_words_in_any_inflection_and_within_compounds():
    truth = truth_of(page("Die Behörden und das Ausländeramt,\nder Auf-\nenthalt", ""), "a/1")
    assert all(truth.has(word) for word in ("behorde", "auslander", "aufenthalt", "das"))
    assert not any(truth.has(word) for word in ("amt", "bescheid", "thal", "as"))
    assert truth.words["behorden"] == "Behörden"
    assert truth.level == 0


def test_something_was_read_for_a_word_if_it_is_alike_by_half():
    truth = truth_of(page("", "Venrual tung xyz"), "a/1")
    assert truth.was_read("verwaltung")
    assert not truth.was_read("bescheid")


def test_shares_are_of_words_asked_for():
    tally = Tally()
    tally.add(found=True, unread=False, right=1, shown=2)
    tally.add(found=False, unread=True, right=0, shown=0)
    whole = total([tally, tally])
    assert (whole.recall, whole.recall_of_read, whole.precision) == (0.5, 1.0, 0.5)
    assert whole.asked == 4


def test_every_true_word_is_asked_for_in_every_way(tmp_path):
    pages = {
        "worn-1/00": page("Die Verwaltung zahlt", "Die Venrualtung zahlt", 0.2, "worn-1/00"),
        "worn-1/01": page("Die Verwahrung zahlt", "Die Verwahrung zahlt", 0.0, "worn-1/01"),
    }
    found = measure(pages, tmp_path / "index", lambda line: None)
    assert found.sets[EXACT]["worn-1"].asked == 6
    assert found.sets[EXACT]["worn-1"].found == 5
    assert found.sets[EDIT]["worn-1"].found >= 5
    assert found.levels[EXACT][LEVEL_NAMES[3]].asked == 3
    table = report.as_markdown(Figures("machine", {}, found))
    assert f"| {LEVEL_NAMES[0]} | 1 | 3 | 100.00 |" in table
    assert set(found.cpu) == {EXACT, EDIT, OURS}


def test_goals_are_told():
    tally = Tally(asked=100, found=99, shown=100, right=95, answered=100, purity=94.0)
    ways = {way: {"any": tally} for way in (EXACT, EDIT, OURS)}
    figures = Figures(matching=Matching(pages={"any": 1}, levels=ways, sets=ways, kinds=ways))
    told = report.in_words(figures).splitlines()
    assert told[0].endswith("99.00% (at least 99%: held)")
    assert told[1].endswith("94.00% (at least 95%: MISSED)")


@pytest.mark.parametrize("level", range(5))
def test_levels_have_names(level):
    assert LEVEL_NAMES[level].endswith("%")
