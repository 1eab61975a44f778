"""What may be typed into the search field, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import errors
from storage.search.query import DEEPEST, MOST_WORDS, parse
from storage.search.tree import And, Field, Identified, Node, Not, Or, Phrase, Word

TYPES = {"Duldung": "toleration", "BAMF-Bescheid": "bamf_decision", "Bescheid Jobcenter": "benefits_decision"}


def shape(node: Node) -> str:  # noqa: PLR0911 - one for each kind
    """A tree on one line: & all, | any, ! not, words of a phrase joined by -, a prefix with *."""
    match node:
        case Word():
            return node.word + "*" * node.prefix
        case Phrase():
            return "-".join(map(shape, node.words))
        case Identified():
            return f"[{' '.join(node.keys)}: {shape(node.words)}]"
        case Field():
            return f"{node.name}:{','.join(node.values)}" + "*" * node.prefix
        case Not():
            return f"!{shape(node.part)}"
        case And():
            return f"({' & '.join(map(shape, node.parts))})"
        case Or():
            return f"({' | '.join(map(shape, node.parts))})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bescheid, Ausweisung", "(bescheid & ausweisung)"),
        ('"Antrag auf"', "antrag-auf"),
        ("„Antrag auf“", "antrag-auf"),
        ("»Antrag auf«", "antrag-auf"),
        ("Antrag-auf", "antrag-auf"),
        ('"B E S C H E I D vom"', "bescheid-vom"),
        ("33.2-2019/4711 vom 03.05.2019", "([33220194711: 33-2-2019-4711] & vom & [2019-05-03: 03-05-2019])"),
        ("33 2 2019 4711", "[33220194711: (33 & 2 & 2019 & 4711)]"),
        ('"33-2-2019-4711", neu', "([33220194711: 33-2-2019-4711] & neu)"),
        ('"am 12.05.2014"', "am-12-05-2014"),
        ("33.2 -2019 (2020)", "(33-2 & !2019 & 2020)"),
        ("-12.5.1914", "![1914-05-12: 12-5-1914]"),
        ("§ 81 (5) AufenthG", "[§/aufenthg/81/5: (81 & 5 & aufenthg)]"),
        ("(§81 V ODER § 60a)", "([§//81/5: (81 & v)] | [§//60a: 60-a])"),
        ("§ & ( ) '' 81", "81"),
        ('Bescheid -Duldung -"B 2"', "(bescheid & !duldung & !b-2)"),
        ("Müller-Lüdenscheid - Bescheid", "(muller-ludenscheid & bescheid)"),
        ("Verpflicht*", "verpflicht*"),
        ("33.2-2019/0047*", "33-2-2019-0047*"),
        ("a OR b", "(a | b)"),
        ("a ODER b c OR d", "(a | (b & c) | d)"),
        ("(a OR b) c", "((a | b) & c)"),
        ("a -(b c)", "(a & !(b & c))"),
        ("((a)) (b)", "(a & b)"),
        ("a AND b UND c", "(a & b & c)"),
        ("oder und or", "(oder & und & or)"),
        ("ORDER UNDINE", "(order & undine)"),
        ("UND", "und"),
        ("Müller (geb. Schmidt)", "(muller & (geb & schmidt))"),
        ("Schüler(innen) und a)", "(schuler-innen & und & a)"),
        ("(Schüler(in) ODER Lehrer(in))", "(schuler-in | lehrer-in)"),
        ('("a b"OR c)', "(a-b | c)"),
        ("Az:33 12:30", "(akte:33 & 12-30)"),
        ("http://example", "http-example"),
    ],
)
def test_what_is_typed_is_read_as(text, expected):
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("akte:33.2-2019/4711", "akte:33-2-2019-4711"),
        ('file:"33.2 2019 4711"', "akte:33-2-2019-4711"),
        ("akte:33.2-2019*", "akte:33-2-2019*"),
        ("(band:2 OR Volume:03)", "(band:2 | band:3)"),
        ("typ:duldung", "typ:toleration"),
        ("type:toleration", "typ:toleration"),
        ("typ:Bescheid", "typ:bamf_decision,benefits_decision"),
        ('typ:"BAMF Bescheid"', "typ:bamf_decision"),
        ("sprache:Deutsch", "sprache:deu"),
        ("language:tr", "sprache:tur"),
        ("sprache:Französisch", "sprache:fra"),
        ("-typ:Duldung a", "(!typ:toleration & a)"),
        ("datum:2014", "datum:2014"),
        ("date:2014-05", "datum:2014-05"),
        ("datum:05.2014", "datum:2014-05"),
        ("datum:12.05.2014", "datum:2014-05-12"),
        ("datum:12.5.14", "datum:2014-05-12"),
        ("datum:3.5.58", "datum:1958-05-03"),
        ("datum:2014-05-12", "datum:2014-05-12"),
        ("datum:2014..2016", "datum:2014,2015,2016"),
        ("datum:2014-2016", "datum:2014,2015,2016"),
        ("datum:2015-11..02.01.2016", "datum:2015-11,2015-12,2016-01-01,2016-01-02"),
        ("datum:30.12.2015..2016-01", "datum:2015-12-30,2015-12-31,2016-01"),
    ],
)
def test_fields_become_terms_of_the_index(text, expected):
    assert shape(parse(text, TYPES)) == expected


def test_names_in_quotation_marks_have_no_other_forms():
    literal, free, prefix = parse('"Fatema"'), parse("Fatema"), parse("Fatema*")
    assert isinstance(literal, Word)
    assert isinstance(free, Word)
    assert isinstance(prefix, Word)
    assert free.names
    assert not literal.names
    assert not prefix.names


def test_an_open_span_reaches_as_far_as_pages_do():
    until, since = parse("datum:..2016"), parse("datum:2014..")
    assert isinstance(until, Field)
    assert isinstance(since, Field)
    assert (until.values[0], until.values[-1]) == ("1800", "2016")
    assert (since.values[0], since.values[-1]) == ("2014", "2199")


def test_parts_know_where_they_stand():
    text = 'Müller  -"Nr. 60a" ODER akte:33*'
    either = parse(text)
    assert isinstance(either, Or)
    both, file = either.parts
    assert isinstance(both, And)
    word, without = both.parts
    assert [text[part.start : part.end] for part in (both, word, without, file)] == [
        'Müller  -"Nr. 60a"', "Müller", '-"Nr. 60a"', "akte:33*",
    ]  # fmt: skip
    assert isinstance(without, Not)
    assert isinstance(without.part, Phrase)
    assert [text[word.start : word.end] for word in without.part.words] == ["Nr", "60", "a"]


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 1, "no word"),
        ("  ", 1, "no word"),
        ("§ !", 1, "no word"),
        ('""', 1, "no word"),
        ("-", 1, "no word"),
        ('Antrag "auf', 8, "quotation mark"),
        ("abc Ver*ung", 8, "can only end"),
        ("abc *", 5, "needs the beginning"),
        ("**", 1, "can only end"),
        ("abc (def", 5, "parenthesis"),
        ("(abc OR (def)", 1, "parenthesis"),
        ("OR abc", 1, "both sides"),
        ("abc ODER", 5, "both sides"),
        ("abc OR OR def", 5, "both sides"),
        ("(abc OR) def", 6, "both sides"),
        ("abc akte:", 9, "missing"),
        ("abc akte: 33", 9, "missing"),
        ('akte:"33', 6, "quotation mark"),
        ("band:II", 6, "number"),
        ("typ:Dultung", 5, "no such document type"),
        ("sprache:klingonisch", 9, "no such language"),
        ("datum:gestern", 7, "is written"),
        ("datum:31.02.2014", 7, "no such day"),
        ("datum:2014-13", 7, "no such day"),
        ("datum:0000", 7, "no such day"),
        ("datum:..", 7, "missing"),
        ("datum:2014..x", 13, "is written"),
        ("datum:2016..2014", 7, "ends before"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_position(text, position, reason):
    with pytest.raises(errors.BadQuery, match=reason) as caught:
        parse(text, TYPES)
    assert caught.value.params["position"] == position
    assert caught.value.exit_code == 2


def test_a_pasted_page_is_no_query():
    parse("Wort " * MOST_WORDS)
    with pytest.raises(errors.BadQuery, match="too many words"):
        parse("Wort " * (MOST_WORDS + 1))


def test_fields_count_as_words():
    with pytest.raises(errors.BadQuery, match="too many words"):
        parse("band:1 " * (MOST_WORDS + 1))


@pytest.mark.parametrize("deeper", ["(", "-", "-("])
def test_what_is_nested_without_end_is_no_query(deeper):
    with pytest.raises(errors.BadQuery, match="nested too deep"):
        parse(deeper * 100_000 + "a")
    assert shape(parse("(" * DEEPEST + "a" + ")" * DEEPEST)) == "a"


pieces = st.sampled_from(
    [
        "a",
        "ü*",
        '"',
        '"a b"',
        "-",
        "(",
        ")",
        " ",
        " OR ",
        " ODER ",
        "AND",
        "typ:",
        "datum:",
        "akte:",
        "..",
        "2014",
        "*",
    ]
)


@given(st.text() | st.text('ab"-* §1ü()\\:+~^') | st.lists(pieces).map("".join))
def test_any_text_is_a_query_or_refused(text):
    try:
        tree = parse(text)
    except errors.BadQuery as error:
        position = error.params["position"]
    else:
        position = tree.start + 1
        assert tree.end <= len(text)
        assert shape(tree)
    assert 1 <= position <= max(1, len(text))
