from difflib import SequenceMatcher

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from ocr.language import of_words
from ocr.options import OcrOptions
from ocr.recognise import recognise
from ocr.records import Box, Word, text_of
from ocr.tesseract import Tesseract

GERMAN = (
    "Hiermit wird bescheinigt, dass die Mutter mit dem Kind nach dem Umzug in der Wohnung gemeldet ist. "
    "Das Schreiben ist nicht zur Vorlage bei anderen Stellen und auch sonst nur für den genannten Zweck."
)
FRENCH_AS_GERMAN = (
    "Le present acte a ete dresse par nous sur la declaration du pere qui a signe avec nous apres lecture. "
    "Une copie est delivree a l'interessee pour servir dans les cas ou cette piece est demandee."
)
ENGLISH = (
    "This is to certify that the person named above has been employed by our company and that she will "
    "return to her post after the leave for which she asked, if there are no other claims."
)
TURKISH_AS_GERMAN = (
    "Bu belge ilgilinin istegi üzere ve yabancilar dairesi icin düzenlenmis olup evli oldugu, adi ve "
    "soyadi ile dogum yeri olarak kayitli olan bir kisinin nüfus kaydidir."
)
RUSSIAN = (
    "Настоящая справка выдана гражданке для представления, и в книге регистрации о рождении была сделана "
    "запись за номером, что является подлинным; место рождения город Заречинск, года тысяча девятьсот."
)
CYRILLIC_AS_GERMAN = (
    "HacToauıaa cnpaBKa BbiiaHa rpaxnaHKe Ana npencTaBneHHA, u B KHHre perHcTpauHH o poxneHHH Öbına "
    "cnenaHa 3anHCb 3a HoMepoM, ATO aBnseTca NonnHHHbIM; MecTo poxneHHa ropon 3apeunHck"
)
PERSIAN = (
    "این گواهی بنا به درخواست نامبرده برای ارائه به اداره صادر شده و از تاریخ صدور که در آن آمده است "
    "به مدت سه ماه اعتبار دارد و با مهر این اداره است"
)
ARABIC_AS_GERMAN = (
    "wo öslgiv Aus la ae ge hl ab aa Iasdi a Sehr olYoll Jar ine all aus Als le ssill bed uly El ga ae"
)


def words(text, confidence=95.0, *, line=0, per_line=8):
    """The words of ``text``, laid out in lines as on a page of 1000 × 1400 pixels."""
    return [
        Word(word, Box(50 + number % per_line * 110, 50 + 60 * (line + number // per_line), 100, 30),
             confidence, line + number // per_line)
        for number, word in enumerate(text.split())
    ]  # fmt: skip


@pytest.fixture
def engine(scripted):
    """An engine of which each model reads what it is told, and garbage if it is told nothing."""

    def with_models(readings, installed="deu eng fra tur rus ukr ara fas"):
        class Polyglot(scripted):
            def languages(self):
                return frozenset(installed.split())

        return Polyglot(lambda image, manner: readings.get(manner.language, words(ARABIC_AS_GERMAN, 20.0)))

    return with_models


def read(engine, **options):
    page = np.full((1400, 1000), 255, np.uint8)
    page[100:120, 100:400] = 0
    return recognise(page, dpi=200.0, engine=engine, options=OcrOptions(deskew=False, **options))


def models_used(engine):
    return [manner.language for _, manner in engine.calls if manner.language != "deu"]


class TestOfWords:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            (GERMAN, "deu"),
            (ENGLISH, "eng"),
            (FRENCH_AS_GERMAN, "fra"),
            (TURKISH_AS_GERMAN, "tur"),
            (RUSSIAN, "rus"),
            (PERSIAN, "fas"),
        ],
    )
    def test_function_words_tell_the_language(self, text, code):
        assert of_words(words(text), ["deu", "eng", "fra", "tur", "rus", "fas"]) == code

    def test_a_text_of_two_languages_is_in_none(self):
        assert of_words(words(GERMAN + " " + ENGLISH), ["deu", "eng"]) is None

    def test_a_language_nobody_expects_is_not_told(self):
        assert of_words(words(ENGLISH), ["deu", "fra"]) is None

    def test_names_are_not_enough(self):
        names = "Marie de la Tour du Pin, Place des Vosges; The Best of Books Ltd., Isle of Man, Dr. Ali Bir"
        assert of_words(words(names), ["deu", "eng", "fra", "tur"]) is None

    def test_punctuation_and_marks_do_not_matter(self):
        text = "»Où« est-ce? (été) été: être; sont, dans... nous! vous - cette | avec. pour, qui"
        assert of_words(words(text), ["fra"]) == "fra"


def test_a_german_page_is_read_once(engine):
    reader = engine({"deu": words(GERMAN)})
    assert read(reader).language == "deu"
    assert models_used(reader) == []


def test_a_page_that_needs_other_letters_is_read_again(engine):
    accents = words(FRENCH_AS_GERMAN.replace("ete", "été"), 97.0)
    found = read(engine({"deu": words(FRENCH_AS_GERMAN, 85.0), "fra": accents}))
    assert (found.language, found.text) == ("fra", text_of(tuple(accents)))
    assert [(one.changed, one.kept) for one in found.attempts[1:]] == [("language fra", True)]


def test_what_reads_no_better_is_not_taken(engine):
    found = read(engine({"deu": words(FRENCH_AS_GERMAN, 89.0), "fra": words(FRENCH_AS_GERMAN, 70.0)}))
    assert found.confidence == 89.0
    assert [(one.changed, one.kept) for one in found.attempts[1:]] == [("language fra", False)]


@pytest.mark.parametrize(("confidence", "used"), [(95.0, []), (80.0, ["eng"])])
def test_english_read_well_by_the_german_model_is_english_all_the_same(engine, confidence, used):
    reader = engine({"deu": words(ENGLISH, confidence), "eng": words(ENGLISH, 97.0)})
    assert read(reader).language == "eng"
    assert models_used(reader) == used


def test_garbage_is_read_in_the_script_it_is_in(engine):
    reader = engine({"deu": words(CYRILLIC_AS_GERMAN, 35.0), "rus": words(RUSSIAN)})
    found = read(reader)
    assert (found.language, found.text.split()[0]) == ("rus", "Настоящая")
    assert models_used(reader) == ["rus", "rus"]  # a sample, the page


def test_of_one_script_the_words_tell_the_language(engine):
    reader = engine(
        {"deu": words(ARABIC_AS_GERMAN, 22.0), "ara": words(PERSIAN, 80.0), "fas": words(PERSIAN, 92.0)}
    )
    assert read(reader).language == "fas"
    assert models_used(reader) == ["ara", "fas"]


def test_a_quotation_in_another_script_is_read_with_both_models(engine):
    letter = words(GERMAN) + words(CYRILLIC_AS_GERMAN, 35.0, line=12)
    both = words(GERMAN) + words(RUSSIAN, line=12)
    reader = engine({"deu": letter, "rus": words(RUSSIAN), "deu+rus": both})
    found = read(reader)
    assert (found.language, found.text) == ("deu+rus", text_of(tuple(both)))
    ((rows, _columns),) = [shape for shape, manner in reader.calls if manner.language == "rus"]
    assert rows < 400  # only the part that was garbage was tried


def test_a_scribble_costs_nothing_more(engine):
    reader = engine({"deu": words(GERMAN) + words("Ul lJn wM", 20.0, line=10)})
    assert (read(reader).language, models_used(reader)) == ("deu", [])


def test_garbage_in_no_expected_script_stays(engine):
    page = words(GERMAN) + words(ARABIC_AS_GERMAN, 20.0, line=10)
    reader = engine({"deu": page})
    found = read(reader)
    assert (found.language, found.text) == ("deu", text_of(tuple(page)))
    assert models_used(reader) == ["ara", "rus"]  # the likelier first, one model a script


def test_no_more_samples_than_six(engine):
    many = "rus+ukr+ell+heb+kat+hye+ara+fas"
    reader = engine({"deu": words(CYRILLIC_AS_GERMAN, 30.0)}, installed=f"deu {many.replace('+', ' ')}")
    read(reader, languages=many)
    assert models_used(reader) == ["rus", "ell", "heb", "kat", "hye", "ara"]


def test_nothing_else_is_tried_where_no_other_language_is_expected(engine):
    reader = engine({"deu": words(CYRILLIC_AS_GERMAN, 35.0), "rus": words(RUSSIAN)})
    assert read(reader, languages="").language == "deu"
    assert models_used(reader) == []


@pytest.mark.parametrize(
    ("first", "installed", "missing"),
    [
        (words(FRENCH_AS_GERMAN, 85.0), "deu eng", ("fra",)),
        (words(ENGLISH, 95.0), "deu", ()),  # read well all the same
        (words(CYRILLIC_AS_GERMAN, 35.0), "deu fra ara", ("rus", "ukr")),
        (words(GERMAN) + words(CYRILLIC_AS_GERMAN, 35.0, line=12), "deu fra ara", ("rus", "ukr")),
        (words(CYRILLIC_AS_GERMAN, 35.0), "deu rus", ()),  # the script's model was tried
        (words(ARABIC_AS_GERMAN, 22.0), "deu rus", ("ara", "fas")),
        (words(GERMAN), "deu", ()),
    ],
)
def test_languages_that_the_page_needs_and_nobody_installed_are_named(engine, first, installed, missing):
    assert read(engine({"deu": first}, installed)).missing == missing


def test_a_language_without_its_model_is_read_by_the_next_best_one(engine):
    found = read(engine({"deu": words(ARABIC_AS_GERMAN, 22.0), "ara": words(PERSIAN, 80.0)}, "deu ara"))
    assert (found.language, found.missing) == ("fas", ("fas",))
    assert found.words


def test_cyrillic_read_as_latin_letters_is_garbage_however_sure_the_model_is(engine):
    reader = engine({"deu": words(CYRILLIC_AS_GERMAN, 62.0), "rus": words(RUSSIAN)})
    assert read(reader).language == "rus"


def test_a_page_in_one_script_is_read_with_its_model_alone_though_some_words_look_latin(engine):
    alike = "TOTO YCTAHOBH BHECEHO CEKPETAPb Mecro Toro"
    reader = engine({"deu": words(f"{CYRILLIC_AS_GERMAN} " * 2 + alike, 80.0), "rus": words(RUSSIAN)})
    assert read(reader).language == "rus"


@pytest.mark.parametrize("garbage", [(), words("I? LB6T", 20.0)], ids=["no words", "hardly any"])
def test_where_hardly_anything_is_read_the_lines_are_tried_in_other_scripts(draw, engine, garbage):
    reader = engine({"deu": list(garbage), "ara": words(PERSIAN, 92.0), "fas": words(PERSIAN, 94.0)})
    found = recognise(draw.page(), dpi=200.0, engine=reader, options=OcrOptions())
    assert found.language == "fas"


def test_what_is_no_writing_is_not_tried_in_other_scripts(engine):
    reader = engine({"deu": []})
    assert (read(reader).language, models_used(reader)) == ("deu", [])


def test_a_page_upside_down_in_another_script_is_turned(scripted):
    """The German model makes nothing of it either way up."""

    class Polyglot(scripted):
        def languages(self):
            return frozenset({"deu", "rus"})

    page = np.full((700, 900), 255, np.uint8)
    page[:, 840:890] = 0

    def script(image, manner):
        half = image.shape[1] // 2
        if image[:, :half].mean() >= image[:, half:].mean():
            return words("sıuqnɐןɹǝ " * 20, 20.0)
        return words(CYRILLIC_AS_GERMAN, 30.0) if manner.language == "deu" else words(RUSSIAN)

    found = recognise(page, dpi=200.0, engine=Polyglot(script), options=OcrOptions(deskew=False))
    assert (found.language, found.rotation) == ("rus", 180)


@pytest.fixture(scope="module")
def dejavu():
    if not features.check("raqm"):
        pytest.skip("Pillow cannot shape Arabic here")
    return ImageFont.truetype("DejaVuSans.ttf", 34, layout_engine=ImageFont.Layout.RAQM)


@pytest.mark.parametrize(
    ("lines", "rest", "language", "at_least"),
    [
        (
            [
                "Настоящая справка выдана для представления,",
                "о рождении сделана запись за номером 2417 в году.",
            ],
            {"direction": "ltr"},
            "rus",
            13,
        ),
        (
            [
                "ولدت في مدينة النور بتاريخ 14 آذار 1987 وذلك",
                "حسب القيد رقم 2417 في سجل الولادات من هذه المدينة",
            ],
            {"direction": "rtl"},
            "ara",
            14,
        ),
    ],
    ids=["Cyrillic", "right to left"],
)
def test_a_drawn_page_in_another_script_reads_back_in_order(dejavu, lines, rest, language, at_least):
    image = Image.new("L", (1100, 330), 255)
    for number, line in enumerate(lines):
        x, anchor = (1050, "ra") if rest["direction"] == "rtl" else (50, "la")
        ImageDraw.Draw(image).text((x, 60 + number * 64), line, font=dejavu, fill=0, anchor=anchor, **rest)
    found = recognise(np.asarray(image), dpi=200.0, engine=Tesseract(), options=OcrOptions())
    assert found.language == language
    said, drawn = found.text.split(), " ".join(lines).split()
    blocks = SequenceMatcher(None, said, drawn, autojunk=False).get_matching_blocks()
    assert sum(block.size for block in blocks) >= at_least  # in this order; a word or two may be misread
    assert "2417" in said
