"""References to the law: ``§ 81 Abs. 5 AufenthG``, ``§81 V AufenthG`` and ``§ 81 (5) AufenthG`` are one.

A reference is taken apart into law, section, paragraph, sentence and number. It is known as it stands, and by
all that is less exact: who asks for § 81 means its paragraphs too, who leaves the law out means any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from storage.search.dates import digits_of
from storage.search.german import fold

_NUM = r"[0-9lI|][0-9OoIl|]{0,3}"
_MEMBER = re.compile(
    rf"""
    (?P<section>{_NUM}) (?: (?P<letter>[a-z]) (?![^\W_]) | \s(?P<apart>[a-d]) (?![^\W_]|\.) )?
    (?: \s? (?: A\s?bs(?:atz|\s?[.,;:]{{1,2}})?\s? (?P<absatz>{_NUM}[a-z]?) (?![^\W_])
              | \(\s?(?P<bracket>{_NUM}[a-z]?)\s?\)
              | (?P<roman>X{{0,2}}(?:IX|IV|V?I{{1,3}}|V)|X{{1,2}}) (?![\w.-]) ) )?
    (?: ,?\s? (?: S(?:atz|\s?\.)\s?(?P<sentence>{_NUM}) | (?<=[IVX]\s)(?P<bare>[1-9]) ) (?![\w/]) )?
    (?: ,?\s? (?:Nr|Nummer|Ziffer|Ziff)\s?[.,;]{{0,2}}\s?(?P<number>{_NUM}[a-z]?) (?![^\W_]) )?
    (?P<following> \s?ff?(?![^\W_])\.? )?
    """,
    re.VERBOSE,
)
_LAW = re.compile(
    r"""
    [,;.:]?\s? (?:de[sr]\s)?
    (?: (?P<stay> Aufe[ni]{1,2}[ti][hn]\s?[GC6gcs]{1,2} ) (?![^\W_])
      | (?P<asylum> As[yv][lI1]\s?[GC6g]{1,2} ) (?![^\W_])
      | (?P<short> SGB\s?'?[IVX1l|]{1,4}
                 | [A-ZÄÖÜ][A-Za-zäöüß]{0,14}?(?:GB|MRK|[GVOK]) (?:/EU)? | AEUV | ZP0 | Aufenthv ) (?![^\W_])
      | (?P<long> [A-ZÄÖÜ][a-zäöüß]+(?:gesetz(?:es|buche?s)?|ordnung) ) (?![^\W_]) )
    """,
    re.VERBOSE,
)
# What stands between the members of a list: "§§ 53, 54 und 55", "§§ 66–68", "§ 25 i. V. m. § 26".
_LINK = re.compile(
    r"\s?(?P<link>,|und|oder|u\.|sowie|bis|[-–—]|i\.\s?V\.\s?m\.)\s?(?:§{1,2}\s?)?(?=[0-9lI|])"
)
_SIGN = re.compile(
    r"(?<!\w)(?:§8(?=\s)|8?§{1,2}|[Aa]rt(?:ikel|\.)?|(?P<slip>88(?=\s)|[S$&][S$&8]?|8|[35](?=\s)))\s?\.?\s?(?=[0-9lI|])"
)
_LAW_SLIPS = str.maketrans("0|1", "OII")
_RANGES = frozenset({"bis", "-", "–", "—"})
_ROMAN = {"I": 1, "V": 5, "X": 10}
_LONGEST_RANGE = 30
_MOST_MEMBERS = 12

#: Laws that are spelled out, folded and without their ending, and what they are called for short.
_SHORT = {
    "aufenthaltsgesetz": "aufenthg", "asylgesetz": "asylg", "auslandergesetz": "auslg",
    "asylverfahrensgesetz": "asylvfg", "staatsangehorigkeitsgesetz": "stag", "grundgesetz": "gg",
    "aufenthaltsverordnung": "aufenthv", "beschaftigungsverordnung": "beschv", "strafgesetzbuch": "stgb",
    "burgerlichengesetzbuch": "bgb", "verwaltungsgerichtsordnung": "vwgo", "bundesmeldegesetz": "bmg",
    "verwaltungsverfahrensgesetz": "vwvfg", "strafprozessordnung": "stpo", "passgesetz": "passg",
    "asylbewerberleistungsgesetz": "asylblg",
}  # fmt: skip

#: Section, paragraph, sentence, number, as far as they are said: ``("81", "5", "s1")``.
_Place = tuple[str, ...]


class Reference(NamedTuple):
    """Characters ``start`` to ``end`` name one place in the law, or a list or range of them.

    ``key`` is all of it as it stands, ``broader`` what else a page with it may be asked for by.
    """

    start: int
    end: int
    key: str
    broader: tuple[str, ...]


def references_in(text: str) -> Iterator[Reference]:
    """All references to the law in a text, in order.

    A section sign may be misread (S, $, &, 8, 5, 3) where a law or a paragraph follows.
    """
    at = 0
    while sign := _SIGN.search(text, at):
        places, links, end = _places(text, sign.end())
        law, end = _law(text, end)
        at = max(end, sign.end())
        if not places or (sign["slip"] and not law and len(places[0]) == 1):
            continue
        whole = places[0] if len(places) == 1 else (_listed(places, links),)
        broader = {
            _key(name, place[:size])
            for place in (*places, *_between(places, links), whole)
            for size in range(1, len(place) + 1)
            for name in {law, ""}
        }
        key = _key(law, whole)
        yield Reference(sign.start(), end, key, tuple(sorted(broader - {key})))


def _places(text: str, at: int) -> tuple[list[_Place], list[str], int]:
    """The members of a list that begins here, what links them, and where it ends."""
    places: list[_Place] = []
    links: list[str] = []
    while len(places) < _MOST_MEMBERS and (member := _MEMBER.match(text, at)):
        place = _place(member)
        if not place:
            break
        places.append(place)
        at = member.end()
        link = _LINK.match(text, at)
        if not link:
            break
        links.append(link["link"])
        following = _MEMBER.match(text, link.end())
        if not following or not _place(following):
            break
        at = link.end()
    return places, links[: max(0, len(places) - 1)], at


def _place(member: re.Match[str]) -> _Place:
    section = digits_of(member["section"])
    if not section:
        return ()
    paragraph = _number(member["absatz"] or member["bracket"] or "")
    if member["roman"]:
        paragraph = str(_arabic(member["roman"]))
    sentence = digits_of(member["sentence"] or "") or member["bare"]
    number = _number(member["number"] or "")
    parts = [section + (member["letter"] or member["apart"] or ""), paragraph]
    parts += [f"s{sentence}" if sentence else "", f"n{number}" if number else ""]
    return (*filter(None, parts), *(["ff"] if member["following"] else []))


def _number(text: str) -> str:
    """A number that may have a letter: ``5``, ``1a``."""
    letter = text[-1:] if text[-1:].islower() and text[-1:] not in "lo" else ""
    return digits_of(text.removesuffix(letter)) + letter


def _arabic(roman: str) -> int:
    values = [_ROMAN[letter] for letter in roman]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _law(text: str, at: int) -> tuple[str, int]:
    """The law that is named here, by its short name, folded; empty if none is."""
    found = _LAW.match(text, at)
    if not found:
        return "", at
    if found["stay"] or found["asylum"]:
        return "aufenthg" if found["stay"] else "asylg", found.end()
    name = fold((found["short"] or found["long"]).translate(_LAW_SLIPS))
    for ending in ("", "es", "s"):
        if name.removesuffix(ending) in _SHORT:
            name = _SHORT[name.removesuffix(ending)]
            break
    return name, found.end()


def _listed(places: list[_Place], links: list[str]) -> str:
    marks = ["-" if link in _RANGES else "+" for link in links]
    return "".join(".".join(place) + mark for place, mark in zip(places, [*marks, ""], strict=True))


def _between(places: list[_Place], links: list[str]) -> Iterator[_Place]:
    """The sections a range names without saying so."""
    for first, link, last in zip(places, links, places[1:], strict=False):
        if link in _RANGES and first[0].isdigit() and last[0].isdigit():
            yield from ((str(one),) for one in range(int(first[0]) + 1, int(last[0]))[:_LONGEST_RANGE])


def _key(law: str, place: _Place) -> str:
    return "/".join(("§", law, *place))
