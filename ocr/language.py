"""In which language a page is written, told from its first reading; read again with the model it needs.

Latin letters are read as such by any Latin model, so the words themselves tell the language, and another
model is taken where it knows letters that the first did not, or where the first read poorly. Other scripts
come out of a Latin model as garbage: there part of the page is read with a model of each script expected, and
the one that reads well says the script. A page of two scripts is read with the models of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ocr import prepare
from ocr.function_words import TELLING, fold
from ocr.geometry import around
from ocr.orientation import stand
from ocr.reader import Reader, Reading, Way
from ocr.records import Box, Grey, Word
from ocr.score import confidence_of, may_lie_wrongly
from ocr.scripts import guess, has_capital_within, letters_of, script_of

#: Latin languages whose letters every Latin model knows: another helps only where the first read poorly.
_PLAIN = frozenset({"eng", "nld"})
_WELL = 90.0

_FEWEST_HITS = 8
_FEWEST_OF_SIBLINGS = 3
_SHARE = 0.1
_CLEARLY_MORE = 3
_AROUND_WORDS = ".,:;!?()[]{}\"'»«„“”‚‘’›‹-–—/|*•،؛؟"

_GARBAGE = 45.0
_MISREAD = 20.0
_FEWEST_CHARACTERS = 25
_FEWEST_LETTERS = 20
_STRIP = 0.08
_MARGIN = 20
_X_HEIGHT = 21.0
_CONVINCING = 55.0
_OWN_LETTERS = 0.7
_SURE = 75.0
_SURE_CHARACTERS = 60
_SURE_SHARE = 0.07
_LONG = 4
_MOST_SAMPLES = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A page's reading, and the language of its text, which another one's model may have read well enough.

    Languages are called as their models are; where nothing tells the text's, it is the model's. ``missing``
    are languages that are expected, and that this page seems to need, whose models are not installed.
    """

    reading: Reading
    language: str
    missing: tuple[str, ...] = ()


def suited(reader: Reader, first: Reading) -> Told:
    """Return ``first``, or the page read again with the models of its language if they read it better.

    ``first`` has to lie the right way up. Most pages cost nothing but a look at their words; one with a part
    that is garbage costs up to six readings of that part.
    """
    expected = [code for code in reader.options.languages.split("+") if code]
    area = _garbage(reader, first)
    other = _in_another_script(reader, first, area, expected) if area else Told(first, first.way.language)
    if other.reading is not first:
        return other
    code = of_words(first.words, [*first.way.language.split("+"), *expected])
    if code is None:
        return other
    told = _in_its_language(reader, first, code)
    return replace(told, missing=tuple(dict.fromkeys((*told.missing, *other.missing))))


def of_words(words: Iterable[Word], among: Sequence[str], *, fewest: int = _FEWEST_HITS) -> str | None:
    """Tell the language of a text by its function words; None where they are few, or of several languages.

    Only one of the languages ``among`` is told; for a text in another one that is known, it is None.
    ``fewest`` is how many function words are enough.
    """
    folded = (fold(word.text.strip(_AROUND_WORDS)) for word in words)
    said = [word for word in folded if len(word) > 1]
    hits = {code: [word for word in said if word in telling] for code, telling in TELLING.items()}
    code, second = sorted(hits, key=lambda code: len(hits[code]), reverse=True)[:2]
    count = len(hits[code])
    enough = count >= fewest and len(set(hits[code])) >= fewest / 2 and count >= _SHARE * len(said)
    return code if code in among and enough and count >= _CLEARLY_MORE * len(hits[second]) else None


def _in_its_language(reader: Reader, first: Reading, code: str) -> Told:
    """The words say the language: read again only where another model sees more."""
    enough = code in _PLAIN and confidence_of(first.words) >= _WELL
    if code in first.way.language.split("+") or enough:
        return Told(first, code)
    if code not in reader.engine.languages():
        return Told(first, code, missing=(code,))
    return Told(_again(reader, first, replace(first.way, language=code)) or first, code)


def _in_another_script(reader: Reader, first: Reading, area: Box, expected: Sequence[str]) -> Told:
    """Read the part that is garbage in the other scripts; if one of them convinces, the page."""
    known = {script_of(model) for model in first.way.language.split("+")}
    foreign = [code for code in expected if script_of(code) not in known]
    installed = [code for code in foreign if code in reader.engine.languages()]
    likeliest = guess([word.text for word in first.words if _trust(word) < _GARBAGE])
    found = _read_part(reader, first, area, _by_script(installed, likeliest))
    if found is None:
        untried = () if likeliest in {script_of(code) for code in installed} else foreign
        missing = tuple(code for code in untried if script_of(code) == likeliest)
        return Told(first, first.way.language, missing)
    siblings = [code for code in foreign if script_of(code) == script_of(found.way.language)]
    code = of_words(found.words, siblings, fewest=_FEWEST_OF_SIBLINGS) or found.way.language
    model = code if code in installed else found.way.language
    mixed = _has_latin(first.words)
    way = replace(found.way, language=f"{first.way.language}+{model}" if mixed else model)
    again = _again(reader, first, way)
    if again is None:
        return Told(first, first.way.language)
    language = f"{first.way.language}+{code}" if mixed else code
    return Told(again, language, () if code == model else (code,))


def _by_script(models: Sequence[str], likeliest: str | None) -> list[list[str]]:
    """Models put together by script, the likeliest script first."""
    scripts = sorted(dict.fromkeys(map(script_of, models)), key=lambda script: script != likeliest)
    return [[model for model in models if script_of(model) == script] for script in scripts]


def _read_part(reader: Reader, first: Reading, area: Box, scripts: Sequence[Sequence[str]]) -> Reading | None:
    """Read a part of the page script by script, each given by its models; return the first that convinces.

    Where nothing says that the page lies rightly, the part is read turned as well: its letters mean nothing
    to the model that was asked which way up it is.
    """
    sample = _cut(reader, first, area)
    left = _MOST_SAMPLES
    for turn in _turns(first.words):
        way = replace(first.way, rotation=(first.way.rotation + turn) % 360)
        for siblings in scripts:
            found, used = _best_of(reader, way, siblings[:left], prepare.turn(sample, turn))
            left -= used
            if found is not None:
                return found
    return None


def _turns(words: tuple[Word, ...]) -> tuple[int, ...]:
    if not may_lie_wrongly(words):
        return (0,)
    return (0, 90, 270) if stand(words) else (0, 180)


def _best_of(reader: Reader, way: Way, siblings: Sequence[str], sample: Grey) -> tuple[Reading | None, int]:
    """The best convincing reading of the sample by the models of one script, and how many were asked.

    The first is asked, and if it convinces the others too, unless its words tell the language.
    """
    best: Reading | None = None
    turned = f", rotation {way.rotation}" if way.rotation else ""
    for used, model in enumerate(siblings, 1):
        tried = reader.attempt(f"language {model}{turned}, sample", replace(way, language=model), sample)
        if tried is None or not _convinces(tried.words, script_of(model)):
            return best, used
        if best is None or confidence_of(tried.words) > confidence_of(best.words):
            best = tried
        if confidence_of(best.words) >= _WELL or of_words(best.words, siblings, fewest=_FEWEST_OF_SIBLINGS):
            return best, used
    return best, len(siblings)


def _again(reader: Reader, first: Reading, way: Way) -> Reading | None:
    """The page read in another ``way``, or None if that is no better."""
    again = reader.attempt(f"language {way.language}", way)
    if again is None or confidence_of(again.words) <= confidence_of(first.words):
        return None
    reader.keep()
    return again


def _convinces(words: tuple[Word, ...], script: str) -> bool:
    """Whether a part of a page is in ``script``: read well, in its letters, in level lines."""
    level = [word for word in words if word.box.width > word.box.height or len(word.text) == 1]
    letters = "".join(char for word in level for char in word.text if char.isalpha())
    if len(letters) < _FEWEST_LETTERS:
        return False
    return confidence_of(level) >= _CONVINCING and letters_of(letters, script) >= _OWN_LETTERS * len(letters)


def _has_latin(words: Iterable[Word]) -> bool:
    """Whether part was read rightly: words in small letters, as capitals look alike in many scripts.

    So do short words and numbers; and on a long page a few others.
    """
    words = tuple(words)
    sure = (word.text for word in words if _trust(word) >= _SURE and word.text.isalpha())
    count = sum(len(text) for text in sure if len(text) >= _LONG and text[1:].islower())
    return count >= max(_SURE_CHARACTERS, _SURE_SHARE * sum(len(word.text) for word in words))


def _garbage(reader: Reader, first: Reading) -> Box | None:
    """The strip of a page, some lines high, where most was read as garbage; None where none is that bad.

    Of a page on which hardly anything is sure, though there is writing, it is the strip with most letters,
    whatever was read there.
    """
    tall = max(first.frame.width, first.frame.height) * _STRIP
    near = _worst(first.words, tall)
    if not may_lie_wrongly(first.words):
        return around([word.box for word in near]) if near else None
    unread = confidence_of(first.words) < _SURE and reader.scan.has_writing(first.way.rotation)
    if not near and not unread:
        return None
    marks = reader.scan.marks(first.way.rotation)
    middles = [word.box.top + word.box.height / 2 for word in near] or _fullest(marks[:, 1], tall)
    rows = marks[(marks[:, 1] >= min(middles)) & (marks[:, 1] <= max(middles))]
    boxes = [Box(round(x - tall / 2), round(y - tall / 2), round(tall), round(tall)) for x, y, tall in rows]
    return around([*boxes, *(word.box for word in near)])


def _worst(words: Sequence[Word], tall: float) -> list[Word]:
    """The words in the worst strip that is ``tall``, if they are garbage and enough of it."""
    if not words:
        return []
    characters = np.array([len(word.text) for word in words], float)
    confidences = np.array([_trust(word) for word in words], float)
    middles = np.array([word.box.top + word.box.height / 2 for word in words])
    within = np.abs(middles[None] - middles[:, None]) <= tall / 2
    worst = int(np.argmin(within @ (characters * (confidences - _GARBAGE))))
    inside = within[worst] > 0
    enough = characters[inside].sum() >= _FEWEST_CHARACTERS
    if not enough or np.average(confidences[inside], weights=characters[inside]) >= _GARBAGE:
        return []
    return [word for word, near in zip(words, inside, strict=True) if near]


def _trust(word: Word) -> float:
    """A word's confidence; little in one that looks like a Cyrillic word, whatever the model believes."""
    return min(word.confidence, _MISREAD) if has_capital_within(word.text) else word.confidence


def _fullest(places: npt.NDArray[np.float64], tall: float) -> tuple[float, float]:
    """Where a strip that is ``tall`` begins and ends that holds the most of these places."""
    places = np.sort(places)
    within = np.searchsorted(places, places + tall, side="right") - np.arange(len(places))
    begin = float(places[within.argmax()])
    return begin, begin + tall


def _cut(reader: Reader, first: Reading, area: Box) -> Grey:
    """Cut ``area`` of the upright page, and a little around it, out of a picture of it.

    It is larger than for reading: Arabic letters, with dots and tall strokes, are smaller than they measure.
    """
    view = replace(first.way.view, x_height=_X_HEIGHT)
    image = reader.scan.prepared(view, first.way.rotation).image
    ratio = image.shape[0] / first.frame.height
    left, top = max(0, round(area.left * ratio) - _MARGIN), max(0, round(area.top * ratio) - _MARGIN)
    right = round((area.left + area.width) * ratio) + _MARGIN
    bottom = round((area.top + area.height) * ratio) + _MARGIN
    return np.ascontiguousarray(image[top:bottom, left:right])
