import pytest

from bench.metrics import Score, plain, score, summary


def test_what_is_the_same_but_for_spaces_and_dashes_is_no_error():
    assert score("Az. 33 – 12\n\nSehr geehrte", "Az.  33 - 12 Sehr\tgeehrte") == Score(0.0, 0.0, 1.0)


def test_characters_may_be_composed_or_not():
    assert plain("Ma\u0308rz") == "März"


def test_an_error_is_a_share_of_the_truth():
    found = score("abcd efgh", "abXd efgh")
    assert found.cer == pytest.approx(1 / 9)
    assert found.wer == pytest.approx(1 / 2)
    assert found.recall == pytest.approx(1 / 2)


def test_order_counts_for_errors_and_not_for_recall():
    found = score("eins zwei drei vier", "drei vier eins zwei")
    assert found.wer == pytest.approx(1.0)
    assert found.cer > 0.5
    assert found.recall == 1.0


def test_a_word_is_found_as_often_as_it_stands_there():
    assert score("ja ja nein", "ja nein nein").recall == pytest.approx(2 / 3)


def test_nothing_read_is_all_wrong_and_more_than_stands_there_is_worse():
    assert score("Text", "") == Score(1.0, 1.0, 0.0)
    assert score("Text", "Text und noch sehr viel mehr").cer > 1
    assert score("", "") == Score(0.0, 0.0, 1.0)
    assert score("", "Flecken").cer == 1.0


def test_pages_weigh_the_same():
    found = summary([Score(0.0, 0.0, 1.0), Score(0.01, 0.1, 0.9), Score(0.5, 1.0, 0.2)])
    assert found.cer == pytest.approx(0.17)
    assert found.cer_median == 0.01
    assert found.recall == pytest.approx(0.7)
