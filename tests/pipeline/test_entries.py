"""What the search index is told of a page."""

from ocr.records import Box, Word, text_of
from pipeline.reading import entry_of, placed
from storage.ledger import documents, pages
from storage.search.fields import PlacedWord

WORDS = (
    Word("Ausländerbehörde", Box(100, 50, 400, 30), 96.0, 0),
    Word("Hannover", Box(520, 50, 200, 30), 71.5, 0),
    Word("Bescheid", Box(100, 120, 180, 32), 0.0, 1),
)


def test_each_word_says_where_it_stands_in_the_text():
    text = text_of(WORDS)
    assert [text[word.start : word.end] for word in placed(WORDS, "deu")] == [
        "Ausländerbehörde",
        "Hannover",
        "Bescheid",
    ]


def test_each_word_says_where_it_stands_on_the_page_and_how_sure_it_is():
    assert list(placed(WORDS, "deu"))[1] == PlacedWord(17, 25, 520, 50, 200, 30, 0.715, True)


def test_each_word_says_whether_it_is_known_and_what_it_is_made_of():
    compound, name, word = placed(WORDS, "deu")
    assert compound.parts == ("ausländer", "behörde")
    assert not name.parts
    assert word.is_known
    assert not any(word.is_known or word.parts for word in placed(WORDS, "no such language"))


def readers_told(**of_case_file) -> tuple[tuple[str, ...], int]:
    document = documents.Document(**dict.fromkeys(documents.Document.__slots__) | of_case_file)
    entry = entry_of(None, document, pages.Page(**dict.fromkeys(pages.Page.__slots__)))
    return entry.groups, entry.confidentiality


def test_a_page_is_for_whom_its_case_file_is():
    assert readers_told(groups=("a", "b"), confidentiality=2) == (("a", "b"), 2)


def test_where_nobody_has_said_whom_a_page_is_for_it_is_for_those_who_may_see_all():
    assert readers_told(groups=(), confidentiality=None) == ((), 9)
