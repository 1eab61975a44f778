"""Words for people: gettext's catalogue, German and English.

Texts in the code are English templates, marked ``_`` (translated here and now) or ``N_`` (later, by
``say``). A record keeps a code and its fields, so that what was written by one person can be read by
another in his language. script/words brings the catalogue up to date with the code.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.numbers import format_decimal

from errors import N_, WORDS, Param, fill

_CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("de", "en")
_chosen: gettext.NullTranslations = gettext.NullTranslations()

#: What the system and SQLite say most often when they refuse: here so that the catalogue has it too.
SAID_BY_OTHERS = (
    N_("Permission denied"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Is a directory"),
    N_("File exists"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("Connection refused"),
    N_("No space left on device"),
    N_("Device or resource busy"),
    N_("Invalid cross-device link"),
    N_("Stale file handle"),
    N_("unable to open database file"),
    N_("database is locked"),
    N_("attempt to write a readonly database"),
    N_("disk I/O error"),
    N_("file is not a database"),
)


def choose(language: str = "auto") -> None:
    """Take "de", "en", or with "auto" the terminal's language, for everything printed from now on."""
    global _chosen  # noqa: PLW0603 - as gettext itself does it: one language a process
    wanted = language if language in LANGUAGES else _of_terminal()
    _chosen = gettext.translation("akten", _CATALOGUES, [wanted], fallback=True)


def _of_terminal() -> str:
    for variable in ("AKTEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value and value != "auto":
            return "de" if value.lower().startswith("de") else "en"
    return "en"


def language() -> str:
    """The language chosen: "de" or "en"."""
    return "en" if _chosen.info().get("language", "en") == "en" else "de"


def _(text: str) -> str:
    """The text in the chosen language."""
    return _chosen.gettext(text) if text else ""


def decimal(value: float, pattern: str = "#,##0.####") -> str:
    """A number as the chosen language writes it, after a pattern of CLDR (Unicode TR 35)."""
    return format_decimal(value, pattern, locale=language())


def language_name(code: str) -> str:
    """What a language is called in the one chosen, by its code of three letters; else the code."""
    short = get_global("language_aliases").get(code, code)
    return str(Locale.parse(language()).languages.get(short, code))


def say(template: str, params: Mapping[str, Param]) -> str:
    """A template in the chosen language, its fields filled in; those in ``WORDS`` are translated too."""
    words = {name: _(str(params[name])) for name in WORDS & params.keys()}
    return fill(_(template), {**params, **words})


choose()
