"""How much of a page's text was found: character and word error, and words found wherever they stand."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from rapidfuzz.distance import Levenshtein

_DASHES = re.compile("[\u2010-\u2015\u2212\u00ad\ufe58\ufe63\uff0d]")


@dataclass(frozen=True, slots=True)
class Score:
    """One page: ``cer`` and ``wer`` are edits per true character and word, ``recall`` a share of words.

    An error may exceed 1.0, where more is read than stands there.
    """

    cer: float
    wer: float
    recall: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A set: means over its pages, which all weigh the same, and the median character error."""

    cer: float
    cer_median: float
    wer: float
    recall: float


def plain(text: str) -> str:
    """Composed characters, every run of whitespace one space, every dash a hyphen."""
    return " ".join(_DASHES.sub("-", unicodedata.normalize("NFC", text)).split())


def score(truth: str, found: str) -> Score:
    """Compare what was found with the truth; order counts, but for ``recall``."""
    truth, found = plain(truth), plain(found)
    words, read = truth.split(), found.split()
    kept = (Counter(words) & Counter(read)).total()
    return Score(
        cer=_share(Levenshtein.distance(truth, found), len(truth), found),
        wer=_share(Levenshtein.distance(words, read), len(words), found),
        recall=kept / len(words) if words else 1.0,
    )


def summary(scores: Sequence[Score]) -> Summary:
    """Summarise the pages of a set; raises ``statistics.StatisticsError`` without any."""
    errors = [one.cer for one in scores]
    return Summary(
        fmean(errors), median(errors), fmean(one.wer for one in scores), fmean(one.recall for one in scores)
    )


def _share(edits: int, whole: int, found: str) -> float:
    if whole:
        return edits / whole
    return 1.0 if found else 0.0
