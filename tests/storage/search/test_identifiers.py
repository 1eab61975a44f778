"""What a text identifies something by: the same in every form it is written and misread in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.identifiers import identifiers_in


def keys(text: str) -> set[str]:
    """What a query with this text asks for: the keys of all it names."""
    return {key for one in identifiers_in(text) for key in one.keys}


def known_by(text: str) -> set[str]:
    """What a page with this text is found by."""
    return keys(text) | {key for one in identifiers_in(text) for key in one.broader}


@pytest.mark.parametrize(
    "text",
    [
        "am 12.05.2014", "12.5.2014", "12. 05. 2014", "12. Mai 2014", "12.Mai 2014", "12 Mai 2014",
        "2014-05-12", "2014/05/12", "12/05/2014", "12-05-2014", "May 12, 2014", "12th May 2014",
        "12.5.14", "12.05. 20 14",        "am12.05.2014", ":12,05:2014:an", "12. 5 2014",
        "l2.O5.2Ol4", "12. Ma1 2014", "Hannover,\nden 12. Mai\n2014",
    ],
)  # fmt: skip
def test_a_day_is_one_in_any_form(text):
    assert "2014-05-12" in keys(text)


@pytest.mark.parametrize(
    "text", ["31.02.2014", "12.13.2014", "1.2.3.2014", "Mai 2014", "0l.OO.lOl4", "12,50", "oo.oo.oooo"]
)
def test_what_is_no_day_is_none(text):
    assert not any(key.count("-") == 2 for key in keys(text))


def test_months_may_be_misread_by_a_letter():
    assert keys("3. Dezernber 1999") == keys("3.12.1999")


def test_a_day_that_leaves_something_open_has_several_readings():
    assert keys("03/04/2014") == {"2014-04-03", "2014-03-04"}
    assert keys("3.4.14") == {"2014-04-03", "1914-04-03"}
    assert keys("3.4.58") == {"1958-04-03"}


@pytest.mark.parametrize(
    "text",
    [
        "§ 81 Abs. 5 AufenthG", "§81 Abs.5 AufenthG", "§ 81 V AufenthG", "§81 V AufenthG",
        "§ 81 (5) AufenthG", "§ 81 Absatz 5 des Aufenthaltsgesetzes", "S 81 Abs. 5 AufenthG",
        "§ 8l Abs. 5 Aufenth G",
        "881 Abs. 5 AufenthG", "(8 81 Abs, 5 Aufenih6G)", "5 81 Abs.. 5 Aufenths", "$.81 Abs. 5; AufenthG",
        "§ 81 A bs. 5\nAufenthC", "§§ 81 V AufenthG",
    ],
)  # fmt: skip
def test_a_place_in_the_law_is_one_in_any_form(text):
    assert keys("§ 81 Abs. 5 AufenthG") <= keys(text)


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("§ 81 AufenthG", "§ 81 Abs. 5 Satz 1 AufenthG"),
        ("§ 81 V", "§ 81 Abs. 5 Satz 1 Nr. 2 AufenthG"),
        ("§ 60a", "§ 60 a Abs. 2 AufenthG"),
        ("§ 67", "§§ 66–68 AufenthG"),
        ("§ 54 AufenthG", "§§ 53, 54 und 55 AufenthG"),
        ("§§ 53 ff.", "§§ 53 ff. AufenthG"),
        ("§ 53", "§§ 53 ff. AufenthG"),
        ("Art. 8 EMRK", "Art. 8 Abs. 1 EMRK"),
        ("§ 25 II 1", "§ 25 Abs. 2 S. 1 AufenthG"),
        ("§ 9 SGB II", "§ 9 Abs. 1 SGB II"),
        ("§ 60 SGB I", "(8§ 60 SGB |)"),
        ("§ 4 AsylG", "des 8 4 AsyIG"),
        ("§ 182 ZPO", "§ 182.ZP0"),
        ("§§ 44 bis 47 der Aufenthaltsverordnung", "nach 88 44 bis\n47 der Aufenthaltsverordnung"),
    ],
)
def test_who_asks_for_less_finds_what_is_more_exact(wanted, page):
    assert keys(wanted) <= known_by(page)
    assert not keys(page) & known_by(wanted) or keys(page) == keys(wanted)


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("§ 81 V", "§ 81 Abs. 4 AufenthG"),
        ("§ 81 AufenthG", "§ 81 AsylG"),
        ("§ 60a", "§ 60 AufenthG"),
        ("§ 60", "§ 60a AufenthG"),
        ("§ 54", "§§ 53 ff. AufenthG"),
        ("§ 12", "S 12, Seite 12"),
    ],
)
def test_another_place_in_the_law_is_another(wanted, page):
    assert keys(wanted)
    assert not keys(wanted) & known_by(page)


@pytest.mark.parametrize(
    ("wanted", "pages"),
    [
        (
            "33.2-2019/004711",
            ["33.2_2019-004711", "33.2 - 2019 / 004711", "33 2 2019 004711", "Az.:33.2-20 19/0047ll"],
        ),
        ("33.2-2019/004711", ["33.2-2OI9/OO47I1"]),
        ("DE89370400440532013000", ["DE89 3704 0044 0532 0130 00", "DEB9 37O4 0044 O532 013O 00 12"]),
        ("FR1420041010050500013M02606", ["FR14 2004 1010 0505 0001 3M02 606 am 3"]),
        ("860312345678", ["AZR-Nr. 860312 345678", "86O312345678"]),
        ("7654321-475", ["7 654 321 - 475", "7654321 475", "765432l-475"]),
        ("C01X00T47", ["Pass-Nr. C01X00T47,", "CO1XOOT47", "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"]),
        ("12 A 1234/20", ["12A1234/20", "VG 12 A 1234/2020", "l2 A 1234 / 20"]),
        ("123 Js 4567/20", ["123Js4567/20", "123 JS 4567/2O"]),
        ("1 BvR 12/20", ["1 BvR 12/20."]),
        ("12/345", ["12-345", "l2/345"]),
        ("Az.12/345", ["12/345"]),
    ],
)  # fmt: skip
def test_a_number_is_one_whatever_parts_it_and_misreads_it(wanted, pages):
    for page in pages:
        assert keys(wanted) & known_by(page), page


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("12/345", "123/45"),
        ("33.2-2019/004711", "33.2-2019/004712"),
        ("12 A 1234/20", "12 K 1234/20"),
        ("7654321-475", "7654321-423"),
    ],
)
def test_another_number_is_another(wanted, page):
    assert keys(wanted)
    assert not keys(wanted) & known_by(page)


def test_amounts_and_words_identify_nothing():
    assert keys("Kosten 1.234,56 EUR und 33,50 EUR für 8 Stück, Solo BSI OIL 12") == set()


def test_a_table_of_numbers_does_not_flood_the_index():
    assert len(known_by(" ".join(f"{number:05}" for number in range(100)))) < 1_000


pieces = st.sampled_from(
    ["§", " ", "81", "l2", ".", "-", "/", "Abs.", "V", "ff", "Mai", "DE", "20", "O", "\n", "<", "12"]
)


@given(st.text() | st.lists(pieces).map("".join))
def test_any_text_can_be_looked_through(text):
    for one in identifiers_in(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.keys
        assert all(one.keys)
