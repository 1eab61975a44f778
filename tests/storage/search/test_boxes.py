"""Where a page's words stand, as the index keeps it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.search.boxes import boxes_in, pack
from storage.search.fields import PlacedWord

numbers = st.integers(0, 70_000)


@given(st.lists(st.tuples(st.integers(1, 90), numbers, numbers, numbers, numbers), max_size=60))
def test_every_word_gets_its_own_box_back(content):
    words, start = [], 0
    for length, *box in content:
        words.append(PlacedWord(start, start + length, *box, confidence=1.0))
        start += length + 1
    found = boxes_in(pack(words), [(word.start, word.end) for word in words])
    expected = [(word.left, word.top, word.width, word.height) for word in words]
    assert [tuple(map(tuple, boxes)) for boxes in found] == [
        (tuple(min(number, 65_535) for number in box),) for box in expected
    ]


def test_a_range_over_two_words_has_two_boxes():
    words = [PlacedWord(0, 7, 900, 100, 90, 20, 1.0), PlacedWord(8, 12, 50, 130, 40, 20, 1.0)]
    assert boxes_in(pack(words), [(3, 10), (7, 8)]) == [[(900, 100, 90, 20), (50, 130, 40, 20)], []]


def test_a_page_of_words_in_lines_takes_few_bytes():
    words, start = [], 0
    for line in range(40):
        for place in range(10):
            length = 3 + (line * 7 + place * 5) % 9
            left, top = 200 + place * 160 + line % 7, 150 + line * 60 + place % 3
            words.append(PlacedWord(start, start + length, left, top, length * 14, 30 + place % 4, 1.0))
            start += length + 1
    assert len(pack(words)) < 6 * len(words)
