"""Which forms are one name, and which words are none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.boxes import PlacedWord
from storage.search.names import asked_for, keys_of_page


def placed(text: str, *, is_known: bool = False) -> list[PlacedWord]:
    return [
        PlacedWord(word.start(), word.end(), 0, 0, 10, 10, 0.95, is_known)
        for word in re.finditer(r"\S+", text)
    ]


def is_found(query: str, page: str, *, is_known: bool = False) -> bool:
    return not keys_of_page(page, placed(page, is_known=is_known)).isdisjoint(asked_for(query))


@pytest.mark.parametrize(
    "forms",
    [
        "Mohammed Muhammad Muhammed Mohamed محمد Мухаммад",
        "Jusuf Yusuf Youssef يوسف",
        "Ahmad Ahmed Achmed Ahmet أحمد",
        "Schewtschenko Shevchenko Chevtchenko Шевченко",
        "Kowaltschuk Kovalchuk Ковальчук",
        "Petrović Petrovic Petrowitsch Petrovich Петрович",
        "Wladimir Vladimir Volodymyr Володимир",
        "Mahmoudi Mahmudi Machmudi محمودي",
        "Hosseini Husaini حسيني",
        "Djamshid Jamshid Dschamschid جمشيد",
        "Papadopoulos Παπαδόπουλος",
        "Yılmaz Yilmaz Jilmas",
        "Müller Mueller Muller",
        "Meier Meyer Mayer Maier",
        "Schmidt Schmitt Schmid",
        "Tadese Taddesse",
    ],
)
def test_forms_of_one_name_find_each_other(forms):
    for query in forms.split():
        for page in forms.split():
            assert is_found(query, page), (query, page)
            assert is_found(query.lower(), page.upper()), (query, page)


@pytest.mark.parametrize(("query", "page"), [("Schahin", "Şahin"), ("Sahin", "Şahin"), ("Tschelik", "Çelik")])
def test_letters_with_marks_are_read_in_both_ways(query, page):
    assert is_found(query, page)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("Abdulrahman", "Abdul Rahman"),
        ("Abdulkarim", "Abdul Karim"),
        ("Karim", "Abdulkarim"),
        ("Alhassani", "Al Hassani"),
        ("Alhassani", "Al-Hassani"),
        ("Müllerschmitt", "Müller-Schmidt"),
    ],
)
def test_a_name_of_several_parts_is_found_written_as_one(query, page):
    assert is_found(query, page)


@pytest.mark.parametrize("query", ["Muller", "Mohammed", "Schmitt"])
def test_names_a_dictionary_knows_are_names_too(query):
    page = "Müller Muhammad Schmidt"
    assert is_found(query, page, is_known=True)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("Hund", "Hand"),
        ("Leben", "Laben"),
        ("Verwaltung", "Verwaldung"),
        ("Mosul", "Mosel"),
        ("Kabul", "Kabel"),
    ],
)
def test_ordinary_words_do_not_become_ambiguous(query, page):
    assert not is_found(query, page, is_known=True)


@pytest.mark.parametrize("page", ["jamila", "Ali", "und", "§ 81"])
def test_what_is_not_written_like_a_name_is_none(page):
    assert not is_found("Djamila", page)


@given(st.text())
def test_any_text_can_be_asked_for(text):
    for word in text.split():
        assert all(len(key) > 1 for key in asked_for(word))
    assert isinstance(keys_of_page(text, placed(text)), set)
