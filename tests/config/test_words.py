"""Whoever reads German is told everything in German: the catalogue is complete, and the commands use it."""

from __future__ import annotations

import ast
import io
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from config import words
from config.words import say
from errors import RecognitionFailed, UnreadableList, describe
from pipeline.alarms import ALARMS
from reports import results, session, terminal
from tests.command import Akten

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "config" / "locale" / "de" / "LC_MESSAGES" / "akten.po"


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("group", [(), ("inventory",), ("index",)], ids=" ".join)
def test_no_list_of_commands_cuts_off_what_one_does(tmp_path, group, language):
    akten = Akten(tmp_path, {"AKTEN_LANGUAGE": language, "COLUMNS": "80"})
    listed = akten(*group, "--help").stdout.partition("Commands:")[2]
    assert listed.strip()
    assert "..." not in listed


def test_numbers_are_written_as_the_language_writes_them(speaking_german):
    assert [words.decimal(value) for value in (100, 12.5, 0.0001)] == ["100", "12,5", "0,0001"]
    assert words.decimal(1234.56, "#,##0.0") == "1.234,6"
    words.choose("en")
    assert words.decimal(1234.56, "#,##0.0") == "1,234.6"


def sources() -> list[Path]:
    """The product's Python files: what pyproject.toml ships."""
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    files = [ROOT / f"{name}.py" for name in shipped["py-modules"]]
    for package in shipped["packages"]:
        files += sorted((ROOT / package.replace(".", "/")).glob("*.py"))
    return files


@pytest.fixture(scope="module")
def marked() -> set[str]:
    """All texts that the code marks with _() or N_()."""
    return {
        text for path in sources() for _, text, _, _ in extract_from_file("python", path) if text and text[0]
    }


@pytest.fixture(scope="module")
def german() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="de")


@pytest.fixture
def speaking_german() -> Iterator[None]:
    words.choose("de")
    yield
    words.choose("en")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


# --- the catalogue -----------------------------------------------------------------------------------


def test_every_text_of_the_code_has_german_words(german, marked):
    translated = {message.id for message in german if message.id and message.string}
    assert sorted(marked - translated) == [], "run script/words and write what it asks for"


def test_the_catalogue_holds_nothing_else(german, marked):
    assert sorted({message.id for message in german if message.id} - marked) == [], "run script/words"
    assert not german.obsolete


def test_no_translation_is_a_guess(german):
    assert [message.id for message in german if message.id and message.fuzzy] == []


def test_translations_have_the_same_fields(german):
    differing = [m.id for m in german if m.id and fields(m.id) != fields(m.string)]
    assert differing == []


def test_translations_begin_and_end_alike(german):
    """Sentences end with their full stop, and pieces that are put together keep the blank between them."""
    ends = re.compile(r"[.:]?\s*$")
    differing = [m.id for m in german if m.id and ends.search(m.id)[0] != ends.search(m.string)[0]]
    assert differing == []


def test_commands_and_settings_are_called_the_same(german):
    names = re.compile(r"(?<=['„])akten [a-z]+|--[a-z]+|limits\.\w+|docs/\w+\.md|AKTEN_\w+")
    differing = [m.id for m in german if m.id and set(names.findall(m.id)) != set(names.findall(m.string))]
    assert differing == []


def test_what_is_read_is_what_was_written(german):
    """The compiled catalogue is not in git: script/bootstrap makes it, and anew when the words change."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    assert compiled == {message.id: message.string for message in german if message.id}, (
        "run script/bootstrap"
    )


def test_the_short_help_of_each_command_fits_a_terminal(german):
    tree = ast.parse((ROOT / "cli.py").read_text(encoding="utf-8"))
    helps = [
        keyword.value.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "command"
        for keyword in node.keywords
        if keyword.arg == "help"
    ]
    assert len(helps) > 10
    spoken = [text for english in helps for text in (english, german.get(english).string)]
    assert [text for text in spoken if len(text.split(". ")[0]) > 63] == []


# --- what is not marked cannot be translated ---------------------------------------------------------


def test_details_of_errors_are_marked():
    """A detail's words stand in N_(), its values in params of their own; only names and numbers go bare."""
    problems = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {keyword.arg}={ast.unparse(keyword.value)}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"detail", "reason"} and bare_words(keyword.value)
    ]
    assert problems == []


def bare_words(value: ast.expr) -> bool:
    """Whether an expression is a text or f-string with words in it, outside of any call."""
    if isinstance(value, ast.BoolOp):
        return any(bare_words(part) for part in value.values)
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(re.search(r"[a-z]{3}", text) for text in texts)


# --- records are read in the reader's language -------------------------------------------------------


def test_a_reason_is_translated_down_to_its_detail(speaking_german):
    kept = RecognitionFailed(detail="Tesseract: {reason}", reason="no result in {seconds} s", seconds=120)
    told = say(describe(kept.code).message, kept.params)
    assert told == "Der Text dieser Seite war nicht erkennbar (Tesseract: kein Ergebnis in 120 s)."
    assert str(kept) == "The text of this page could not be recognised (Tesseract: no result in 120 s)."


def test_names_are_no_words(speaking_german):
    """A file called like one of our texts keeps its name."""
    error = UnreadableList(name="Pages", detail="it has no rows")
    assert say(error.message, error.params) == "„Pages“ ist als Liste nicht lesbar: sie hat keine Zeilen"


def test_what_others_say_is_told_as_it_is(speaking_german):
    error = UnreadableList(name="a.csv", detail="unexpected {name} in {0} {")
    assert say(error.message, error.params).endswith("unexpected a.csv in {0} {")


def test_alarms_are_told_in_german(speaking_german):
    params = {"expected": 6, "actual": 4, "blank": 1, "file_number": "33-1", "volume": 2}
    assert say(ALARMS["pages_differ"].message, params) == "Seiten Soll 6, Ist 4 (dazu leer: 1): 33-1, Band 2."


# --- which language ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "de_AT"}, "de"),
        ({"LC_ALL": "C", "AKTEN_LANGUAGE": "de"}, "de"),
        ({"LANG": "de_DE.UTF-8", "AKTEN_LANGUAGE": "auto"}, "de"),
    ],
)
def test_the_terminals_language_is_taken_unless_another_is_named(monkeypatch, environment, language):
    for name in ("AKTEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        words.choose()
        assert words.language() == language
    finally:
        words.choose("en")


@pytest.mark.parametrize(("setting", "language"), [("de", "de"), ("en", "en")])
def test_akten_toml_names_the_language(monkeypatch, tmp_path, setting, language):
    monkeypatch.delenv("AKTEN_LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", "C" if setting == "de" else "de_DE.UTF-8")
    monkeypatch.setenv("AKTEN_DATA", str(tmp_path))
    (tmp_path / "akten.toml").write_text(f'language = "{setting}"\n', encoding="utf-8")
    try:
        session.settings(tmp_path)
        assert words.language() == language
    finally:
        words.choose("en")


def bestand(folder: Path) -> Path:
    """An inventory of one case file."""
    path = folder / "bestand.csv"
    path.write_text("Aktenzeichen\n33-1\n", encoding="utf-8")
    return path


def test_commands_speak_german_when_told_to(tmp_path):
    akten = Akten(tmp_path, {"AKTEN_LANGUAGE": "de", "LC_ALL": "C.UTF-8"})
    assert akten("inventory", "import", bestand(tmp_path)).stdout.startswith("Bände neu: 1")
    assert "Ziel: 0 von 1 Akten digitalisiert" in akten("status").stdout
    assert "Papierakten digitalisieren" in akten("--help").stdout
    refused = akten("search", '"offen', code=2).stderr
    assert refused.splitlines() == [
        "Die Suche ist ab Zeichen 1 nicht verständlich: das Anführungszeichen ist nicht geschlossen.",
        '→ Möglich sind Wörter, "Wortfolgen", -ohne, ODER, Anfang* und akte:, band:, typ:, datum:, sprache:.',
    ]


def test_commands_speak_english_where_the_terminal_does(tmp_path):
    akten = Akten(tmp_path, {"AKTEN_LANGUAGE": "auto", "LC_ALL": "C", "LANG": "de_DE.UTF-8"})
    assert akten("inventory", "import", bestand(tmp_path)).stdout.startswith("Volumes added: 1")


# --- how it is printed -------------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch) -> io.StringIO:
    """A terminal of 80 columns without colours; returns what is printed on it."""
    paper = io.StringIO()
    console = terminal.Console(file=paper, width=80, force_terminal=True, color_system=None, highlight=False)
    for module in (terminal, results):
        monkeypatch.setattr(module, "out", console)
        monkeypatch.setattr(module, "err", console)
    return paper


DOCUMENT = {
    "document": "W4JXWNC76RYH",
    "file_number": "33.4-2010/063068",
    "volume": 12,
    "state": "quarantined",
    "pages": 10_000,
    "bytes": 4_294_967_296,
}
PAGE = {
    "number": 1_234,
    "stage": "stored",
    "type": "residence_permit_application",
    "date": "2014-03-12",
    "flag": None,
    "confidence": 95.4,
    "width": 1189.0,
    "height": 841.0,
    "source": "7cea5392b82d4c15ecce",
    "source_page": 9999,
    "text_from": "both",
    "why": "image_in_text",
    "removed": ["links"],
}
FAILURE = {
    "id": "c2244899a2d6e168f51e",
    "source": "lieferung-0007/paket-2/00000004.pdf",
    "page": 7,
    "reason": "Die Seite " + "ist nicht lesbar " * 8,
    "hint": "Das Papier noch einmal scannen, " * 5,
}


def test_tables_keep_ids_whole_and_fit_80_columns(narrow, speaking_german):
    results.documents([DOCUMENT])
    results.shown({**DOCUMENT, "pages": [PAGE]}, {PAGE["type"]: "Antrag auf Aufenthaltstitel"})
    results.quarantine([FAILURE])
    lines = narrow.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("W4JXWNC76RYH" in line and "33.4-2010/063068" in line for line in lines)
    assert any(
        "Antrag auf Aufenthaltstitel" in line and "7cea5392b82d4c15ecce 9999" in line for line in lines
    )
    assert any("c2244899a2d6e168f51e" in line for line in lines)


def test_many_failures_leave_room_for_the_rest(narrow):
    results.failures([FAILURE] * 12, 10)
    assert "… and 2 more: 'akten failures'" in narrow.getvalue()
    assert narrow.getvalue().count(FAILURE["id"]) == 10


def test_the_catalogues_head_is_its_own_and_no_tools():
    head = CATALOGUE.read_text(encoding="utf-8").partition("\n\n")[0]
    assert "Project-Id-Version: Aktenwerk" in head
    assert not re.search("EMAIL|POT-Creation|Generated-By|YEAR", head)
