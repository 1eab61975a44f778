"""The search index: what is found, by whom it is seen, and what survives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import errors
from storage.search.boxes import PlacedWord
from storage.search.index import Answer, PageEntry, SearchIndex

ROOT = Path(__file__).parents[3]


def entry(text: str = "", document: str = "doc-1", page: int = 1, **fields) -> PageEntry:
    values = {"file_number": "33.2-2019/4711", "volume": 1, "type": "unknown", "language": "deu"}
    return PageEntry(page_id=f"{document}/{page}", document=document, page=page, text=text, **values | fields)


@pytest.fixture
def index(tmp_path):
    index = SearchIndex.open(tmp_path / "index")
    yield index
    index.close()


def fill(index: SearchIndex, *entries: PageEntry) -> None:
    documents: dict[str, list[PageEntry]] = {}
    for page in entries:
        documents.setdefault(page.document, []).append(page)
    for document, pages in documents.items():
        index.replace_document(document, pages)
    index.commit()


def found(answer: Answer) -> list[tuple[str, int]]:
    return [(hit.document, hit.page) for hit in answer.hits]


# --- what is found ---------------------------------------------------------------------------------


def test_a_hit_tells_where_and_why(index):
    fill(
        index,
        entry("Frau Müller legte die\nVerpflichtungserklärung vor.", page=3, type="file_note", volume=2),
    )
    answer = index.search("Verpflichtungserklaerungen")
    (hit,) = answer.hits
    assert answer.total == 1
    assert (hit.page_id, hit.document, hit.page) == ("doc-1/3", "doc-1", 3)
    assert (hit.file_number, hit.volume, hit.type) == ("33.2-2019/4711", 2, "file_note")
    assert hit.score > 0
    assert hit.snippet == "Frau Müller legte die Verpflichtungserklärung vor."
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Verpflichtungserklärung"]


@pytest.fixture(scope="module")
def letter(tmp_path_factory):
    index = SearchIndex.open(tmp_path_factory.mktemp("letter") / "index")
    text = """Die Behörden im B E S C H E I D vom 03.05.2019, Az. 33.2-2019/004711,
        an Herrn Yılmaz nach § 81 Abs. 5 AufenthG und § 60a, zum Aufenthalts-
        recht."""
    fill(index, entry(text))
    yield index
    index.close()


@pytest.mark.parametrize(
    "query",
    [
        "Behörde",
        "behoerden",
        "BEHORDE",
        "Yilmaz",
        "Aufenthaltsrecht",
        "Bescheid",
        '"B E S C H E I D"',
        '"im Bescheid vom"',
        "§ 81 Abs. 5",
        '"§ 81 Abs. 5"',
        '"Abs. 5 AufenthG"',
        "33.2-2019/004711",
        "33 2 2019 004711",
        '"33-2-2019-004711"',
        "03.05.2019",
        "60a",
        '"§ 60 a"',
        "Aufenth*",
        "33.2-2019/0047*",
        '"Abs. 5" behörd* -Duldung',
        "-Duldung",
    ],
)
def test_a_page_is_found_by(letter, query):
    assert letter.search(query).total == 1


@pytest.mark.parametrize(
    "query",
    [
        "§ 81 V",
        "§81 (5) AufenthG",
        '"§81 Abs.5"',
        "3. Mai 2019",
        "2019-05-03",
        "3.5.19 Behörde",
        "33-2 2019 / 0047ll",
        "-12.12.2012",
    ],
)
def test_identifiers_are_found_in_any_form(letter, query):
    assert letter.search(query).total == 1


def test_a_name_is_found_in_its_other_forms_after_the_very_one(index):
    text = "Frau Fatima Schewtschenko und Herr Mohammed"
    words = tuple(PlacedWord(one.start(), one.end(), 0, 0, 9, 9, 1.0) for one in re.finditer(r"\w+", text))
    fill(index, entry(text, page=1, words=words), entry("Frau Fatemeh Shevchenko", page=2))
    answer = index.search("Shevchenko Fatemeh")
    assert [(hit.page, hit.match) for hit in answer.hits] == [(2, "exact"), (1, "tolerant")]
    marked = [answer.hits[1].snippet[start:end] for start, end in answer.hits[1].marks]
    assert marked == ["Fatima", "Schewtschenko"]
    assert index.search("محمد").total == 1


@pytest.mark.parametrize("query", ["Al-Darwish", "Aldarwisch", "al-darwisch", "Schmitt-Meyer", "ABDULRAHMAN"])
def test_a_name_in_several_parts_is_found_in_its_other_forms(index, query):
    text = "Herr Al-Darwisch, Frau Schmidt-Maier, Abdul Rahman"
    words = tuple(PlacedWord(one.start(), one.end(), 0, 0, 9, 9, 1.0) for one in re.finditer(r"\S+", text))
    fill(index, entry(text, page=1, words=words), entry("Herr Darwin und Frau Schmied Mair", page=2))
    assert [page for _, page in found(index.search(query))] == [1]


def test_what_is_identified_comes_before_pages_with_the_same_words(index):
    scattered = "Abs. 5 gilt für 81, Abs. 5 gilt nicht für 81, siehe AufenthG Abs. 5 und 81"
    fill(index, entry(scattered, page=1), entry("nach §81 V AufenthG", page=2))
    answer = index.search("§ 81 Abs. 5 AufenthG")
    assert [page for _, page in found(answer)] == [2, 1]


@pytest.mark.parametrize(
    "query",
    [
        "Behörde Duldung",
        '"Duldung der Behörde"',
        '"Behörde Bescheid"',
        "Behörde -Bescheid",
        "33.2-2019/004712",
        "332019004711",
        '"Bescheid 33"',
        "Duld*",
        "neu",
    ],
)
def test_a_page_is_not_found_by(letter, query):
    assert letter.search(query).total == 0


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    index = SearchIndex.open(tmp_path_factory.mktemp("shelf") / "index")
    fill(
        index,
        entry("Bescheid", "a", type="toleration", date=date(2014, 5, 12), file_number="33.2-2019/4711"),
        entry("Bescheid", "b", type="payslip", date=date(2016, 12, 31), language="deu+tur", volume=2),
        entry("Brief", "c", type="toleration", language="eng", file_number="33.2-2019/5"),
    )
    yield index
    index.close()


@pytest.mark.parametrize(
    ("query", "documents"),
    [
        ("Bescheid OR Brief", "abc"),
        ("(Bescheid ODER Brief) -typ:payslip", "ac"),
        ("Brief OR -Bescheid", "c"),
        ("Bescheid OR -Bescheid", "abc"),
        ("-(Bescheid typ:payslip)", "ac"),
        ("--Brief", "c"),
        ("typ:Duldung", "ac"),
        ("typ:toleration Bescheid", "a"),
        ("akte:33.2_2019-4711", "ab"),
        ("akte:33.2-2019/4*", "ab"),
        ("akte:33.2-2019*", "abc"),
        ("akte:33.2-2019", ""),
        ("band:2", "b"),
        ("sprache:deutsch", "ab"),
        ("sprache:tr", "b"),
        ("datum:2014", "a"),
        ("datum:2014..2016", "ab"),
        ("datum:..2015", "a"),
        ("datum:13.05.2014..", "b"),
        ("-datum:1900..", "c"),
        ("Bescheid datum:2016-12", "b"),
    ],
)
def test_fields_and_operators_choose_pages(shelf, query, documents):
    answer = shelf.search(query, {"Duldung": "toleration", "Lohn": "payslip"})
    assert sorted(document for document, _ in found(answer)) == list(documents)
    assert answer.total == len(documents)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Гражданка родилась в городе Заречинске", "заречинске"),
        ("відділ державної реєстрації", "реєстрації"),
        ("قد ولدت في مدينة النور بتاريخ 14 آذار 1987", "مدينة"),
        ("مدينة الشَّمس", "الشمس"),  # with its vowel signs, asked for without them
        ("خانم گل‌محمدی فرزند", "گل‌محمدی"),
        ("خانم گل‌محمدی ۱۳۶۶", "1366"),
    ],
)
def test_words_of_other_scripts_are_found(index, text, query):
    fill(index, entry(text), entry("Frau Müller", document="doc-2"))
    assert found(index.search(query)) == [("doc-1", 1)]


def test_only_one_case_file_whatever_its_separators(index):
    fill(
        index,
        entry("Bescheid", document="a", file_number="12/345"),
        entry("Bescheid", document="b", file_number="123/45"),
        entry("Bescheid", document="c", file_number=""),
    )
    assert found(index.search("Bescheid", file_number="12 345")) == [("a", 1)]
    assert found(index.search("Bescheid", file_number="12345")) == []
    assert found(index.search("Bescheid", file_number="")) == [("c", 1)]


def test_only_one_type_of_document(index):
    fill(index, entry("Bescheid", page=1, type="bamf_decision"), entry("Bescheid", page=2, type="fee_notice"))
    assert found(index.search("Bescheid", type="fee_notice")) == [("doc-1", 2)]


def test_a_filter_does_not_change_scores(index):
    fill(index, entry("Bescheid", type="fee_notice"))
    assert index.search("Bescheid", type="fee_notice").hits == index.search("Bescheid").hits


def test_pages_that_say_more_about_it_come_first(index):
    fill(
        index,
        entry("Bescheid " + "und vieles andere mehr " * 20, page=1),
        entry("Bescheid, Bescheid", page=2),
        entry("nichts dergleichen", page=3),
    )
    assert [page for _, page in found(index.search("Bescheid"))] == [2, 1]


def test_the_very_word_comes_before_its_relatives(index):
    fill(index, entry("Herr Muller", page=1), entry("die Mulle", page=2), entry("Herr Müller", page=3))
    assert [page for _, page in found(index.search("Müller"))] == [1, 3, 2]


def test_equal_scores_stand_by_document_and_page_across_segments(index):
    for document in ("c", "a", "b"):
        fill(
            index,
            entry("Bescheid", document, 2),
            entry("Bescheid", document, 1),
            entry("Bescheid", document, 10),
        )
    everything = found(index.search("Bescheid", limit=100))
    assert everything == [(document, page) for document in "abc" for page in (1, 2, 10)]
    by_pieces = [found(index.search("Bescheid", limit=2, offset=offset)) for offset in range(0, 9, 2)]
    assert [place for piece in by_pieces for place in piece] == everything


def test_ties_too_large_to_be_sorted_are_still_paged_through_once(index):
    for document in ("c", "a", "b"):
        fill(index, *(entry("Bescheid", document, page) for page in range(1, 101)))
    pieces = [found(index.search("Bescheid", limit=7, offset=offset)) for offset in range(0, 300, 7)]
    assert len({place for piece in pieces for place in piece}) == sum(map(len, pieces)) == 300


def test_the_total_counts_what_is_not_shown(index):
    fill(index, *(entry("Bescheid", page=page) for page in range(1, 31)))
    answer = index.search("Bescheid", limit=5, offset=28)
    assert answer.total == 30
    assert found(answer) == [("doc-1", 29), ("doc-1", 30)]
    for nothing in (index.search("Bescheid", limit=0), index.search("Bescheid", offset=10**12)):
        assert (nothing.total, nothing.hits) == (30, ())
    with pytest.raises(errors.WrongUse):
        index.search("Bescheid", limit=-1)


def test_an_empty_index_answers(index):
    assert index.count() == 0
    assert index.search("Bescheid") == Answer(total=0, exact=0)


def test_phrases_with_more_endings_than_can_be_tried_are_refused(index):
    fill(index, entry(" ".join(f"und {word:017b}".translate({48: "a", 49: "b"}) for word in range(17_000))))
    assert index.search("a*").total == 1
    with pytest.raises(errors.BadQuery, match="too many words begin so"):
        index.search("und-a*")


@pytest.fixture(scope="module")
def small_index(tmp_path_factory):
    index = SearchIndex.open(tmp_path_factory.mktemp("small") / "index")
    fill(index, entry("Der Bescheid nach § 81 Abs. 5"), entry("a a a b b 1 1", page=2))
    yield index
    index.close()


operators = st.text('ab1ü"-*+~^:()[]{}\\/|&!?. \n§') | st.sampled_from(
    ["AND", "OR", "NOT", "IN", "TO", "text:", "akte:", "typ:x", "band:1", "datum:2014..", "sprache:de", "-(a"]
)


@given(query=st.text() | st.lists(operators).map(" ".join), other=st.text(st.characters()) | st.none())
@settings(deadline=None)
def test_whatever_is_typed_there_is_an_answer_or_a_clear_error(small_index, query, other):
    try:
        answer = small_index.search(query, file_number=other, type=other)
    except errors.BadQuery:
        return
    assert 0 <= len(answer.hits) <= answer.total <= 2


@pytest.mark.parametrize("odd", ["\ud800", "\0", "\udcff.pdf"])
def test_undecodable_bytes_do_no_harm(index, odd):
    fill(index, entry(f"Bescheid {odd}", document=odd, type=odd, file_number=odd))
    assert index.search(f"Bescheid {odd}", file_number=odd, type=odd).total == 1
    index.remove_document(odd)
    index.commit()
    assert index.count() == 0


@given(texts=st.lists(st.text(st.characters()), min_size=20))
@settings(max_examples=3, deadline=None)
def test_any_text_can_be_indexed(tmp_path_factory, texts):
    index = SearchIndex.open(tmp_path_factory.getbasetemp() / "any-text")
    fill(index, *(entry(f"{text} Bescheid", page=page) for page, text in enumerate(texts)))
    assert index.search("Bescheid").total == len(texts)
    index.close()


# --- writing ---------------------------------------------------------------------------------------


def test_a_document_is_replaced_as_a_whole(index):
    fill(index, entry("Bescheid", page=1), entry("Bescheid", page=2), entry("Bescheid", document="other"))
    fill(index, entry("Ausweisung", page=1))
    assert found(index.search("Bescheid")) == [("other", 1)]
    assert found(index.search("Ausweisung")) == [("doc-1", 1)]
    assert index.count() == 2


def test_a_document_replaced_twice_before_the_commit_is_there_once(index):
    index.replace_document("doc-1", [entry("Bescheid")])
    index.replace_document("doc-1", [entry("Bescheid")])
    index.commit()
    assert index.count() == 1


def test_a_document_is_removed(index):
    fill(index, entry("Bescheid"), entry("Bescheid", document="other"))
    index.remove_document("doc-1")
    index.remove_document("unknown")
    index.commit()
    assert found(index.search("Bescheid")) == [("other", 1)]


def test_what_fails_while_it_is_read_changes_nothing(index):
    def failing():
        yield entry("Ausweisung")
        raise RuntimeError

    fill(index, entry("Bescheid"))
    with pytest.raises(RuntimeError):
        index.replace_document("doc-1", failing())
    index.commit()
    assert index.search("Bescheid").total == 1


def test_nothing_is_seen_before_the_commit_nor_kept_without_it(tmp_path):
    writer = SearchIndex.open(tmp_path)
    writer.replace_document("doc-1", [entry("Bescheid")])
    assert writer.count() == 0
    writer.close()
    assert SearchIndex.open(tmp_path).count() == 0


def test_a_reader_sees_every_commit_of_another_writer(tmp_path):
    reader, writer = SearchIndex.open(tmp_path), SearchIndex.open(tmp_path)
    for number in (1, 2, 3):
        fill(writer, entry("Bescheid", document=f"doc-{number}"))
        assert reader.search("Bescheid").total == reader.count() == number


def test_replacing_again_and_again_does_not_fill_the_disk(tmp_path):
    index = SearchIndex.open(tmp_path)
    for _ in range(12):
        fill(index, *(entry("Bescheid " * 50, page=page) for page in range(1, 5)))
    assert index.count() == 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 100_000


# --- one writer, and what survives -------------------------------------------------------------------


def test_a_second_writer_is_told_to_try_again(tmp_path):
    first, second = SearchIndex.open(tmp_path), SearchIndex.open(tmp_path)
    first.replace_document("a", [entry(document="a")])
    with pytest.raises(errors.IndexBusy) as caught:
        second.replace_document("b", [entry(document="b")])
    assert caught.value.retryable
    assert second.count() == 0, "reading needs no lock"
    first.commit()
    fill(second, entry(document="b"))
    assert first.count() == 2


def start_writer(folder: Path) -> subprocess.Popen[str]:
    """A process that commits one page, writes another one, says so, and waits for its end."""
    program = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from storage.search.index import PageEntry, SearchIndex
        index = SearchIndex.open(Path({str(folder)!r}))
        for document in ("committed", "lost"):
            index.replace_document(document, [PageEntry(document, document, "", 1, 1, "", "", "Bescheid")])
            if document == "committed":
                index.commit()
        print("written", flush=True)
        time.sleep(60)
    """)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_killed_writer_leaves_the_last_commit_and_no_lock(tmp_path):
    with start_writer(tmp_path) as process:
        assert process.stdout.readline() == "written\n"
        index = SearchIndex.open(tmp_path)
        with pytest.raises(errors.IndexBusy):
            index.remove_document("committed")
        assert found(index.search("Bescheid")) == [("committed", 1)]
        process.send_signal(signal.SIGKILL)
    fill(index, entry("Bescheid", document="next"))
    assert found(index.search("Bescheid")) == [("committed", 1), ("next", 1)]


def test_an_index_of_another_version_is_not_read(tmp_path):
    fill(SearchIndex.open(tmp_path), entry("Bescheid"))
    (tmp_path / "akten-index-version").write_text("0\n")
    with pytest.raises(errors.IndexOutdated) as caught:
        SearchIndex.open(tmp_path)
    assert "akten index rebuild" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_damaged_index_is_not_read_and_can_be_made_anew(tmp_path):
    fill(SearchIndex.open(tmp_path), entry("Bescheid"))
    (record,) = tmp_path.glob("*/meta.json")
    record.write_text("{")
    with pytest.raises(errors.IndexOutdated):
        SearchIndex.open(tmp_path)
    SearchIndex.discard(tmp_path)
    assert SearchIndex.open(tmp_path).count() == 0


def test_an_index_without_its_record_is_none(tmp_path):
    fill(SearchIndex.open(tmp_path), entry("Bescheid"))
    (tmp_path / "akten-index-version").unlink()
    assert SearchIndex.open(tmp_path).count() == 0


class TestRenewal:
    """A new index is made beside the one that is served."""

    def test_the_old_one_serves_and_is_written_until_the_new_one_takes_its_place(self, tmp_path):
        index = SearchIndex.open(tmp_path)
        fill(index, entry("Bescheid", document="old"))
        with SearchIndex.renewed(tmp_path) as (fresh, serving):
            fill(fresh, entry("Bescheid", document="new"))
            assert found(index.search("Bescheid")) == [("old", 1)]
            fill(index, entry("Bescheid", document="meanwhile"))
            assert index.search("Bescheid").total == 2
            with serving():
                pass
        assert found(index.search("Bescheid")) == [("new", 1)]
        fill(index, entry("Bescheid", document="later"))
        assert found(SearchIndex.open(tmp_path).search("Bescheid")) == [("later", 1), ("new", 1)]

    def test_nobody_writes_to_the_old_one_while_they_change_places(self, tmp_path):
        index = SearchIndex.open(tmp_path)
        with SearchIndex.renewed(tmp_path) as (_, serving), serving(), pytest.raises(errors.IndexBusy):
            index.remove_document("any")

    def test_one_that_is_given_up_leaves_the_old_one_and_nothing_else(self, tmp_path):
        fill(SearchIndex.open(tmp_path), entry("Bescheid"))
        before = sorted(path.name for path in tmp_path.iterdir())
        with SearchIndex.renewed(tmp_path) as (fresh, _):
            fresh.replace_document("doc-2", [entry(document="doc-2")])
        assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == [
            name for name in before if not name.endswith(".lock")
        ]
        assert SearchIndex.open(tmp_path).search("Bescheid").total == 1

    def test_what_a_killed_renewal_left_goes_with_the_next(self, tmp_path):
        SearchIndex.open(tmp_path)
        (tmp_path / "0123456789abcdef").mkdir()
        (tmp_path / "meta.json").touch()  # of the first version, which knew no generations
        with SearchIndex.renewed(tmp_path) as (_, serving), serving():
            pass
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1
        assert not (tmp_path / "meta.json").exists()

    def test_there_is_one_at_a_time(self, tmp_path):
        with (
            SearchIndex.renewed(tmp_path),
            pytest.raises(errors.IndexBusy),
            SearchIndex.renewed(tmp_path),
        ):
            pass

    def test_an_index_of_another_version_gives_way(self, tmp_path):
        SearchIndex.open(tmp_path)
        (tmp_path / "akten-index-version").write_text("1\n")
        with SearchIndex.renewed(tmp_path) as (fresh, serving):
            fill(fresh, entry("Bescheid"))
            with serving():
                pass
        assert SearchIndex.open(tmp_path).search("Bescheid").total == 1


def test_an_index_being_written_is_not_discarded(tmp_path):
    index = SearchIndex.open(tmp_path)
    index.replace_document("doc-1", [entry()])
    with pytest.raises(errors.IndexBusy):
        SearchIndex.discard(tmp_path)
    index.commit()
    SearchIndex.discard(tmp_path)
    SearchIndex.discard(tmp_path / "never-there")
    assert SearchIndex.open(tmp_path).count() == 0
