"""From the models pages were read with to the language of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_DEFAULT = "de"
#: Tesseract's names (mostly ISO 639-2/T) and the shortest code, which BCP 47 wants (RFC 5646, 2.2.1).
_SHORT = {
    "deu": "de", "frk": "de", "deu_latf": "de", "deu_frak": "de", "eng": "en", "fra": "fr", "tur": "tr",
    "ara": "ar", "fas": "fa", "rus": "ru", "ukr": "uk", "sqi": "sq", "srp": "sr", "srp_latn": "sr-Latn",
    "pol": "pl", "ron": "ro", "vie": "vi", "tir": "ti", "spa": "es", "ita": "it", "por": "pt", "nld": "nl",
    "bul": "bg", "bos": "bs", "hrv": "hr", "ell": "el", "hun": "hu", "ces": "cs", "slk": "sk", "slv": "sl",
    "lit": "lt", "lav": "lv", "est": "et", "kat": "ka", "hye": "hy", "aze": "az", "urd": "ur", "pus": "ps",
    "hin": "hi", "ben": "bn", "tam": "ta", "amh": "am", "heb": "he", "tha": "th", "kor": "ko", "jpn": "ja",
    "chi_sim": "zh-Hans", "chi_tra": "zh-Hant", "kur": "ku", "mkd": "mk", "dan": "da", "swe": "sv",
}  # fmt: skip
_LETTERS = 3


def bcp47(model: str) -> str | None:
    """The language tag for one of Tesseract's models; None for one that is no language ("osd")."""
    if model in _SHORT:
        return _SHORT[model]
    is_code = len(model) == _LETTERS and model.isascii() and model.isalpha() and model not in ("osd", "equ")
    return model.lower() if is_code else None


def language_of(pages: Iterable[str]) -> str:
    """The language most pages are in, as BCP 47; German where that is not known.

    Of a page in two ("deu+rus") the first counts; of equally frequent ones that of the earlier page.
    """
    first = Counter(tag for page in pages if (tag := bcp47(page.partition("+")[0])))
    return first.most_common(1)[0][0] if first else _DEFAULT
