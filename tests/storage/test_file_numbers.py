"""Two spellings of one file number are equal; two file numbers never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.file_numbers import file_key


@pytest.mark.parametrize(
    "spelling",
    ["33.2-2019/4711", "33 2 2019 4711", "33_2_2019\\4711", "33.2–2019 / 4711", " 33.2\u20112019/4711. "],
)
def test_any_separators_are_equal(spelling):
    assert file_key(spelling) == "33-2-2019-4711"


def test_case_does_not_matter():
    assert file_key("ABH/12 b") == file_key("abh-12-B") == "abh-12-b"


def test_separators_count():
    assert file_key("12/345") != file_key("123/45")


def test_no_number_has_the_empty_key():
    assert file_key("") == file_key(" - ") == ""


@given(st.text())
def test_the_key_of_a_key_is_itself(text):
    assert file_key(file_key(text)) == file_key(text)
