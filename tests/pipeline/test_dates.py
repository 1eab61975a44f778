"""The day a page bears is found by what stands around it; in doubt there is none."""

import random
from datetime import date

import pytest

from pipeline.classification.dates import date_of
from tests.specimens.letters import template_names, write
from tests.specimens.people import facts, invent

MARCH = date(2014, 3, 12)
RECEIVED = date(2020, 6, 30)
BODY = "\n".join(f"Zeile {number} des Schreibens, in der nichts weiter steht." for number in range(1, 30))

OF_MARCH = [
    "Datum: 12.03.2014",
    "Datum 12.3.2014",
    "Datum: 12.3.14",
    "Frau Amira Beispiel Datum: 12.03.2014",
    "Date: 12 March 2014",
    "Date: March 12, 2014",
    "Date: 12th March 2014",
    "Date: 2014-03-12",
    "Datum: 12/03/2014",
    "Datum: 12. März 2014",
    "Datum: 12. Marz 2014",
    "Datum: 12. Mårz 2014",
    "Datum: 12. Mrz. 2014",
    "Datum: 12. Máerz 2014",
    "Datum: 12. 03. 2014",
    "Datum: 12.O3.2014",
    "Datum: l2.03.2014",
    "Datum: 12,03.2014",
    "DATUM: 12.03.2014",
    "Ausstellungsdatum: 12.03.2014",
    "Date of issue: 12 MAR 2014",
    "ausgestellt am 12.03.2014",
    "Hannover, den 12.3.14",
    "Hannover, den 12. März 2014",
    "Hannover, 12.03.2014",
    "Bad Nenndorf, 12.03.2014",
    "Frankfurt am Main, den 12.03.2014",
    "Fait à Lyon, le 12.03.2014",
    "12. März 2014",
    "2014-03-12",
    "Unser Zeichen Telefon Datum\n33.1-4711 0511 168-0 12.03.2014",
    "Ihre Nachricht vom Unser Zeichen Datum\n01.02.2014 33.1-4711 12.03.2014",
    "Hannover 12.03.2014\nOrt, Datum",
    "Bescheid vom 12.03.2014",
    "Niederschrift über die Anhörung vom 12.03.2014",
    "geboren am 01.02.1980\nHannover, den 12.03.2014",
    "Geburtsdatum: 01.02.1980\nDatum: 12.03.2014",
    "Eingegangen\n14.03.2014\nDatum: 12.03.2014",
    "auf Ihren Antrag vom 01.02.2014\nDatum: 12.03.2014",
]


@pytest.mark.parametrize("head", OF_MARCH)
def test_a_date_that_is_the_pages_own_is_found(head):
    assert date_of(f"{head}\n{BODY}", RECEIVED) == MARCH


@pytest.mark.parametrize(
    "head",
    [
        "Geburtsdatum: 12.03.2014",
        "Geburtsdatum\n12.03.2014",
        "Date of birth: 12 March 2014",
        "Elif Yilmaz, geb. 12.03.2014",
        "Elif Yilmaz, geboren am 12.03.2014",
        "Amira Beispiel, 12.03.2014",
        "Yilmaz, Elif, 12.03.2014",
        "gültig bis 12.03.2014",
        "Gültig bis\n12.03.2014",
        "Die Frist endet am Montag, den 12.03.2014",
        "Eingegangen am 12.03.2014",
        "Eingegangen\n12.03.2014",
        "12.03.2014\nPosteingang",
        "auf Ihren Antrag vom 12.03.2014",
        "Ihr Schreiben vom 12.03.2014",
        "Einzugsdatum: 12.03.2014",
        "Date of expiry: 12.03.2014",
        "Expiry date: 12.03.2014",
        "Birth date\n12.03.2014",
        "Datum der Einreise: 12.03.2014",
        "Datum: 12.03.2014\nDatum: 13.03.2014",
        "Datum: 30.02.2014",
        "Datum: 12.13.2014",
        "Datum: 12.03.1814",
        "Datum: 12.03.2041",
        "Datum: 12. Jumi 2014",
        "Date: 03/04/2014",
        "3.4.14",
        "Aktenzeichen 33.12-2014/031212",
        "Tel. 0511/12.03.2014",
        "",
    ],
)
def test_in_doubt_there_is_none(head):
    assert date_of(f"{head}\n{BODY}", RECEIVED) is None


def test_a_closing_line_counts_where_the_head_has_none():
    assert date_of(f"Vermerk\n{BODY}\nHannover, den 12.03.2014\ngez. Muster") == MARCH
    assert date_of(f"Datum: 12.03.2014\n{BODY}\nHannover, den 13.03.2014") == MARCH


def test_running_text_names_no_date_of_the_page():
    assert date_of(f"{BODY}\nSie reisten am 12.03.2014 ein und beantragten\n12.03.2014\n{BODY}") is None


@pytest.mark.parametrize(
    ("year", "received", "expected"),
    [
        ("14", date(2020, 1, 1), 2014),
        ("87", date(2020, 1, 1), 1987),
        ("21", date(2020, 1, 1), 1921),
        ("49", None, 2049),
        ("50", None, 1950),
    ],
)
def test_a_short_year_is_the_last_one_that_was(year, received, expected):
    assert date_of(f"Datum: 12.03.{year}", received) == date(expected, 3, 12)


def test_a_letter_may_be_written_after_midnight_and_come_in_before_it():
    assert date_of("Datum: 12.03.2014", date(2014, 3, 11)) == MARCH
    assert date_of("Datum: 12.03.2014", date(2014, 3, 10)) is None


@pytest.mark.parametrize("name", template_names())
def test_of_specimens_no_other_date_is_taken_for_theirs(name):
    dice = random.Random(name)
    told = facts(invent(dice), "33.2-2019/004711", dice)
    letter = write(name, told, dice)
    if not letter.clean:
        pytest.skip("drawn over by stamps, so not to be told from its text")
    text = "\n".join([*letter.head, *letter.info, *(" ".join(block.cells) for block in letter.blocks)])
    day = date_of(text, RECEIVED.replace(year=2030))
    own = {told[name] for name in ("date", "date_old") if told[name] in text}
    assert (day is None and not letter.info) or f"{day:%d.%m.%Y}" in own
