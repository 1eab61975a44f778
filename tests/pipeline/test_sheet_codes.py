"""The codes on the sheets: opaque, checked, and told from everybody else's."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.document_types import load_document_types
from pipeline.sheets.codes import (
    BadSheetCode,
    CoverCode,
    SeparatorCode,
    check_character,
    encode_cover,
    encode_separator,
    new_sheet_id,
    parse_code,
    parse_typed_id,
    printed_id,
)

QR_ALPHANUMERIC = set(string.digits + string.ascii_uppercase + " $%*+-./:")
sheet_ids = st.builds(lambda seed: new_sheet_id(random.Random(seed)), st.integers())
type_keys = st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("A12425GABC1234002", "M"),  # GRid standard 2.1: A1-2425G-ABC1234002-M
        ("188166C734206541", "Y"),  # ISAN (ISO 15706): 1881-66C7-3420-6541-Y-9F3A-0245-O
        ("188166C7342065419F3A0245", "O"),
        ("00000000D07A0090", "Q"),  # ISAN 0000-0000-D07A-0090-Q-0000-0000-X
        ("00000000D07A009000000000", "X"),
    ],
)
def test_the_check_character_is_that_of_published_identifiers(text, check):
    assert check_character(text) == check


@given(sheet_ids)
def test_an_id_has_twelve_characters_and_none_that_is_misread(sheet_id):
    assert len(sheet_id) == 12
    assert not set(sheet_id + check_character(sheet_id)) & set("ILOU" + string.ascii_lowercase)


def test_ids_do_not_repeat():
    assert len({new_sheet_id() for _ in range(1000)}) == 1000


@given(sheet_ids)
def test_a_cover_code_reads_back(sheet_id):
    text = encode_cover(sheet_id)
    assert parse_code(text) == CoverCode(sheet_id)
    assert set(text) <= QR_ALPHANUMERIC


@given(type_keys)
def test_a_separator_code_reads_back(key):
    assert parse_code(encode_separator(key)) == SeparatorCode(key)


def test_every_document_type_has_its_separator_code():
    for kind in load_document_types():
        text = encode_separator(kind.key)
        assert parse_code(text) == SeparatorCode(kind.key)
        assert set(text) <= QR_ALPHANUMERIC
    assert encode_separator("court_decision").startswith("AKTEN1:T:COURT-DECISION:")


@given(sheet_ids, st.integers(0, 12), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_every_single_wrong_character_is_noticed(sheet_id, place, other):
    text = encode_cover(sheet_id)
    position = len("AKTEN1:V:") + place
    damaged = text[:position] + other + text[position + 1 :]
    assert parse_code(damaged) == (CoverCode(sheet_id) if damaged == text else BadSheetCode(damaged))


@pytest.mark.parametrize(
    "text",
    [
        "AKTEN1:V:",
        "AKTEN1:V:ABC",
        "AKTEN1:X:7K3M9QXR2D4F8",
        "AKTEN1:T:COURT-DECISION:?",
        "AKTEN2:V:7K3M9QXR2D4F8",
    ],
)
def test_a_code_of_ours_that_cannot_be_trusted_is_said_to_be_bad(text):
    assert parse_code(text) == BadSheetCode(text)


@pytest.mark.parametrize(
    "text", ["", "https://example.org", "ASN000123", "akten1:v:7k3m9qxr2d4f8", "XAKTEN1:V:A", "BCD\n002"]
)
def test_foreign_codes_are_none_of_our_business(text):
    assert parse_code(text) is None


@given(st.text())
def test_any_text_can_be_asked_about(text):
    parse_code(text)
    parse_typed_id(text)


@given(sheet_ids, st.booleans(), st.booleans())
def test_an_id_typed_by_hand_is_understood(sheet_id, lower, ambiguous):
    typed = printed_id(sheet_id)
    if ambiguous:
        typed = typed.replace("0", "O").replace("1", "I")
    assert parse_typed_id(f" {typed.lower() if lower else typed.replace('-', ' ')}\n") == CoverCode(sheet_id)


@pytest.mark.parametrize(
    "text", ["", "7K3M-9QXR-2D4F", "7K3M-9QXR-2D4F-9", "7K3M-9QXR-2D4E-8", "court_decision"]
)
def test_a_typing_error_is_noticed(text):
    assert parse_typed_id(text) == BadSheetCode(text)
