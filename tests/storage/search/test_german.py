"""One normalisation for pages, queries and snippets: what counts as the same word."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.search import german
from storage.search.german import LONGEST_WORD, fold, stem, tokens, unwrap


def words(text: str) -> list[str]:
    return [token.word for token in tokens(unwrap(text))]


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller", "Mueller", "Muller", "MÜLLER", "Mu\u0308ller"),
        ("Ägypten", "Aegypten", "agypten"),
        ("Behörde", "Behoerde", "BEHORDE"),
        ("Übersetzer", "Uebersetzer"),
        ("ausgeübt", "ausgeuebt"),
        ("Straße", "STRASSE", "STRAẞE", "strasse"),
        ("Yılmaz", "Yilmaz", "YILMAZ"),
        ("Yüksel", "Yueksel"),
        ("Gültekin", "Gueltekin"),
        ("Özdemir", "Oezdemir"),
        ("İpek", "ipek"),
        ("Łukasz", "Lukasz"),
        ("Şahin", "Sahin"),
        ("Đorđević", "Dordevic"),
        ("Sørensen", "Soerensen", "Sörensen"),
        ("Nguyễn", "Nguyen"),
        ("Семён", "семен"),
        ("٢٠١٩", "2019"),
    ],
)
def test_spellings_of_one_word_are_equal(spellings):
    assert len({fold(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("word", ["neue", "Steuer", "Quelle", "Mauer", "Treue", "Bauer", "Säuerling"])
def test_an_e_after_a_diphthong_or_qu_is_no_umlaut(word):
    assert "ue" in fold(word)


def test_words_that_differ_only_by_such_an_e_stay_distinct():
    assert fold("neue") != fold("neu")
    assert fold("Steuer") != fold("stur")
    assert len({fold(word) for word in ("neue", "Steuer", "Quelle", "aktuell")}) == 4


german_letters = st.text("abegquyzäöüßÄÖÜéıłş")


@given(german_letters | st.text())
@example("aee")
@example("geuebe")
def test_folding_what_is_folded_changes_nothing(word):
    assert fold(fold(word)) == fold(word)


@given(
    st.lists(st.sampled_from(["b", "st", "l", "r", "mm", "ä", "ö", "bü", "mü", "ß", "n"]), min_size=1).map(
        "".join
    )
)
def test_umlaut_vowel_with_e_and_plain_vowel_are_one(word):
    with_e = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = word.replace("ä", "a").replace("ö", "o").replace("ü", "u")
    assert fold(word) == fold(with_e) == fold(plain)


def test_inflected_forms_meet_in_a_stem():
    assert stem(fold("Bescheide")) == stem(fold("Bescheid"))
    assert stem(fold("Häuser")) == stem(fold("Haus"))
    assert stem(fold("Verpflichtungserklärungen")) == stem(fold("Verpflichtungserklärung"))


@pytest.mark.parametrize(
    "spellings",
    [
        ("daß", "dass"),
        ("muß", "muss"),
        ("Schiffahrt", "Schifffahrt"),
        ("Flußschiffahrt", "Flussschifffahrt"),
        ("Photo", "Foto"),
        ("Telephon", "Telefon"),
        ("Phantasie", "Fantasie"),
        ("Photographie", "Fotografie"),
        ("Graphik", "Grafik"),
        ("Delphin", "Delfin"),
        ("selbständige", "selbstständigen"),
        ("potentiell", "potenziell"),
        ("numerieren", "nummerieren"),
        ("plazieren", "placieren", "platzieren"),
        ("aufwendig", "aufwändig"),
        ("Greuel", "Gräuel"),
        ("rauhe", "raue"),
        ("Cigarette", "Zigarette"),
        ("Consulat", "Konsulat"),
        ("Accent", "Akzent"),
        ("Direction", "Direktion"),
        ("Proceß", "Prozess"),
        ("Thür", "Tür"),
        ("Heimath", "Heimat"),
        ("giebt", "gibt"),
    ],
)
def test_old_and_new_spellings_meet_in_a_stem(spellings):
    assert len({stem(fold(spelling)) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    "words",
    [("Graph", "Graf"), ("C", "K"), ("Buch", "Buk"), ("Scheck", "Schek"), ("Rate", "Ratte"), ("Fall", "Fal")],
)
def test_words_that_are_two_keep_their_stems(words):
    assert len({stem(fold(word)) for word in words}) == len(words)


def test_numbers_and_other_scripts_have_no_german_endings():
    assert stem("004711") == "004711"
    assert stem(fold("решение")) == fold("решение")


def test_a_word_broken_at_the_line_end_is_joined():
    assert words("die Verwal-\ntung und das Aus- \n länderrecht") == [
        "die", "verwaltung", "und", "das", "auslanderrecht",
    ]  # fmt: skip
    assert words("Verwal\u00ad\ntung, Ver\u00adwaltung") == ["verwaltung", "verwaltung"]


def test_a_hyphen_that_belongs_there_stays():
    assert words("Ein-\nund Ausreise") == ["ein", "und", "ausreise"]
    assert words("Müller-\nLüdenscheid") == ["muller", "ludenscheid"]
    assert words("2019-\n4711") == ["2019", "4711"]
    assert unwrap("Satz -\nneuer Satz") == "Satz -\nneuer Satz"


@given(st.text(max_size=40))
@example("Die Ausweisung, § 60a AufenthG: İpek ½ e\u0301te\u0301")
@example("im B E S C H E I D")
def test_words_and_stems_are_those_of_the_tokens_unless_one_is_written_wide(text: str):
    found = list(tokens(text))
    plain = german.words_and_stems(text)
    if plain is None:
        assert len({one.position for one in found}) < len(found)
    else:
        assert plain[0].split() == [one.word for one in found]
        assert plain[1].split() == [one.stem for one in found]


@given(st.text(max_size=40))
@example("im B E S C H E I D vom")
@example("vor \u037a nach")
def test_the_words_of_a_page_are_its_tokens(text: str):
    page, expected = german.PageWords(text), list(tokens(text))
    assert [page[place] for place in range(len(page))] == expected
    assert page.written == [text[one.start : one.end] for one in expected]
    for position in range(len(expected) + 1):
        assert page.at(position) == [one for one in expected if one.position == position]


def test_spaced_capitals_are_one_word_on_the_place_of_its_letters():
    found = list(tokens("im B E S C H E I D vom"))
    assert [(token.word, token.position) for token in found if len(token.word) > 1] == [
        ("im", 0), ("bescheid", 1), ("vom", 2),
    ]  # fmt: skip
    assert "".join(token.word for token in found if len(token.word) == 1) == "bescheid"


def test_letters_and_digits_are_parted_and_punctuation_is_nothing():
    assert words("§ 60a Abs. 2") == words("§ 60 a Abs.2") == ["60", "a", "abs", "2"]
    assert words("33.2-2019/004711") == words("33 2 2019_004711") == ["33", "2", "2019", "004711"]
    assert words("§ — …!") == []


@given(st.text())
def test_tokens_tell_where_they_stand(text):
    before = 0
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert fold(text[token.start : token.end])[:LONGEST_WORD] == token.word
        assert token.position >= before
        before = token.position


@given(st.text(st.sampled_from("ab -\n\u00ad=üÄ. 1")))
def test_unwrapping_takes_away_hyphens_and_line_breaks_only(text):
    def kept(value: str) -> str:
        return "".join(char for char in value if char.isalnum())

    assert kept(unwrap(text)) == kept(text)


@given(
    st.lists(
        st.sampled_from(["Verwal-\n  tung", "Ein-\nund", "a\u00adb", "\u00ad", "x", "ß-\nz", " ", "\n"])
    ).map("".join)
)
def test_every_place_of_an_unwrapped_text_is_found_in_the_text_as_it_was(text):
    plain = german.unwrapped(text)
    assert plain.text == german.unwrap(text)
    for place, char in enumerate(plain.text):
        start, end = plain.original(place, place + 1)
        assert (text[start:end], end - start) == (char, 1)


def test_a_joined_word_stands_on_both_lines():
    plain = german.unwrapped("Die Verwal-\ntung ent-\nscheidet")
    assert plain.text == "Die Verwaltung entscheidet"
    assert [plain.original(4, 14), plain.original(15, 26)] == [(4, 16), (17, 30)]
