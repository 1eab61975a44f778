"""Learns the costs of confusions from pages that were drawn for it, and writes them as a module.

    nice .venv/bin/python -m bench.search.lessons [--readings FILE]

Reads the pages first, a quarter of an hour, unless they were read before.
"""

from __future__ import annotations

import argparse
import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from bench.command import ALL_PAGES, tell
from bench.programs import ROOT
from bench.search import readings
from bench.search.readings import Reading
from bench.workplace import HOME, workplace
from ocr.records import Box, Word, text_of
from storage.search import german

TARGET = ROOT / "storage" / "search" / "confusion_costs.py"
_LEAST_ALIKE = 60.0
_LONGEST = 2  # letters of an edit, on either side
#: Taken for each other by their looks, whether the lessons have it or not: each counts as seen so often.
_STATED = """
    rn>m m>rn m>nn nn>m in>m m>in ni>m m>ni ri>n n>ri ii>u u>ii ii>n n>ii rw>nv nv>rw w>ru r>n w>vv vv>w
    w>rv w>nv w>iv l>i i>l l>1 1>l i>1 1>i 0>o o>0 s>5 5>s b>8 8>b z>2 2>z g>9 9>g g>6 6>g ss>b ss>8 b>h h>b
    c>e e>c h>li li>h d>cl cl>d n>h h>n u>n n>u t>f f>t t>l l>t f>i r>t t>r v>y y>v k>h h>k o>c c>o c>g g>q
    q>g e>o o>e a>o o>a a>e e>a s>a a>s j>i i>j t>i i>t lt>h li>k d>il d>tl fi>h h>fi ck>dk rt>n tt>u u>li
    a>u u>a
"""
_SEEN = 4.0
_UNSEEN = 0.1
_SCALE = 5.0
_WORTH_KEEPING = 1.95


def pairs(page: Reading) -> Iterator[tuple[str, str]]:
    """Each word of the truth with what was read for it, both plain."""
    words = tuple(Word(one.text, Box(*one.box), one.confidence, one.line) for one in page.words)
    truth, read = (list(_plain(text)) for text in (page.truth, text_of(words)))
    for kind, first, last, start, end in SequenceMatcher(None, truth, read, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and last - first == end - start):
            yield from zip(truth[first:last], read[start:end], strict=True)


def _plain(text: str) -> Iterator[str]:
    return (plain for plain in map(german.fold, german.unwrap(text).split()) if plain)


def edits(wanted: str, read: str) -> Iterator[tuple[str, str]]:
    """The stretches of letters that were read otherwise, with what was read for them."""
    before = after = ""
    for step in Levenshtein.opcodes(wanted, read):
        if step.tag == "equal":
            if before or after:
                yield before, after
            before = after = ""
        else:
            before += wanted[step.src_start : step.src_end]
            after += read[step.dest_start : step.dest_end]
    if before or after:
        yield before, after


def learn(pages: Iterable[Reading]) -> dict[tuple[str, str], float]:
    """The cost of each confusion: minus the logarithm of how often it happens, in fifths."""
    happened: Counter[tuple[str, str]] = Counter()
    stood: Counter[str] = Counter()
    for page in pages:
        for wanted, read in pairs(page):
            if fuzz.ratio(wanted, read) >= _LEAST_ALIKE:
                stood.update(wanted)
                stood.update(map("".join, pairwise(wanted)))
                stood[""] += len(wanted)
                happened.update(edits(wanted, read))
    stated = {(wanted, read) for wanted, _, read in (one.partition(">") for one in _STATED.split())}
    return costs(happened, stood, stated)


def costs(
    happened: Mapping[tuple[str, str], int], stood: Mapping[str, int], stated: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    """The costs below what any edit costs. Digits taken for others are left out: that is another number."""
    found = {}
    stated = set(stated)
    for edit in {*happened, *stated}:
        wanted, read = edit
        one_sided = not (wanted and read)
        if max(map(len, edit)) > (1 if one_sided else _LONGEST) or not (wanted + read).isascii():
            continue
        if (wanted + read).isdigit():
            continue
        seen = happened.get(edit, 0) + (_SEEN if edit in stated else _UNSEEN)
        cost = -math.log(min(seen / max(stood.get(edit[0], 0), 500), 1.0)) / _SCALE
        if cost < _WORTH_KEEPING:
            found[edit] = round(max(cost, 0.3), 2)
    return found


def module(found: Mapping[tuple[str, str], float], source: str) -> str:
    """The module's text."""
    told = " ".join(
        f"{wanted or '-'}>{read or '-'} {cost:g}" for (wanted, read), cost in sorted(found.items())
    )
    lines = "\n".join(textwrap.wrap(told, 105, break_on_hyphens=False))
    head = f'"""What misreadings cost, written by bench/search/lessons.py: {source}."""'
    return f'{head}\n\nCOSTS = """\n{lines}\n"""\n'


def main() -> None:
    """Read the lessons, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--readings", type=Path, default=HOME / "lessons.json", metavar="FILE")
    kept_at = parser.parse_args().readings
    kept = readings.load(kept_at)
    with workplace() as folder:
        for name in readings.LESSONS:
            pages = readings.pages_of(name, ALL_PAGES, folder, None)
            for key, page in readings.read(pages, folder, kept.pages) if pages else ():
                tell(f"{key}: {page.error:.1%} of characters wrong")
                kept.pages[key] = page
                readings.save(kept, kept_at)
    pages_read = [
        page for key, page in sorted(kept.pages.items()) if key.partition("/")[0] in readings.LESSONS
    ]
    words = sum(len(page.words) for page in pages_read)
    TARGET.write_text(module(learn(pages_read), f"{len(pages_read)} drawn pages of {words:,} words"))


if __name__ == "__main__":
    main()
