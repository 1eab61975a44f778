"""What a person types into the search field, read into a tree (``storage.search.tree``).

    Bescheid Ausweisung      pages with both words, in any inflection
    "Antrag auf Erteilung"   the words side by side
    -Duldung  -"§ 60a"       pages without it
    Duldung OR Ausweisung    pages with either; ODER is the same, and both bind less than a blank
    (a OR b) c               what belongs together
    Verpflicht*              words that begin so
    typ:Duldung datum:2014   what is known of a page; ``storage.search.values`` reads it
    § 81 V AufenthG          identifiers, in whatever form; ``storage.search.identifiers`` finds them

There are no other operators: whatever else is typed is taken as words, or refused with its position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from errors import N_
from storage.search.german import Token, tokens
from storage.search.identifiers import Identifier, identifiers_in
from storage.search.names import asked_for
from storage.search.tree import And, Field, FieldName, Identified, Node, Not, Or, Phrase, Word, refused
from storage.search.values import FIELDS, values_of

#: More words than any question has; it keeps a pasted page from becoming a query.
MOST_WORDS = 100
#: How deep parentheses and minus signs may stand within each other.
DEEPEST = 20

# Typographic quotation marks of the languages around us; one for one, so that positions hold.
_QUOTES = str.maketrans(dict.fromkeys("„“”‟«»‹›", '"'))
_BLANKS = re.compile(r"\s*")
_OR = re.compile(r"(?:OR|ODER)(?![^\s()\"])")
_AND = re.compile(r"(?:AND|UND)(?![^\s()\"])")
_PHRASE = re.compile(r'"(?P<content>[^"]*)(?P<closed>"?)')
_FIELD = re.compile(r'(?P<name>[^\W\d_]+):(?:"(?P<quoted>[^"]*)(?P<closed>"?)|(?P<plain>[^\s"]*))')
_ITEM = re.compile(r'[^\s"]+')
_CHUNK = re.compile(r"[^\s()]+")
#: What no identifier reaches over: phrases, and the minus that excludes what follows.
_BORDER = re.compile(r'"[^"]*"?|(?:(?<=[\s(])|^)-')


def parse(text: str, types: Mapping[str, str] | None = None) -> Node:
    """Read a query; raises ``errors.BadQuery`` with the position (from 1) of what cannot be meant.

    ``types`` are the document types' names as people say them, each with its key; without any, what is said
    of ``typ:`` is a key itself.
    """
    return _Parser(text.translate(_QUOTES), types or {}).query()


class _Parser:
    """Reads the text once from left to right, by recursive descent; ``_at`` is what comes next."""

    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        self._text = text
        self._types = types
        self._at = 0
        self._open_groups = 0
        self._depth = 0
        self._words = 0
        self._identifiers = _longest(identifiers_in(_BORDER.sub(lambda at: "\0" * len(at[0]), text)))

    def query(self) -> Node:
        found = self._alternatives()
        if found is None:
            raise refused(0, N_("there is no word to search for"))
        return found

    def _alternatives(self) -> Node | None:
        """What stands up to the end of the text or group; None when that is nothing but punctuation."""
        parts = [self._all()]
        while (operator := self._operator(_OR)) is not None:
            parts.append(self._all())
            if parts[-2] is None or parts[-1] is None:
                raise refused(operator, N_("on both sides of OR there must be something to search for"))
        return _joined(Or, [part for part in parts if part is not None])

    def _all(self) -> Node | None:
        """What stands up to the next OR; AND between two items is said already by the blank."""
        parts: list[Node] = []
        while not self._is_end():
            if _OR.match(self._text, self._at):
                break
            if parts and self._operator(_AND) is not None:
                continue
            part = self._item()
            if part is not None:
                parts.append(part)
        return _joined(And, parts)

    def _operator(self, operator: re.Pattern[str]) -> int | None:
        """Step over an operator and tell where it was; None when there is none."""
        if self._is_end() or not (found := operator.match(self._text, self._at)):
            return None
        self._at = found.end()
        return found.start()

    def _is_end(self) -> bool:
        """Whether the text or the group ends here, blanks apart."""
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        return self._at == len(self._text) or (self._open_groups > 0 and self._text[self._at] == ")")

    def _item(self) -> Node | None:
        """One item; None when it is nothing but punctuation, which the index does not know."""
        match self._text[self._at]:
            case "-":
                return self._deeper(self._excluded)
            case "(":
                return self._deeper(self._group)
            case '"':
                return self._phrase()
        field = _FIELD.match(self._text, self._at)
        if field and (name := FIELDS.get(field["name"].casefold())):
            return self._field(field, name)
        return self._identified() or self._word()

    def _deeper(self, read: Callable[[], Node | None]) -> Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise refused(self._at, N_("this is nested too deep"))
        found = read()
        self._depth -= 1
        return found

    def _excluded(self) -> Node | None:
        start = self._at
        self._at += 1
        # A dash that stands alone is punctuation.
        if self._at == len(self._text) or self._text[self._at].isspace() or self._is_end():
            return None
        part = self._item()
        return None if part is None else Not(start, self._at, part)

    def _group(self) -> Node | None:
        start = self._at
        self._at += 1
        self._open_groups += 1
        found = self._alternatives()
        self._open_groups -= 1
        if self._at == len(self._text):
            raise refused(start, N_("the parenthesis is not closed"))
        self._at += 1
        return found

    def _phrase(self) -> Node | None:
        phrase = _PHRASE.match(self._text, self._at)
        if not phrase or not phrase["closed"]:
            raise refused(self._at, N_("the quotation mark is not closed"))
        self._at = phrase.end()
        words = self._side_by_side(*phrase.span("content"), literal=True)
        whole = _longest(identifiers_in(phrase["content"].strip())).get(0)
        if words is None or whole is None or whole.end < len(phrase["content"].strip()):
            return words
        return Identified(words.start, words.end, whole.keys, words)

    def _field(self, field: re.Match[str], name: FieldName) -> Node:
        start = field.start()
        if field["quoted"] is not None:
            if not field["closed"]:
                raise refused(field.start("quoted") - 1, N_("the quotation mark is not closed"))
            end, span = field.end(), field.span("quoted")
        else:
            end = self._outside_of_groups(field.start("plain"), field.end("plain"))
            span = field.start("plain"), end
        self._at = end
        self._count(1, start)
        prefix = name is FieldName.FILE and self._text[: span[1]].endswith("*")
        value = self._text[span[0] : span[1] - prefix]
        found = values_of(name, value, span[0], self._types)
        return Field(start, end, name, found, prefix)

    def _identified(self) -> Identified | None:
        """An identifier that begins here, with its words: each item of it as if it stood alone."""
        found = self._identifiers.get(self._at)
        if found is None:
            return None
        item = _ITEM.match(self._text, found.end)
        end = self._outside_of_groups(found.start, item.end() if item else found.end)
        if "*" in self._text[found.start : end]:
            return None
        chunks = [chunk.span() for chunk in _CHUNK.finditer(self._text, found.start, end)]
        parts = [part for chunk in chunks if (part := self._side_by_side(*chunk))]
        words = _joined(And, parts)
        if words is None:
            return None
        self._at = end
        return Identified(found.start, end, found.keys, words)

    def _word(self) -> Node | None:
        """An item without blanks: a word, or several if punctuation parts them."""
        item = _ITEM.match(self._text, self._at)
        start, end = item.span() if item else (self._at, self._at + 1)
        end = self._outside_of_groups(start, end)
        self._at = end
        content = self._text[start:end]
        prefix = content.endswith("*")
        star = content.removesuffix("*").find("*")
        if star >= 0:
            raise refused(start + star, N_("'*' can only end a word"))
        found = self._side_by_side(start, end, prefix=prefix)
        if prefix and found is None:
            raise refused(end - 1, N_("'*' needs the beginning of a word"))
        return found

    def _count(self, words: int, place: int) -> None:
        self._words += words
        if self._words > MOST_WORDS:
            raise refused(place, N_("these are too many words"))

    def _outside_of_groups(self, start: int, end: int) -> int:
        """Where an item ends that stands in a group: before the parenthesis that closes no own one."""
        balance = 0
        for place in range(start, end if self._open_groups else start):
            balance += {"(": 1, ")": -1}.get(self._text[place], 0)
            if balance < 0:
                return place
        return end

    def _side_by_side(
        self, start: int, end: int, *, prefix: bool = False, literal: bool = False
    ) -> Word | Phrase | None:
        """The words between two places of the text, if any; ``literal`` ones are no names in other forms."""
        found = _one_reading(tokens(self._text[start:end]))
        self._count(len(found), start)
        written = [self._text[start + one.start : start + one.end] for one in found]
        words = tuple(
            Word(
                start + one.start,
                start + one.end,
                one.word,
                one.stem,
                prefix and one is found[-1],
                () if prefix or literal else asked_for(spelling),
            )
            for one, spelling in zip(found, written, strict=True)
        )
        if len(words) > 1:
            return Phrase(start, end, words, () if prefix or literal else asked_for("".join(written)))
        return words[0] if words else None


def _joined(kind: type[And | Or], parts: Sequence[Node]) -> Node | None:
    if len(parts) > 1:
        return kind(parts[0].start, parts[-1].end, tuple(parts))
    return parts[0] if parts else None


def _longest(found: Iterable[Identifier]) -> dict[int, Identifier]:
    """Of the identifiers that begin at a place, the longest; two of one length are two readings of it."""
    longest: dict[int, Identifier] = {}
    for one in sorted(found, key=lambda one: one.end):
        before = longest.get(one.start)
        keys = before.keys if before and before.end == one.end else ()
        longest[one.start] = one._replace(keys=(*keys, *one.keys))
    return longest


def _one_reading(found: Iterable[Token]) -> list[Token]:
    """Keep one token for each position, the first: of spaced capitals the word they spell."""
    first: dict[int, Token] = {}
    for token in found:
        first.setdefault(token.position, token)
    return list(first.values())
