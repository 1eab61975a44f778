"""Settings: what wins over what, what is refused, and that docs/settings.md tells all of them."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.settings import DEFAULTS, load_settings
from errors import BadSetting

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def nothing_inherited(monkeypatch):
    """No setting of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AKTEN_")]:
        monkeypatch.delenv(name)


def defaults() -> dict[str, Any]:
    """Every setting by its name with its section, as in the table."""
    table = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= (
            {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return found


def documented() -> dict[str, tuple[Any, str]]:
    """Default and environment variable of every setting in the table."""
    rows = re.findall(
        r"^\| `([\w.]+)` \| `(.*?)` \| .* \| `(AKTEN_\w+)` \|$", DOCUMENT.read_text(encoding="utf-8"), re.M
    )
    return {name: (tomllib.loads(f"it = {default}")["it"], variable) for name, default, variable in rows}


def value_of(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings.get_secret_value() if hasattr(settings, "get_secret_value") else settings


def another(name: str, default: Any) -> Any:
    """A value that a setting may have and that is not its default."""
    chosen = {
        "language": "de",
        "objects.store": "s3",
        "product.profile": "faithful",
        "ocr.engine": "tesserocr",
        "ocr.language": "eng",
        "log.to": "stderr",
        "log.level": "error",
    }
    if name in chosen:
        return chosen[name]
    if isinstance(default, bool):
        return not default
    return f"{default}x" if isinstance(default, str) else default + 100


class TestTheDocument:
    def test_tells_every_setting_with_its_default(self):
        assert {name: default for name, (default, _) in documented().items()} == defaults()

    @pytest.mark.parametrize("name", documented())
    def test_names_a_variable_that_sets_it(self, name, tmp_path, monkeypatch):
        default, variable = documented()[name]
        other = another(name, default)
        monkeypatch.setenv(variable, str(other))
        assert value_of(load_settings(tmp_path), name) == other

    def test_its_example_is_one(self, tmp_path):
        (example,) = re.findall(r"^```toml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
        (tmp_path / "akten.toml").write_text(example, encoding="utf-8")
        settings = load_settings(tmp_path)
        assert settings.ocr.language == "deu+eng"
        assert re.fullmatch(settings.files.number_pattern, "33-2-2019-004711")


class TestPrecedence:
    def test_the_file_in_the_data_folder_wins_over_defaults_and_variables_over_both(
        self, tmp_path, monkeypatch
    ):
        assert load_settings(tmp_path).ocr.dpi == 200
        (tmp_path / "akten.toml").write_text("[ocr]\ndpi = 250\ndeskew = false\n")
        assert load_settings(tmp_path).ocr.dpi == 250
        monkeypatch.setenv("AKTEN_OCR__DPI", "300")
        settings = load_settings(tmp_path)
        assert (settings.ocr.dpi, settings.ocr.deskew) == (300, False)

    def test_the_data_folder_is_that_of_the_option_else_of_the_variable_else_the_usual_one(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        assert load_settings().data == tmp_path / "akten-data"
        monkeypatch.setenv("AKTEN_DATA", str(tmp_path / "other"))
        assert load_settings().data == tmp_path / "other"
        assert load_settings(tmp_path / "named").data == tmp_path / "named"


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("ocr.dpi = 5", "ocr.dpi"),
            ("ocr.dpi = 'x'", "ocr.dpi"),
            ("ocr.time_limit = nan", "ocr.time_limit"),
            ("ocr.time_limit = 1e9", "ocr.time_limit"),
            ("ocr.language = ''", "ocr.language"),
            ("ocr.language = 'deu; rm'", "ocr.language"),
            ("limits.max_pages = 0", "limits.max_pages"),
            ("queue.workers = -1", "queue.workers"),
            ("queue.name = 'A b'", "queue.name"),
            ("objects.store = 'ftp'", "objects.store"),
            ("files.number_pattern = '['", "files.number_pattern"),
            ("nonsense = 1", "nonsense"),
            ("ocr.nonsense = 1", "ocr.nonsense"),
            ("ocr = 1", "ocr"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_named(self, tmp_path, line, name):
        (tmp_path / "akten.toml").write_text(line)
        with pytest.raises(BadSetting) as caught:
            load_settings(tmp_path)
        assert caught.value.params["name"] == name

    def test_a_secret_is_not_shown(self, tmp_path, monkeypatch):
        monkeypatch.setenv("AKTEN_OBJECTS__SECRET_KEY", "very-secret")
        assert "very-secret" not in repr(load_settings(tmp_path))
